"""How rooms are laid out: around the camera, with rows along walls, aisles, tills and loose things."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.places.rooms import Grounds, Room, shell
from training.places.stage import Stage
from training.places.views import Mount

HALF: Final = np.pi / 2
HARD: Final = ("tiles", "concrete", "planks", "tiles")
PLAIN: Final = ("plaster", "plaster", "panelling", "brick")
ODDS: Final = ("coat stand", "gate", "vending machine", "ladder", "bags", "bags", "vase", "cut-out", "bin", "pot plant")
CHAIRS: Final = ("wooden chair", "wooden chair", "scene chair", "stool", "school chair", "office chair")
USUAL: Final = Mount()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place.

    weight: its share among places; furnish: fills a stage and returns how far people may be, metres.
    """

    name: str
    weight: float
    furnish: Callable[[Stage, Grounds, float], float]
    mount: Mount = USUAL
    outdoors: bool = False


def room_around(
    stage: Stage,
    grounds: Grounds,
    wide: tuple[float, float],
    deep: tuple[float, float],
    roof: float,
    *looks: tuple[str, ...],
) -> Room:
    """A room around the camera, which hangs near its front wall, with floor and walls of `looks`."""
    rng = stage.rng
    width = float(rng.uniform(*wide))
    left = -float(rng.uniform(0.15, 0.85)) * width
    room = Room(left, -float(rng.uniform(0.3, 0.8)), left + width, float(rng.uniform(*deep)), roof)
    stage.walkable.append((room.x0, room.y0, room.x1, room.y1))
    towards = ((room.x0 + room.x1) / 2 + float(rng.normal(0, 0.15)) * width, room.y1 * float(rng.uniform(0.35, 0.7)))
    stage.look(-float(np.arctan2(*towards)) * float(rng.uniform(0.6, 1.1)) + float(rng.normal(0, 0.08)))
    shell(stage, grounds, room, looks[0], looks[1])
    return room


def roof(stage: Stage, height: float) -> float:
    """The height of a room in which a camera hangs at this height."""
    return height + float(stage.rng.uniform(0.15, 1.2))


def wall_row(stage: Stage, room: Room, names: tuple[str, ...]) -> None:
    """Shelves of one sort along some of the walls, with spots before them."""
    rng = stage.rng
    for x, y, length, turn in room.sides[:3]:
        if rng.random() < 0.35:
            continue
        what = stage.any(str(rng.choice(names)))
        look = what.dress(rng, stage.layers)
        width, depth = what.half[0] * 2, what.half[1]
        cos, sin = np.cos(turn), np.sin(turn)
        for along in np.arange(-length / 2 + width / 2, length / 2 - width / 2, width):
            if rng.random() < 0.2:
                look = what.dress(rng, stage.layers)
            at = (x + cos * along + sin * (depth + 0.03), y + sin * along - cos * (depth + 0.03))
            if np.hypot(*at) < 1.2:
                continue
            stage.put(what, *at, turn, surfaces=look)
            if rng.random() < 0.25:
                _before(stage, at[0], at[1], turn, depth)


def _before(stage: Stage, x: float, y: float, turn: float, depth: float) -> None:
    """A spot before a shelf, for somebody who looks at it."""
    far = depth + float(stage.rng.uniform(0.35, 0.7))
    stage.spot(x + np.sin(turn) * far, y - np.cos(turn) * far, heading=turn + np.pi + float(stage.rng.normal(0, 0.3)))


def gondola(stage: Stage, x: float, y: float, length: float, turn: float) -> None:
    """A double row of shelves whose axis runs along the turned x; spots on both sides."""
    rng = stage.rng
    what = stage.any("shelf")
    number = max(1, int(length / (what.half[0] * 2)))
    cos, sin = np.cos(turn), np.sin(turn)
    looks = [what.dress(rng, stage.layers) for _ in range(2)]
    for unit in range(number):
        along = (unit - (number - 1) / 2) * what.half[0] * 2
        for side in (-1, 1):
            if rng.random() < 0.25:
                looks = [what.dress(rng, stage.layers), looks[0]]
            out = what.half[1] * side
            at = (x + cos * along + sin * out, y + sin * along - cos * out)
            facing = turn + (0 if side > 0 else np.pi)
            stage.put(what, *at, facing, surfaces=looks[(side + 1) // 2])
            if rng.random() < 0.2:
                _before(stage, *at, facing, what.half[1])
    if length > 2.5 and rng.random() < 0.6:
        reach = number * what.half[0]
        for side in (-1, 1):
            end_cap(stage, x + float(cos) * reach * side, y + float(sin) * reach * side, turn + side * HALF)


def end_cap(stage: Stage, x: float, y: float, turn: float) -> None:
    """A shelf at the end of a double row; its back is at the point."""
    what = stage.any("shelf")
    out = what.half[1] + 0.02
    stage.put(what, x + float(np.sin(turn)) * out, y - float(np.cos(turn)) * out, turn)


def aisle_signs(stage: Stage, room: Room) -> None:
    """Boards with writing that hang from the ceiling."""
    rng = stage.rng
    sign = stage.any("aisle sign")
    turn = float(rng.choice([0.0, HALF]))
    for _ in range(int(rng.integers(2, 8))):
        x, y = float(rng.uniform(room.x0 + 1, room.x1 - 1)), float(rng.uniform(3, max(4, room.y1 - 1)))
        stage.put(sign, x, y, turn, z=max(2.0, room.height - float(rng.uniform(0, 0.6))))


def rug(stage: Stage, room: Room) -> None:
    """A rug somewhere on the floor."""
    rng = stage.rng
    what = stage.any("rug")
    at = (float(rng.uniform(room.x0 + 1, room.x1 - 1)), float(rng.uniform(1.2, room.y1 - 1)), 0.008)
    stage.add(what.mesh, what.dress(rng, stage.layers), at, float(rng.integers(2)) * HALF)


def foreground(stage: Stage, height: float) -> None:
    """A table or counter close before a low camera, with bottles, plants and goods on it."""
    rng = stage.rng
    table = stage.any(str(rng.choice(["table", "round table"])))
    x, y = float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.7, 1.6))
    if not stage.free(np.array([[x, y]]), max(table.half))[0]:
        return
    stage.put(table, x, y, float(rng.normal(0, 0.3)))
    top = float(table.mesh.position[:, 2].max())
    if top < height - 0.1:
        for _ in range(int(rng.integers(1, 4))):
            grown = float(rng.uniform(0.9, 1.5))
            what = stage.any(str(rng.choice(["bottles", "bottles", "pot plant"])))
            at = (x + float(rng.uniform(-0.4, 0.4)), y + float(rng.uniform(-0.15, 0.15)), top)
            stage.add(what.mesh, what.dress(rng, stage.layers), at, float(rng.uniform(0, 6)), (grown, grown, grown))


