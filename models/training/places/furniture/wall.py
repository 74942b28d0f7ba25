"""What hangs on or stands in walls and ceilings: doors, windows, posters, boards, screens, lamps, columns, pipes.

All look along -y with their back at y = 0.
"""

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, SECOND, THIRD
from training.places.piece import Piece, piece
from training.scene import Mesh

Generator = np.random.Generator


def frame(width: float, height: float, bars: int, rows: int = 1, thick: float = 0.05) -> list[Mesh]:
    """Uprights and crossbars around and within an opening."""
    uprights = [shapes.at(shapes.box((thick, 0.06, height)), (n / bars - 0.5) * width, -0.03) for n in range(bars + 1)]
    crossbars = [
        shapes.at(shapes.box((width + thick, 0.06, thick)), 0, -0.03, n / rows * (height - thick))
        for n in range(rows + 1)
    ]
    return uprights + crossbars


def door(rng: Generator) -> Piece:
    """A closed door in its frame."""
    width = float(rng.choice([0.85, 0.95, 1.6]))
    leaf = shapes.at(shapes.panel(width, 2.05, 0.7), 0, -0.02)
    return piece(
        {BODY: [leaf], SECOND: frame(width + 0.08, 2.1, 1)}, {BODY: finishes.layer("door"), SECOND: finishes.wood}
    )


def window(rng: Generator) -> Piece:
    """A bright window."""
    width, height = float(rng.uniform(0.8, 2.4)), float(rng.uniform(0.8, 1.6))
    pane = shapes.at(shapes.panel(width, height, 0.7), 0, -0.02)
    bars = frame(width, height, int(rng.integers(1, 4)), int(rng.integers(1, 3)))
    finish = finishes.lit if rng.random() < 0.5 else finishes.bright("outside", 2.2)
    return piece({BODY: [pane], SECOND: bars}, {BODY: finish, SECOND: finishes.grey(0.03, 0.9)})


def glass_front(rng: Generator) -> Piece:
    """Glass doors or a shop window, 3 m wide, through which daylight or the street is seen; with stickers."""
    height = float(rng.uniform(2.1, 2.8))
    pane = shapes.at(shapes.panel(3.0, height, 0.7), 0, -0.01)
    bars = frame(3.0, height, int(rng.choice([2, 3, 4])), int(rng.choice([1, 1, 2])))
    bars += [shapes.at(shapes.box((0.04, 0.08, 0.6)), x, -0.08, 0.8) for x in (-0.1, 0.1)]
    stickers = [
        shapes.at(
            shapes.panel(float(rng.uniform(0.2, 0.6)), float(rng.uniform(0.2, 0.7))),
            float(rng.uniform(-1.2, 1.2)),
            -0.07,
            float(rng.uniform(0.5, 1.6)),
        )
        for _ in range(int(rng.integers(1, 5)))
    ]
    outside = finishes.lit if rng.random() < 0.3 else finishes.bright("outside", 2.2)
    finish = {BODY: outside, SECOND: finishes.steel, THIRD: finishes.layer("sign")}
    return piece({BODY: [pane], SECOND: bars, THIRD: stickers}, finish)


def hanging(texture: str, small: float, large: float, *, lit: bool = False) -> Piece:
    """A picture in a thin frame; its width is between small and large metres by the mesh's scale."""
    size = (small + large) / 2
    sheet = shapes.at(shapes.panel(size, size * 1.2, 0.7), 0, -0.035)
    case = shapes.at(shapes.box((size + 0.06, 0.03, size * 1.2 + 0.06)), 0, -0.016, -0.03)
    finish = finishes.bright(texture, 1.5) if lit else finishes.layer(texture, 0.7, 1.0, 0.3)
    return piece({BODY: [sheet], SECOND: [case]}, {BODY: finish, SECOND: finishes.grey(0.02, 0.7)})


def wide_board(texture: str) -> Piece:
    """A blackboard, whiteboard or noticeboard, 2.6 m wide."""
    sheet = shapes.at(shapes.panel(2.6, 1.2, 0.7), 0, -0.035)
    case = [
        shapes.at(shapes.box((2.68, 0.03, 1.28)), 0, -0.016, -0.04),
        shapes.at(shapes.box((2.6, 0.1, 0.03)), 0, -0.06, -0.05),
    ]
    return piece({BODY: [sheet], SECOND: case}, {BODY: finishes.layer(texture, 0.8, 1.0, 0.3), SECOND: finishes.wood})


def ceiling_lamp(rng: Generator) -> Piece:
    """A luminous field or tube that shines down, under z = 0."""
    size = [(0.6, 0.6), (1.2, 0.25), (1.5, 0.12), (0.3, 0.3)][int(rng.integers(4))]
    return piece({BODY: [shapes.at(shapes.box((*size, 0.05)), 0, 0, -0.05)]}, {BODY: finishes.lit})


def radiator(_: Generator) -> Piece:
    """A heater under a window."""
    ribs = [shapes.at(shapes.box((0.06, 0.1, 0.55)), x, -0.08, 0.12) for x in np.arange(-0.5, 0.5, 0.09)]
    return piece({BODY: ribs}, {BODY: finishes.grey(0.5, 0.9)})


def column(rng: Generator) -> Piece:
    """A pillar or a pipe, 3 m high."""
    radius = float(rng.choice([0.06, 0.2, 0.3]))
    body = (
        shapes.lathe([(radius, 0), (radius, 3.0)], 12)
        if rng.random() < 0.5
        else shapes.box((radius * 2, radius * 2, 3.0), 0.8, 1.5)
    )
    return piece({BODY: [body]}, {BODY: finishes.paint if rng.random() < 0.4 else finishes.layer("concrete")})


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    return {
        "door": tuple(door(rng) for _ in range(4)),
        "window": tuple(window(rng) for _ in range(6)),
        "glass front": tuple(glass_front(rng) for _ in range(6)),
        "sign": (hanging("sign", 0.4, 1.0), hanging("photograph", 0.4, 1.0), hanging("sign", 0.8, 1.4, lit=True)),
        "poster": (hanging("poster", 0.5, 1.0), hanging("poster", 1.0, 1.6), hanging("poster", 0.8, 1.6, lit=True)),
        "board": (wide_board("board"), wide_board("board"), wide_board("notices")),
        "screen": (hanging("screen", 0.5, 0.9, lit=True),),
        "ceiling lamp": tuple(ceiling_lamp(rng) for _ in range(4)),
        "radiator": (radiator(rng),),
        "column": tuple(column(rng) for _ in range(5)),
    }
