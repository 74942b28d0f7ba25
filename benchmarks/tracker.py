"""Our tracker beside the ByteTrack of the package `trackers`, on the same detections in one interleaved run.

The package (2.6.1, Apache-2.0) brings supervision, scipy and opencv with it and so lives in an environment of its own:

    python3 -m venv .cache/bench-venv
    .cache/bench-venv/bin/pip install trackers==2.6.1 pydantic
    PYTHONPATH=.:tests .cache/bench-venv/bin/python benchmarks/tracker.py ../shared/data/tracks

Both sides get the same thresholds, end a track after 2 s, confirm it at its second sight and are told the time of each
frame. The first 80 s of the auditorium were used to choose our constants, so the table is of the 100 s after them;
the TUD clips were looked at too, but are too short to choose anything by.

What a real network makes of a clip can be added. The project's own environment writes it down first:

    PYTHONPATH=. .venv/bin/python benchmarks/tracker.py --detect BUNDLE ../shared/clips/one-by-one.mp4
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge_agent.config.schema import TrackerConfig
from edge_agent.records import Detections
from edge_agent.tracker import Tracker

HIGH: Final = 0.5
LOW: Final = 0.1
LOST_S: Final = 2.0
CACHE: Final = Path(".cache/detections")

Answer = tuple[np.ndarray[Any, np.dtype[np.int64]], np.ndarray[Any, np.dtype[np.float32]]]
Prepare = Callable[[Detections], Any]
Step = Callable[[Any, float], Answer]


def ours(high: float, low: float) -> tuple[Prepare, Step]:
    """Return our tracker: what it wants to be given, and one frame's work."""
    config = TrackerConfig(confirm_hits=2, confirm_s=0.0, lost_s=LOST_S)
    tracker = Tracker(config, high_score=high, low_score=low)

    def step(found: Detections, t_s: float) -> Answer:
        tracks = tracker.update(found, t_s)
        shown = tracks.confirmed & tracks.seen
        return tracks.track_id[shown], tracks.xyxy[shown]

    return lambda found: found, step


def theirs(high: float, low: float) -> tuple[Prepare, Step]:
    """Return the package's tracker likewise."""
    import supervision as sv  # noqa: PLC0415  only in the benchmark's own environment
    from trackers import ByteTrackTracker  # noqa: PLC0415

    tracker = ByteTrackTracker(
        lost_track_buffer=round(LOST_S * 30),  # the package counts in thirtieths of a second
        high_conf_det_threshold=high,
        track_activation_threshold=high,
    )

    def prepare(found: Detections) -> Any:  # noqa: ANN401  the package's own type, absent here
        kept = found.score >= low
        return sv.Detections(xyxy=found.xyxy[kept], confidence=found.score[kept], class_id=found.class_id[kept])

    def step(boxes: Any, t_s: float) -> Answer:  # noqa: ANN401  the same
        tracks = tracker.update(boxes, timestamp=t_s)
        shown = tracks.tracker_id >= 0
        return tracks.tracker_id[shown], tracks.xyxy[shown]

    return prepare, step


@dataclass
class Side:
    """One tracker's run over one scene."""

    prepare: Prepare
    step: Step
    cpu_s: float = 0.0
    answers: list[Answer] = field(default_factory=list)

    def take(self, found: Detections, t_s: float) -> None:
        """Do one frame against the clock of this thread's CPU time; its preparation is not counted."""
        prepared = self.prepare(found)
        before_s = time.thread_time()
        answer = self.step(prepared, t_s)
        self.cpu_s += time.thread_time() - before_s
        self.answers.append(answer)

    @property
    def ms(self) -> float:
        """CPU milliseconds per frame."""
        return 1e3 * self.cpu_s / len(self.answers)


def race(detections: list[Detections], t_s: list[float], high: float = HIGH, low: float = LOW) -> tuple[Side, Side]:
    """Run both trackers over the same frames, taking turns in going first."""
    pair = Side(*ours(high, low)), Side(*theirs(high, low))
    for i, (found, at_s) in enumerate(zip(detections, t_s, strict=True)):
        for side in pair if i % 2 else reversed(pair):
            side.take(found, at_s)
    return pair


