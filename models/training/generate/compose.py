"""Who stands where: people at the spots of a place, alone, in pairs, queues and crowds, without walking into things."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.render import projection
from training.render.meshes import extent
from training.scene import Camera, Figure, Light, Place, Spot

Doubles = NDArray[np.float64]
# People in a picture: the share of pictures, fewest, most.
COUNTS: Final = ((0.22, 0, 0), (0.26, 1, 1), (0.30, 2, 3), (0.15, 4, 6), (0.07, 7, 14))
APART: Final = 0.45  # metres between strangers
TOGETHER: Final = 0.36  # metres between people of a group
LEAST_HEIGHT: Final = 12.0  # pixels of a person's box
LEAST_INSIDE: Final = 0.4  # share of a person's box that lies in the picture
NEAR_SPOT: Final = 1.0  # metres from a spot within which the floor is taken to be free
WALL: Final = 6.0  # metres; what is longer is taken for a part of the building
MARGIN: Final = 0.18  # metres around things
CUT: Final = 0.06  # share of people of whom less may be in the picture


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a person is: metres, radians, 0 looking along -y; sitting at that height where `sitting`."""

    x: float
    y: float
    heading: float
    sitting: bool = False
    seat: float = 0.0

    def matrix(self, figure: Figure) -> NDArray[np.float32]:
        """The placement of the figure, (4, 4): turned, moved, and lifted to the seat."""
        turn, lean = np.cos(self.heading), np.sin(self.heading)
        lift = float(np.clip(self.seat - figure.seat, -0.2, 0.4)) if self.sitting else 0.0
        return np.array([[turn, -lean, 0, self.x], [lean, turn, 0, self.y], [0, 0, 1, lift], [0, 0, 0, 1]], np.float32)


def how_many(rng: np.random.Generator) -> int:
    """The number of people in a picture."""
    shares = [share for share, _, _ in COUNTS]
    _, fewest, most = COUNTS[int(rng.choice(len(COUNTS), p=shares))]
    return int(rng.integers(fewest, most + 1))


class Floor:
    """The free floor of a place as its camera sees it, filled with one person after the other."""

    def __init__(self, place: Place, blocked: Doubles, size: tuple[int, int]) -> None:
        """`blocked`: the place's footprints; `size`: the picture's width and height."""
        self._place, self._size = place, size
        self._blocked = blocked
        self._middles = np.array([(spot.x, spot.y) for spot in place.spots], np.float64).reshape(-1, 2)
        self._spots = [spot for spot in place.spots if not spot.sitting]
        self._seats = [spot for spot in place.spots if spot.sitting]
        self._taken: list[tuple[float, float]] = []

    def seat(self, rng: np.random.Generator) -> Stand | None:
        """A free seat in view, or None."""
        for index in rng.permutation(len(self._seats)):
            spot = self._seats[int(index)]
            stand = Stand(spot.x, spot.y, _heading(spot, rng), sitting=True, seat=spot.seat)
            if self._free(stand, APART) and self._in_view(stand, 1.3, rng):
                return stand
        return None

    def spot(self, rng: np.random.Generator, tall: float) -> Stand | None:
        """A free place to stand in view for somebody of that height, near ones as often as far ones; or None."""
        if not self._spots:
            return None
        away = np.array([np.hypot(spot.x, spot.y) for spot in self._spots])
        weights = 1.0 / np.maximum(away, 1.0) ** rng.choice([0.0, 0.7, 1.4])
        for index in rng.choice(len(self._spots), min(12, len(self._spots)), replace=False, p=weights / weights.sum()):
            spot = self._spots[int(index)]
            x, y = rng.normal((spot.x, spot.y), 0.12)
            stand = Stand(float(x), float(y), _heading(spot, rng))
            if self._free(stand, APART) and self._in_view(stand, tall, rng):
                return stand
        return None

    def close(self, rng: np.random.Generator, tall: float) -> Stand | None:
        """A place so near that the person fills the picture's height or is cut by it; None where the view has none."""
        camera = self._place.camera
        for _ in range(12):
            away = rng.uniform(0.55, 2.4)
            x = rng.uniform(-0.9, 0.9) * away * np.tan(camera.fov / 2)
            stand = Stand(float(x), float(away), float(rng.uniform(-np.pi, np.pi)))
            if self._free(stand, APART) and self._clear(stand) and self._head_in_view(stand, tall):
                return stand
        return None

    def beside(self, stands: Sequence[Stand], rng: np.random.Generator, tall: float) -> Stand | None:
        """A place that makes a group with those who stand there already, or None."""
        kind = rng.choice(["walk", "talk", "queue", "crowd"], p=[0.3, 0.2, 0.2, 0.3])
        for _ in range(8):
            stand = _joining(stands, str(kind), rng)
            if self._free(stand, TOGETHER) and self._walkable(stand) and self._in_view(stand, tall, rng):
                return stand
        return None

    def take(self, stand: Stand) -> None:
        """Somebody is there now."""
        self._taken.append((stand.x, stand.y))

    def _free(self, stand: Stand, apart: float) -> bool:
        return all(np.hypot(stand.x - x, stand.y - y) >= apart for x, y in self._taken)

    def _walkable(self, stand: Stand) -> bool:
        """Near a spot, which the place's maker found free, and in nothing that stands on the floor."""
        near = np.hypot(*(self._middles - (stand.x, stand.y)).T).min(initial=np.inf) < NEAR_SPOT
        return bool(near) and self._clear(stand)

    def _clear(self, stand: Stand) -> bool:
        offset = np.array([stand.x, stand.y]) - self._blocked[:, 0]
        inside = np.ones(len(offset), bool)
        for corner in (1, 3):
            side = self._blocked[:, corner] - self._blocked[:, 0]
            length = np.maximum(np.linalg.norm(side, axis=1), 1e-6)
            along = (offset * side).sum(axis=1) / length
            inside &= (along > -MARGIN) & (along < length + MARGIN)
        return not bool(inside.any())

    def _in_view(self, stand: Stand, tall: float, rng: np.random.Generator) -> bool:
        box = drawn_box(self._place.camera, stand, tall, self._size)
        if box is None or box[3] - box[1] < LEAST_HEIGHT:
            return False
        share = inside_share(box, self._size)
        return share > (0.05 if rng.random() < CUT else LEAST_INSIDE)

    def _head_in_view(self, stand: Stand, tall: float) -> bool:
        head = np.array([[stand.x, stand.y, tall - 0.12]])
        pixel, depth = projection.project(self._place.camera, head, *self._size)
        inside = (pixel[0] > 0) & (pixel[0] < np.array(self._size))
        return bool(depth[0] > 0.4 and inside.all())


