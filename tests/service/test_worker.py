"""One camera's thread, step by step: what it keeps when the disk is full, when it fails, when pictures are rare."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from support.chain import draft

from edge_agent.clock import ManualClock
from edge_agent.config import Config
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.session import Detector
from edge_agent.health import CameraFigures
from edge_agent.message import Counts
from edge_agent.outbox import Outbox
from edge_agent.outbox.queue import Stats
from edge_agent.pipeline import Tick, make_pipeline
from edge_agent.records import Crossing, Detections, Events, Frame, Gap, Image
from edge_agent.service.worker import Worker
from edge_agent.terms import Direction

T0 = datetime(2026, 6, 10, 10, 0, tzinfo=UTC).timestamp()
PICTURE = np.full((96, 128, 3), 90, np.uint8)

_DETECTING, _STORING = threading.Lock(), threading.Lock()  # one of each for all cameras, as in the service

Item = Frame | Gap | Tick
Play = Callable[[ManualClock], Iterator[Item]]


class Script:
    """A feed that plays what a test wrote, on the test's clock."""

    def __init__(self, clock: ManualClock, play: Play, *, ended: bool = False) -> None:
        self.clock = clock
        self.ended = ended
        self._play = play

    def items(self) -> Iterator[Item]:
        """See `Feed`."""
        return self._play(self.clock)

    def report(self, figures: CameraFigures) -> None:
        """See `Feed`."""

    def close(self) -> None:
        """See `Feed`."""


class Disk:
    """Refuses to be written while it is `full`."""

    full = False

    def at(self, point: str) -> None:
        """Fail as SQLite does, within the transaction."""
        if self.full and point == "outbox.before_commit":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error


@pytest.fixture(scope="module")
def detector(bundle: Path) -> Detector:
    """A real network."""
    return Detector(Bundle.load(bundle), precision="fp32", provider="cpu")


def config(**camera: object) -> Config:
    """One camera with a door, in buckets of a minute."""
    line = {"name": "door", "from": [0.5, 0.1], "to": [0.5, 0.9], "inside": [0.1, 0.5]}
    return Config.model_validate(
        {
            "site": {"tenant": "t", "site": "s", "device": "d", "time_zone": "Europe/Rome"},
            "broker": {"url": "mqtt://127.0.0.1:1"},
            "camera": [{"name": "c", "source": "synthetic:", "line": [line], **camera}],
            "windows": {"bucket_min": 1},
        }
    )


def worker(
    detector: Detector,
    clock: ManualClock,
    outbox: Outbox,
    *plays: Play,
    settings: Config | None = None,
    live: dict[str, bytes] | None = None,
) -> Worker:
    """A camera whose feed plays one script at each start of its thread."""
    scripts = iter(plays)
    settings = settings or config()

    def detect(image: Image) -> Detections:
        with _DETECTING:
            return detector.detect(image)

    return Worker(
        settings,
        settings.camera[0],
        detector=detector,
        detect=detect,
        clock=clock,
        outbox=outbox,
        storing=_STORING,
        feed=lambda: Script(clock, next(scripts)),
        publish_live=({} if live is None else live).__setitem__,
        wake=lambda: None,
        alive=lambda: None,
        done=lambda: None,
    )


def looks(clock: ManualClock, seconds: int, *, every_s: int = 1) -> Iterator[Item]:
    """Frames, with ticks in between if there is more than a second between them."""
    for second in range(1, seconds + 1):
        clock.advance(1.0)
        yield Tick(clock.monotonic()) if second % every_s else Frame(PICTURE, clock.monotonic(), second)


def buckets(outbox: Outbox) -> list[Counts]:
    """The buckets in the outbox."""
    return [Counts.model_validate_json(row.payload) for row in outbox.pending(0, 99) if row.leaf == "counts"]