def print_scenes(folder: Path, seeds: int) -> None:
    """Identity on scenes with known truth, per clip and rate; sums over the seeds of the detections."""
    from support import mot  # noqa: PLC0415  tests/ is on the path only for this part

    scenes = [
        mot.auditorium(file, seed=seed, from_s=80.0, to_s=180.0)
        for file in sorted((folder / "auditorium").glob("view-*.txt.gz"))
        for seed in range(1, seeds + 1)
    ]
    scenes += [mot.tud(clip) for clip in sorted((folder / "tud").iterdir())]
    print(f"{'':20}{'':>6}{'':>8}|{'ours':^33}|{'trackers ByteTrack':^33}")
    head = f"{'ms':>8}{'switches':>9}{'IDF1':>8}{'MOTA':>8}"
    print(f"{'scene':20}{'fps':>6}{'people':>8}|{head}|{head}")
    totals: dict[tuple[str, int], list[np.ndarray[Any, np.dtype[np.float64]]]] = {}
    for scene in scenes:
        for stride in (1, 3, 6) if scene.name.startswith("view") else (1, 2, 5):
            thinned = scene.every(stride)
            fps = 1 / (thinned.t_s[1] - thinned.t_s[0])
            row = []
            for side in race(thinned.detections, thinned.t_s):
                score = mot.score(thinned.truth, side.answers)
                row.append((side.ms, score.switches, score.idf1, score.mota))
            totals.setdefault((scene.name.split("-")[0], stride), []).append(np.array(row))
            print(f"{scene.name:20}{fps:6.1f}{score.people:8d}|" + "|".join(map(_cells, row)))
    for (group, stride), rows in totals.items():
        mean = np.mean(rows, axis=0)
        mean[:, 1] = np.sum(rows, axis=0)[:, 1]
        print(f"{f'all {group}, every {stride}. frame':34}|" + "|".join(map(_cells, mean)))


def _cells(row: Any) -> str:  # noqa: ANN401  a row of a table, whatever holds it
    ms, switches, idf1, mota = row
    return f"{ms:8.3f}{int(switches):9d}{idf1:8.3f}{mota:8.3f}"


def print_speed() -> None:
    """CPU time against the number of people, who stand apart: what a frame of a shop costs."""
    print(f"\n{'people':>8}{'ours ms':>10}{'theirs ms':>11}")
    for people in (0, 1, 2, 3, 5, 10, 20, 60):
        random = np.random.default_rng(people)
        left = 100.0 * np.arange(people)
        stand = np.stack((left, np.full(people, 50.0), left + 40, np.full(people, 150.0)), axis=1)
        frames = [
            Detections(
                (stand + random.normal(0, 1, stand.shape)).astype(np.float32),
                random.uniform(0.6, 0.9, people).astype(np.float32),
                np.zeros(people, dtype=np.int64),
            )
            for _ in range(600)
        ]
        a, b = race(frames, [0.1 * i + 0.01 * random.random() for i in range(len(frames))])
        print(f"{people:8d}{a.ms:10.4f}{b.ms:11.4f}")


def print_clips() -> None:
    """How many tracks a real network's detections gave; on one-by-one.mp4 there are six visitors, one by one."""
    for file in sorted(CACHE.glob("*.npz")):
        saved = np.load(file)
        ends = np.searchsorted(saved["frame"], np.arange(int(saved["frames"]) + 1))
        frames = [
            Detections(saved["xyxy"][a:b], saved["score"][a:b], saved["class_id"][a:b]) for a, b in pairwise(ends)
        ]
        for stride in (1, 2, 4):
            t_s = [i * stride / float(saved["fps"]) for i in range(len(frames[::stride]))]
            sides = race(frames[::stride], t_s, float(saved["high"]), float(saved["low"]))
            said = " | ".join(
                f"{len(set(np.concatenate([ids for ids, _ in side.answers]).tolist())):3d} tracks {side.ms:.4f} ms"
                for side in sides
            )
            print(f"{file.stem:40}{float(saved['fps']) / stride:6.1f} fps | {said}")


def detect(bundle: Path, clip: Path) -> None:
    """Write down what a network sees in a clip: boxes only, in an ignored folder."""
    import cv2  # noqa: PLC0415  only in the project's own environment

    from edge_agent.detector.bundle import Bundle  # noqa: PLC0415
    from edge_agent.detector.session import Detector  # noqa: PLC0415

    detector = Detector(Bundle.load(bundle), classes_wanted=["person"])
    capture = cv2.VideoCapture(str(clip))
    fps = capture.get(cv2.CAP_PROP_FPS)
    found: list[Detections] = []
    while (picture := capture.read())[0]:
        found.append(detector.detect(picture[1].astype(np.uint8, copy=False)))
    CACHE.mkdir(parents=True, exist_ok=True)
    np.savez(
        CACHE / f"{clip.stem}-{bundle.name}.npz",
        xyxy=np.concatenate([d.xyxy for d in found]),
        score=np.concatenate([d.score for d in found]),
        class_id=np.concatenate([d.class_id for d in found]),
        frame=np.concatenate([np.full(len(d), i) for i, d in enumerate(found)]),
        frames=len(found),
        fps=fps,
        high=detector.threshold,
        low=detector.low,
    )


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, help="folder of tracks; with --detect, a clip")
    parser.add_argument("--seeds", type=int, default=1, help="how many times detections are made of the truth")
    parser.add_argument("--detect", type=Path, metavar="BUNDLE", help="write down what this bundle sees in the clip")
    options = parser.parse_args()
    if options.detect is not None:
        detect(options.detect, options.path)
        return 0
    print_scenes(options.path, options.seeds)
    print_speed()
    print_clips()
    return 0


if __name__ == "__main__":
    sys.exit(main())
