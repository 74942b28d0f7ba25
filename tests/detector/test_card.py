"""The model card: what it takes, what it refuses and how it says so."""

from pathlib import Path
from typing import Any

import pytest
import tomli_w
from detector.networks import NETS, Net, card_of, file_entry
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.detector.card import (
    Accuracy,
    Group,
    Measured,
    Precision,
    Speed,
    Training,
    TrainingData,
    card_to_toml,
    load_card,
    parse_card,
)
from edge_agent.detector.classes import CLASS_LISTS
from edge_agent.detector.errors import BundleError
from edge_agent.detector.presets import PRESETS

_WHERE = Path("some/card.toml")
_ENTRY = file_entry("net.onnx", b"bytes")


def _table(**changes: Any) -> dict[str, Any]:
    table = card_of(NETS["yolox_nano"], _ENTRY).model_dump(mode="json", exclude_none=True)
    return table | changes


def _refusal(table: dict[str, Any]) -> str:
    with pytest.raises(BundleError) as caught:
        parse_card(tomli_w.dumps(table), _WHERE)
    return str(caught.value)


@pytest.mark.parametrize("name", NETS)
def test_a_card_written_down_reads_back_equal(name: str) -> None:
    """What `card_to_toml` writes is a card that equals the one it was given, for every family."""
    card = card_of(NETS[name], _ENTRY)
    assert parse_card(card_to_toml(card), _WHERE) == card


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
_NUMBER = st.floats(0.001, 1e6)


@settings(max_examples=40, deadline=None)
@given(
    description=_TEXT,
    classes=st.lists(_TEXT, min_size=1, max_size=5, unique=True),
    mean=st.tuples(_NUMBER, _NUMBER, _NUMBER),
    std=st.tuples(_NUMBER, _NUMBER, _NUMBER),
    value=st.floats(-10, 10),
)
def test_any_text_and_number_survives_the_card(
    description: str, classes: list[str], mean: Any, std: Any, value: float
) -> None:
    """Quotes, line breaks, other scripts and odd numbers come back as they went."""
    card = card_of(
        Net("yolox", "coco", 64),
        _ENTRY,
        description=description,
        classes=tuple(classes),
        input=PRESETS["yolox"].input_of(64, 64).model_copy(update={"mean": mean, "std": std}),
        measured=Measured(
            accuracy=(Accuracy(dataset=description, metric="m", value=value, precision=Precision.INT8),),
            speed=(Speed(device=description, metric="ms", value=abs(value) + 1.0),),
            groups=(
                Group(
                    dataset=description,
                    metric="m",
                    attribute=classes[0],
                    group=description,
                    people=3,
                    value=value,
                    interval=(value - 1.0, value + 1.0),
                ),
            ),
        ),
        weaknesses=tuple(classes),
        training=Training(
            command=description,
            commit="0123abc",
            data=(TrainingData(name="n", licence="CC0-1.0", attribution=description, use="u", pictures=1, share=1.0),),
        ),
    )
    assert parse_card(card_to_toml(card), _WHERE) == card


@pytest.mark.parametrize(
    "name",
    ["../net.onnx", "/etc/net.onnx", "sub/net.onnx", "..", ".hidden.onnx", "net.onnx/", "a\\b.onnx", "net.pt", ""],
)
def test_a_file_cannot_lie_outside_its_bundle(name: str) -> None:
    """A file's name is a plain name: nothing that leads to another folder is a card."""
    entry = _ENTRY.model_dump(mode="json", exclude_none=True) | {"name": name}
    assert "file.0.name" in _refusal(_table(file=[entry]))


_DATA = {"name": "clips", "licence": "CC-BY-4.0", "attribution": "Intel", "use": "labelled by yolox_nano"}
_TRAINING = {"command": "make", "commit": "0123abc", "data": [_DATA]}
_ACCURACY = {"dataset": "d", "metric": "m", "value": 0.5}


def _with(table: str, **changes: Any) -> dict[str, Any]:
    return _table(**{table: _table()[table] | changes})


