"""Footfall: equal to what was counted to the last visitor, in local time, with what is missing beside it."""

from collections import Counter
from collections.abc import Callable, Hashable
from datetime import date, timedelta
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete
from support.told_hours import Store, hurried

from edge_agent.fleet.figures import By, Footfall, Period, Scope, ScopeError, footfall
from edge_agent.fleet.simulate import Shop, TrueHour, fill, shops, truth
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import hours

LATER_S = 1_798_761_600  # 2027-01-01


def keys(by: By, shop: Shop, hour: TrueHour) -> tuple[Hashable, ...]:
    """Where an hour belongs, worked out again from the truth."""
    day = date.fromisoformat(hour.local_day)
    return {
        By.TOTAL: (),
        By.HOUR: (day, hour.local_hour),
        By.DAY: (day,),
        By.WEEK: tuple(day.isocalendar())[:2],
        By.MONTH: (day.year, day.month),
        By.WEEKDAY_HOUR: (day.weekday(), hour.local_hour),
        By.SITE: (shop.tenant, shop.site),
        By.REGION: (shop.region,),
        By.TENANT: (shop.tenant,),
        By.CAMERA: (shop.tenant, shop.site, shop.device),
    }[by]


def assert_equals_truth(engine: Engine, told_by: dict[Shop, list[TrueHour]], period: Period, by: By) -> None:
    """Every sum of the figures is that of the simulator's truth."""
    wanted: dict[str, Counter[tuple[Hashable, ...]]] = {}
    for shop, told in told_by.items():
        began_s = min(hour.start_s for hour in told if hour.expected_s)
        for hour in told:
            key = keys(by, shop, hour)
            # Hours that were lost before the first that arrived were never known of.
            lost_s = hour.lost * hour.length_s if hour.start_s > began_s else 0
            for name, value in (
                ("entered", hour.counted),
                ("left", hour.counted_left),
                ("passed", hour.counted_passed),
                ("expected_s", hour.expected_s),
                ("observed_s", hour.observed_s),
                ("open_s", hour.open_s),
                ("not_received_s", lost_s),
            ):
                wanted.setdefault(name, Counter())[key] += value
    answer = footfall(engine, Scope(), period, by, now_s=LATER_S)
    for name, sums in wanted.items():
        found: Counter[tuple[Hashable, ...]] = Counter()
        for key, each in answer.items():
            found[key[:3] if by is By.CAMERA else key] += getattr(each, name)
        assert +found == +sums, name


def true_hours(fleet: list[Shop], period: Period) -> dict[Shop, list[TrueHour]]:
    """The truth of each shop."""
    return {shop: list(truth(shop, period.first, period.last)) for shop in fleet}


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.dates(date(2025, 1, 1), date(2026, 11, 1)), st.integers(0, 11))
def test_figures_equal_the_truth(seed: int, first: date, more: int) -> None:
    """Over any shops and any days, by whatever it is asked: the sums are those that the devices counted."""
    fleet, period = shops(3, seed), Period(first, first + timedelta(days=more))
    with TemporaryDirectory() as folder:
        engine = hurried(open_store(f"sqlite:///{folder}/fleet.db"))
        fill(engine, fleet, period.first, period.last, payloads=False, details=False)
        told = true_hours(fleet, period)
        for by in By:
            assert_equals_truth(engine, told, period, by)
        engine.dispose()


