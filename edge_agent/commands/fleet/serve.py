"""`edge-agent fleet serve`: the pages."""

import logging
import sys
from pathlib import Path

import click

from edge_agent.commands.failure import Failure, Misuse
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.fleet.pages.serve import PagesError
from edge_agent.fleet.pages.serve import serve as serve_pages
from edge_agent.fleet.pages.users import UsersError


@click.command()
@settings_options
@click.option("--host", help="Address to listen at, instead of the configured one.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen at; 0: any that is free.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is of use when something is wrong.")
def serve(
    config: Path | None, *, database: str | None, broker: str | None, host: str | None, port: int | None, verbose: bool
) -> None:
    """Show devices, live counts and reports in a browser.

    Prints the address as soon as it can be opened, and serves until stopped. Without `pages.users_file` everybody may
    look, so it listens on the loopback only.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    settings = settings_of(config, database, broker)
    told = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"pages": settings.pages.model_copy(update=told)})
    with opened(settings) as engine:
        try:
            serve_pages(settings, engine, click.echo)
        except UsersError as error:
            raise Misuse(str(error)) from None
        except PagesError as error:
            raise Failure(str(error)) from None
