"""`scripts/make-attribute-model`: from labelled faces and rendered heads to the bundle models/face-attributes."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import click

from training.attributes.export import FP32
from training.attributes.network import DESIGNS
from training.attributes.train import Options
from training.evaluation.evaluate import REPOSITORY
from training.make.__main__ import typed
from training.make.carry_out import carry_out
from training.make.steps import Step
from training.runs import FINISHED

SCRIPT: Final = "scripts/make-attribute-model"
_COOLDOWN_SHARE: Final = 0.7  # of the samples


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the model is made of and how long.

    Attributes:
        out: the bundle.
        work: folder for everything on the way.
        data: the shared data.
        command: what was typed, for the card.
        figures: a library of figures that is there; None: one is made.
        shards: rendered people that are there; None: they are made.
        samples: faces and other pictures seen in training.
        cooldown: the last of them, while the rate falls.
        seed: decides everything but the speed.
        size: of the network.
        people: in the library, where it is made.
        pictures: of them to render, where they are made.
        scale: share of the pictures of nothing to read that are made.
        warmup: samples until the rate is full.
        start_from: a bundle whose weights the training begins with; None: from nothing.
        cores: to use where work can be shared.
        commit: of the code, for the card; empty: the one checked out.
    """

    out: Path
    work: Path
    data: Path
    command: str
    figures: Path | None = None
    shards: Path | None = None
    samples: int = Options.pictures
    cooldown: int = Options.cooldown
    seed: int = Options.seed
    size: str = Options.size
    people: int = 2000
    pictures: int = 2000
    scale: float = 1.0
    warmup: int = Options.warmup
    start_from: Path | None = None
    cores: int = 2
    commit: str = ""


QUICK: Final[Mapping[str, Any]] = {
    "samples": 3200,
    "cooldown": 1600,
    "warmup": 640,
    "size": "q",
    "people": 60,
    "pictures": 80,
    "scale": 0.02,
}
"""Enough for every step to be taken; what comes out guesses."""

_SHARD: Final = 50  # pictures; small, because whole shards go to the splits


