"""What is told of visitors, hour by hour and once a day: restarts, kill switch, clocks and time zones."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from anonymise.plans import FACE, READING, T0, Camera, camera, clock_at, plan, visitors
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.anonymise import Gate
from edge_agent.anonymise.tally import DemographicTally
from edge_agent.clock import ManualClock
from edge_agent.message import Demographics, Hour
from edge_agent.records import Visitor
from edge_agent.terms import AgeBand, ClockState, GapCause, Sex

BUSY = ((40, 30, 20), (10, 20, 20, 10, 10, 10, 10))
QUIET = ((2, 1, 4), (0, 2, 1, 0, 0, 0, 4))


def leave(shop: Camera, tables: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Let people leave sight, now."""
    shop.gate.frame(visitors(shop.clock.monotonic(), *tables))


def told(hour: Hour) -> Demographics:
    """Return an hour's demographics, which must be there."""
    assert hour.demographics is not None
    return hour.demographics


def test_an_hour_says_who_came_in_two_tables() -> None:
    """Each visitor is in one cell of each table; the tables have the same number of visitors, and the shares follow."""
    shop = camera(clock_at(0), reading=READING)
    for _ in range(2):
        leave(shop, BUSY)
        shop.look(1800)
    table = told(shop.hours[0])
    assert (table.visitors, table.sex.female, table.sex.male, table.sex.unknown) == (180, 80, 60, 40)
    assert (table.age.under_20, table.age.from_30, table.age.unknown) == (20, 40, 20)
    assert table.sex.female_share is not None
    assert table.sex.mostly == "balanced"
    assert table.age.shares is not None
    assert (table.k, table.epsilon_milli, table.suppressed, table.model) == (5, None, 0, "3" * 16)


def test_off_means_off() -> None:
    """While demographics are switched off, visitors that arrive all the same are not counted, kept or told."""
    shop = camera(clock_at(0))
    leave(shop, BUSY)
    saved = json.loads(shop.gate.checkpoint())
    assert saved["bucket"]["tally"]["demographics"] is saved["releases"]["day"] is None
    shop.look(3600)
    assert shop.hours[0].demographics is None
    assert shop.hours[0].day_demographics is None


def test_the_kill_switch_takes_what_was_not_told_yet() -> None:
    """Switched off in mid-hour, the open hour is told without demographics, and the day's sums leave the device."""
    shop = camera(clock_at(0), reading=READING)
    leave(shop, BUSY)
    shop.look(5400)
    leave(shop, BUSY)
    off = camera(shop.clock, shop.gate.checkpoint(), face=replace(FACE, config="f" * 16))
    assert off.hours[0].demographics is None
    saved = json.loads(off.gate.checkpoint())
    assert saved["releases"]["day"] is None
    assert "female" not in json.dumps(saved)


def test_switched_on_in_mid_hour_it_counts_from_then() -> None:
    """The part of the hour before the switch says null, the part after it has its own tables."""
    shop = camera(clock_at(0))
    shop.look(1200)
    on = camera(shop.clock, shop.gate.checkpoint(), face=replace(FACE, config="f" * 16), reading=READING)
    leave(on, BUSY)
    on.look(2500)
    before, after = on.hours
    assert (before.end, before.demographics) == (after.start, None)
    assert told(after).visitors == 90


def test_a_restart_changes_nothing_that_is_told() -> None:
    """A day with restarts in it ends with the same tables as one without: what was told is in the checkpoint."""
    days = []
    for restarts in (False, True):
        shop = camera(clock_at(0), reading=READING)
        for number in range(12):
            leave(shop, QUIET if number % 3 else BUSY)
            shop.miss(1700, GapCause.STALLED)
            if restarts:
                windows = shop.windows
                shop = camera(shop.clock, shop.gate.checkpoint(), reading=READING)
                shop.windows = windows
            leave(shop, QUIET)
            shop.miss(1900, GapCause.STALLED)
        days.append([(hour.demographics, hour.day_demographics) for hour in shop.hours])
    assert days[0] == days[1]
    assert days[0][-1][1] is not None


def test_the_checkpoint_forgets_hidden_cells() -> None:
    """After an hour is told, what it hid is left as sums over the day only."""
    shop = camera(clock_at(0), reading=READING)
    for tables in (QUIET, ((1, 6, 0), (1, 1, 1, 1, 1, 1, 1))):
        leave(shop, tables)
        shop.miss(3600, GapCause.STALLED)
    day = json.loads(shop.gate.checkpoint())["releases"]["day"]
    assert day["sex"]["rows"] == [{"rung": 2, "hidden": 7}, {"rung": 2, "hidden": 7}]
    assert day["sex"]["hidden"] == [3, 7, 4]


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [("2026-03-28T23:00+00:00", 23), ("2026-10-24T22:00+00:00", 25), ("2026-06-09T22:00+00:00", 24)],
    ids=["spring", "autumn", "plain"],
)
def test_the_day_is_from_local_midnight_to_local_midnight(midnight: str, hours: int) -> None:
    """The day's table has the visitors of 23, 24 or 25 hours, and comes once, with the last of them."""
    clock = ManualClock(0.0, datetime.fromisoformat(midnight).timestamp())
    shop = Camera(clock, Gate(plan(reading=READING), clock))
    for _ in range(hours + 3):
        leave(shop, BUSY)
        shop.miss(3600, GapCause.STALLED)
    days = [number for number, hour in enumerate(shop.hours) if hour.day_demographics is not None]
    assert days == [hours - 1]
    day = shop.hours[hours - 1].day_demographics
    assert day is not None
    assert (day.visitors, day.sex.female) == (90 * hours, 40 * hours)


