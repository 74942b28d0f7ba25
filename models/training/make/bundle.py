"""The last part of making a model: a cooled-down checkpoint becomes a bundle with a card that says what it is worth.

`python -m training.make.bundle --checkpoint RUN/checkpoint.pt --shards FOLDER --holdout FOLDER --out FOLDER …`:
fp32, int8 calibrated on rendered shards, thresholds by the rule of `threshold`, evaluation, card.
"""

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from edge_agent.commands.failure import told
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import CARD_FILE, Card, ModelFile, Precision, Source, Training, card_to_toml
from edge_agent.detector.install import publish, staging_folder, write_durably
from edge_agent.detector.presets import PRESETS
from training.evaluation.evaluate import REPOSITORY, Places
from training.evaluation.holdout import Holdout
from training.export import export, network_of
from training.make import provenance
from training.make.judge import evaluate, write_report
from training.make.progress import Say
from training.make.provenance import Seen
from training.make.threshold import choose
from training.network import HEIGHT, WIDTH
from training.places.views import ANY, VIEWS
from training.quantise import Recipe, quantise

SHIPPED: Final = Precision.INT8
"""The file that devices run unless they have measured otherwise: thresholds and sentences are about it."""

NO_URL: Final = "https://unknown.invalid"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to become a bundle.

    Attributes:
        checkpoint: cooled down.
        seen: what trained it.
        clips: names of the clips in `seen.real`.
        view: of training.places.views, that the rendered pictures have.
        holdout: shards of a seed and of figures that did not train it.
        out: the bundle's folder; one that is there is replaced at the end.
        command: that made the checkpoint.
        commit: of the code that did.
        licence: of the weights, SPDX.
        publisher: for the card.
        url: where the publisher describes them.
        calibration: pictures for int8.
        speed_s: seconds for the measure of speed.
        places: real pictures and clips; None: do without.
        report: folder for the evaluation's text and JSON.
    """

    checkpoint: Path
    seen: Seen
    holdout: Path
    out: Path
    command: str
    commit: str
    report: Path
    clips: tuple[str, ...] = ()
    view: str = ANY
    licence: str = "Apache-2.0"
    publisher: str = "this project"
    url: str = NO_URL
    calibration: int = Recipe.pictures
    speed_s: float = 20.0
    places: Places | None = field(default_factory=lambda: Places.around(REPOSITORY))


def make_bundle(order: Order, say: Say = lambda _what: None) -> Card:
    """Make the bundle; `order.out` is as it was until all is done.

    Raises:
        DetectorError: the network does not run in the agent.
        OSError: data are missing.
        ValueError: the checkpoint is none, or there are no shards.
        RuntimeError: a clip cannot be counted.
    """
    holdout = Holdout.of(order.holdout)
    data = provenance.data_of(order.seen, order.clips)
    folder = staging_folder(order.out.resolve())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = _write_files(order, folder, say)
    plain = _plain_card(order, files, Training(command=order.command, commit=order.commit, data=data))
    _write_card(folder, plain)
    say("choosing the score on the hold-out")
    choice = choose(folder, SHIPPED, holdout)
    plain = plain.model_copy(update={"thresholds": choice.thresholds})
    _write_card(folder, plain)
    evaluation = evaluate(folder, holdout, places=order.places, trained_on=order.clips, speed_s=order.speed_s, say=say)
    card = evaluation.card(plain, SHIPPED, order.view)
    _write_card(folder, card)
    write_report(order.report, evaluation, f"score {choice.thresholds.score:g}: {choice.thresholds.chosen}")
    _replace(folder, order.out.resolve())
    return card


def _write_files(order: Order, folder: Path, say: Say) -> tuple[ModelFile, ...]:
    """Both ONNX files, the smaller first."""
    fp32, int8 = folder / "fp32.onnx", folder / "int8.onnx"
    say("exporting fp32")
    export(network_of(order.checkpoint), fp32)
    say(f"quantising: calibration on {order.calibration} rendered pictures")
    quantise(fp32, int8, order.seen.rendered, Recipe(pictures=order.calibration))
    return tuple(
        ModelFile(
            name=path.name,
            precision=precision,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            size_bytes=path.stat().st_size,
        )
        for path, precision in ((int8, Precision.INT8), (fp32, Precision.FP32))
    )


def _plain_card(order: Order, files: tuple[ModelFile, ...], training: Training) -> Card:
    """The card without what only an evaluation knows."""
    network, preset = network_of(order.checkpoint), PRESETS["fcos"]
    learned = "rendered people" + (" and a few clips" if order.clips else "")
    cameras = "fixed cameras" if order.view == ANY else f"cameras with the view '{order.view}'"
    return Card(
        name=order.out.resolve().name,
        version=files[0].sha256[:12],
        description=f"People seen by {cameras}, learned from {learned}; int8 for small processors.",
        licence=order.licence,
        source=Source(publisher=order.publisher, url=order.url),
        classes=("person", "head")[: network.classes],
        input=preset.input_of(WIDTH, HEIGHT),
        decoder=preset.decoder,
        thresholds=preset.thresholds,
        file=files,
        training=training,
    )


def _write_card(folder: Path, card: Card) -> None:
    # Through the parser, because model_copy checks nothing.
    Card.model_validate(card.model_dump())
    write_durably(folder / CARD_FILE, card_to_toml(card).encode())


def _replace(folder: Path, target: Path) -> None:
    """Put the new bundle where an older one may be."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        Bundle.load(target)  # nothing but a bundle is ever replaced
        target.rename(old)
    publish(folder, target)
    shutil.rmtree(old, ignore_errors=True)


