"""The whole pipeline on real clips, with the default and three public networks, against hand-labelled truth."""

import json
from pathlib import Path
from statistics import mode
from typing import Any

import cv2
import numpy as np
import pytest
from support.agent import edge_agent

PUBLIC = {"yolox_nano": "coco", "nanodet_m_320": "coco", "yolox_person_192": "person"}
NETWORKS = ("the default", *PUBLIC)


@pytest.fixture(scope="session")
def bundles(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | None]:
    """The public networks as a user adds them; None for the default: nothing has to be said."""
    folder = tmp_path_factory.mktemp("networks")
    for name, classes in PUBLIC.items():
        options = ("--decoder", name.split("_")[0], "--classes", classes, "--to", folder / name)
        done = edge_agent("models", "add", shared / "models" / f"{name}.onnx", *options)
        assert done.status == 0, done.err
    return {"the default": None} | {name: folder / name for name in PUBLIC}


@pytest.fixture(scope="session")
def truth(shared: Path) -> dict[str, Any]:
    """What a person saw in the clips."""
    labels: dict[str, Any] = json.loads((shared / "clips" / "truth.json").read_text())
    return labels


def replay(shared: Path, clip: str, config: str, bundle: Path | None, *options: object) -> dict[str, Any]:
    """Replay a clip with a configuration of the contract, as it is."""
    files = ("--config", shared / "contract" / f"{config}.toml", *([] if bundle is None else ["--bundle", bundle]))
    done = edge_agent("replay", shared / "clips" / clip, *files, "--json", *options)
    assert done.status == 0, done.err
    result: dict[str, Any] = json.loads(done.out)
    return result


@pytest.mark.parametrize("network", NETWORKS)
def test_six_visitors_leave_and_each_stay_is_timed(
    shared: Path, truth: dict[str, Any], bundles: dict[str, Path | None], network: str
) -> None:
    """one-by-one.mp4: six go out, none comes in, six stays at the table, each within two seconds of the truth."""
    result = replay(shared, "one-by-one.mp4", "one-by-one", bundles[network])
    wanted = truth["one-by-one.mp4"]
    assert result["frames"] == wanted["frames"]
    assert result["duration_s"] == pytest.approx(wanted["frames"] / wanted["fps"], abs=0.2)
    assert result["lines"] == {"exit": {"in": 0, "out": wanted["line"]["crossings_left_to_right"]}}
    table = result["zones"]["table"]
    assert table["stays"] == len(table["dwell_s"]) == wanted["zone"]["stays"]
    assert table["dwell_s"] == pytest.approx(wanted["zone"]["dwell_s"], abs=wanted["zone"]["tolerance_s"])
    assert table["occupancy"]["max"] == 1
    assert all(later[0] >= earlier[0] for earlier, later in zip(table["series"], table["series"][1:], strict=False))
    assert 0 < result["model_cpu_s"] < result["cpu_s"]
    assert "demographics" not in result
    assert sum(hour["lines"][0]["out"] for hour in result["hours"]) == wanted["line"]["crossings_left_to_right"]


@pytest.mark.parametrize("network", NETWORKS)
def test_nobody_is_counted_where_nobody_is(shared: Path, bundles: dict[str, Path | None], network: str) -> None:
    """cars-no-people.mp4: no crossing, no stay, occupancy zero."""
    result = replay(shared, "cars-no-people.mp4", "one-by-one", bundles[network])
    assert result["lines"] == {"exit": {"in": 0, "out": 0}}
    assert result["zones"]["table"]["stays"] == 0
    assert result["zones"]["table"]["occupancy"] == {"max": 0, "mean": 0.0}


def test_bottles_on_a_shelf_are_counted(shared: Path, truth: dict[str, Any], bundles: dict[str, Path | None]) -> None:
    """bottles-on-shelf.mp4: between the changes, the zone shows the true number of bottles in all eight intervals."""
    result = replay(shared, "bottles-on-shelf.mp4", "bottles", bundles["yolox_nano"])
    wanted = truth["bottles-on-shelf.mp4"]
    series = result["zones"]["shelf"]["series"]
    shown = []
    for first, last, _ in wanted["standing"]:
        moments = [frame / wanted["fps"] for frame in range(first, last + 1)]
        shown.append(mode(_at(series, moment) for moment in moments))
    assert shown == [count for _, _, count in wanted["standing"]]


def _at(series: list[list[float]], moment: float) -> int:
    return int([count for t_s, count in series if t_s <= moment][-1])


def test_a_replay_is_repeatable(shared: Path, bundles: dict[str, Path | None]) -> None:
    """The same clip at the same start gives the same hours, to the last byte."""
    runs = [
        replay(shared, "doorway.gif", "one-by-one", bundles["yolox_person_192"], "--start", "2026-06-10T10:00:00Z")
        for _ in range(2)
    ]
    assert runs[0]["hours"] == runs[1]["hours"]
    assert runs[0]["hours"][0]["start"] == "2026-06-10T10:00:00Z"


def test_an_annotated_copy_is_a_video_that_says_what_it_is(
    shared: Path, bundles: dict[str, Path | None], tmp_path: Path
) -> None:
    """`--annotate` writes as many pictures as the clip has, changed by what is drawn, with the warning at the foot."""
    out = tmp_path / "copy.mp4"
    replay(shared, "doorway.gif", "one-by-one", bundles["yolox_person_192"], "--annotate", out)
    original, copy = cv2.VideoCapture(str(shared / "clips" / "doorway.gif")), cv2.VideoCapture(str(out))
    pictures = 0
    while True:
        (good, before), (copied, after) = original.read(), copy.read()
        assert good == copied
        if not good:
            break
        pictures += 1
        foot = np.abs(before[-22:, 8:300].astype(int) - after[-22:, 8:300]).mean()
        assert foot > 20, "the warning is missing"
    assert pictures == 23


def test_the_table_is_for_people(shared: Path, bundles: dict[str, Path | None]) -> None:
    """Without --json a readable table is printed, and nothing on standard error where it is no terminal."""
    files = ("--config", shared / "contract" / "one-by-one.toml", "--bundle", bundles["yolox_person_192"])
    done = edge_agent("replay", shared / "clips" / "doorway.gif", *files, "--start", "2026-06-10T10:00:00Z")
    assert (done.status, done.err) == (0, "")
    assert "line                          in     out" in done.out
    assert "observed 2 of 3600 s" in done.out
