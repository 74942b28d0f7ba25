"""Counting who is in a zone, and how long they stay.

A visit is a confirmed track's time inside: it begins when the path of the anchor enters the polygon and ends when the
path leaves it, or when the track was last seen inside. Both instants are computed on the straight pieces of the path.

- An absence of up to `grace_s` (somebody walks by in front, the box jumps, the anchor jitters on the edge) does not end
  the visit. When the grace is over, the stay is reported with the instant at which it really ended; the grace is not
  part of it (inference PR#671).
- The occupancy holds through the grace while a member is out of sight, and half a second while it is seen outside, so
  that it neither flickers nor lags behind people who walk away before everybody's eyes.
- Nothing outlives the grace: a track that vanishes, ends, or is not heard of any more because the camera died leaves
  the zone. So the occupancy cannot stick (frigate#1832, supervision#1855), and as it is the number of visits that are
  present it cannot be negative.
- A tracker sometimes loses a person and finds the same one as a new track. Where a track is born in the place of a
  member that is out of sight, it takes over the visit, so that the dwell is one and not two halves; see `_lost_twin`.
  Should the lost track be seen again, there were two people after all, and each gets its own visit back.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from edge_agent.config import ZoneConfig
from edge_agent.counting.geometry import Point, Polygon, overlap
from edge_agent.counting.sight import Box, Sight
from edge_agent.records import Occupancy, Stay

_OUTSIDE_S: Final = 0.5
"""How long somebody who is seen outside still counts as present: jitter at the edge is shorter."""

_SAME_PLACE: Final = 0.5
"""Overlap (IoU) of a new track's first box with a lost one's last from which they may be the same person.

