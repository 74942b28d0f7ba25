"""What a question is about: which sites, which days, and which days to set beside them."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, select, text, true

from edge_agent.fleet.store.tables import hours, sites

_FEW_SITES: Final = 200  # so many are named one by one, which lets the database plan better than a sub-question


class ScopeError(ValueError):
    """Nothing is known under that name; the message says which are."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site as people know it."""

    id: int
    tenant: str
    site: str
    name: str
    region: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures: all that is not None must fit. `Scope()` is everything.

    Attributes:
        tenant: the tenant's name.
        region: the region's, as in the settings.
        site: the site's, alone or as `tenant/site`.
    """

    tenant: str | None = None
    region: str | None = None
    site: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether it leaves nothing out."""
        return self == Scope()


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the period ends on {self.last}, before it begins on {self.first}")

    @property
    def days(self) -> tuple[date, ...]:
        """All of them, in order."""
        return tuple(self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))

    def before(self) -> "Period":
        """The days before, in whole weeks so that weekdays meet: of one week the last, of a month five weeks ago."""
        weeks = -(-len(self.days) // 7)
        return self._moved(-7 * weeks)

    def a_year_ago(self) -> "Period":
        """The same ISO week a year ago, on the same weekdays; a week 53 that was not there is week 52."""
        year, week, weekday = self.first.isocalendar()
        try:
            then = date.fromisocalendar(year - 1, week, weekday)
        except ValueError:
            then = date.fromisocalendar(year - 1, week - 1, weekday)
        return self._moved((then - self.first).days)

    def _moved(self, days: int) -> "Period":
        return Period(self.first + timedelta(days=days), self.last + timedelta(days=days))


def sites_of(connection: Connection, scope: Scope) -> tuple[SiteRow, ...]:
    """The sites in the scope, by tenant and name.

    Raises:
        ScopeError: it names something that is not there, or a site that several tenants have.
    """
    asked = select(sites).order_by(sites.c.tenant, sites.c.site)
    tenant, site = scope.tenant, scope.site
    if site is not None and "/" in site:
        tenant, _, site = site.partition("/")
    for column, wanted in ((sites.c.tenant, tenant), (sites.c.region, scope.region), (sites.c.site, site)):
        if wanted is not None:
            asked = asked.where(column == wanted)
    found = tuple(
        SiteRow(row.id, row.tenant, row.site, row.name or row.site, row.region) for row in connection.execute(asked)
    )
    if not found and not scope.is_all:
        raise ScopeError(_unknown(connection, scope))
    if site is not None and len(found) > 1:
        raise ScopeError(
            f"{site}: several tenants have it; write one of {_listed(f'{s.tenant}/{s.site}' for s in found)}"
        )
    return found


@dataclass(frozen=True, slots=True)
class Question:
    """A scope and a period, and the connection to ask the store by.

    Attributes:
        connection: to the store.
        scope, period: what is asked about.
        now_s: seconds since 1970: hours that are still to come are not missing.
        sites: all in the scope.
    """

    connection: Connection
    scope: Scope
    period: Period
    now_s: int
    sites: tuple[SiteRow, ...]

    @classmethod
    def of(cls, connection: Connection, scope: Scope, period: Period, now_s: int) -> "Question":
        """A question; raises `ScopeError` where nothing is known under that name."""
        if connection.dialect.name == "postgresql":
            # For its guess at the cost of a question PostgreSQL would compile it first, which takes seconds.
            connection.execute(text("SET LOCAL jit = off"))
        return cls(connection, scope, period, now_s, sites_of(connection, scope))

    def about(self, period: Period) -> "Question":
        """The same about another period."""
        return replace(self, period=period)

    @property
    def of_hours(self) -> ColumnElement[bool]:
        """Condition for rows of `hours`."""
        return self.of_days(hours.c.local_day) & self.of_sites(hours.c.site_id)

    def of_days(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Condition that the column names a local day of the period."""
        return column.between(self.period.first.isoformat(), self.period.last.isoformat())

    def of_instants(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Condition that the column is an instant of the period in any time zone: true of all its hours, and of more.

        Tables that have no local day have an index of instants.
        """
        first, last = (
            int(datetime.combine(day, time(), UTC).timestamp())
            for day in (self.period.first - timedelta(days=1), self.period.last + timedelta(days=2))
        )
        return column.between(first, last)

    def of_sites(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Condition that the column names one of the sites."""
        if self.scope.is_all:
            return true()
        if len(self.sites) <= _FEW_SITES:
            return column.in_([site.id for site in self.sites])
        pairs = ((sites.c.tenant, self.scope.tenant), (sites.c.region, self.scope.region))
        return column.in_(select(sites.c.id).where(*(each == wanted for each, wanted in pairs if wanted is not None)))


def _unknown(connection: Connection, scope: Scope) -> str:
    known = connection.execute(select(sites.c.tenant, sites.c.site, sites.c.region)).all()
    parts = []
    if scope.site is not None:
        parts.append(f"site {scope.site}: not known; there are {_listed(f'{row.tenant}/{row.site}' for row in known)}")
    if scope.region is not None:
        parts.append(f"region {scope.region}: has no site; there are {_listed(row.region for row in known)}")
    if scope.tenant is not None:
        parts.append(f"tenant {scope.tenant}: not known; there are {_listed(row.tenant for row in known)}")
    return "; ".join(parts)


def _listed(names: object) -> str:
    distinct = sorted({str(name) for name in names if name})  # type: ignore[attr-defined]
    shown = ", ".join(distinct[:5]) or "none"
    return f"{shown} and {len(distinct) - 5} more" if len(distinct) > 5 else shown
