"""Noise: the distribution is the exact one, it makes neighbours alike, and the budget of a day is never overspent."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from math import exp
from random import Random

import pytest
from anonymise.plans import READING, Camera, camera, clock_at, visitors
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from edge_agent.anonymise import Reading
from edge_agent.anonymise.budget import MICRO, Accountant, milli, table_share
from edge_agent.anonymise.noise import discrete_laplace, variance
from edge_agent.message import Demographics
from edge_agent.terms import GapCause

EPSILONS = [Fraction(1, 4), Fraction(1), Fraction(5, 2), Fraction(123_457, MICRO)]


def chance(x: int, epsilon: Fraction) -> float:
    """Return the chance of a value of the discrete Laplace distribution."""
    ratio = exp(-epsilon)
    return (1 - ratio) / (1 + ratio) * ratio ** abs(x)


@pytest.mark.parametrize("epsilon", EPSILONS, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_draws_have_the_exact_distribution(epsilon: Fraction, seed: int) -> None:
    """Twenty thousand draws are as often each value as the formula says (chi-square)."""
    draw = Random(seed).randrange
    number = 20_000
    found = Counter(discrete_laplace(epsilon, draw) for _ in range(number))
    width = next(x for x in range(10_000) if number * chance(x + 1, epsilon) < 8)
    inner = range(-width, width + 1)
    seen = [found[x] for x in inner]
    expected = [number * chance(x, epsilon) for x in inner]
    seen.append(number - sum(seen))
    expected.append(number - sum(expected))
    assert chisquare(seen, expected).pvalue > 0.001
    assert sum(x * x * count for x, count in found.items()) / number == pytest.approx(variance(epsilon), rel=0.1)


def test_no_noise_of_no_epsilon() -> None:
    """An epsilon of zero would need noise without end; that is said instead of looped for."""
    with pytest.raises(ValueError, match="positive"):
        discrete_laplace(Fraction(0), Random(0).randrange)


@given(st.fractions(Fraction(1, 100), Fraction(99, 100)), st.integers(0, 50), st.integers(0, 200))
def test_a_visit_more_changes_no_chance_by_more_than_epsilon(ratio: Fraction, count: int, told: int) -> None:
    """For every number that can be told of a cell, with a visit and without: exp(epsilon) apart at most, exactly.

    `ratio` stands for exp(-epsilon), so that everything is a fraction and nothing is rounded.
    """

    def chance_of(true: int) -> Fraction:
        if told == 0:  # all that falls below is told as zero
            return ratio**true / (1 + ratio)
        return (1 - ratio) / (1 + ratio) * ratio ** abs(told - true)

    assert ratio <= chance_of(count) / chance_of(count + 1) <= 1 / ratio


@pytest.mark.parametrize("epsilon", EPSILONS[:3], ids=str)
def test_the_steps_of_the_sampler_add_up_to_the_formula(epsilon: Fraction) -> None:
    """A size is met with the chance of the fine and coarse parts that lead to it, and zero with one sign only."""
    parts, whole = epsilon.denominator, epsilon.numerator
    sizes = [sum(exp(-m / parts) for m in range(whole * size, whole * (size + 1))) for size in range(300)]
    accepted = [sizes[0] / 2, *sizes[1:]]  # a negative zero is thrown again
    for x in range(40):
        share = accepted[x] / sum(accepted) / (1 if x == 0 else 2)
        assert share == pytest.approx(chance(x, epsilon), rel=1e-9)


# -- the budget ------------------------------------------------------------------------------------------------------


@given(st.fractions(min_value=Fraction(1, 10_000), max_value=20))
def test_four_tables_never_cost_more_than_the_day(epsilon: Fraction) -> None:
    """Rounding to millionths is downwards, telling in thousandths upwards."""
    assert Fraction(4 * table_share(epsilon), MICRO) <= epsilon
    assert Fraction(milli(4 * table_share(epsilon)), 1000) >= Fraction(4 * table_share(epsilon), MICRO)


releases = st.lists(
    st.tuples(st.sampled_from(["2026-06-10", "2026-06-11"]), st.integers(0, 30), st.booleans(), st.integers(1, 500)),
    max_size=60,
)


@given(releases, st.integers(1, 1000), st.data())
def test_no_order_of_releases_overspends(
    story: list[tuple[str, int, bool, int]], budget: int, data: st.DataObject
) -> None:
    """Whatever is asked in whatever order, over restarts too: the dearest hour and the day fit in the budget."""
    accountant = Accountant()
    hours: set[tuple[str, int]] = set()
    hour_cost: Counter[str] = Counter()
    day_cost: Counter[str] = Counter()
    for date, hour, is_day, cost in story:
        if data.draw(st.booleans()):
            accountant = Accountant.model_validate_json(accountant.model_dump_json())
        if is_day and accountant.allow_day(date, cost, budget):
            assert not day_cost[date]
            day_cost[date] = cost
        elif not is_day and accountant.allow_hour(date, hour, cost, budget):
            assert (date, hour) not in hours
            hours.add((date, hour))
            hour_cost[date] = max(hour_cost[date], cost)
        assert accountant.spent(date) == hour_cost[date] + day_cost[date] <= budget


def test_what_is_remembered_does_not_grow() -> None:
    """A clock that visits a hundred days leaves a few of them in the checkpoint."""
    accountant = Accountant()
    for day in range(100):
        assert accountant.allow_hour(f"day {day}", day, 1, 10)
    assert len(accountant.days) == 8
    assert accountant.spent("day 99") == 1


NOISY = replace(READING, epsilon_per_day=Fraction(2), draw=Random(5).randrange)


def busy(shop: Camera, hours: int) -> None:
    """Let an hour's visitors leave, once in each hour."""
    for _ in range(hours):
        shop.gate.frame(visitors(shop.clock.monotonic(), (40, 30, 30), (10, 20, 20, 15, 10, 10, 15)))
        shop.miss(3600, GapCause.STALLED)


