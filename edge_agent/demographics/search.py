"""How the face of one person is looked for: place after place, or by a detector of faces where one is installed.

What is remembered from look to look is the number of a place, a probability and a count, never a picture.
"""

from collections.abc import Callable
from typing import Final, Protocol

from edge_agent.demographics.head import SLOTS, Box, face_square, head_region, head_square
from edge_agent.demographics.look import Part, part_of
from edge_agent.demographics.votes import APART_S
from edge_agent.records import Detections, Image

Find = Callable[[Image], Detections]
"""A detector of faces."""

AWAY_S: Final = 1.0
"""Where no face is found, people look away and will not turn within a frame: they are left alone for so long."""

NEXT_FRAME_S: Final = 0.02
"""Less than frames are apart, and more than nothing: the same picture again would be no second look."""

_MISSES: Final = 2  # a face that is not seen so often in a row has moved, or has turned away
_CERTAIN: Final = 0.9  # from here on no other place is tried


class Search(Protocol):
    """Looks for one person's face."""

    @property
    def is_scanning(self) -> bool:
        """Whether the next look only serves to find the place, and is not kept."""

    @property
    def pause_s(self) -> float:
        """How long to wait after the last look."""

    def where(self, box: Box, image: Image) -> Part | None:
        """The part of the picture to look at; None where there is no face, or one too small to be read."""

    def note(self, readable: float) -> bool:
        """Take what the network said of that part, 0 where there was none; return whether the look may be kept."""


class PlaceSearch:
    """Tries the usual places; once a face was readable, stays where it was readable best until it is gone from there.

    A readable look that stands alone is not kept: the network takes some back of a head for a face, and somebody who
    stands for minutes is looked at hundreds of times. The scan's own looks are of one moment and do not count either.
    """

    def __init__(self, *, enough: float) -> None:
        """A face is readable from a probability of `enough` on."""
        self.is_scanning = True
        self._enough = enough
        self._tried = 0
        self._best: tuple[float, int] | None = None
        self._is_fresh = False
        self._misses = 0

    @property
    def pause_s(self) -> float:
        """See `Search`. A scan goes on at once, and the place that it found is looked at again in the next frame."""
        if not self.is_scanning:
            return NEXT_FRAME_S if self._is_fresh else APART_S
        return AWAY_S if self._tried == 0 else 0.0

    def where(self, box: Box, image: Image) -> Part | None:
        """See `Search`."""
        slot = self._tried if self._best is None or self.is_scanning else self._best[1]
        return part_of(head_square(box, slot, picture_height=image.shape[0]), image)

    def note(self, readable: float) -> bool:
        """See `Search`."""
        is_face = readable >= self._enough
        if self.is_scanning:
            self._scan(readable, is_face=is_face)
            return False
        self._is_fresh = False
        counts = is_face and self._misses == 0
        self._misses = 0 if is_face else self._misses + 1
        if self._misses == _MISSES:
            self._start_over()
        return counts

    def _scan(self, readable: float, *, is_face: bool) -> None:
        if is_face and (self._best is None or readable > self._best[0]):
            self._best = (readable, self._tried)
        self._tried += 1
        if self._best is not None and (readable >= _CERTAIN or self._tried == SLOTS):
            self.is_scanning, self._is_fresh = False, True
        elif self._tried == SLOTS:
            self._start_over()

    def _start_over(self) -> None:
        self.is_scanning, self._tried, self._best, self._misses = True, 0, None, 0


class FaceSearch:
    """Asks a detector of faces each time. What it finds and the attribute network calls readable is a face."""

    is_scanning = False

    def __init__(self, find: Find, *, enough: float) -> None:
        """A face is readable from a probability of `enough` on."""
        self._find = find
        self._enough = enough
        self.pause_s = 0.0

    def where(self, box: Box, image: Image) -> Part | None:
        """See `Search`."""
        region = part_of(head_region(box, picture_height=image.shape[0]), image)
        if region is None:
            return None
        for x1, y1, x2, y2 in self._find(region.of(image)).xyxy.tolist():
            face = face_square((x1 + region.left, y1 + region.top, x2 + region.left, y2 + region.top))
            if box[0] <= face.x <= box[2] and box[1] <= face.y <= box[3]:  # not a neighbour's
                return part_of(face, image)
        return None

    def note(self, readable: float) -> bool:
        """See `Search`."""
        is_face = readable >= self._enough
        self.pause_s = APART_S if is_face else AWAY_S / 2
        return is_face


def places(image: Image, box: Box) -> list[Image]:
    """All parts of a single picture where the head of a person may be, the likeliest first."""
    squares = (head_square(box, slot, picture_height=image.shape[0]) for slot in range(SLOTS))
    return [part.of(image) for square in squares if (part := part_of(square, image)) is not None]
