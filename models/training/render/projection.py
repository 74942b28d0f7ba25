"""Where the camera draws a point of the world; the vertex shader project.glsl does the same."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.scene import Camera

Doubles = NDArray[np.float64]
WIDEST: Final = 9.0  # the largest r² (71° from the axis) that a distortion that does not fold is followed to


def axes(camera: Camera) -> Doubles:
    """The camera's right, up and forward in the world, (3, 3)."""
    forward = np.array([0.0, np.cos(camera.pitch), -np.sin(camera.pitch)])
    right = np.array([1.0, 0.0, 0.0])
    up = np.cross(right, forward)
    turn, lean = np.cos(camera.roll), np.sin(camera.roll)
    return np.stack([right * turn + up * lean, up * turn - right * lean, forward])


def view_matrix(camera: Camera) -> Doubles:
    """World to camera, which looks along its -z, (4, 4)."""
    right, up, forward = axes(camera)
    matrix = np.eye(4)
    matrix[:3, :3] = right, up, -forward
    matrix[:3, 3] = -matrix[:3, :3] @ [0.0, 0.0, camera.height]
    return matrix


def focal(camera: Camera, width: int, height: int) -> tuple[float, float]:
    """Half pictures per tangent, along x and y."""
    along = 1.0 / np.tan(camera.fov / 2)
    return float(along), float(along * width / height)


def widest(camera: Camera) -> float:
    """The largest r² up to which the distortion grows: beyond it the formula would fold the picture back."""
    return min(WIDEST, -1.0 / (3.0 * camera.k1)) if camera.k1 < 0 else WIDEST


def project(camera: Camera, points: Doubles, width: int, height: int) -> tuple[Doubles, Doubles]:
    """Pixels (n, 2) of world points (n, 3), and their distance (n,) along the axis, which is ≤ 0 behind the camera."""
    seen = (points - [0.0, 0.0, camera.height]) @ axes(camera).T
    depth = seen[:, 2]
    tangent = seen[:, :2] / np.maximum(depth, 1e-3)[:, None]
    radius = np.minimum((tangent**2).sum(1), widest(camera))
    flat = tangent * (1.0 + camera.k1 * radius)[:, None] * focal(camera, width, height) + camera.shift
    return (flat * [1, -1] + 1) / 2 * [width, height], depth


def half_angle(camera: Camera, width: int, height: int) -> float:
    """Radians from the axis to the farthest corner of the picture."""
    reach = np.hypot(*((1 + np.abs(camera.shift)) / focal(camera, width, height)))
    tangents = np.linspace(0.0, np.sqrt(widest(camera)), 200)
    drawn = tangents * (1.0 + camera.k1 * tangents**2)
    if drawn[-1] < reach:  # beyond the formula's range the picture goes on with the factor it had there
        return float(np.arctan(reach / (1.0 + camera.k1 * widest(camera))))
    return float(np.arctan(tangents[np.searchsorted(drawn, reach)]))
