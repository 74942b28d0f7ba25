"""Simple meshes whose pictures can be worked out by hand."""

from typing import TYPE_CHECKING

import numpy as np
from training.scene import Floats, Mesh, Part

if TYPE_CHECKING:
    from numpy.typing import NDArray


def box(size: tuple[float, float, float], part: Part = Part.THING, top: Part | None = None) -> Mesh:
    """A box that stands on z = 0 over the origin; with `top` its upper fifth is of that part."""
    if top is not None:
        x, y, z = size
        head = box((x, y, z / 5), top)
        raised = Mesh(
            head.position + np.array([0, 0, z * 0.8], np.float32),
            head.normal,
            head.uv,
            head.rest,
            head.part,
            head.faces,
        )
        return joined(box((x, y, z * 0.8), part), raised)
    corners: list[NDArray[np.float64]] = []
    normals: list[NDArray[np.float64]] = []
    faces: list[tuple[int, int, int]] = []
    for axis in range(3):
        for sign in (-1, 1):
            first = len(corners)
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                corner = np.zeros(3)
                corner[axis], corner[(axis + 1) % 3], corner[(axis + 2) % 3] = sign, a, b
                corners.append(corner)
                normals.append(np.eye(3)[axis] * sign)
            faces += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    position = (np.array(corners) * np.array(size) / 2 + [0, 0, size[2] / 2]).astype(np.float32)
    count = len(position)
    return Mesh(
        position,
        np.array(normals, np.float32),
        np.zeros((count, 2), np.float32),
        position,
        np.full(count, part, np.uint8),
        np.array(faces, np.int32),
    )


def joined(one: Mesh, other: Mesh) -> Mesh:
    """Both as one mesh."""
    return Mesh(
        np.concatenate([one.position, other.position]),
        np.concatenate([one.normal, other.normal]),
        np.concatenate([one.uv, other.uv]),
        np.concatenate([one.rest, other.rest]),
        np.concatenate([one.part, other.part]),
        np.concatenate([one.faces, other.faces + len(one.position)]),
    )


def at(x: float, y: float, z: float = 0.0) -> Floats:
    """A placement without a turn."""
    place = np.eye(4, dtype=np.float32)
    place[:3, 3] = x, y, z
    return place
