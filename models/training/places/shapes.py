"""Meshes made from numbers: sheets, boxes, turned profiles, blobs and prisms, moved and joined into furniture.

Every mesh stands on z = 0 around the origin unless said otherwise; lengths are metres. Lens distortion moves vertices
and not pixels, so large faces take a `step`: the longest edge they may have.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.scene import Floats, Mesh, Part

UNBROKEN: Final = 1e9  # a step: faces stay whole
Point = tuple[float, float, float]


def transform(
    at: Point = (0.0, 0.0, 0.0),
    turn: float = 0.0,
    scale: Point = (1.0, 1.0, 1.0),
) -> Floats:
    """The (4, 4) matrix that scales, turns about z (radians, counter-clockwise) and moves."""
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = np.zeros((4, 4), np.float32)
    matrix[0] = cos * scale[0], -sin * scale[1], 0.0, at[0]
    matrix[1] = sin * scale[0], cos * scale[1], 0.0, at[1]
    matrix[2] = 0.0, 0.0, scale[2], at[2]
    matrix[3, 3] = 1.0
    return matrix


def tilted(pitch: float, roll: float = 0.0) -> Floats:
    """The (4, 4) matrix that turns about x (forwards where negative), then about y."""
    cos, sin, cor, sir = np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_x = np.array([[1, 0, 0, 0], [0, cos, -sin, 0], [0, sin, cos, 0], [0, 0, 0, 1]], np.float32)
    about_y = np.array([[cor, 0, sir, 0], [0, 1, 0, 0], [-sir, 0, cor, 0], [0, 0, 0, 1]], np.float32)
    return np.asarray(about_y @ about_x, np.float32)


def made(
    position: NDArray[np.floating], normal: NDArray[np.floating], uv: NDArray[np.floating], faces: NDArray[np.integer]
) -> Mesh:
    """A mesh of one material whose rest position is its position."""
    points = np.ascontiguousarray(position, np.float32)
    return Mesh(
        position=points,
        normal=np.ascontiguousarray(normal, np.float32),
        uv=np.ascontiguousarray(uv, np.float32),
        rest=points,
        part=np.full(len(points), Part.THING, np.uint8),
        faces=np.ascontiguousarray(faces, np.int32),
    )


def moved(mesh: Mesh, matrix: Floats) -> Mesh:
    """The mesh under a (4, 4) matrix; normals as under its inverse transpose."""
    linear = matrix[:3, :3]
    position = (mesh.position @ linear.T + matrix[:3, 3]).astype(np.float32)
    normal = mesh.normal @ np.linalg.inv(linear)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    return replace(mesh, position=position, normal=normal.astype(np.float32), rest=position)


def at(mesh: Mesh, x: float, y: float, z: float = 0.0, turn: float = 0.0) -> Mesh:
    """The mesh turned about z and moved."""
    return moved(mesh, transform((x, y, z), turn))


def strewn(mesh: Mesh, rng: np.random.Generator, half: tuple[float, float], z: float, turn: float = 0.0) -> Mesh:
    """The mesh somewhere in a rectangle of these half sides around the origin, turned by up to `turn` either way."""
    x, y = rng.uniform(-1, 1, 2) * half
    return at(mesh, float(x), float(y), z, float(rng.uniform(-turn, turn)))


def of(mesh: Mesh, part: Part) -> Mesh:
    """The mesh in another slot of material."""
    return replace(mesh, part=np.full(len(mesh.part), part, np.uint8))


def joined(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh out of many."""
    parts = list(meshes)
    starts = np.cumsum([0, *[len(mesh.position) for mesh in parts]])
    return Mesh(
        position=np.concatenate([mesh.position for mesh in parts]),
        normal=np.concatenate([mesh.normal for mesh in parts]),
        uv=np.concatenate([mesh.uv for mesh in parts]),
        rest=np.concatenate([mesh.position for mesh in parts]),
        part=np.concatenate([mesh.part for mesh in parts]),
        faces=np.concatenate([mesh.faces + start for mesh, start in zip(parts, starts, strict=False)]),
    )


