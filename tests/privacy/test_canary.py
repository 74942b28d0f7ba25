"""Unique pixels, secrets, names and track ids are put into the real agent: they are in nothing that comes out of it."""

import re
import resource
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from privacy.canaries import FIRST_TRACK_ID, search
from privacy.conftest import LEAKS, Bait, Out, as_the_agent_sees_it, run


@pytest.fixture(scope="module")
def stopped(bait: Bait, tmp_path_factory: pytest.TempPathFactory) -> Out:
    """A run that was stopped as systemd does."""
    return run(bait, tmp_path_factory.mktemp("stopped") / "run", ends_by=signal.SIGTERM)


@pytest.fixture(scope="module")
def crashed(bait: Bait, tmp_path_factory: pytest.TempPathFactory) -> Out:
    """A run that crashed where core files are switched on."""
    return run(bait, tmp_path_factory.mktemp("crashed") / "run", ends_by=signal.SIGABRT)


def test_the_bait_reaches_the_agent_as_it_is(bait: Bait) -> None:
    """The agent's own decoder gives the very pixels of the pattern, so that a leak of them would be found."""
    for sent, seen in zip(bait.frames, as_the_agent_sees_it(bait), strict=True):
        assert np.array_equal(sent, seen)


def test_nothing_comes_out_of_a_run(bait: Bait, stopped: Out) -> None:
    """No canary and no picture is in a message, the database, its log, the agent's log or a temporary file."""
    assert stopped.status == 0
    kinds = {place.partition(":")[0] for place in stopped.places}
    assert {"message", "log", "outbox while it runs", "outbox at the end"} <= kinds
    topics = "".join(place for place in stopped.places if place.startswith("message:"))
    for leaf in ("state", "health", "hours", "live/door/in", "live/entrance/shelf/occupancy"):
        assert f"/{leaf}" in topics
    hours = [data for place, data in stopped.places.items() if place.endswith("/hours")]
    assert any(re.search(rb'"(in|out|stays)":[1-9]', data) for data in hours), "nobody was counted: no tracks, no ids"
    assert search(stopped.places, bait.canaries) == []


def test_nothing_comes_out_of_a_crash(bait: Bait, crashed: Out) -> None:
    """Nor is one in what a crash leaves behind; the database's log of changes is still there, and there is no core."""
    assert crashed.status == -signal.SIGABRT
    assert any(place.endswith("outbox.db-wal") and data for place, data in crashed.places.items())
    assert crashed.cores == []
    assert search(crashed.places, bait.canaries) == []


def test_only_the_outbox_is_written(stopped: Out, crashed: Out) -> None:
    """No file was open for writing at any moment but those of the outbox, the log, pipes and sockets."""
    allowed = re.compile(r".*/state/outbox\.db(-wal|-shm|-journal)?|.*/log|/dev/null|(socket|pipe|anon_inode):.*")
    assert [path for path in stopped.written | crashed.written if not allowed.fullmatch(path)] == []
    assert any(path.endswith("outbox.db") for path in stopped.written), "the watch saw nothing"
    assert not any(place.startswith("temporary") for place in (*stopped.places, *crashed.places))


def test_this_machine_leaves_core_files_unless_told_not_to(tmp_path: Path) -> None:
    """The test of the crash can fail: a process that does not forbid it leaves a core file here."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if "/" in pattern or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip(f"core files do not go to the working folder here: {pattern}")
    code = "import os, resource as r; h = r.getrlimit(r.RLIMIT_CORE)[1]; r.setrlimit(r.RLIMIT_CORE, (h, h)); os.abort()"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("core")] != []


def test_an_agent_that_leaks_is_found_out(bait: Bait, tmp_path: Path) -> None:
    """The search can fail: an agent that logs its track ids and writes one row of each frame to a file is found."""
    out = run(bait, tmp_path / "run", ends_by=signal.SIGTERM, more=LEAKS)
    found = search(out.places, bait.canaries)
    assert "track id in log:" in found
    assert any(line.startswith("pixels in temporary file") for line in found)


def test_planted_canaries_are_found(bait: Bait, tmp_path: Path) -> None:
    """Each kind of canary, planted in each kind of place and in other forms, is found there; deleted rows as well."""
    frame = bait.frames[0]
    row = frame[101, 200:264]
    jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    database = tmp_path / "planted.db"
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA secure_delete = OFF")  # some builds overwrite what is deleted
    connection.execute("CREATE TABLE message (payload BLOB)")
    connection.execute("INSERT INTO message VALUES (?)", (row.tobytes(),))
    connection.execute("DELETE FROM message")
    connection.close()
    planted = {
        "pixels": [
            row.tobytes(),
            row[:, ::-1].tobytes(),
            row.T.tobytes(),
            str(row.ravel()[:20].tolist()).encode(),
            jpeg,
        ],
        "track id": [
            str(FIRST_TRACK_ID + 7).encode(),
            np.int64(FIRST_TRACK_ID + 7).tobytes(),
            b'{"id":%d}' % FIRST_TRACK_ID,
        ],
        "the camera's password": [b"rtsp://x:canary-password-c07a@host", "canary-password-c07a".encode("utf-16-le")],
        "the broker's password": [b"canary-broker-password-94be"],
        "a name from the environment": [b"Canaria%20Rossi"],
    }
    for name, forms in planted.items():
        for form in forms:
            found = search({"message:1": b"noise" * 9 + form + b"noise" * 9}, bait.canaries)
            assert f"{name} in message:1" in found, (name, form[:40])
    assert "a picture (JPEG) in log:" in search({"log:": b"x" + jpeg}, [])
    deleted = search({"outbox at the end: outbox.db": database.read_bytes()}, bait.canaries)
    assert "pixels in outbox at the end: outbox.db" in deleted
