"""Makes one figure: a body, what it wears, how it stands and what it carries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from training.figures.body import Body, BodyModel, sample_build
from training.figures.layers import Layer, base_parts, skin
from training.figures.outfits import Dresser, Outfit
from training.figures.pose import Pose
from training.figures.poses import sample_pose
from training.figures.posing import Poser
from training.figures.props import Scene, carried
from training.figures.shells import pushed_out
from training.figures.skeleton import Posture, vertex_normals
from training.figures.solids import Solid
from training.figures.wardrobe import Wardrobe
from training.scene import Figure, Floats, Mesh

_FOOTREST: Final = 0.11  # metres over the floor
_CLOTH_GAP: Final = 0.022  # metres that hanging cloth keeps from the legs, for the trousers between


class FigureMaker:
    """Makes figures out of one set of assets."""

    def __init__(self, data: Path) -> None:
        self._model = BodyModel()
        self._parts = base_parts(self._model)
        wardrobe = Wardrobe(data / "humans" / "base", self._model)
        self._dresser = Dresser(self._model, self._parts, wardrobe)
        self._poser = Poser(self._model.rig, self._model.weights)

    def figure(self, rng: np.random.Generator) -> Figure:
        """A person as they come."""
        body = self._model.body(sample_build(rng))
        pose = sample_pose(body.build.age, rng)
        outfit = self._dresser.outfit(body, pose, rng)
        return self._posed(body, pose, outfit, rng)

    def _posed(self, body: Body, pose: Pose, outfit: Outfit, rng: np.random.Generator) -> Figure:
        hidden = np.unique(np.concatenate([layer.hides for layer in outfit.layers]))
        layers = [skin(self._model, body, self._parts, hidden), *outfit.layers]
        posture = self._poser.pose(body, pose)
        positions = self._positions(body, posture, layers)
        low = min(float(position[:, 2].min()) for position in positions)
        lift = np.array([0, 0, (_FOOTREST if pose.name == "wheelchair" else 0) - low], np.float32)
        posture.origin += lift
        positions = [position + lift for position in positions]
        scene = Scene(body, posture, np.concatenate(positions), rng)
        things = [solid for thing in pose.carries for solid in carried(scene, thing)]
        if pose.carries:
            outfit.words["carries"] = [thing.split()[0] for thing in pose.carries]
        return Figure(
            _mesh(body, layers, positions, things),
            pose.name,
            body.build.female,
            body.build.age,
            body.build.height,
            self._poser.seat(body, posture) if pose.sits else 0.0,
            pose.name == "wheelchair",
            outfit.words,
        )

    def _positions(self, body: Body, posture: Posture, layers: Sequence[Layer]) -> list[Floats]:
        """Every layer posed; what hangs free is pushed outside the legs."""
        positions = [posture.skin(layer.vertices, layer.weights) for layer in layers]
        if any(layer.drapes for layer in layers):
            faces = self._model.faces["helper-tights"]
            used, flat = np.unique(faces, return_inverse=True)
            tights = posture.skin(body.vertices[used], self._model.weights[used])
            normals = vertex_normals(tights, flat.reshape(-1, 3).astype(np.int32))
            for place, layer in enumerate(layers):
                if layer.drapes:
                    positions[place] = pushed_out(positions[place], layer.faces, tights, normals, _CLOTH_GAP)
        return positions


def _mesh(body: Body, layers: Sequence[Layer], positions: Sequence[Floats], things: Sequence[Solid]) -> Mesh:
    """All in one mesh. Things have no rest of their own: theirs is where they are."""
    top = np.array([0, 0, body.build.height], np.float32)
    points = [*positions, *(thing.vertices for thing in things)]
    rest = [layer.vertices - top for layer in layers] + [thing.vertices - top for thing in things]
    parts = [layer.part for layer in layers] + [np.full(len(thing.vertices), thing.part, np.uint8) for thing in things]
    faces = [layer.faces for layer in layers] + [thing.faces for thing in things]
    starts = np.cumsum([0, *(len(point) for point in points[:-1])])
    position = np.concatenate(points).astype(np.float32)
    joined = np.concatenate([face + start for face, start in zip(faces, starts, strict=True)]).astype(np.int32)
    return Mesh(
        position,
        vertex_normals(position, joined),
        np.zeros((len(position), 2), np.float32),
        np.concatenate(rest).astype(np.float32),
        np.concatenate(parts),
        joined,
    )
