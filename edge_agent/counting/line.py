"""Counting who crosses a line, and which way.

The line is a directed segment, not an endless line. `inside` says where IN is:

            outside                         inside
                          from
                           │
              ○ ─ ─ ─ ─ ─ ─┼─ ─ ─ ─ ─ ─ ▶              IN: the anchor passes towards `inside`
                           │
                  ◀ ─ ─ ─ ─┼─ ─ ─ ─ ─ ─ ○             OUT: the anchor passes away from it
                           │
                           to
              ○ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ▶              neither: it went round the end

What counts is the path of the anchor: straight pieces between the places where the track was seen. Each track has its
own state, and the instants at which it changes are computed on the pieces, so that the frame rate changes nothing:

                meets the line              leaves the band           stayed and travelled
      ┌──────┐ ───────────────▶ ┌────────┐ ──────────────▶ ┌────────┐ ────────────────────▶ at HOME on the
      │ HOME │                  │ ACROSS │                 │ BEYOND │                       other side; counted if
      └──────┘ ◀─────────────── └────────┘ ◀────────────── └────────┘                       it met the segment
                 comes back                  comes back

- HOME is the side where the track was born or last settled. A track that is born close to the line has that side too:
  somebody who steps into the picture beside the line must be counted (supervision#1838); the minimum travel keeps a
  box that is born there and only jitters from counting.
- The band lies on both sides of the line, `hysteresis` wide. Within it nothing is decided: a box that jitters there for
  hours counts nothing (opendatacam#204, #501). It never takes more than half of the room between the middle of the
  line and the picture's edge, or a line near the edge could not be left behind.
- BEYOND the band the track must stay `settle_s` without a break, and must at some time have been `min_travel` away from
  where it was born. Whoever comes back before has turned round and is not counted; whoever comes back after is
  counted the other way. So a track's crossings alternate unless it walks round an end of the line.
- A track that ends BEYOND the band counts even if it had not settled: that is how people leave the picture right behind
  a line. Should it be an identity switch, the new track starts on that side, so in minus out still says where
  the person is.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from edge_agent.config import LineConfig
from edge_agent.counting.geometry import Point, between, straddles, turn
from edge_agent.counting.sight import Sight
from edge_agent.records import Crossing
from edge_agent.terms import Direction


class _State(Enum):
    HOME = auto()
    ACROSS = auto()
    BEYOND = auto()


class _Place(NamedTuple):
    """Where the anchor was seen; `depth` is the distance from the line, towards inside, times the line's length."""

    t_s: float
    at: Point
    depth: float


@dataclass(slots=True)
class _Passage:
    """One track and one line."""

    born: Point
    last: _Place
    home: int  # the side of HOME: 1 inside, -1 outside, 0 not known as long as the anchor has only been on the line
    state: _State = _State.HOME
    met_s: float | None = None  # when it met the segment; None if it went round the end
    beyond_s: float = 0.0  # since when it has been beyond the band
    travel: float = 0.0  # greatest distance from `born` so far
    confirmed: bool = False
    waiting: list[Crossing] = field(default_factory=list)  # counted as soon as the track is confirmed


