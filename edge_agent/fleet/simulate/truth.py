"""What was true in the simulated shops, and what every report of their messages must say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from edge_agent.fleet.simulate.day import CameraHour, simulate
from edge_agent.fleet.simulate.demand import age_shares, women_share
from edge_agent.fleet.simulate.messages import days
from edge_agent.fleet.simulate.shop import Shop


@dataclass(frozen=True, slots=True)
class TrueHour:
    """One hour of a shop, over all its cameras.

    On the day the clock goes back an hour of the shop's clock is there twice, and where a step of the clock cut an
    hour, its two pieces stand apart: sum over (local_day, local_hour) before comparing.

    Attributes:
        start_s, local_day, local_hour: when; `length_s` long.
        entered, left, passed: people at the doors and in front of them, as they were; of cameras with such a line.
        women, men, bands: of those that entered, where visitors are read; else None.
        women_share, band_shares: of the clientele that they are a sample of; else None.
        counted, counted_left, counted_passed: the same people as the messages that were sent say it.
        counted_visitors: in the tables of visitors that were sent; None where there is none.
        expected_s, observed_s, open_s: sums over the cameras, of the messages that were sent.
        lost: hours of cameras that were sealed, but lost before they were sent.
    """

    start_s: int
    length_s: int
    local_day: str
    local_hour: int
    entered: int
    left: int
    passed: int
    women: int | None
    men: int | None
    bands: tuple[int, ...] | None
    women_share: float | None
    band_shares: tuple[float, ...] | None
    counted: int
    counted_left: int
    counted_passed: int
    counted_visitors: int | None
    expected_s: int
    observed_s: int
    open_s: int
    lost: int


def truth(shop: Shop, first: date, last: date) -> Iterator[TrueHour]:
    """Give the truth of every hour of a shop's local days, both included; `sealed` gives the messages of the same."""
    for day in days(first, last):
        simulated = simulate(shop, day)
        lost = simulated.trouble.lost
        for hours in simulated.hours:
            start_s = hours[0].slot.start_s
            sent = lost is None or not lost.start_s <= start_s < lost.end_s
            yield _true_hour(shop, day.weekday(), hours, sent=sent)


def _true_hour(shop: Shop, weekday: int, hours: tuple[CameraHour, ...], *, sent: bool) -> TrueHour:
    doors = [hour for hour, camera in zip(hours, shop.cameras, strict=True) if camera.door is not None]
    told = [hour for hour in hours if hour.told is not None]
    readers = [hour.people for hour in told]
    women = sum(people.women or 0 for people in readers) if readers else None
    bands = [people.bands or (0,) * 6 for people in readers]
    slot = hours[0].slot
    counting = hours if sent else ()
    return TrueHour(
        start_s=slot.start_s,
        length_s=slot.length_s,
        local_day=hours[0].local_day,
        local_hour=slot.local_hour,
        entered=sum(hour.people.entered for hour in doors),
        left=sum(hour.people.left for hour in doors),
        passed=sum(hour.people.passed for hour in doors),
        women=women,
        men=None if women is None else sum(people.entered for people in readers) - women,
        bands=tuple(map(sum, zip(*bands, strict=True))) if bands else None,
        women_share=women_share(shop.kind, shop.women_bias, slot.local_hour, weekday) if readers else None,
        band_shares=age_shares(shop.kind, slot.local_hour) if readers else None,
        counted=sum(hour.entered for hour in doors) if sent else 0,
        counted_left=sum(hour.left for hour in doors) if sent else 0,
        counted_passed=sum(hour.front_in + hour.front_out for hour in counting),
        counted_visitors=sum(hour.told.visitors for hour in told if hour.told) if told and sent else None,
        expected_s=sum(hour.slot.length_s for hour in counting),
        observed_s=sum(hour.observed_s for hour in counting),
        open_s=sum(hour.open_s for hour in counting),
        lost=0 if sent else len(hours),
    )