@pytest.mark.parametrize(
    ("zone", "day", "doubled", "absent"),
    [
        ("Europe/Rome", date(2026, 3, 29), None, 2),
        ("Europe/Rome", date(2026, 10, 25), 2, None),
        ("Europe/London", date(2026, 3, 29), None, 1),
        ("Europe/London", date(2026, 10, 25), 1, None),
        ("America/Sao_Paulo", date(2018, 2, 17), 23, None),
        ("America/Sao_Paulo", date(2018, 11, 4), None, 0),
    ],
)
def test_the_days_of_the_clock_change(
    engine: Engine, zone: str, day: date, doubled: int | None, absent: int | None
) -> None:
    """The hour that comes twice is one row with both hours and their seconds; the hour that is skipped is no row."""
    shop = next(shop for shop in shops(4, 3) if shop.tz == zone)
    around = Period(day - timedelta(days=1), day + timedelta(days=1))
    fill(engine, [shop], around.first, around.last, payloads=False, details=False)
    told = true_hours([shop], around)
    for by in By:
        assert_equals_truth(engine, told, around, by)
    found = footfall(engine, Scope(site=shop.site), Period(day, day), By.HOUR, now_s=LATER_S)
    assert {hour for _, hour in found} == set(range(24)) - {absent}
    for (_, hour), each in found.items():
        wanted_s = (7200 if hour == doubled else 3600) * len(shop.cameras)
        assert each.expected_s + each.not_received_s == wanted_s


@pytest.fixture
def two_days(store: Store) -> Store:
    """Two local days of a door at which one person an hour comes in."""
    for day in ("2026-11-27", "2026-11-28"):
        for hour in range(24):
            store.hour(f"{day}T{hour:02d}", entered=1)
    return store


def ask(
    store: Store, first: str, last: str, by: By = By.TOTAL, now_s: int = LATER_S
) -> dict[tuple[object, ...], Footfall]:
    """Footfall of everything."""
    return footfall(store.engine, Scope(), Period(date.fromisoformat(first), date.fromisoformat(last)), by, now_s=now_s)


def test_hours_that_never_arrived_are_missing_and_not_zero(two_days: Store) -> None:
    """A hole between two hours is time that was not received, in the hour where it is."""
    with two_days.engine.begin() as connection:
        connection.execute(delete(hours).where(hours.c.local_day == "2026-11-27", hours.c.local_hour.in_([9, 10])))
    total = ask(two_days, "2026-11-27", "2026-11-28")[()]
    assert (total.entered, total.expected_s, total.not_received_s) == (46, 46 * 3600, 7200)
    by_hour = ask(two_days, "2026-11-27", "2026-11-28", By.HOUR)
    assert by_hour[date(2026, 11, 27), 9] == Footfall(not_received_s=3600, open_not_received_s=3600)


def test_a_device_that_fell_silent_is_missing_to_the_end(two_days: Store) -> None:
    """Nothing since yesterday is missing time up to the end of the period, or to now; not of the hour that runs."""
    assert ask(two_days, "2026-11-28", "2026-11-30")[()].not_received_s == 48 * 3600
    assert ask(two_days, "2026-11-29", "2026-11-30")[()] == Footfall(
        not_received_s=48 * 3600, open_not_received_s=48 * 3600
    )
    noon_s = 1_795_950_000  # 2026-11-29 12:00 in Rome, 11:00 UTC
    assert ask(two_days, "2026-11-28", "2026-11-30", now_s=noon_s)[()].not_received_s == 11 * 3600
    assert ask(two_days, "2026-11-28", "2026-11-30", now_s=noon_s + 900)[()].not_received_s == 12 * 3600


def test_nothing_is_expected_before_the_first_hour(two_days: Store) -> None:
    """A device that was put up on Friday misses nothing of Thursday."""
    assert ask(two_days, "2026-11-20", "2026-11-28")[()].not_received_s == 0
    assert ask(two_days, "2026-11-20", "2026-11-26") == {}


def test_a_camera_that_was_taken_out_is_not_missed(two_days: Store) -> None:
    """Where the device goes on without a camera, the camera is expected to its last hour only."""
    two_days.hour("2026-11-27T00", camera="old", entered=5)
    two_days.hour("2026-11-27T02", camera="old", entered=5)
    cameras = ask(two_days, "2026-11-27", "2026-11-28", By.CAMERA)
    old = cameras["demo", "milano-01", "door-1", "old"]
    assert (old.entered, old.expected_s, old.not_received_s) == (10, 7200, 3600)


