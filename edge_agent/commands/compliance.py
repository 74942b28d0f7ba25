"""`edge-agent compliance`: notices, record and assessment from the real configuration."""

from collections.abc import Callable
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from edge_agent.clock import SystemClock
from edge_agent.commands.failure import Misuse, told
from edge_agent.compliance.controller import ControllerError, load_controller
from edge_agent.compliance.documents import DOCUMENTS, LANGUAGES, label, make_all
from edge_agent.compliance.facts import facts
from edge_agent.config import load

Command = Callable[..., None]

_OPTIONS: Final = (
    click.option("--config", "config_file", type=click.Path(path_type=Path), required=True, help="The configuration."),
    click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder for the pages."),
    click.option("--language", type=click.Choice(LANGUAGES), multiple=True, help="Italian or English; else both."),
    click.option(
        "--controller", "controller_file", type=click.Path(path_type=Path), help="TOML file with what follows below."
    ),
    click.option("--name", help="Name of the controller."),
    click.option("--address", help="The controller's registered office."),
    click.option("--contact", help="E-mail address or telephone for requests."),
    click.option("--dpo", help="How to reach the data protection officer."),
    click.option("--url", help="Where the full notice can be read; the QR code leads there."),
    click.option("--retention", help="How long the centre keeps the numbers."),
)


@click.group()
def compliance() -> None:
    """Write the papers that the law asks for, from the real configuration; check the device twice a year.

    What the configuration does not know comes from --controller or from options; what nobody says is a visible blank in
    the page, and is listed. The texts are drafts that a lawyer must confirm.
    """


def _documents(name: str, kinds: tuple[str, ...], says: str) -> None:
    """Mount a command that writes these documents."""

    def write(**given: Any) -> None:  # noqa: ANN401 - as click hands them over
        _write(kinds, **given)

    write.__doc__ = says
    command = reduce(lambda made, option: option(made), reversed(_OPTIONS), write)
    compliance.command(name)(command)


_documents("notice", ("notice",), "Write the notice to put up at the door: A5, with a QR code to the full notice.")
_documents("full-notice", ("full-notice",), "Write the full privacy notice (Article 13 GDPR).")
_documents("record", ("record",), "Write the record of processing activities (Article 30 GDPR).")
_documents("dpia", ("dpia",), "Write the draft of an impact assessment (Article 35 GDPR).")
_documents("all", DOCUMENTS, "Write all four.")


def _write(
    kinds: tuple[str, ...],
    *,
    config_file: Path,
    folder: Path,
    language: tuple[str, ...],
    controller_file: Path | None,
    **options: str | None,
) -> None:
    with told():
        config = load(config_file)
        try:
            controller = load_controller(controller_file, options)
        except ControllerError as error:
            raise Misuse(str(error)) from None
        today = datetime.fromtimestamp(SystemClock().utc(), ZoneInfo(config.site.time_zone)).date()
        made = make_all(kinds, dict.fromkeys(language or LANGUAGES), facts(config), controller, today)
        folder.mkdir(parents=True, exist_ok=True)
        for document in made:
            path = folder / document.name
            path.write_text(document.html, encoding="utf-8")
            click.echo(str(path))
    for field in dict.fromkeys(field for document in made for field in document.missing):
        where = ", ".join(document.name for document in made if field in document.missing)
        click.echo(f"to fill in: {field} ({label(field)}): {where}", err=True)
    if not controller.is_confirmed:
        click.echo("these are drafts: have a lawyer confirm them, then set confirmed_by and confirmed_on", err=True)
