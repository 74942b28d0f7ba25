"""A clip as a stream of frames and gaps."""

import subprocess
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from support.http_camera import scene
from support.needs import needs

from edge_agent.camera import SourceError, SyntheticSource, open_clip, replay
from edge_agent.clock import ManualClock
from edge_agent.records import Frame, Gap, Image
from edge_agent.terms import GapCause

from .conftest import frames, gaps, in_order


class Played(SyntheticSource):
    """A made-up clip in which some pictures are spoilt: index → picture."""

    def __init__(self, spoilt: dict[int, Image | None], *, length: int, fps: float = 10.0) -> None:
        super().__init__(width=96, height=54, fps=fps, frames=length)
        self._spoilt = spoilt
        self.closed = False

    def retrieve(self, into: Image | None = None) -> Image | None:
        """Return the spoilt picture in place of the good one."""
        return self._spoilt[self._index] if self._index in self._spoilt else super().retrieve(into)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def test_a_real_clip_gives_every_frame_and_no_gap(shared: Path) -> None:
    """Nothing is dropped, times begin at the offset and indexes at 0."""
    items = []
    for item in replay(open_clip(shared / "clips" / "cars-no-people.mp4"), offset_s=100.0):
        assert isinstance(item, Frame)
        items.append((item.index, item.t_s))
    assert [index for index, _ in items] == list(range(377))
    assert items[0][1] == 100.0
    assert items[-1][1] == pytest.approx(100.0 + 376 / 12.5)


def test_one_buffer_serves_a_whole_clip(shared: Path) -> None:
    """A frame is valid until the next is asked for, because all are decoded into the same memory."""
    items = list(replay(open_clip(shared / "clips" / "doorway.gif")))
    arrays = {id(frame.image): frame.image for frame in frames(items)}
    assert len(arrays) == 1


def test_a_clip_that_is_not_there_fails_when_it_is_begun() -> None:
    """The error comes from the first frame that is asked for."""
    with pytest.raises(SourceError, match="no such file"):
        next(iter(replay(open_clip("/nowhere.mp4"))))


def test_a_damaged_stretch_is_a_gap_and_a_damaged_picture_is_none() -> None:
    """Pictures that cannot be decoded are left out; a gap ends with the next good frame and comes before it."""
    spoilt: dict[int, Image | None] = dict.fromkeys([5, *range(20, 60)])
    items = list(replay(Played(spoilt, length=100)))
    assert [frame.index for frame in frames(items)] == [k for k in range(100) if k not in spoilt]
    assert in_order(items)
    assert {gap.cause for gap in gaps(items)} == {GapCause.CORRUPT}
    assert gaps(items)[0].start_s == pytest.approx(1.9)
    assert gaps(items)[-1].end_s == pytest.approx(6.0)
    assert sum(gap.end_s - gap.start_s for gap in gaps(items)) == pytest.approx(4.1)


def test_a_still_scene_is_a_gap_only_after_the_time_allowed() -> None:
    """A codec that repeats a picture for twenty seconds changes nothing; for forty it is a freeze."""
    still = scene(0, width=96, height=54)
    short = list(replay(Played(dict.fromkeys(range(10, 210), still), length=300)))
    assert len(frames(short)) == 300
    assert not gaps(short)
    long = list(replay(Played(dict.fromkeys(range(10, 410), still), length=500)))
    frozen = gaps(long)
    assert {gap.cause for gap in frozen} == {GapCause.FROZEN}
    assert frozen[0].start_s == pytest.approx(1.0, abs=0.3)  # it is looked for four times a second
    assert frozen[-1].end_s == pytest.approx(41.0)
    assert all(a.end_s == b.start_s for a, b in pairwise(frozen))


def test_a_lens_that_is_covered_to_the_end_is_a_gap_to_the_end() -> None:
    """Blindness that lasts when the clip is over is told."""
    black = np.zeros((54, 96, 3), np.uint8)
    items = list(replay(Played(dict.fromkeys(range(100, 300), black), length=300)))
    assert {gap.cause for gap in gaps(items)} == {GapCause.COVERED}
    assert gaps(items)[0].start_s == pytest.approx(10.0, abs=0.3)
    assert gaps(items)[-1].end_s == pytest.approx(29.9)


def test_a_clip_that_was_cut_off_says_what_is_missing(shared: Path, tmp_path: Path) -> None:
    """Half an MP4 whose index came over in full ends with a gap up to the length that it announces."""
    clip = tmp_path / "clip.mp4"
    command = [needs("ffmpeg"), "-v", "error", "-i", str(shared / "clips" / "cars-no-people.mp4"), "-c", "copy"]
    subprocess.run([*command, "-movflags", "+faststart", str(clip)], check=True, stdin=subprocess.DEVNULL)
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2])
    items = list(replay(open_clip(clip), offset_s=50.0))
    assert 0 < len(frames(items)) < 300
    assert len(gaps(items)) == 1
    assert gaps(items)[0].cause is GapCause.CORRUPT
    assert gaps(items)[0].start_s >= frames(items)[-1].t_s
    assert gaps(items)[0].end_s == pytest.approx(50.0 + 377 / 12.5)


def test_real_time_waits_for_each_frame_and_ends_when_told() -> None:
    """Frames are due at their media time; a wait that is interrupted ends the clip and closes it."""
    clock = ManualClock()
    waited: list[float] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        clock.advance(seconds)
        return len(waited) > 20

    clip = Played({}, length=100)
    items = [item.t_s for item in replay(clip, wait=wait, monotonic=clock.monotonic) if isinstance(item, Frame)]
    assert items == pytest.approx([k / 10 for k in range(20)])
    assert waited == pytest.approx([0.0] + [0.1] * 20)
    assert clip.closed


def test_real_time_goes_by_a_real_event_too() -> None:
    """`threading.Event.wait` fits as it is."""
    stop = threading.Event()
    taken = 0
    for _ in replay(Played({}, length=1000, fps=100.0), wait=stop.wait):
        taken += 1
        if taken == 5:
            stop.set()
    assert taken == 5


def test_leaving_early_closes_the_clip() -> None:
    """A consumer that stops in the middle leaves no file open."""
    clip = Played({}, length=100)
    stream = replay(clip)
    assert isinstance(next(stream), Frame | Gap)
    stream.close()
    assert clip.closed
