"""`edge-agent fleet export`: the store's rows for other programs."""

import time
from datetime import datetime
from pathlib import Path

import click

from edge_agent.commands.failure import Misuse, told
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.commands.fleet.report import DAY, period_of, write_table
from edge_agent.fleet.export import rows_of
from edge_agent.fleet.figures import Scope, ScopeError


@click.command()
@settings_options
@click.option("--site", metavar="SITE", help="Only this site: its name, or TENANT/SITE where several tenants have it.")
@click.option("--region", metavar="REGION", help="Only the sites of a region.")
@click.option("--tenant", metavar="TENANT", help="Only the sites of a tenant.")
@click.option("--from", "first", type=DAY, required=True, help="First local day: 2026-11-01.")
@click.option("--to", "last", type=DAY, required=True, help="Last local day; it is included.")
@click.option(
    "--table",
    type=click.Choice(["hours", "lines", "zones", "days"]),
    required=True,
    help="Sealed hours as they came, their lines or zones, or whole local days.",
)
@click.option("--format", "kind", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True, help="How.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write; without: standard output."
)
def export(
    config: Path | None,
    database: str | None,
    broker: str | None,
    *,
    site: str | None,
    region: str | None,
    tenant: str | None,
    first: datetime,
    last: datetime,
    table: str,
    kind: str,
    output: Path | None,
) -> None:
    """Export rows as CSV or Parquet, with the columns of docs/fleet-export.md, which stay as they are."""
    settings = settings_of(config, database, broker)
    scope = Scope(tenant=tenant, region=region, site=site)
    with told(), opened(settings) as engine:
        try:
            rows = rows_of(engine, table, scope, period_of(first, last), now_s=int(time.time()))
            write_table(table, rows, kind, output)
        except ScopeError as error:
            raise Misuse(str(error)) from None