def loose(stage: Stage, room: Room, names: tuple[str, ...], turned: float = HALF) -> None:
    """One thing somewhere free in the room, turned by a multiple of `turned` or, where that is 0, at will."""
    rng = stage.rng
    what = stage.any(str(rng.choice(names)))
    points = rng.uniform((room.x0 + 0.6, 1.0), (room.x1 - 0.6, room.y1 - 0.5), (6, 2))
    free = np.flatnonzero(stage.free(points, max(what.half)))
    if len(free):
        x, y = points[free[0]]
        if stage.before_lens(what, float(x), float(y)):
            return
        turn = float(rng.integers(4)) * turned if turned else float(rng.uniform(-np.pi, np.pi))
        stage.put(what, float(x), float(y), turn)


def odds(stage: Stage) -> None:
    """A few things that are found anywhere under a roof, among them what is as tall as a person."""
    x0, y0, x1, y1 = stage.walkable[0]
    for _ in range(int(stage.rng.integers(0, 4))):
        loose(stage, Room(x0, y0, x1, y1, 0.0), ODDS, 0.0 if stage.rng.random() < 0.5 else HALF)


def seats(stage: Stage, tangent: float, farthest: float) -> None:
    """One to five chairs of a sort beside each other before the camera, most at tables that hide who sits there.

    tangent: of half the camera's angle, so that they are in view; farthest: metres.
    """
    rng = stage.rng
    names = [name for name in CHAIRS if name in stage.stock]
    chair, table = stage.any(str(rng.choice(names))), stage.any(str(rng.choice(["table", "table", "round table"])))
    look, looks = chair.dress(rng, stage.layers), table.dress(rng, stage.layers)
    away = float(np.exp(rng.uniform(np.log(1.6), np.log(max(2.5, min(farthest, 9.0))))))
    turn = float(rng.normal(0, 0.6) if rng.random() < 0.7 else rng.uniform(-np.pi, np.pi))
    step, tables = float(rng.uniform(0.6, 1.3)), rng.random() < 0.7
    first = rng.uniform(-0.7, 0.7) * tangent * away
    for number in range(int(rng.integers(1, 6))):
        world = np.array([[first + np.cos(turn) * step * number, away + np.sin(turn) * step * number]])
        if not stage.free(stage.plan_of(world), 0.2)[0]:
            continue
        x, y = (float(value) for value in stage.plan_of(world)[0])
        facing = turn + stage.aim
        stage.put(chair, x, y, facing, surfaces=look)
        stage.sit(chair, x, y, facing)
        if tables:
            far = table.half[1] + 0.25
            stage.put(table, x + float(np.sin(facing)) * far, y - float(np.cos(facing)) * far, facing, surfaces=looks)


def till(stage: Stage, room: Room) -> None:
    """A counter with somebody behind it and a queue before it."""
    rng = stage.rng
    what = stage.any("counter")
    x, y = float(rng.uniform(room.x0 + 1.5, room.x1 - 1.5)), float(rng.uniform(1.8, min(6.0, room.y1 - 1.5)))
    turn = float(rng.choice([0, HALF, -HALF, np.pi])) + float(rng.normal(0, 0.1))
    stage.put(what, x, y, turn)
    cos, sin = np.cos(turn), np.sin(turn)
    stage.spot(x - sin * 0.85, y + cos * 0.85, heading=turn)
    drift = float(rng.uniform(-0.4, 0.4))
    for place in range(int(rng.integers(1, 5))):
        far = 0.8 + 0.7 * place
        stage.spot(x + sin * far + cos * drift * place, y - cos * far + sin * drift * place, heading=turn + np.pi)