def lattice(rows: int, columns: int) -> NDArray[np.int32]:
    """The triangles (m, 3) of a grid of rows x columns vertices, row by row; counter-clockwise seen against its up."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).reshape(-1)
    lower = np.stack([corner, corner + 1, corner + columns + 1], 1)
    upper = np.stack([corner, corner + columns + 1, corner + columns], 1)
    return np.concatenate([lower, upper]).astype(np.int32)


def sheet(xs: NDArray[np.floating], ys: NDArray[np.floating], tile: float) -> Mesh:
    """A floor through the coordinates xs and ys, facing up; the texture repeats each `tile` metres."""
    x, y = (axis.reshape(-1) for axis in np.meshgrid(xs, ys))
    position = np.stack([x, y, np.zeros_like(x)], 1)
    normal = np.tile(np.array([0.0, 0.0, 1.0]), (len(x), 1))
    return made(position, normal, np.stack([x, -y], 1) / tile, lattice(len(ys), len(xs)))


def floor(width: float, depth: float, step: float, tile: float) -> Mesh:
    """A rectangle around the origin, facing up."""
    return sheet(_cuts(-width / 2, width / 2, step), _cuts(-depth / 2, depth / 2, step), tile)


def panel(width: float, height: float, step: float = UNBROKEN, tile: float = 0.0) -> Mesh:
    """An upright rectangle in the plane y = 0, facing -y; the texture fits once, or repeats each `tile` metres."""
    flat = sheet(_cuts(-width / 2, width / 2, step), _cuts(0.0, height, step), 1.0)
    x, z = flat.position[:, 0], flat.position[:, 1]
    uv = np.stack([x, -z], 1) / tile if tile else np.stack([x / width + 0.5, 1.0 - z / height], 1)
    position = np.stack([x, np.zeros_like(x), z], 1)
    return made(position, np.tile(np.array([0.0, -1.0, 0.0]), (len(x), 1)), uv, flat.faces)


def box(size: Point, step: float = UNBROKEN, tile: float = 0.0, cell: Sequence[float] = (0.0, 0.0, 1.0, 1.0)) -> Mesh:
    """A box of size (x, y, z).

    On each face the texture repeats each `tile` metres or, where that is 0, shows the part `cell` (u0, v0, u1, v1)
    of itself once.
    """
    width, depth, height = size
    front = panel(width, height, step, tile)
    side = panel(depth, height, step, tile)
    lid = floor(width, depth, step, tile or 1.0)
    if not tile:
        lid = replace(lid, uv=(lid.position[:, :2] / (width, depth) * (1, -1) + 0.5).astype(np.float32))
    underside = moved(lid, tilted(np.pi))
    mesh = joined(
        [
            at(front, 0, -depth / 2),
            at(front, 0, depth / 2, turn=np.pi),
            at(side, width / 2, 0, turn=np.pi / 2),
            at(side, -width / 2, 0, turn=-np.pi / 2),
            at(lid, 0, 0, height),
            underside,
        ]
    )
    return mesh if tile else shown(mesh, cell)


def shown(mesh: Mesh, cell: Sequence[float]) -> Mesh:
    """The mesh with its texture's unit square replaced by the part (u0, v0, u1, v1)."""
    low, high = np.asarray(cell[:2], np.float32), np.asarray(cell[2:], np.float32)
    return replace(mesh, uv=(low + mesh.uv * (high - low)).astype(np.float32))


def lathe(profile: Sequence[tuple[float, float]], sides: int = 10) -> Mesh:
    """A profile of (radius, z), from below upwards, turned about z with smooth sides; u runs once around."""
    points = np.asarray(profile, np.float64)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    ring = np.stack([np.cos(angle), np.sin(angle)], 1)
    slope = np.gradient(points, axis=0)
    out, up = slope[:, 1], -slope[:, 0]
    length = np.maximum(np.hypot(out, up), 1e-9)
    rows = len(points)
    position = np.concatenate(
        [points[:, None, :1] * ring[None], np.broadcast_to(points[:, None, 1:], (rows, sides + 1, 1))], 2
    )
    normal = np.concatenate(
        [
            (out / length)[:, None, None] * ring[None],
            np.broadcast_to((up / length)[:, None, None], (rows, sides + 1, 1)),
        ],
        2,
    )
    low, high = points[:, 1].min(), points[:, 1].max()
    v = 1.0 - (points[:, 1] - low) / max(high - low, 1e-9)
    uv = np.stack(np.broadcast_arrays(angle[None] / (2 * np.pi), v[:, None]), 2)
    return made(position.reshape(-1, 3), normal.reshape(-1, 3), uv.reshape(-1, 2), lattice(rows, sides + 1))