def test_a_failure_while_the_disk_is_full_doubles_nothing(detector: Detector, tmp_path: Path) -> None:
    """Windows that wait for room on the disk are not counted again when the camera's thread is started again."""
    clock, disk = ManualClock(1000.0, T0), Disk()

    def breaks(clock: ManualClock) -> Iterator[Item]:
        yield from looks(clock, 30)
        disk.full = True
        yield from looks(clock, 100)
        raise RuntimeError("the camera's driver")

    def goes_on(clock: ManualClock) -> Iterator[Item]:
        disk.full = False
        yield from looks(clock, 60)

    with Outbox(tmp_path / "o.db", max_mb=1, clock=clock, at=disk.at) as outbox:
        camera = worker(detector, clock, outbox, breaks, goes_on)
        with pytest.raises(RuntimeError, match="driver"):
            camera.run()
        assert buckets(outbox) == []
        camera.run()
        found = buckets(outbox)
    assert [bucket.start for bucket in found] == [f"2026-06-10T10:0{minute}:00Z" for minute in range(3)]
    assert all(bucket.observed_s >= 50 for bucket in found)


def test_a_camera_that_failed_leaves_no_last_value(detector: Detector, tmp_path: Path) -> None:
    """Whether or not its thread can be started again: until then nobody looks, and the dashboards say so."""
    clock, live = ManualClock(1000.0, T0), dict[str, bytes]()

    def breaks(clock: ManualClock) -> Iterator[Item]:
        yield from looks(clock, 5)
        assert set(live.values()) == {b"0"}
        raise RuntimeError("the camera's driver")

    with Outbox(tmp_path / "o.db", max_mb=1, clock=clock) as outbox:
        with pytest.raises(RuntimeError, match="driver"):
            worker(detector, clock, outbox, breaks, live=live).run()
        assert set(live.values()) == {b"unknown"}


def test_live_values_follow_the_first_synchronisation(detector: Detector, tmp_path: Path) -> None:
    """A device that boots in the past shows the day's totals once it knows the day, without waiting for a visitor."""
    settings, before, live = config(), ManualClock(0.0, T0), dict[str, bytes]()
    _, gate = make_pipeline(settings, settings.camera[0], detector, before, detect=detector.detect)
    gate.begin(0.0)
    gate.frame(Events(0.0, crossings=(Crossing("door", Direction.IN, 0.0),)))

    def boots(clock: ManualClock) -> Iterator[Item]:
        yield from looks(clock, 5)
        assert live["live/door/in"] == b"0"
        clock.step_utc(T0 + 5.0)
        clock.synced = True
        yield from looks(clock, 12)
        assert live["live/door/in"] == b"1"

    clock = ManualClock(1000.0, 0.0, synced=False)
    with Outbox(tmp_path / "o.db", max_mb=1, clock=clock) as outbox:
        outbox.save_checkpoint("c", gate.checkpoint())
        worker(detector, clock, outbox, boots, live=live).run()
        assert live["live/door/in"] == b"unknown"


def test_rare_pictures_are_no_gap_where_they_were_asked_for(detector: Detector, tmp_path: Path) -> None:
    """A camera that is asked for one picture in four seconds is observed by them."""
    clock = ManualClock(1000.0, T0)
    with Outbox(tmp_path / "o.db", max_mb=1, clock=clock) as outbox:
        worker(detector, clock, outbox, lambda clock: looks(clock, 124, every_s=4), settings=config(max_fps=0.25)).run()
        assert [(bucket.observed_s, bucket.gaps) for bucket in buckets(outbox)] == [(60, ()), (60, ())]


def test_lost_messages_are_reported_once(detector: Detector, tmp_path: Path) -> None:
    """Two cameras whose buckets close at the same moment do not both speak of the same loss."""
    both = threading.Barrier(2)

    class Slow(Outbox):
        def stats(self) -> Stats:
            stats = super().stats()
            with suppress(threading.BrokenBarrierError):
                both.wait(1)
            return stats

    clocks = [ManualClock(1000.0, T0) for _ in range(2)]
    with Slow(tmp_path / "o.db", max_mb=1, clock=ManualClock()) as outbox:
        for n in range(400):
            outbox.append([draft(n, padding=3000)])
        assert Outbox.stats(outbox).unreported_rows > 0
        cameras = [worker(detector, clock, outbox, lambda clock: looks(clock, 65)) for clock in clocks]
        threads = [threading.Thread(target=camera.run) for camera in cameras]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rows = [row for row in outbox.pending(0, 9999) if b"lost_messages" in row.payload]
        end = Outbox.stats(outbox)
    assert len(rows) == 2
    reported = sum(Counts.model_validate_json(row.payload).lost_messages for row in rows)
    assert reported == end.dropped_rows - end.unreported_rows
