"""Coarser meshes: in a picture a person is a hundred pixels high, and millimetres cost time for nothing."""

import numpy as np
from numpy.typing import NDArray

from training.figures.garments import pieces
from training.figures.skeleton import Reals, vertex_normals


def coarser(vertices: Reals, faces: NDArray[np.int32], cell: float) -> NDArray[np.int32]:
    """Faces (k, 3) over fewer of the same `vertices`: those in a cube of `cell` metres become one of them.

    Vertices of different pieces, or that look in opposite directions, stay apart, so that no two sheets of cloth grow
    together (vertex clustering after Rossignac and Borrel, with an own vertex in place of the mean, so that weights
    and bindings stay exact).
    """
    used = np.unique(faces)
    normal = vertex_normals(vertices, faces)[used]
    axis = np.abs(normal).argmax(axis=1)
    facing = 2 * axis + (normal[np.arange(len(used)), axis] > 0)
    cube = np.floor(vertices[used] / cell).astype(np.int64)
    key = np.column_stack([cube, pieces(faces, len(vertices))[used], facing])
    _, group = np.unique(key, axis=0, return_inverse=True)
    group = group.ravel()
    count = np.bincount(group)
    mean = np.stack([np.bincount(group, vertices[used][:, k]) / count for k in range(3)], axis=1)
    away = np.linalg.norm(vertices[used] - mean[group], axis=1)
    order = np.lexsort((away, group))
    first = order[np.searchsorted(group[order], np.arange(len(count)))]
    chosen = np.zeros(len(vertices), np.int32)
    chosen[used] = used[first][group]
    merged = chosen[faces]
    a, b, c = merged.T
    merged = merged[(a != b) & (b != c) & (c != a)]
    _, kept = np.unique(np.sort(merged, axis=1), axis=0, return_index=True)
    return np.asarray(merged[np.sort(kept)], np.int32)
