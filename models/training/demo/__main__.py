"""`python -m training.demo`: renders the demo clip, the installer's drawing for it, and its truth."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click
import cv2
from tqdm import tqdm

from edge_agent.counting.geometry import Point
from training.demo import truth
from training.demo.film import HEIGHT, WIDTH, Film, Shot
from training.demo.story import FPS, FRAMES
from training.demo.truth import Geometry

_ROOT: Final = Path(__file__).parents[3]
NAME: Final = "entrance"
QUALITY: Final = 27  # x264's constant rate factor: higher is smaller
KEY_FRAMES_S: Final = 4


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=_ROOT / "models/demo", help="Folder of the three files."
)
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=_ROOT.parent / "shared/data", help="The shared data.")
@click.option("--stills", type=click.Path(path_type=Path), help="Write a PNG of each second there, and no clip.")
def main(*, out: Path, seed: int, data: Path, stills: Path | None) -> None:
    """Render the minute at the shop's door, with its truth."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # of Mesa's software renderer
    cv2.setNumThreads(1)
    film = Film(data, seed)
    if stills is not None:
        stills.mkdir(parents=True, exist_ok=True)
        frames = range(0, FRAMES, FPS)
        for frame, shot in zip(frames, tqdm(film.shots(frames), total=len(frames), unit="still"), strict=True):
            cv2.imwrite(str(stills / f"{frame:04d}.png"), shot.picture)
        return
    out.mkdir(parents=True, exist_ok=True)
    seen = encode(film.shots(range(FRAMES)), out / f"{NAME}.mp4")
    drawn = truth.geometry(WIDTH, HEIGHT)
    known = truth.document(truth.tracks(), seen, drawn, WIDTH, HEIGHT)
    (out / f"{NAME}.truth.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    (out / f"{NAME}.toml").write_text(configuration(drawn), encoding="utf-8")


def configuration(drawn: Geometry) -> str:
    """What the installer of this camera would write."""
    zones = "".join(
        f'\n[[camera.zone]]\nname = "{name}"\npolygon = [{", ".join(map(_point, corners))}]\n'
        for name, corners in drawn.zones.items()
    )
    start, end = drawn.line
    return f"""\
# The line and the zones of {NAME}.mp4, the rendered clip beside this file. Written by `python -m training.demo`.

[site]
tenant = "demo"
site = "shop-01"
device = "door-1"
time_zone = "UTC"

[broker]
url = "mqtt://127.0.0.1:1883"

[[camera]]
name = "entrance"
source = "{NAME}.mp4"

[[camera.line]]
name = "door"
from = {_point(start)}
to = {_point(end)}
inside = {_point(drawn.inside)}
{zones}"""


def _point(point: Point) -> str:
    return f"[{point[0]:.4f}, {point[1]:.4f}]"


def encode(shots: Iterable[Shot], path: Path) -> list[int]:
    """Write the clip as H.264, whole or not at all; the number of people in each frame."""
    part = path.with_suffix(".part.mp4")
    command = [
        "ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS),
        "-i", "-", "-c:v", "libx264", "-preset", "slow", "-crf", str(QUALITY), "-g", str(KEY_FRAMES_S * FPS),
        "-pix_fmt", "yuv420p", "-threads", "1", "-movflags", "+faststart", "-fflags", "+bitexact",
        "-flags:v", "+bitexact", str(part),
    ]  # fmt: skip
    seen = []
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - its words stand above
        assert process.stdin is not None  # noqa: S101 - tells the type checker what PIPE says
        for shot in tqdm(shots, total=FRAMES, unit="frame"):
            process.stdin.write(shot.picture.tobytes())
            seen.append(shot.people)
        process.stdin.close()
    if process.returncode:
        raise click.ClickException(f"ffmpeg ended with status {process.returncode}; see what it says above")
    part.replace(path)
    return seen


if __name__ == "__main__":
    main()
