"""Makes one figure: a body, what it wears, how it stands and what it carries."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from training.figures.body import Body, BodyModel, sample_build
from training.figures.layers import Layer, base_parts, joined, skin
from training.figures.poses import Pose, sample_pose
from training.figures.posing import Poser
from training.figures.skeleton import vertex_normals
from training.figures.wardrobe import Wardrobe
from training.scene import Figure, Mesh, Part

WHOLE: Final = frozenset({"overall", "dungarees"})  # tops that are trousers, too
_MEN_HAIR: Final = (
    "short01",
    "short02",
    "short04",
    "short01",
    "short02",
    "short04",
    "afro01",
    "short03",
    "bob02",
    "ponytail01",
)
_WOMEN_HAIR: Final = (
    "long01",
    "long01",
    "ponytail01",
    "ponytail01",
    "bob01",
    "bob02",
    "bob02",
    "braid01",
    "short03",
    "afro01",
    "short01",
)
_BALD: Final = (0.14, 0.01)  # men, women: only the scalp's colour


@dataclass(slots=True)
class Outfit:
    """What a person wears, as layers over the skin, and the words that `looks` colours it by."""

    layers: list[Layer]
    words: dict[str, Any]


class FigureMaker:
    """Makes figures out of one set of assets."""

    def __init__(self, data: Path) -> None:
        self._model = BodyModel()
        self._parts = base_parts(self._model)
        self._wardrobe = Wardrobe(data / "humans" / "base", self._model)
        self._poser = Poser(self._model.rig, self._model.weights)

    def figure(self, rng: np.random.Generator) -> Figure:
        """A person as they come."""
        body = self._model.body(sample_build(rng))
        pose = sample_pose(body.build.age, rng)
        outfit = self._outfit(body, pose, rng)
        return self._posed(body, pose, outfit)

    def _outfit(self, body: Body, pose: Pose, rng: np.random.Generator) -> Outfit:
        wardrobe, female = self._wardrobe, body.build.female
        tops = [top for top in wardrobe.tops if female or top.shape != "blouse"]
        top = tops[rng.integers(len(tops))]
        layers = [top.worn(body).swollen(rng.uniform(0.006, 0.02))]
        words: dict[str, Any] = {"top": top.shape}
        if top.shape not in WHOLE:
            seldom = {"skirt", "leggings"} if female and not pose.sits else {"leggings"} if female else set()
            bottoms = [item for item in wardrobe.bottoms if item.shape in {"trousers", "shorts", *seldom}]
            weights = np.array([0.35 if item.shape == "shorts" else 1.0 for item in bottoms])
            bottom = bottoms[rng.choice(len(bottoms), p=weights / weights.sum())]
            layers.append(bottom.worn(body).swollen(rng.uniform(0.001, 0.006)))
            words["bottom"] = bottom.shape
        layers.append(wardrobe.shoes[rng.integers(len(wardrobe.shoes))].worn(body))
        self._add_hair(body, layers, words, rng)
        return Outfit(layers, words)

    def _add_hair(self, body: Body, layers: list[Layer], words: dict[str, Any], rng: np.random.Generator) -> None:
        female = body.build.female
        layers.append(self._wardrobe.brows[rng.integers(len(self._wardrobe.brows))].worn(body))
        if rng.random() < _BALD[female] * (0.3 if body.build.age < 30 else 1.6):
            words["hair"] = "bald" if rng.random() < 0.6 else "shaved"
            return
        styles = _WOMEN_HAIR if female else _MEN_HAIR
        style = str(rng.choice(styles))
        words["hair"] = style
        layers.append(self._wardrobe.hair[style].worn(body))

    def _posed(self, body: Body, pose: Pose, outfit: Outfit) -> Figure:
        hidden = np.unique(np.concatenate([layer.hides for layer in outfit.layers]))
        rest = joined([skin(self._model, body, self._parts, hidden), *outfit.layers])
        posture = self._poser.pose(body, pose)
        position = posture.skin(rest.vertices, rest.weights)
        position[:, 2] -= position[:, 2].min()
        mesh = Mesh(
            position,
            vertex_normals(position, rest.faces),
            np.zeros((len(position), 2), np.float32),
            rest.vertices - np.array([0, 0, body.build.height], np.float32),
            rest.part,
            rest.faces,
        )
        return Figure(
            mesh,
            pose.name,
            body.build.female,
            body.build.age,
            body.build.height,
            self._poser.seat(body, posture) if pose.sits else 0.0,
            pose.name == "wheelchair",
            outfit.words,
        )
