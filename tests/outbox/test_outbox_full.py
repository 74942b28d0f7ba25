import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.chain import assert_chained, contents, draft

from edge_agent.clock import ManualClock
from edge_agent.outbox import Outbox, OutboxFull, database

CLOCK = ManualClock()
MB = 2**20


def test_over_its_quota_the_oldest_leave_and_are_counted(tmp_path: Path) -> None:
    """Counting goes on at the quota: the newest rows are kept, without a hole, and none is missing in the sum."""
    with Outbox(tmp_path / "o.sqlite", max_mb=1, clock=CLOCK) as outbox:
        for n in range(1, 1001):
            outbox.append([draft(n, padding=900)], checkpoint=("door", b"x" * 500))
        stats, rows = outbox.stats(), outbox.pending(0, 9999)
    assert contents(rows) == list(range(1001 - stats.rows, 1001))
    assert stats.dropped_rows == stats.unreported_rows == 1000 - stats.rows > 0
    assert stats.rows * 1000 > 0.5 * MB
    assert stats.size_bytes <= MB + 64 * database.PAGE_BYTES, "quota, and one transaction more in the log"
    assert_chained(rows, first_prev=None)


def test_what_a_broker_has_leaves_first(tmp_path: Path) -> None:
    """Of two old rows the one goes that may already be safe elsewhere."""
    with Outbox(tmp_path / "o.sqlite", max_mb=1, clock=CLOCK) as outbox:
        outbox.append([draft(n, padding=900) for n in range(400)])
        outbox.acked(range(101, 301))
        while outbox.stats().dropped_rows == 0:
            outbox.append([draft("more", padding=900)])
        dropped = outbox.stats().dropped_rows
        outbox.forget_acks(0)
        assert [row.seq for row in outbox.pending(0, 400)][:101] == [*range(1, 101), 101 + dropped]


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(0, 300_000), min_size=5, max_size=25))
def test_rows_of_any_size_find_room(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    """Whatever the sizes, as long as one bucket fits into the quota it is stored, and the sums hold."""
    with Outbox(tmp_path_factory.mktemp("q") / "o.sqlite", max_mb=1, clock=CLOCK) as outbox:
        for n, size in enumerate(sizes):
            outbox.append([draft(n, padding=size)])
        stats = outbox.stats()
        assert stats.rows + stats.dropped_rows == len(sizes)
        assert contents(outbox.pending(0, 99)) == list(range(stats.dropped_rows, len(sizes)))


def test_a_bucket_larger_than_the_quota_costs_nobody_else(tmp_path: Path) -> None:
    """What can never fit is refused, and the rows that stood there stay."""
    with Outbox(tmp_path / "o.sqlite", max_mb=1, clock=CLOCK) as outbox:
        outbox.append([draft("small")])
        with pytest.raises(OutboxFull, match="full"):
            outbox.append([draft("huge", padding=2 * MB)])
        assert contents(outbox.pending(0, 9)) == ["small"]
        assert outbox.stats().dropped_rows == 0


def test_a_lowered_quota_is_kept(tmp_path: Path) -> None:
    """After the setting was lowered the file shrinks to it, oldest rows first."""
    path = tmp_path / "o.sqlite"
    with Outbox(path, max_mb=8, clock=CLOCK) as outbox:
        outbox.append([draft(n, padding=900) for n in range(4000)])
    assert path.stat().st_size > 3 * MB
    with Outbox(path, max_mb=1, clock=CLOCK) as outbox:
        outbox.append([draft(4000)])
        rows = outbox.stats().rows
        assert contents(outbox.pending(0, 9999)) == list(range(4001 - rows, 4001))
    assert path.stat().st_size <= MB


def test_space_is_given_back_after_an_outage(tmp_path: Path) -> None:
    """A long backlog does not leave a large file behind once the fleet has it."""
    path = tmp_path / "o.sqlite"
    with Outbox(path, max_mb=16, clock=CLOCK) as outbox:
        outbox.append([draft(n, padding=900) for n in range(4000)])
        outbox.watermark(outbox.stats().epoch, 3999)
        assert contents(outbox.pending(0, 9)) == [3999]
    assert path.stat().st_size < 1.5 * MB


DISK_FAILS = """
import resource, sys
from pathlib import Path
from support.chain import assert_chained, contents, draft
from edge_agent.clock import SystemClock
from edge_agent.outbox import Outbox, OutboxFull

path = Path(sys.argv[1])
outbox = Outbox(path, max_mb=8, clock=SystemClock())
outbox.append([draft(0)])
n, refused = 1, 0
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
while refused < 5:
    try:
        outbox.append([draft(n, padding=3000)], checkpoint=("door", str(n).encode()))
        n += 1
    except OutboxFull as error:
        assert "free space or check the disk" in str(error) and "\\n" not in str(error), error
        refused += 1
        assert contents(outbox.pending(0, 9999)) == list(range(n)), "reading still works"
        assert outbox.stats().dropped_rows == 0, "dropping rows does not help a full disk"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
outbox.append([draft(n, padding=3000)], checkpoint=("door", str(n).encode()))
assert contents(outbox.pending(0, 9999)) == list(range(n + 1))
assert n > 100
print("stored", n + 1)
"""


def test_a_disk_that_refuses_writes_loses_nothing(tmp_path: Path) -> None:
    """While no file may grow, append says so and stores nothing twice; afterwards the kept drafts go in."""
    path = tmp_path / "o.sqlite"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-c", DISK_FAILS, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    stored = int(done.stdout.split()[1])
    with Outbox(path, max_mb=8, clock=CLOCK) as outbox:  # the process ended without closing
        assert contents(outbox.pending(0, 9999)) == list(range(stored))
        assert_chained(outbox.pending(0, 9999))


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An outbox that cannot be opened at the start does not stop the agent; it opens once the disk is there."""
    blocked = tmp_path / "state"
    blocked.write_text("a file where the folder should be")
    with Outbox(blocked / "o.sqlite", max_mb=1, clock=CLOCK) as outbox:
        assert "check the folder" in caplog.text
        assert not outbox.stats().available
        with pytest.raises(OutboxFull):
            outbox.append([draft("a")])
        blocked.unlink()
        assert outbox.append([draft("a")]) == 1
        assert outbox.stats().available