def footprints(place: Place) -> Doubles:
    """The corners (n, 4, 2), in turn, of what stands on the floor; walls and what one walks under are left out."""
    prints = []
    for thing in place.things:
        box = extent(thing.mesh)
        local = box.centre + box.half * [(x, y, z) for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        world = local @ thing.place[:3, :3].T + thing.place[:3, 3]
        low, high = world[:, 2].min(), world[:, 2].max()
        if low < 1.0 and high > 0.25 and np.ptp(world[:, :2], axis=0).max() < WALL:
            prints.append(world[:4, :2])
    return np.array(prints, np.float64).reshape(-1, 4, 2)


def drawn_box(camera: Camera, stand: Stand, tall: float, size: tuple[int, int]) -> Doubles | None:
    """About where the person is in the picture: x0 y0 x1 y1; None: too near or behind the camera."""
    around = np.array([(x, y) for x in (-0.22, 0.22) for y in (-0.22, 0.22)])
    corners = np.array([(stand.x + x, stand.y + y, z) for x, y in around for z in (0.0, tall * 0.6, tall)])
    pixels, depth = projection.project(camera, corners, *size)
    if depth.max() < 0.5:
        return None
    ahead = pixels[depth > 0.2]
    return np.concatenate([ahead.min(axis=0), ahead.max(axis=0)])


def inside_share(box: Doubles, size: tuple[int, int]) -> float:
    """The share of the box's area that lies in the picture."""
    low, high = np.maximum(box[:2], 0), np.minimum(box[2:], size)
    return float(np.prod(np.maximum(high - low, 0)) / max(float(np.prod(box[2:] - box[:2])), 1e-6))


def _heading(spot: Spot, rng: np.random.Generator) -> float:
    if spot.heading is None:
        return float(rng.uniform(-np.pi, np.pi))
    return float(spot.heading + rng.normal(0, 0.12 if spot.sitting else 0.4))


def _joining(stands: Sequence[Stand], kind: str, rng: np.random.Generator) -> Stand:
    """Beside, facing, behind or around one of those who stand there."""
    one = stands[-1] if kind == "queue" else stands[int(rng.integers(len(stands)))]
    ahead = np.array([np.sin(one.heading), -np.cos(one.heading)])
    aside = np.array([-ahead[1], ahead[0]]) * rng.choice([-1, 1])
    at = np.array([one.x, one.y])
    heading = one.heading + rng.normal(0, 0.12)
    if kind == "walk":
        at = at + aside * rng.uniform(0.4, 0.7) + ahead * rng.normal(0, 0.15)
    elif kind == "talk":
        at = at + ahead * rng.uniform(0.6, 1.1) + aside * rng.normal(0, 0.2)
        heading = one.heading + np.pi + rng.normal(0, 0.35)
    elif kind == "queue":
        at = at - ahead * rng.uniform(0.45, 0.95) + aside * rng.normal(0, 0.08)
    else:
        at = at + rng.normal(0, 0.65, 2)
        heading = rng.uniform(-np.pi, np.pi)
    return Stand(float(at[0]), float(at[1]), float(heading))


def relit(light: Light, rng: np.random.Generator) -> Light:
    """The same place under another hour: brightness, share of the lamp, colour, direction."""
    turn = rng.normal(0, 0.5)
    x, y, z = light.direction
    direction = np.array([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), z])
    direction = direction + rng.normal(0, 0.12, 3)
    direction[2] = max(direction[2], 0.15)
    direction /= np.linalg.norm(direction)
    lamp = np.array(light.colour) * np.exp(rng.normal(0, 0.3)) * (1 + rng.normal(0, 0.05, 3))
    return replace(
        light,
        direction=(float(direction[0]), float(direction[1]), float(direction[2])),
        colour=(float(lamp[0]), float(lamp[1]), float(lamp[2])),
        shadows=light.shadows and rng.random() < 0.9,
    )