def tube(radius: float, height: float, sides: int = 8, top: float | None = None) -> Mesh:
    """A closed cylinder, or a cone's stump where `top` is its upper radius."""
    upper = radius if top is None else top
    side = lathe([(radius, 0.0), (upper, height)], sides)
    lid = lathe([(upper, height), (0.0, height + 1e-4)], sides)
    return joined([side, replace(lid, normal=np.tile(np.array([0, 0, 1], np.float32), (len(lid.normal), 1)))])


def rod(start: Point, end: Point, radius: float, sides: int = 5) -> Mesh:
    """A thin open cylinder from a point to another."""
    low, high = np.asarray(start, np.float64), np.asarray(end, np.float64)
    axis = high - low
    length = float(np.linalg.norm(axis))
    axis = axis / max(length, 1e-9)
    helper = np.array([1.0, 0, 0]) if abs(axis[2]) > 0.9 else np.array([0, 0, 1.0])
    first = np.cross(helper, axis)
    first /= np.linalg.norm(first)
    matrix = np.eye(4, dtype=np.float32)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = first, np.cross(axis, first), axis, low
    return moved(lathe([(radius, 0.0), (radius, length)], sides), matrix)


def blob(size: Point, rng: np.random.Generator, rough: float = 0.2, sides: int = 10, repeat: float = 3.0) -> Mesh:
    """A lumpy ball of half sizes `size` around the origin; `rough` is the lumps' share of the radius."""
    rows = sides // 2 + 2
    tall = np.linspace(-np.pi / 2, np.pi / 2, rows)
    ball = lathe([(float(np.cos(a)), float(np.sin(a))) for a in tall], sides)
    grid = ball.position.reshape(rows, sides + 1, 3)
    lumps = 1 + rough * rng.uniform(-1, 1, (rows, sides + 1, 1))
    lumps[:, -1] = lumps[:, 0]
    lumps[0], lumps[-1] = 1.0, 1.0
    position = (grid * lumps).reshape(-1, 3) * np.asarray(size)
    mesh = made(position, ball.normal, ball.uv * repeat, ball.faces)
    return replace(mesh, normal=smooth_normals(mesh))


def tufts(size: Point, rng: np.random.Generator, count: int, leaf: float) -> Mesh:
    """Leaves, squares of side `leaf`, sticking out all over an ellipsoid of half sizes `size` around the origin."""
    out = rng.normal(0, 1, (count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    middle = out * np.asarray(size) * rng.uniform(0.85, 1.15, (count, 1))
    first, second = rng.normal(0, leaf / 2, (2, count, 3))
    corners = np.stack([middle - first, middle - second, middle + first, middle + second], 1)
    uv = np.array([[0, 0], [0.3, 0], [0.3, 0.3], [0, 0.3]]) + rng.uniform(0, 1, (count, 1, 2))
    start = 4 * np.arange(count)[:, None, None]
    faces = (start + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return made(corners.reshape(-1, 3), np.repeat(out, 4, axis=0), uv.reshape(-1, 2), faces)


def smooth_normals(mesh: Mesh) -> Floats:
    """Normals (n, 3) averaged over the faces around each vertex."""
    corners = mesh.position[mesh.faces]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = np.zeros_like(mesh.position)
    for corner in range(3):
        np.add.at(normal, mesh.faces[:, corner], face)
    flat = np.linalg.norm(normal, axis=1, keepdims=True)
    return np.where(flat > 1e-12, normal / np.maximum(flat, 1e-12), mesh.normal).astype(np.float32)


def loft(sections: Sequence[NDArray[np.floating]], tile: float = 1.0) -> Mesh:
    """A skin over sections (k, 3), each with the same number of points; flat-shaded so that edges stay sharp."""
    grid = np.stack([np.asarray(section, np.float64) for section in sections])
    rows, columns = grid.shape[:2]
    corners = grid.reshape(-1, 3)[lattice(rows, columns)]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    face /= np.maximum(np.linalg.norm(face, axis=1, keepdims=True), 1e-9)
    position = corners.reshape(-1, 3)
    normal = np.repeat(face, 3, axis=0)
    main = np.abs(normal).argmax(1)
    flat = np.where((main == 0)[:, None], position[:, [1, 2]], position[:, [0, 1]])
    flat = np.where((main == 1)[:, None], position[:, [0, 2]], flat)
    return made(position, normal, flat * (1, -1) / tile, np.arange(len(position)).reshape(-1, 3))


def _cuts(low: float, high: float, step: float) -> NDArray[np.float64]:
    return np.linspace(low, high, max(1, int(np.ceil((high - low) / step - 1e-6))) + 1)
