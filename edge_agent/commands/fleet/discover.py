"""`edge-agent fleet discover`: tell Home Assistant about the devices."""

import asyncio
from pathlib import Path

import click

from edge_agent.commands.failure import Failure, told
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.fleet.home_assistant import DiscoveryError, admitted, announce


@click.command()
@settings_options
@click.option("--afresh", is_flag=True, help="Take away lines and zones that no device reports any more.")
def discover(config: Path | None, database: str | None, broker: str | None, *, afresh: bool) -> None:
    """Announce the admitted devices to Home Assistant, and take away those that are forgotten.

    Needs `enabled = true` in [home_assistant]; without it, all that was announced is taken away. Writes only what has
    changed: let a timer run it every few minutes.
    """
    settings = settings_of(config, database, broker)
    with told(), opened(settings) as engine:
        try:
            changes = asyncio.run(announce(settings, admitted(engine), afresh=afresh))
        except DiscoveryError as error:
            raise Failure(str(error)) from None
    click.echo(f"announced: {len(changes.announced)}, removed: {len(changes.removed)}, unchanged: {changes.unchanged}")
