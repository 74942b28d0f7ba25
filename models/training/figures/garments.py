"""MakeHuman clothes and hair: each vertex hangs on three vertices of the base mesh, so that it fits any body."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.scene import Floats


@dataclass(frozen=True, slots=True)
class Garment:
    """A mesh made for the base mesh (.mhclo with its .obj)."""

    faces: NDArray[np.int32]  # (m, 3)
    bound: NDArray[np.int32]  # (n, 3) vertices of the base mesh
    share: Floats  # (n, 3) barycentric
    offset: Floats  # (n, 3) in MakeHuman's axes, times the scale below
    spans: tuple[tuple[int, int, float], ...]  # for x, y, z: two base vertices, and their distance when it was made
    hides: NDArray[np.int32]  # vertices of the base mesh under it

    def fitted(self, base: Floats) -> Floats:
        """The garment's vertices (n, 3) on a base mesh at rest, (vertices, 3) in metres, z up."""
        made = np.stack([base[:, 0], base[:, 2], -base[:, 1]], axis=1)  # MakeHuman's axes: y up, z to the front
        scale = [abs(made[a, axis] - made[b, axis]) / size for axis, (a, b, size) in enumerate(self.spans)]
        points = np.einsum("nk,nkc->nc", self.share, made[self.bound]) + self.offset * np.asarray(scale, np.float32)
        return np.asarray(np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1), np.float32)

    def weights(self, base: Floats) -> Floats:
        """Skinning weights (n, bones), blended from those of the base mesh (vertices, bones)."""
        share = np.clip(self.share, 0, None)
        share = share / np.maximum(share.sum(1, keepdims=True), 1e-6)
        return np.asarray(np.einsum("nk,nkb->nb", share, base[self.bound]), np.float32)


def read_garment(path: Path) -> Garment:
    """Read a .mhclo file and the .obj that it names.

    Raises:
        ValueError: the file names no .obj or binds no vertices.
    """
    header: dict[str, list[str]] = {}
    bound: list[list[int]] = []
    share: list[list[float]] = []
    offset: list[list[float]] = []
    hidden: list[str] = []
    section = ""  # a header line may stand between `verts` and its numbers
    for line in path.read_text().splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in {"verts", "delete_verts"}:
            section = words[0]
        elif words[0][0].isalpha():
            header[words[0]] = words[1:]
        elif section == "delete_verts":
            hidden += words
        elif section == "verts":
            _bind(words, bound, share, offset)
    if "obj_file" not in header or not bound:
        raise ValueError(f"{path}: no obj_file or no verts; unpack the asset again")
    spans = tuple((int(a), int(b), float(size)) for a, b, size in (header[f"{axis}_scale"][:3] for axis in "xyz"))
    faces = np.concatenate(list(read_faces(path.parent / header["obj_file"][0]).values()))
    return Garment(
        faces,
        np.array(bound, np.int32),
        np.array(share, np.float32),
        np.array(offset, np.float32),
        spans,
        _ranges(hidden),
    )


def _bind(words: list[str], bound: list[list[int]], share: list[list[float]], offset: list[list[float]]) -> None:
    """One line under `verts`: a single base vertex, or three with shares and an offset."""
    if len(words) == 1:
        bound.append([int(words[0])] * 3)
        share.append([1, 0, 0])
        offset.append([0, 0, 0])
    else:
        bound.append([int(word) for word in words[:3]])
        share.append([float(word) for word in words[3:6]])
        offset.append([float(word) for word in words[6:9]])


def _ranges(words: list[str]) -> NDArray[np.int32]:
    """Numbers and "a - b" ranges, both ends included."""
    numbers: list[int] = []
    for place, word in enumerate(words):
        if word == "-":
            numbers.extend(range(numbers[-1] + 1, int(words[place + 1])))
        else:
            numbers.append(int(word))
    return np.array(numbers, np.int32)


def pieces(faces: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """Which connected piece each of `count` vertices belongs to, numbered from 0."""
    import scipy.sparse  # noqa: PLC0415 - only the building of the library needs it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    graph = scipy.sparse.coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int32)


def read_faces(path: Path) -> dict[str, NDArray[np.int32]]:
    """The faces of a Wavefront file as triangles (m, 3), by their group ("" before the first)."""
    groups: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        if line.startswith("g "):
            group = line.split()[1]
        elif line.startswith("f "):
            corner = [int(word.split("/")[0]) - 1 for word in line.split()[1:]]
            fan = [[corner[0], corner[i], corner[i + 1]] for i in range(1, len(corner) - 1)]
            groups.setdefault(group, []).extend(fan)
    return {name: np.array(faces, np.int32) for name, faces in groups.items()}
