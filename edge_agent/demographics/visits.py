"""The people in the picture and what was read of each: from the first sight of a track to the visitor it becomes.

A tracker may lose somebody who turns quickly and follow on with a second track, for a moment beside the first. Counted
as they are, that would be two visitors; so a track that is born upon another one, which is then not seen any more,
inherits what was read under the old track, and only one visitor comes of both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from edge_agent.demographics.head import Box
from edge_agent.demographics.search import Search
from edge_agent.demographics.votes import Votes
from edge_agent.records import Tracks

_UPON: Final = 0.5  # of the smaller of two boxes that lies in the other: often one is only a part of a body
_OVERLAP_S: Final = 0.5  # for so long both tracks may be seen


@dataclass(slots=True)
class Visit:
    """One live person track. No picture, and nothing that could tell one face from another.

    Attributes:
        votes: what was read.
        search: where in the box the face is.
        born_s: when the track was first listed.
        box: where it was seen last.
        seen_s: … and when.
        is_seen: whether that was in this frame.
        confirmed: whether it counts.
        heir_of: the older track that it was born upon, if any.
        due_s: not to be looked at before.
        turn: when it queued up to be looked at; the lowest number is the next.
    """

    votes: Votes
    search: Search
    born_s: float
    box: Box
    turn: int
    heir_of: int | None = None
    seen_s: float = 0.0
    is_seen: bool = True
    confirmed: bool = False
    due_s: float = 0.0


class Visits:
    """All live person tracks of one camera; no more than the tracker holds."""

    def __init__(self, search: Callable[[], Search], *, person_ids: frozenset[int], crops: int) -> None:
        """Take what makes a search, the detector's numbers of persons, and how many readings are kept of each."""
        self._search = search
        self._person_ids = person_ids
        self._crops = crops
        self._turn = 0
        self._live: dict[int, Visit] = {}

    def __len__(self) -> int:
        return len(self._live)

    def follow(self, tracks: Tracks) -> list[Visit]:
        """Take the tracks of one frame; return the visits that ended, in order of birth."""
        listed = set(tracks.track_id.tolist())
        columns = (tracks.track_id, tracks.class_id, tracks.xyxy, tracks.confirmed, tracks.seen)
        for track_id, class_id, (x1, y1, x2, y2), confirmed, seen in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            if class_id not in self._person_ids:
                continue
            visit = self._live.get(track_id) or self._born(track_id, (x1, y1, x2, y2), tracks.t_s)
            visit.confirmed, visit.is_seen = confirmed, seen
            if seen:
                visit.box, visit.seen_s = (x1, y1, x2, y2), tracks.t_s
        return self._leave([track_id for track_id in self._live if track_id not in listed])

    def leave_all(self) -> list[Visit]:
        """End all visits."""
        return self._leave(list(self._live))

    def next(self, t_s: float) -> Visit | None:
        """Whose turn it is among those that are to be looked at in this frame."""
        due = [visit for visit in self._live.values() if visit.confirmed and visit.is_seen and visit.due_s <= t_s]
        return min(due, key=lambda visit: visit.turn, default=None)

    def served(self, visit: Visit) -> None:
        """Send a visit to the end of the queue."""
        self._turn += 1
        visit.turn = self._turn

    def _born(self, track_id: int, box: Box, t_s: float) -> Visit:
        upon = [(_overlap(box, visit.box), old_id) for old_id, visit in self._live.items() if visit.confirmed]
        best, old_id = max(upon, default=(0.0, 0))
        heir_of = old_id if best >= _UPON else None
        self._turn += 1
        visit = self._live[track_id] = Visit(
            Votes(self._crops), self._search(), t_s, box, self._turn, heir_of, due_s=t_s
        )
        return visit

    def _leave(self, over: list[int]) -> list[Visit]:
        left = []
        for track_id in over:  # in order of birth: who inherits is younger
            visit = self._live.pop(track_id)
            heir = self._heir(track_id, visit)
            if heir is not None:
                heir.votes.merge(visit.votes)
            elif visit.confirmed:
                left.append(visit)
        return left

    def _heir(self, track_id: int, visit: Visit) -> Visit | None:
        """The younger track under which somebody is followed on."""
        if not visit.confirmed:
            return None
        return next(
            (
                other
                for other in self._live.values()
                if other.heir_of == track_id and other.confirmed and visit.seen_s - other.born_s <= _OVERLAP_S
            ),
            None,
        )


def _overlap(one: Box, two: Box) -> float:
    """How much of the smaller box lies in the other."""
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    if width <= 0.0 or height <= 0.0:
        return 0.0
    return width * height / min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, two))
