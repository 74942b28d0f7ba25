"""Periods and what they are compared with: whole weeks, so that weekdays meet."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.fleet.figures import Period

days = st.dates(date(2016, 1, 1), date(2030, 12, 31))


@given(days, st.integers(0, 400))
def test_the_period_before_has_the_same_weekdays_and_does_not_touch(first: date, more: int) -> None:
    """The period before is as long, falls on the same weekdays, and ends before this one begins, at most a week ago."""
    period = Period(first, first + timedelta(days=more))
    before = period.before()
    assert len(before.days) == len(period.days)
    assert before.first.weekday() == first.weekday()
    assert 1 <= (first - before.last).days <= 7


@given(days, st.integers(0, 40))
def test_a_year_ago_is_the_same_week(first: date, more: int) -> None:
    """The same ISO week and weekday of the year before; of a week 53 that was not there, week 52."""
    ago = Period(first, first + timedelta(days=more)).a_year_ago()
    year, week, weekday = first.isocalendar()
    then = ago.first.isocalendar()
    assert (then.year, then.weekday) == (year - 1, weekday)
    assert then.week == week or (week, then.week) == (53, 52)


def test_the_week_before_and_a_month() -> None:
    """Of a week it is the last week; of a month of thirty days it is five weeks ago."""
    assert Period(date(2026, 11, 23), date(2026, 11, 29)).before() == Period(date(2026, 11, 16), date(2026, 11, 22))
    assert Period(date(2026, 11, 1), date(2026, 11, 30)).before().first == date(2026, 9, 27)


def test_a_period_does_not_end_before_it_begins() -> None:
    """The error names both days."""
    with pytest.raises(ValueError, match="ends on 2026-11-01, before it begins on 2026-11-02"):
        Period(date(2026, 11, 2), date(2026, 11, 1))
