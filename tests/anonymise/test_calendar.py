"""Opening hours and days in local time."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from edge_agent.anonymise import Calendar
from edge_agent.anonymise.calendar import Week

DAILY: Week = ((((9 * 60, 19 * 60 + 30)),),) * 7
ALL_DAY: Week = (((0, 1440),),) * 7


def utc(text: str) -> float:
    """Return an ISO instant in UTC as seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("start", "hours"),
    [("2026-03-28T23:00", 23), ("2026-10-24T22:00", 25), ("2026-06-10T22:00", 24)],
    ids=["spring", "autumn", "plain"],
)
def test_a_local_day_has_23_24_or_25_open_hours(start: str, hours: int) -> None:
    """A shop that is open all day is open for as many hours as its local day has."""
    calendar = Calendar(ZoneInfo("Europe/Rome"), ALL_DAY)
    begin = utc(start)
    days = {calendar.local_day(begin + 3600 * h) for h in range(hours)}
    assert len(days) == 1
    assert calendar.open_s(begin, begin + hours * 3600) == hours * 3600
    assert calendar.local_day(begin + hours * 3600) not in days


@pytest.mark.parametrize("zone", ["Europe/Rome", "Europe/London", "America/Sao_Paulo", "Asia/Kolkata"])
def test_opening_hours_follow_the_wall_clock_through_the_year(zone: str) -> None:
    """Ten and a half open hours a day make the same sum in every month and zone, DST days included."""
    calendar = Calendar(ZoneInfo(zone), DAILY)
    for day in (date(2026, 1, 5), date(2026, 3, 29), date(2026, 7, 6), date(2026, 10, 25)):
        begin = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()
        assert calendar.open_s(begin, begin + 23 * 3600) == 37_800


def test_a_closed_day_has_no_open_second() -> None:
    """A day on the closing list is closed whatever its weekday says."""
    calendar = Calendar(ZoneInfo("Europe/Rome"), DAILY, frozenset({date(2026, 12, 25)}))
    begin = utc("2026-12-24T23:00")
    assert calendar.open_s(begin, begin + 86_400) == 0
    assert calendar.open_s(begin + 86_400, begin + 2 * 86_400) == 37_800


def test_without_opening_hours_every_second_is_open() -> None:
    """A shop without opening hours is taken to be always open."""
    assert Calendar(ZoneInfo("UTC")).open_s(0, 900) == 900
