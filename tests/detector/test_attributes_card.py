"""The card of a face-attribute model: what it takes, what it refuses, and that nobody mistakes it for a detector's."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from click.testing import CliRunner
from detector.networks import NETS, card_of, file_entry
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.commands.describe import describe
from edge_agent.commands.models import models
from edge_agent.detector.attributes_card import (
    BANDS,
    SEXES,
    AttributesCard,
    load_any_card,
    load_attributes_card,
    parse_attributes_card,
)
from edge_agent.detector.bundle import AttributesBundle, Bundle
from edge_agent.detector.card import CARD_FILE, Card, Precision, card_to_toml, load_card
from edge_agent.detector.catalogue import installed
from edge_agent.detector.errors import BundleError

_WHERE = Path("some/card.toml")
_CONTENT = b"bytes"


def _confusion(attribute: str = "sex", face_px: int = 24, **changes: Any) -> dict[str, Any]:
    classes = [each.value for each in (SEXES if attribute == "sex" else BANDS)]
    size = len(classes)
    counts = [[9 if row == column else 1 for column in range(size)] for row in range(size)]
    table = {"attribute": attribute, "face_px": face_px, "precision": "int8", "classes": classes}
    return table | {"counts": counts, "unknown": [2] * size} | changes


def _visitors(attribute: str = "sex", crops: int = 5, **changes: Any) -> dict[str, Any]:
    return {key: value for key, value in _confusion(attribute).items() if key != "face_px"} | {"crops": crops} | changes


_VISITORS = [_visitors(), _visitors("age"), _visitors(crops=20)]


def _table(**changes: Any) -> dict[str, Any]:
    attributes = {"readable": 0.5, "sex_confidence": 0.7, "age_confidence": 0.4, "chosen": "on 9 faces"}
    return {
        "name": "faces",
        "version": "1",
        "description": "Sex and age band.",
        "task": "attributes",
        "licence": "Apache-2.0",
        "source": {"publisher": "us", "url": "https://example.org"},
        "file": [file_entry("int8.onnx", _CONTENT).model_dump(mode="json", exclude_none=True) | {"precision": "int8"}],
        "crop": {"side": 64, "margin": 0.25},
        "attributes": attributes
        | {"confusion": [_confusion(), _confusion("age"), _confusion(face_px=64)], "visitors": _VISITORS},
    } | changes


def _attributes(**changes: Any) -> dict[str, Any]:
    return _table(attributes=_table()["attributes"] | changes)


def _parsed(table: dict[str, Any]) -> AttributesCard:
    return parse_attributes_card(tomli_w.dumps(table), _WHERE)


def test_a_card_written_down_reads_back_equal() -> None:
    """What `card_to_toml` writes is a card that equals the one it was given."""
    card = _parsed(_table())
    assert parse_attributes_card(card_to_toml(card), _WHERE) == card


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        (_table(licens="MIT"), "licens", "unknown key"),
        (_table(classes=["face"]), "classes", "unknown key"),
        (_table(crop={"side": 64}), "crop.margin", "missing"),
        (_attributes(readable=1.0), "attributes.readable", "less than 1"),
        (_attributes(sex_confidence=0.3), "attributes.sex_confidence", "0.5"),
        (_attributes(confusion=[_confusion(classes=["male", "female"])]), "confusion.0", "female, male, in this order"),
        (_attributes(confusion=[_confusion(attribute="race")]), "confusion.0.attribute", "'sex' or 'age'"),
        (_attributes(confusion=[_confusion(counts=[[1, 2]])]), "confusion.0", "2 rows of 2"),
        (_attributes(confusion=[_confusion(unknown=[1])]), "confusion.0", "unknown 2 numbers"),
        (_attributes(confusion=[_confusion(unknown=[1, -1])]), "confusion.0", "negative"),
        (_attributes(confusion=[_confusion(), _confusion()]), "sex at 24 px", "twice"),
        (_attributes(visitors=[_visitors(unknown=[1])]), "visitors.0", "unknown 2 numbers"),
        (_attributes(visitors=[_visitors(crops=0)]), "visitors.0.crops", "greater than or equal to 1"),
        (_attributes(visitors=[_visitors(face_px=24)]), "visitors.0.face_px", "unknown key"),
        (_attributes(visitors=[*_VISITORS, _visitors()]), "sex with 5 crops", "twice"),
        (_attributes(visitors=[]), "attributes", "sex tables of single pictures for int8 but none of visitors"),
        (_attributes(visitors=[_visitors()]), "attributes", "age tables of single pictures for int8 but none of"),
        (_attributes(visitors=[_visitors(), _visitors("age", precision="fp32")]), "attributes", "age tables of single"),
        (_table(file=_table()["file"] * 2), "int8.onnx", "twice"),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], key: str, says: str) -> None:
    """Each rule that a card breaks is one line with file, key and what is allowed."""
    with pytest.raises(BundleError) as caught:
        _parsed(table)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{_WHERE}: ")
    assert key in line
    assert says in line


def _bundle(folder: Path, card: Card | AttributesCard) -> Path:
    folder.mkdir(parents=True)
    (folder / card.file[0].name).write_bytes(_CONTENT)
    (folder / CARD_FILE).write_text(card_to_toml(card), encoding="utf-8")
    return folder


def test_a_detector_refuses_an_attributes_card_and_the_other_way_round(tmp_path: Path) -> None:
    """Whoever names the wrong kind of bundle is told so in one line, before any file of it is read."""
    faces = _bundle(tmp_path / "faces", _parsed(_table()))
    people = _bundle(tmp_path / "people", card_of(NETS["yolox_nano"], file_entry("net.onnx", _CONTENT)))
    with pytest.raises(BundleError) as caught:
        Bundle.load(faces)
    assert str(caught.value) == (
        f"{faces / CARD_FILE}: is the card of a face-attribute model, not of a detector; name another bundle here"
    )
    with pytest.raises(BundleError, match="is the card of a detector, not of a face-attribute model"):
        AttributesBundle.load(people)
    assert AttributesBundle.load(faces).card.task == "attributes"
    assert Bundle.load(people).card.task == "detect"


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """One byte more or another byte: the bundle does not load."""
    folder = _bundle(tmp_path / "faces", _parsed(_table()))
    (folder / "int8.onnx").write_bytes(_CONTENT[:-1] + b"x")
    with pytest.raises(BundleError, match="sha256"):
        AttributesBundle.load(folder)


def test_its_fingerprint_is_that_of_its_files(tmp_path: Path) -> None:
    """The fingerprint changes with the files, whatever the task."""
    bundle = AttributesBundle.load(_bundle(tmp_path / "faces", _parsed(_table())))
    line = f"int8 {hashlib.sha256(_CONTENT).hexdigest()}\n"
    assert bundle.fingerprint == hashlib.sha256(line.encode()).hexdigest()[:16]
    assert bundle.precisions == (Precision.INT8,)


def test_a_card_of_either_task_can_be_read(tmp_path: Path) -> None:
    """`load_any_card` goes by the card's own task; what is no TOML is said as such."""
    faces = _bundle(tmp_path / "faces", _parsed(_table())) / CARD_FILE
    people = _bundle(tmp_path / "people", card_of(NETS["yolox_nano"], file_entry("net.onnx", _CONTENT))) / CARD_FILE
    assert load_any_card(faces) == load_attributes_card(faces)
    assert load_any_card(people) == load_card(people)
    faces.write_text("task = ", encoding="utf-8")
    with pytest.raises(BundleError, match="not TOML"):
        load_any_card(faces)


