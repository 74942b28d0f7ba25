"""`edge-agent compliance`: notices, record and assessment from the real configuration."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from edge_agent import __version__
from edge_agent.camera import prepare_opencv
from edge_agent.clock import SystemClock
from edge_agent.commands.failure import Failure, Misuse, told
from edge_agent.compliance.checks import check_all
from edge_agent.compliance.controller import ControllerError, load_controller
from edge_agent.compliance.documents import DOCUMENTS, LANGUAGES, label, make_all, make_report
from edge_agent.compliance.facts import facts
from edge_agent.compliance.signing import SigningError, sign, signing_key, verify
from edge_agent.config import load, state_folder
from edge_agent.message import instant
from edge_agent.pipeline import load_detector

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


@compliance.command("self-check")
@click.option("--config", "config_file", type=click.Path(path_type=Path), required=True, help="The configuration.")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder for the report.")
@click.option(
    "--also", type=click.Path(path_type=Path), multiple=True, help="A further folder to look for pictures in."
)
def self_check(config_file: Path, *, folder: Path, also: tuple[Path, ...]) -> None:
    """Check the device as the Garante asks every six months, and sign what was found.

    No picture on disk, memory overwritten, schema unchanged, no core files; swap, switches of demographics, versions.
    Run it on the device, as the user that the service runs as. Exit status: 0 nothing failed, 1 something did.
    """
    prepare_opencv()
    with told():
        config = load(config_file)
        try:
            key = signing_key(state_folder(config))
            checks = check_all(config, lambda: load_detector(config, config_folder=config_file.absolute().parent), also)
        except (SigningError, ValueError) as error:
            raise Failure(str(error)) from None
        site, now_s = config.site, SystemClock().utc()
        report = {
            "schema": "edge-agent/self-check/v1",
            "tenant": site.tenant,
            "site": site.site,
            "device": site.device,
            "at": instant(now_s),
            "clock_synced": SystemClock().is_synced(),
            "version": __version__,
            "ok": all(check.verdict != "failed" for check in checks),
            "checks": [check.plain() for check in checks],
        }
        signed = sign(report, key)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"self-check-{site.device}-{instant(now_s)[:10]}.json"
        path.write_text(json.dumps(signed, indent=2), encoding="utf-8")
        click.echo(str(path))
        for language in LANGUAGES:
            page = path.with_suffix(f".{language}.html")
            page.write_text(make_report(signed, language), encoding="utf-8")
            click.echo(str(page))
    for check in checks:
        click.echo(f"{check.name}: {check.verdict}")
    click.echo(f"public key: {signed['public_key']}")
    if not report["ok"]:
        raise click.exceptions.Exit(1)


@compliance.command("verify-report")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", required=True, help="The device's public key, as `self-check` printed it at installation.")
def verify_report(file: Path, *, key: str) -> None:
    """Say whether FILE, the JSON of a self-check, was signed with the device's key and not altered since.

    Exit status: 0 it was, and no check in it failed; 1 not.
    """
    with told():
        text = file.read_bytes()
    try:
        report = verify(json.loads(text), key.strip())
    except (ValueError, RecursionError):
        raise Failure(f"{file}: is no JSON") from None
    except SigningError as error:
        raise Failure(f"{file}: {error}") from None
    failed = [check["name"] for check in report["checks"] if check["verdict"] == "failed"]
    click.echo(f"{file}: signed by this key: {report['device']} at {report['at']}")
    if failed:
        raise Failure(f"{file}: did not pass: {', '.join(failed)}")
