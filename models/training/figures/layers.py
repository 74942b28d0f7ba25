"""The pieces that a figure is put together from: skin, clothes and hair at rest, with their skinning weights."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from training.figures.body import BODY_VERTICES, Body, BodyModel
from training.figures.skeleton import vertex_normals
from training.scene import Floats, Part

_NOTHING: Final = np.zeros(0, np.int32)
_LIMB_PARTS: Final = (
    ("head", Part.FACE),
    ("neck", Part.NECK),
    ("clavicle", Part.TORSO),
    ("spine", Part.TORSO),
    ("root", Part.TORSO),
    ("shoulder", Part.ARM),
    ("upperarm", Part.ARM),
    ("lowerarm", Part.ARM),
    ("wrist", Part.HAND),
    ("finger", Part.HAND),
    ("upperleg", Part.LEG),
    ("lowerleg", Part.LEG),
    ("foot", Part.FOOT),
)


@dataclass(frozen=True, slots=True)
class Layer:
    """A mesh at rest. vertices: (n, 3); weights: (n, bones); part: (n,); faces: (m, 3); hides: base vertices."""

    vertices: Floats
    weights: Floats
    part: NDArray[np.uint8]
    faces: NDArray[np.int32]
    hides: NDArray[np.int32] = field(default_factory=lambda: _NOTHING)
    drapes: bool = False  # hangs free of the body, so that posed legs push it outwards

    @classmethod
    def only(
        cls,
        vertices: Floats,
        weights: Floats,
        part: NDArray[np.uint8],
        faces: NDArray[np.int32],
        hides: NDArray[np.int32] = _NOTHING,
    ) -> Self:
        """A layer with just the vertices that `faces` use."""
        used, flat = np.unique(faces, return_inverse=True)
        return cls(vertices[used], weights[used], part[used], flat.reshape(-1, 3).astype(np.int32), hides)

    def swollen(self, gap: float | Floats) -> "Layer":
        """Pushed outwards along its normals by `gap` metres: looser cloth."""
        push = vertex_normals(self.vertices, self.faces) * np.reshape(np.asarray(gap, np.float32), (-1, 1))
        return replace(self, vertices=(self.vertices + push).astype(np.float32))


def joined(layers: Sequence[Layer]) -> Layer:
    """All layers in one."""
    starts = np.cumsum([0, *(len(layer.vertices) for layer in layers[:-1])])
    return Layer(
        np.concatenate([layer.vertices for layer in layers]),
        np.concatenate([layer.weights for layer in layers]),
        np.concatenate([layer.part for layer in layers]),
        np.concatenate([layer.faces + start for layer, start in zip(layers, starts, strict=True)]).astype(np.int32),
        np.unique(np.concatenate([layer.hides for layer in layers])),
    )


def base_parts(model: BodyModel) -> NDArray[np.uint8]:
    """The part of each vertex of the base mesh, by the bone that moves it most."""
    main = model.weights.argmax(1)
    of_bone = np.array(
        [next(part for prefix, part in _LIMB_PARTS if name.startswith(prefix)) for name in model.rig.names],
        np.uint8,
    )
    return np.asarray(of_bone[main], np.uint8)


def scalp(body: Body, parts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which base vertices are the scalp: where hair grows, behind a line from the forehead to the nape."""
    head = np.flatnonzero(parts[:BODY_VERTICES] == Part.FACE)
    points = body.vertices[head]
    top = points[:, 2].max()
    size = 0.24 * body.build.height / 1.7 if body.build.age > 12 else 0.21
    up = (points[:, 2] - top) / size + 1
    front = -(points[:, 1] - np.median(points[:, 1])) / (size * 0.42)
    mask = np.zeros(len(parts), bool)
    mask[head] = (up > 0.35) & ((up > 0.8) | (front < -0.05 + (up - 0.35) * 0.9))
    return mask


def skin(model: BodyModel, body: Body, parts: NDArray[np.uint8], hidden: NDArray[np.int32]) -> Layer:
    """The body's own surface, without what is hidden under clothes, and the eyes."""
    own = parts.copy()
    own[scalp(body, parts)] = Part.SCALP
    eyes = np.concatenate([model.faces["helper-l-eye"], model.faces["helper-r-eye"]])
    own[np.unique(eyes)] = Part.HAIR  # dark, as the eyes are seen from afar
    faces = model.faces["body"]
    faces = faces[~np.isin(faces, hidden).all(axis=1)]
    return Layer.only(body.vertices, model.weights, own, np.concatenate([faces, eyes]))