@given(st.integers(1, 20))
def test_the_nearest_number_of_crops_is_found_by_ratio(crops: int) -> None:
    """Of tables for 5 and 20 crops an agent gets the one that its setting is fewer times away from."""
    found = _parsed(_table()).attributes.visitors_of("sex", crops, Precision.INT8)
    assert found is not None
    assert found.crops == (5 if crops <= 10 else 20)


def test_a_precision_without_tables_has_none() -> None:
    """Tables of another file are not passed off as this one's."""
    assert _parsed(_table()).attributes.visitors_of("sex", 5, Precision.FP32) is None


def test_a_network_that_nobody_measured_has_a_card() -> None:
    """Without any table the card is sound: the agent then publishes counts and no shares."""
    card = _parsed(_attributes(confusion=[], visitors=[]))
    assert card.attributes.visitors_of("age", 5, Precision.INT8) is None


def test_it_is_shown_as_a_person_reads_it() -> None:
    """What it reads, when it says unknown, and each confusion table with its rows."""
    lines = list(describe(_parsed(_table())))
    text = "\n".join(lines)
    assert "sex (female, male) and age band (under_20, 20_29, 30_39, 40_49, 50_59, 60_over)" in text
    assert "readable under 0.5, sex under 0.7, age under 0.4" in text
    assert "Single pictures read as, sex at 24 px, int8:" in text
    assert "Visitors taken for, sex with 20 crops, int8:" in text
    assert ["female", "9", "1", "2"] in [line.split() for line in lines]
    assert ["60_over", "1", "1", "1", "1", "1", "9", "2"] in [line.split() for line in lines]


def test_it_stands_among_the_installed(tmp_path: Path) -> None:
    """`models list` and `models show` know the bundle by its name, also as JSON."""
    folder = _bundle(tmp_path / "models" / "faces", _parsed(_table()))
    assert any(each.name == "faces" and each.problem is None for each in installed(tmp_path))
    listed = CliRunner().invoke(models, ["list", "--state", str(tmp_path)])
    assert listed.exit_code == 0
    assert str(folder) in listed.stdout
    shown = CliRunner().invoke(models, ["show", "faces", "--state", str(tmp_path), "--json"])
    assert json.loads(shown.stdout)["attributes"]["readable"] == 0.5
