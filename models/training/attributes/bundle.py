"""A trained checkpoint becomes a bundle: fp32, int8, thresholds, measures, card.

`python -m training.attributes.bundle --checkpoint RUN/checkpoint.pt --data WORK --out FOLDER --command …`
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import numpy as np

from edge_agent.commands.failure import told
from edge_agent.demographics.votes import Rule
from edge_agent.detector.attributes_card import AttributesCard
from edge_agent.detector.bundle import AttributesBundle
from edge_agent.detector.card import CARD_FILE, ModelFile, Precision, Training, TrainingData, card_to_toml
from edge_agent.detector.choice import processor_name
from edge_agent.detector.install import flush_folder, staging_folder, write_durably
from training.attributes.card import Found, make_card, tables_of
from training.attributes.choose import choose
from training.attributes.data import ABOUT, NOTHING_ABOUT, Split, read_faces, read_nothing
from training.attributes.export import CALIBRATION, FP32, INT8, calibration_crops, export, quantise
from training.attributes.measure import File, measure, text
from training.attributes.temperature import fit
from training.attributes.train import network_of
from training.attributes.visits import text as visitors_text
from training.attributes.visits import visitor_tables, visits_of
from training.evaluation.evaluate import REPOSITORY
from training.make import provenance
from training.make.progress import Say
from training.make.provenance import INGREDIENTS

FILES: Final = {Precision.INT8: INT8, Precision.FP32: FP32}
"""The one that devices run first."""

FAIRFACE: Final = {
    "name": "FairFace, training part",
    "licence": "CC-BY-4.0",
    "attribution": "Kimmo Kärkkäinen and Jungseock Joo: FairFace: Face Attribute Dataset for Balanced Race, Gender, "
    "and Age for Bias Measurement and Mitigation, WACV 2021",
    "url": "https://github.com/joojs/fairface",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to become a bundle.

    Attributes:
        checkpoint: at rest.
        data: folder that `prepare` filled.
        out: the bundle's folder; one that is there is replaced at the end.
        command: that made the checkpoint.
        commit: of the code that did.
        report: file for all figures as text.
        seed: of calibration and measures.
    """

    checkpoint: Path
    data: Path
    out: Path
    command: str
    commit: str
    report: Path
    seed: int = 1


def make_bundle(order: Order, say: Say = lambda _what: None) -> AttributesCard:
    """Make the bundle; `order.out` is as it was until all is done.

    Raises:
        DetectorError: what is at `order.out` is no bundle of this kind.
        OSError: data are missing.
        ValueError: the checkpoint is none.
    """
    folder = staging_folder(order.out.resolve())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = _write_files(order, folder, say)
    say("choosing the confidences on the validation split")
    choice = choose(folder / INT8, order.data, order.seed)
    rule = Rule(readable=choice.readable, sex=choice.sex, age=choice.age)
    visits = visits_of(read_faces(order.data, Split.TEST), order.seed)
    worth, tables, visitors = {}, {}, {}
    for precision, name in FILES.items():
        say(f"measuring {name} on the test split")
        worth[precision] = measure(folder / name, order.data, choice.readable, order.seed)
        tables[precision] = tables_of(folder / name, order.data, choice)
        visitors[precision] = visitor_tables(visits, File(folder / name).read(visits.crops), rule)
    found = Found(files, worth, tables, visitors, choice, processor_name())
    training = Training(command=order.command, commit=order.commit, data=data_of(order.data))
    card = make_card(order.out.resolve().name, found, training)
    write_durably(folder / CARD_FILE, card_to_toml(card).encode())
    order.report.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{FILES[each]}\n{text(worth[each])}\n{visitors_text(visitors[each])}" for each in FILES]
    write_durably(order.report, ("\n".join([choice.words, *lines]) + "\n").encode())
    _replace(folder, order.out.resolve())
    return card


def _write_files(order: Order, folder: Path, say: Say) -> tuple[ModelFile, ...]:
    say("finding the temperatures on the calibration split")
    network = network_of(order.checkpoint)
    faces, nothing = read_faces(order.data, Split.CALIBRATION), read_nothing(order.data, Split.CALIBRATION)
    temperatures = fit(network, faces, nothing, order.seed)
    say("exporting fp32 and int8")
    export(network, temperatures, folder / FP32)
    quantise(network, temperatures, folder / INT8, calibration_crops(faces, nothing, CALIBRATION, order.seed))
    return tuple(
        ModelFile(
            name=name,
            precision=precision,
            sha256=hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            size_bytes=(folder / name).stat().st_size,
        )
        for precision, name in FILES.items()
    )


def data_of(data: Path) -> tuple[TrainingData, ...]:
    """What trained the network, and whom to thank."""
    faces = int((np.load(data / ABOUT)["split"] == Split.TRAIN).sum())
    about = np.load(data / NOTHING_ABOUT)
    kinds = about["kind"][about["split"] == Split.TRAIN].tolist()
    rendered = sum(kinds.count(kind) for kind in ("backs", "bodies", "around"))
    return (
        TrainingData(**FAIRFACE, use="faces with sex and age; the race labels measured errors only", pictures=faces),
        TrainingData(
            name="rendered pictures",
            licence="none needed: made by models/training of what is named below",
            attribution="this project",
            use="nothing to read: heads from behind, bodies, rooms",
            pictures=rendered or None,
        ),
        *INGREDIENTS,
        TrainingData(**provenance.GOODS, use="nothing to read: goods, hands", pictures=kinds.count("goods") or None),
    )


def _replace(folder: Path, target: Path) -> None:
    """Put the new bundle where an older one may be."""
    AttributesBundle.load(folder)
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        AttributesBundle.load(target)  # nothing but a bundle is ever replaced
        target.rename(old)
    folder.rename(target)
    flush_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--checkpoint", type=click.Path(dir_okay=False, path_type=Path), required=True, help="At rest.")
@click.option("--data", type=_FOLDER, required=True, help="Folder that `prepare` filled.")
@click.option("--out", type=_FOLDER, required=True, help="The bundle's folder; its name is the bundle's.")
@click.option("--command", required=True, help="The command that trained it, for the card.")
@click.option("--commit", help="Of the code that trained it.  [default: the one checked out]")
@click.option("--report", type=click.Path(path_type=Path), help="File for all figures.  [default: DATA/report.txt]")
@click.option("--seed", type=int, default=1, show_default=True)
def main(
    *, checkpoint: Path, data: Path, out: Path, command: str, commit: str | None, report: Path | None, seed: int
) -> None:
    """Make a bundle of a trained checkpoint: fp32, int8, thresholds, measures, card."""
    order = Order(
        checkpoint,
        data,
        out,
        command,
        commit or provenance.commit_of(REPOSITORY),
        report or data / "report.txt",
        seed,
    )
    with told():
        try:
            card = make_bundle(order, say=lambda what: click.echo(f"{what} …", err=True))
        except (ValueError, RuntimeError) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{out}: {card.name} {card.version}; all figures are in {order.report}")


if __name__ == "__main__":
    main()
