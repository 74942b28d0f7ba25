"""Tracks to visitors: who is looked at in which frame, within a budget of time, and what comes of it.

What stands here between two frames is numbers: probabilities, times and boxes. A crop is cut, read and dropped within
one call.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.config import DemographicsConfig
from edge_agent.demographics.look import crop_of, quality
from edge_agent.demographics.search import Find, Search, found_places, usual_places
from edge_agent.demographics.visits import Visit, Visits
from edge_agent.demographics.votes import APART_S, Reading, Rule
from edge_agent.records import Frame, Image, Tracks, Visitor

Floats = NDArray[np.float32]

Read = Callable[[NDArray[np.uint8]], tuple[Floats, Floats, Floats]]
"""Crops (n, side, side, 3) BGR to probabilities: sex (n, 2), age (n, 6), that there is a face to read (n,)."""

PERSON: Final = "person"
"""The class of the detector that is looked at."""

_CONTENT_S: Final = 1.0  # a full set can only become a little better


Matrix = tuple[tuple[int, ...], ...]
"""A row per true class, a column per class that visitors were taken for: counts of the model card."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How often visitors are taken for what; () where the card does not say. The stage hands it on to the gate."""

    sex: Matrix = ()
    age: Matrix = ()


@dataclass(frozen=True, slots=True)
class FaceModel:
    """What faces are read with; cameras may share the networks behind it.

    Attributes:
        read: the attribute network.
        rule: when it is believed.
        side_px: of its input.
        model: hash of the network, 16 hex digits.
        errors: of its votes on a visitor, as its card has them.
        find: a detector of faces, which then says where to look first.
        timer: seconds, to hold the budget by.
    """

    read: Read
    rule: Rule
    side_px: int
    model: str
    errors: Errors = Errors()
    find: Find | None = None
    timer: Callable[[], float] = time.perf_counter


class VisitorReader:
    """Reads the visitors of one camera. One thread at a time may use it."""

    def __init__(self, settings: DemographicsConfig, model: FaceModel, *, class_names: Sequence[str]) -> None:
        """Take how much is to be read, what with, and the detector's classes."""
        self._budget_s = settings.budget_ms / 1000.0
        self._model = model
        person_ids = frozenset(index for index, name in enumerate(class_names) if name == PERSON)
        self._visits = Visits(self._search, person_ids=person_ids, crops=settings.crops)

    def update(self, frame: Frame, tracks: Tracks) -> tuple[Visitor, ...]:
        """Look at some of the people in a frame, as many as the budget allows; return those who left with it."""
        started_s = self._model.timer()
        left = self._visits.follow(tracks)
        while (visit := self._visits.next(tracks.t_s)) is not None:
            self._visits.served(visit)
            visit.due_s = tracks.t_s + self._look(visit, frame.image, tracks.t_s)
            if self._model.timer() - started_s >= self._budget_s:
                break
        return self._visitors(left, tracks.t_s)

    def close(self, t_s: float) -> tuple[Visitor, ...]:
        """Everybody has left: the clip is over, the agent stops, or sight is lost for longer than tracks live."""
        return self._visitors(self._visits.leave_all(), t_s)

    def _look(self, visit: Visit, image: Image, t_s: float) -> float:
        """Cut one crop, judge it, read it, drop it; return after how many seconds the next one is due."""
        search, votes = visit.search, visit.votes
        square = search.where(visit.box, image)
        crop = None if square is None else crop_of(square, image, self._model.side_px)
        if square is None or crop is None:
            search.note(0.0)
            return search.pause_s
        is_kept = not search.is_scanning
        worth = quality(crop, taken_px=square.side) if is_kept else 0.0
        if is_kept and not votes.wants(worth, t_s):
            return _CONTENT_S if votes.is_full else APART_S
        sex, age, probability = self._model.read(crop[np.newaxis])
        readable = float(probability[0])
        if search.note(readable):
            votes.add(Reading(t_s, worth * readable, tuple(sex[0].tolist()), tuple(age[0].tolist())))
        return max(search.pause_s, _CONTENT_S) if votes.is_full else search.pause_s

    def _search(self) -> Search:
        find = self._model.find
        return Search(usual_places if find is None else found_places(find), enough=self._model.rule.readable)

    def _visitors(self, left: list[Visit], t_s: float) -> tuple[Visitor, ...]:
        rule = self._model.rule
        return tuple(
            Visitor(
                t_s,
                visit.votes.sex(rule, doubtful=visit.search.is_doubtful),
                visit.votes.age(rule, doubtful=visit.search.is_doubtful),
            )
            for visit in left
        )
