"""The book of one camera: every second and every event is entered once, into the window where it belongs.

A cursor stands at the instant, on the monotonic clock, up to which every second has been accounted for: observed, or a
gap with a cause. Nothing else moves time, so `expected = observed + gaps` holds by construction. The wall clock is read
where a window begins, and watched for steps.
"""

from dataclasses import dataclass

from edge_agent.anonymise.drafts import Draft, Face, Plan, Span, bucket_draft, hour_draft
from edge_agent.anonymise.release import Releases, Window
from edge_agent.anonymise.saved import Day, OpenWindow, Saved
from edge_agent.anonymise.tally import LineTally, Tally
from edge_agent.message import DayBalance, Demographics
from edge_agent.records import Crossing, Events, Gap, Occupancy, Stay, Visitor
from edge_agent.terms import ClockState, Direction, GapCause, LineRole

STEP_S = 2.0  # a smaller difference between wall and monotonic clock is slew
_HOUR_S = 3600
_BRIDGE_S = 3600.0  # after a longer step forwards the clock was wrong before: no time is missing
_FILL_S = 7 * 24 * 3600.0  # a longer absence is not filled with blind windows
_WORSE = (ClockState.SYNCED, ClockState.RECOVERED, ClockState.UNSYNCED, ClockState.STEPPED)


@dataclass(frozen=True, slots=True)
class Seen:
    """Frames without events, none further apart than the plan allows, from `first_s` to `t_s`."""

    first_s: float
    t_s: float
    frames: int


@dataclass(frozen=True, slots=True)
class Settled:
    """Events that no frame brought: stays that end because sight was lost."""

    events: Events


Fact = Seen | Events | Settled | Gap
_Event = Crossing | Stay | Occupancy | Visitor


