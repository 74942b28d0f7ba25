"""Kinds of places under a roof where nothing is sold: offices, schools, homes, halls, stores."""

from typing import Final

import numpy as np

from training.places.layout import HALF, PLAIN, Kind, loose, roof, room_around, rug, wall_row
from training.places.rooms import Grounds, Room, decorate
from training.places.stage import Stage
from training.places.views import Mount


def corridor(stage: Stage, grounds: Grounds, height: float) -> float:
    """Long walls with doors."""
    rng = stage.rng
    room = room_around(
        stage, grounds, (1.7, 3.5), (9, 33), roof(stage, height), ("tiles", "concrete", "carpet", "planks"), PLAIN
    )
    decorate(stage, room, ("door", "door", "window", "extinguisher", "sign", "board", "poster", "radiator"), 0.6)
    for _ in range(int(rng.integers(0, 4))):
        side = float(rng.choice([room.x0 + 0.3, room.x1 - 0.3]))
        stage.put(
            stage.any(str(rng.choice(["bin", "pot plant", "wooden chair", "box pile"]))),
            side,
            float(rng.uniform(2, room.y1)),
        )
    return room.y1


def office(stage: Stage, grounds: Grounds, height: float) -> float:
    """Desks with screens and swivel chairs, in rows or islands."""
    rng = stage.rng
    room = room_around(
        stage, grounds, (5, 13), (5, 14), roof(stage, height), ("carpet", "planks", "concrete", "tiles"), PLAIN
    )
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
    room = room_around(
        stage, grounds, (6, 10), (6, 12), roof(stage, height), ("planks", "tiles", "carpet", "concrete"), PLAIN
    )
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
                spot = (
                    at[0] - np.sin(turn) * far + np.cos(turn) * side,
                    at[1] + np.cos(turn) * far + np.sin(turn) * side,
                )
                facing = turn + float(rng.normal(0, 0.1 + mess))
                stage.put(chair, *spot, facing, surfaces=chairs)
                stage.sit(chair, *spot, facing)
    for _ in range(int(rng.integers(1, 6))):
        loose(stage, room, ("cabinet", "bin", "books", "table", "pot plant"))
    return room.y1


def living_room(stage: Stage, grounds: Grounds, height: float) -> float:
    """Sofas, a low table, a rug, shelves, a lamp."""
    rng = stage.rng
    room = room_around(
        stage,
        grounds,
        (3.5, 7),
        (4, 8),
        roof(stage, height),
        ("planks", "carpet", "planks", "tiles"),
        (*PLAIN, "curtain"),
    )
    decorate(stage, room, ("window", "sign", "screen", "door", "radiator"), 0.55)
    if rng.random() < 0.7:
        rug(stage, room)
    for _ in range(int(rng.integers(1, 4))):
        what = stage.any("sofa")
        x, y = float(rng.uniform(room.x0 + 1, room.x1 - 1)), float(rng.uniform(1.6, room.y1 - 0.6))
        if not stage.free(np.array([[x, y]]), max(what.half))[0]:
            continue
        turn = float(rng.choice([0, HALF, -HALF, np.pi]))
        stage.put(what, x, y, turn)
        stage.sit(what, x, y, turn)
    for _ in range(int(rng.integers(5, 12))):
        loose(
            stage,
            room,
            (
                "round table",
                "cabinet",
                "books",
                "bookcase",
                "pot plant",
                "floor lamp",
                "stool",
                "wooden chair",
                "table",
            ),
        )
    return room.y1


def entrance(stage: Stage, grounds: Grounds, height: float) -> float:
    """A hall before glass doors, through which light falls."""
    rng = stage.rng
    room = room_around(
        stage, grounds, (3, 9), (4, 11), roof(stage, height), ("tiles", "concrete", "carpet", "paving"), PLAIN
    )
    front = stage.any("glass front")
    look = front.dress(rng, stage.layers)
    for x in np.arange(room.x0 + 1.5, room.x1 - 1.0, 3.0):
        if rng.random() < 0.8:
            stage.put(front, float(x), room.y1 - 0.05, surfaces=look)
            stage.spot(float(x), room.y1 - 0.5, heading=float(rng.choice([0, np.pi])))
    decorate(
        stage,
        Room(room.x0, room.y0, room.x1, room.y1 - 0.3, room.height),
        ("sign", "poster", "door", "screen", "window"),
        0.3,
    )
    for _ in range(int(rng.integers(1, 8))):
        loose(
            stage,
            room,
            (
                "pot plant",
                "bin",
                "trolley",
                "stand-up sign",
                "box pile",
                "counter",
                "long desk",
                "bench",
                "scene column",
                "column",
                "chest",
            ),
        )
    return room.y1


def warehouse(stage: Stage, grounds: Grounds, height: float) -> float:
    """Storage, workshop or garage: racks, boxes, now and then a car."""
    rng = stage.rng
    room = room_around(
        stage,
        grounds,
        (6, 20),
        (8, 30),
        roof(stage, height) + 0.5,
        ("concrete", "asphalt", "tiles"),
        ("panelling", "brick", "concrete", "plaster"),
    )
    decorate(stage, room, ("door", "window", "sign", "extinguisher", "board"), 0.4)
    wall_row(stage, room, ("cabinet", "flat shelf", "rack", "rack", "bookcase"))
    if rng.random() < 0.35:
        for _ in range(int(rng.integers(1, 4))):
            loose(stage, room, ("car",))
    for _ in range(int(rng.integers(3, 12))):
        loose(
            stage,
            room,
            ("box pile", "storage", "storage", "storage", "cabinet", "table", "bin", "bicycle", "column", "trolley"),
            0.0,
        )
    return room.y1


def stairwell(stage: Stage, grounds: Grounds, height: float) -> float:
    """A hall with flights of stairs."""
    rng = stage.rng
    room = room_around(stage, grounds, (3, 8), (5, 12), roof(stage, height) + 1.0, ("tiles", "concrete"), PLAIN)
    decorate(stage, room, ("door", "window", "sign", "extinguisher"), 0.5)
    for _ in range(int(rng.integers(1, 3))):
        x, y = float(rng.uniform(room.x0 + 1, room.x1 - 1)), float(rng.uniform(2.0, room.y1 - 2))
        stage.put(stage.any("stairs"), x, y, float(rng.choice([0, HALF, -HALF, np.pi])))
    for _ in range(int(rng.integers(0, 4))):
        loose(stage, room, ("bin", "pot plant", "fence", "bench"))
    return room.y1


KINDS: Final = (
    Kind("corridor", 6, corridor, Mount((2.0, 3.2), (6, 35))),
    Kind("office", 6, office),
    Kind("classroom", 7, classroom, Mount((1.6, 3.2), (4, 35))),
    Kind("living room", 3, living_room, Mount((1.5, 2.6), (5, 40))),
    Kind("entrance", 6, entrance, Mount((2.0, 3.5), (8, 50))),
    Kind("warehouse", 4, warehouse, Mount((2.5, 5.0), (8, 45))),
    Kind("stairwell", 2, stairwell, Mount((2.2, 4.0), (10, 50))),
)
