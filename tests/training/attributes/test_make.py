"""`scripts/make-attribute-model`: its steps, and the card that comes out."""

import importlib
import json
from dataclasses import replace
from pathlib import Path

import click
import pytest
from training.attributes.bundle import Order, make_bundle
from training.attributes.make import QUICK, SCRIPT, Recipe, main, steps
from training.attributes.train import Options, train
from training.evaluation.evaluate import REPOSITORY
from training.make.__main__ import typed

from edge_agent.detector.bundle import AttributesBundle
from edge_agent.detector.card import Precision

RECIPE = Recipe(Path("/out"), Path("/made"), Path("/data"), command="make")


def test_everything_is_made_in_order() -> None:
    """From people to bundle; what is there already is not made again."""
    names = [step.name for step in steps(RECIPE)]
    assert names == ["figures", "shards", "pictures", "training", "bundle"]
    given = replace(RECIPE, figures=Path("/figures"), shards=Path("/shards"))
    assert [step.name for step in steps(given)] == names[2:]
    assert "/shards" in steps(given)[0].arguments


def test_the_training_goes_on_where_it_stopped() -> None:
    """The training's step resumes from its own checkpoint."""
    step = next(step for step in steps(RECIPE) if step.name == "training")
    assert step.goes_on == Path("/made/run-001-s/checkpoint.pt")
    assert step.resume == ("--resume",)


def test_the_training_begins_with_the_weights_of_a_bundle() -> None:
    """The training's step is given the fp32 file of the bundle that is named, and nothing where none is."""
    step = next(step for step in steps(replace(RECIPE, start_from=Path("/bundle"))) if step.name == "training")
    assert step.arguments[-2:] == ("--init", "/bundle/fp32.onnx")
    assert not any("--init" in step.arguments for step in steps(RECIPE))


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, **QUICK), replace(RECIPE, start_from=Path("/bundle"))])
def test_each_step_knows_its_options(recipe: Recipe) -> None:
    """Every option that a step is given stands in its module's own source."""
    for step in steps(recipe):
        module = importlib.import_module(step.module)
        folder = Path(str(module.__file__))
        source = folder.read_text() + (
            folder.with_name("__main__.py").read_text() if folder.name == "__init__.py" else ""
        )
        for option in step.arguments[::2]:
            assert f'"{option}"' in source, (step.name, option)


def test_the_card_names_the_command_as_it_was_typed() -> None:
    """Options that were given are repeated, paths relative to the repository."""
    arguments = ["--seed", "3", "--samples", "500", "--figures", str(REPOSITORY / "figures")]
    context = main.make_context(SCRIPT, arguments)
    assert isinstance(context, click.Context)
    assert typed(context, SCRIPT) == "scripts/make-attribute-model --samples 500 --seed 3 --figures figures"


def test_a_trained_checkpoint_becomes_a_bundle(folder: Path, tmp_path: Path) -> None:
    """Files, thresholds, tables, groups, and data with licences are on the card, and it loads."""
    options = Options(folder, tmp_path / "run", size="q", pictures=64, cooldown=32, warmup=16, batch=16)
    train(options)
    order = Order(
        options.out / "checkpoint.pt",
        folder,
        tmp_path / "faces",
        "make-it --seed 1",
        "0123abc",
        tmp_path / "report.txt",
    )
    make_bundle(order)
    card = make_bundle(order)  # an older bundle is replaced
    bundle = AttributesBundle.load(tmp_path / "faces")
    assert bundle.card == card
    assert bundle.precisions == (Precision.INT8, Precision.FP32)
    assert {table.attribute for table in card.attributes.confusion} == {"sex", "age"}
    assert sum(map(sum, card.attributes.confusion[0].counts)) + sum(card.attributes.confusion[0].unknown) == 12
    assert {(table.attribute, table.crops) for table in card.attributes.visitors} >= {("sex", 5), ("age", 5)}
    assert all(sum(map(sum, table.counts)) + sum(table.unknown) == 12 for table in card.attributes.visitors)
    assert {group.attribute for group in card.measured.groups} == {"sex", "age band", "race_audit_only"}
    assert card.training is not None
    assert card.training.command == "make-it --seed 1"
    assert "FairFace" in card.training.data[0].name
    assert "int8.onnx" in (tmp_path / "report.txt").read_text()
    assert "visitors, 5 crops: sex told" in (tmp_path / "report.txt").read_text()
    assert "race" not in json.dumps(card.attributes.model_dump(mode="json"))
