"""`edge-agent fleet ingest`: takes the devices' messages in."""

import logging
import signal
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from edge_agent.commands.failure import Failure, Misuse
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.fleet.ingest.worker import Worker
from edge_agent.fleet.settings import Ingest, Settings


@click.command()
@settings_options
@click.option("--worker", default="1", show_default=True, help="Name of this worker; each of several needs its own.")
@click.option("--admit", multiple=True, metavar="PATTERN", help="Admit devices that match, as in `shop/*/*`.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is of use when something is wrong.")
def ingest(
    config: Path | None,
    *,
    database: str | None,
    broker: str | None,
    worker: str,
    admit: tuple[str, ...],
    verbose: bool,
) -> None:
    """Store what the devices publish, and tell them what is safe, until stopped.

    Devices that nobody has admitted wait in quarantine: see `edge-agent fleet devices`. Over MQTT 5 any number of
    workers share the load, on one machine or on several, each with a --worker name of its own.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",  # journald adds the time
    )
    settings = _with_admitted(settings_of(config, database, broker), admit)
    stop = False

    def end(*_: Any) -> None:  # noqa: ANN401 - what a signal brings
        nonlocal stop
        stop = True

    with opened(settings) as engine:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        try:
            working = Worker(engine, settings, name=worker)
        except OSError as error:
            raise Failure(f"ingest.metrics_port: {settings.ingest.metrics_port}: {error.strerror}") from None
        working.run(lambda: stop)


def _with_admitted(settings: Settings, patterns: tuple[str, ...]) -> Settings:
    try:
        told = Ingest.model_validate({**settings.ingest.model_dump(), "admit": (*settings.ingest.admit, *patterns)})
    except ValidationError:
        raise Misuse(
            f"--admit: {' '.join(patterns)}: write tenant/site/device with * for any, as in shop/*/*"
        ) from None
    return settings.model_copy(update={"ingest": told})