_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--checkpoint", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Cooled down.")
@click.option("--shards", type=_FOLDER, multiple=True, required=True, help="Rendered shards that trained it; repeat.")
@click.option("--holdout", type=_FOLDER, required=True, help="Shards of a seed that did not train it.")
@click.option("--out", type=_FOLDER, required=True, help="The bundle's folder; its name is the bundle's.")
@click.option("--command", required=True, help="The command that trained it, for the card.")
@click.option("--commit", help="Of the code that trained it.  [default: the one checked out]")
@click.option("--negatives", type=_FOLDER, multiple=True, help="Photographs of nobody that trained it; repeat.")
@click.option("--negative-share", type=click.FloatRange(0, 1), default=0.06, show_default=True, help="Of what it saw.")
@click.option("--real", type=_FOLDER, help="Shards of labelled clips that trained it.")
@click.option("--real-share", type=click.FloatRange(0, 1), default=0.0, help="Of what it saw.")
@click.option("--clip", "clips", multiple=True, metavar="NAME", help="Of --real, such as classroom.gif; repeat.")
@click.option("--start", type=_FOLDER, help="The bundle with whose weights the training began.")
@click.option("--view", type=click.Choice(sorted(VIEWS)), default=ANY, show_default=True, help="That it learned.")
@click.option("--report", type=_FOLDER, help="Folder for the whole evaluation.  [default: .cache/evaluation/NAME]")
@click.option("--licence", default="Apache-2.0", show_default=True, help="Of the weights, SPDX.")
@click.option("--publisher", default="this project", show_default=True)
@click.option("--url", default=NO_URL, help="Where the publisher describes them.")
@click.option("--calibration", type=click.IntRange(1), default=Recipe.pictures, show_default=True, help="Pictures.")
@click.option("--speed-s", type=click.FloatRange(0.1, 3600), default=20.0, show_default=True)
@click.option("--no-real-pictures", is_flag=True, help="Evaluate on the hold-out alone.")
def main(
    *,
    checkpoint: Path,
    shards: tuple[Path, ...],
    holdout: Path,
    out: Path,
    command: str,
    commit: str | None,
    negatives: tuple[Path, ...],
    negative_share: float,
    real: Path | None,
    real_share: float,
    clips: tuple[str, ...],
    start: Path | None,
    view: str,
    report: Path | None,
    licence: str,
    publisher: str,
    url: str,
    calibration: int,
    speed_s: float,
    no_real_pictures: bool,
) -> None:
    """Make a bundle of a cooled-down checkpoint: fp32, int8, thresholds, evaluation, card."""
    order = Order(
        checkpoint=checkpoint,
        seen=Seen(shards, negatives, negative_share, real, real_share, start),
        holdout=holdout,
        out=out,
        command=command,
        commit=commit or provenance.commit_of(REPOSITORY),
        report=report or REPOSITORY / ".cache/evaluation" / out.resolve().name,
        clips=clips,
        view=view,
        licence=licence,
        publisher=publisher,
        url=url,
        calibration=calibration,
        speed_s=speed_s,
        places=None if no_real_pictures else Places.around(REPOSITORY),
    )
    with told():
        try:
            card = make_bundle(order, say=lambda what: click.echo(f"{what} …", err=True))
        except (ValueError, RuntimeError) as error:
            raise click.ClickException(str(error)) from None
    if commit is None and provenance.changed(REPOSITORY):
        click.echo(
            "note: models/training differs from the commit in the card; commit first, or name --commit", err=True
        )
    click.echo(
        f"{out}: {card.name} {card.version}, score {card.thresholds.score:g}; the evaluation is in {order.report}"
    )


if __name__ == "__main__":
    main()
