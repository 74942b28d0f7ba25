import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.chain import assert_chained, contents, draft

from edge_agent.clock import ManualClock
from edge_agent.outbox import Mark, Outbox, OutboxError, OutboxInUse, database

HOUR_S = 3600.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path, clock: ManualClock) -> Iterator[Outbox]:
    with Outbox(path, max_mb=4, clock=clock) as opened:
        yield opened


def test_messages_come_back_in_order_and_chained(outbox: Outbox) -> None:
    """What was appended is pending in the same order, numbered from 1, each with the hash of the one before."""
    outbox.append([draft("a"), draft("b", leaf="hours")])
    last = outbox.append([draft("c")])
    rows = outbox.pending(0, 10)
    assert last == 3
    assert [(row.seq, row.leaf) for row in rows] == [(1, "counts"), (2, "hours"), (3, "counts")]
    assert contents(rows) == ["a", "b", "c"]
    assert_chained(rows)
    assert [row.seq for row in outbox.pending(1, 1)] == [2]


def test_a_restart_changes_nothing(path: Path, clock: ManualClock) -> None:
    """Rows, chain, epoch, checkpoints and numbering survive the process."""
    with Outbox(path, max_mb=4, clock=clock) as first:
        first.append([draft("a")], checkpoint=("door", b"open"))
        before = first.stats()
        first.watermark(before.epoch, 1)
    with Outbox(path, max_mb=4, clock=clock) as second:
        assert second.stats().epoch == before.epoch
        assert second.checkpoints() == {"door": b"open"}
        second.append([draft("b")])
        row = second.pending(0, 10)[0]
        assert row.seq == 2
        assert json.loads(row.payload)["prev_hash"] != "0" * 64


def test_a_seal_that_raises_stores_nothing(outbox: Outbox) -> None:
    """A bucket is stored whole or not at all, its checkpoint included."""

    def broken(epoch: str, seq: int, prev_hash: str) -> bytes:
        raise ValueError("a bug in the caller")

    outbox.save_checkpoint("door", b"before")
    with pytest.raises(ValueError, match="a bug"):
        outbox.append([draft("a"), ("counts", broken)], checkpoint=("door", b"after"))
    assert outbox.pending(0, 10) == ()
    assert outbox.checkpoints() == {"door": b"before"}
    assert outbox.append([draft("b")]) == 1


def test_a_checkpoint_can_be_forgotten(outbox: Outbox) -> None:
    """None for the blob removes the key, for a camera that is no longer there."""
    outbox.save_checkpoint("door", b"x")
    outbox.append([draft("a")], checkpoint=("door", None))
    assert outbox.checkpoints() == {}


def test_an_acknowledged_row_is_no_longer_pending_but_stays(outbox: Outbox) -> None:
    """PUBACK is no proof of storage: the row waits for the watermark, and can be made pending again."""
    outbox.append([draft(n) for n in range(5)])
    outbox.acked([1, 2, 4, 99])
    assert [row.seq for row in outbox.pending(0, 10)] == [3, 5]
    assert (outbox.stats().rows, outbox.stats().unsent) == (5, 2)
    assert outbox.forget_acks(older_than_s=0) == 3
    assert [row.seq for row in outbox.pending(0, 10)] == [1, 2, 3, 4, 5]


def test_only_old_acknowledgements_are_forgotten(outbox: Outbox, clock: ManualClock) -> None:
    """A row that the broker took a moment ago is not sent again."""
    outbox.append([draft(n) for n in range(2)])
    outbox.acked([1])
    clock.advance(600)
    outbox.acked([2])
    clock.advance(300)
    assert outbox.forget_acks(older_than_s=900) == 1
    assert [row.seq for row in outbox.pending(0, 10)] == [1]


def test_the_watermark_deletes_up_to_its_number(outbox: Outbox) -> None:
    """What the fleet has stored leaves, sent or not; the rest stays, and a repeated watermark does nothing."""
    outbox.append([draft(n) for n in range(1, 6)])
    epoch = outbox.stats().epoch
    assert outbox.watermark(epoch, 3) is Mark.APPLIED
    assert contents(outbox.pending(0, 10)) == [4, 5]
    assert outbox.watermark(epoch, 3) is Mark.NOTHING_NEW
    assert (outbox.stats().oldest_seq, outbox.stats().dropped_rows) == (4, 0)


def test_a_watermark_of_another_epoch_is_ignored(outbox: Outbox) -> None:
    """A retained watermark from before the file was replaced must not delete the new file's rows."""
    outbox.append([draft("a")])
    assert outbox.watermark("0123456789abcdef", 1) is Mark.OTHER_EPOCH
    assert outbox.stats().rows == 1


