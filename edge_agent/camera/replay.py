"""A clip as the same stream of frames and gaps that a live camera gives: every picture, in the caller's thread."""

import time
from collections.abc import Callable, Generator, Iterator
from typing import Final

from edge_agent.camera.quality import Fault, PictureCheck
from edge_agent.camera.source import TimedSource
from edge_agent.camera.timeline import Timeline
from edge_agent.records import Frame, Gap, Image
from edge_agent.terms import GapCause

_PIECE_S: Final = 1.0
_CUT_SHARE: Final = 0.98
_CUT_S: Final = 1.0


def replay(
    clip: TimedSource,
    *,
    offset_s: float = 0.0,
    frozen_after_s: float = 30.0,
    blind_after_s: float = 2.0,
    wait: Callable[[float], bool] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Generator[Frame | Gap, None, None]:
    """Open a clip and return its frames and gaps in order, as fast as they are asked for; close it at the end.

    Nothing is dropped. Pictures are judged as those of a camera; a picture that shows nothing is not returned, and its
    time becomes a gap. A clip that stops well before the length it announces ends with a gap, CORRUPT.

    Args:
        clip: a source with its own time.
        offset_s: `t_s` of the first frame.
        frozen_after_s: how long the same picture is believed.
        blind_after_s: shorter times without a good picture are no gap.
        wait: paces the clip as it was recorded: waits for some seconds, True if it was told to end meanwhile (such as
            `threading.Event.wait`). A consumer that is slower still gets every frame, late.
        monotonic: the clock to pace by.

    Raises:
        SourceError: the clip cannot be opened.
    """
    try:
        clip.open()
        pictures = _Judge(clip, offset_s=offset_s, frozen_after_s=frozen_after_s, blind_after_s=blind_after_s)
        begun_s = monotonic()
        while clip.grab():
            if wait is not None and wait(max(0.0, begun_s + clip.t_s - monotonic())):
                return
            yield from pictures.step()
        yield from pictures.end()
    finally:
        clip.close()


class _Judge:
    """Sorts the pictures of a clip into frames and gaps."""

    def __init__(self, clip: TimedSource, *, offset_s: float, frozen_after_s: float, blind_after_s: float) -> None:
        self._clip = clip
        self._offset_s = offset_s
        self._check = PictureCheck(frozen_after_s=frozen_after_s)
        self._timeline = Timeline(offset_s, blind_after_s=blind_after_s)
        self._buffer: Image | None = None
        self._index = -1
        self._told_s = offset_s

    def step(self) -> Iterator[Frame | Gap]:
        """Return what the grabbed picture gives: the gaps before it, and itself if it shows anything."""
        self._index += 1
        t_s = self._now_s()
        image = self._clip.retrieve(self._buffer)
        fault = Fault(GapCause.CORRUPT, t_s) if image is None else self._check.judge(image, t_s)
        if fault is None and image is not None:
            self._buffer = image
            self._timeline.seen(t_s)
            yield from self._gaps(t_s, before_s=t_s)
            yield Frame(image, t_s, self._index)
        elif fault is not None:
            self._timeline.lost(t_s, fault.cause, None if fault.cause is GapCause.CORRUPT else fault.since_s)
            yield from self._gaps(t_s, unfinished=t_s - self._told_s >= _PIECE_S)

    def end(self) -> Iterator[Gap]:
        """Return what is missing at the end: the blindness that lasts, and the part that the file has lost."""
        yield from self._gaps(self._now_s(), unfinished=True)
        announced_s = self._clip.duration_s or 0.0
        if announced_s * _CUT_SHARE > self._clip.t_s and announced_s - self._clip.t_s > _CUT_S:
            yield Gap(self._now_s(), self._offset_s + announced_s, GapCause.CORRUPT)

    def _now_s(self) -> float:
        return self._offset_s + self._clip.t_s

    def _gaps(self, now_s: float, *, before_s: float | None = None, unfinished: bool = False) -> Iterator[Gap]:
        while (gap := self._timeline.tell(now_s, before_s=before_s, unfinished=unfinished)) is not None:
            self._told_s = gap.end_s
            yield gap
