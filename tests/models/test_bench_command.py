"""`edge-agent bench` with real networks: what it measures, what it concludes, and that 'auto' follows it."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from models.public import NETS

from edge_agent.commands.bench import bench
from edge_agent.detector.add import Request, add
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.choice import recorded_choice
from edge_agent.detector.peak import peak_memory_mb
from edge_agent.detector.pictures import PictureError, clip_pictures, drawn_pictures, file_pictures
from edge_agent.detector.session import Detector
from edge_agent.detector.verdict import Agreement, Ratio, judge

SHORT = ("--seconds", "0.2")


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(bench, [str(argument) for argument in arguments])


def report(*arguments: str | Path) -> dict[str, Any]:
    result = call(*arguments, "--json", *SHORT)
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.stdout)
    return data


def fails(result: Result, status: int) -> str:
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def single(shared: Path, tmp_path: Path) -> Path:
    """A bundle with one file."""
    add(Request(shared / "models" / "yunet_n_320_320.onnx", "yunet", "face"), tmp_path / "faces")
    return tmp_path / "faces"


def test_both_files_are_measured_in_one_run(both: Bundle, tmp_path: Path) -> None:
    """Each file gets the same number of runs, and figures that fit together."""
    data = report(both.folder, "--state", tmp_path)
    assert [file["precision"] for file in data["files"]] == ["fp32", "int8"]
    assert [file["sha256"] for file in data["files"]] == [file.sha256 for file in both.card.file]
    assert {file["runs"] for file in data["files"]} == {5 * data["rounds"]}
    assert data["rounds"] >= 6
    for file in data["files"]:
        assert 0.0 < file["p50_ms"] <= file["p95_ms"]
        assert 0.0 < file["network_cpu_ms"] <= file["cpu_ms"]
        assert file["peak_memory_mb"] is None or 20.0 < file["peak_memory_mb"] < 4000.0


def test_the_verdict_follows_from_the_figures(both: Bundle, tmp_path: Path) -> None:
    """What is printed as ratio and agreement leads to the printed choice, and to no other."""
    data = report(both.folder, "--state", tmp_path)
    ratio = data["comparisons"][0]["ratio"]
    agreement = data["agreement"]
    verdict = judge(
        Ratio(ratio["median"], ratio["low"], ratio["high"]),
        Agreement(agreement["boxes"], agreement["other_boxes"], agreement["matched"]),
    )
    assert data["verdict"] == {"precision": verdict.precision.value, "reason": verdict.reason}


def test_int8_that_sees_the_same_is_seen_to(both: Bundle, tmp_path: Path) -> None:
    """A carefully quantised network agrees with its fp32 on the drawn people, and there are enough of those."""
    agreement = report(both.folder, "--state", tmp_path)["agreement"]
    assert agreement["boxes"] >= 18  # 20 people are drawn
    assert agreement["share"] >= 0.9


def test_agreement_is_of_the_pictures_given(shared: Path, tmp_path: Path, both: Bundle) -> None:
    """With a clip, the boxes that are compared are those of its frames, at the card's threshold."""
    clip = shared / "clips" / "one-by-one.mp4"
    data = report(both.folder, "--clip", clip, "--state", tmp_path)
    pictures = clip_pictures(clip)
    assert data["pictures"] == len(pictures) == 32
    for precision, key in (("fp32", "boxes"), ("int8", "other_boxes")):
        detector = Detector(both, precision=Precision(precision).value)
        seen = sum(int((detector.detect(picture).score >= detector.threshold).sum()) for picture in pictures)
        assert data["agreement"][key] == seen > 0


def test_auto_follows_the_record(both: Bundle, tmp_path: Path) -> None:
    """The recorded winner is what precision 'auto' loads from that state folder, and only from that one."""
    data = report(both.folder, "--state", tmp_path)
    chosen = Precision(data["verdict"]["precision"])
    assert Path(data["recorded"]).is_relative_to(tmp_path)
    assert recorded_choice(both, tmp_path) is chosen
    assert Detector(both, precision="auto", state_folder=tmp_path).precision is chosen
    assert recorded_choice(both, tmp_path / "other") is None


def test_nothing_is_recorded_when_not_wanted(both: Bundle, tmp_path: Path) -> None:
    """--no-record leaves the state folder as it was."""
    assert report(both.folder, "--no-record", "--state", tmp_path)["recorded"] is None
    assert not list(tmp_path.iterdir())


def test_one_file_needs_no_choice(single: Path, tmp_path: Path) -> None:
    """With a single file the figures are given, and the sentence says that there is nothing to choose."""
    data = report(single, "--state", tmp_path / "state")
    assert data["verdict"] == {"precision": "fp32", "reason": "fp32: the bundle has no other file."}
    assert data["agreement"] is None
    assert data["comparisons"] == []