def test_where_midnight_falls_into_an_hour() -> None:
    """In Kolkata the day is told with the hour that midnight is in, and that hour belongs to the day it began in."""
    clock = ManualClock(0.0, datetime.fromisoformat("2026-06-10T16:00+00:00").timestamp())
    shop = camera(clock, reading=READING, zone="Asia/Kolkata")
    for _ in range(4):
        leave(shop, BUSY)
        shop.miss(3600, GapCause.STALLED)
    assert [hour.day_demographics.visitors if hour.day_demographics else None for hour in shop.hours] == [
        None,
        None,
        270,
        None,
    ]


def test_a_dark_night_still_ends_the_day() -> None:
    """A device that is off over midnight tells the day when it comes back, in the hour that it missed."""
    shop = camera(clock_at(9 * 3600), reading=READING)
    leave(shop, BUSY)
    shop.look(1800)
    again = camera(clock_at(14 * 3600), shop.gate.checkpoint(), reading=READING)
    assert [hour.day_demographics is not None for hour in again.hours] == [False, False, True, False, False]
    assert again.hours[2].day_demographics == told(again.hours[0])


def test_a_jump_over_midnight_leaves_the_day_untold() -> None:
    """A day whose end the clock skipped has no table, and its hours are in no other day's."""
    shop = camera(clock_at(0), reading=READING)
    leave(shop, BUSY)
    shop.look(1800)
    shop.clock.step_utc(13 * 3600)
    for _ in range(24):
        leave(shop, BUSY)
        shop.miss(3600, GapCause.STALLED)
    (day,) = [hour.day_demographics for hour in shop.hours if hour.day_demographics is not None]
    assert day.visitors == 90 * sum(
        hour.start >= "2026-06-10T22" and hour.end <= "2026-06-11T22:00:00Z" for hour in shop.hours
    )


def test_another_k_begins_another_day() -> None:
    """Hours that were told under other rules are not knotted with those after: the day is of the latter."""
    shop = camera(clock_at(9 * 3600), reading=READING)
    leave(shop, BUSY)
    shop.look(3600)
    strict = replace(READING, k=11)
    again = camera(shop.clock, shop.gate.checkpoint(), face=replace(FACE, config="e" * 16), reading=strict)
    for _ in range(2):
        leave(again, ((40, 30, 20), (12, 20, 20, 15, 12, 11, 0)))
        again.miss(3600, GapCause.STALLED)
    (day,) = [hour.day_demographics for hour in again.hours if hour.day_demographics is not None]
    assert (day.k, day.visitors) == (11, 180)


def test_visitors_wait_for_the_clock_with_everything_else() -> None:
    """Who came before the first synchronisation is counted once it is there, over a crash as well."""
    shop = camera(ManualClock(1000.0, 0.0, synced=False), reading=READING)
    leave(shop, BUSY)
    shop.look(50)
    once = camera(ManualClock(7.0, 0.0, synced=False), shop.gate.checkpoint(), reading=READING)
    leave(once, BUSY)
    twice = camera(clock_at(0), once.gate.checkpoint(), reading=READING)
    leave(twice, BUSY)
    twice.look(3600)
    (hour,) = twice.hours
    assert hour.clock is ClockState.RECOVERED
    assert told(hour).visitors == 270


OLD_CHECKPOINT = (Path(__file__).parent / "golden" / "checkpoint-before-demographics.json").read_bytes()


def test_a_checkpoint_of_a_former_agent_is_gone_on_with() -> None:
    """A device that is updated in mid-hour loses nothing that the old agent had counted."""
    shop = camera(clock_at(310), OLD_CHECKPOINT)
    shop.look(600)
    assert shop.counts[0].lines[0].in_ == 1
    on = camera(clock_at(310), OLD_CHECKPOINT, face=replace(FACE, config="f" * 16), reading=READING)
    on.look(3600)
    assert [hour.demographics is None for hour in on.hours] == [True, False]


people = st.lists(st.tuples(st.sampled_from(Sex), st.sampled_from(AgeBand)), max_size=30)


@settings(max_examples=50)
@given(people, people)
def test_sums_can_be_merged(first: list[tuple[Sex, AgeBand]], second: list[tuple[Sex, AgeBand]]) -> None:
    """Two stretches of time added up are the same as one counted through, and survive being written down."""
    whole, parts = DemographicTally(), (DemographicTally(), DemographicTally())
    for part, visits in zip(parts, (first, second), strict=True):
        for sex, age in visits:
            part.add(Visitor(0.0, sex, age))
            whole.add(Visitor(0.0, sex, age))
    parts[0].merge(DemographicTally.model_validate_json(parts[1].model_dump_json()))
    assert parts[0] == whole
    assert whole.visitors == sum(whole.sex.values()) == sum(whole.age.values()) == len(first) + len(second)


def test_every_visitor_is_in_one_hour_and_one_day() -> None:
    """From ten in the evening over a whole day with gaps: nobody is lost or counted twice."""
    clock = ManualClock(0.0, T0 + 10 * 3600)
    shop = camera(clock, reading=READING)
    for number in range(2 * 27):
        leave(shop, BUSY)
        if number % 7:
            shop.miss(1800, GapCause.FROZEN)
        else:
            shop.look(1800)
    assert sum(told(hour).visitors or 0 for hour in shop.hours) == 90 * 2 * 27
    days = [hour.day_demographics for hour in shop.hours if hour.day_demographics is not None]
    assert [day.visitors for day in days] == [90 * 2 * 2, 90 * 2 * 24]
