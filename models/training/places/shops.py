"""Kinds of places where things are sold."""

from typing import Final

import numpy as np

from training.places.layout import (
    HALF,
    HARD,
    PLAIN,
    Kind,
    aisle_signs,
    gondola,
    loose,
    roof,
    room_around,
    till,
    wall_row,
)
from training.places.rooms import Grounds, Room, decorate
from training.places.stage import Stage
from training.places.views import Mount


def shop(stage: Stage, grounds: Grounds, height: float) -> float:
    """Aisles of shelves along or across the view, freezers and produce at the walls."""
    rng = stage.rng
    room = room_around(stage, grounds, (6, 16), (8, 22), roof(stage, height), HARD, PLAIN)
    decorate(stage, room, ("sign", "poster", "window", "door", "glass front", "screen"), 0.3)
    wall_row(stage, room, ("shelf", "freezer", "flat shelf", "shelf"))
    if rng.random() < 0.6:
        _aisles_along(stage, room)
    else:
        _aisles_across(stage, room)
    for _ in range(int(rng.integers(0, 7))):
        loose(
            stage,
            room,
            (
                "produce table",
                "chest",
                "stand-up sign",
                "trolley",
                "box pile",
                "clothes rack",
                "bin",
                "display",
                "scene column",
                "cut-out",
            ),
        )
    if rng.random() < 0.6:
        till(stage, room)
    if rng.random() < 0.4:
        aisle_signs(stage, room)
    return room.y1


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
        gondola(
            stage, (room.x0 + room.x1) / 2 + float(rng.normal(0, 0.4)), float(y), length, float(rng.normal(0, 0.02))
        )


def boutique(stage: Stage, grounds: Grounds, height: float) -> float:
    """Clothes on racks, mannequins, tables, posters."""
    rng = stage.rng
    room = room_around(
        stage,
        grounds,
        (5, 12),
        (6, 14),
        roof(stage, height),
        ("planks", "carpet", "tiles", "concrete"),
        (*PLAIN, "curtain"),
    )
    decorate(stage, room, ("poster", "sign", "glass front", "door", "screen"), 0.5)
    wall_row(stage, room, ("flat shelf", "books", "shelf", "bookcase", "clothes rack", "clothes rack"))
    for _ in range(int(rng.integers(4, 14))):
        loose(
            stage,
            room,
            (
                "clothes rack",
                "clothes rack",
                "clothes rack",
                "mannequin",
                "table",
                "display",
                "long desk",
                "pot plant",
                "stand-up sign",
            ),
        )
    till(stage, room)
    return room.y1


def kiosk(stage: Stage, grounds: Grounds, height: float) -> float:
    """A small shop full of goods whose camera looks over the counter."""
    rng = stage.rng
    room = room_around(stage, grounds, (3.5, 7), (4, 9), roof(stage, height), HARD, PLAIN)
    decorate(stage, room, ("sign", "poster", "glass front", "glass front", "screen"), 0.5)
    wall_row(stage, room, ("shelf", "freezer", "shelf"))
    till(stage, room)
    till(stage, room)
    for _ in range(int(rng.integers(2, 7))):
        loose(stage, room, ("shelf", "stand-up sign", "chest", "produce table", "box pile"))
    return room.y1


def cafe(stage: Stage, grounds: Grounds, height: float) -> float:
    """Tables with chairs around them and a counter."""
    rng = stage.rng
    room = room_around(
        stage, grounds, (5, 11), (6, 14), roof(stage, height), ("planks", "tiles", "carpet", "concrete"), PLAIN
    )
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


KINDS: Final = (
    Kind("shop", 16, shop, Mount((2.2, 4.2), (8, 45))),
    Kind("boutique", 5, boutique),
    Kind("kiosk", 7, kiosk, Mount((2.0, 3.2), (12, 50))),
    Kind("cafe", 4, cafe),
)
