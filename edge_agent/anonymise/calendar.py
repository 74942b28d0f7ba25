"""Opening hours and local days of a time zone, with their 23 and 25 hour days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Week = tuple[tuple[tuple[int, int], ...], ...]
"""Per weekday from Monday, the spans (opens, closes) in minutes after local midnight; 1440 is the day's end."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the shop is open, in its own time.

    Attributes:
        zone: the shop's time zone.
        week: seven tuples of spans, or None for a shop that never closes.
        closed_on: local days on which it stays closed.
    """

    zone: ZoneInfo
    week: Week | None = None
    closed_on: frozenset[date] = frozenset()

    def local_day(self, utc_s: float) -> date:
        """Return the local day of an instant."""
        return datetime.fromtimestamp(utc_s, self.zone).date()

    def open_s(self, start_s: float, end_s: float) -> int:
        """Return for how many seconds of [start_s, end_s) (UTC) the shop was open.

        A span that falls into the hour that DST skips or repeats is as long as the clock on the wall makes it.
        """
        if self.week is None:
            return round(end_s - start_s)
        total = 0.0
        day = self.local_day(start_s) - timedelta(days=1)
        last = self.local_day(end_s)
        while day <= last:
            for opens, closes in () if day in self.closed_on else self.week[day.weekday()]:
                total += max(0.0, min(end_s, self._utc(day, closes)) - max(start_s, self._utc(day, opens)))
            day += timedelta(days=1)
        return round(total)

    def _utc(self, day: date, minute: int) -> float:
        naive = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 - zone follows
        return naive.replace(tzinfo=self.zone).astimezone(UTC).timestamp()