def test_two_bundles_are_compared_in_one_run(both: Bundle, single: Path, tmp_path: Path) -> None:
    """--against measures all files in the same rounds and gives each ratio once; the verdict stays the bundle's own."""
    data = report(both.folder, "--against", single, "--state", tmp_path / "state")
    assert len({file["runs"] for file in data["files"]}) == 1
    pairs = [(each["file"], each["base"]) for each in data["comparisons"]]
    name, other = both.card.name, "yunet_n_320"
    assert pairs == [
        (f"{name} int8", f"{name} fp32"),
        (f"{name} fp32", f"{other} fp32"),
        (f"{name} int8", f"{other} fp32"),
    ]


def test_bundles_of_one_name_are_told_apart(single: Path, shared: Path, tmp_path: Path) -> None:
    """Two editions of a network are named by their folders."""
    add(Request(shared / "models" / "yunet_n_320_320.onnx", "yunet", "face"), tmp_path / "again")
    data = report(single, "--against", tmp_path / "again", "--no-record")
    assert [file["bundle"] for file in data["files"]] == [str(single), str(tmp_path / "again")]


def test_the_table_says_the_same(both: Bundle, tmp_path: Path) -> None:
    """The readable form names both files, the ratio, the boxes, the choice and where it is recorded."""
    result = call(both.folder, "--state", tmp_path, *SHORT)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].endswith("rounds")
    assert [line.split()[1] for line in lines[2:4]] == ["fp32", "int8"]
    assert "times the CPU time of" in lines[4]
    assert lines[5].startswith("boxes: fp32 ")
    assert lines[6].startswith(("use fp32: ", "use int8: "))
    assert lines[7].startswith(f"recorded in {tmp_path}")


def test_threads_are_compared_by_elapsed_time(single: Path, tmp_path: Path) -> None:
    """With several threads one thread's CPU time says nothing, and more threads than processors are remarked upon."""
    data = report(single, "--threads", "64", "--no-record")
    assert data["compared"] == "elapsed time"
    assert any("64 threads on" in note for note in data["notes"])
    assert report(single, "--no-record")["compared"] == "CPU time"


def test_bundles_that_cannot_be_measured(single: Path, tmp_path: Path) -> None:
    """An unknown bundle is wrong usage, a damaged one a failure; each is one line."""
    state = ("--state", tmp_path / "state")
    assert "no bundle of this name" in fails(call("no-such-bundle", *state), 2)
    assert "no such bundle folder" in fails(call(tmp_path / "none", *state), 2)
    assert "no bundle of this name" in fails(call(single, "--against", "no-such-bundle", *state), 2)
    (single / "fp32.onnx").write_bytes(b"damaged")
    assert "7 bytes, the card says" in fails(call(single, *state), 1)
    assert call(single, "--clip", __file__, "--images", __file__).exit_code == 2


def test_pictures_that_cannot_be_shown(single: Path) -> None:
    """A clip that is none, and a picture that is none, are one line each."""
    intact = ("--no-record", *SHORT)
    assert "not a clip that OpenCV can read" in fails(call(single, "--clip", __file__, *intact), 1)
    assert "not a picture that OpenCV can read" in fails(call(single, "--images", __file__, *intact), 1)


@pytest.mark.parametrize("name", sorted(NETS))
def test_the_drawn_people_are_seen(shared: Path, tmp_path: Path, name: str) -> None:
    """Each kind of network finds enough on the drawn pictures for two precisions to be compared."""
    net = NETS[name]
    add(Request(shared / "models" / f"{name}.onnx", net.decoder, net.classes), tmp_path / "bundle")
    detector = Detector(Bundle.load(tmp_path / "bundle"))
    seen = sum(int((detector.detect(picture).score >= detector.threshold).sum()) for picture in drawn_pictures())
    assert seen >= 14  # of 20 people


def test_the_drawn_pictures_are_always_the_same() -> None:
    """Two devices measure on the same pictures."""
    for one, two in zip(drawn_pictures(4), drawn_pictures(4), strict=True):
        assert one.shape == (432, 768, 3)
        np.testing.assert_array_equal(one, two)


def test_a_clips_frames_are_spread_over_it(shared: Path) -> None:
    """The frames come from the whole clip and not from its first second."""
    pictures = clip_pictures(shared / "clips" / "one-by-one.mp4", 8)
    assert len(pictures) == 8
    assert all(not np.array_equal(one, two) for one, two in itertools.pairwise(pictures))


def test_a_folder_stands_for_its_pictures(tmp_path: Path) -> None:
    """Other files in a folder of pictures are passed over; a folder without any is an error."""
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(PictureError, match="no picture in there"):
        file_pictures([tmp_path])
    header = b"P6 4 2 255\n"
    (tmp_path / "small.ppm").write_bytes(header + bytes(range(24)))
    (picture,) = file_pictures([tmp_path])
    assert picture.shape == (2, 4, 3)
    assert picture[0, 0].tolist() == [2, 1, 0]  # red, green, blue in the file


def test_peak_memory_is_of_the_work_alone() -> None:
    """A second, smaller job is not charged with the first one's memory."""

    def take(megabytes: int) -> None:
        np.ones(megabytes * 1_000_000, np.uint8).sum()

    large, small = peak_memory_mb(lambda: take(200)), peak_memory_mb(lambda: take(20))
    if large is None or small is None:
        pytest.skip("this system does not tell a process its peak memory")
    assert 150.0 < large - small < 210.0
