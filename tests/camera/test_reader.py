"""The live reader with real sources: RTSP, HTTP and child processes that fail in the ways that real ones do."""

import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from support.http_camera import HttpCamera, Viewer, jpeg, scene
from support.rtsp import RtspServer

from edge_agent.camera import Limits, Source, SyntheticSource
from edge_agent.records import Frame, Gap, Image
from edge_agent.terms import GapCause

from .conftest import Read, camera, frames, gaps, in_order, watch


def sees_again(cause: GapCause, after: int = 5) -> Callable[[list[Frame | Gap]], bool]:
    """Return whether a gap of a cause was followed by some frames."""

    def enough(items: list[Frame | Gap]) -> bool:
        last = max((k for k, item in enumerate(items) if isinstance(item, Gap) and item.cause is cause), default=None)
        return last is not None and len(frames(items[last:])) >= after

    return enough


def play(viewer: Viewer, *, first: int = 0, count: int | None = None, fps: float = 25.0) -> None:
    """Send pictures of the made-up scene, all different."""
    index = first
    while viewer.pause(1 / fps) and (count is None or index < first + count):
        viewer.send(jpeg(scene(index)))
        index += 1


# -- the newest frame ----------------------------------------------------------------------------------------------


def test_a_slow_consumer_gets_the_newest_frame_and_the_others_are_counted(read: Read) -> None:
    """While the consumer is busy the reader drains; what it replaced is in the statistics, and indexes have holes."""
    made: list[SyntheticSource] = []

    def make() -> Source:
        made.append(SyntheticSource(width=64, height=48, fps=200.0, paced=True))
        return made[-1]

    reader = read(make, limits=Limits(max_fps=120.0))
    first = watch(reader, lambda items: bool(frames(items)))[-1]
    assert isinstance(first, Frame)
    seen = reader.stats().frames
    while reader.stats().frames < seen + 50:
        threading.Event().wait(0.01)
    second = watch(reader, lambda items: bool(frames(items)))[-1]
    assert isinstance(second, Frame)
    assert second.index > first.index + 10
    stats = reader.stats()
    assert stats.dropped > 0
    assert stats.skipped > 0
    assert stats.frames >= stats.delivered + stats.dropped + stats.skipped
    assert stats.age_s is not None


def test_a_frame_is_whole_until_the_next_is_asked_for(read: Read) -> None:
    """The consumer's picture is not written over while it is looked at, however many come meanwhile."""
    reader = read(lambda: SyntheticSource(width=320, height=240, fps=500.0, paced=True))
    for _ in range(10):
        frame = frames(watch(reader, lambda items: bool(frames(items))))[0]
        expected = frame.image.copy()
        seen = reader.stats().frames
        while reader.stats().frames < seen + 20:
            threading.Event().wait(0.005)
        assert np.array_equal(frame.image, expected)


def test_memory_is_reused(read: Read) -> None:
    """A hundred frames live in at most four arrays."""
    reader = read(lambda: SyntheticSource(width=64, height=48, fps=300.0, paced=True))
    arrays = {id(frame.image): frame.image for frame in frames(watch(reader, lambda items: len(frames(items)) >= 100))}
    assert len(arrays) <= 4


# -- outages -------------------------------------------------------------------------------------------------------


def test_the_first_gap_is_connecting(read: Read) -> None:
    """From the start to the first frame the time is accounted for."""

    def script(viewer: Viewer) -> None:
        viewer.pause(0.7)
        viewer.begin()
        play(viewer)

    with HttpCamera(script) as server:
        items = watch(read(camera(server.url)), lambda items: bool(frames(items)))
    assert {gap.cause for gap in gaps(items)} == {GapCause.CONNECTING}
    assert in_order(items)
    assert gaps(items)[-1].end_s == frames(items)[0].t_s


