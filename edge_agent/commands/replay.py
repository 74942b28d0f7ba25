"""`edge-agent replay`: count a clip, as `run` would have."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from edge_agent.annotate import AnnotateError, Annotator
from edge_agent.camera import ClipShape, clip_shape, open_clip, prepare_opencv
from edge_agent.camera import replay as frames_of
from edge_agent.clock import SystemClock
from edge_agent.commands.failure import Failure, Misuse, told
from edge_agent.config import CameraConfig, Config, load
from edge_agent.message import Hour
from edge_agent.pipeline import load_detector, load_faces
from edge_agent.records import Frame, Gap
from edge_agent.replay import Replay
from edge_agent.sentence import age_sentence, day_sentence, hour_sentence
from edge_agent.truth import Compared, Truth, TruthError, compare, load_truth

DIFFERS: Final = 3
"""Exit status where the count is not that of `--truth`."""


@click.command()
@click.argument("clip", type=click.Path(path_type=Path))
@click.option("--config", "config_file", type=click.Path(path_type=Path), required=True, help="Lines, zones and site.")
@click.option("--bundle", help="Name or folder of a bundle, instead of the configured one.")
@click.option("--camera", "camera_name", help="Which [[camera]] of the configuration this clip stands for.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--annotate", type=click.Path(path_type=Path), help="Write a copy with boxes drawn in: a debugging aid.")
@click.option(
    "--truth",
    "truth_file",
    type=click.Path(path_type=Path),
    help="What a person counted on this clip, to be shown beside the agent's count.",
)
@click.option("--start", help="When the clip begins, such as 2026-06-10T10:00:00Z; left out: it ends now.")
@click.option("--realtime", is_flag=True, help="Take as long as the clip does, instead of as fast as possible.")
def replay(
    clip: Path,
    config_file: Path,
    *,
    bundle: str | None,
    camera_name: str | None,
    as_json: bool,
    annotate: Path | None,
    truth_file: Path | None,
    start: str | None,
    realtime: bool,
) -> None:
    """Run the whole pipeline on CLIP and show what was counted.

    The file of --truth is JSON; a line, a zone or the times may be left out, they are then not compared:

    \b
        {"lines": {"door": {"in": 7, "out": 5}},
         "zones": {"till": {"stays": 2, "dwell_s": [31.0, 8.5]}}}

    Exit status: 0 done, and where --truth was given crossings and stays are as it says; 1 failed while running;
    2 wrong usage or configuration; 3 done, but the count is not that of --truth. Times are shown, not judged.
    """  # noqa: D301 - click wants the character itself before what it must not wrap
    prepare_opencv()
    with told(), ExitStack() as stack:
        config = load(config_file)
        camera = _camera(config, camera_name, clip)
        config = config.model_copy(update={"camera": (camera,)})
        start_s = _instant(start) if start else None
        if not clip.exists():
            raise Misuse(f"{clip}: there is no such clip; check the path")
        if clip.is_dir():
            raise Misuse(f"{clip}: is a folder; name the clip itself")
        if annotate is not None and annotate.resolve() == clip.resolve():
            raise Misuse(f"{annotate}: is the clip itself; give --annotate another name")
        truth = _truth(truth_file, camera) if truth_file else None
        shape = clip_shape(clip)
        try:
            detector = load_detector(config, config_folder=config_file.absolute().parent, bundle=bundle)
            faces = load_faces(config, config_folder=config_file.absolute().parent)
        except ValueError as error:
            raise Misuse(f"{config_file}: {error}") from None
        begin_s = start_s if start_s is not None else SystemClock().utc() - shape.duration_s
        annotator = stack.enter_context(Annotator(annotate, camera, fps=shape.fps)) if annotate else None
        items = frames_of(
            open_clip(clip),
            frozen_after_s=camera.frozen_after_s,
            blind_after_s=config.windows.max_frame_gap_s,
            wait=_sleep if realtime else None,
        )
        shown = stack.enter_context(_progress(items, shape, quiet=as_json or not sys.stderr.isatty()))
        try:
            result = Replay(config, camera, detector, start_utc_s=begin_s, faces=faces).run(
                shown, frame_s=1.0 / shape.fps, show=annotator.draw if annotator else None
            )
        except AnnotateError as error:
            raise Failure(str(error)) from None
    compared = compare(truth, result) if truth else ()
    if truth:
        result["truth"] = [
            {"what": row.what, "counted": round(row.counted, 3), "true": row.true, "right": row.right}
            for row in compared
        ]
    click.echo(json.dumps(result) if as_json else "\n".join([_table(result), *_against(truth_file, compared)]))
    if not all(row.right for row in compared):
        sys.exit(DIFFERS)


def _truth(path: Path, camera: CameraConfig) -> Truth:
    try:
        return load_truth(path, lines={line.name: line for line in camera.line}, zones={z.name: z for z in camera.zone})
    except TruthError as error:
        raise Misuse(str(error)) from None


def _camera(config: Config, name: str | None, clip: Path) -> CameraConfig:
    """The camera that a clip stands for: the named one, the only one, or the one whose source has the clip's name."""
    names = ", ".join(camera.name for camera in config.camera)
    if name is not None:
        found = [camera for camera in config.camera if camera.name == name]
        if not found:
            raise Misuse(f"--camera {name}: the configuration has no such camera; it has {names}")
        return found[0]
    if len(config.camera) == 1:
        return config.camera[0]
    found = [camera for camera in config.camera if Path(camera.source).name == clip.name]
    if len(found) != 1:
        raise Misuse(f"{clip}: several cameras could be meant; choose one with --camera: {names}")
    return found[0]