def told(shop: Camera) -> list[Demographics]:
    """Return the demographics of every hour."""
    return [hour.demographics for hour in shop.hours if hour.demographics is not None]


def test_hours_and_day_carry_noise_of_their_own() -> None:
    """Totals are sums of noisy cells, and the day is no sum of its hours."""
    shop = camera(clock_at(0), reading=NOISY)
    busy(shop, 12)
    (day,) = [hour.day_demographics for hour in shop.hours if hour.day_demographics is not None]
    assert {hour.epsilon_milli for hour in told(shop)} == {day.epsilon_milli} == {1000}
    for table in (*told(shop), day):
        cells = [table.sex.female, table.sex.male, table.sex.unknown]
        if None not in cells:
            assert table.visitors == sum(filter(None, cells))
    assert day.visitors is not None
    assert day.visitors != sum(hour.visitors or 0 for hour in told(shop)) != 1200
    assert abs(day.visitors - 1200) < 60


def test_a_second_window_of_the_same_hour_is_not_told() -> None:
    """After the clock stepped back, an hour that was told already is suppressed, the number of visitors included."""
    shop = camera(clock_at(0), reading=NOISY)
    busy(shop, 2)
    shop.clock.step_utc(-3600)
    busy(shop, 2)
    windows = [(hour.start[11:16], hour.demographics) for hour in shop.hours]
    paid = [start for start, table in windows if table is not None and table.epsilon_milli]
    assert len(paid) == len(set(paid))
    refused = [table for _, table in windows if table is not None and not table.epsilon_milli]
    assert refused
    assert {(table.visitors, table.suppressed) for table in refused} == {(None, 10)}


def test_a_lowered_budget_is_kept_at_once() -> None:
    """What was spent in the morning counts in the afternoon: a smaller budget that is gone lets nothing more out."""
    shop = camera(clock_at(0), reading=NOISY)
    busy(shop, 2)
    saved = shop.gate.checkpoint()
    less = replace(NOISY, epsilon_per_day=Fraction(1, 2))
    again = camera(shop.clock, saved, reading=less)
    busy(again, 2)
    assert {table.epsilon_milli for table in told(again)} == {0}


def test_zero_budget_tells_nothing() -> None:
    """A budget too small for any noise that ends is none."""
    shop = camera(clock_at(0), reading=replace(NOISY, epsilon_per_day=Fraction(1, 10**9)))
    busy(shop, 1)
    assert [(table.visitors, table.epsilon_milli, table.suppressed) for table in told(shop)] == [(None, 0, 10)]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("visit"), st.integers(1, 4)),
            st.tuples(st.just("step"), st.integers(-40_000, 40_000)),
            st.tuples(st.just("restart"), st.integers(0, 9000)),
        ),
        max_size=20,
    )
)
def test_whatever_the_clock_does_the_budget_holds(story: list[tuple[str, int]]) -> None:
    """Steps and restarts in any order: no clock hour is paid for twice, no day has two tables, none costs too much."""
    shop = camera(clock_at(0), reading=NOISY)
    for what, n in story:
        if what == "visit":
            busy(shop, n)
        elif what == "step":
            shop.clock.step_utc(n)
        else:
            windows, saved = shop.windows, shop.gate.checkpoint()
            shop.clock.advance(n)
            shop = camera(shop.clock, saved, reading=NOISY)
            shop.windows = windows + shop.windows
    shop.end()
    paid = [hour.start[:13] for hour in shop.hours if hour.demographics and hour.demographics.epsilon_milli]
    assert len(paid) == len(set(paid))
    days = [hour.start[:10] for hour in shop.hours if hour.day_demographics and hour.day_demographics.epsilon_milli]
    assert len(days) == len(set(days))
    assert all(table.epsilon_milli in (0, 1000) for table in told(shop))


def reading_of(seed: int) -> Reading:
    """Return a noisy reading with its own chance."""
    return replace(NOISY, draw=Random(seed).randrange)


def test_chance_is_not_repeated() -> None:
    """Two devices, or a device after a restart, do not draw the same noise."""
    shops = [camera(clock_at(0), reading=reading_of(seed)) for seed in (1, 2)]
    for shop in shops:
        busy(shop, 3)
    assert [t.sex for t in told(shops[0])] != [t.sex for t in told(shops[1])]
    assert Reading(k=5, model="0" * 16).draw.__module__ == "secrets"
