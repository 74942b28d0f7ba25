"""What a report is made of: the usual hour, who came, what is missing and why, and how comparable it is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert, update
from support.told_hours import GOLDEN, Store, visitors

from edge_agent.fleet.figures import Figures, Period, Scope, gather
from edge_agent.fleet.figures.cells import best_and_worst
from edge_agent.fleet.figures.dwell import median_s
from edge_agent.fleet.simulate import fill, shops, truth
from edge_agent.fleet.store.tables import day_visitors, hours, problems, quarantine
from edge_agent.message import DWELL_EDGES_S
from edge_agent.terms import Sex

FIRST, LAST = date(2026, 11, 23), date(2026, 11, 29)
LATER_S = 1_798_761_600  # 2027-01-01


def of(store: Store, first: date = FIRST, last: date = LAST, scope: Scope | None = None) -> Figures:
    """All figures of a week."""
    return gather(store.engine, scope or Scope(), Period(first, last), now_s=LATER_S)


def week(store: Store, monday: int = 23, month: int = 11, camera: str = "entrance") -> None:
    """Seven days that are open from ten to two; Saturdays are busier."""
    for n in range(7):
        for hour in range(24):
            day, busy = date(2026, month, monday + n), 10 <= hour < 14
            entered = (10 if n == 5 else 2) * (hour - 9) if busy else 0
            store.hour(f"{day}T{hour:02d}", entered=entered, open_s=3600 if busy else 0, camera=camera)


def test_the_usual_hour_and_the_best_and_worst(store: Store) -> None:
    """A cell is the mean of its hours; the best are the busiest of the opening hours, the worst the quietest."""
    week(store)
    week(store, monday=16)
    found = of(store, date(2026, 11, 16))
    assert found.cells[5, 13].mean == 40
    assert found.cells[0, 10].mean == 2
    best, worst = best_and_worst(found.cells, 3)
    assert [(cell.weekday, cell.hour) for cell in best] == [(5, 13), (5, 12), (5, 11)]
    assert [(cell.weekday, cell.hour) for cell in worst] == [(6, 10), (4, 10), (3, 10)]


def test_an_hour_that_was_not_seen_fully_does_not_spoil_the_usual_one(store: Store) -> None:
    """The mean is over hours that were seen; the cell says that one was not."""
    store.hour("2026-11-21T10", entered=3, blind_s=1800)
    store.hour("2026-11-28T10", entered=10)
    cell = of(store, date(2026, 11, 21), date(2026, 11, 28)).cells[5, 10]
    assert (cell.mean, cell.is_full) == (10, False)


def test_the_hour_that_comes_twice_counts_as_two(store: Store) -> None:
    """On the day the clock goes back, the usual hour at two is the mean of both, not their sum."""
    for hour in range(4):
        store.hour(f"2026-10-25T{hour:02d}", entered=6)
    store.hour("2026-10-25T02", entered=8, fold=1)
    found = of(store, date(2026, 10, 25), date(2026, 10, 25))
    assert found.hours[date(2026, 10, 25), 2].entered == 14
    assert found.cells[6, 2].mean == 7


def test_comparison_with_the_week_before_and_its_doubts(store: Store) -> None:
    """The change is a part of then; less than 95 % seen, or other cameras, is said."""
    week(store)
    week(store, monday=16)
    week(store, monday=9, camera="side")
    found = of(store, date(2026, 11, 16), date(2026, 11, 22))
    assert found.before.change == 0
    assert found.before.doubts == ("cameras",)
    assert found.year.doubts == ("nothing",)
    assert found.year.change is None
    with store.engine.begin() as connection:
        connection.execute(update(hours).where(hours.c.local_day >= "2026-11-23").values(entered=hours.c.entered * 2))
        connection.execute(delete(hours).where(hours.c.local_day == "2026-11-24"))
    changed = of(store)
    assert changed.before.change == pytest.approx(2 * (100 + 5 * 20) / (100 + 6 * 20) - 1)
    assert changed.before.doubts == ("coverage",)


def test_a_week_that_is_not_over_is_compared_with_the_same_hours(store: Store) -> None:
    """On Wednesday noon, Monday to noon stands beside Monday to noon of the week before, not beside the whole week."""
    week(store, monday=16)
    for day in (23, 24, 25):
        for hour in range(24 if day < 25 else 12):
            store.hour(f"2026-11-{day}T{hour:02d}", entered=2 * (hour - 9) if 10 <= hour < 14 else 0)
    noon_s = 1_795_605_300  # 2026-11-25 12:15 in Rome
    found = gather(store.engine, Scope(), Period(FIRST, LAST), now_s=noon_s)
    assert found.total.not_received_s == 0
    assert (found.total.entered, found.before.then.total.entered, found.before.change) == (46, 46, 0)
    assert "unfinished" in found.before.doubts
    assert sum(each.entered for each in found.before.then.days.values()) == 220


def test_causes_are_told_in_seconds_the_largest_first(store: Store) -> None:
    """Gaps by cause, hours that never came between others, and the silence at the end, together all that is missing."""
    store.hour("2026-11-28T08", blind_s=100)
    store.hour("2026-11-28T09", gaps=[{"cause": "off", "s": 3600}], observed_s=0)
    store.hour("2026-11-28T11", entered=5)
    found = gather(store.engine, Scope(), Period(LAST, LAST), now_s=LATER_S)
    assert found.missing.causes == {"silent": 86_400}
    found = of(store, date(2026, 11, 28), date(2026, 11, 28))
    assert list(found.missing.causes.items()) == [
        ("silent", 12 * 3600),
        ("off", 3600),
        ("not_received", 3600),
        ("covered", 100),
    ]
    assert sum(found.missing.causes.values()) == found.total.missing_s
    assert [(hole.begin, hole.until, hole.missing_s) for hole in found.missing.holes] == [
        (9, 11, 7200),
        (12, 24, 43_200),
    ]
    assert [each.camera for each in found.missing.silent] == ["entrance"]


def test_who_may_have_come_meanwhile_is_guessed_from_the_same_hour(store: Store) -> None:
    """A blind hour costs what the same weekday's hour had, or the same hour of other days; it is added to nothing."""
    store.hour("2026-11-21T10", entered=30)
    store.hour("2026-11-28T10", entered=0, gaps=[{"cause": "off", "s": 3600}], observed_s=0)
    found = of(store, date(2026, 11, 28), date(2026, 11, 28))
    assert found.missing.likely_missed == 0
    with store.engine.begin() as connection:
        connection.execute(delete(hours).where(hours.c.local_day == "2026-11-21"))
    store.hour("2026-11-27T10", entered=12)
    found = gather(store.engine, Scope(), Period(date(2026, 11, 27), date(2026, 11, 28)), now_s=LATER_S)
    assert (found.total.entered, found.missing.likely_missed) == (12, 12)


