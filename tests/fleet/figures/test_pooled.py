"""Pooled shares: their interval holds the truth in 95 of 100 cases and more, although hours share an error."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.anonymise.shares import Matrix, class_shares, female_share
from edge_agent.fleet.figures.pooled import Pool, Sums, Z

HIT, FALSE_ALARM = 0.9, 0.12
AGES = (
    (0.80, 0.20, 0.00, 0.00, 0.00, 0.00),
    (0.10, 0.75, 0.15, 0.00, 0.00, 0.00),
    (0.00, 0.15, 0.65, 0.20, 0.00, 0.00),
    (0.00, 0.00, 0.20, 0.60, 0.20, 0.00),
    (0.00, 0.00, 0.00, 0.20, 0.65, 0.15),
    (0.00, 0.00, 0.00, 0.00, 0.15, 0.85),
)


def drawn(chance: Random, of: int, shares: list[float]) -> list[int]:
    """How many of so many fall to each class."""
    found = chance.choices(range(len(shares)), shares, k=of)
    return [found.count(each) for each in range(len(shares))]


def a_test_of_the_network(chance: Random, pictures: int) -> Matrix:
    """What a model card says of the network: a sample, and so a little wrong in the same way for every hour."""
    women, men = (sum(chance.random() < rate for _ in range(pictures)) for rate in (HIT, FALSE_ALARM))
    return ((women, pictures - women), (men, pictures - men))


def pooled_women(chance: Random, card: Matrix, hours: list[tuple[int, float]]) -> tuple[Pool, float]:
    """What many hours tell, and the share of the clientele that the people read came from."""
    pool, read = Pool(), sum(people for people, _ in hours)
    for people, share in hours:
        women = sum(chance.random() < share * HIT + (1 - share) * FALSE_ALARM for _ in range(people))
        told = female_share(women, people - women, card)
        assert told is not None
        pool.add("network", people, (told.share_milli, told.low_milli, told.high_milli))
    return pool, sum(people * share for people, share in hours) / read


@pytest.mark.parametrize(
    ("pictures", "count", "people"),
    [(150, 40, (20, 90)), (1000, 40, (20, 90)), (400, 8, (10, 400)), (4000, 120, (10, 25))],
    ids=["poor card", "good card", "few hours", "many small hours"],
)
def test_the_interval_holds_the_truth(pictures: int, count: int, people: tuple[int, int]) -> None:
    """Whatever dominates, the network's error or chance, at least 95 % of the intervals hold the true share."""
    chance, runs, held = Random(pictures + count), 200, 0
    for _ in range(runs):
        card = a_test_of_the_network(chance, pictures)
        hours = [(chance.randint(*people), chance.uniform(0.3, 0.7)) for _ in range(count)]
        pool, truth = pooled_women(chance, card, hours)
        share = pool.share()
        assert share is not None
        held += share.low_milli - 1 <= 1000 * truth <= share.high_milli + 1
    assert held >= 0.95 * runs - 2  # of 200, 188 is what 95 % have at the least in 95 of 100 tries


def test_hours_bounded_by_days_hold_the_truth() -> None:
    """Saturdays at five, with another clientele than the days whose surer tables bound the error in common."""
    chance, runs, held = Random(9), 200, 0
    for _ in range(runs):
        card = a_test_of_the_network(chance, 150)
        days, _ = pooled_women(chance, card, [(chance.randint(200, 400), 0.5) for _ in range(20)])
        window, truth = pooled_women(chance, card, [(chance.randint(15, 30), 0.75) for _ in range(12)])
        window.limit(days.smallest())
        share = window.share()
        assert share is not None
        held += share.low_milli - 1 <= 1000 * truth <= share.high_milli + 1
    assert held >= 0.95 * runs - 2


