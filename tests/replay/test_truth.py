"""`replay --truth`: a count made by hand beside the agent's."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.agent import edge_agent

from edge_agent.truth import Truth, TruthError, compare, load_truth

LINES = {"exit": object()}
ZONES = {"table": object()}
RESULT = {"lines": {"exit": {"in": 2, "out": 3}}, "zones": {"table": {"dwell_s": [4.0, 6.5]}}}


def written(folder: Path, document: object) -> Path:
    """A truth file that says this."""
    path = folder / "clip.truth.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def loaded(folder: Path, document: object) -> Truth:
    return load_truth(written(folder, document), lines=LINES, zones=ZONES)


def test_each_number_of_the_truth_is_compared(tmp_path: Path) -> None:
    """Both ways of a line, the stays and the seconds stayed are set beside the agent's; only counts are judged."""
    truth = loaded(
        tmp_path,
        {"lines": {"exit": {"in": 2, "out": 4}}, "zones": {"table": {"stays": 2, "dwell_s": [4, 7]}}, "details": [1]},
    )
    rows = [(row.what, row.counted, row.true, row.right) for row in compare(truth, RESULT)]
    assert rows == [
        ("line exit: in", 2, 2, True),
        ("line exit: out", 3, 4, False),
        ("zone table: stays", 2, 2, True),
        ("zone table: seconds stayed", 10.5, 11.0, True),
    ]


def test_what_the_truth_leaves_out_is_not_compared(tmp_path: Path) -> None:
    """Lines, and times of stays, that nobody wrote down do not appear."""
    truth = loaded(tmp_path, {"zones": {"table": {"stays": 1}}})
    assert [row.what for row in compare(truth, RESULT)] == ["zone table: stays"]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "Invalid JSON"),
        ({}, "nothing to compare"),
        ({"line": {"exit": {"in": 1, "out": 1}}}, "line: Extra inputs"),
        ({"lines": {"exit": {"in": 1}}}, "lines.exit.out: Field required"),
        ({"lines": {"exit": {"in": -1, "out": 1}}}, "lines.exit.in: Input should be greater"),
        ({"lines": {"exit": {"in": "1", "out": 1}}}, "lines.exit.in: Input should be a valid integer"),
        ({"lines": {"door": {"in": 1, "out": 1}}}, "lines.door: the camera has no such line; it has exit"),
        ({"zones": {"till": {"stays": 1}}}, "zones.till: the camera has no such zone; it has table"),
        ({"zones": {"table": {"stays": 2, "dwell_s": [1.0]}}}, "1 times for 2 stays"),
    ],
)
def test_a_wrong_file_is_one_line_that_says_where(tmp_path: Path, document: object, says: str) -> None:
    """What cannot be compared is told with the file, the place and what is wrong, in one line."""
    with pytest.raises(TruthError) as caught:
        loaded(tmp_path, document)
    text = str(caught.value)
    assert text.startswith(f"{tmp_path / 'clip.truth.json'}: ")
    assert says in text
    assert "\n" not in text


@pytest.fixture(scope="session")
def network(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public network as a user adds it."""
    folder = tmp_path_factory.mktemp("networks") / "yolox_person_192"
    options = ("--decoder", "yolox", "--classes", "person", "--to", folder)
    done = edge_agent("models", "add", shared / "models" / "yolox_person_192.onnx", *options)
    assert done.status == 0, done.err
    return folder


def against(shared: Path, network: Path, truth: Path, *options: object) -> Any:
    """doorway.gif, counted and compared."""
    files = ("--config", shared / "contract" / "one-by-one.toml", "--bundle", network, "--truth", truth)
    return edge_agent("replay", shared / "clips" / "doorway.gif", *files, *options)


def test_a_right_count_ends_with_0(shared: Path, network: Path, tmp_path: Path) -> None:
    """Where every count is as the truth says, the table says so and the exit status is 0."""
    done = against(shared, network, written(tmp_path, {"lines": {"exit": {"in": 0, "out": 0}}}))
    assert (done.status, done.err) == (0, "")
    assert "all counts are right" in done.out


def test_a_wrong_count_ends_with_3(shared: Path, network: Path, tmp_path: Path) -> None:
    """Where one is not, the table marks it and says by how much, and the exit status is 3."""
    done = against(shared, network, written(tmp_path, {"lines": {"exit": {"in": 2, "out": 0}}}))
    assert (done.status, done.err) == (3, "")
    row = next(line.split() for line in done.out.splitlines() if line.startswith("line exit: in"))
    assert row[3:] == ["0", "2", "-2", "<-"]
    assert "1 of 2 counts differ" in done.out


def test_json_has_the_comparison_as_well(shared: Path, network: Path, tmp_path: Path) -> None:
    """--json with --truth prints one object, with what differs in it."""
    done = against(shared, network, written(tmp_path, {"lines": {"exit": {"in": 1, "out": 0}}}), "--json")
    assert done.status == 3
    assert json.loads(done.out)["truth"] == [
        {"what": "line exit: in", "counted": 0, "true": 1, "right": False},
        {"what": "line exit: out", "counted": 0, "true": 0, "right": True},
    ]


def test_a_truth_of_another_camera_is_wrong_usage(shared: Path, network: Path, tmp_path: Path) -> None:
    """A line that the camera does not have is one line on standard error and status 2, before anything is counted."""
    done = against(shared, network, written(tmp_path, {"lines": {"door": {"in": 1, "out": 0}}}))
    assert (done.status, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
