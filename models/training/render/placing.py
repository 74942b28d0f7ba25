"""What is in view, what throws shadows, and where people are in the picture, worked out before drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.render import projection
from training.render.meshes import MeshCache, extent
from training.render.target import Whole
from training.scene import NOBODY, NOT_PERSON_PARTS, Camera, Floats, Instance, Light

Doubles = NDArray[np.float64]
TALLEST_CASTER: Final = 2.5  # metres; ceilings and lamps would shadow the whole room
WIDEST_CASTER: Final = 4.0  # metres, radius; walls would keep the sun out
_SHADOW_REACH: Final = 7.0  # metres, half the side of the lit square
_LOOSE: Final = 0.05  # metres by which clothes may stand out of the mesh
_CORNERS: Final = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)


@dataclass(frozen=True, slots=True)
class Boxes:
    """Of n instances: centre (n, 3) and radius (n,) of the ball around, corners (n, 8, 3), scale (n,) of placement."""

    centre: Doubles
    radius: Doubles
    corners: Doubles
    scale: Doubles


def boxes(instances: Sequence[Instance], meshes: MeshCache) -> Boxes:
    """Where the instances are in the world."""
    extents = [
        meshes.extent(one.mesh) if one.owner == NOBODY else extent(one.mesh)  # people are not met again
        for one in instances
    ]
    places = np.array([instance.place for instance in instances], np.float64).reshape(-1, 4, 4)
    centre = np.array([e.centre for e in extents], np.float64).reshape(-1, 3)
    half = np.array([e.half for e in extents], np.float64).reshape(-1, 3)
    local = centre[:, None] + half[:, None] * _CORNERS
    corners = local @ places[:, :3, :3].swapaxes(1, 2) + places[:, None, :3, 3]
    middle = corners.mean(axis=1)
    radius = np.linalg.norm(corners - middle[:, None], axis=2).max(axis=1, initial=0.0) + _LOOSE
    scale = np.linalg.norm(places[:, :3, :3], axis=1).max(axis=1, initial=0.0)
    return Boxes(middle, radius, corners, scale)


def in_view(boxes_: Boxes, camera: Camera, width: int, height: int) -> NDArray[np.bool_]:
    """Which balls (n,) reach into the cone around the picture."""
    offset = boxes_.centre - [0.0, 0.0, camera.height]
    away = np.linalg.norm(offset, axis=1)
    along = offset @ projection.axes(camera)[2] / np.maximum(away, 1e-6)
    angle = np.arccos(np.clip(along, -1, 1))
    spread = np.arcsin(np.clip(boxes_.radius / np.maximum(away, 1e-6), 0, 1))
    inside = (away < boxes_.radius) | (angle - spread < projection.half_angle(camera, width, height))
    return np.asarray(inside)


def nearest_first(boxes_: Boxes, instances: Sequence[Instance]) -> list[int]:
    """People, then things by their distance from the camera's foot: what is hidden is then never shaded."""
    away = np.hypot(boxes_.centre[:, 0], boxes_.centre[:, 1]) + boxes_.radius
    owners = np.array([instance.owner == NOBODY for instance in instances], bool)
    return [int(i) for i in np.lexsort((away, owners))]


@dataclass(frozen=True, slots=True)
class LightFrame:
    """matrix: (4, 4) world to the light's depth map; casts: (n,) which instances throw shadows into it."""

    matrix: Doubles
    casts: NDArray[np.bool_]


def light_frame(light: Light, boxes_: Boxes, instances: Sequence[Instance]) -> LightFrame:
    """A square of the world seen from the light: around the people, or in front of the camera."""
    people = np.array([instance.owner != NOBODY for instance in instances], bool)
    middle = boxes_.centre[people].mean(axis=0) if people.any() else np.array([0.0, 4.0, 1.0])
    to_light = np.asarray(light.direction, np.float64)
    to_light = to_light / np.linalg.norm(to_light)
    side = np.cross([0.0, 1.0, 0.0] if abs(to_light[1]) < 0.9 else [1.0, 0.0, 0.0], to_light)
    side /= np.linalg.norm(side)
    rows = np.stack([side, np.cross(to_light, side), -to_light])
    reach = np.array([_SHADOW_REACH, _SHADOW_REACH, 2 * _SHADOW_REACH])
    matrix = np.eye(4)
    matrix[:3, :3] = rows / reach[:, None]
    matrix[:3, 3] = -matrix[:3, :3] @ middle
    near = np.abs((boxes_.centre - middle) @ rows[:2].T).max(axis=1, initial=0.0) < _SHADOW_REACH + boxes_.radius
    low = boxes_.corners[:, :, 2].max(axis=1, initial=0.0) < TALLEST_CASTER
    high = boxes_.corners[:, :, 2].max(axis=1, initial=0.0) > 0.03
    return LightFrame(matrix, people | (near & low & high & (boxes_.radius < WIDEST_CASTER)))


