"""Meshes in the form that the shaders read, and those that stay on the graphics card from picture to picture."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from training.scene import Floats, Mesh, Part, Surface

LONGEST_EDGE: Final = 1.0  # metres; the lens bends only at vertices, so large triangles are split
LEAST_CELL: Final = 0.004  # metres; figures are hardly finer
ROUGH_CELL: Final = 0.018  # metres, for shadows and silhouettes
VERTEX: Final = np.dtype(
    [("position", "f4", 3), ("rest", "f4", 3), ("uv", "f4", 2), ("normal", "i1", 3), ("part", "u1")]
)
LAYOUT: Final = "3f 3f 2f 3f1 1u1"
NAMES: Final = ("position", "rest", "uv", "normal", "part")


def vertices(mesh: Mesh) -> NDArray[np.void]:
    """The mesh's vertices, (n,) of VERTEX."""
    table = np.empty(len(mesh.position), VERTEX)
    table["position"], table["rest"], table["uv"], table["part"] = mesh.position, mesh.rest, mesh.uv, mesh.part
    table["normal"] = np.clip(np.rint(mesh.normal * 127.0), -127, 127)
    return table


def shown_faces(mesh: Mesh, surfaces: Mapping[Part, Surface]) -> NDArray[np.int32]:
    """The triangles none of whose vertices belongs to a hidden part."""
    hidden = np.zeros(len(Part), bool)
    hidden[[part for part, surface in surfaces.items() if surface.hidden]] = True
    if not hidden.any():
        return mesh.faces
    return mesh.faces[~hidden[mesh.part][mesh.faces].any(axis=1)]


def subdivided(
    table: NDArray[np.void], faces: NDArray[np.int32], longest: float
) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """The same surface without an edge over `longest`.

    Each round halves the longest edge of every triangle that has one too long. Every too long edge is halved in the
    end, from whichever triangle it is seen, so no gaps open between neighbours.
    """
    corners = table["position"][faces]
    large = np.linalg.norm(corners[:, [1, 2, 0]] - corners, axis=2).max(axis=1) > longest
    if not large.any():
        return table, faces
    loose = table[faces[large]]
    values = np.concatenate([loose["position"], loose["rest"], loose["uv"], loose["normal"]], axis=2, dtype=np.float32)
    values, parts = _halved(values, loose["part"][:, 0], longest)
    extra = np.empty(values.shape[:2], VERTEX)
    extra["position"], extra["rest"], extra["uv"] = values[..., :3], values[..., 3:6], values[..., 6:8]
    extra["normal"], extra["part"] = np.rint(values[..., 8:]), parts[:, None]
    added = np.arange(len(table), len(table) + extra.size, dtype=np.int32).reshape(-1, 3)
    return np.concatenate([table, extra.ravel()]), np.concatenate([faces[~large], added])


def _halved(values: Floats, parts: NDArray[np.uint8], longest: float) -> tuple[Floats, NDArray[np.uint8]]:
    """Triangles (n, 3, values of a corner, position first) halved until no edge is over `longest`."""
    done, done_parts = [], []
    while True:
        edges = values[:, [1, 2, 0], :3] - values[:, :, :3]
        squares = (edges**2).sum(axis=2)
        first = squares.argmax(axis=1)
        rows = np.arange(len(first))
        large = squares[rows, first] > longest**2
        done.append(values[~large])
        done_parts.append(parts[~large])
        if not large.any():
            return np.concatenate(done), np.concatenate(done_parts)
        rows, first, parts = rows[large], first[large], parts[large]
        a, b, c = (values[rows, (first + k) % 3] for k in range(3))
        between = (a + b) / 2
        values = np.concatenate([np.stack([a, between, c], axis=1), np.stack([between, b, c], axis=1)])
        parts = np.concatenate([parts, parts])


@dataclass(frozen=True, slots=True)
class Extent:
    """The box around a mesh: centre (3,) and half its sides (3,), in the mesh's coordinates."""

    centre: Floats
    half: Floats


def extent(mesh: Mesh) -> Extent:
    """The box around the mesh."""
    low, high = mesh.position.min(axis=0), mesh.position.max(axis=0)
    return Extent((low + high) / 2, (high - low) / 2)


