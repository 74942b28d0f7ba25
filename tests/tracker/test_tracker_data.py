"""Identity on recorded people: hand-annotated tracks and public detections, at the rates devices reach.

The bounds are what the tracker does today with a margin for another machine's rounding; benchmarks/tracker.py prints
the figures beside those of another implementation.
"""

from functools import cache
from pathlib import Path

import pytest
from support import mot

from edge_agent.config.schema import TrackerConfig
from edge_agent.tracker import Tracker


@cache
def auditorium(shared: Path, view: str) -> mot.Scene:
    """Return 60 s of a view that no constant was chosen by."""
    return mot.auditorium(shared / f"data/tracks/auditorium/view-{view}.txt.gz", seed=11, from_s=90.0, to_s=150.0)


def score(scene: mot.Scene, low_score: float = 0.1) -> mot.Score:
    """Follow everybody with the settings that are shipped, and compare with the truth."""
    tracker = Tracker(TrackerConfig(), high_score=0.5, low_score=low_score)
    answers = []
    for found, t_s in zip(scene.detections, scene.t_s, strict=True):
        tracks = tracker.update(found, t_s)
        shown = tracks.confirmed & tracks.seen
        answers.append((tracks.track_id[shown], tracks.xyxy[shown]))
    return mot.score(scene.truth, answers)


@pytest.mark.parametrize("stride", [1, 3, 6])
@pytest.mark.parametrize(("view", "idf1", "mota"), [("IP2", 0.86, 0.89), ("IP5", 0.92, 0.89)])
def test_a_busy_hall_keeps_its_identities(shared: Path, view: str, *, idf1: float, mota: float, stride: int) -> None:
    """With 10 and 18 people who hide one another, at 30, 10 and 5 fps, an id changes at most four times a minute."""
    result = score(auditorium(shared, view).every(stride))
    assert result.switches <= 4
    assert result.idf1 >= idf1
    assert result.mota >= mota


@pytest.mark.parametrize("view", ["IP2", "IP5"])
def test_doubtful_detections_earn_their_place(shared: Path, view: str) -> None:
    """Without the detections below the operating threshold, far fewer people are followed as themselves."""
    scene = auditorium(shared, view).every(3)
    with_them, without = score(scene), score(scene, low_score=0.5)
    assert with_them.idf1 > without.idf1 + 0.05
    assert with_them.mota > without.mota + 0.05


@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize(
    ("clip", "switches", "idf1", "mota"), [("TUD-Campus", 5, 0.54, 0.33), ("TUD-Stadtmitte", 10, 0.62, 0.6)]
)
def test_a_street_with_a_real_detector(
    shared: Path, clip: str, *, switches: int, idf1: float, mota: float, stride: int
) -> None:
    """On the public detections of two short street clips, at 25, 12.5 and 5 fps, identities stay within bounds."""
    result = score(mot.tud(shared / "data/tracks/tud" / clip).every(stride))
    assert result.switches <= switches
    assert result.idf1 >= idf1
    assert result.mota >= mota
