"""The committed clip, its drawing and its truth belong together."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest
from support.agent import edge_agent
from training.demo import truth
from training.demo.__main__ import configuration
from training.demo.film import HEIGHT, WIDTH
from training.demo.story import FPS, FRAMES

from edge_agent.config import load

DEMO = Path(__file__).resolve().parents[3] / "models" / "demo"
LARGEST = 1_500_000  # bytes, for everybody who clones the repository


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """The committed truth."""
    document: dict[str, Any] = json.loads((DEMO / "entrance.truth.json").read_text(encoding="utf-8"))
    return document


def test_the_clip_is_a_minute_and_small() -> None:
    """It has as many frames as the story, of its size and rate, and few bytes."""
    clip = cv2.VideoCapture(str(DEMO / "entrance.mp4"))
    assert clip.get(cv2.CAP_PROP_FPS) == FPS
    frames = 0
    while True:
        good, picture = clip.read()
        if not good:
            break
        assert picture.shape == (HEIGHT, WIDTH, 3)
        frames += 1
    assert frames == FRAMES
    assert (DEMO / "entrance.mp4").stat().st_size < LARGEST


def test_the_truth_is_the_story_s(known: dict[str, Any]) -> None:
    """What lies beside the clip is what the story gives today."""
    people = known["details"]["people"]
    seen = [0] * known["details"]["frames"]
    for start, count in zip(people["from_frame"], people["count"], strict=True):
        seen[start:] = [count] * (len(seen) - start)
    drawn = truth.geometry(WIDTH, HEIGHT)
    told = json.loads(json.dumps(truth.document(truth.tracks(), seen, drawn, WIDTH, HEIGHT)))
    assert told == known


def test_the_drawing_is_a_configuration_of_the_agent() -> None:
    """The agent accepts it, and it is what the story gives today."""
    path = DEMO / "entrance.toml"
    camera = load(path).camera[0]
    assert [line.name for line in camera.line] == ["door"]
    assert [zone.name for zone in camera.zone] == ["shelf", "till"]
    assert path.read_text(encoding="utf-8") == configuration(truth.geometry(WIDTH, HEIGHT))


def test_a_public_network_counts_it_right(shared: Path, tmp_path: Path) -> None:
    """With yolox_nano, which saw none of it, every crossing and stay is counted: the people look like people."""
    bundle = tmp_path / "yolox_nano"
    options = ("--decoder", "yolox", "--classes", "coco", "--to", bundle)
    done = edge_agent("models", "add", shared / "models" / "yolox_nano.onnx", *options)
    assert done.status == 0, done.err
    files = ("--config", DEMO / "entrance.toml", "--truth", DEMO / "entrance.truth.json", "--bundle", bundle)
    done = edge_agent("replay", DEMO / "entrance.mp4", *files, "--json")
    wrong = [row for row in json.loads(done.out)["truth"] if not row["right"]]
    assert (done.status, wrong) == (0, [])