def steps(recipe: Recipe) -> list[Step]:
    """All of them in order."""
    work, found = recipe.work, []
    figures = recipe.figures or work / f"figures-{recipe.seed:03d}"
    shards = recipe.shards or work / f"shards-{recipe.seed:03d}"
    if recipe.figures is None:
        arguments = _arguments(
            out=figures, count=recipe.people, batch=min(100, recipe.people), seed=recipe.seed, data=recipe.data
        )
        says = f"making {recipe.people} people"
        found.append(Step("figures", says, "training.figures", arguments, (figures,)))
    if recipe.shards is None:
        arguments = _arguments(
            out=shards,
            pictures=recipe.pictures,
            shard=min(_SHARD, recipe.pictures // 4),
            seed=recipe.seed,
            workers=recipe.cores,
            figures=figures,
            places=work / "places",
            data=recipe.data,
        )
        says = f"rendering {recipe.pictures} pictures of them, for bodies without faces"
        found.append(Step("shards", says, "training.generate", arguments, (shards,)))
    return [*found, _preparing(recipe, figures, shards), _training(recipe), _bundle(recipe)]


def _faces(recipe: Recipe) -> Path:
    return recipe.work / "pictures"


def _run(recipe: Recipe) -> Path:
    return recipe.work / f"run-{recipe.seed:03d}-{recipe.size}"


def _preparing(recipe: Recipe, figures: Path, shards: Path) -> Step:
    arguments = _arguments(
        data=recipe.data,
        shards=shards,
        figures=figures,
        out=_faces(recipe),
        seed=recipe.seed,
        scale=recipe.scale,
    )
    results = (_faces(recipe) / "faces.npz", _faces(recipe) / "nothing.npz")
    says = "decoding the faces, and making pictures of nothing to read"
    return Step("pictures", says, "training.attributes.prepare", arguments, results)


def _training(recipe: Recipe) -> Step:
    run = _run(recipe)
    arguments = _arguments(
        data=_faces(recipe),
        out=run,
        size=recipe.size,
        pictures=recipe.samples,
        cooldown=recipe.cooldown,
        warmup=recipe.warmup,
        seed=recipe.seed,
        init=recipe.start_from and recipe.start_from / FP32,
    )
    return Step(
        "training",
        f"training on {recipe.samples} samples",
        "training.attributes.train",
        arguments,
        (run / FINISHED,),
        goes_on=run / "checkpoint.pt",
        resume=("--resume",),
    )


def _bundle(recipe: Recipe) -> Step:
    arguments = _arguments(
        checkpoint=_run(recipe) / "checkpoint.pt",
        data=_faces(recipe),
        out=recipe.out,
        command=recipe.command,
        commit=recipe.commit,
        report=recipe.work / "report.txt",
        seed=recipe.seed,
    )
    says = "temperatures, int8, thresholds, measures, card"
    return Step("bundle", says, "training.attributes.bundle", arguments, (recipe.out,))


def _arguments(**values: object) -> tuple[str, ...]:
    """Options by name; empty ones are left out."""
    pairs = ((f"--{name.replace('_', '-')}", str(value)) for name, value in values.items() if value not in ("", None))
    return tuple(part for pair in pairs for part in pair)


_DEFAULT: Final = {each.name: each.default for each in fields(Recipe)}
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_AT_LEAST_1: Final = click.IntRange(min=1)


@click.command()
@click.option("--out", type=_FOLDER, help="The bundle.  [default: models/face-attributes]")
@click.option("--samples", type=_AT_LEAST_1, default=_DEFAULT["samples"], show_default=True, help="To see in training.")
@click.option("--cooldown", type=_AT_LEAST_1, help="The last of them, while the rate falls.  [default: 65 %]")
@click.option("--size", type=click.Choice(list(DESIGNS)), default=_DEFAULT["size"], show_default=True)
@click.option("--seed", type=click.IntRange(0, 499), default=_DEFAULT["seed"], show_default=True)
@click.option("--figures", type=_FOLDER, help="Library of figures that is there.  [default: one is made]")
@click.option("--shards", type=_FOLDER, help="Rendered people that are there.  [default: they are made]")
@click.option("--start-from", type=_FOLDER, help="A bundle whose weights the training begins with.")
@click.option("--cores", type=_AT_LEAST_1, default=os.cpu_count() or 1, help="To use.  [default: all]")
@click.option("--data", type=_FOLDER, default=REPOSITORY.parent / "shared/data", help="The shared data.")
@click.option("--work", type=_FOLDER, help="What is made on the way.  [default: .cache/attributes]")
@click.option("--commit", default="", help="Of this code, where git does not know it.")
@click.option("--quick", is_flag=True, help="Minutes instead of hours: tries the whole chain, the bundle guesses.")
@click.pass_context
def main(
    context: click.Context,
    /,
    *,
    out: Path | None,
    samples: int,
    cooldown: int | None,
    size: str,
    seed: int,
    figures: Path | None,
    shards: Path | None,
    start_from: Path | None,
    cores: int,
    data: Path,
    work: Path | None,
    commit: str,
    quick: bool,
) -> None:
    """Make the model that reads sex and age band of faces: render, cut, train, quantise, measure.

    The same command goes on where it was stopped, and does nothing where all is done.
    """
    cache = REPOSITORY / ".cache" / ("attributes-quick" if quick else "attributes")
    default = cache if quick else REPOSITORY / "models"
    recipe = Recipe(
        out=(out or default / "face-attributes").resolve(),
        work=(work or cache).resolve(),
        data=data.resolve(),
        command=typed(context, SCRIPT),
        figures=figures.resolve() if figures else None,
        shards=shards.resolve() if shards else None,
        samples=samples,
        cooldown=cooldown or max(1, round(samples * _COOLDOWN_SHARE)),
        seed=seed,
        size=size,
        start_from=start_from.resolve() if start_from else None,
        cores=cores,
        commit=commit,
    )
    if quick:
        recipe = replace(recipe, **QUICK)
    report = f"all figures are in {recipe.work / 'report.txt'}"
    carry_out(context, steps(recipe), out=recipe.out, work=recipe.work, report=report)


if __name__ == "__main__":
    main()
