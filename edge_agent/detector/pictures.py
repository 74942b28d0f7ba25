"""Pictures to measure a network with: drawn people where there is nothing better, else files that the user names.

The drawn ones need no data to be shipped or downloaded, and they hold what networks react to (bodies, faces, clutter,
noise), so that timing includes real boxes and two precisions have something to agree about. They say nothing about
accuracy in a shop.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_agent.detector.errors import DetectorError
from edge_agent.records import Image

_WIDTH: Final = 768
_HEIGHT: Final = 432
_SEED: Final = 7

_Colour = tuple[int, int, int]


class PictureError(DetectorError):
    """Pictures that the user named cannot be read; one line."""


def drawn_pictures(count: int = 8) -> list[Image]:
    """Rooms with one to four people each, 768 x 432, the same ones every time."""
    rng = np.random.default_rng(_SEED)
    return [_room(rng, people=1 + index % 4) for index in range(count)]


def clip_pictures(clip: Path, count: int = 32) -> list[Image]:
    """Frames spread evenly over a clip.

    Raises:
        PictureError: it cannot be opened, or holds no picture.
    """
    if not clip.is_file():
        raise PictureError(f"{clip}: no such clip")
    capture = cv2.VideoCapture(str(clip))
    try:
        total = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        step = max(1, total // count)
        pictures: list[Image] = []
        index = 0
        while len(pictures) < count and capture.grab():
            if index % step == 0:
                ok, picture = capture.retrieve()
                if ok:
                    pictures.append(_as_image(picture))
            index += 1
    finally:
        capture.release()
    if not pictures:
        raise PictureError(f"{clip}: not a clip that OpenCV can read")
    return pictures


def file_pictures(paths: Sequence[Path]) -> list[Image]:
    """Pictures from files; a folder stands for the pictures in it.

    Raises:
        PictureError: a file is not a picture, or there is none.
    """
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    pictures = []
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR) if file.is_file() else None
        if picture is None and file in paths:
            raise PictureError(f"{file}: not a picture that OpenCV can read")
        if picture is not None:
            pictures.append(_as_image(picture))
    if not pictures:
        raise PictureError(f"{', '.join(map(str, paths))}: no picture in there")
    return pictures


def _as_image(picture: cv2.typing.MatLike) -> Image:
    return np.ascontiguousarray(picture, np.uint8)


def _room(rng: np.random.Generator, people: int) -> Image:
    """A wall, a floor, some boxes, and people side by side, with the noise of a small sensor."""
    y = np.linspace(0.0, 1.0, _HEIGHT)[:, None, None]
    shade = np.where(y < 0.45, 190 - 40 * y, 150 + 30 * y) * np.array([0.95, 0.98, 1.0])
    image = np.ascontiguousarray(np.broadcast_to(shade, (_HEIGHT, _WIDTH, 3)), np.uint8)
    for _ in range(4):
        x, top, width, height = (int(v) for v in rng.integers((0, 40, 40, 40), (_WIDTH, 220, 160, 160)))
        cv2.rectangle(image, (x, top), (x + width, top + height), _colour(rng, 60, 200), -1)
    for index in range(people):
        height_px = _HEIGHT * rng.uniform(0.45, 0.85)
        x_px = _WIDTH * (index + 0.5 + rng.uniform(-0.2, 0.2)) / people
        _person(image, (x_px, min(_HEIGHT - 4.0, _HEIGHT * 0.5 + height_px * 0.6)), height_px, rng)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0), np.uint8)
    return np.clip(image + rng.normal(0.0, 5.0, image.shape), 0, 255).astype(np.uint8)


def _person(image: Image, foot: tuple[float, float], height: float, rng: np.random.Generator) -> None:
    """A standing figure eight heads high; `foot` is where it stands."""
    unit = height / 8.0
    skin, hair, shoe = (125, 155, 205), (30, 40, 60), (20, 20, 25)
    shirt, trousers = _colour(rng, 30, 200), _colour(rng, 20, 110)

    def at(dx: float, dy: float) -> tuple[int, int]:
        return round(foot[0] + dx * unit), round(foot[1] - height + dy * unit)

    def limb(start: tuple[float, float], end: tuple[float, float], colour: _Colour, width: float) -> None:
        cv2.line(image, at(*start), at(*end), colour, max(1, round(width * unit)), cv2.LINE_AA)

    def oval(centre: tuple[float, float], axes: tuple[float, float], colour: _Colour, start_deg: int = 0) -> None:
        size = max(1, round(axes[0] * unit)), max(1, round(axes[1] * unit))
        cv2.ellipse(image, at(*centre), size, 0, start_deg, 360, colour, -1, cv2.LINE_AA)

    oval((0.0, 8.0), (1.3, 0.3), (90, 90, 95))  # shadow
    for side in (-1.0, 1.0):
        limb((0.45 * side, 4.0), (0.57 * side, 7.7), trousers, 0.8)
        limb((0.57 * side, 7.8), (0.85 * side, 7.9), shoe, 0.4)
    corners = np.array([at(-1.0, 1.5), at(1.0, 1.5), at(0.85, 4.2), at(-0.85, 4.2)])
    cv2.fillConvexPoly(image, corners, shirt, cv2.LINE_AA)
    sleeve = (shirt[0] * 4 // 5, shirt[1] * 4 // 5, shirt[2] * 4 // 5)
    for side in (-1.0, 1.0):
        limb((side, 1.7), (1.32 * side, 3.8), sleeve, 0.5)
        oval((1.32 * side, 4.0), (0.25, 0.25), skin)
    limb((0.0, 1.0), (0.0, 1.5), skin, 0.5)
    oval((0.0, 0.65), (0.48, 0.62), skin)
    oval((0.0, 0.35), (0.52, 0.45), hair, 180)  # the upper half
    for side in (-1.0, 1.0):
        oval((0.18 * side, 0.6), (0.09, 0.05), (235, 235, 240))
        oval((0.18 * side, 0.6), (0.05, 0.05), hair)
        limb((0.08 * side, 0.48), (0.28 * side, 0.47), hair, 0.05)
    limb((0.0, 0.65), (0.04, 0.82), (95, 125, 175), 0.06)
    oval((0.0, 1.0), (0.18, 0.06), (80, 80, 170))


def _colour(rng: np.random.Generator, low: int, high: int) -> _Colour:
    blue, green, red = (int(value) for value in rng.integers(low, high, 3))
    return blue, green, red
