"""Where somebody is at each moment: a route over the floor with stays, walked as people walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Point = tuple[float, float]
_STEP_S: Final = 0.01
_BRAKE: Final = 1.3  # metres per second², when starting and stopping
_TURN: Final = 2.6  # radians per second at most
_EAGER: Final = 5.0  # per second: how fast a difference of heading is made up for
_LEAST: Final = 0.12  # metres per second: nobody creeps up to a stop for ever


@dataclass(frozen=True, slots=True)
class Stay:
    """A stop of so many seconds at a place, turned to `heading` (radians, 0 looks along -y)."""

    at: Point
    seconds: float
    heading: float


@dataclass(frozen=True, slots=True)
class Route:
    """Begins at `start_s` seconds of the clip, at the first of `points`; walks at `speed` metres per second."""

    start_s: float
    speed: float
    points: tuple[Point | Stay, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """Where somebody is: metres, radians, metres per second, metres walked, and seconds of the present stay."""

    x: float
    y: float
    heading: float
    speed: float
    walked: float
    stayed_s: float | None


class Walk:
    """A route as it is walked, from its start until its end."""

    def __init__(self, route: Route) -> None:
        self.start_s = route.start_s
        self._rows: list[tuple[float, ...]] = []
        ends = [index for index, point in enumerate(route.points) if isinstance(point, Stay)]
        begin = 0
        for end in [*ends, len(route.points) - 1]:
            if end > begin:
                stop = route.points[end]
                legs = [_place(point) for point in route.points[begin : end + 1]]
                self._walk(legs, route.speed, starts=begin > 0, stops=isinstance(stop, Stay))
                if isinstance(stop, Stay):
                    self._stay(stop)
            begin = end
        self._table = np.array(self._rows)

    @property
    def end_s(self) -> float:
        """When the route is over, in seconds of the clip."""
        return self.start_s + (len(self._table) - 1) * _STEP_S

    def at(self, time_s: float) -> Moment | None:
        """Where one is at a moment of the clip; None before the start and after the end."""
        row = round((time_s - self.start_s) / _STEP_S)
        if not 0 <= row < len(self._table):
            return None
        x, y, heading, speed, walked, stayed = (float(value) for value in self._table[row])
        return Moment(x, y, heading, speed, walked, None if np.isnan(stayed) else stayed)

    def _walk(self, corners: Sequence[Point], speed: float, *, starts: bool, stops: bool) -> None:
        line = rounded(corners)
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        walked = self._rows[-1][4] if self._rows else 0.0
        heading = self._rows[-1][2] if self._rows else _towards(_at(line, along, 0.3) - line[0])
        done, pace = 0.0, 0.0 if starts else speed
        while done < along[-1]:
            wanted = _towards(_at(line, along, done + 0.25) - _at(line, along, done - 0.15))
            heading, off = _turned(heading, wanted)
            limit = speed * max(0.0, np.cos(off))
            if stops:
                limit = min(limit, max(_LEAST, np.sqrt(2 * _BRAKE * (along[-1] - done))))
            pace = min(limit, pace + _BRAKE * _STEP_S)
            done += pace * _STEP_S
            here = _at(line, along, done)
            # Turning on the spot is a walk of small steps, too.
            walked += max(pace, 0.25 * min(abs(off), 1.5)) * _STEP_S
            self._rows.append((here[0], here[1], heading, pace, walked, np.nan))

    def _stay(self, stay: Stay) -> None:
        *_, heading, _, walked, _ = self._rows[-1]
        for number in range(round(stay.seconds / _STEP_S)):
            heading, off = _turned(heading, stay.heading)
            walked += 0.25 * min(abs(off), 1.5) * _STEP_S
            pace = 0.25 * min(abs(off), 1.5)
            self._rows.append((*stay.at, heading, pace, walked, number * _STEP_S))


def rounded(corners: Sequence[Point]) -> Doubles:
    """The way through corners with these cut off, four times (Chaikin 1974), (n, 2)."""
    line = np.array(corners, np.float64)
    for _ in range(4):
        quarter, rest = line[:-1] * 0.75 + line[1:] * 0.25, line[:-1] * 0.25 + line[1:] * 0.75
        line = np.concatenate([line[:1], np.stack([quarter, rest], 1).reshape(-1, 2)[1:-1], line[-1:]])
    return line


def _place(point: Point | Stay) -> Point:
    return point.at if isinstance(point, Stay) else point


def _at(line: Doubles, along: Doubles, done: float) -> Doubles:
    place = float(np.clip(done, 0.0, along[-1]))
    return np.array([np.interp(place, along, line[:, 0]), np.interp(place, along, line[:, 1])])


def _towards(step: Doubles) -> float:
    """The heading of a step: 0 looks along -y, a quarter turn along +x."""
    return float(np.arctan2(step[0], -step[1]))


def _turned(heading: float, wanted: float) -> tuple[float, float]:
    """The heading a moment later, and what is missing to the one wanted."""
    off = (wanted - heading + np.pi) % (2 * np.pi) - np.pi
    return heading + float(np.clip(off * _EAGER, -_TURN, _TURN)) * _STEP_S, float(off)
