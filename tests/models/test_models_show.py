"""`edge-agent models show`: a card as a person reads it."""

import json
from pathlib import Path

from click.testing import CliRunner
from models.public import NETS

from edge_agent.commands.describe import describe
from edge_agent.commands.models import models
from edge_agent.detector.card import (
    CARD_FILE,
    Accuracy,
    Card,
    Group,
    Measured,
    Precision,
    Speed,
    Training,
    TrainingData,
    card_to_toml,
)
from edge_agent.detector.catalogue import entry_named

_GROUP = {"dataset": "rendered people", "metric": "recall at IoU 0.5", "attribute": "age", "precision": Precision.INT8}


def _card() -> Card:
    """A card on which everything is stated."""
    return entry_named("yolox_person_192").card.model_copy(
        update={
            "name": "door",
            "weaknesses": ("People seen from straight above are missed.", "So are people in the dark."),
            "measured": Measured(
                accuracy=(
                    Accuracy(dataset="indoor cameras", metric="AUC", value=0.95, interval=(0.94, 0.96)),
                    Accuracy(dataset="indoor cameras", metric="AUC", value=0.949, precision=Precision.INT8),
                ),
                speed=(Speed(device="a board", metric="ms per frame", value=3.5, precision=Precision.INT8),),
                groups=(
                    Group(group="under 12", people=300, value=0.81, interval=(0.77, 0.85), **_GROUP),
                    Group(group="over 60", people=420, value=0.9, **_GROUP),
                ),
            ),
            "training": Training(
                command="make-model --seed 1",
                commit="0123abc",
                data=(
                    TrainingData(
                        name="bodies", licence="CC0-1.0", attribution="Anny", use="people", pictures=1000, share=0.75
                    ),
                    TrainingData(
                        name="clips",
                        licence="CC-BY-4.0",
                        attribution="Intel",
                        use="labelled by yolox_nano",
                        url="https://example.org/clips",
                        share=0.25,
                    ),
                ),
            ),
        }
    )


def test_everything_on_the_card_is_said() -> None:
    """Weaknesses, figures of both files side by side, groups, and each source with its licence and whom to thank."""
    lines = list(describe(_card()))
    text = "\n".join(lines)
    assert "  - People seen from straight above are missed.\n  - So are people in the dark." in text
    assert [line.split() for line in lines if "AUC" in line or "ms per" in line] == [
        ["0.95", "[0.94,", "0.96]", "0.949", "AUC", "indoor", "cameras"],
        ["3.5", "ms", "per", "frame", "a", "board"],
    ]
    assert "By group, recall at IoU 0.5, rendered people, int8:" in text
    assert [line.split() for line in lines if " people  " in line] == [
        ["age", "under", "12", "300", "people", "0.81", "[0.77,", "0.85]"],
        ["age", "over", "60", "420", "people", "0.9"],
    ]
    assert "Trained by `make-model --seed 1` at commit 0123abc, from:" in text
    assert "  - bodies: people, 1000 pictures, 75% of what was seen\n    CC0-1.0, Anny" in text
    assert "  - clips: labelled by yolox_nano, 25% of what was seen\n    CC-BY-4.0, Intel, https://example" in text


def _call(*arguments: str | Path) -> str:
    result = CliRunner().invoke(models, ["show", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_installed_bundle_is_shown_with_its_folder(tmp_path: Path) -> None:
    """By its name or by its folder, the installed bundle's own card is shown; as JSON it is the whole card."""
    folder = tmp_path / "models" / "door"
    folder.mkdir(parents=True)
    (folder / CARD_FILE).write_text(card_to_toml(_card()), encoding="utf-8")
    shown = _call("door", "--state", tmp_path)
    assert shown == _call(folder, "--state", tmp_path)
    assert shown.endswith(f"\ninstalled in {folder}\n")
    data = json.loads(_call("door", "--state", tmp_path, "--json"))
    assert data.pop("folder") == str(folder)
    assert Card.model_validate(data) == _card()


def test_a_public_network_is_shown_before_it_is_pulled(tmp_path: Path) -> None:
    """A network of the catalogue that is not here is described, with the command that fetches it."""
    assert "yolox_nano" in NETS
    shown = _call("yolox_nano", "--state", tmp_path)
    assert shown.startswith("yolox_nano ")
    assert shown.endswith("\nnot installed: `edge-agent models pull yolox_nano`\n")
    assert json.loads(_call("yolox_nano", "--state", tmp_path, "--json"))["folder"] is None


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    """A name that nobody knows: one line that says where it was looked for, and exit status 2."""
    result = CliRunner().invoke(models, ["show", "yolox_nan", "--state", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "yolox_nan: no bundle of this name" in result.stderr
