"""Demographics of simulated shops: hidden where few, and intervals that hold what they promise."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.anonymise.suppression import AGE_LADDER, SEX_LADDER, rung_for
from edge_agent.fleet.simulate import Shop, sealed, shops, truth
from edge_agent.fleet.simulate.day import simulate
from edge_agent.fleet.simulate.visitors import BANDS, DayTables, Read, Tables
from edge_agent.message import Hour
from edge_agent.verify_anon.sums import sums

FIRST = date(2026, 4, 1)
CELL = st.one_of(st.integers(0, 9), st.integers(0, 200))
HOUR = st.tuples(CELL, CELL, CELL)


@cache
def reading() -> tuple[Shop, ...]:
    """Shops that read visitors."""
    return tuple(shop for shop in shops(60, 2) if any(camera.reading for camera in shop.cameras))


def told(days: int) -> Iterator[tuple[Tables, float, tuple[float, ...]]]:
    """The tables of many hours, with the true shares of the clientele."""
    for shop in reading():
        for day in range(days):
            when = FIRST + timedelta(days=day)
            for hours, true in zip(simulate(shop, when).hours, truth(shop, when, when), strict=True):
                tables = hours[0].told
                if tables is not None and true.women_share is not None and true.band_shares is not None:
                    yield tables, true.women_share, true.band_shares


def test_intervals_cover_the_truth_at_95_percent() -> None:
    """Over many hours the intervals of women and of each age band hold the true share about 95 times of 100."""
    women, bands = [0, 0], [0, 0]
    for tables, share, shares in told(40):
        if tables.women is not None:
            women[0] += 1
            women[1] += tables.women[1] <= round(1000 * share) <= tables.women[2]
        for found, true in zip(tables.ages or (), shares, strict=False):
            bands[0] += 1
            bands[1] += found[1] <= round(1000 * true) <= found[2]
    for count, covered in (women, bands):
        assert count > 2000
        assert abs(covered / count - 0.95) < 0.012 + 3 * sqrt(0.95 * 0.05 / count), (count, covered)


def test_shares_are_right_on_average() -> None:
    """The mean of the adjusted shares is the true one: the confusion of the network is taken out."""
    found = [(tables.women[0] - 1000 * share) for tables, share, _ in told(15) if tables.women is not None]
    assert abs(sum(found) / len(found)) < 8


@given(st.lists(HOUR, min_size=1, max_size=24), st.integers(2, 8))
def test_an_hour_hides_what_the_device_would(hours: list[tuple[int, int, int]], k: int) -> None:
    """Whatever was read: the same cells are hidden as on the device, and the day's table gives none of them away."""
    day = DayTables(k)
    for women, men, unknown in hours:
        ages = [women // 2, women - women // 2, men // 3, men - men // 3, 0, 0, unknown]
        tables = day.hour(Read([women, men, unknown], ages))
        for table, cells, ladder in ((tables.sex, [women, men, unknown], SEX_LADDER), (tables.age, ages, AGE_LADDER)):
            hidden = ladder[rung_for(cells, ladder, k)]
            assert list(table.cells) == [None if i in hidden else count for i, count in enumerate(cells)]
        assert list(sums({"demographics": tables.message().model_dump(mode="json", by_alias=True)})) == []
    assert list(sums({"demographics": day.day().message().model_dump(mode="json", by_alias=True)})) == []


@given(st.lists(HOUR, min_size=2, max_size=24))
def test_the_day_tells_nothing_that_an_hour_hid(hours: list[tuple[int, int, int]]) -> None:
    """Where an hour hid a cell, the day's table is the sum of the hours that hid nothing, or hides everything."""
    day = DayTables(5)
    told_hours = [day.hour(Read(list(hour), [0] * len(BANDS) + [sum(hour)])) for hour in hours]
    table = day.day().sex
    whole = [list(hour) for hour, tables in zip(hours, told_hours, strict=True) if not tables.sex.hidden]
    if any(tables.sex.hidden for tables in told_hours):
        summed = [sum(column) for column in zip(*whole, strict=True)] if whole else [0, 0, 0]
        assert list(table.cells) in ([None] * 3, summed)
    else:
        assert list(table.cells) == [sum(column) for column in zip(*hours, strict=True)]
    assert table.left_out == (0 if table.hidden else sum(map(sum, hours)) - sum(count or 0 for count in table.cells))


def test_the_day_is_told_in_the_hour_that_ends_it() -> None:
    """Exactly the last hour of a local day of a reading camera tells of the day."""
    shop = reading()[0]
    ends = [
        (sent.model.start, sent.model.day.date if sent.model.day else "")
        for sent in sealed(shop, FIRST, FIRST + timedelta(days=2))
        if isinstance(sent.model, Hour) and sent.model.day_demographics is not None
    ]
    assert [day for _, day in ends] == [str(FIRST + timedelta(days=i)) for i in range(3)]


def test_visitors_have_a_true_sex_and_age() -> None:
    """Women and men, and the six bands, add up to all that entered where visitors are read; elsewhere nobody knows."""
    for shop in reading()[:6]:
        for hour in truth(shop, FIRST, FIRST + timedelta(days=9)):
            assert hour.women is not None
            assert hour.men is not None
            assert hour.bands is not None
            assert hour.women + hour.men == sum(hour.bands) <= hour.entered
    deaf = next(shop for shop in shops(60, 2) if shop not in reading())
    assert {hour.women for hour in truth(deaf, FIRST, FIRST)} == {None}
