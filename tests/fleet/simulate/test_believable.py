"""What makes a simulated shop believable: its week, its year, its bad days."""

from collections import Counter
from datetime import date, timedelta
from statistics import fmean

from edge_agent.fleet.simulate import Shop, sealed, shops, truth
from edge_agent.fleet.simulate.day import simulate
from edge_agent.fleet.simulate.demand import weather
from edge_agent.terms import ClockState, GapCause

YEAR = (date(2025, 1, 1), date(2025, 12, 31))


def of_kind(word: str) -> Shop:
    """A shop of a kind in Italy."""
    return next(shop for shop in shops(80, 1) if shop.kind.word == word and shop.country == "it")


def by_day(shop: Shop, first: date, last: date) -> Counter[date]:
    """Visitors of each local day."""
    days: Counter[date] = Counter()
    for hour in truth(shop, first, last):
        days[date.fromisoformat(hour.local_day)] += hour.entered
    return days


def test_saturday_is_the_peak_of_a_fashion_shop() -> None:
    """Over a year Saturdays bring more than any other weekday, and afternoons more than mornings."""
    shop = of_kind("Fashion")
    days = by_day(shop, *YEAR)
    weekdays = [fmean(count for day, count in days.items() if day.weekday() == i) for i in range(7)]
    assert max(range(7), key=weekdays.__getitem__) == 5
    hours: Counter[int] = Counter()
    for hour in truth(shop, *YEAR):
        hours[hour.local_hour] += hour.entered
    assert hours[17] > 1.5 * hours[11] > 0
    assert hours[3] == hours[23] == 0


def test_a_pharmacy_closes_for_lunch_and_on_sunday() -> None:
    """Lunch hours and closed weekdays have open seconds of none, and nobody in them."""
    shop = of_kind("Pharmacy")
    hours = list(truth(shop, *YEAR))
    for hour in hours:
        if hour.local_hour == 14 or date.fromisoformat(hour.local_day).weekday() == 6:
            assert hour.open_s == hour.entered == 0
    assert any(hour.open_s for hour in hours)


def test_christmas_august_and_growth_show() -> None:
    """December is the best month of a fashion shop, August the worst, and a growing shop grows from year to year."""
    shop = of_kind("Fashion")
    months: Counter[int] = Counter()
    for day, count in by_day(shop, *YEAR).items():
        months[day.month] += count
    assert months.most_common()[0][0] == 12
    assert months.most_common()[-1][0] in {2, 8}
    growing = max(shops(40, 1), key=lambda shop: shop.growth)
    spring = [sum(by_day(growing, date(year, 3, 1), date(year, 5, 31)).values()) for year in (2024, 2026)]
    assert spring[1] / spring[0] > 1 + growing.growth


def test_rain_keeps_people_away_and_falls_on_a_whole_region() -> None:
    """Days of bad weather bring fewer than fine ones, and two shops of a region have the same weather."""
    shop = of_kind("Fashion")
    fine: list[int] = []
    bad: list[int] = []
    days = by_day(shop, *YEAR)
    for day, count in days.items():
        if day.weekday() < 4 and count:
            (fine if weather(shop.seed, shop.region, day) == 0 else bad).append(count)
    assert fmean(bad) < 0.97 * fmean(fine)


def test_everything_goes_wrong_now_and_then() -> None:
    """Over a fleet's year there are gaps of every kind, blind days, clock faults, backlogs and lost outboxes."""
    causes: Counter[GapCause] = Counter()
    clocks: Counter[ClockState] = Counter()
    lost = offline = dark = 0
    for shop in shops(30, 1):
        for day in range(0, 365, 3):
            found = simulate(shop, YEAR[0] + timedelta(days=day))
            causes.update({gap.cause for gap in found.trouble.blind})
            clocks.update({hour.clock for hours in found.hours for hour in hours})
            lost += found.trouble.lost is not None
            offline += found.trouble.offline is not None
            dark += all(hour.observed_s == 0 for hours in found.hours for hour in hours)
    assert set(causes) == set(GapCause) - {GapCause.ENDED}
    assert set(clocks) == set(ClockState)
    assert min(lost, offline, dark) > 0


def test_a_blind_hour_counts_nobody_though_somebody_came() -> None:
    """Where nothing was observed the messages hold zero and a gap of the whole hour; the truth knows who came."""
    missed = 0
    for shop in shops(30, 1):
        for hour in truth(shop, date(2025, 3, 1), date(2025, 4, 15)):
            if not hour.observed_s and not hour.lost:
                assert hour.counted == hour.counted_passed == 0
                missed += hour.entered
    assert missed > 0


def test_a_lost_outbox_begins_a_new_epoch_and_says_so() -> None:
    """Lost messages are not there; the next one reports how many, under a new epoch, and the truth lists them."""
    shop, day = next(
        (shop, day)
        for shop in shops(40, 1)
        for day in (YEAR[0] + timedelta(days=i) for i in range(365))
        if simulate(shop, day).trouble.lost
    )
    sent = list(sealed(shop, day, day))
    lost = sum(hour.lost for hour in truth(shop, day, day))
    reports = [each.model for each in sent if each.model.lost_messages]
    assert len({each.model.epoch for each in sent}) == 2
    assert [(model.seq, model.lost_messages) for model in reports] == [(1, 5 * lost)]


def test_most_shops_have_one_camera_and_some_more() -> None:
    """Several cameras, pass-by lines, zones and reading of visitors are there now and then."""
    fleet = shops(200, 1)
    assert 20 < sum(len(shop.cameras) > 1 for shop in fleet) < 80
    cameras = [camera for shop in fleet for camera in shop.cameras]
    for some in (
        [camera for camera in cameras if camera.pavement],
        [camera for camera in cameras if camera.zones],
        [camera for camera in cameras if camera.reading],
        [camera for camera in cameras if camera.door is None],
    ):
        assert 0 < len(some) < len(cameras)
    assert len({shop.tz for shop in fleet}) >= 6


def test_nobody_is_inside_beyond_the_capacity() -> None:
    """Who would be too many waits in front: the estimate of people inside keeps to what the shop holds."""
    for shop in shops(12, 3):
        for sent in sealed(shop, date(2025, 12, 13), date(2025, 12, 13)):
            inside = getattr(sent.model, "inside", None)
            if inside is not None and inside.max is not None:
                assert inside.max <= shop.capacity + 4
