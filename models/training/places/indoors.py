"""Kinds of places under a roof: each furnishes a stage and says where its people would be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.places.rooms import Grounds, Room, decorate, shell
from training.places.stage import Stage
from training.places.views import Mount

HALF: Final = np.pi / 2
HARD: Final = ("tiles", "concrete", "planks", "tiles")
PLAIN: Final = ("plaster", "plaster", "panelling", "brick")


@dataclass(frozen=True, slots=True)
class Kind:
    """name; weight: its share among places; furnish: fills a stage and returns the farthest distance of people, metres."""

    name: str
    weight: float
    furnish: Callable[[Stage, Grounds, float], float]
    mount: Mount = Mount()
    outdoors: bool = False


def _room(stage: Stage, grounds: Grounds, wide: tuple[float, float], deep: tuple[float, float], roof: float, *looks: tuple[str, ...]) -> Room:
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


def _roof(stage: Stage, height: float) -> float:
    return height + float(stage.rng.uniform(0.15, 1.2))


def shop(stage: Stage, grounds: Grounds, height: float) -> float:
    """Aisles of shelves along or across the view, freezers and produce at the walls."""
    rng = stage.rng
    room = _room(stage, grounds, (6, 16), (8, 22), _roof(stage, height), HARD, PLAIN)
    decorate(stage, room, ("sign", "poster", "window", "door", "glass front", "screen"), 0.3)
    wall_row(stage, room, ("shelf", "freezer", "flat shelf", "shelf"))
    if rng.random() < 0.6:
        _aisles_along(stage, room)
    else:
        _aisles_across(stage, room)
    for _ in range(int(rng.integers(0, 7))):
        loose(stage, room, ("produce table", "chest", "stand-up sign", "trolley", "box pile", "clothes rack", "bin", "display", "scene column"))
    if rng.random() < 0.6:
        till(stage, room)
    return room.y1


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


def gondola(stage: Stage, x: float, y: float, length: float, turn: float, name: str = "shelf") -> None:
    """A double row of shelves whose axis runs along the turned x; spots on both sides."""
    rng = stage.rng
    what = stage.any(name)
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


def _aisles_along(stage: Stage, room: Room) -> None:
    rng = stage.rng
    gap = float(rng.uniform(1.9, 2.9))
    start, end = float(rng.uniform(1.0, 3.5)), room.y1 - float(rng.uniform(1.2, 3))
    first = float(rng.uniform(0.6, 1.4))
    for x in [*np.arange(first, room.x1 - 1.3, gap), *np.arange(first - gap, room.x0 + 1.3, -gap)]:
        if end - start > 1.3:
            gondola(stage, float(x), (start + end) / 2, end - start, HALF)


def _aisles_across(stage: Stage, room: Room) -> None:
    rng = stage.rng
    gap = float(rng.uniform(2.0, 3.2))
    length = (room.x1 - room.x0) - float(rng.uniform(2.5, 4))
    for y in np.arange(float(rng.uniform(2.0, 4.0)), room.y1 - 1.5, gap):
        gondola(stage, (room.x0 + room.x1) / 2 + float(rng.normal(0, 0.4)), float(y), length, float(rng.normal(0, 0.02)))


def loose(stage: Stage, room: Room, names: tuple[str, ...], turned: float = HALF) -> None:
    """One thing somewhere free in the room, turned by a multiple of `turned` or, where that is 0, at will."""
    rng = stage.rng
    what = stage.any(str(rng.choice(names)))
    points = rng.uniform((room.x0 + 0.6, 1.0), (room.x1 - 0.6, room.y1 - 0.5), (6, 2))
    free = np.flatnonzero(stage.free(points, max(what.half)))
    if len(free):
        x, y = points[free[0]]
        turn = float(rng.integers(4)) * turned if turned else float(rng.uniform(-np.pi, np.pi))
        stage.put(what, float(x), float(y), turn)


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


def boutique(stage: Stage, grounds: Grounds, height: float) -> float:
    """Clothes on racks, mannequins, tables, posters."""
    rng = stage.rng
    room = _room(stage, grounds, (5, 12), (6, 14), _roof(stage, height), ("planks", "carpet", "tiles", "concrete"), (*PLAIN, "curtain"))
    decorate(stage, room, ("poster", "sign", "glass front", "door", "screen"), 0.5)
    wall_row(stage, room, ("flat shelf", "books", "shelf", "bookcase"))
    for _ in range(int(rng.integers(4, 14))):
        loose(stage, room, ("clothes rack", "clothes rack", "clothes rack", "mannequin", "table", "display", "long desk", "pot plant", "stand-up sign"))
    till(stage, room)
    return room.y1


def kiosk(stage: Stage, grounds: Grounds, height: float) -> float:
    """A small shop full of goods whose camera looks over the counter."""
    rng = stage.rng
    room = _room(stage, grounds, (3.5, 7), (4, 9), _roof(stage, height), HARD, PLAIN)
    decorate(stage, room, ("sign", "poster", "glass front", "glass front", "screen"), 0.5)
    wall_row(stage, room, ("shelf", "freezer", "shelf"))
    till(stage, room)
    till(stage, room)
    for _ in range(int(rng.integers(2, 7))):
        loose(stage, room, ("shelf", "stand-up sign", "chest", "produce table", "box pile"))
    return room.y1


def corridor(stage: Stage, grounds: Grounds, height: float) -> float:
    """Long walls with doors."""
    rng = stage.rng
    room = _room(stage, grounds, (1.7, 3.5), (9, 33), _roof(stage, height), ("tiles", "concrete", "carpet", "planks"), PLAIN)
    decorate(stage, room, ("door", "door", "window", "extinguisher", "sign", "board", "poster", "radiator"), 0.6)
    for _ in range(int(rng.integers(0, 4))):
        side = float(rng.choice([room.x0 + 0.3, room.x1 - 0.3]))
        stage.put(stage.any(str(rng.choice(["bin", "pot plant", "wooden chair", "box pile"]))), side, float(rng.uniform(2, room.y1)))
    return room.y1


def office(stage: Stage, grounds: Grounds, height: float) -> float:
    """Desks with screens and swivel chairs, in rows or islands."""
    rng = stage.rng
    room = _room(stage, grounds, (5, 13), (5, 14), _roof(stage, height), ("carpet", "planks", "concrete", "tiles"), PLAIN)
    decorate(stage, room, ("window", "window", "board", "door", "sign", "radiator", "coats"), 0.6)
    turn = float(rng.choice([0, HALF, np.pi, -HALF]))
    desk, chair = stage.any("office desk"), stage.any("office chair")
    looks, chairs = desk.dress(rng, stage.layers), chair.dress(rng, stage.layers)
    for x in np.arange(room.x0 + 1.2, room.x1 - 1.0, float(rng.uniform(2.0, 2.8))):
        for y in np.arange(1.8, room.y1 - 0.8, float(rng.uniform(2.0, 2.8))):
            if rng.random() < 0.85:
                stage.put(desk, float(x), float(y), turn, surfaces=looks)
                far = float(rng.uniform(0.55, 0.9))
                at = (float(x) - np.sin(turn) * far, float(y) + np.cos(turn) * far)
                facing = turn + float(rng.normal(0, 0.5))
                stage.put(chair, *at, facing, surfaces=chairs)
                stage.sit(chair, *at, facing)
    for _ in range(int(rng.integers(2, 8))):
        loose(stage, room, ("cabinet", "pot plant", "bin", "box pile", "books", "floor lamp", "office chair"))
    return room.y1


def classroom(stage: Stage, grounds: Grounds, height: float) -> float:
    """Rows of desks and chairs that look at a board."""
    rng = stage.rng
    room = _room(stage, grounds, (6, 10), (6, 12), _roof(stage, height), ("planks", "tiles", "carpet", "concrete"), PLAIN)
    decorate(stage, room, ("window", "board", "board", "sign", "door", "radiator"), 0.65)
    turn = float(rng.choice([0, np.pi, HALF, -HALF], p=[0.35, 0.35, 0.15, 0.15]))
    desk = stage.any("school desk")
    chair = stage.any(str(rng.choice(["school chair", "school chair", "wooden chair", "office chair"])))
    looks, chairs = desk.dress(rng, stage.layers), chair.dress(rng, stage.layers)
    gap_x, gap_y = desk.half[0] * 2 + float(rng.uniform(0.15, 0.8)), float(rng.uniform(1.1, 1.6))
    if abs(np.sin(turn)) > 0.5:
        gap_x, gap_y = gap_y, gap_x
    mess = float(rng.choice([0.02, 0.1, 0.4]))
    for x in np.arange(room.x0 + 0.9, room.x1 - 0.6, gap_x):
        for y in np.arange(1.4, room.y1 - 1.2, gap_y):
            at = (float(x + rng.normal(0, mess * 0.2)), float(y + rng.normal(0, mess * 0.2)))
            stage.put(desk, *at, turn + float(rng.normal(0, mess * 0.3)), surfaces=looks)
            for side in (-0.3, 0.3) if desk.half[0] > 0.5 else (0.0,):
                far = float(rng.uniform(0.3, 0.6))
                spot = (at[0] - np.sin(turn) * far + np.cos(turn) * side, at[1] + np.cos(turn) * far + np.sin(turn) * side)
                facing = turn + float(rng.normal(0, 0.1 + mess))
                stage.put(chair, *spot, facing, surfaces=chairs)
                stage.sit(chair, *spot, facing)
    for _ in range(int(rng.integers(1, 6))):
        loose(stage, room, ("cabinet", "bin", "books", "table", "pot plant"))
    return room.y1


def living_room(stage: Stage, grounds: Grounds, height: float) -> float:
    """Sofas, a low table, a rug, shelves, a lamp."""
    rng = stage.rng
    room = _room(stage, grounds, (3.5, 7), (4, 8), _roof(stage, height), ("planks", "carpet", "planks", "tiles"), (*PLAIN, "curtain"))
    decorate(stage, room, ("window", "sign", "screen", "door", "radiator"), 0.55)
    for _ in range(int(rng.integers(1, 4))):
        what = stage.any("sofa")
        x, y = float(rng.uniform(room.x0 + 1, room.x1 - 1)), float(rng.uniform(1.6, room.y1 - 0.6))
        if not stage.free(np.array([[x, y]]), max(what.half))[0]:
            continue
        turn = float(rng.choice([0, HALF, -HALF, np.pi]))
        stage.put(what, x, y, turn)
        stage.sit(what, x, y, turn)
    for _ in range(int(rng.integers(5, 12))):
        loose(stage, room, ("round table", "cabinet", "books", "bookcase", "pot plant", "floor lamp", "stool", "wooden chair", "table"))
    return room.y1


def cafe(stage: Stage, grounds: Grounds, height: float) -> float:
    """Tables with chairs around them and a counter."""
    rng = stage.rng
    room = _room(stage, grounds, (5, 11), (6, 14), _roof(stage, height), ("planks", "tiles", "carpet", "concrete"), PLAIN)
    decorate(stage, room, ("sign", "poster", "window", "glass front", "board", "coats"), 0.55)
    chair = stage.any(str(rng.choice(["wooden chair", "wooden chair", "scene chair", "stool", "school chair"])))
    table = stage.any(str(rng.choice(["round table", "table"])))
    looks, chairs = table.dress(rng, stage.layers), chair.dress(rng, stage.layers)
    for x in np.arange(room.x0 + 1.2, room.x1 - 1.0, float(rng.uniform(2.2, 3))):
        for y in np.arange(1.8, room.y1 - 1.0, float(rng.uniform(2.2, 3))):
            if rng.random() < 0.8:
                at = (float(x + rng.normal(0, 0.15)), float(y + rng.normal(0, 0.15)))
                stage.put(table, *at, surfaces=looks)
                for turn in np.arange(int(rng.integers(1, 5))) * HALF:
                    far = table.half[int(abs(np.sin(turn)) < 0.5)] + 0.15
                    spot = (at[0] - np.sin(turn) * far, at[1] + np.cos(turn) * far)
                    stage.put(chair, *spot, float(turn), surfaces=chairs)
                    stage.sit(chair, *spot, float(turn))
    till(stage, room)
    return room.y1


def entrance(stage: Stage, grounds: Grounds, height: float) -> float:
    """A hall before glass doors, through which light falls."""
    rng = stage.rng
    room = _room(stage, grounds, (3, 9), (4, 11), _roof(stage, height), ("tiles", "concrete", "carpet", "paving"), PLAIN)
    front = stage.any("glass front")
    look = front.dress(rng, stage.layers)
    for x in np.arange(room.x0 + 1.5, room.x1 - 1.0, 3.0):
        if rng.random() < 0.8:
            stage.put(front, float(x), room.y1 - 0.05, surfaces=look)
            stage.spot(float(x), room.y1 - 0.5, heading=float(rng.choice([0, np.pi])))
    decorate(stage, Room(room.x0, room.y0, room.x1, room.y1 - 0.3, room.height), ("sign", "poster", "door", "screen", "window"), 0.3)
    for _ in range(int(rng.integers(1, 8))):
        loose(stage, room, ("pot plant", "bin", "trolley", "stand-up sign", "box pile", "counter", "long desk", "bench", "scene column", "column", "chest"))
    return room.y1


def warehouse(stage: Stage, grounds: Grounds, height: float) -> float:
    """Storage, workshop or garage: racks, boxes, now and then a car."""
    rng = stage.rng
    room = _room(stage, grounds, (6, 20), (8, 30), _roof(stage, height) + 0.5, ("concrete", "asphalt", "tiles"), ("panelling", "brick", "concrete", "plaster"))
    decorate(stage, room, ("door", "window", "sign", "extinguisher", "board"), 0.4)
    wall_row(stage, room, ("books", "cabinet", "flat shelf", "rack", "bookcase"))
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 4))):
            loose(stage, room, ("car",))
    for _ in range(int(rng.integers(3, 12))):
        loose(stage, room, ("box pile", "storage", "storage", "storage", "cabinet", "table", "bin", "bicycle", "column", "trolley"), 0.0)
    return room.y1


def stairwell(stage: Stage, grounds: Grounds, height: float) -> float:
    """A hall with flights of stairs."""
    rng = stage.rng
    room = _room(stage, grounds, (3, 8), (5, 12), _roof(stage, height) + 1.0, ("tiles", "concrete"), PLAIN)
    decorate(stage, room, ("door", "window", "sign", "extinguisher"), 0.5)
    for _ in range(int(rng.integers(1, 3))):
        x, y = float(rng.uniform(room.x0 + 1, room.x1 - 1)), float(rng.uniform(2.0, room.y1 - 2))
        stage.put(stage.any("stairs"), x, y, float(rng.choice([0, HALF, -HALF, np.pi])))
    for _ in range(int(rng.integers(0, 4))):
        loose(stage, room, ("bin", "pot plant", "fence", "bench"))
    return room.y1


KINDS: Final = (
    Kind("shop", 16, shop, Mount((2.2, 4.2), (8, 45))),
    Kind("boutique", 5, boutique),
    Kind("kiosk", 7, kiosk, Mount((2.0, 3.2), (12, 50))),
    Kind("corridor", 6, corridor, Mount((2.0, 3.2), (6, 35))),
    Kind("office", 6, office),
    Kind("classroom", 7, classroom, Mount((1.6, 3.2), (4, 35))),
    Kind("living room", 3, living_room, Mount((1.5, 2.6), (5, 40))),
    Kind("cafe", 4, cafe),
    Kind("entrance", 6, entrance, Mount((2.0, 3.5), (8, 50))),
    Kind("warehouse", 4, warehouse, Mount((2.5, 5.0), (8, 45))),
    Kind("stairwell", 2, stairwell, Mount((2.2, 4.0), (10, 50))),
)