def test_problems_of_the_period_and_messages_that_wait_are_listed(store: Store) -> None:
    """What the ingest noticed in the period, with the number of messages; not what was over before it."""
    week(store)
    device = store.device()
    at_s = 1_795_700_000
    rows = [
        {"kind": "lost", "noticed_s": at_s, "first_seq": 5, "last_seq": 9, "over_s": None},
        {
            "kind": "silent",
            "noticed_s": at_s - 9_000_000,
            "first_seq": None,
            "last_seq": None,
            "over_s": at_s - 8_000_000,
        },
    ]
    waiting = {"device_id": device, "received_s": at_s, "topic": "t", "hash": b"h", "payload": b"p"}
    with store.engine.begin() as connection:
        connection.execute(insert(problems), [{"device_id": device, "detail": "", **row} for row in rows])
        connection.execute(insert(quarantine).values(waiting))
    missing = of(store).missing
    assert [(each.kind, each.messages) for each in missing.problems] == [("lost", 5)]
    assert missing.waiting == 1


def test_days_are_read_from_their_own_table_and_others_from_their_hours(store: Store) -> None:
    """A day with its table counts once; a day whose table never came is the sum of its hours."""
    told = visitors(30, 20, 10, (600, 500, 700))
    store.hour("2026-11-27T10", demographics=told)
    store.hour("2026-11-27T11", demographics=visitors(9, 9, 9, None))
    store.hour("2026-11-27T23", day_demographics=visitors(40, 30, 17, (570, 490, 650)), demographics=told)
    store.hour("2026-11-28T10", demographics=told)
    store.hour("2026-11-28T11", demographics=visitors(9, 9, 9, None))
    found = of(store).visitors
    assert found.visitors == 87 + 87
    assert [found.sexes[sex] for sex in Sex] == [40 + 30, 30 + 20, 17 + 10]
    assert found.hidden_sex == 27
    share = found.women.share()
    assert share is not None
    assert (share.read, share.share_milli) == (120, round((70 * 570 + 50 * 600) / 120))
    by_hour = of(store).visitor_hours
    assert by_hour[10].visitors == 120
    assert by_hour[11].hidden_sex == 54
    assert by_hour[11].women.share() is None


