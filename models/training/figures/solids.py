"""Simple closed meshes that things are built from: rounded boxes, tubes, wheels, lattices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.figures.skeleton import Reals
from training.scene import Floats, Part

Point = Sequence[float] | Reals
_AROUND: Final = 6  # corners of a tube's section


@dataclass(frozen=True, slots=True)
class Solid:
    """A mesh of one part. vertices: (n, 3) metres; faces: (m, 3)."""

    vertices: Floats
    faces: NDArray[np.int32]
    part: Part

    def moved(self, frame: Reals, origin: Reals) -> "Solid":
        """Turned by `frame` (3, 3) and set at `origin`."""
        return Solid((self.vertices @ frame.T + origin).astype(np.float32), self.faces, self.part)


def rounded(
    size: Point, centre: Point, part: Part, *, sharp: float = 4.0, steps: int = 12, taper: float = 0.0
) -> Solid:
    """A superellipsoid of the full `size` (x, y, z): 2 is an ellipsoid, 8 nearly a box; `taper` narrows its top."""
    latitude = np.linspace(-np.pi / 2, np.pi / 2, steps)
    longitude = np.linspace(0, 2 * np.pi, 2 * steps, endpoint=False)

    def power(value: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.sign(value) * np.abs(value) ** (2 / sharp))

    c, s = power(np.cos(latitude))[:, None], power(np.sin(latitude))[:, None]
    unit = np.stack(
        [c * power(np.cos(longitude)), c * power(np.sin(longitude)), np.broadcast_to(s, (steps, 2 * steps))],
        axis=-1,
    ).reshape(-1, 3)
    unit[:, :2] *= 1 - taper * (unit[:, 2:] + 1) / 2
    return Solid((unit * np.asarray(size) / 2 + np.asarray(centre)).astype(np.float32), grid(steps, 2 * steps), part)


def tube(path: Sequence[Point] | Reals, radius: float, part: Part, *, closed: bool = False) -> Solid:
    """A round bar along `path`."""
    line = np.asarray(path, float)
    ahead = np.roll(line, -1, 0) - np.roll(line, 1, 0)
    if not closed:
        ahead[0], ahead[-1] = line[1] - line[0], line[-1] - line[-2]
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    helper = np.where(np.abs(ahead[:, 2:]) > 0.9, [[1.0, 0, 0]], [[0, 0, 1.0]])
    one = np.cross(ahead, helper)
    one /= np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-9)
    two = np.cross(ahead, one)
    angle = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    ring = line[:, None] + radius * (np.cos(angle)[:, None] * one[:, None] + np.sin(angle)[:, None] * two[:, None])
    count = len(line)
    faces = grid(count + 1, _AROUND) % (count * _AROUND) if closed else grid(count, _AROUND)
    return Solid(ring.reshape(-1, 3).astype(np.float32), faces, part)


def band(path: Sequence[Point] | Reals, width: Reals, part: Part) -> Solid:
    """A flat strap along `path`, `width` (3,) across it."""
    line = np.asarray(path, float)
    vertices = np.stack([line - width / 2, line + width / 2], axis=1).reshape(-1, 3)
    faces = [[2 * i, 2 * i + 1, 2 * i + 2] for i in range(len(line) - 1)]
    faces += [[2 * i + 1, 2 * i + 3, 2 * i + 2] for i in range(len(line) - 1)]
    return Solid(vertices.astype(np.float32), np.array(faces, np.int32), part)


def wheel(centre: Point, radius: float, thickness: float, part: Part, *, spokes: int = 0) -> Solid:
    """A wheel in the y-z plane: a tyre and spokes, or a disc where there are none."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rim = np.stack([np.zeros(24), np.cos(angle), np.sin(angle)], axis=1) * radius + np.asarray(centre)
    if not spokes:
        return rounded((thickness * 2, radius * 2, radius * 2), centre, part, sharp=2.5, steps=9)
    bars = [tube([centre, rim[i]], thickness * 0.15, part) for i in range(0, 24, max(1, 24 // spokes))]
    return merged([tube(rim, thickness / 2, part, closed=True), *bars])


def box(size: Point, centre: Point, part: Part, *, taper: float = 1.0, lid: bool = True) -> Solid:
    """A box with hard edges; its foot is `taper` times its top; without `lid` it is open and seen from inside."""
    x, y, z = np.asarray(size) / 2
    low = [[sx * x * taper, sy * y * taper, -z] for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    high = [[sx * x, sy * y, z] for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    corner = np.array(low + high) + np.asarray(centre)
    sides = [(0, 3, 2, 1), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)] + ([(4, 5, 6, 7)] if lid else [])
    faces = np.arange(4 * len(sides)).reshape(-1, 4)
    triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
    vertices = corner[np.array(sides).ravel()]
    if not lid:  # walls seen from both sides
        triangles = np.concatenate([triangles, triangles[:, ::-1] + len(vertices)])
        vertices = np.concatenate([vertices, vertices])
    return Solid(vertices.astype(np.float32), triangles.astype(np.int32), part)


def merged(solids: Sequence[Solid]) -> Solid:
    """Several solids of one part in one."""
    starts = np.cumsum([0, *(len(solid.vertices) for solid in solids[:-1])])
    faces = [solid.faces + start for solid, start in zip(solids, starts, strict=True)]
    return Solid(
        np.concatenate([solid.vertices for solid in solids]),
        np.concatenate(faces).astype(np.int32),
        solids[0].part,
    )


def grid(rows: int, columns: int) -> NDArray[np.int32]:
    """Triangles of rows of vertices, each row closed to a ring."""
    row, column = (index.ravel() for index in np.mgrid[0 : rows - 1, 0:columns])
    a, b = row * columns + column, row * columns + (column + 1) % columns
    quads = np.concatenate([np.stack([a, b, a + columns], 1), np.stack([b, b + columns, a + columns], 1)])
    return quads.astype(np.int32)