def test_a_watermark_from_the_future_begins_an_epoch(outbox: Outbox) -> None:
    """The fleet knows numbers that this file never gave out: they must not be given to other messages."""
    outbox.append([draft("a"), draft("b")])
    epoch = outbox.stats().epoch
    assert outbox.watermark(epoch, 3) is Mark.AHEAD
    assert contents(outbox.pending(0, 10)) == ["a", "b"], "a wrong watermark must cost nothing"
    outbox.append([draft("c")])
    old, new = (json.loads(outbox.pending(0, 10)[at].payload) for at in (1, 2))
    assert old["epoch"] == epoch
    assert new["epoch"] == outbox.stats().epoch != epoch
    assert new["prev_hash"] == "0" * 64
    assert outbox.watermark(epoch, 3) is Mark.OTHER_EPOCH, "the same retained message comes again"


def test_a_number_is_never_given_out_twice(path: Path, clock: ManualClock) -> None:
    """Not even after everything was deleted and the file was opened again."""
    with Outbox(path, max_mb=4, clock=clock) as first:
        first.append([draft("a"), draft("b")])
        first.watermark(first.stats().epoch, 2)
    with Outbox(path, max_mb=4, clock=clock) as second:
        assert second.append([draft("c")]) == 3


def test_forty_eight_hours_are_counted_over_restarts(path: Path, clock: ManualClock) -> None:
    """Without a watermark a row leaves after 48 h of running time, however often the agent was restarted."""
    with Outbox(path, max_mb=4, clock=clock) as first:
        first.append([draft("acked"), draft("never acked")])
        first.acked([1])
        clock.advance(30 * HOUR_S)
        first.save_checkpoint("door", b"")
    after_boot = ManualClock(monotonic_s=5.0)  # a machine's monotonic clock begins anew with every boot
    with Outbox(path, max_mb=4, clock=after_boot) as second:
        after_boot.advance(17 * HOUR_S)
        assert second.trim_acked(48 * HOUR_S) == 0
        after_boot.advance(1 * HOUR_S)
        assert second.trim_acked(48 * HOUR_S) == 1
        assert contents(second.pending(0, 10)) == ["never acked"]


def test_a_jump_of_the_wall_clock_ages_nothing(outbox: Outbox, clock: ManualClock) -> None:
    """Ten years forward by NTP, and every row is still there."""
    outbox.append([draft("a")])
    outbox.acked([1])
    clock.step_utc(10 * 365 * 24 * HOUR_S)
    assert outbox.trim_acked(48 * HOUR_S) == 0


def test_sessions_grow_over_restarts(path: Path, clock: ManualClock) -> None:
    """Every connection gets a higher number than any before it."""
    with Outbox(path, max_mb=4, clock=clock) as first:
        assert [first.next_session(), first.next_session()] == [1, 2]
    with Outbox(path, max_mb=4, clock=clock) as second:
        assert second.next_session() == 3


def test_large_watermarks_work_in_pieces(outbox: Outbox) -> None:
    """A backlog longer than one piece is deleted in full, and the figures stay true."""
    outbox.append([draft(n) for n in range(1, 951)])
    outbox.acked(range(1, 700))
    assert outbox.forget_acks(older_than_s=0) == 699
    outbox.acked(range(1, 700))
    assert outbox.watermark(outbox.stats().epoch, 900) is Mark.APPLIED
    assert contents(outbox.pending(0, 100)) == list(range(901, 951))
    assert (outbox.stats().rows, outbox.stats().unsent) == (50, 50)


def test_threads_append_at_once(outbox: Outbox) -> None:
    """Several cameras closing buckets at the same time give one unbroken chain, and a reader sees whole buckets."""

    def close_buckets(camera: int) -> None:
        for _ in range(20):
            outbox.append([draft(camera), draft(camera)], checkpoint=(str(camera), b"x"))
            assert len(outbox.pending(0, 1000)) % 2 == 0

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(close_buckets, range(4)))
    rows = outbox.pending(0, 1000)
    assert [row.seq for row in rows] == list(range(1, 161))
    assert_chained(rows)
    assert all(a == b for a, b in zip(contents(rows)[::2], contents(rows)[1::2], strict=True))


def test_a_second_agent_is_kept_out(outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes on one file would send everything twice; the second is told what to do."""
    monkeypatch.setattr(database, "_BUSY_S", 0.05)
    with pytest.raises(OutboxInUse, match="stop the other edge-agent"):
        Outbox(path, max_mb=4, clock=ManualClock())
    outbox.append([draft("the first goes on")])


def test_nobody_else_may_read_the_file(outbox: Outbox, path: Path) -> None:
    """The folder and the files are for the agent's user only."""
    outbox.append([draft("a")])
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_a_closed_outbox_says_so(outbox: Outbox) -> None:
    """After close nothing is taken in silence, and the figures are marked as old."""
    outbox.append([draft("a")])
    outbox.close()
    outbox.close()
    with pytest.raises(OutboxError, match="closed"):
        outbox.append([draft("b")])
    assert (outbox.stats().available, outbox.stats().rows) == (False, 1)
