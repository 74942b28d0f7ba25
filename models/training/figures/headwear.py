"""What is worn on the head and before the face: caps, woolly hats, helmets, headscarves, hoods, masks, glasses."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.figures.body import BODY_VERTICES, Body, BodyModel
from training.figures.layers import Layer, scalp
from training.figures.shells import relaxed
from training.figures.skeleton import Reals
from training.figures.solids import tube
from training.scene import Floats, Part

_COLUMNS: Final = 48
_ROWS: Final = 30
_CROWN: Final = 0.08  # metres from a head's axis within which a scarf lies on the crown rather than around it


@dataclass(frozen=True, slots=True)
class Head:
    """A head's measures. up: 0 at the chin, 1 at the crown; front: 0 over the ears' axis, 1 at the face."""

    top: float
    size: float  # chin to crown, metres
    middle: float  # y of its axis

    @classmethod
    def of(cls, model: BodyModel, body: Body) -> "Head":
        """Measure the head of a body at rest."""
        top = float(body.vertices[:BODY_VERTICES, 2].max())
        joint = body.joint(model.rig, "head")
        return cls(top, float(top - joint[2]) * 1.55, float(joint[1]) - 0.01)

    def up(self, points: Floats) -> Floats:
        """How far up the head points are."""
        return np.asarray((points[:, 2] - self.top) / self.size + 1, np.float32)

    def front(self, points: Floats) -> Floats:
        """How far to the front points are."""
        return np.asarray((self.middle - points[:, 1]) / (self.size * 0.45), np.float32)


class Milliner:
    """Makes headwear for bodies of one model."""

    def __init__(self, model: BodyModel, parts: NDArray[np.uint8]) -> None:
        self._model = model
        self._parts = parts

    def crown(self, body: Body, *, edge: float, slope: float, gap: float, rounds: int) -> Layer:
        """A cap over all of the head above `edge` (rising to the front by `slope`), `gap` metres off the skin."""
        head = Head.of(self._model, body)
        inside = (self._parts == Part.FACE) & self.above(head, body.vertices, edge, slope)
        inside[BODY_VERTICES:] = False
        faces = self._model.faces["body"]
        faces = faces[inside[faces].all(axis=1)]
        layer = self._rigid(body.vertices, faces, Part.HAT)
        layer = relaxed(layer, np.full(len(layer.vertices), gap, np.float32), rounds)
        return replace(
            layer, hides=np.flatnonzero(inside & self.above(head, body.vertices, edge + 0.06, slope)).astype(np.int32)
        )

    @staticmethod
    def above(head: Head, points: Floats, edge: float, slope: float) -> NDArray[np.bool_]:
        """Which points a hat with this edge covers."""
        return np.asarray(head.up(points) > edge + slope * head.front(points))

    def peak(self, crown: Layer, length: float) -> Layer:
        """The peak of a cap, `length` metres to the front of `crown`."""
        rim = crown.vertices[crown.vertices[:, 2] < np.quantile(crown.vertices[:, 2], 0.12)]
        front = rim[:, 1].min() + 0.012
        level = float(rim[rim[:, 1] < front + 0.02][:, 2].mean()) + 0.006
        half = float(np.abs(crown.vertices[:, 0]).max()) * 0.86
        across = np.linspace(-1, 1, 15)
        rows = np.linspace(0, 1, 5)
        grid = np.array(
            [
                [
                    half * a,
                    front + 0.055 * a * a - length * r * np.sqrt(1 - 0.75 * a * a),
                    level - 0.018 * r - 0.02 * a * a,
                ]
                for r in rows
                for a in across
            ],
            np.float32,
        )
        faces = _grid_faces(len(rows), len(across), closed=False)
        return self._rigid(grid, faces, Part.HAT)

    def scarf(self, body: Body, *, low: float, gap: float, opening: tuple[float, float, float], loose: float) -> Layer:
        """Cloth around head and shoulders down to `low` metres; `opening`: chin, brow (as Head.up) and half angle.

        The cloth is a height field around the head's axis: as wide as the body in each direction, never falling
        inwards faster than `loose` allows, so that it hangs from the widest places.
        """
        head = Head.of(self._model, body)
        skin = np.isin(self._parts[:BODY_VERTICES], (Part.FACE, Part.NECK, Part.TORSO))
        points = body.vertices[:BODY_VERTICES][skin]
        heights = head.top - 0.001 + (low - head.top) * np.linspace(0, 1, _ROWS) ** 1.4  # finer at the crown
        radius = _radii(points, head.middle, heights, float(abs(body.joint(self._model.rig, "upperarm01.L")[0])) * 1.02)
        radius[0] = 0.2 * radius[2]
        for row in range(1, _ROWS):
            radius[row] = np.maximum(radius[row], radius[row - 1] - (heights[row - 1] - heights[row]) * loose)
        for _ in range(3):
            inner = (np.roll(radius, 1, 1) + np.roll(radius, -1, 1) + 2 * radius) / 4
            inner[1:-1] = (inner[:-2] + inner[2:] + 2 * inner[1:-1]) / 4
            radius = np.maximum(inner, radius - 0.004)
        radius += gap * np.minimum(radius / _CROWN, 1)
        angle = np.linspace(0, 2 * np.pi, _COLUMNS, endpoint=False)
        grid = np.stack(
            [
                radius * np.sin(angle),
                head.middle - radius * np.cos(angle),
                heights[:, None] + gap * np.clip(1 - radius / _CROWN, 0, 1),
            ],
            axis=-1,
        ).reshape(-1, 3)
        faces = _grid_faces(_ROWS, _COLUMNS, closed=True)
        chin, brow, half = opening
        up = head.up(grid.astype(np.float32))
        turned = np.abs(np.angle(np.exp(1j * np.tile(angle, _ROWS))))
        bare = (
            (up > chin)
            & (up < brow)
            & (
                turned
                < np.deg2rad(half) * np.sqrt(np.clip(1 - ((up - (chin + brow) / 2) / (brow - chin) * 1.7) ** 2, 0, 1))
            )
        )
        faces = faces[~bare[faces].any(axis=1)]
        layer = self._rigid(grid.astype(np.float32), faces, Part.SCARF)
        _, nearest = cKDTree(body.vertices[:BODY_VERTICES][skin]).query(layer.vertices)
        hidden = np.flatnonzero(scalp(body, self._parts)).astype(np.int32)
        return replace(layer, weights=self._model.weights[:BODY_VERTICES][skin][nearest], hides=hidden)

    def muffler(self, body: Body, thick: float) -> Layer:
        """A scarf wound around the neck, `thick` metres."""
        neck = body.vertices[:BODY_VERTICES][self._parts[:BODY_VERTICES] == Part.NECK]
        level = float(body.joint(self._model.rig, "neck01")[2]) + 0.015
        near = neck[np.abs(neck[:, 2] - level) < 0.03]
        centre = near[:, :2].mean(axis=0)
        radius = float(np.quantile(np.linalg.norm(near[:, :2] - centre, axis=1), 0.85)) + thick * 0.35
        angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        tilt = 0.018 * np.cos(angle)  # higher in the nape
        ring = np.stack(
            [centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle), level + tilt],
            axis=1,
        )
        wound = tube(ring, thick / 2, Part.TRIM, closed=True)
        weights = np.zeros((len(wound.vertices), len(self._model.rig.names)), np.float32)
        weights[:, self._model.rig.index("neck01")] = 1
        return Layer.only(wound.vertices, weights, np.full(len(wound.vertices), Part.TRIM, np.uint8), wound.faces)

    def mask(self, body: Body, *, under_nose: bool) -> Layer:
        """A medical mask over nose, mouth and chin."""
        return self._lower_face(
            body, high=0.36 if under_nose else 0.52, rise=-0.12, back=0.12, part=Part.MASK, gap=0.005, rounds=40
        )

    def beard(self, body: Body, high: float) -> Layer:
        """A beard up to `high` (as Head.up) before the ears."""
        return self._lower_face(body, high=high, rise=0.1, back=0.05, part=Part.HAIR, gap=0.004, rounds=6)

    def _lower_face(
        self,
        body: Body,
        *,
        high: float,
        rise: float,
        back: float,
        part: Part,
        gap: float,
        rounds: int,
    ) -> Layer:
        """The face from the chin up to `high`, rising by `rise` towards the ears, as a layer over the skin."""
        head = Head.of(self._model, body)
        up, front = head.up(body.vertices), head.front(body.vertices)
        side = np.abs(body.vertices[:, 0]) / (head.size * 0.36)
        inside = (self._parts == Part.FACE) & (up > -0.05) & (up < high + rise * side) & (front > back)
        inside[BODY_VERTICES:] = False
        faces = self._model.faces["body"]
        faces = faces[inside[faces].all(axis=1)]
        layer = self._rigid(body.vertices, faces, part)
        return relaxed(layer, np.full(len(layer.vertices), gap, np.float32), rounds)

    def _rigid(self, vertices: Floats, faces: NDArray[np.int32], part: Part) -> Layer:
        """A layer that turns with the head."""
        weights = np.zeros((len(vertices), len(self._model.rig.names)), np.float32)
        weights[:, self._model.rig.index("head")] = 1
        return Layer.only(vertices, weights, np.full(len(vertices), part, np.uint8), faces)


def _radii(points: Reals, middle: float, heights: Reals, widest: float) -> Floats:
    """The farthest that the body reaches at each height in each direction, (rows, columns)."""
    relative = points[:, :2] - np.array([0, middle], np.float32)
    distance = np.minimum(np.linalg.norm(relative, axis=1), widest)
    column = np.rint(np.arctan2(relative[:, 0], -relative[:, 1]) / (2 * np.pi) * _COLUMNS).astype(int) % _COLUMNS
    row = np.searchsorted(-(heights[1:] + heights[:-1]) / 2, -points[:, 2])
    inside = points[:, 2] > heights[-1]
    radius = np.zeros((len(heights), _COLUMNS), np.float32)
    np.maximum.at(radius, (row[inside], column[inside]), distance[inside])
    for _ in range(3):  # directions in which no vertex lies take their neighbours' reach
        around = (np.roll(radius, 1, 1) + np.roll(radius, -1, 1)) / 2
        radius = np.where(radius == 0, around, radius)
    return radius


def _grid_faces(rows: int, columns: int, *, closed: bool) -> NDArray[np.int32]:
    """Triangles of a grid of vertices, row by row; `closed`: the last column meets the first."""
    faces = []
    for row in range(rows - 1):
        for column in range(columns if closed else columns - 1):
            after = (column + 1) % columns
            a, b = row * columns + column, row * columns + after
            c, d = a + columns, b + columns
            faces += [[a, c, b], [b, c, d]]
    return np.array(faces, np.int32)
