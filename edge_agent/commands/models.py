"""`edge-agent models`: which networks there are, fetch one, or make a bundle of one's own."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from edge_agent.commands.describe import describe, table
from edge_agent.commands.failure import Misuse, told
from edge_agent.config import machine_folder
from edge_agent.detector.add import UNSTATED_LICENCE, Request
from edge_agent.detector.add import add as make_bundle
from edge_agent.detector.attributes_card import AnyCard, load_any_card
from edge_agent.detector.card import CARD_FILE, Precision
from edge_agent.detector.catalogue import Entry, Installed, catalogue, entry_named, find_bundle, installed
from edge_agent.detector.classes import CLASS_LISTS
from edge_agent.detector.errors import UnknownBundleError
from edge_agent.detector.fetch import Progress
from edge_agent.detector.install import pull as install
from edge_agent.detector.presets import PRESETS, DecoderName

state_option = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="State folder of the agent, which holds models/ and bench/.  [default: this user's, or the service's]",
)


@click.group()
def models() -> None:
    """List, fetch and add networks. A bundle is a folder with a model card and ONNX files."""


@models.command("list")
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(state: Path | None, *, as_json: bool) -> None:
    """Show the bundles that are installed and the public networks that can be pulled."""
    with told():
        here = installed(state or machine_folder())
        public = catalogue()
    if as_json:
        result = {
            "installed": [_as_data(each) for each in here],
            "catalogue": [_facts(e.card) for e in public.values()],
        }
        click.echo(json.dumps(result, indent=2))
        return
    lines = ["Installed:" if here else "Installed: none yet"]
    rows = [(each.name, each.problem or _files(each.card), _licence(each.card), str(each.folder)) for each in here]
    lines += [*table(rows), "", "Catalogue, to be had with `edge-agent models pull NAME`:"]
    lines += table(
        [(name, _files(entry.card), _licence(entry.card), entry.card.description) for name, entry in public.items()]
    )
    click.echo("\n".join(lines))


@models.command()
@click.argument("name")
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(name: str, state: Path | None, *, as_json: bool) -> None:
    """Show the card of NAME: an installed bundle's name or folder, or a public network of the catalogue."""
    with told():
        folder, card = _card_of(name, state or machine_folder())
    if as_json:
        click.echo(json.dumps(_facts(card) | {"folder": None if folder is None else str(folder)}, indent=2))
        return
    where = f"installed in {folder}" if folder is not None else f"not installed: `edge-agent models pull {name}`"
    click.echo("\n".join([*describe(card), "", where]))


@models.command()
@click.argument("name")
@click.option(
    "--to", type=click.Path(path_type=Path), help="The bundle's folder.  [default: models/NAME of the state folder]"
)
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the ONNX file from here instead of downloading it: for machines without internet.",
)
@click.option("--url", help="Take it from this https address instead of the publisher's.")
@click.option(
    "--timeout-s",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="Longest silence of the server.",
)
@state_option
def pull(
    name: str, *, to: Path | None, source: Path | None, url: str | None, timeout_s: float, state: Path | None
) -> None:
    """Install the public network NAME of the catalogue.

    A download that broke off is continued by the same command. What does not match size and SHA-256 of the catalogue
    is never installed.
    """
    if source is not None and url is not None:
        raise click.UsageError("--from and --url exclude each other")
    with told(Misuse):
        entry = entry_named(name)
    with told():
        folder = to or (state or machine_folder()) / "models" / name
        with _bar(entry) as progress:
            new = install(entry, folder, source=source, url=url, progress=progress, timeout_s=timeout_s)
    if new:
        click.echo(f"{name}: verified, tried and installed in {folder}")
    else:
        click.echo(f"{name}: is in {folder} already, verified again")


@models.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--decoder", type=click.Choice(list(PRESETS)), required=True, help="How the network's outputs are read.")
@click.option("--classes", type=click.Choice(list(CLASS_LISTS)), required=True, help="What it was trained to find.")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    help="The bundle's folder; an existing bundle gets the file added.",
)
@click.option(
    "--precision",
    type=click.Choice([p.value for p in Precision]),
    default="fp32",
    show_default=True,
    help="Arithmetic of the file.",
)
@click.option("--name", help="Name of the bundle.  [default: made from the file's name]")
@click.option("--licence", help="SPDX identifier of the weights' licence, such as Apache-2.0.")
@click.option("--source", help="https address of whoever published the weights.")
@click.option(
    "--score",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    help="Operating threshold.  [default: the decoder's]",
)
def add(
    file: Path,
    *,
    decoder: DecoderName,
    classes: str,
    to: Path,
    precision: str,
    name: str | None,
    licence: str | None,
    source: str | None,
    score: float | None,
) -> None:
    """Make a bundle of the ONNX network FILE, or add FILE to a bundle as a further precision.

    The network is run once before the bundle appears. A file that the catalogue knows gets its card's facts from there.
    """
    request = Request(file, decoder, classes, Precision(precision), name, licence, source, score)
    with told():
        card = make_bundle(request, to)
    click.echo(
        f"{to}: {card.name}, {_files(card)}, {card.input.width}x{card.input.height}, "
        f"decoder {card.decoder.name}, licence {_licence(card)}; tried on a blank picture"
    )
    if card.licence == UNSTATED_LICENCE:
        click.echo("note: nobody has stated the licence; say it with --licence", err=True)


@contextmanager
def _bar(entry: Entry) -> Iterator[Progress]:
    """A progress bar where somebody watches, else silence."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    size = entry.card.file[0].size_bytes
    with click.progressbar(length=size, label=entry.card.name, width=0, file=sys.stderr, show_pos=False) as bar:
        yield lambda done: bar.update(done - bar.pos)


def _card_of(name: str, state: Path) -> tuple[Path | None, AnyCard]:
    """The folder and the card of an installed bundle, else of a network of the catalogue."""
    try:
        folder = find_bundle(name, state=state)
    except UnknownBundleError:
        public = catalogue()
        if name not in public:
            raise
        return None, public[name].card
    return folder, load_any_card(folder / CARD_FILE)


def _files(card: AnyCard | None) -> str:
    if card is None:
        return "?"
    return ", ".join(f"{file.precision} {file.size_bytes / 1e6:.1f} MB" for file in card.file)


def _licence(card: AnyCard | None) -> str:
    if card is None:
        return "?"
    return "unstated" if card.licence == UNSTATED_LICENCE else card.licence


def _as_data(bundle: Installed) -> dict[str, Any]:
    facts = _facts(bundle.card) if bundle.card is not None else {}
    return facts | {"name": bundle.name, "folder": str(bundle.folder), "problem": bundle.problem}


def _facts(card: AnyCard) -> dict[str, Any]:
    return card.model_dump(mode="json", exclude_none=True)