def test_an_outage_is_told_while_it_lasts(read: Read) -> None:
    """A camera that is away gives a piece of gap at each time-out, joined without holes, and the cause changes."""
    reader = read(camera("http://127.0.0.1:9/x"))
    items = watch(reader, lambda items: len(gaps(items)) >= 6)
    told = gaps(items)
    assert told[-1].cause is GapCause.DISCONNECTED
    assert all(a.end_s == b.start_s for a, b in pairwise(told))
    assert reader.stats().blind is GapCause.DISCONNECTED
    assert "cannot be reached" in reader.stats().reason


def test_a_stalled_camera_is_a_stall_and_is_reopened(read: Read) -> None:
    """Silence in the middle of the stream becomes STALLED; the second connection sees again."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        if viewer.number == 0:
            play(viewer, count=10)
            viewer.stay_silent()
        play(viewer)

    with HttpCamera(script) as server:
        reader = read(camera(server.url))
        items = watch(reader, sees_again(GapCause.STALLED))
        assert reader.stats().opened == 2
    assert in_order(items)
    assert {gap.cause for gap in gaps(items)} <= {GapCause.CONNECTING, GapCause.STALLED}


def test_a_camera_that_hangs_up_is_disconnected_until_it_is_back(read: Read) -> None:
    """A closed stream and refused attempts are DISCONNECTED, from the last frame to the next."""

    def script(viewer: Viewer) -> None:
        if viewer.number in (1, 2, 3, 4):
            viewer.pause(0.2)
            return  # not even an answer
        viewer.begin()
        play(viewer, count=None if viewer.number else 10)

    with HttpCamera(script) as server:
        items = watch(read(camera(server.url)), sees_again(GapCause.DISCONNECTED))
    assert in_order(items)
    blind = [gap for gap in gaps(items) if gap.cause is GapCause.DISCONNECTED]
    before = [frame for frame in frames(items) if frame.t_s <= blind[0].start_s]
    after = [frame for frame in frames(items) if frame.t_s >= blind[-1].end_s]
    assert before[-1].t_s <= blind[0].start_s
    assert after[0].t_s == blind[-1].end_s
    assert after[0].index > before[-1].index


def test_some_truncated_pictures_are_no_gap_but_nothing_else_is(read: Read) -> None:
    """Every third picture damaged leaves sight; only damaged ones are CORRUPT, and end in a new connection."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        for k in range(60):
            data = jpeg(scene(k))
            viewer.send(data[: len(data) // 2] if k % 3 == 2 else data)
            viewer.pause(0.02)
        while viewer.number == 0 and viewer.pause(0.02):
            viewer.send(jpeg(scene(0))[:1000])
        play(viewer)

    with HttpCamera(script) as server:
        reader = read(camera(server.url))
        items = watch(reader, sees_again(GapCause.CORRUPT))
        assert reader.stats().corrupt > 20
        assert reader.stats().opened == 2
    assert in_order(items)
    first = next(k for k, item in enumerate(items) if isinstance(item, Gap) and item.cause is GapCause.CORRUPT)
    assert len(frames(items[:first])) >= 20


def test_a_frozen_camera_is_a_gap_since_it_froze(read: Read) -> None:
    """The same picture again and again is believed for the time allowed; the gap then begins where it froze."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        play(viewer, count=20)
        while viewer.pause(0.04) and not thaw.is_set():
            viewer.send(jpeg(scene(20)))
        play(viewer, first=21)

    thaw = threading.Event()
    with HttpCamera(script) as server:
        reader = read(
            camera(server.url), limits=Limits(open_timeout_s=2, read_timeout_s=2, frozen_after_s=1.0, max_fps=60)
        )
        items = watch(reader, lambda items: len([gap for gap in gaps(items) if gap.cause is GapCause.FROZEN]) >= 3)
        assert reader.stats().blind is GapCause.FROZEN
        thaw.set()
        items += watch(reader, lambda items: len(frames(items)) >= 5)
    frozen = [gap for gap in gaps(items) if gap.cause is GapCause.FROZEN]
    believed = [frame for frame in frames(items) if frozen[0].start_s < frame.t_s < frozen[-1].end_s]
    assert believed
    assert believed[-1].t_s - frozen[0].start_s <= 1.5  # it is looked for four times a second
    assert all(a.end_s == b.start_s for a, b in pairwise(frozen))


def test_a_covered_lens_is_a_gap(read: Read) -> None:
    """Black pictures for more than five seconds are COVERED, since the first of them."""

    class Covered(SyntheticSource):
        def retrieve(self, into: Image | None = None) -> Image | None:
            image = super().retrieve(into)
            if image is not None and self.t_s > 0.5:
                image //= 64
            return image

    reader = read(lambda: Covered(width=64, height=48, fps=30.0, paced=True))
    items = watch(reader, lambda items: any(gap.cause is GapCause.COVERED for gap in gaps(items)))
    covered = next(gap for gap in gaps(items) if gap.cause is GapCause.COVERED)
    assert covered.end_s - covered.start_s >= 5.0
    assert reader.stats().blind is GapCause.COVERED


def test_rtsp_survives_its_server(shared: Path, read: Read) -> None:
    """A real server is killed and started again on the same port: DISCONNECTED, and then frames again."""
    with RtspServer(shared / "clips" / "one-by-one.mp4", "--speed", "3") as server:
        reader = read(camera(server.url, open_timeout_s=10, read_timeout_s=5), limits=Limits(retry_s=(0.05, 0.3)))
        items = watch(reader, lambda items: len(frames(items)) >= 5)
        server.kill()
        items += watch(reader, lambda items: any(gap.cause is GapCause.DISCONNECTED for gap in gaps(items)))
        server.start()
        items += watch(reader, lambda items: len(frames(items)) >= 5)
    assert in_order(items)
    assert all(frame.image.shape == (432, 768, 3) for frame in frames(items))


def test_a_child_that_dies_is_started_again(read: Read, tmp_path: Path) -> None:
    """The reason of the first death is told, and the second child delivers."""
    script = f"""
import os, sys, time
again = os.path.exists({str(tmp_path / "again")!r})
open({str(tmp_path / "again")!r}, "w").close()
for k in range(1000000 if again else 5):
    sys.stdout.buffer.write(os.urandom(64 * 48 * 3)); sys.stdout.flush(); time.sleep(0.02)
time.sleep(0.5)
sys.exit("camera unplugged")
"""
    (tmp_path / "child.py").write_text(script)
    make = camera(f"exec:{sys.executable} {tmp_path / 'child.py'}", width=64, height=48, open_timeout_s=20)
    reader = read(make, limits=Limits(open_timeout_s=20, retry_s=(0.01, 0.05)))
    items = watch(reader, lambda items: len(frames(items)) >= 20)
    assert reader.stats().opened == 2
    assert in_order(items)


def test_a_frame_is_never_older_than_the_gap_told_before_it(read: Read) -> None:
    """Blind time is told up to now; a picture that was grabbed just before and decoded after comes no earlier."""
    decoding, go_on, taken = threading.Event(), threading.Event(), threading.Event()

    class Slow(SyntheticSource):
        def retrieve(self, into: Image | None = None) -> Image | None:
            decoding.set()
            (go_on if self.t_s == 0.0 else taken).wait(5)
            return super().retrieve(into)

    reader = read(lambda: Slow(width=64, height=48, fps=30.0, paced=True), limits=Limits(max_fps=120.0))
    assert decoding.wait(5)
    items = watch(reader, lambda items: len(gaps(items)) >= 2)
    go_on.set()
    items += watch(reader, lambda items: bool(frames(items)))
    taken.set()
    items += watch(reader, lambda items: len(frames(items)) >= 2)
    assert in_order(items)
    assert frames(items)[0].index == 0
