"""Meshes in the form that the shaders read, and those that stay on the graphics card from picture to picture."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from training.scene import Floats, Mesh, Part, Surface

LONGEST_EDGE: Final = 0.7  # metres; the lens bends only at vertices, so large triangles are split
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


class OnCard:
    """One mesh on the graphics card, ready to be drawn by each of the programs."""

    def __init__(
        self, context: moderngl.Context, programs: Mapping[str, moderngl.Program], mesh: Mesh,
        faces: NDArray[np.int32], longest: float | None,
    ) -> None:
        self.mesh = mesh  # held, so that its identity is not given to another
        table = vertices(mesh)
        if longest is not None:
            table, faces = subdivided(table, faces, longest)
        self.bytes = table.nbytes + faces.nbytes
        self._vertices = context.buffer(table.tobytes())
        self._faces = context.buffer(np.ascontiguousarray(faces, np.int32).tobytes())
        self._arrays = {name: self._array(context, program) for name, program in programs.items()}

    def _array(self, context: moderngl.Context, program: moderngl.Program) -> moderngl.VertexArray:
        sizes = LAYOUT.split()
        read = [name if name in program else None for name in NAMES]
        layout = " ".join(
            size if name else f"{_bytes_of(size)}x" for name, size in zip(read, sizes, strict=True)
        )
        return context.vertex_array(program, [(self._vertices, layout, *filter(None, read))], self._faces)

    def draw(self, program: str) -> None:
        """Draw with the program of that name."""
        self._arrays[program].render()

    def release(self) -> None:
        """Give the card's memory back."""
        for array in self._arrays.values():
            array.release()
        self._vertices.release()
        self._faces.release()


def _bytes_of(size: str) -> int:
    count, kind = int(size[0]), size[1:]
    return count * (4 if kind == "f" else 1)


class MeshCache:
    """Meshes on the card, the least recently drawn given up first when they exceed `room` bytes."""

    def __init__(self, context: moderngl.Context, programs: Mapping[str, moderngl.Program], room: int = 300 << 20) -> None:
        self._context, self._programs, self._room = context, programs, room
        self._kept: OrderedDict[tuple[int, frozenset[Part], int], OnCard] = OrderedDict()
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

    def get(self, mesh: Mesh, surfaces: Mapping[Part, Surface], scale: float | None) -> OnCard:
        """The mesh without its hidden parts; with `scale` (metres per unit of the mesh) large triangles are split."""
        hidden = frozenset(part for part, surface in surfaces.items() if surface.hidden)
        level = 99 if scale is None else int(np.ceil(np.log2(max(scale, 1e-3))))
        key = id(mesh), hidden, level
        found = self._kept.get(key)
        if found is None:
            longest = None if scale is None else LONGEST_EDGE / 2.0**level
            found = OnCard(self._context, self._programs, mesh, shown_faces(mesh, surfaces), longest)
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
