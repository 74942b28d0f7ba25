"""`scripts/evaluate-model`: measure a bundle, write the table, the JSON and the plots."""

import json
from pathlib import Path

import click

from edge_agent.commands.failure import told
from training.evaluation.evaluate import REPOSITORY, Places, measure, prepare
from training.evaluation.networks import COMPARED, PUBLIC
from training.evaluation.report import as_data, quick_text


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the result.  [default: .cache/evaluation/NAME]")
@click.option("--quick", "only_quick", is_flag=True, help="Only what takes seconds: no replay, speed, plots, examples.")
@click.option(
    "--trained-on", multiple=True, metavar="CLIP", help="A clip that trained the bundle, such as classroom.gif; repeat."
)
@click.option(
    "--compare",
    type=click.Choice(sorted(PUBLIC)),
    multiple=True,
    default=COMPARED,
    show_default=True,
    help="Public network to show beside it; repeat.",
)
def main(
    bundle: Path, *, out: Path | None, only_quick: bool, trained_on: tuple[str, ...], compare: tuple[str, ...]
) -> None:
    """Measure BUNDLE, a folder with a model card, on the shared pictures and clips.

    The result holds pictures of other people's data: it stays in a folder that git ignores.
    """
    places = Places.around(REPOSITORY)
    with told():
        bench = prepare(bundle, places=places, trained_on=trained_on, compared=compare)
        result = measure(bench)
        folder = out or REPOSITORY / ".cache" / "evaluation" / bench.own[0].bundle.card.name
        folder.mkdir(parents=True, exist_ok=True)
        text = quick_text(result)
        click.echo(text)
        (folder / "quick.txt").write_text(text + "\n", encoding="utf-8")
        (folder / "quick.json").write_text(json.dumps(as_data(result), indent=2) + "\n", encoding="utf-8")
