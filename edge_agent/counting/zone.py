"""Counting who is in a zone, and how long they stay.

A visit is a confirmed track's time inside: it begins when the path of the anchor enters the polygon and ends when the
path leaves it, or where the track was last seen inside. Both instants are computed on the straight pieces of the path.

- An absence of up to `grace_s` (somebody walks by in front, the box jumps, the anchor jitters on the edge) does not end
  the visit: for so long the track is still a member and the occupancy holds. When the grace is over, the stay is
  reported with the instant at which it really ended; the grace is not part of it (inference PR#671).
- Nothing outlives the grace: a track that vanishes, ends, or is not heard of any more because the camera died leaves
  the zone. So the occupancy cannot stick (frigate#1832, supervision#1855), and as it is the number of open visits it
  cannot be negative.
- A tracker sometimes loses a person and finds the same one as a new track. Where a track is born in the place of a
  member that is out of sight, it takes over the visit, so that the dwell is one and not two halves; see `_lost_twin`.
  Should the lost track be seen again, there were two people after all, and each gets its own visit back.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final

from edge_agent.config import ZoneConfig
from edge_agent.counting.geometry import Point, Polygon, overlap
from edge_agent.counting.sight import Box, Sight
from edge_agent.records import Occupancy, Stay

_SAME_PLACE: Final = 0.3


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
    member: bool = False  # counts in the occupancy
    lender: "_Visit | None" = None  # visit of a lost track that this one continues
    borrower: "_Visit | None" = None  # visit of the new track that continues this one


@dataclass(slots=True)
class ZoneEvents:
    """What one frame changed in a zone."""

    stays: list[Stay] = field(default_factory=list)
    occupancy: list[Occupancy] = field(default_factory=list)


class ZoneCounter:
    """Counts the visits to one zone."""

    def __init__(self, config: ZoneConfig, *, class_ids: frozenset[int], width: int, height: int) -> None:
        """Put the zone into a picture of width x height pixels."""
        self.name = config.name
        self.count = 0
        self._anchor = config.anchor
        self._class_ids = class_ids
        self._min_stay_s = config.min_stay_s
        self._grace_s = config.grace_s
        self._polygon = Polygon([(x * width, y * height) for x, y in config.polygon])
        self._guests: dict[int, _Guest] = {}
        self._visits: list[_Visit] = []
        self._frame_s = -math.inf  # time of the frame before this one
        self._stays: list[Stay] = []
        self._steps: list[tuple[float, int]] = []

    def update(self, t_s: float, sights: Iterable[Sight], gone: Iterable[int]) -> ZoneEvents:
        """Follow the tracks of one frame; return what has been decided by it.

        Args:
            t_s: time of the frame, not before the last one.
            sights: all live tracks.
            gone: tracks that will not come back.

        Returns:
            The stays that are over, and the changes of occupancy at the instants at which somebody entered or the grace
            was over, but never before the last frame, so that they are in order across frames.
        """
        for sight in sights:
            if sight.class_id in self._class_ids:
                self._see(t_s, sight)
        # Only now it is known who is out of sight, and thus whose visit a new track may continue.
        for visit in tuple(self._visits):
            if visit.guest.confirmed and not visit.member and visit.borrower is None:
                self._admit(visit)
        for track_id in gone:
            self._forget(track_id)
        for visit in tuple(self._visits):
            if visit.borrower is None and t_s - visit.inside_s > self._grace_s:
                self._finish(visit)
        return self._events(t_s)

    def close(self, t_s: float) -> ZoneEvents:
        """End all visits and forget all tracks."""
        for visit in tuple(self._visits):
            if visit.borrower is None:
                self._finish(visit)
        self._guests.clear()
        return self._events(t_s)

    def _see(self, t_s: float, sight: Sight) -> None:
        """Take note of one track; where it was seen, of its path since it was last seen."""
        guest = self._guests.get(sight.track_id)
        if sight.seen:
            at = sight.at(self._anchor)
            if guest is None:
                guest = _Guest(sight.class_id, t_s, sight.box, t_s, sight.box, at)
                self._guests[sight.track_id] = guest
            if guest.visit is not None and guest.visit.borrower is not None:
                self._give_back(t_s, guest.visit, guest.visit.borrower)
            # Out of sight for longer than the grace: where it has been is anybody's guess.
            known = guest.seen_s >= self._frame_s or t_s - guest.seen_s <= self._grace_s
            since_s, start = (guest.seen_s, guest.at) if known else (t_s, at)
            for enters, leaves in self._polygon.spans(start, at):
                # The ends of the piece are taken as they are: whether two instants are the same is asked below.
                entered_s = since_s + (t_s - since_s) * enters
                self._be_inside(guest, entered_s, t_s if leaves == 1.0 else since_s + (t_s - since_s) * leaves)
            guest.seen_s, guest.box, guest.at = t_s, sight.box, at
        if guest is not None:
            guest.confirmed |= sight.confirmed

    def _be_inside(self, guest: _Guest, since_s: float, until_s: float) -> None:
        visit = guest.visit
        if visit is not None and since_s - visit.inside_s > self._grace_s:
            self._finish(visit)
            visit = None
        if visit is None:
            visit = guest.visit = _Visit(guest, since_s, until_s)
            self._visits.append(visit)
        visit.inside_s = until_s

    def _admit(self, visit: _Visit) -> None:
        """Make the visit of a confirmed track count, as a new one or as the continuation of a lost one."""
        visit.member = True
        lender = self._lost_twin(visit)
        if lender is None:
            self._steps.append((visit.entered_s, 1))
            return
        lender.member = False
        lender.borrower, visit.lender = visit, lender
        if lender.guest.gone:
            self._merge(lender, visit)

    def _lost_twin(self, visit: _Visit) -> _Visit | None:
        """The member that a newly born track may be the continuation of.

        It was lost inside the zone no longer than the grace before the new track was born and has not been seen since,
        it is of the same class, and the boxes overlap well. People side by side overlap less, and two people who were
        ever seen in the same frame are never taken for one.
        """
        guest = visit.guest
        best, found = _SAME_PLACE, None
        for other in self._visits:
            lost = other.guest
            if not other.member or lost.class_id != guest.class_id or lost.seen_s >= guest.born_s:
                continue
            if other.inside_s < lost.seen_s or guest.born_s - lost.seen_s > self._grace_s:
                continue
            common = overlap(lost.box, guest.born_box)
            if common >= best:
                best, found = common, other
        return found

    def _give_back(self, t_s: float, lender: _Visit, borrower: _Visit) -> None:
        """The lost track is back: it and the one that took over its visit are two."""
        lender.borrower = borrower.lender = None
        lender.member = True
        self._steps.append((t_s, 1))

    def _merge(self, lender: _Visit, borrower: _Visit) -> None:
        """The lost track cannot come back: its visit is the other's for good."""
        self._visits.remove(lender)
        borrower.entered_s, borrower.lender = lender.entered_s, lender.lender
        if borrower.lender is not None:
            borrower.lender.borrower = borrower

    def _forget(self, track_id: int) -> None:
        """The track is over; its visit stays for the grace, unless it never counted."""
        guest = self._guests.pop(track_id, None)
        if guest is None:
            return
        guest.gone = True
        visit = guest.visit
        if visit is None or visit.member:
            return
        if visit.borrower is not None:
            self._merge(visit, visit.borrower)
        else:
            self._visits.remove(visit)

    def _finish(self, visit: _Visit) -> None:
        """The visit is over; so are the visits that it continues."""
        entered_s = visit.entered_s
        if visit.guest.confirmed and not visit.member:
            self._admit(visit)
        over: _Visit | None = visit
        while over is not None:
            entered_s = over.entered_s
            self._visits.remove(over)
            over.guest.visit = None
            over = over.lender
        if not visit.member:
            return
        self._steps.append((visit.inside_s + self._grace_s, -1))
        if visit.inside_s - entered_s >= self._min_stay_s:
            self._stays.append(Stay(self.name, entered_s, visit.inside_s))

    def _events(self, t_s: float) -> ZoneEvents:
        stays, self._stays = self._stays, []
        steps, self._steps = self._steps, []
        occupancy = []
        timely = sorted((min(max(at_s, self._frame_s), t_s), step) for at_s, step in steps)
        for at_s, together in groupby(timely, key=itemgetter(0)):
            change = sum(step for _, step in together)
            self.count += change
            if change:
                occupancy.append(Occupancy(self.name, at_s, self.count))
        self._frame_s = t_s
        return ZoneEvents(sorted(stays, key=attrgetter("entered_s")), occupancy)
