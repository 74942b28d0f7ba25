"""`scripts/evaluate-model`: measure a bundle, write the table, the JSON, the plots and the examples."""

import json
import platform
from pathlib import Path
from typing import Any, Final

import click
import cv2
import onnxruntime

from edge_agent.commands.failure import told
from edge_agent.detector.choice import processor_name
from training.evaluation import plots, sheets
from training.evaluation.evaluate import REPOSITORY, Bench, Full, Places, Quick, measure, measure_full, prepare
from training.evaluation.holdout import Holdout
from training.evaluation.measures import presence_scores
from training.evaluation.networks import COMPARED, PUBLIC
from training.evaluation.report import as_data, quick_text
from training.evaluation.report_full import full_text

_CACHE: Final = REPOSITORY / ".cache"


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the result.  [default: .cache/evaluation/NAME]")
@click.option("--quick", "only_quick", is_flag=True, help="Only what takes seconds: no replay, speed, plots, examples.")
@click.option(
    "--trained-on",
    multiple=True,
    metavar="CLIP",
    help="A clip that trained the bundle, such as classroom.gif, beside those that its card names; repeat.",
)
@click.option(
    "--compare",
    type=click.Choice(sorted(PUBLIC)),
    multiple=True,
    default=COMPARED,
    show_default=True,
    help="Public network to show beside it; repeat.",
)
@click.option(
    "--holdout", type=click.Path(file_okay=False, path_type=Path), help="Folder of shards of a seed that never trained."
)
@click.option(
    "--speed-s", type=click.FloatRange(0.1, 3600.0), default=20.0, show_default=True, help="How long to measure speed."
)
def main(
    bundle: Path,
    *,
    out: Path | None,
    only_quick: bool,
    trained_on: tuple[str, ...],
    compare: tuple[str, ...],
    holdout: Path | None,
    speed_s: float,
) -> None:
    """Measure BUNDLE, a folder with a model card, on the shared pictures and clips.

    The examples show other people's pictures, so the result is kept out of what git tracks.
    """
    if out is not None and REPOSITORY in out.resolve().parents and _CACHE not in out.resolve().parents:
        raise click.UsageError(f"--out {out}: would put other people's pictures under version control; use {_CACHE}/…")
    with told():
        bench = prepare(bundle, places=Places.around(REPOSITORY), trained_on=trained_on, compared=compare)
        pictures = Holdout.of(holdout) if holdout is not None else None
        folder = out or _CACHE / "evaluation" / bench.own[0].bundle.card.name
        folder.mkdir(parents=True, exist_ok=True)
        quick = measure(bench)
        click.echo(quick_text(quick))
        if only_quick:
            _write(folder / "quick", quick_text(quick), _facts(bench) | {"quick": as_data(quick)})
            return
        try:
            full = measure_full(bench, pictures, speed_s=speed_s, say=lambda what: click.echo(f"{what} …", err=True))
        except RuntimeError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"\n{full_text(full)}")
        text = f"{quick_text(quick)}\n\n{full_text(full)}"
        _write(folder / "report", text, _facts(bench) | {"quick": as_data(quick), "full": as_data(full)})
        _plot(folder, bench, quick, full)
        _show(folder, bench, pictures)
    click.echo(f"\nwritten to {folder}")


def _facts(bench: Bench) -> dict[str, Any]:
    """What was measured, and by what."""
    card = bench.own[0].bundle.card
    return {
        "bundle": {"name": card.name, "version": card.version, "threshold": card.thresholds.score},
        "files": {network.label: network.detector.model_sha256 for network in bench.own},
        "trained_on": list(bench.trained_on),
        "processor": processor_name(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "opencv": cv2.__version__,
    }


def _write(path: Path, text: str, data: dict[str, Any]) -> None:
    path.with_suffix(".txt").write_text(text + "\n", encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _plot(folder: Path, bench: Bench, quick: Quick, full: Full) -> None:
    networks = (*bench.own, *bench.others)
    scores = {each.label: presence_scores(each, bench.indoor, bench.cache_of(each)) for each in networks}
    plots.roc_plot(folder / "roc.png", scores)
    plots.threshold_plot(folder / "threshold.png", (*quick.own, *quick.others))
    plots.speed_plot(folder / "speed.png", full.speed)
    if full.rendered:
        plots.holdout_plot(folder / "rendered.png", full.rendered)


def _show(folder: Path, bench: Bench, holdout: Holdout | None) -> None:
    """Examples of the file that the agent runs by default."""
    network = bench.own[0]
    pairs = {
        "indoor": sheets.indoor_examples(network, bench.indoor),
        "clips": sheets.clip_examples(network, bench.reference, bench.clips, bench.nobody, bench.places.seen),
    }
    if holdout is not None:
        pairs["rendered"] = sheets.holdout_examples(network, holdout)
    for name, (misses, alarms) in pairs.items():
        for kind, examples in (("misses", misses), ("false", alarms)):
            file = folder / f"{name}-{kind}.png"
            file.unlink(missing_ok=True)  # that of an earlier run would pass for this one's
            if examples:
                cv2.imwrite(str(file), sheets.sheet(examples, network.threshold))
