"""Who comes and goes in the minute, and where the installer drew the line and the zones.

The world is that of `entrance`: the door is at y = 7, the line a metre before it, the street behind it.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from training.demo.actor import Role
from training.demo.gait import Manner
from training.demo.route import Point, Route, Stay
from training.figures.pose import Hand, Swing

SECONDS: Final = 60
FPS: Final = 10
FRAMES: Final = SECONDS * FPS
LINE_Y: Final = 5.95
LINE: Final[tuple[Point, Point]] = ((-1.75, LINE_Y), (1.75, LINE_Y))
INSIDE: Final[Point] = (0.0, 4.2)
ZONES: Final[dict[str, tuple[Point, ...]]] = {
    "shelf": ((-3.5, 4.0), (-3.5, 5.75), (-2.05, 5.75), (-2.05, 4.0)),
    "till": ((1.55, 3.75), (1.55, 5.35), (2.72, 5.35), (2.72, 3.75)),
}
_LEFT: Final = -1.57  # radians: looking along -x
_GONE: Final = 0.4  # metres from the wall under the camera, out of the picture
_BAR: Final = Hand((0.2, -0.45, 1.0), "floor", (0.7, 0.6, -1))


_woman, _man = partial(Role, female=True), partial(Role, female=False)


@dataclass(frozen=True, slots=True)
class Person:
    """One part of the play: who, which body and clothes (`seed`), and the way."""

    name: str
    role: Role
    seed: int
    route: Route


def _strolling(stride: float = 0.9, swing: float = 1.0, stoop: float = 3.0) -> Manner:
    return Manner(stride, swing, stoop)


CAST: Final[tuple[Person, ...]] = (
    Person(
        "a woman who looks at the shelf for twelve seconds",
        _woman((25, 45), _strolling(), ("shoulder R",), reaches="L"),
        11,
        Route(
            -4.0,
            1.25,
            (
                (5.5, 8.5),
                (1.4, 8.0),
                (0.35, 6.9),
                (-0.3, 5.3),
                Stay((-2.75, 4.9), 12.0, _LEFT),
                (-1.2, 5.3),
                (-0.65, 6.2),
                (-0.8, 7.6),
                (-3.5, 8.7),
                (-8.5, 8.9),
            ),
        ),
    ),
    Person(
        "a couple side by side: he",
        _man((28, 50), _strolling(0.92)),
        22,
        Route(1.2, 1.2, ((-7.5, 8.9), (-1.8, 8.3), (-0.1, 7.1), (-0.25, 5.0), (-0.75, 3.0), (-0.85, _GONE))),
    ),
    Person(
        "a couple side by side: she",
        _woman((28, 50), _strolling(0.92), ("bag L",), {"L": Swing(2, 8, 12)}),
        23,
        Route(1.0, 1.2, ((-7.5, 8.25), (-1.5, 7.95), (0.55, 7.1), (0.45, 5.0), (-0.05, 3.0), (-0.15, _GONE))),
    ),
    Person(
        "a man who passes by outside",
        _man((30, 60), _strolling(1.0)),
        31,
        Route(8.5, 1.35, ((8.5, 9.7), (-8.8, 9.5))),
    ),
    Person(
        "a man who leaves",
        _man((45, 65), _strolling(0.9), ("bag R",), {"R": Swing(2, 6, 12)}),
        41,
        Route(9.0, 1.2, ((1.0, _GONE), (0.9, 3.0), (0.6, 5.5), (0.75, 7.3), (3.5, 8.6), (8.5, 8.9))),
    ),
    Person(
        "a woman in a wheelchair",
        _woman((30, 70), wheelchair=True),
        51,
        Route(14.0, 1.0, ((7.5, 8.6), (1.6, 8.2), (0.3, 7.0), (-0.2, 5.2), (-0.5, 3.2), (-0.4, -0.2))),
    ),
    Person(
        "a woman with a trolley, who pays at the till",
        _woman((35, 60), _strolling(0.75, 0.0, 7.0), ("trolley",), {"L": _BAR, "R": _BAR}),
        62,
        Route(
            17.0,
            1.0,
            (
                (1.2, -0.6),
                (1.5, 2.0),
                Stay((1.95, 4.35), 9.0, 2.75),
                (1.2, 5.2),
                (0.55, 6.3),
                (0.5, 7.6),
                (3.0, 8.8),
                (9.0, 9.0),
            ),
        ),
    ),
    Person(
        "a father",
        _man((28, 42), _strolling(0.8), (), {"L": Hand((0.2, -0.05, -0.52), pole=(0.6, 1, -0.3))}),
        72,
        Route(25.5, 1.05, ((-7.5, 8.8), (-1.8, 8.2), (-0.4, 7.0), (-0.5, 5.0), (-0.9, 3.0), (-1.0, _GONE))),
    ),
    Person(
        "his child",
        _woman((6.5, 8.5), _strolling(0.95), (), {"R": Hand((0.16, -0.05, -0.02), pole=(0.6, 0.6, -0.3))}),
        75,
        Route(25.7, 1.05, ((-7.5, 8.3), (-1.5, 7.75), (0.15, 6.95), (0.07, 5.0), (-0.33, 3.0), (-0.43, _GONE))),
    ),
    Person(
        "a man who comes to the line, looks in and turns back",
        _man((20, 35), _strolling(0.95)),
        81,
        Route(
            32.0, 1.25, ((-7.5, 9.0), (-1.6, 8.4), Stay((-0.35, 6.75), 2.5, 0.0), (-0.9, 7.7), (-3.5, 8.8), (-8.5, 9.2))
        ),
    ),
    Person(
        "a man with a backpack, who leaves",
        _man((20, 35), _strolling(0.95), ("backpack",)),
        94,
        Route(36.0, 1.3, ((0.9, _GONE), (0.85, 3.0), (0.7, 5.5), (0.8, 7.3), (3.5, 8.4), (8.5, 8.6))),
    ),
    Person(
        "a woman with a pram",
        _woman((25, 40), _strolling(0.8, 0.0, 5.0), ("pram",), {"L": _BAR, "R": _BAR}),
        101,
        Route(40.5, 1.1, ((7.5, 8.7), (1.8, 8.3), (0.35, 7.1), (0.1, 5.0), (-0.2, 3.0), (-0.2, -0.6))),
    ),
    Person(
        "a woman who leaves with a phone at her ear",
        _woman((20, 40), _strolling(0.9), ("phone R",), {"R": Hand((0.1, -0.13, -0.2), "head", (0.5, 0.1, -1))}),
        111,
        Route(48.0, 1.15, ((-1.2, _GONE), (-1.0, 3.0), (-0.7, 5.5), (-0.7, 7.4), (-3.5, 8.7), (-8.5, 8.9))),
    ),
    Person(
        "a girl in a hurry",
        _woman((13, 17), _strolling(1.12)),
        121,
        Route(51.2, 1.75, ((7.5, 8.6), (1.7, 8.1), (0.55, 7.0), (0.4, 5.0), (0.3, 3.0), (0.3, _GONE))),
    ),
)
