"""`edge-agent fleet report`: what marketing opens on Monday."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import click

from edge_agent.commands.failure import Misuse, told
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.fleet.export import Row, replacing, rows_of, write_csv, write_parquet
from edge_agent.fleet.figures import Period, Scope, ScopeError, gather
from edge_agent.fleet.report import page_of
from edge_agent.fleet.report.numbers import LANGUAGES, Language
from edge_agent.fleet.report.plain import plain

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@settings_options
@click.option("--site", metavar="SITE", help="One site: its name, or TENANT/SITE where several tenants have it.")
@click.option("--region", metavar="REGION", help="All sites of a region.")
@click.option("--tenant", metavar="TENANT", help="All sites of a tenant.")
@click.option("--all", "everything", is_flag=True, help="All sites.")
@click.option("--from", "first", type=DAY, help="First local day: 2026-11-01.")
@click.option("--to", "last", type=DAY, help="Last local day; it is included.")
@click.option(
    "--last", "recent", type=click.Choice(["day", "week", "month"]), help="The whole one that is over, instead of days."
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["html", "csv", "json", "parquet"]),
    default="html",
    show_default=True,
    help="A page to read, the numbers by hour as a table, or all figures of the page for a program.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), default=None, help="Of the page; without: as in the settings.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File to write, or a folder, in which it gets a name of its own; without: standard output.",
)
def report(
    config: Path | None,
    database: str | None,
    broker: str | None,
    *,
    site: str | None,
    region: str | None,
    tenant: str | None,
    everything: bool,
    first: datetime | None,
    last: datetime | None,
    recent: str | None,
    kind: str,
    lang: Language | None,
    output: Path | None,
) -> None:
    """Report footfall: how many came, when, who they were, how that compares, and what is missing and why.

    The page is one file that needs nothing else and prints on A4. What csv and parquet have in them is written in
    docs/fleet-export.md.
    """
    if everything == bool(site or region or tenant):
        raise Misuse("say whose report: one of --site, --region, --tenant, or --all")
    scope = Scope(tenant=tenant, region=region, site=site)
    period = _period(first, last, recent)
    settings = settings_of(config, database, broker)
    if output is not None and output.is_dir():
        place = (site or region or tenant or "all").replace("/", "-")
        output /= f"{place}-{period.first}-{period.last}.{kind}"
    with told(), opened(settings) as engine:
        try:
            if kind in ("csv", "parquet"):
                rows = rows_of(engine, "report", scope, period, now_s=int(time.time()))
                write_table("report", rows, kind, output)
                return
            figures = gather(engine, scope, period, now_s=int(time.time()))
        except ScopeError as error:
            raise Misuse(str(error)) from None
        if kind == "json":
            text = json.dumps(plain(figures), ensure_ascii=False, indent=1)
        else:
            text = page_of(figures, lang or settings.pages.language)
        if output is None:
            click.echo(text)
            return
        with replacing(output) as path:
            path.write_text(f"{text}\n", encoding="utf-8")
    click.echo(str(output), err=True)


def whole(recent: str, today: date) -> Period:
    """The whole day, week from Monday, or month that was over when today began."""
    match recent:
        case "day":
            last = today - timedelta(days=1)
            return Period(last, last)
        case "week":
            last = today - timedelta(days=today.isoweekday())
            return Period(last - timedelta(days=6), last)
        case _:
            last = today.replace(day=1) - timedelta(days=1)
            return Period(last.replace(day=1), last)


def _period(first: datetime | None, last: datetime | None, recent: str | None) -> Period:
    if recent is not None and first is None and last is None:
        return whole(recent, datetime.now().astimezone().date())
    if recent is not None or first is None or last is None:
        raise Misuse("say which days: --from and --to, or --last")
    return period_of(first, last)


def period_of(first: datetime, last: datetime) -> Period:
    """The period that the options name.

    Raises:
        Misuse: it ends before it begins.
    """
    days: tuple[date, date] = (first.date(), last.date())
    if days[1] < days[0]:
        raise Misuse(f"--to {days[1]}: is before --from {days[0]}")
    return Period(*days)


def write_table(table: str, rows: Iterator[Row], kind: str, output: Path | None) -> None:
    """Write a table of the export's contract, to a file that is there only when it is whole."""
    if output is None:
        if kind == "parquet":
            raise Misuse("--format parquet: say the file with -o")
        write_csv(table, rows, sys.stdout)
        return
    with replacing(output) as path:
        if kind == "parquet":
            count = write_parquet(table, rows, path)
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                count = write_csv(table, rows, file)
    click.echo(f"{output}: {count} rows", err=True)
