"""`edge-agent check`: whether a configuration can be used, and what it amounts to."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from edge_agent.clock import SystemClock
from edge_agent.config import (
    Config,
    ConfigError,
    Problem,
    Verified,
    as_toml,
    config_hash,
    geometry_hash,
    json_schema,
    machine_folder,
    verify,
)
from edge_agent.config.problem import one_line
from edge_agent.detector.bundle import AttributesBundle
from edge_agent.detector.catalogue import find_bundle
from edge_agent.detector.errors import DetectorError

WRONG = 2
"""Exit status for a configuration that cannot be used."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--show", is_flag=True, help="Print the settings in force, defaults included, as TOML.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file, for editors, and check nothing.")
def check(file: Path | None, *, as_json: bool, show: bool, schema: bool) -> None:
    """Say whether the configuration FILE can be used: one line per error, and exit status 2.

    It also looks at the files that the configuration names: passwords, certificates, clips, and, where a camera reads
    visitors, the bundle for it.
    """
    if schema:
        click.echo(json_schema(), nl=False)
        return
    if file is None:
        raise click.UsageError("name the configuration FILE, or use --schema")
    if as_json and show:
        raise click.UsageError("--json and --show exclude each other")
    try:
        verified = verify(file, now_s=SystemClock().utc(), bundle_problem=_bundle_problem)
    except ConfigError as error:
        if as_json:
            click.echo(_as_json({"file": str(file), "ok": False, "problems": _plain(error.problems)}))
        else:
            click.echo(str(error), err=True)
        raise click.exceptions.Exit(WRONG) from None
    _report(file, verified, as_json=as_json, show=show)


def _bundle_problem(name: str, folder: Path) -> str | None:
    """Why the bundle that reads faces cannot be used; None where it can."""
    try:
        AttributesBundle.load(find_bundle(name, state=machine_folder(), relative_to=folder))
    except DetectorError as error:
        return str(error).partition("\n")[0]
    return None


def _report(file: Path, verified: Verified, *, as_json: bool, show: bool) -> None:
    if as_json:
        click.echo(_as_json(_result(file, verified)))
        return
    for warning in verified.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(as_toml(verified.config) if show else one_line(_summary(file, verified.config)), nl=not show)


def _result(file: Path, verified: Verified) -> dict[str, Any]:
    config = verified.config
    return {
        "file": str(file),
        "ok": True,
        **_sizes(config),
        "config": config_hash(config),
        "geometry": {camera.name: geometry_hash(camera) for camera in config.camera},
        "warnings": _plain(verified.warnings),
    }


def _summary(file: Path, config: Config) -> str:
    sizes = ", ".join(f"{n} {what if n != 1 else what[:-1]}" for what, n in _sizes(config).items())
    return f"{file}: ok: {sizes}"


def _sizes(config: Config) -> dict[str, int]:
    return {
        "cameras": len(config.camera),
        "lines": sum(len(camera.line) for camera in config.camera),
        "zones": sum(len(camera.zone) for camera in config.camera),
    }


def _plain(problems: tuple[Problem, ...]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(problem) for problem in problems]


def _as_json(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=2)
