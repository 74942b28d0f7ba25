"""The one gate: on this side tracks have ended, on the other side there are only windows.

Before the wall clock has been synchronised for the first time nobody can say which window a fact belongs to: facts
wait in memory, in monotonic time, and are stamped once it is (a Raspberry Pi boots in the past). After `hold_s` they
go out all the same, marked `unsynced`.
"""

from datetime import date

from edge_agent.anonymise.book import STEP_S, Book, Fact, Seen, Settled, empty_tally
from edge_agent.anonymise.drafts import Draft, Plan
from edge_agent.anonymise.saved import Saved
from edge_agent.anonymise.tally import Tally
from edge_agent.clock import Clock
from edge_agent.records import Events, Gap
from edge_agent.terms import ClockState, GapCause, LineRole

_MAX_HELD = 100_000  # facts; a busy door makes a few thousand in ten minutes


class Gate:
    """Takes what one camera saw, gives back windows.

    Call `begin` once, then `frame`, `settle`, `gap` and `tick` as things happen, and collect `drafts`. Belongs to the
    thread of its camera.
    """

    def __init__(self, plan: Plan, clock: Clock, saved: bytes | None = None) -> None:
        """Prepare, with the checkpoint of an earlier process if there is one.

        Raises:
            ValueError: the checkpoint cannot be read; start without it and report the loss.
        """
        self._plan = plan
        self._clock = clock
        self._saved = Saved.load(saved) if saved else Saved()
        self._book: Book | None = None
        self._preview = Book(plan, ClockState.UNSYNCED)  # what the live leaves show while facts wait
        self._held: list[Fact] = []
        self._since_s = self._last_s = 0.0
        self._blind: GapCause | None = GapCause.CONNECTING

    # -- facts, in the order of the monotonic clock --------------------------------------------------------------

    def begin(self, t_s: float) -> None:
        """Start accounting at a monotonic instant."""
        self._since_s = self._last_s = t_s
        self._preview.resume(self._saved.model_copy(deep=True), t_s, self._offset_s())
        self._anchor()

    def frame(self, events: Events) -> None:
        """A frame was looked at; most bring no event."""
        self._blind = None
        self._enter(events if _has_any(events) else Seen(events.t_s, events.t_s, 1))
        self._last_s = max(self._last_s, events.t_s)

    def settle(self, events: Events) -> None:
        """Take events that no frame brought: stays that end because sight was lost or the clip is over."""
        if _has_any(events):
            self._enter(Settled(events))

    def gap(self, gap: Gap) -> None:
        """A stretch without sight; pieces of an ongoing one may come one by one."""
        self._blind = gap.cause
        self._enter(gap)
        self._last_s = max(self._last_s, gap.end_s)

    def tick(self, t_s: float) -> None:
        """Nothing came until now; a silence longer than the plan allows is a gap."""
        if t_s - self._last_s > self._plan.max_frame_gap_s:
            self.gap(Gap(self._last_s, t_s, GapCause.STALLED))
        elif self._book is None:
            self._anchor()

    def end(self) -> None:
        """Close everything: the clip is over."""
        if self._book is None:
            self._release(ClockState.UNSYNCED)
        if self._book is not None:
            self._book.end()
        self._blind = GapCause.ENDED

    def leave(self) -> None:
        """The agent stops: dashboards must not keep the last value. What is open stays open, for the next process."""
        self._blind = GapCause.OFF

    # -- results -----------------------------------------------------------------------------------------------

    def drafts(self) -> list[Draft]:
        """Hand over the messages of the windows that closed since the last call."""
        if self._book is None:
            return []
        ready, self._book.drafts = self._book.drafts, []
        return ready

    def live(self) -> dict[str, int | None]:
        """Return the live leaves: plain integers, or None while the camera does not see."""
        camera, face = self._plan.camera, self._plan.face
        book = (self._book or self._preview) if self._blind is None else None
        values: dict[str, int | None] = {}
        for name, _ in face.lines:
            line = book.day.lines.get(name) if book else None
            values[f"live/{name}/in"] = (line.in_ if line else 0) if book else None
            values[f"live/{name}/out"] = (line.out if line else 0) if book else None
        if face.named(LineRole.DOOR):
            values[f"live/{camera}/inside"] = book.day.inside if book else None
        for zone in face.zones:
            values[f"live/{camera}/{zone}/occupancy"] = book.occupancy.get(zone, 0) if book else None
        return values

    @property
    def blind(self) -> GapCause | None:
        """Why the camera does not see at present; None while it does."""
        return self._blind

    @property
    def clock_state(self) -> ClockState:
        """How far the present stamps can be trusted."""
        return ClockState.UNSYNCED if self._book is None else self._book.state

    def spent_micro(self, day: date) -> int:
        """Return what noise has cost one visit of a local day so far, in millionths; any thread may ask."""
        return (self._book or self._preview).releases.accountant.spent(day.isoformat())

    def checkpoint(self) -> bytes:
        """Return what a new process needs to go on with the open windows: sums only. What closed is not in it.

        Take the `drafts` first and keep both together, or a closed window falls between the two.

        Of facts still held back only the sum is saved. Should the process die before the clock is synchronised, it is
        added to the first window after the restart, marked as recovered.
        """
        if self._book is not None:
            return self._book.snapshot().dump()
        held = _sum(self._held, self._plan)
        if self._saved.held is not None:
            held.merge(self._saved.held)
        return self._saved.model_copy(update={"held": held}).dump()

    # -- the wall clock ------------------------------------------------------------------------------------------

    def _enter(self, fact: Fact) -> None:
        if self._book is None:
            self._hold(fact)
            self._preview.enter(fact)
            self._preview.drafts.clear()
            self._anchor()
            return
        self._watch(self._book)
        self._book.enter(fact)

    def _hold(self, fact: Fact) -> None:
        """Keep a fact for later; frames without events melt into one."""
        last = self._held[-1] if self._held else None
        if isinstance(fact, Seen) and isinstance(last, Seen) and fact.first_s - last.t_s <= self._plan.max_frame_gap_s:
            self._held[-1] = Seen(last.first_s, fact.t_s, last.frames + fact.frames)
        else:
            self._held.append(fact)

    def _anchor(self) -> None:
        if self._clock.is_synced():
            self._release(ClockState.RECOVERED if self._held else ClockState.SYNCED)
        elif self._last_s - self._since_s >= self._plan.hold_s or len(self._held) >= _MAX_HELD:
            self._release(ClockState.UNSYNCED)

    def _release(self, state: ClockState) -> None:
        """Open the book at the instant where facts began, and enter all that waited."""
        book = Book(self._plan, state)
        book.resume(self._saved, self._since_s, self._offset_s())
        if self._saved.held is not None:
            book.add(self._saved.held)
        for fact in self._held:
            book.enter(fact)
        self._book, self._held, self._saved = book, [], Saved()
        if state is ClockState.RECOVERED:
            book.state = ClockState.SYNCED

    def _watch(self, book: Book) -> None:
        """Follow the wall clock: a jump cuts the windows; slew is taken over where the next window begins."""
        state = ClockState.SYNCED if self._clock.is_synced() else ClockState.UNSYNCED
        if state is not book.state:
            book.trust(state)  # before the step, which opens windows that are stamped by the clock as it is now
        offset_s = self._offset_s()
        if abs(offset_s - book.offset_s) > STEP_S:
            book.step(offset_s)
        book.next_offset_s = offset_s

    def _offset_s(self) -> float:
        return self._clock.utc() - self._clock.monotonic()


def _has_any(events: Events) -> bool:
    return bool(events.crossings or events.stays or events.occupancy or events.visitors)


def _sum(facts: list[Fact], plan: Plan) -> Tally:
    """Return what facts add up to, without any time."""
    tally = empty_tally(plan, plan.face)
    for fact in facts:
        if isinstance(fact, Gap):
            continue
        tally.frames += fact.frames if isinstance(fact, Seen) else int(isinstance(fact, Events))
        events = fact.events if isinstance(fact, Settled) else fact
        if isinstance(events, Events):
            for crossing in events.crossings:
                tally.lines[crossing.line].add(crossing.direction)
            for stay in events.stays:
                tally.stay(stay.zone, stay.left_s - stay.entered_s)
            for change in events.occupancy:
                tally.zones[change.zone].level.hold(change.count, 0.0)
            for visitor in events.visitors:
                tally.visit(visitor)
    return tally
