"""The outbox against a model of it that fits on a page: whatever is done in whatever order, both say the same."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.chain import assert_chained, contents, draft

from edge_agent.clock import ManualClock
from edge_agent.outbox import Mark, Outbox

AGES = st.floats(0, 100)


class OutboxMachine(RuleBasedStateMachine):
    """`rows` maps seq to [content, age of the acknowledgement or None]."""

    @initialize()
    def begin(self) -> None:
        """Open a new file."""
        self.folder = tempfile.TemporaryDirectory(prefix="outbox-model-")
        self.path = Path(self.folder.name) / "outbox.sqlite"
        self.clock = ManualClock()
        self.outbox = Outbox(self.path, max_mb=8, clock=self.clock)
        self.epoch = self.outbox.stats().epoch
        self.epochs = {self.epoch}
        self.rows: dict[int, tuple[int, float | None]] = {}
        self.saved: dict[str, bytes] = {}
        self.last_seq = 0
        self.content = 0
        self.quarantined = 0
        self.dropped = 0

    def teardown(self) -> None:
        """Remove it."""
        if hasattr(self, "outbox"):
            self.outbox.close()
            self.folder.cleanup()

    @rule(count=st.integers(0, 4), key=st.sampled_from("ab"), blob=st.none() | st.binary(max_size=9))
    def append(self, count: int, key: str, blob: bytes | None) -> None:
        """Store messages and a checkpoint."""
        new = range(self.content + 1, self.content + count + 1)
        assert self.outbox.append([draft(n) for n in new], checkpoint=(key, blob)) == self.last_seq + count
        self.rows.update({self.last_seq + at: (n, None) for at, n in enumerate(new, start=1)})
        self.last_seq, self.content = self.last_seq + count, self.content + count
        self.saved.pop(key, None)
        if blob is not None:
            self.saved[key] = blob

    @rule(seqs=st.lists(st.integers(1, 30), max_size=5))
    def ack(self, seqs: list[int]) -> None:
        """A broker acknowledges."""
        self.outbox.acked(seqs)
        for seq in seqs:
            if seq in self.rows and self.rows[seq][1] is None:
                self.rows[seq] = (self.rows[seq][0], self.clock.monotonic())

    @rule(age_s=AGES)
    def forget(self, age_s: float) -> None:
        """Old acknowledgements are forgotten."""
        now = self.clock.monotonic()
        old = [seq for seq, (_, at) in self.rows.items() if at is not None and at <= now - age_s]
        assert self.outbox.forget_acks(age_s) == len(old)
        self.rows.update({seq: (self.rows[seq][0], None) for seq in old})

    @rule(age_s=AGES)
    def trim(self, age_s: float) -> None:
        """Old acknowledged rows leave."""
        bound = self.clock.monotonic() - age_s
        old = [seq for seq, (_, at) in self.rows.items() if at is not None and at <= bound]
        assert self.outbox.trim_acked(age_s) == len(old)
        for seq in old:
            del self.rows[seq]

    @rule(seq=st.integers(0, 30))
    def watermark(self, seq: int) -> None:
        """The fleet has stored rows, or claims to."""
        gone = [stored for stored in self.rows if stored <= seq]
        mark = self.outbox.watermark(self.epoch, seq)
        if seq > self.last_seq:
            assert mark is Mark.AHEAD
            self.new_epoch()
            return
        assert mark is (Mark.APPLIED if gone else Mark.NOTHING_NEW)
        for stored in gone:
            del self.rows[stored]

    @precondition(lambda self: len(self.epochs) > 1)
    @rule(seq=st.integers(0, 99))
    def old_watermark(self, seq: int) -> None:
        """A watermark of a former epoch does nothing."""
        for epoch in self.epochs - {self.epoch}:
            assert self.outbox.watermark(epoch, seq) is Mark.OTHER_EPOCH

    @rule(seconds=st.floats(0, 50))
    def wait(self, seconds: float) -> None:
        """Time passes. 64ths add up without rounding, so that the ages of both sides are equal exactly."""
        self.clock.advance(int(seconds * 64) / 64)

    @rule()
    def reopen(self) -> None:
        """The agent restarts."""
        self.outbox.close()
        self.outbox = Outbox(self.path, max_mb=8, clock=self.clock)

    @rule()
    def break_the_file_at_rest(self) -> None:
        """The card loses the file while the agent is off."""
        self.outbox.close()
        self.path.write_bytes(b"no database" * 999)
        self.outbox = Outbox(self.path, max_mb=8, clock=self.clock)
        self.rows, self.saved, self.last_seq, self.dropped = {}, {}, 0, 0
        self.quarantined += 1
        self.new_epoch()

    def new_epoch(self) -> None:
        """The epoch is one that was never there."""
        self.epoch = self.outbox.stats().epoch
        assert self.epoch not in self.epochs
        self.epochs.add(self.epoch)

    @invariant()
    def same(self) -> None:
        """Everything that can be asked is answered alike."""
        if not hasattr(self, "outbox"):
            return
        unsent = {seq: content for seq, (content, at) in self.rows.items() if at is None}
        rows = self.outbox.pending(0, 1000)
        assert [row.seq for row in rows] == sorted(unsent)
        assert contents(rows) == [unsent[seq] for seq in sorted(unsent)]
        assert_chained(rows[:1], first_prev=None)
        assert [row.seq for row in self.outbox.pending(7, 2)] == [seq for seq in sorted(unsent) if seq > 7][:2]
        assert self.outbox.checkpoints() == self.saved
        stats = self.outbox.stats()
        assert (stats.rows, stats.unsent, stats.last_seq) == (len(self.rows), len(unsent), self.last_seq)
        assert (stats.epoch, stats.quarantined, stats.dropped_rows) == (self.epoch, self.quarantined, self.dropped)
        assert stats.oldest_seq == min(self.rows, default=None)


TestOutboxModel = OutboxMachine.TestCase
TestOutboxModel.__doc__ = "Any sequence of calls leaves the outbox as the model says."
TestOutboxModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
