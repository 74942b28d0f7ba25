"""The bones that poses move: a reduced MakeHuman rig, forward kinematics and linear blend skinning.

Axes are the body's: x to its left, y to its back, z up. A rotation of a bone is given in these axes, relative to its
parent, with the identity as the rest pose (arms 45° down, legs straight).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from training.scene import Floats

Reals = NDArray[np.floating[Any]]  # of any precision
SIDES: Final = ("L", "R")
_LIMBS: Final = ("upperleg01", "lowerleg01", "foot", "clavicle", "shoulder01", "upperarm01", "lowerarm01", "wrist")
_FINGERS: Final = tuple(f"finger{finger}-{joint}" for finger in range(1, 6) for joint in range(1, 4))
_TRUNK: Final = ("root", "spine05", "spine04", "spine03", "spine02", "spine01", "neck01", "neck02", "neck03", "head")
KEPT: Final = frozenset(_TRUNK) | {f"{bone}.{side}" for bone in (*_LIMBS, *_FINGERS) for side in SIDES}


@dataclass(frozen=True, slots=True)
class Rig:
    """Names and parents of the kept bones, parents first; `source[i]` is a kept bone's index in the full rig."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    source: tuple[int, ...]
    reduced: tuple[int, ...]  # for each bone of the full rig the kept one that carries it

    @classmethod
    def reduce(cls, labels: Sequence[str], parents: Sequence[int]) -> Self:
        """Keep the bones named in KEPT; what hangs on another bone moves with its nearest kept ancestor."""
        source = tuple(index for index, label in enumerate(labels) if label in KEPT)
        place = {full: kept for kept, full in enumerate(source)}

        def carrier(bone: int) -> int:
            while bone not in place:
                bone = parents[bone]
            return place[bone]

        above = tuple(carrier(parents[bone]) if parents[bone] >= 0 else -1 for bone in source)
        return cls(tuple(labels[bone] for bone in source), above, source, tuple(map(carrier, range(len(labels)))))

    def index(self, name: str) -> int:
        """Where the bone `name` stands."""
        return self.names.index(name)


def turn(axis: str, degrees: float) -> Floats:
    """A rotation by `degrees` about the body's axis "x", "y" or "z", (3, 3)."""
    angle = np.deg2rad(degrees)
    c, s = np.cos(angle), np.sin(angle)
    rows = {
        "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
        "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
        "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
    }
    return np.array(rows[axis], np.float32)


def chain(*turns: Floats) -> Floats:
    """Rotations after each other, the last one first."""
    result = turns[0]
    for other in turns[1:]:
        result = np.asarray(result @ other, np.float32)
    return result


def about(axis: Reals, degrees: float) -> Floats:
    """A rotation by `degrees` about any axis (Rodrigues), (3, 3)."""
    x, y, z = axis / np.linalg.norm(axis)
    angle = np.deg2rad(degrees)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]], np.float32)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross, np.float32)


@dataclass(slots=True)
class Posture:
    """Where every bone is. rotation: (bones, 3, 3) and origin: (bones, 3) take rest coordinates to the pose."""

    rig: Rig
    joints: Floats  # (bones, 3), the bones' heads at rest
    rotation: Floats
    origin: Floats

    def point(self, name: str, rest: Floats | None = None) -> Floats:
        """Where a bone's head, or the point `rest` that moves with it, has gone."""
        bone = self.rig.index(name)
        point = self.joints[bone] if rest is None else rest
        return np.asarray(self.rotation[bone] @ point + self.origin[bone], np.float32)

    def frame(self, name: str) -> Floats:
        """How a bone is turned, (3, 3)."""
        return np.asarray(self.rotation[self.rig.index(name)], np.float32)

    def skin(self, vertices: Floats, weights: Floats) -> Floats:
        """Move rest `vertices` (n, 3) by `weights` (n, bones)."""
        table = np.concatenate([self.rotation.reshape(-1, 9), self.origin], axis=1)
        blended = weights @ table
        moved = np.einsum("nij,nj->ni", blended[:, :9].reshape(-1, 3, 3), vertices) + blended[:, 9:]
        return np.asarray(moved, np.float32)


def forward(rig: Rig, joints: Floats, turns: Mapping[str, Floats]) -> Posture:
    """Forward kinematics: each bone turned by `turns` (identity where it is not named) relative to its parent."""
    rotation = np.zeros((len(rig.names), 3, 3), np.float32)
    origin = np.zeros((len(rig.names), 3), np.float32)
    identity = np.eye(3, dtype=np.float32)
    for bone, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        local = turns.get(name, identity)
        if parent < 0:
            rotation[bone], head = local, joints[bone]
        else:
            rotation[bone] = rotation[parent] @ local
            head = rotation[parent] @ joints[bone] + origin[parent]
        origin[bone] = head - rotation[bone] @ joints[bone]
    return Posture(rig, joints, rotation, origin)


def reach(upper: Reals, lower: Reals, target: Reals, pole: Reals) -> tuple[Floats, Floats]:
    """Two-bone inverse kinematics: directions of both bones so that the second ends at `target`.

    `upper`, `lower`: the bones at rest; `target`: from the first joint; `pole`: where the middle joint should point.
    A target out of reach is approached. Returns unit vectors (law of cosines).
    """
    a, b = float(np.linalg.norm(upper)), float(np.linalg.norm(lower))
    distance = float(np.clip(np.linalg.norm(target), abs(a - b) * 1.05 + 0.02, (a + b) * 0.995))
    along = target / max(float(np.linalg.norm(target)), 1e-6)
    side = pole - along * float(pole @ along)
    side = side / max(float(np.linalg.norm(side)), 1e-6)
    cosine = float(np.clip((a * a + distance * distance - b * b) / (2 * a * distance), -1, 1))
    first = along * cosine + side * np.sqrt(1 - cosine * cosine)
    second = along * distance - first * a
    return np.asarray(first, np.float32), np.asarray(second / np.linalg.norm(second), np.float32)


def frame_of(direction: Reals, normal: Reals) -> Floats:
    """An orthonormal frame whose first axis is `direction`, its third as near `normal` as can be, (3, 3)."""
    first = direction / np.linalg.norm(direction)
    third = normal - first * float(normal @ first)
    third = third / max(float(np.linalg.norm(third)), 1e-6)
    return np.asarray(np.stack([first, np.cross(third, first), third], axis=1), np.float32)


def vertex_normals(positions: Reals, faces: NDArray[np.int32]) -> Floats:
    """Area-weighted unit normals of a triangle mesh, (n, 3)."""
    corners = positions[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(normal[:, axis], 3), minlength=len(positions)) for axis in range(3)],
        axis=1,
    )
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12), np.float32)
