"""The options that all fleet commands share: where the settings are, and what overrides them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError
from sqlalchemy import Engine

from edge_agent.commands.failure import Failure, Misuse
from edge_agent.fleet.settings import Settings, SettingsError, read_settings
from edge_agent.fleet.store import StoreError, open_store

_Command = TypeVar("_Command", bound=Callable[..., Any])


def settings_options(command: _Command) -> _Command:
    """Give a command `--config`, `--database` and `--broker`; they arrive as `config`, `database` and `broker`."""
    for option in (
        click.option("--broker", metavar="URL", help="The MQTT broker, instead of the configured one."),
        click.option("--database", metavar="URL", help="The database, instead of the configured one."),
        click.option(
            "--config", type=click.Path(path_type=Path), help="The fleet's settings; without: the defaults of each."
        ),
    ):
        command = option(command)
    return command


def settings_of(config: Path | None, database: str | None = None, broker: str | None = None) -> Settings:
    """Return the settings of the file, with what the command line overrides.

    Raises:
        Misuse: they cannot be used.
    """
    try:
        settings = read_settings(config)
    except SettingsError as error:
        raise Misuse(str(error)) from None
    tables = settings.model_dump()
    for option, table, value in (("--database", "database", database), ("--broker", "broker", broker)):
        if value is None:
            continue
        tables[table]["url"] = value
        try:
            settings = Settings.model_validate(tables)
        except ValidationError as error:
            raise Misuse(f"{option}: {error.errors()[0]['msg']}") from None
    return settings


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """The store while the block runs.

    Raises:
        Failure: it cannot be opened.
    """
    try:
        engine = open_store(settings.database.url, settings.database.password_file)
    except StoreError as error:
        raise Failure(str(error)) from None
    try:
        yield engine
    finally:
        engine.dispose()