class Book:
    """Buckets, hours and the running day of one camera, on a wall clock that is known."""

    def __init__(self, plan: Plan, state: ClockState) -> None:
        self.state = state
        """How far the wall clock can be trusted; a window remembers the worst that it saw."""
        self.occupancy: dict[str, int] = {}
        self.day = Day(date="")
        self.releases = Releases()
        self.drafts: list[Draft] = []
        self.cursor_s = 0.0
        self.offset_s = 0.0
        self.next_offset_s = 0.0
        """Where slew has taken the wall clock; it counts from the next window on."""
        self.open = False
        self._leftover: Tally | None = None
        self._plan = plan
        self._face = plan.face
        self._bucket = OpenWindow(start_s=0, end_s=0, clock=state, tally=self._tally())
        self._hour = self._bucket

    @property
    def now_s(self) -> float:
        """The cursor on the wall clock."""
        return self.cursor_s + self.offset_s

    # -- beginning ---------------------------------------------------------------------------------------------

    def begin(self, t_s: float, offset_s: float) -> None:
        """Open the windows that hold a monotonic instant; their past is a gap, because the agent was off."""
        self.cursor_s = t_s
        self.offset_s = self.next_offset_s = offset_s
        now_s = self.now_s
        self._open_hour(now_s - now_s % _HOUR_S)
        self._open_bucket(now_s - now_s % self._plan.bucket_s)
        self._hour.tally.miss(self._bucket.start_s - self._hour.start_s, GapCause.OFF)
        self._bucket.tally.miss(now_s - self._bucket.start_s, GapCause.OFF)

    def resume(self, saved: Saved, t_s: float, offset_s: float) -> None:
        """Go on where an earlier process stopped; what lies between is a gap.

        Windows that were counted with other lines or another model are closed under their own hashes first. If the
        wall clock now stands before the checkpoint, or more than a week after it, new windows are opened.
        """
        now_s = t_s + offset_s
        if saved.day is not None:
            self.day = saved.day
        self.releases = saved.releases if self._plan.reading else Releases(accountant=saved.releases.accountant)
        if saved.bucket is None or saved.hour is None or saved.face is None:
            self.begin(t_s, offset_s)
            return
        self._bucket, self._hour, self._face, self.open = saved.bucket, saved.hour, saved.face, True
        self.cursor_s = saved.saved_s - offset_s
        self.offset_s = self.next_offset_s = offset_s
        backwards = now_s < saved.saved_s - STEP_S
        if backwards or now_s - saved.saved_s > _FILL_S:
            self._cut(ClockState.STEPPED if backwards else saved.bucket.clock)
            self._face = self._plan.face
            self.begin(t_s, offset_s)
            return
        if self._face != self._plan.face:
            self._cut(saved.bucket.clock)
            self._face = self._plan.face
            self._open_hour(saved.saved_s)
            self._open_bucket(saved.saved_s)
        self._bucket.clock = _worst(self._bucket.clock, self.state)
        self.account(t_s, GapCause.OFF)

    def add(self, tally: Tally) -> None:
        """Add counts whose time is not known to the open window and the day; their seconds are not claimed."""
        timeless = tally.model_copy(deep=True, update={"observed_s": 0.0, "gaps_s": {}})
        timeless.inside.integral_s = 0.0
        for zone in timeless.zones.values():
            zone.level.integral_s = 0.0
        self._bucket.tally.merge(timeless)
        self._bucket.clock = _worst(self._bucket.clock, ClockState.RECOVERED)
        for name in timeless.lines.keys() & self._bucket.tally.lines.keys():
            self.day.lines.setdefault(name, LineTally()).merge(timeless.lines[name])
        doors = [line for name, line in timeless.lines.items() if name in self._face.named(LineRole.DOOR)]
        self.day.inside = max(0, self.day.inside + sum(line.in_ - line.out for line in doors))

    # -- facts -------------------------------------------------------------------------------------------------

    def enter(self, fact: Fact) -> None:
        """Enter one fact; facts come in the order of the monotonic clock."""
        match fact:
            case Seen():
                self.account(fact.first_s, self._lateness(fact.first_s))
                self.account(fact.t_s, None)
                self._bucket.tally.frames += fact.frames
            case Gap():
                self.account(fact.start_s, self._lateness(fact.start_s))
                self.account(fact.end_s, fact.cause)
            case Events():
                cause = self._lateness(fact.t_s)
                for event in _in_order(fact):
                    self.account(min(_instant(event), fact.t_s), cause)
                    self._note(event)
                self.account(fact.t_s, cause)
                self._bucket.tally.frames += 1
            case Settled():
                for event in _in_order(fact.events):
                    self._note(event)

    def account(self, until_s: float, cause: GapCause | None) -> None:
        """Move the cursor; the seconds passed over were observed if there is no cause. Windows close on the way."""
        while self.cursor_s < until_s or self.now_s >= self._bucket.end_s:
            edge_s = self._bucket.end_s - self.offset_s
            upto_s = min(until_s, edge_s)
            seconds = max(0.0, upto_s - self.cursor_s)
            if cause is None:
                self._bucket.tally.observe(seconds, self.occupancy, self.day.inside)
            else:
                self._bucket.tally.miss(seconds, cause)
            self.cursor_s = max(self.cursor_s, upto_s)
            if upto_s == edge_s or self.now_s >= self._bucket.end_s:
                self._roll()

    def end(self) -> None:
        """Close everything at the cursor: the clip is over. The rest of the windows is a gap."""
        self._bucket.tally.miss(self._bucket.end_s - self.now_s, GapCause.ENDED)
        self._close_bucket(self._bucket.end_s)
        self._hour.tally.miss(self._hour.end_s - self._bucket.end_s, GapCause.ENDED)
        self._close_hour(self._hour.end_s)
        self.open = False

    # -- the wall clock jumps ------------------------------------------------------------------------------------

    def trust(self, state: ClockState) -> None:
        """Note how far the wall clock can be trusted from now on."""
        self.state = state
        self._bucket.clock = _worst(self._bucket.clock, state)

    def step(self, offset_s: float) -> None:
        """Close the windows where the wall clock jumped, and open new ones where it now stands.

        A jump forwards of up to an hour is a gap; after a longer one, and after one backwards, windows simply begin
        anew: that time never was, or comes a second time.
        """
        before_s = self.now_s
        self._cut(ClockState.STEPPED)
        jump_s = offset_s - self.offset_s
        t_s = self.cursor_s
        self.offset_s = self.next_offset_s = offset_s
        if 0 < jump_s <= _BRIDGE_S:
            self.cursor_s = before_s - offset_s
            self._open_hour(before_s)
            self._open_bucket(before_s)
            self.account(t_s, GapCause.CLOCK)
        else:
            self._open_hour(self.now_s)
            self._open_bucket(self.now_s)

    # -- windows -----------------------------------------------------------------------------------------------

    def snapshot(self) -> Saved:
        """Return the open windows, to be saved."""
        return Saved(
            saved_s=self.now_s,
            bucket=self._bucket if self.open else None,
            hour=self._hour if self.open else None,
            day=self.day,
            face=self._face,
            releases=self.releases,
        )

    def _roll(self) -> None:
        end_s = self._bucket.end_s
        self._close_bucket(end_s)
        if end_s >= self._hour.end_s:
            self._close_hour(end_s)
            self._open_hour(end_s)
        self._open_bucket(end_s)

    def _cut(self, clock: ClockState) -> None:
        at_s = self.now_s
        self._bucket.clock = _worst(self._bucket.clock, clock)
        self._close_bucket(at_s)
        self._close_hour(at_s)

    def _open_bucket(self, start_s: float) -> None:
        self.offset_s = self.next_offset_s
        end_s = _edge_after(start_s, self._plan.bucket_s)
        self._bucket = OpenWindow(start_s=start_s, end_s=end_s, clock=self.state, tally=self._tally())
        if self._leftover is not None:
            self._bucket.tally.merge(self._leftover)
            self._leftover = None
        self.open = True
        self._turn_day(start_s)

    def _open_hour(self, start_s: float) -> None:
        end_s = _edge_after(start_s, _HOUR_S)
        self._hour = OpenWindow(start_s=start_s, end_s=end_s, clock=self.state, tally=self._tally())

    def _close_bucket(self, end_s: float) -> None:
        bucket = self._bucket
        if round(end_s) == round(bucket.start_s):
            # Cut within its first second: there is no such window on the wire, the next one takes over.
            self._leftover = bucket.tally
            return
        self._hour.tally.merge(bucket.tally)
        self._hour.clock = _worst(self._hour.clock, bucket.clock)
        span = Span(bucket.start_s, end_s, self._plan.bucket_s, bucket.clock, bucket.tally)
        self.drafts.append(bucket_draft(self._plan, self._face, span))

    def _close_hour(self, end_s: float) -> None:
        hour = self._hour
        span = Span(hour.start_s, end_s, _HOUR_S, hour.clock, hour.tally)
        if round(end_s) > round(hour.start_s):
            self.drafts.append(hour_draft(self._plan, self._face, span, self._balance(), self._demographics(span)))

    def _demographics(self, span: Span) -> tuple[Demographics | None, Demographics | None]:
        """Return what is told of the visitors of an hour, and of the day it began in where that ends with it.

        What was read before a kill switch was thrown stays untold.
        """
        reading, tally = self._plan.reading, span.tally.demographics
        if reading is None or tally is None:
            return None, None
        date = self._plan.calendar.local_day(span.start_s)
        ends_day = self._plan.calendar.local_day(span.end_s) != date
        return self.releases.seal(reading, tally, Window(int(span.start_s // _HOUR_S), date.isoformat(), ends_day))

    def _turn_day(self, at_s: float) -> None:
        today = self._plan.calendar.local_day(at_s).isoformat()
        if self.day.date != today:
            self.day = Day(date=today)

    def _balance(self) -> DayBalance | None:
        doors = self._face.named(LineRole.DOOR)
        if not doors:
            return None
        came = sum(line.in_ for name, line in self.day.lines.items() if name in doors)
        left = sum(line.out for name, line in self.day.lines.items() if name in doors)
        return DayBalance(date=self.day.date, in_=came, out=left, imbalance=came - left)

    # -- events ------------------------------------------------------------------------------------------------

    def _note(self, event: _Event) -> None:
        match event:
            case Occupancy():
                self.occupancy[event.zone] = event.count
            case Stay():
                self._bucket.tally.stay(event.zone, event.left_s - event.entered_s)
            case Visitor():
                self._bucket.tally.visit(event)
            case Crossing():
                self._bucket.tally.lines[event.line].add(event.direction)
                self.day.lines.setdefault(event.line, LineTally()).add(event.direction)
                if event.line in self._face.named(LineRole.DOOR):
                    step = 1 if event.direction is Direction.IN else -1
                    self.day.inside = max(0, self.day.inside + step)

    def _lateness(self, t_s: float) -> GapCause | None:
        return GapCause.OVERLOAD if t_s - self.cursor_s > self._plan.max_frame_gap_s else None

    def _tally(self) -> Tally:
        return empty_tally(self._plan, self._face)


def empty_tally(plan: Plan, face: Face) -> Tally:
    """Return a tally with a zero for everything that is counted under a face."""
    return Tally.empty((name for name, _ in face.lines), face.zones, demographics=plan.reading is not None)


def _edge_after(start_s: float, length_s: int) -> float:
    """Return where a window ends; one that a clock step would leave under a second for takes the next as well."""
    end_s = start_s - start_s % length_s + length_s
    return end_s if end_s - start_s >= 1.0 else end_s + length_s


def _worst(a: ClockState, b: ClockState) -> ClockState:
    return max(a, b, key=_WORSE.index)


def _instant(event: _Event) -> float:
    return event.left_s if isinstance(event, Stay) else event.t_s


def _in_order(events: Events) -> list[_Event]:
    everything: list[_Event] = [*events.crossings, *events.stays, *events.occupancy, *events.visitors]
    return sorted(everything, key=_instant)
