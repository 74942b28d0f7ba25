"""Local days, opening hours and holidays of simulated shops, on the days of the clock change too."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.anonymise.calendar import Calendar
from edge_agent.fleet.simulate import shops, truth
from edge_agent.fleet.simulate.calendar import black_friday, easter, open_seconds, slots

ZONES = ["Europe/Rome", "Europe/London", "America/Sao_Paulo", "America/New_York", "Asia/Tokyo"]


@pytest.mark.parametrize(
    ("tz", "day", "hours", "twice", "never"),
    [
        ("Europe/Rome", date(2026, 3, 29), 23, [], [2]),
        ("Europe/Rome", date(2026, 10, 25), 25, [2], []),
        ("Europe/London", date(2026, 3, 29), 23, [], [1]),
        ("Europe/London", date(2026, 10, 25), 25, [1], []),
        ("America/Sao_Paulo", date(2018, 11, 4), 23, [], [0]),
        ("America/Sao_Paulo", date(2018, 2, 17), 25, [23], []),
        ("America/Sao_Paulo", date(2018, 2, 18), 24, [], []),
        ("America/Sao_Paulo", date(2026, 11, 1), 24, [], []),
    ],
)
def test_the_day_of_the_clock_change_has_its_hours(
    tz: str, day: date, hours: int, twice: list[int], never: list[int]
) -> None:
    """The day is 23 or 25 hours long, and the right hour of its clock is missing or there twice."""
    found = [slot.local_hour for slot in slots(tz, day)]
    assert len(found) == hours
    assert [hour for hour in range(24) if found.count(hour) == 2] == twice
    assert [hour for hour in range(24) if found.count(hour) == 0] == never


@given(tz=st.sampled_from(ZONES), day=st.dates(date(2010, 1, 1), date(2030, 12, 31)))
def test_hours_belong_to_the_day_that_they_begin_in(tz: str, day: date) -> None:
    """Every hour of the grid begins in its local day, the one before and the one after do not."""
    grid = slots(tz, day)
    for slot in grid:
        clock = datetime.fromtimestamp(slot.start_s, UTC).astimezone(ZoneInfo(tz))
        assert (clock.date(), clock.hour) == (day, slot.local_hour)
    for outside_s in (grid[0].start_s - 1, grid[-1].end_s):
        assert datetime.fromtimestamp(outside_s, UTC).astimezone(ZoneInfo(tz)).date() != day


@given(
    tz=st.sampled_from(ZONES),
    day=st.dates(date(2017, 1, 1), date(2027, 12, 31)),
    spans=st.sampled_from([(), ((0, 1440),), ((540, 780), (930, 1170)), ((30, 150),), ((615, 1440),)]),
)
def test_opening_hours_are_those_of_the_device(tz: str, day: date, spans: tuple[tuple[int, int], ...]) -> None:
    """Opening seconds of each hour are what the device's own calendar makes of the same opening hours."""
    device = Calendar(ZoneInfo(tz), week=tuple(spans if i == day.weekday() else () for i in range(7)))
    expected = [device.open_s(slot.start_s, slot.end_s) for slot in slots(tz, day)]
    assert list(open_seconds(tz, day, spans)) == expected


def test_moving_holidays_are_where_they_were() -> None:
    """Easter and Black Friday fall on the days that the calendar of those years shows."""
    assert [easter(year) for year in (2018, 2024, 2025, 2026)] == [
        date(2018, 4, 1),
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
    ]
    assert [black_friday(year) for year in (2024, 2025, 2026)] == [
        date(2024, 11, 29),
        date(2025, 11, 28),
        date(2026, 11, 27),
    ]


def test_nobody_comes_on_a_holiday() -> None:
    """On Christmas day every shop in Italy is closed, and nobody comes in."""
    for shop in shops(20, 1):
        if shop.country == "it":
            hours = list(truth(shop, date(2025, 12, 25), date(2025, 12, 25)))
            assert sum(hour.entered + hour.open_s for hour in hours) == 0
