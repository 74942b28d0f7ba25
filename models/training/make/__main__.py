"""`scripts/make-default-model`: from nothing to bundle."""

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from training.evaluation.evaluate import REPOSITORY
from training.make.carry_out import carry_out
from training.make.recipe import Recipe, steps
from training.network import DESIGNS
from training.places.views import VIEWS

_SCRIPT: Final = "scripts/make-default-model"
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_DEFAULT: Final = {each.name: each.default for each in fields(Recipe)}
_COOLDOWN_SHARE: Final = 6  # one sixth of the samples

QUICK: Final[Mapping[str, Any]] = {
    "figures": 30,
    "batch": 15,
    "pictures": 40,
    "holdout": 20,
    "shard": 20,
    "samples": 192,
    "small": 64,
    "warmup": 64,
    "cooldown": 64,
    "calibration": 10,
    "real_pictures": False,
}
"""Enough for every step to be taken; what comes out finds nobody."""

_AT_LEAST_1: Final = click.IntRange(min=1)


@click.command()
@click.option("--out", type=_FOLDER, help="The bundle.  [default: models/person-SIZE]")
@click.option("--size", type=click.Choice(list(DESIGNS)), default="s", show_default=True)
@click.option("--pictures", type=_AT_LEAST_1, default=_DEFAULT["pictures"], show_default=True, help="To render.")
@click.option(
    "--samples",
    type=_AT_LEAST_1,
    default=_DEFAULT["samples"],
    show_default=True,
    help="To see in training: each picture again and again, cut and lit differently.",
)
@click.option(
    "--cooldown", type=_AT_LEAST_1, help="More of them, while the rate falls.  [default: a sixth of --samples]"
)
@click.option("--view", type=click.Choice(sorted(VIEWS)), default=_DEFAULT["view"], show_default=True)
@click.option("--start-from", "start", type=_FOLDER, help="A bundle of this kind, to begin with its weights.")
@click.option("--clip", "clips", type=click.Path(path_type=Path), multiple=True, help="Real frames to mix in; repeat.")
@click.option("--seed", type=click.IntRange(0, 499), default=1, show_default=True)
@click.option("--cores", type=_AT_LEAST_1, default=os.cpu_count() or 1, help="To use.  [default: all]")
@click.option("--device", default="", help="Of torch, such as cuda.  [default: cuda where there is one]")
@click.option("--data", type=_FOLDER, default=REPOSITORY.parent / "shared/data", help="The shared data.")
@click.option("--work", type=_FOLDER, help="What is made on the way.  [default: .cache/training]")
@click.option("--commit", default="", help="Of this code, where git does not know it.")
@click.option("--no-real-pictures", is_flag=True, help="Evaluate on rendered pictures only.")
@click.option("--quick", is_flag=True, help="Minutes instead of hours: tries the whole chain, the bundle is useless.")
@click.pass_context
def main(
    context: click.Context,
    /,
    *,
    out: Path | None,
    work: Path | None,
    size: str,
    cooldown: int | None,
    samples: int,
    quick: bool,
    no_real_pictures: bool,
    **values: Any,  # noqa: ANN401 - the options that Recipe has under the same names
) -> None:
    """Make the person detector that a device uses unless told otherwise: render, train, quantise, measure.

    The same command goes on where it was stopped, and does nothing where all is done.
    """
    cache = REPOSITORY / ".cache/training"
    recipe = Recipe(
        out=(out or (cache / "quick" if quick else REPOSITORY / "models") / f"person-{size}").resolve(),
        work=(work or (cache / "quick" if quick else cache)).resolve(),
        command=typed(context),
        size=size,
        samples=samples,
        cooldown=cooldown or max(1, samples // _COOLDOWN_SHARE),
        real_pictures=not no_real_pictures,
        **_resolved(values),
    )
    if quick:
        recipe = replace(recipe, **QUICK)
    report = f"the evaluation is in {recipe.work / 'report'}"
    carry_out(context, steps(recipe), out=recipe.out, work=recipe.work, report=report)


def _resolved(values: Mapping[str, Any]) -> dict[str, Any]:
    """Steps run anywhere: no path is relative to where this command was typed."""
    return {
        name: value.resolve()
        if isinstance(value, Path)
        else tuple(path.resolve() for path in value)
        if isinstance(value, tuple)
        else value
        for name, value in values.items()
    }


def typed(context: click.Context, script: str = _SCRIPT) -> str:
    """The command with the options that were given, paths within the repository's surroundings as relative ones."""
    parts = [script]
    for parameter in context.command.params:
        name = parameter.name or ""
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        for item in value if isinstance(value, tuple) else (value,):
            parts.append(parameter.opts[0])
            if not isinstance(item, bool):
                parts.append(os.path.relpath(item, REPOSITORY) if isinstance(item, Path) else str(item))
    return " ".join(parts)


if __name__ == "__main__":
    main()