def test_hours_taken_as_independent_would_not_hold_it() -> None:
    """With a poor model card the same error is in every hour; who forgets that is wrong too often."""
    chance, runs, held = Random(1), 100, 0
    for _ in range(runs):
        card = a_test_of_the_network(chance, 150)
        hours = [(chance.randint(20, 90), chance.uniform(0.3, 0.7)) for _ in range(40)]
        pool, truth = pooled_women(chance, card, hours)
        sums = pool.of["network"]
        reach = Z * (sums.square_variance**0.5) / sums.weight
        held += abs(sums.share / sums.weight - truth) <= reach
    assert held < 90


@pytest.mark.parametrize(("pictures", "count", "people"), [(200, 28, (60, 300)), (2000, 50, (150, 400))])
def test_the_intervals_of_ages_hold_the_truth(pictures: int, count: int, people: tuple[int, int]) -> None:
    """The same for age bands, whose shares are pulled towards what was read."""
    chance, runs, held = Random(5), 40, 0
    shares = [0.08, 0.22, 0.27, 0.2, 0.13, 0.1]
    for _ in range(runs):
        card = tuple(tuple(drawn(chance, pictures, list(row))) for row in AGES)
        pools = [Pool() for _ in shares]
        for _ in range(count):
            read = [0] * len(shares)
            for true, of in enumerate(drawn(chance, chance.randint(*people), shares)):
                read = [a + b for a, b in zip(read, drawn(chance, of, list(AGES[true])), strict=True)]
            told = class_shares(read, card)
            assert told is not None
            for pool, band in zip(pools, told, strict=True):
                pool.add("network", sum(read), (band.share_milli, band.low_milli, band.high_milli))
        for pool, share in zip(pools, shares, strict=True):
            found = pool.share()
            assert found is not None
            held += found.low_milli - 1 <= 1000 * share <= found.high_milli + 1
    assert held >= 0.93 * runs * len(shares)


def test_one_hour_is_itself() -> None:
    """Nothing is gained from a single hour: its share and interval come out as they went in."""
    pool = Pool()
    pool.add("a", 100, (600, 500, 700))
    share = pool.share()
    assert share is not None
    assert (share.share_milli, share.low_milli, share.high_milli, share.read) == (600, 500, 700, 100)


def test_networks_may_err_alike() -> None:
    """Two networks are no proof against a common error: together they are no surer than the surer part of each."""
    one, two = Pool(), Pool()
    for pool, readers in ((one, ("a", "a")), (two, ("a", "b"))):
        for reader in readers:
            pool.add(reader, 100, (600, 500, 700))
    assert one.share() == two.share()


def test_a_surer_day_bounds_the_error_in_common() -> None:
    """What a day shows the common error to be at most is so for the hours as well, and their interval narrows."""
    pool = Pool()
    for _ in range(20):
        pool.add("a", 10, (600, 400, 800))
    wide = pool.share()
    pool.limit({"a": (0.03 / Z) ** 2, "b": 0.0})
    narrow = pool.share()
    assert wide is not None
    assert narrow is not None
    assert wide.high_milli == 800
    assert 645 < narrow.high_milli < 660


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 1000), st.integers(0, 300)), min_size=1, max_size=20))
def test_the_interval_holds_the_share_and_is_no_wider_than_the_widest_hour(hours: list[tuple[int, int, int]]) -> None:
    """A share lies in its interval; pooling never makes anything less sure than the least sure hour."""
    pool = Pool()
    for read, share, reach in hours:
        pool.add("a", read, (share, share - reach, share + reach))
    pooled = pool.share()
    assert pooled is not None
    assert pooled.low_milli <= pooled.share_milli <= pooled.high_milli
    assert Z * pooled.deviation_milli <= max(reach for _, _, reach in hours) + 0.001


def test_nobody_read_is_no_share() -> None:
    """An empty pool, and hours without people, tell nothing."""
    pool = Pool()
    pool.add("a", 0, (500, 0, 1000))
    assert pool.share() is None
    pool.add_sums("a", Sums())
    assert pool.share() is None
