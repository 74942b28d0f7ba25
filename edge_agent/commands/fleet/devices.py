"""`edge-agent fleet devices`: which devices there are, who is let in, and what is wrong with them."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from pydantic import TypeAdapter, ValidationError

from edge_agent.commands.failure import Failure, Misuse
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.fleet.ingest.admission import admit as admit_devices
from edge_agent.fleet.ingest.admission import empty_quarantine
from edge_agent.fleet.ingest.listing import list_devices, list_problems, list_quarantine
from edge_agent.fleet.settings import Pattern


@click.group()
def devices() -> None:
    """List the devices, admit them, and see what is wrong with them."""


@devices.command("list")
@settings_options
def list_(config: Path | None, *, database: str | None, broker: str | None) -> None:
    """List all devices: who, how, last heard of, and how many windows are stored and confirmed."""
    with opened(settings_of(config, database, broker)) as engine, engine.connect() as connection:
        _table(("DEVICE", "STATUS", "LAST SEEN", "EPOCH", "SAFE UP TO", "PROBLEMS"), list_devices(connection))


@devices.command()
@settings_options
@click.argument("patterns", metavar="PATTERN...", nargs=-1, required=True)
def admit(patterns: tuple[str, ...], config: Path | None, *, database: str | None, broker: str | None) -> None:
    """Admit the devices in quarantine that match PATTERN, as in `shop/*/*`, and store what they have sent.

    The running ingest tells the devices so. A device that has not been heard of yet is not admitted by this: it will
    be in quarantine when it comes.
    """
    for pattern in patterns:
        try:
            TypeAdapter(Pattern).validate_python(pattern)
        except ValidationError:
            raise Misuse(f"{pattern}: write tenant/site/device with * for any, as in shop/*/*") from None
    settings = settings_of(config, database, broker)
    with opened(settings) as engine:
        admitted = admit_devices(engine, patterns, int(time.time()))
        tally = empty_quarantine(engine, settings.ingest)
    for names in admitted:
        click.echo("/".join(names))
    if not admitted:
        raise Failure(
            f"no device in quarantine matches {' '.join(patterns)}; see `edge-agent fleet devices quarantine`"
        )
    click.echo(f"{len(admitted)} admitted; {tally.stored} of their messages stored, {tally.dead.total()} dead letters")


@devices.command()
@settings_options
def quarantine(config: Path | None, *, database: str | None, broker: str | None) -> None:
    """List the devices that nobody has admitted, and how much of theirs waits."""
    with opened(settings_of(config, database, broker)) as engine, engine.connect() as connection:
        _table(("DEVICE", "FIRST SEEN", "LAST SEEN", "MESSAGES"), list_quarantine(connection))


@devices.command()
@settings_options
@click.option("--all", "past_too", is_flag=True, help="Those that are over as well.")
def problems(config: Path | None, *, database: str | None, broker: str | None, past_too: bool) -> None:
    """List what is wrong with the devices, newest first: silent, missing, lost, chain, clock, epoch, future."""
    with opened(settings_of(config, database, broker)) as engine, engine.connect() as connection:
        rows = list_problems(connection, past_too=past_too)
        _table(("NOTICED", "OVER", "DEVICE", "KIND", "EPOCH", "SEQ", "DETAIL"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns as wide as they need to be."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