@pytest.mark.parametrize(
    ("table", "key", "says"),
    [
        (_table(licens="MIT"), "licens", "unknown key"),
        ({k: v for k, v in _table().items() if k != "licence"}, "licence", "missing"),
        (_table(decoder={"name": "ssd"}), "decoder", "'yolox'"),
        (_table(decoder={"name": "yolox", "reg_max": 7}), "decoder", "unknown key"),
        (_table(classes=[]), "classes", "at least one"),
        (_table(classes=["person", "person"]), "'person'", "twice"),
        (_table(task="classify"), "task", "'detect'"),
        (_table(name="Not A Name"), "name", "'Not A Name'"),
        (_table(decoder={"name": "yunet"}), "yunet", "one name"),
        (_with("thresholds", low=0.9), "low", "score"),
        (_with("thresholds", score=1.5), "thresholds.score", "1.5"),
        (_with("input", std=[1.0, 0.0, 1.0]), "std", "greater than 0"),
        (_with("input", dtype="uint8", mean=[1.0, 1.0, 1.0]), "uint8", "mean"),
        (_with("input", resize="crop"), "input.resize", "'crop'"),
        (_with("source", url="ftp://example.org"), "source.url", "ftp"),
        (_table(file=[_table()["file"][0]] * 2), "net.onnx", "twice"),
        (_table(file=[_table()["file"][0] | {"sha256": "abc"}]), "file.0.sha256", "abc"),
        (_table(weaknesses=[""]), "weaknesses.0", "at least 1"),
        (_table(training=_TRAINING | {"commit": "main"}), "training.commit", "'main'"),
        (_table(training=_TRAINING | {"data": []}), "training.data", "at least one"),
        (_table(training=_TRAINING | {"data": [_DATA | {"share": 0.6}] * 2}), "training", "add up to 1.2"),
        (_table(training=_TRAINING | {"data": [_DATA | {"url": "file:x"}]}), "training.data.0.url", "https"),
        (_table(measured={"accuracy": [_ACCURACY | {"interval": [0.6, 0.7]}]}), "measured.accuracy.0", "around value"),
        (
            _table(measured={"groups": [_ACCURACY | {"attribute": "age", "group": "old", "people": 0}]}),
            "measured.groups.0.people",
            "0",
        ),
    ],
)
def test_a_wrong_card_says_which_key_and_why(table: dict[str, Any], key: str, says: str) -> None:
    """One line with the file, the key and what is wrong with it; nothing of pydantic's addresses."""
    message = _refusal(table)
    assert message.startswith(f"{_WHERE}: ")
    assert key in message
    assert says in message
    assert "\n" not in message
    assert "https://errors" not in message


def test_several_faults_give_one_line_each() -> None:
    """Whoever writes a card sees all its faults at once."""
    lines = _refusal(_table(name="A B", version="", colour="x")).splitlines()
    assert len(lines) == 3
    assert all(line.startswith(f"{_WHERE}: ") for line in lines)


@pytest.mark.parametrize("content", [None, b"name = [", b"\xff\xfe\x00", b""])
def test_what_is_no_card_file_is_refused_with_its_path(tmp_path: Path, content: bytes | None) -> None:
    """A missing, empty, broken or binary card file is a BundleError that names the path."""
    path = tmp_path / "card.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        load_card(path)
    assert all(line.startswith(str(path)) for line in str(caught.value).splitlines())


def test_class_lists_are_those_of_the_networks(shared: Path) -> None:
    """The COCO names stand in the order in which the public networks put them out."""
    names = (shared / "models" / "coco.names").read_text(encoding="utf-8").split("\n")
    synonyms = {
        "motorbike": "motorcycle", "aeroplane": "airplane", "sofa": "couch", "pottedplant": "potted plant",
        "diningtable": "dining table", "tvmonitor": "tv", "hair dryer": "hair drier",
    }  # fmt: skip
    assert CLASS_LISTS["coco"] == tuple(synonyms.get(name.strip(), name.strip()) for name in names if name.strip())
