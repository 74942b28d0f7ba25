"""The live reader where calls really hang, where it is told to stop, and where its thread breaks."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.http_camera import HttpCamera, Viewer, jpeg, scene

from edge_agent.camera import Limits, Reader, ReaderExhausted, Source, SourceError, SyntheticSource
from edge_agent.camera.session import Session
from edge_agent.camera.stream import StreamSource
from edge_agent.clock import SystemClock
from edge_agent.records import Frame
from edge_agent.terms import GapCause

from .conftest import QUICK, Read, camera, frames, gaps, in_order, watch

# -- calls that hang -----------------------------------------------------------------------------------------------


@pytest.fixture
def fifo(tmp_path: Path, readers: list[Reader], threads: list[threading.Thread]) -> Iterator[Path]:
    """A named pipe that nobody writes: FFmpeg's open of it blocks in the kernel, where no time-out reaches it."""
    path = tmp_path / "hangs"
    os.mkfifo(path)
    ended = threading.Event()

    def free() -> None:
        """Open and close it for writing until every reader is gone."""
        while not ended.is_set():
            with suppress(OSError):
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            time.sleep(0.01)

    yield path
    freeing = threading.Thread(target=free)
    freeing.start()
    for reader in readers:
        reader.stop()
    for thread in threads:
        thread.join(10)
    ended.set()
    freeing.join()
    assert not any(thread.is_alive() for thread in threads)


def hanging(path: Path) -> Source:
    """Return a source whose open hangs in the library."""
    return StreamSource(str(path), open_timeout_s=0.3, read_timeout_s=0.3)


def test_an_open_that_hangs_is_left_behind_and_replaced(read: Read, fifo: Path) -> None:
    """The hung thread is counted, a new one begins in its place, and its frames arrive."""
    made: list[Source] = []

    def make() -> Source:
        made.append(hanging(fifo) if not made else SyntheticSource(width=64, height=48, paced=True, fps=50))
        return made[-1]

    reader = read(make, limits=Limits(open_timeout_s=0.3, read_timeout_s=5, retry_s=(0.01, 0.05)))
    items = watch(reader, lambda items: len(frames(items)) >= 5)
    assert reader.stats().abandoned == 1
    assert gaps(items)[0].cause is GapCause.CONNECTING
    assert in_order(items)


def test_the_fourth_hanging_call_exhausts_the_reader(read: Read, fifo: Path, threads: list[threading.Thread]) -> None:
    """At most three threads are left behind; then only a new process helps, and the consumer is told."""
    reader = read(lambda: hanging(fifo), limits=Limits(open_timeout_s=0.2, read_timeout_s=0.2, retry_s=(0.01, 0.02)))
    with pytest.raises(ReaderExhausted, match="camera door: 4 calls"):
        watch(reader, lambda items: False)
    assert len(threads) == 4
    with pytest.raises(ReaderExhausted):
        reader.next(0.1)


def test_frames_of_an_abandoned_thread_are_ignored(read: Read) -> None:
    """A call that comes back after all finds nobody who wants its picture, and its thread ends."""
    release = threading.Event()
    made: list[Source] = []

    class Late(SyntheticSource):
        def grab(self) -> bool:
            release.wait()
            return super().grab()

    def make() -> Source:
        late = not made
        made.append(Late(width=32, height=32) if late else SyntheticSource(width=64, height=48, paced=True, fps=50))
        return made[-1]

    reader = read(make, limits=Limits(open_timeout_s=0.3, read_timeout_s=0.3, retry_s=(0.01, 0.02)))
    items = watch(reader, lambda items: len(frames(items)) >= 5)
    assert reader.stats().abandoned == 1
    release.set()
    items += watch(reader, lambda _: reader.stats().abandoned == 0)
    items += watch(reader, lambda items: len(frames(items)) >= 5)
    assert {frame.image.shape for frame in frames(items)} == {(48, 64, 3)}


# -- the end -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["http", "exec", "resting"])
def test_stopping_is_clean(kind: str, threads: list[threading.Thread], read: Read) -> None:
    """A source that waits for a picture, and a reader that waits before the next attempt, end when told to."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        viewer.send(jpeg(scene(0)))
        viewer.stay_silent()

    child = f"exec:{sys.executable} -c 'import os, time; os.write(1, bytes(100)); time.sleep(100)'"
    limits = Limits(open_timeout_s=50, read_timeout_s=50, retry_s=(1000.0, 1000.0))
    patient: dict[str, object] = {"open_timeout_s": 50, "read_timeout_s": 50}
    with HttpCamera(script) as server:
        url = {"http": server.url, "exec": child, "resting": "http://127.0.0.1:9/x"}[kind]
        reader = read(camera(url, width=64, height=48, **patient), limits=limits)
        if kind == "resting":
            watch(reader, lambda _: reader.stats().blind is GapCause.DISCONNECTED)
        else:
            watch(reader, lambda _: reader.stats().opened == 1)
        assert reader.stop(timeout_s=10.0)
        assert reader.next(100.0) is None
        for thread in threads:
            thread.join(5)
        assert not any(thread.is_alive() for thread in threads)


def test_stopping_does_not_wait_for_a_call_that_hangs(read: Read, fifo: Path) -> None:
    """A hung library call cannot be ended; stop says so and returns."""
    reader = read(lambda: hanging(fifo), limits=Limits(open_timeout_s=60))
    assert reader.next(0.2) is None
    assert not reader.stop(timeout_s=0.1)


def test_an_error_that_is_not_the_sources_reaches_the_consumer(read: Read) -> None:
    """A bug in the thread does not look like a camera that is away."""

    class Broken(SyntheticSource):
        def grab(self) -> bool:
            raise ZeroDivisionError

    reader = read(Broken)
    with pytest.raises(ZeroDivisionError):
        watch(reader, lambda _: False)


def test_back_off_doubles_with_full_jitter_up_to_a_minute() -> None:
    """Each wait is drawn between nothing and twice the bound of before, from 1 s up to 60 s."""
    asked: list[tuple[float, float]] = []
    rested: list[float] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return high / 2

    class Desk:
        def now(self) -> float:
            return 0.0

        def wants(self, session: Session) -> bool:
            return len(rested) < 10

        def rest(self, session: Session, seconds: float) -> None:
            rested.append(seconds)

        def offer(self, session: Session, frame: Frame) -> None:
            raise AssertionError

        def lose(self, session: Session, cause: GapCause, since_s: float | None, reason: str) -> None:
            assert cause is GapCause.DISCONNECTED

        def count(self, session: Session, *, skipped: int = 0, corrupt: int = 0, opened: int = 0) -> None:
            raise AssertionError

        def leave(self, session: Session, crash: BaseException | None) -> None:
            assert crash is None

    def away() -> Source:
        raise SourceError("not there")

    Session(Desk(), away, Limits(), attempt=0, first_index=0, uniform=uniform).run()
    assert asked == [(0.0, bound) for bound in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0)]
    assert rested == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_an_unstarted_reader_gives_nothing() -> None:
    """Nothing runs before start, and next is patient about it."""
    reader = Reader("door", SyntheticSource, clock=SystemClock(), spawn=lambda run, name: run(), limits=QUICK)
    assert reader.next(0.01) is None
    assert reader.stats().frames == 0
