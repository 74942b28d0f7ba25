"""The page of marketing: choose a site and a period, read the report as it is now, or take the numbers along."""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlencode

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from edge_agent.fleet.export import rows_of, write_csv, write_parquet
from edge_agent.fleet.figures import Period, Scope, ScopeError, gather
from edge_agent.fleet.pages.desk import desk_of, language_of, page
from edge_agent.fleet.pages.words import say
from edge_agent.fleet.report import body_of, report_css
from edge_agent.fleet.store.tables import sites

LONGEST_DAYS: Final = 400
MOST_ROWS: Final = 1_000_000  # of a download: of whom more is wanted, `fleet export` writes it
_CHUNK_BYTES: Final = 65_536
_KINDS: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. Without a period it asks for nothing yet."""

    scope: Scope
    period: Period | None
    first: str
    last: str
    wrong: str | None

    @property
    def query(self) -> str:
        """The same again, for another address."""
        told = {"site": self.scope.site, "region": self.scope.region, "from": self.first, "to": self.last}
        return urlencode({name: value for name, value in told.items() if value})


def asked_of(request: Request) -> Asked:
    """Read the address."""
    query = request.query_params
    scope = Scope(site=query.get("site", "")[:200] or None, region=query.get("region", "")[:200] or None)
    first, last = query.get("from", "")[:10], query.get("to", "")[:10]
    if not first and not last:
        return Asked(scope, None, *_last_week(desk_of(request).now()), wrong=None)
    try:
        period = Period(date.fromisoformat(first), date.fromisoformat(last or first))
        if (period.last - period.first).days >= LONGEST_DAYS:
            raise ValueError(f"> {LONGEST_DAYS} d")
        # A year before must be a year: what a report compares with.
        period.a_year_ago()
    except (ValueError, OverflowError) as error:
        wrong = say(language_of(request), "bad_period", reason=str(error) or "?")
        return Asked(scope, None, first, last, wrong)
    return Asked(scope, period, period.first.isoformat(), period.last.isoformat(), None)


def _last_week(now_s: float) -> tuple[str, str]:
    """Monday to Sunday of the week that is over: what marketing opens on Monday."""
    today = datetime.fromtimestamp(now_s, UTC).date()
    monday = today - timedelta(days=today.weekday() + 7)
    return monday.isoformat(), (monday + timedelta(days=6)).isoformat()


def report(request: Request) -> Response:
    """`/report`: the report as it is now, or the form to ask for one."""
    desk, asked, language = desk_of(request), asked_of(request), language_of(request)
    with desk.engine.connect() as connection:
        known = connection.execute(select(sites).order_by(sites.c.tenant, sites.c.site)).all()
    body, status, wrong = None, 400 if asked.wrong else 200, asked.wrong
    if asked.period is not None:
        try:
            body = body_of(gather(desk.engine, asked.scope, asked.period, now_s=int(desk.now())), language)
        except ScopeError as error:
            status, wrong = 404, str(error)
    return page(
        request,
        "report.html",
        status,
        asked=asked,
        sites=known,
        regions=sorted({site.region for site in known if site.region}),
        body=body,
        wrong=wrong,
        periods=_periods(desk.now()),
    )


def _periods(now_s: float) -> dict[str, tuple[str, str]]:
    """Those that are asked for most, by the key of their name."""
    today = datetime.fromtimestamp(now_s, UTC).date()
    this_month = today.replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    monday = today - timedelta(days=today.weekday())
    return {
        "period.last_week": _last_week(now_s),
        "period.this_week": (monday.isoformat(), today.isoformat()),
        "period.last_month": (last_month.isoformat(), (this_month - timedelta(days=1)).isoformat()),
        "period.this_month": (this_month.isoformat(), today.isoformat()),
    }


def style_sheet(_: Request) -> Response:
    """`/report/report.css`: the report's own."""
    return Response(report_css(), media_type="text/css")


def download(request: Request) -> Response:
    """`/report/hours`: the numbers of the report by hour, as CSV or Parquet with the columns of docs/fleet-export.md."""
    desk, asked = desk_of(request), asked_of(request)
    kind = request.query_params.get("format", "csv")
    if asked.period is None or kind not in _KINDS:
        return page(request, "message.html", 400, title="bad_request", what="bad_request")
    try:
        rows = rows_of(desk.engine, "report", asked.scope, asked.period, now_s=int(desk.now()))
        file = _written(kind, rows)
    except ScopeError:
        return page(request, "message.html", 404, title="not_found", what="not_found_what")
    except _TooManyError:
        return page(request, "message.html", 413, title="too_many", what="too_many_what")
    place = (asked.scope.site or asked.scope.region or "all").replace("/", "-")
    name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in place)
    told = f'attachment; filename="{name}-{asked.first}-{asked.last}.{kind}"'
    return StreamingResponse(_chunks(file), media_type=_KINDS[kind], headers={"Content-Disposition": told})


class _TooManyError(Exception):
    """More rows than a browser is to be sent."""


def _limited(rows: Iterator[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            raise _TooManyError
        yield row


def _written(kind: str, rows: Iterator[tuple[object, ...]]) -> IO[bytes]:
    """The rows in a file that has no name any more: it is gone with whoever reads it, however that ends."""
    with tempfile.NamedTemporaryFile(prefix="fleet-", suffix=f".{kind}") as made:
        if kind == "parquet":
            write_parquet("report", _limited(rows), Path(made.name))
        else:
            with io.TextIOWrapper(open(made.name, "wb"), encoding="utf-8", newline="") as text:  # noqa: PTH123, SIM115
                write_csv("report", _limited(rows), text)
        return Path(made.name).open("rb")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
