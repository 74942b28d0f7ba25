"""How the face of one person is looked for, place after place; where a detector of faces is installed, it says where.

What is remembered from look to look is the number of a place, a probability and a count, never a picture.
"""

from collections.abc import Callable
from typing import Final

from edge_agent.demographics.head import (
    Box,
    Place,
    Square,
    face_square,
    first_places,
    head_region,
    place_of,
    places_around,
)
from edge_agent.demographics.look import part_of
from edge_agent.demographics.votes import APART_S
from edge_agent.records import Detections, Image

Find = Callable[[Image], Detections]
"""A detector of faces."""

Suggest = Callable[[Box, Image], tuple[Place, ...]]
"""Says where in a person's box a search begins; nowhere: there is no face."""

AWAY_S: Final = 1.0
"""Where no face is found, people look away and will not turn within a frame: they are left alone for so long."""

NEXT_FRAME_S: Final = 0.02
"""Less than frames are apart, and more than nothing: the same picture again would be no second look."""

_MISSES: Final = 2  # a face that is not seen so often in a row has moved, or has turned away
_CERTAIN: Final = 0.998  # from here on no other place is tried
_DOUBTFUL: Final = 24  # two rounds: whose face was not found by then has mostly turned it away
_MOST_TRIES: Final = 100  # eight rounds, a quarter of a minute; who turns round later is to be believed as well
_HOPELESS: Final = 0.1  # where all places are under it, those around the best are not tried


class Search:
    """Tries the places suggested, then those around the best; stays where a face was readable until it is gone.

    The card's threshold is meant for one picture. Who tries a dozen places on a back of a head finds one that looks
    like a face, so what is found at the n-th place must have n times the odds (Bonferroni's correction), there and
    whenever it is looked at again. A readable look that stands alone is not kept, and the scan's own looks, all of one
    moment, are not either.
    """

    def __init__(self, suggest: Suggest, *, enough: float) -> None:
        """Take who says where to look first; a face is readable from a probability of `enough` on."""
        self._suggest = suggest
        self._enough = enough
        self._tries = 0
        self._todo: list[Place] = []
        self._tried: Place | None = None
        self._best: tuple[float, Place] | None = None
        self._is_close = False
        self._is_held = False
        self._is_fresh = False
        self._misses = 0

    @property
    def is_scanning(self) -> bool:
        """Whether the next look only serves to find the place, and is not kept."""
        return not self._is_held

    @property
    def is_doubtful(self) -> bool:
        """Whether so many places were tried that a few readable looks may be luck; a full set of them is not."""
        return self._tries > _DOUBTFUL

    @property
    def pause_s(self) -> float:
        """How long to wait after the last look.

        A scan goes on at once, and the place that it found is looked at again in the next frame.
        """
        if self._is_held:
            return NEXT_FRAME_S if self._is_fresh else APART_S
        return AWAY_S if self._tried is None else 0.0

    def where(self, box: Box, image: Image) -> Square | None:
        """The square of the picture to look at; None where there is no face."""
        if self._is_held and self._best is not None:
            return self._best[1].square(box)
        if self._tried is None:
            self._todo = list(self._suggest(box, image))
            if not self._todo:
                return None
        elif not self._todo and self._best is not None:
            self._todo, self._is_close = list(places_around(self._best[1], box)), True
        self._tried = self._todo.pop(0)
        return self._tried.square(box)

    def note(self, readable: float) -> bool:
        """Take what the network said of it, 0 where it was shown nothing; return whether the look may be kept."""
        if not self._is_held:
            self._scan(readable)
            return False
        self._is_fresh = False
        is_face = readable >= self._needed()
        counts = is_face and self._misses == 0
        self._misses = 0 if is_face else self._misses + 1
        if self._misses == _MISSES:
            self._start_over()
        return counts

    def _scan(self, readable: float) -> None:
        if self._tried is not None and readable > (self._best[0] if self._best is not None else _HOPELESS):
            self._best = (readable, self._tried)
        self._tries += readable > 0.0
        needed = self._needed()
        is_certain = readable >= max(needed, _CERTAIN)
        is_over = not self._todo and (self._is_close or self._best is None)
        if is_certain or (is_over and self._best is not None and self._best[0] >= needed):
            self._is_held = self._is_fresh = True
        elif is_over:
            self._start_over()

    def _needed(self) -> float:
        odds = self._enough / (1.0 - self._enough) * min(max(self._tries, 1), _MOST_TRIES)
        return odds / (1.0 + odds)

    def _start_over(self) -> None:
        self._todo, self._tried, self._best = [], None, None
        self._is_close = self._is_held = self._is_fresh = False
        self._misses = 0


def usual_places(box: Box, image: Image) -> tuple[Place, ...]:
    """Where heads are, where no detector of faces is installed."""
    return first_places(box, picture_height=image.shape[0])


def found_places(find: Find) -> Suggest:
    """What a detector of faces makes of the head's surroundings: the best face in the box, or none."""

    def suggest(box: Box, image: Image) -> tuple[Place, ...]:
        region = part_of(head_region(box), image)
        if region is None:
            return ()
        for x1, y1, x2, y2 in find(region.of(image)).xyxy.tolist():
            face = face_square((x1 + region.left, y1 + region.top, x2 + region.left, y2 + region.top))
            if box[0] <= face.x <= box[2] and box[1] <= face.y <= box[3]:  # not a neighbour's
                return (place_of(face, box),)
        return ()

    return suggest