def test_a_device_that_is_no_longer_admitted_is_not_missed(store: Store) -> None:
    """Who turned a device away does not wait for it."""
    store.device("milano-01", admitted_s=None)
    store.hour("2026-11-27T10", entered=3)
    assert ask(store, "2026-11-27", "2026-11-28")[()].not_received_s == 0


def test_a_hole_of_the_whole_period_is_seen(two_days: Store) -> None:
    """A device that was away for all of the period, and came back after it, is missing in it."""
    two_days.hour("2026-12-05T10", entered=1)
    assert ask(two_days, "2026-12-01", "2026-12-02")[()].not_received_s == 48 * 3600


def test_open_time_of_lost_hours_is_that_of_their_kind(store: Store) -> None:
    """An hour that never came was as open as the same hour of the other days."""
    for day in (24, 25, 26):
        for hour in range(8, 12):
            if (day, hour) != (25, 9):
                store.hour(f"2026-11-{day}T{hour:02d}", open_s=1800 if hour == 9 else 0)
    lost = ask(store, "2026-11-24", "2026-11-26", By.HOUR)[date(2026, 11, 25), 9]
    assert (lost.not_received_s, lost.open_not_received_s) == (3600, 1800)


def test_of_the_opening_time_no_more_is_missing_than_at_all(store: Store) -> None:
    """Ten blind minutes in an open hour are ten at most of its opening time, and coverage says so."""
    store.hour("2026-11-28T10", open_s=1800, blind_s=600)
    total = ask(store, "2026-11-28", "2026-11-28", now_s=1_795_860_000)[()]
    assert (total.open_missing_s, total.missing_s) == (600, 600)
    assert total.open_coverage == pytest.approx(1 - 600 / 1800)
    assert total.coverage == pytest.approx(3000 / 3600)


def test_no_device_is_an_empty_answer(store: Store) -> None:
    """Nothing is asked of nobody."""
    assert ask(store, "2026-11-27", "2026-11-28") == {}


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        (Scope(site="roma"), "site roma: not known; there are demo/milano-01"),
        (Scope(region="Nord"), "region Nord: has no site; there are none"),
        (Scope(tenant="other"), "tenant other: not known; there are demo"),
    ],
)
def test_an_unknown_name_says_what_there_is(two_days: Store, scope: Scope, says: str) -> None:
    """Who mistypes a name is told the right ones."""
    with pytest.raises(ScopeError, match=says):
        footfall(two_days.engine, scope, Period(date(2026, 11, 27), date(2026, 11, 28)), now_s=LATER_S)


def test_a_site_of_several_tenants_needs_its_tenant(two_days: Store) -> None:
    """Two tenants may have a shop of the same name; a report is of one."""
    two_days.device("milano-01", tenant="other")
    period = Period(date(2026, 11, 27), date(2026, 11, 28))
    with pytest.raises(ScopeError, match="write one of demo/milano-01, other/milano-01"):
        footfall(two_days.engine, Scope(site="milano-01"), period, now_s=LATER_S)
    assert footfall(two_days.engine, Scope(site="demo/milano-01"), period, now_s=LATER_S)[()].entered == 48


@given(st.lists(st.builds(Footfall, entered=st.integers(0, 99), inside_max=st.integers(0, 99)), max_size=5))
def test_footfall_adds_up(parts: list[Footfall]) -> None:
    """Sums are sums, whatever their order, and the most people inside is the most of any."""
    sums: Callable[[list[Footfall]], Footfall] = lambda of: sum(of, Footfall())  # noqa: E731
    assert sums(parts) == sums(parts[::-1])
    assert sums(parts).entered == sum(part.entered for part in parts)
    assert sums(parts).inside_max == max((part.inside_max for part in parts), default=0)