def on_floor(instances: Sequence[Instance], boxes_: Boxes) -> tuple[list[Floats], list[Floats]]:
    """Footprints (4, 2) of the things that stand on the floor, and feet (n, 2) of the people."""
    low, high = boxes_.corners[:, :, 2].min(axis=1, initial=9.0), boxes_.corners[:, :, 2].max(axis=1, initial=-9.0)
    standing = (low < 0.15) & (high > 0.25) & (boxes_.radius < WIDEST_CASTER)
    prints = [
        boxes_.corners[i][[0, 2, 6, 4], :2].astype(np.float32)
        for i, instance in enumerate(instances)
        if standing[i] and instance.owner == NOBODY
    ]
    feet = [_feet(instance) for instance in instances if instance.owner != NOBODY]
    return prints, feet


def _feet(instance: Instance) -> Floats:
    points = instance.mesh.position
    lowest = points[points[:, 2] < 0.12][::7]
    if len(lowest) == 0:
        return np.zeros((0, 2), np.float32)
    left = lowest[:, 0] < np.median(lowest[:, 0])
    middles = np.array([lowest[side].mean(axis=0) for side in (left, ~left) if side.any()])
    world = middles @ instance.place[:3, :3].T + instance.place[:3, 3]
    return np.asarray(world[:, :2], np.float32)


def drawn_box(parts: Sequence[Instance], camera: Camera, width: int, height: int) -> Doubles:
    """A box x0 y0 x1 y1 in pixels that surely holds the person, also outside of the picture."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for instance in parts:
        mesh, place = instance.mesh, np.asarray(instance.place, np.float64)
        body = mesh.position[~np.isin(mesh.part, NOT_PERSON_PARTS)][::5]
        pixels, depth = projection.project(camera, body @ place[:3, :3].T + place[:3, 3], width, height)
        pixels = pixels[depth > 0.1]
        if len(pixels):
            nearest = float(np.min(depth[depth > 0.1]))
            loose = _LOOSE / nearest * projection.focal(camera, width, height)[0] * width / 2 + 1.0
            low = np.minimum(low, pixels.min(axis=0) - loose)
            high = np.maximum(high, pixels.max(axis=0) + loose)
    if not np.isfinite(low).all():
        return np.zeros(4)
    return np.concatenate([low, high])


@dataclass(frozen=True, slots=True)
class Crop:
    """A square of the picture's plane that is drawn into a tile: its corner x, y and its side in pixels."""

    x: float
    y: float
    side: float
    tile: int

    def shader_values(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Scale and offset that take half pictures (y upwards) to the tile."""
        across, along = width / self.side, height / self.side
        middle_x, middle_y = self.x + self.side / 2, self.y + self.side / 2
        return across, along, -(2 * middle_x / width - 1) * across, -(1 - 2 * middle_y / height) * along

    def whole(self, square: NDArray[np.bool_]) -> Whole:
        """The person from what was drawn of them alone; nothing there: zeros."""
        rows, columns = np.flatnonzero(square.any(axis=1)), np.flatnonzero(square.any(axis=0))
        if len(rows) == 0:
            return Whole(np.zeros(4, np.float32), 0.0)
        pixel = self.side / self.tile
        x0, x1 = self.x + columns[0] * pixel, self.x + (columns[-1] + 1) * pixel
        y0, y1 = self.y + (self.tile - rows[-1] - 1) * pixel, self.y + (self.tile - rows[0]) * pixel
        return Whole(np.array([x0, y0, x1, y1], np.float32), float(square.sum()) * pixel**2)


def crop_of(box: Doubles, tile: int) -> Crop:
    """The square around a box."""
    side = max(float(box[2] - box[0]), float(box[3] - box[1]), 4.0) + 2.0
    return Crop(float(box[0] + box[2] - side) / 2, float(box[1] + box[3] - side) / 2, side, tile)
