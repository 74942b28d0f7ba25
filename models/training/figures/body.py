"""Bodies of all ages, sexes and builds: the parametric MakeHuman body of the package `anny`, at true heights."""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.figures.garments import read_faces
from training.figures.simplify import coarser
from training.figures.skeleton import Rig
from training.scene import Floats

BODY_VERTICES: Final = 13380  # of the base mesh; what follows are helpers for clothes
GROUPS: Final = ("body", "helper-l-eye", "helper-r-eye", "helper-tights", "helper-skirt", "helper-hair")
# Median heights in metres at ages in years (WHO and CDC growth charts), boys and girls.
_AGES: Final = (2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0)
_BOYS: Final = (0.87, 0.96, 1.03, 1.16, 1.28, 1.39, 1.49, 1.64, 1.73, 1.76)
_GIRLS: Final = (0.86, 0.95, 1.02, 1.15, 1.28, 1.39, 1.51, 1.59, 1.62, 1.63)
_SPREAD: Final = (0.07, 0.065)  # metres, of grown men and women
_CELL: Final = 0.009  # metres; the face's own mesh is three times as fine
_OLD_SHRINK: Final = 0.0012  # metres a year after 60


@dataclass(frozen=True, slots=True)
class Build:
    """What a body is made from. The 0..1 values are MakeHuman's sliders."""

    female: bool
    age: float  # years
    height: float  # metres
    sliders: dict[str, float]


@dataclass(frozen=True, slots=True)
class Body:
    """A body at rest with its helpers. vertices: (n, 3) with the floor at z = 0; joints: (bones, 3)."""

    build: Build
    vertices: Floats
    joints: Floats

    def joint(self, rig: Rig, name: str) -> Floats:
        """The head of the bone `name` at rest."""
        return np.asarray(self.joints[rig.index(name)], np.float32)


def sample_build(rng: np.random.Generator) -> Build:
    """Anybody who walks into a shop: one in six a child, as many women as men, one in five old."""
    female = bool(rng.random() < 0.5)
    kind = rng.random()
    age = rng.uniform(3, 17) if kind < 0.16 else rng.uniform(17, 62) if kind < 0.8 else rng.uniform(62, 88)
    deviation = float(np.clip(rng.normal(), -2.2, 2.2))
    height = median_height(age, female=female) + deviation * _SPREAD[female] * min(1.0, age / 16)
    origin = rng.dirichlet([0.7, 0.7, 0.7])
    weight = float(np.clip(rng.normal(0.5 if age < 17 else 0.58, 0.2), 0.08, 1))
    sliders = {
        "gender": float(np.clip(rng.normal(0.93 if female else 0.07, 0.06), 0, 1)),
        "age": _age_slider(age),
        "muscle": float(rng.uniform(0.25, 0.7 if female else 0.85)),
        "weight": weight,
        "height": float(np.clip(0.5 + deviation * 0.13, 0.1, 0.9)),
        "proportions": float(rng.uniform(0.3, 0.8)),
        "cupsize": float(rng.uniform(0.2, 0.75)),
        "firmness": float(rng.uniform(0.3, 0.7)),
        "african": float(origin[0]),
        "asian": float(origin[1]),
        "caucasian": float(origin[2]),
    }
    return Build(female, float(age), float(height), sliders)


def median_height(age: float, *, female: bool) -> float:
    """The usual height in metres at `age` years."""
    height = float(np.interp(age, _AGES, _GIRLS if female else _BOYS))
    return height - _OLD_SHRINK * max(0.0, age - 60)


def _age_slider(age: float) -> float:
    """MakeHuman's age: 0 at one year, 1/3 at ten, 2/3 at twenty-five, 1 at ninety."""
    return float(np.interp(age, [1, 10, 25, 90], [0, 1 / 3, 2 / 3, 1]))


TYPICAL: Final = Build(female=False, age=30, height=1.76, sliders={"gender": 0.0, "age": 0.7})


class BodyModel:
    """anny's full body with its helper geometry, loaded once (seconds)."""

    def __init__(self) -> None:
        torch, model = _load_anny()
        self._torch = torch
        self._model = model
        self.rig = Rig.reduce(list(model.bone_labels), list(model.bone_parents))
        self.weights = _reduced_weights(model.vertex_bone_weights.numpy(), model.vertex_bone_indices.numpy(), self.rig)
        self.faces = _base_faces()
        self.faces["body"] = coarser(self.body(TYPICAL).vertices, self.faces["body"], _CELL)

    def body(self, build: Build) -> Body:
        """The body of `build` at rest, scaled to its height and standing on z = 0."""
        sliders = {name: self._torch.tensor([value]) for name, value in build.sliders.items()}
        with self._torch.no_grad():
            shape = self._model(phenotype_kwargs=sliders)
        vertices = shape["rest_vertices"][0].numpy()
        joints = shape["rest_bone_heads"][0].numpy()[list(self.rig.source)]
        low, high = vertices[:BODY_VERTICES, 2].min(), vertices[:BODY_VERTICES, 2].max()
        scale = build.height / (high - low)
        foot = np.array([0, 0, low])
        return Body(build, ((vertices - foot) * scale).astype(np.float32), ((joints - foot) * scale).astype(np.float32))


def _load_anny() -> tuple[Any, Any]:
    logging.getLogger("warp").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch  # noqa: PLC0415 - heavy, and only the building of the library needs it
        from anny.models import create_fullbody_model  # noqa: PLC0415

        model = create_fullbody_model(
            rig="default",
            remove_unattached_vertices=False,
            triangulate_faces=False,
            all_phenotypes=True,
        )
    return torch, model


def _reduced_weights(values: NDArray[np.float64], bones: NDArray[np.int64], rig: Rig) -> Floats:
    """Skinning weights (vertices, kept bones) out of each vertex's few (vertices, k) and their bones."""
    kept = np.asarray(rig.reduced)[bones]
    weights = np.zeros((len(values), len(rig.names)), np.float32)
    np.add.at(weights, (np.arange(len(values))[:, None], kept), values)
    return np.asarray(weights / np.maximum(weights.sum(1, keepdims=True), 1e-9), np.float32)


def _base_faces() -> dict[str, NDArray[np.int32]]:
    """Triangles of the base mesh by group, without the mouth's and the eyes' inside."""
    import anny.paths  # noqa: PLC0415 - see _load_anny
    import torch  # noqa: PLC0415

    data = Path(anny.paths.get_anny_root_dir()) / "data"
    groups = read_faces(data / "mpfb2/3dobjs/base.obj")
    inner = torch.load(data / "template_mesh_internal_cavities.pth", weights_only=False)["vertex_indices"]
    faces = {name: groups[name] for name in GROUPS}
    faces["body"] = faces["body"][~np.isin(faces["body"], inner).all(axis=1)]
    return faces
