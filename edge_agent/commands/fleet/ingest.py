"""`edge-agent fleet ingest`: takes the devices' messages in."""

import logging
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from pydantic import ValidationError
from sqlalchemy import Engine

from edge_agent.commands.failure import Failure, Misuse
from edge_agent.commands.fleet.options import settings_of, settings_options
from edge_agent.fleet.ingest.worker import Worker
from edge_agent.fleet.settings import Ingest, Settings
from edge_agent.fleet.store import StoreAway, StoreError, open_store

_AGAIN_S: Final = 1.0


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

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    engine = _opened(settings, lambda: stop)
    if engine is None:
        return
    try:
        _worker(engine, settings, worker).run(lambda: stop)
    finally:
        engine.dispose()


def _opened(settings: Settings, stopped: Callable[[], bool]) -> Engine | None:
    """Open the store; a PostgreSQL that starts later, as after a power cut, is waited for. None: stopped meanwhile."""
    said = ""
    while not stopped():
        try:
            return open_store(settings.database.url, settings.database.password_file)
        except StoreAway as error:
            if str(error) != said:
                said = str(error)
                logging.getLogger(__name__).warning("%s; waiting for it", said)
            time.sleep(_AGAIN_S)
        except StoreError as error:
            raise Failure(str(error)) from None
    return None


def _worker(engine: Engine, settings: Settings, name: str) -> Worker:
    try:
        return Worker(engine, settings, name=name)
    except OSError as error:
        raise Failure(f"ingest.metrics_port: {settings.ingest.metrics_port}: {error.strerror}") from None


def _with_admitted(settings: Settings, patterns: tuple[str, ...]) -> Settings:
    try:
        told = Ingest.model_validate({**settings.ingest.model_dump(), "admit": (*settings.ingest.admit, *patterns)})
    except ValidationError:
        raise Misuse(
            f"--admit: {' '.join(patterns)}: write tenant/site/device with * for any, as in shop/*/*"
        ) from None
    return settings.model_copy(update={"ingest": told})