def merged(
    table: NDArray[np.void], faces: NDArray[np.int32], cell: float
) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """A coarser mesh: the vertices of a part within one cell of a grid (metres) become one of them.

    Clustering after Rossignac and Borrel 1993; triangles that shrink to an edge are left out.
    """
    steps = np.floor(table["position"] * np.float32(1 / cell)).astype(np.int64) + 2048
    keys = ((steps[:, 0] * 4096 + steps[:, 1]) * 4096 + steps[:, 2]) * len(Part) + table["part"]
    order = np.argsort(keys)
    ordered = keys[order]
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    cluster = np.empty(len(keys), np.int32)
    cluster[order] = np.cumsum(begins, dtype=np.int32) - 1
    fewer = cluster[faces]
    a, b, c = fewer.T
    return table[order[begins]], fewer[(a != b) & (b != c) & (c != a)]


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a mesh is drawn, in its own units: edges over `longest` are split, what is within a `cell` merged."""

    longest: float | None = None
    cell: float | None = None


def detail_of_thing(scale: float) -> Detail:
    """For a mesh placed with that scale; in powers of two, so that meshes are shared."""
    return Detail(longest=LONGEST_EDGE / 2.0 ** np.ceil(np.log2(max(scale, 1e-3))))


def detail_of_person(pixel: float) -> Detail:
    """For a figure where one drawn pixel is `pixel` metres wide; in steps of a factor 1.5."""
    return Detail(cell=max(LEAST_CELL, 1.5 ** np.floor(np.log(1.3 * pixel) / np.log(1.5))))


class OnCard:
    """One mesh on the graphics card, ready to be drawn by each of the programs."""

    def __init__(
        self,
        context: moderngl.Context,
        programs: Mapping[str, moderngl.Program],
        mesh: Mesh,
        faces: NDArray[np.int32],
        detail: Detail,
    ) -> None:
        self.mesh = mesh  # held, so that its identity is not given to another
        table = vertices(mesh)
        if detail.longest is not None:
            table, faces = subdivided(table, faces, detail.longest)
        fine = rough = table, faces
        if detail.cell is not None:
            fine = merged(table, faces, detail.cell) if detail.cell > LEAST_CELL else (table, faces)
            rough = fine if detail.cell >= ROUGH_CELL else merged(*fine, ROUGH_CELL)
        self.bytes = sum(array.nbytes for array in (*fine, *rough))
        self._buffers: list[moderngl.Buffer] = []
        self._arrays: dict[str, moderngl.VertexArray] = {}
        fine_buffers = self._upload(context, fine)
        rough_buffers = fine_buffers if rough is fine else self._upload(context, rough)
        for name, program in programs.items():
            self._arrays[name] = _array(context, program, *(fine_buffers if name == "picture" else rough_buffers))

    def _upload(
        self, context: moderngl.Context, what: tuple[NDArray[np.void], NDArray[np.int32]]
    ) -> tuple[moderngl.Buffer, moderngl.Buffer]:
        table, faces = what
        pair = context.buffer(table.tobytes()), context.buffer(np.ascontiguousarray(faces, np.int32).tobytes())
        self._buffers += pair
        return pair

    def draw(self, program: str) -> None:
        """Draw with the program of that name."""
        self._arrays[program].render()

    def release(self) -> None:
        """Give the card's memory back."""
        for array in self._arrays.values():
            array.release()
        for buffer in self._buffers:
            buffer.release()


def _array(
    context: moderngl.Context, program: moderngl.Program, table: moderngl.Buffer, faces: moderngl.Buffer
) -> moderngl.VertexArray:
    sizes = LAYOUT.split()
    read = [attribute if attribute in program else None for attribute in NAMES]
    layout = " ".join(size if used else f"{_bytes_of(size)}x" for used, size in zip(read, sizes, strict=True))
    return context.vertex_array(program, [(table, layout, *filter(None, read))], faces)


def _bytes_of(size: str) -> int:
    count, kind = int(size[0]), size[1:]
    return count * (4 if kind == "f" else 1)


class MeshCache:
    """Meshes on the card, the least recently drawn given up first when they exceed `room` bytes."""

    def __init__(
        self, context: moderngl.Context, programs: Mapping[str, moderngl.Program], room: int = 200 << 20
    ) -> None:
        self._context, self._programs, self._room = context, programs, room
        self._kept: OrderedDict[tuple[int, frozenset[Part], Detail], OnCard] = OrderedDict()
        self._extents: OrderedDict[int, tuple[Mesh, Extent]] = OrderedDict()
        self._bytes = 0

    def extent(self, mesh: Mesh) -> Extent:
        """The box around the mesh, computed once."""
        known = self._extents.get(id(mesh))
        if known is None:
            known = self._extents[id(mesh)] = mesh, extent(mesh)
            if len(self._extents) > 4000:
                self._extents.popitem(last=False)
        return known[1]

    def get(self, mesh: Mesh, surfaces: Mapping[Part, Surface], detail: Detail) -> OnCard:
        """The mesh in that detail, without its hidden parts."""
        hidden = frozenset(part for part, surface in surfaces.items() if surface.hidden)
        key = id(mesh), hidden, detail
        found = self._kept.get(key)
        if found is None:
            found = OnCard(self._context, self._programs, mesh, shown_faces(mesh, surfaces), detail)
            self._kept[key] = found
            self._bytes += found.bytes
            self._make_room()
        self._kept.move_to_end(key)
        return found

    def _make_room(self) -> None:
        while self._bytes > self._room and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.bytes
            oldest.release()