In the hand-annotated tracks of the CAMPUS auditorium (14 to 19 people, four views) a person's own box 1 s later reaches
it in 81 to 92 % of the cases, the nearest other person's box in 1 to 3 %; in the most crowded view in 45 and 8 %.
"""


@dataclass(slots=True, eq=False)
class _Guest:
    """What a zone knows of one track."""

    class_id: int
    born_s: float
    born_box: Box
    seen_s: float
    box: Box
    at: Point
    confirmed: bool = False
    gone: bool = False
    visit: "_Visit | None" = None


@dataclass(slots=True, eq=False)
class _Visit:
    """One visit that is not over; it may outlive its track by the grace."""

    guest: _Guest
    entered_s: float
    inside_s: float  # when the guest was last inside
    admitted: bool = False  # its track is confirmed: it will be a stay
    present: bool = False  # counts in the occupancy
    lender: "_Visit | None" = None  # visit of a lost track that this one continues
    borrower: "_Visit | None" = None  # visit of the new track that continues this one


class ZoneEvents(NamedTuple):
    """What one frame changed in a zone."""

    stays: list[Stay]
    occupancy: list[Occupancy]


class ZoneCounter:
    """Counts the visits to one zone."""

    def __init__(self, config: ZoneConfig, *, class_ids: frozenset[int], width: int, height: int) -> None:
        """Put the zone into a picture of width x height pixels."""
        self.name = config.name
        self.count = 0
        """How many are in the zone now."""
        self._anchor = config.anchor
        self._class_ids = class_ids
        self._min_stay_s = config.min_stay_s
        self._grace_s = config.grace_s
        self._polygon = Polygon([(x * width, y * height) for x, y in config.polygon])
        self._frame_s = -math.inf  # time of the last frame
        self._guests: dict[int, _Guest] = {}
        self._visits: list[_Visit] = []
        self._stays: list[Stay] = []
        self._steps: list[tuple[float, int]] = []

    def update(self, t_s: float, sights: Iterable[Sight], gone: Iterable[int]) -> ZoneEvents:
        """Follow the tracks of one frame; return what has been decided by it.

        Args:
            t_s: time of the frame, not before the last one.
            sights: all live tracks.
            gone: tracks that will not come back.

        Returns:
            The stays that are over, and the changes of occupancy at the instants at which somebody came or was given
            up, but never before the last frame, so that they are in order across frames.
        """
        for sight in sights:
            if sight.class_id in self._class_ids:
                self._see(t_s, sight)
        # Only now it is known who is out of sight, and thus whose visit a new track may continue.
        for visit in tuple(self._visits):
            if visit.guest.confirmed and not visit.admitted:
                self._admit(visit)
        for track_id in gone:
            self._forget(track_id)
        for visit in tuple(self._visits):
            self._age(t_s, visit)
        return self._events(t_s)

    def close(self, t_s: float) -> ZoneEvents:
        """End all visits and forget all tracks."""
        for visit in tuple(self._visits):
            if visit.borrower is None:
                self._finish(visit)
        self._guests.clear()
        return self._events(t_s)

    # -- where tracks are ----------------------------------------------------------------------------------------

    def _see(self, t_s: float, sight: Sight) -> None:
        """Take note of one track; where it is seen, of its path since it was last seen."""
        guest = self._guests.get(sight.track_id)
        if sight.seen:
            at = sight.at(self._anchor)
            if guest is None:
                guest = _Guest(sight.class_id, t_s, sight.box, t_s, sight.box, at)
                self._guests[sight.track_id] = guest
            if guest.visit is not None and guest.visit.borrower is not None:
                self._give_back(t_s, guest.visit, guest.visit.borrower)
            self._follow(t_s, guest, at)
            guest.seen_s, guest.box, guest.at = t_s, sight.box, at
        if guest is not None:
            guest.confirmed |= sight.confirmed

    def _follow(self, t_s: float, guest: _Guest, at: Point) -> None:
        """Lead a track along the straight piece of its path that ends at `at`."""
        since_s, start = guest.seen_s, guest.at
        if since_s < self._frame_s and t_s - since_s > self._grace_s:
            # Out of sight for longer than the grace: where it has been is anybody's guess.
            since_s, start = t_s, at
        for enters, leaves in self._polygon.spans(start, at):
            entered_s = since_s + (t_s - since_s) * enters
            # The end is taken as it is, because `_lost_twin` asks whether it is the instant of the last sight.
            left_s = t_s if leaves == 1.0 else since_s + (t_s - since_s) * leaves
            self._be_inside(guest, entered_s, left_s)

    def _be_inside(self, guest: _Guest, since_s: float, until_s: float) -> None:
        visit = guest.visit
        if visit is not None and since_s - visit.inside_s > self._grace_s:
            self._finish(visit)
            visit = None
        if visit is None:
            visit = guest.visit = _Visit(guest, since_s, until_s)
            self._visits.append(visit)
        elif visit.admitted and not visit.present:
            self._set_present(visit, since_s, present=True)
        visit.inside_s = until_s

    def _forget(self, track_id: int) -> None:
        """The track is over; its visit stays for the grace, unless another track has taken it over."""
        guest = self._guests.pop(track_id, None)
        if guest is None:
            return
        guest.gone = True
        if guest.visit is not None and guest.visit.borrower is not None:
            self._merge(guest.visit, guest.visit.borrower)

    # -- what becomes of visits ----------------------------------------------------------------------------------

    def _admit(self, visit: _Visit) -> None:
        """Make the visit of a confirmed track count, as a new one or as the continuation of a lost one."""
        visit.admitted = True
        lender = self._lost_twin(visit.guest)
        if lender is None:
            self._set_present(visit, visit.entered_s, present=True)
            return
        visit.present, lender.present = True, False
        lender.borrower, visit.lender = visit, lender
        if lender.guest.gone:
            self._merge(lender, visit)

    def _lost_twin(self, guest: _Guest) -> _Visit | None:
        """The visit that a newly born track may continue.

        Its guest was lost inside the zone, no longer than the grace before the new track was born, and has not been
        seen since; it is of the same class, and the boxes overlap well. Two people who were ever seen in the same frame
        are never taken for one.
        """
        best, twin = _SAME_PLACE, None
        for visit in self._visits:
            lost = visit.guest
            if not visit.present or lost.class_id != guest.class_id:
                continue
            unseen_s = guest.born_s - lost.seen_s
            if not 0 < unseen_s <= self._grace_s or visit.inside_s < lost.seen_s:
                continue
            common = overlap(lost.box, guest.born_box)
            if common >= best:
                best, twin = common, visit
        return twin

    def _give_back(self, t_s: float, lender: _Visit, borrower: _Visit) -> None:
        """The lost track is back: it and the one that took over its visit are two.

        Back after the grace, its own visit has long been over, and it begins another one.
        """
        lender.borrower = borrower.lender = None
        if t_s - lender.inside_s <= self._grace_s:
            self._set_present(lender, t_s, present=True)

    def _merge(self, lender: _Visit, borrower: _Visit) -> None:
        """The lost track cannot come back: its visit is the other's for good."""
        self._visits.remove(lender)
        borrower.entered_s, borrower.lender = lender.entered_s, lender.lender
        if borrower.lender is not None:
            borrower.lender.borrower = borrower

    def _age(self, t_s: float, visit: _Visit) -> None:
        """Give up what has been absent for too long; a visit that was taken over is its borrower's concern."""
        if visit.borrower is not None:
            return
        absent_s = t_s - visit.inside_s
        if absent_s > self._grace_s:
            self._finish(visit)
        elif visit.present and absent_s > self._hold_s(visit):
            self._set_present(visit, visit.inside_s + self._hold_s(visit), present=False)

    def _hold_s(self, visit: _Visit) -> float:
        """How long the occupancy holds while a guest is not inside."""
        seen_outside = visit.guest.seen_s > visit.inside_s
        return min(self._grace_s, _OUTSIDE_S) if seen_outside else self._grace_s

    def _finish(self, visit: _Visit) -> None:
        """The visit is over, and with it those that it continues."""
        if visit.guest.confirmed and not visit.admitted:
            self._admit(visit)
        if visit.present:
            self._set_present(visit, visit.inside_s + self._hold_s(visit), present=False)
        first = visit
        self._drop(visit)
        while first.lender is not None:
            first = first.lender
            self._drop(first)
        if visit.admitted and visit.inside_s - first.entered_s >= self._min_stay_s:
            self._stays.append(Stay(self.name, first.entered_s, visit.inside_s))

    def _drop(self, visit: _Visit) -> None:
        self._visits.remove(visit)
        visit.guest.visit = None

    # -- what is reported ----------------------------------------------------------------------------------------

    def _set_present(self, visit: _Visit, at_s: float, *, present: bool) -> None:
        visit.present = present
        self._steps.append((at_s, 1 if present else -1))

    def _events(self, t_s: float) -> ZoneEvents:
        stays, self._stays = self._stays, []
        steps, self._steps = self._steps, []
        occupancy = []
        in_order = sorted((min(max(at_s, self._frame_s), t_s), step) for at_s, step in steps)
        for at_s, together in groupby(in_order, key=itemgetter(0)):
            change = sum(step for _, step in together)
            if change:
                self.count += change
                occupancy.append(Occupancy(self.name, at_s, self.count))
        self._frame_s = t_s
        return ZoneEvents(stays, occupancy)
