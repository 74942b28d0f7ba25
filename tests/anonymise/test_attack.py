"""The adversary against a day of real messages: what is hidden cannot be worked out, however much is added up."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from anonymise.adversary import Hidden, attack
from anonymise.plans import READING, camera, visitors
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.clock import ManualClock
from edge_agent.message import AgeCounts, Demographics, Hour, SexCounts
from edge_agent.terms import AgeBand, GapCause, Sex

MIDNIGHT = datetime(2026, 6, 9, 22, 0, tzinfo=UTC).timestamp()  # in Rome
HourTruth = tuple[Sequence[int], Sequence[int]]


def published(truth: Sequence[HourTruth], k: int) -> list[Hour]:
    """Return the 24 sealed hours of a day that begins with these visitors, as they go out."""
    clock = ManualClock(0.0, MIDNIGHT)
    shop = camera(clock, reading=replace(READING, k=k))
    for sex, age in [*truth, *[((0, 0, 0), (0,) * 7)] * (24 - len(truth))]:
        shop.gate.frame(visitors(clock.monotonic(), sex, age))
        shop.miss(3600, GapCause.STALLED)
    assert len(shop.hours) == 24
    return shop.hours


@st.composite
def hours(draw: st.DrawFn, most: int) -> HourTruth:
    """Any two tables of the same number of visitors."""
    sex = draw(st.tuples(*[st.integers(0, most)] * 3))
    cuts = sorted(draw(st.tuples(*[st.integers(0, sum(sex))] * 6)))
    return sex, tuple(b - a for a, b in zip([0, *cuts], [*cuts, sum(sex)], strict=True))


def assert_nothing_follows(found: Iterable[Hidden], k: int) -> None:
    """Each hidden cell can be 0 or any of k numbers; fewer only where all that is hidden is fewer."""
    for cell in found:
        assert cell.most - cell.least >= min(k - 1, cell.together), cell


@settings(max_examples=12, deadline=None)
@given(st.lists(hours(most=9), min_size=1, max_size=7), st.sampled_from([3, 5, 8]))
def test_the_adversary_recovers_nothing_of_a_quiet_day(truth: list[HourTruth], k: int) -> None:
    """From all messages of a day with few visitors, no hidden cell of an hour or the day can be narrowed down."""
    assert_nothing_follows(attack(hour.payload() for hour in published(truth, k)), k)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.one_of(hours(most=3), hours(most=60)), min_size=4, max_size=10))
def test_the_adversary_recovers_nothing_of_a_busy_day(truth: list[HourTruth]) -> None:
    """Nor where quiet hours stand between busy ones, so that little is hidden and much is told."""
    assert_nothing_follows(attack(hour.payload() for hour in published(truth, 5)), 5)


@pytest.mark.parametrize(
    "truth",
    [
        [((30, 40, 25), (6, 20, 30, 20, 10, 5, 4))],  # one cell of one hour is small
        [((2, 40, 25), (6, 20, 20, 10, 6, 5, 0)), ((40, 30, 25), (20, 20, 20, 10, 10, 10, 5))],
        [((4, 4, 4), (2, 2, 2, 2, 2, 2, 0))] * 3,  # "all are under 5 and make 12" would be 4, 4, 4
        [((0, 9, 9), (0, 0, 9, 9, 0, 0, 0))] * 4,  # no woman all day
        [((1, 0, 0), (0, 0, 1, 0, 0, 0, 0))] * 5,  # the same one visitor again and again
    ],
    ids=["one", "two hours", "equal", "nobody", "single"],
)
def test_cases_that_give_themselves_away_elsewhere(truth: list[HourTruth]) -> None:
    """Known traps of suppression: a lone hidden cell, equal small ones, columns of zeros, single visitors."""
    assert_nothing_follows(attack(hour.payload() for hour in published(truth, 5)), 5)


def test_something_is_told_at_all() -> None:
    """Safety does not come from silence: of a busy day all is told, of one with a quiet hour all but that hour."""
    busy: HourTruth = ((40, 30, 25), (20, 20, 20, 10, 10, 10, 5))
    quiet: HourTruth = ((1, 2, 0), (0, 3, 0, 0, 0, 0, 0))
    *_, last = published([busy] * 8, 5)
    assert last.day_demographics is not None
    assert (last.day_demographics.suppressed, last.day_demographics.visitors) == (0, 760)
    first, second, *_, last = published([quiet, *[busy] * 8], 5)
    assert first.demographics is not None
    assert second.demographics is not None
    assert last.day_demographics is not None
    assert (first.demographics.suppressed, second.demographics.suppressed) == (10, 0)
    assert (last.day_demographics.sex.female, last.day_demographics.sex.left_out) == (320, 3)
    assert last.day_demographics.sex.mostly == "female"


@pytest.mark.parametrize("seed", range(3))
def test_the_adversary_is_real(seed: int) -> None:
    """The same adversary recovers cells where only the small ones are hidden, as is often done."""
    truth: list[HourTruth] = [
        ((30 + seed, 3, 12), (1, 9, 11 + seed, 9, 8, 7, 0)),
        ((8, 9, 20), (5, 6, 8, 6, 5, 4, 3)),
        ((11, 12, 1), (5, 5, 5, 5, 0, 4, 0)),
    ]
    recovered = [cell for cell in attack(small_only(truth, 5), rules=False) if cell.least == cell.most]
    assert {(cell.table, cell.window, cell.cell) for cell in recovered} >= {
        ("sex", "hour 0", "male"),
        ("sex", "hour 2", "unknown"),
        ("age", "hour 0", AgeBand.UNDER_20),
    }
    for cell in recovered:
        tables = truth[int(cell.window.removeprefix("hour "))] if cell.window != "day" else _summed(truth)
        words: list[str] = list(Sex) if cell.table == "sex" else list(AgeBand)
        assert tables[cell.table == "age"][words.index(cell.cell)] == cell.least
    assert_nothing_follows(attack(hour.payload() for hour in published(truth, 5)), 5)


def small_only(truth: Sequence[HourTruth], k: int) -> list[bytes]:
    """Return the messages of a device that hides the cells under k and nothing else."""
    messages = published(truth, k)
    out = [
        hour.model_copy(update={"demographics": _naive(hour.demographics, tables, k)}).payload()
        for hour, tables in zip(messages, truth, strict=False)
    ]
    last = messages[len(truth) - 1]
    update = {
        "demographics": _naive(last.demographics, truth[-1], k),
        "day_demographics": _naive(last.demographics, _summed(truth), k),
    }
    return [*out[:-1], last.model_copy(update=update).payload()]


def _naive(like: Demographics | None, tables: HourTruth, k: int) -> Demographics:
    assert like is not None
    sex, age = ([count if count >= k else None for count in cells] for cells in tables)
    return like.model_copy(
        update={
            "visitors": sum(tables[0]),
            "sex": SexCounts(female=sex[0], male=sex[1], unknown=sex[2], left_out=0, female_share=None, mostly=None),
            "age": AgeCounts.model_validate({**dict(zip(AgeBand, age, strict=True)), "left_out": 0, "shares": None}),
        }
    )


def _summed(truth: Sequence[HourTruth]) -> HourTruth:
    sex, age = ([sum(column) for column in zip(*tables, strict=True)] for tables in zip(*truth, strict=True))
    return sex, age