class LineCounter:
    """Counts crossings of one line."""

    def __init__(self, config: LineConfig, *, class_ids: frozenset[int], width: int, height: int) -> None:
        """Put the line into a picture of width x height pixels."""
        self.name = config.name
        self._anchor = config.anchor
        self._class_ids = class_ids
        self._settle_s = config.settle_s
        self._min_travel = config.min_travel * height
        # The ends are put so that inside is the positive side. Stretching the picture moves no point to the other
        # side, hence fractions will do.
        a, b = config.from_, config.to
        if turn(a, b, config.inside) < 0:
            a, b = b, a
        self._a, self._b = (a[0] * width, a[1] * height), (b[0] * width, b[1] * height)
        self._band = self._bands(config.hysteresis * height, width, height)
        self._passages: dict[int, _Passage] = {}

    def _bands(self, hysteresis: float, width: int, height: int) -> dict[int, float]:
        """Width of the band on each side, in units of `_Place.depth`."""
        (ax, ay), (bx, by) = self._a, self._b
        length = math.dist(self._a, self._b)
        middle = ((ax + bx) / 2, (ay + by) / 2)
        bands = {}
        for side in (1, -1):
            across = (side * (ay - by) / length, side * (bx - ax) / length)
            rooms = [
                ((size if step > 0 else 0.0) - at) / step
                for at, step, size in zip(middle, across, (width, height), strict=True)
                if step != 0
            ]
            bands[side] = min(hysteresis, min(rooms) / 2) * length
        return bands

    def update(self, t_s: float, sights: Iterable[Sight], gone: Iterable[int]) -> list[Crossing]:
        """Follow the tracks of one frame; return what has been decided by it.

        Args:
            t_s: time of the frame, not before the last one.
            sights: all live tracks.
            gone: tracks that will not come back.
        """
        crossings: list[Crossing] = []
        for sight in sights:
            if sight.class_id not in self._class_ids:
                continue
            passage = self._passages.get(sight.track_id)
            if sight.seen:
                at = sight.at(self._anchor)
                place = _Place(t_s, at, turn(self._a, self._b, at))
                if passage is None:
                    passage = _Passage(born=at, last=place, home=_sign(place.depth))
                    self._passages[sight.track_id] = passage
                else:
                    self._follow(passage, place)
            if passage is not None and sight.confirmed:
                passage.confirmed = True
                if passage.waiting:
                    crossings += passage.waiting
                    passage.waiting = []
        for track_id in gone:
            ended = self._passages.pop(track_id, None)
            if ended is not None:
                crossings += self._end(ended)
        return crossings

    def close(self) -> list[Crossing]:
        """End and forget all tracks."""
        passages, self._passages = self._passages, {}
        return [crossing for passage in passages.values() for crossing in self._end(passage)]

    def _follow(self, passage: _Passage, to: _Place) -> None:
        """Lead a track along one straight piece of its path.

        The depth changes evenly along the piece. It passes the line and the edges of the band at most once each, so the
        state changes at most five times: BEYOND here, settled, and BEYOND there.
        """
        start, passage.last = passage.last, to
        if passage.home == 0:
            passage.home = _sign(to.depth)
        while self._step(passage, start, to):
            pass
        passage.travel = max(passage.travel, math.dist(passage.born, to.at))

    def _step(self, passage: _Passage, start: _Place, to: _Place) -> bool:
        """Make the next change of state on the way from `start` to `to`; False when there is none."""
        far = -passage.home
        band = self._band[far] if far else 0.0
        depth = far * to.depth
        match passage.state:
            case _State.HOME:
                if depth <= 0:
                    return False
                through = straddles(start.at, to.at, self._a, self._b)
                passage.met_s = _when(start, to, 0.0) if through else None
                passage.state = _State.ACROSS
            case _State.ACROSS:
                if depth <= 0:
                    passage.state = _State.HOME
                elif depth <= band:
                    return False
                else:
                    passage.beyond_s = _when(start, to, far * band)
                    passage.state = _State.BEYOND
            case _State.BEYOND:
                leaves = depth <= band
                until_s = _when(start, to, far * band) if leaves else to.t_s
                if until_s - passage.beyond_s >= self._settle_s and self._travelled(passage, start, to, until_s):
                    self._settle(passage)
                elif leaves:
                    passage.state = _State.ACROSS
                else:
                    return False
        return True

    def _travelled(self, passage: _Passage, start: _Place, to: _Place, until_s: float) -> bool:
        """Whether the track had been far enough from its birth by `until_s`, an instant between the two places."""
        span = to.t_s - start.t_s
        at = between(start.at, to.at, (until_s - start.t_s) / span) if span > 0 else to.at
        passage.travel = max(passage.travel, math.dist(passage.born, at))
        return passage.travel >= self._min_travel

    def _settle(self, passage: _Passage) -> None:
        passage.home = -passage.home
        passage.state = _State.HOME
        if passage.met_s is not None:
            direction = Direction.IN if passage.home > 0 else Direction.OUT
            passage.waiting.append(Crossing(self.name, direction, passage.met_s))

    def _end(self, passage: _Passage) -> Sequence[Crossing]:
        if not passage.confirmed:
            return ()
        if passage.state is _State.BEYOND and passage.travel >= self._min_travel:
            self._settle(passage)
        return passage.waiting


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _when(start: _Place, to: _Place, depth: float) -> float:
    """When a track on its straight way from `start` to `to` was at a depth; the nearer end where it never was."""
    span = to.depth - start.depth
    if span == 0:
        return start.t_s
    share = (depth - start.depth) / span
    return start.t_s + (to.t_s - start.t_s) * min(1.0, max(0.0, share))
