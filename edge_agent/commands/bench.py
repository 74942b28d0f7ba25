"""`edge-agent bench`: which file of a bundle this device should run, by measuring."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click

from edge_agent.commands.failure import told
from edge_agent.commands.models import state_option
from edge_agent.config import DetectorConfig, machine_folder
from edge_agent.detector.bench import Report
from edge_agent.detector.bench import bench as measure
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.catalogue import find_bundle
from edge_agent.detector.choice import record_choice
from edge_agent.detector.network import ProviderName
from edge_agent.detector.pictures import clip_pictures, drawn_pictures, file_pictures
from edge_agent.records import Image


@click.command()
@click.argument("bundle", default=DetectorConfig().bundle)
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Threads of one inference.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.0, 3600.0, min_open=True),
    default=10.0,
    show_default=True,
    help="How long to measure; a slow device takes longer.",
)
@click.option(
    "--provider",
    type=click.Choice(get_args(ProviderName)),
    default="cpu",
    show_default=True,
    help="What runs the network.",
)
@click.option("--against", metavar="BUNDLE", help="Measure a second bundle in the same run and print speed ratios.")
@click.option(
    "--clip",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show frames of this clip instead of drawn pictures.",
)
@click.option(
    "--images",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Show these pictures, or those of this folder. May be repeated.",
)
@click.option(
    "--record/--no-record",
    default=True,
    help="Remember the winner, so that precision 'auto' takes it.  [default: record]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@state_option
def bench(
    bundle: str,
    *,
    threads: int,
    seconds: float,
    provider: ProviderName,
    against: str | None,
    clip: Path | None,
    images: tuple[Path, ...],
    record: bool,
    as_json: bool,
    state: Path | None,
) -> None:
    """Measure the files of BUNDLE (a name or a folder; left out: the default) on this device and say which one to use.

    The files take turns, so that noise hits them alike. Stop the service first: what runs beside it is measured too.
    """
    if clip is not None and images:
        raise click.UsageError("--clip and --images exclude each other")
    with told():
        folder = state or machine_folder()
        loaded = _load(bundle, folder)
        other = _load(against, folder) if against is not None else None
        with _bar() as progress:
            report = measure(
                loaded,
                _pictures(clip, images),
                against=other,
                threads=threads,
                provider=provider,
                seconds=seconds,
                progress=progress,
            )
        recorded = record_choice(loaded, folder, report.verdict.precision) if record else None
    if as_json:
        click.echo(json.dumps(_as_data(report, recorded), indent=2))
    else:
        _print(report, recorded, _kind(clip, images))


def _load(name: str, state: Path) -> Bundle:
    return Bundle.load(find_bundle(name, state=state))


def _pictures(clip: Path | None, images: tuple[Path, ...]) -> list[Image]:
    if clip is not None:
        return clip_pictures(clip)
    return file_pictures(images) if images else drawn_pictures()


def _kind(clip: Path | None, images: tuple[Path, ...]) -> str:
    return "given" if clip is not None or images else "drawn"


@contextmanager
def _bar() -> Iterator[Callable[[float], None]]:
    """A progress bar where somebody watches, else silence."""
    if not sys.stderr.isatty():
        yield lambda _share: None
        return
    with click.progressbar(length=100, label="measuring", width=0, file=sys.stderr, show_pos=False) as bar:
        yield lambda share: bar.update(round(share * 100) - bar.pos)


def _print(report: Report, recorded: Path | None, kind: str) -> None:
    threads = f"{report.threads} thread{'s' if report.threads > 1 else ''}"
    click.echo(
        f"{report.processor}, onnxruntime {report.onnxruntime}, {report.provider}, {threads}, "
        f"{report.pictures} {kind} pictures, {report.rounds} rounds"
    )
    width = max(len(f"{file.bundle} {file.precision}") for file in report.files)
    click.echo(f"{'':{width}}  ms p50  ms p95  CPU ms  of it network  peak MB")
    for file in report.files:
        memory = "?" if file.peak_memory_mb is None else f"{file.peak_memory_mb:.0f}"
        click.echo(
            f"{f'{file.bundle} {file.precision}':{width}}  {file.p50_ms:6.1f}  {file.p95_ms:6.1f}  {file.cpu_ms:6.1f}"
            f"  {file.network_cpu_ms:13.1f}  {memory:>7}"
        )
    for each in report.comparisons:
        noise = ": within noise" if each.ratio.is_noise else ""
        click.echo(f"{each.file} takes {each.ratio} times the {report.compared} of {each.base}{noise}")
    if report.agreement is not None:
        found = report.agreement
        share = "too few to judge" if found.share is None else f"{found.share:.0%} of all boxes have a partner"
        click.echo(f"boxes: fp32 {found.boxes}, int8 {found.other_boxes}, same {found.matched}: {share}")
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"use {report.verdict.reason}")
    if recorded is not None:
        click.echo(f"recorded in {recorded}, where precision 'auto' finds it")


def _as_data(report: Report, recorded: Path | None) -> dict[str, Any]:
    data = dataclasses.asdict(report)
    if report.agreement is not None:
        data["agreement"]["share"] = report.agreement.share
    for each, comparison in zip(data["comparisons"], report.comparisons, strict=True):
        each["ratio"]["is_noise"] = comparison.ratio.is_noise
    return data | {"recorded": None if recorded is None else str(recorded)}
