"""The same where faces are read: not even the crops that the network saw, or what it said of them, come out."""

import json
import re
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
from privacy.canaries import Canary, Looks, faces, search
from privacy.conftest import LEAK_FACES, LEAKS, WRITE_DOWN, Bait, Out, run


@dataclass(frozen=True)
class Run:
    """What came out of an agent that reads visitors, which faces it read, and all that must not come out."""

    out: Out
    looks: Looks
    canaries: list[Canary]


def _run(bait: Bait, folder: Path, *, ends_by: signal.Signals, more: str = "") -> Run:
    path = folder / "looks"
    out = run(bait, folder / "run", ends_by=ends_by, more=WRITE_DOWN + more, looks=path)
    looks = Looks.of(path)
    return Run(out, looks, [*bait.canaries, *faces(looks)])


@pytest.fixture(scope="module")
def stopped(bait_with_faces: Bait, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was stopped as systemd does."""
    return _run(bait_with_faces, tmp_path_factory.mktemp("stopped"), ends_by=signal.SIGTERM)


def test_faces_were_read(stopped: Run) -> None:
    """The two people of the clip are in the sealed hour as visitors, and their faces were there to be read."""
    assert stopped.looks.readable >= 4
    hours = [json.loads(data.split(b"\n", 1)[1]) for place, data in stopped.out.places.items() if "/hours" in place]
    assert any(hour["demographics"]["visitors"] == 2 for hour in hours if hour.get("demographics"))


def test_nothing_of_a_face_comes_out_of_a_run(stopped: Run) -> None:
    """No pixel, secret, name, track id, crop or single reading is in a message, the database, a log or a file."""
    assert stopped.out.status == 0
    kinds = {place.partition(":")[0] for place in stopped.out.places}
    assert {"message", "log", "outbox while it runs", "outbox at the end"} == kinds
    assert search(stopped.out.places, stopped.canaries) == []


def test_only_the_outbox_is_written_where_faces_are_read(stopped: Run) -> None:
    """No file is open for writing but the outbox, the log, the switch history, and the test's own list."""
    allowed = re.compile(
        r".*/state/(outbox\.db(-wal|-shm|-journal)?|demographics-switches\.jsonl)|.*/log|.*/looks|/dev/null"
        r"|(socket|pipe|anon_inode):.*"
    )
    assert [path for path in stopped.out.written if not allowed.fullmatch(path)] == []
    assert any(path.endswith("outbox.db") for path in stopped.out.written), "the watch saw nothing"


def test_nothing_of_a_face_comes_out_of_a_crash(bait_with_faces: Bait, tmp_path: Path) -> None:
    """Nor is anything in what a crash leaves behind, and there is no core."""
    crashed = _run(bait_with_faces, tmp_path, ends_by=signal.SIGABRT)
    assert crashed.out.status == -signal.SIGABRT
    assert crashed.looks.readable
    assert crashed.out.cores == []
    assert search(crashed.out.places, crashed.canaries) == []


def test_an_agent_that_leaks_faces_is_found_out(bait_with_faces: Bait, tmp_path: Path) -> None:
    """The search can fail: crops in files, readings and track ids in the log, and rows of frames are all found."""
    leaking = _run(bait_with_faces, tmp_path, ends_by=signal.SIGTERM, more=LEAKS + LEAK_FACES)
    found = search(leaking.out.places, leaking.canaries)
    assert "what was read of a face in log:" in found
    assert "track id in log:" in found
    assert any(line.startswith("a face in temporary file") for line in found)