def test_all_that_is_hidden_stays_hidden(store: Store) -> None:
    """A shop whose cells are all suppressed has visitors and nothing else: no share, no guess."""
    for hour in range(10, 14):
        store.hour(f"2026-11-28T{hour}", demographics=visitors(2, 2, 2, None))
    found = of(store).visitors
    assert (found.visitors, found.hidden_sex, found.hidden_age, found.read_sex) == (24, 24, 24, 0)
    assert found.women.share() is None


def test_a_spent_budget_is_told(store: Store) -> None:
    """Tables that tell nothing because the budget is spent are counted, and their visitors are not taken for nobody."""
    spent = {**visitors(0, 0, 0, None), "visitors": None, "epsilon_milli": 0}
    store.hour("2026-11-28T10", demographics=spent, day_demographics=spent)
    found = of(store).visitors
    assert (found.tables, found.spent, found.visitors) == (1, 1, 0)


def test_shares_of_simulated_shops_hold_the_truth(engine: Engine) -> None:
    """Over a fortnight of shops that read visitors, nine of ten shares of women and more hold that of the clientele."""
    fleet = [shop for shop in shops(14, 5) if any(camera.reading for camera in shop.cameras)]
    period = Period(date(2026, 9, 7), date(2026, 9, 13))
    fill(engine, fleet, period.first, period.last, payloads=False, details=False)
    held, asked = 0, 0
    for shop in fleet:
        found = gather(engine, Scope(site=shop.site), period, now_s=LATER_S)
        told = [hour for hour in truth(shop, period.first, period.last) if hour.women is not None]
        for hour, each in found.visitor_hours.items():
            share = each.women.share()
            true = [one for one in told if one.local_hour == hour and one.women_share is not None]
            if share is None or not sum(one.counted for one in true):
                continue
            mean = sum((one.women_share or 0.0) * one.counted for one in true) / sum(one.counted for one in true)
            asked += 1
            held += share.low_milli <= 1000 * mean <= share.high_milli
        counted = sum(hour.counted_visitors or 0 for hour in truth(shop, period.first, period.last))
        assert found.visitors.visitors == counted
    assert asked > 20
    assert held >= 0.9 * asked


def test_a_day_without_its_table_is_still_counted(engine: Engine) -> None:
    """With the days' tables gone, the visitors of the hours are the same people."""
    shop = next(shop for shop in shops(20, 5) if any(camera.reading for camera in shop.cameras))
    period = Period(date(2026, 9, 7), date(2026, 9, 8))
    fill(engine, [shop], period.first, period.last, payloads=False, details=False)
    before = gather(engine, Scope(), period, now_s=LATER_S).visitors
    with engine.begin() as connection:
        connection.execute(delete(day_visitors))
    after = gather(engine, Scope(), period, now_s=LATER_S).visitors
    assert after.visitors == before.visitors > 0
    assert after.hidden_sex >= before.hidden_sex


def test_zones_add_up(store: Store) -> None:
    """Dwell bins, presence and the most people of a zone over its hours."""
    zone = GOLDEN["zones"][0]
    store.hour("2026-11-28T10", zones=[zone])
    bins = [0] * 17 + [1]
    busy = {**zone, "stays": 1, "dwell": bins, "occupancy": {"min": 0, "mean_milli": 1, "max": 5, "presence_s": 500}}
    store.hour("2026-11-28T11", zones=[busy])
    (found,) = of(store).zones
    assert (found.name, found.stays, found.most) == ("table", 2, 5)
    assert found.mean == pytest.approx(900 / 7200)
    assert found.bins[7] == found.bins[17] == 1


@given(st.lists(st.floats(0.1, 3599), min_size=1, max_size=60))
def test_the_median_is_in_the_bin_that_holds_it(stays: list[float]) -> None:
    """The median of the bins lies in the bin of the true (lower) median."""
    edges = (0, *DWELL_EDGES_S)
    bins = [0] * len(edges)
    for stay in stays:
        bins[max(place for place, edge in enumerate(edges) if stay >= edge)] += 1
    true = sorted(stays)[(len(stays) - 1) // 2]
    place = max(place for place, edge in enumerate(edges) if true >= edge)
    found = median_s(bins)
    assert found is not None
    assert edges[place] <= found <= edges[place + 1]


def test_no_stay_has_no_median() -> None:
    """Of nobody there is no median; of stays of more than an hour it is an hour at least."""
    assert median_s([0] * 18) is None
    assert median_s([0] * 17 + [3]) == 3600