def _instant(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misuse(f"--start {text}: not an instant; write it as 2026-06-10T10:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@contextmanager
def _progress(items: Iterable[Frame | Gap], shape: ClipShape, *, quiet: bool) -> Iterator[Iterable[Frame | Gap]]:
    if quiet:
        yield items
        return
    frames = max(1, round(shape.duration_s * shape.fps))
    with click.progressbar(length=frames, label="counting", width=0, file=sys.stderr) as bar:
        yield _counted(items, bar.update)


def _counted(items: Iterable[Frame | Gap], update: Callable[[int], None]) -> Iterator[Frame | Gap]:
    for item in items:
        yield item
        if isinstance(item, Frame):
            update(1)


def _table(result: dict[str, Any]) -> str:
    frames, duration_s = result["frames"], result["duration_s"]
    outside_ms = 1000 * (result["cpu_s"] - result["model_cpu_s"]) / max(1, frames)
    rows = [
        (
            f"{frames} frames, {duration_s:.1f} s of clip; CPU {result['cpu_s']:.1f} s,"
            f" of it {result['model_cpu_s']:.1f} s in the network ({outside_ms:.2f} ms per frame for all the rest)"
        )
    ]
    if result["lines"]:
        rows += ["", f"{'line':<24}{'in':>8}{'out':>8}"]
        rows += [f"{name:<24}{line['in']:>8}{line['out']:>8}" for name, line in result["lines"].items()]
    if result["zones"]:
        rows += ["", f"{'zone':<24}{'stays':>8}{'max':>8}{'mean':>8}   dwell in s"]
        for name, zone in result["zones"].items():
            dwell = " ".join(f"{seconds:.1f}" for seconds in zone["dwell_s"]) or "-"
            occupancy = zone["occupancy"]
            rows.append(f"{name:<24}{zone['stays']:>8}{occupancy['max']:>8}{occupancy['mean']:>8.2f}   {dwell}")
    if "demographics" in result:
        rows += ["", f"{'visitors who left':<24}{sum(result['demographics']['sex'].values()):>8}"]
        for what, counts in result["demographics"].items():
            rows.append(f"  {what:<22}" + "".join(f"{name:>10}" for name in counts))
            rows.append(" " * 24 + "".join(f"{count:>10}" for count in counts.values()))
    for hour in result["hours"]:
        gaps = ", ".join(f"{gap['cause']} {gap['s']} s" for gap in hour["gaps"]) or "none"
        rows += ["", f"hour {hour['start']} to {hour['end']} ({hour['tz']})"]
        rows += [f"  observed {hour['observed_s']} of {hour['expected_s']} s; gaps: {gaps}"]
        rows += [f"  {sentence}" for sentence in _in_words(hour)]
    return "\n".join(rows)


def _in_words(hour: dict[str, Any]) -> Iterator[str]:
    """Who came in the hour, and in the day if it ends it; nothing where demographics are switched off."""
    sealed = Hour.model_validate_json(json.dumps(hour))
    if sealed.demographics is not None:
        yield hour_sentence(sealed)
    yield from filter(None, [age_sentence(sealed.demographics), day_sentence(sealed)])


def _against(truth_file: Path | None, compared: Sequence[Compared]) -> list[str]:
    """The count beside the truth; nothing where there is none."""
    if not compared:
        return []
    rows = ["", f"{truth_file}", f"{'':<36}{'counted':>9}{'true':>9}{'off by':>9}"]
    for row in compared:
        places = 0 if row.counts else 1
        off = round(row.counted - row.true, places) + 0.0  # never -0.0
        numbers = (f"{row.counted:.{places}f}", f"{row.true:.{places}f}", f"{off:+.{places}f}")
        rows.append(f"{row.what:<36}" + "".join(f"{number:>9}" for number in numbers) + ("" if row.right else "  <-"))
    wrong = sum(not row.right for row in compared)
    counts = sum(row.counts for row in compared)
    return [*rows, "all counts are right" if not wrong else f"{wrong} of {counts} counts differ from the truth"]
