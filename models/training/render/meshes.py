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
LEAST_CELL: Final = 0.003  # metres; finer than figures are
ROUGH_CELL: Final = 0.012  # metres, for shadows and silhouettes
VERTEX: Final = np.dtype([("position", "f4", 3), ("rest", "f4", 3), ("uv", "f4", 2), ("normal", "i1", 3), ("part", "u1")])
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


def subdivided(table: NDArray[np.void], faces: NDArray[np.int32], longest: float) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """The same surface without an edge over `longest`.

    Each round halves the longest edge of every triangle that has one too long. Every too long edge is halved in the
    end, from whichever triangle it is seen, so no gaps open between neighbours.
    """
    done = []
    while True:
        corners = table["position"][faces]
        lengths = np.linalg.norm(corners[:, [1, 2, 0]] - corners, axis=2)
        large = lengths.max(axis=1) > longest
        done.append(faces[~large])
        if not large.any():
            return table, np.concatenate(done)
        first = lengths[large].argmax(axis=1)
        rows = np.arange(len(first))
        a, b, c = (faces[large][rows, (first + k) % 3] for k in range(3))
        between = np.arange(len(table), len(table) + len(a), dtype=np.int32)
        table = np.concatenate([table, _middle(table[a], table[b])])
        faces = np.concatenate([np.stack([a, between, c], 1), np.stack([between, b, c], 1)]).astype(np.int32)


def _middle(a: NDArray[np.void], b: NDArray[np.void]) -> NDArray[np.void]:
    table = a.copy()
    for name in ("position", "rest", "uv"):
        table[name] = (a[name] + b[name]) / 2
    table["normal"] = (a["normal"].astype(np.int16) + b["normal"]) // 2
    return table


@dataclass(frozen=True, slots=True)
class Extent:
    """The box around a mesh: centre (3,) and half its sides (3,), in the mesh's coordinates."""

    centre: Floats
    half: Floats


def extent(mesh: Mesh) -> Extent:
    """The box around the mesh."""
    low, high = mesh.position.min(axis=0), mesh.position.max(axis=0)
    return Extent((low + high) / 2, (high - low) / 2)


def merged(mesh: Mesh, faces: NDArray[np.int32], cell: float) -> NDArray[np.int32]:
    """Fewer triangles on the same vertices: those of a part within one cell of a grid (metres) become one of them.

    Clustering after Rossignac and Borrel 1993; triangles that shrink to an edge are left out.
    """
    steps = np.floor(mesh.position / cell).astype(np.int64) + 512
    keys = ((steps[:, 0] * 1024 + steps[:, 1]) * 4096 + steps[:, 2]) * len(Part) + mesh.part
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    fewer = first.astype(np.int32)[inverse][faces]
    a, b, c = fewer.T
    return np.asarray(fewer[(a != b) & (b != c) & (c != a)])


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
    return Detail(cell=max(LEAST_CELL, 1.5 ** np.floor(np.log(0.9 * pixel) / np.log(1.5))))


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
        rough = faces
        if detail.cell is not None:
            rough = merged(mesh, faces, max(detail.cell, ROUGH_CELL))
            faces = rough if detail.cell >= ROUGH_CELL else merged(mesh, faces, detail.cell)
        self.bytes = table.nbytes + faces.nbytes + rough.nbytes
        self._vertices = context.buffer(table.tobytes())
        self._faces = {
            name: context.buffer(np.ascontiguousarray(faces if name == "picture" else rough, np.int32).tobytes())
            for name in programs
        }
        self._arrays = {name: self._array(context, name, program) for name, program in programs.items()}

    def _array(self, context: moderngl.Context, name: str, program: moderngl.Program) -> moderngl.VertexArray:
        sizes = LAYOUT.split()
        read = [attribute if attribute in program else None for attribute in NAMES]
        layout = " ".join(size if used else f"{_bytes_of(size)}x" for used, size in zip(read, sizes, strict=True))
        return context.vertex_array(program, [(self._vertices, layout, *filter(None, read))], self._faces[name])

    def draw(self, program: str) -> None:
        """Draw with the program of that name."""
        self._arrays[program].render()

    def release(self) -> None:
        """Give the card's memory back."""
        for array in self._arrays.values():
            array.release()
        for faces in self._faces.values():
            faces.release()
        self._vertices.release()


def _bytes_of(size: str) -> int:
    count, kind = int(size[0]), size[1:]
    return count * (4 if kind == "f" else 1)


class MeshCache:
    """Meshes on the card, the least recently drawn given up first when they exceed `room` bytes."""

    def __init__(self, context: moderngl.Context, programs: Mapping[str, moderngl.Program], room: int = 300 << 20) -> None:
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
