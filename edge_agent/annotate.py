"""A copy of a replayed clip with boxes, lines and counts drawn in: a debugging aid for the person in front of it.

It shows people, so it is only made from a clip that is a file already, by `replay --annotate`, never by the service.
Boxes carry no track id: nobody can be followed from one copy to another.
"""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.config import CameraConfig, LineConfig
from edge_agent.pipeline import Look
from edge_agent.records import Events, Image
from edge_agent.terms import Direction

_WARNING: Final = "DEBUGGING AID - SHOWS PEOPLE - DO NOT PASS ON"
_Vector = NDArray[np.float64]
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_GREEN, _ORANGE, _BLUE, _WHITE, _GREY = (80, 220, 80), (40, 160, 255), (255, 170, 60), (255, 255, 255), (150, 150, 150)


class AnnotateError(Exception):
    """The annotated copy cannot be written."""


class Annotator:
    """Writes the annotated copy; use it as a context manager."""

    def __init__(self, out: Path, camera: CameraConfig, *, fps: float) -> None:
        """Prepare; the file is created with the first picture, when its size is known."""
        self._out = out
        self._camera = camera
        self._fps = fps
        self._writer: cv2.VideoWriter | None = None
        self._counts = {line.name: {Direction.IN: 0, Direction.OUT: 0} for line in camera.line}
        self._occupancy = {zone.name: 0 for zone in camera.zone}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._writer is not None:
            self._writer.release()

    def draw(self, look: Look, events: Events) -> None:
        """Add one picture.

        Raises:
            AnnotateError: the file cannot be written.
        """
        for crossing in events.crossings:
            self._counts[crossing.line][crossing.direction] += 1
        for change in events.occupancy:
            self._occupancy[change.zone] = change.count
        picture = look.frame.image.copy()
        self._draw_tracks(picture, look)
        self._draw_scene(picture)
        _text(picture, _WARNING, (8, picture.shape[0] - 10), _ORANGE)
        self._write(picture)

    def _draw_tracks(self, picture: Image, look: Look) -> None:
        tracks = look.tracks
        for box, confirmed, seen in zip(tracks.xyxy.tolist(), tracks.confirmed, tracks.seen, strict=True):
            x1, y1, x2, y2 = (round(v) for v in box)
            colour = _GREEN if confirmed and seen else _GREY
            cv2.rectangle(picture, (x1, y1), (x2, y2), colour, 2 if confirmed else 1)
            cv2.circle(picture, ((x1 + x2) // 2, y2), 4, colour, -1)

    def _draw_scene(self, picture: Image) -> None:
        height, width = picture.shape[:2]
        scale = np.array([width, height], dtype=np.float64)
        for zone in self._camera.zone:
            corners = (np.array(zone.polygon) * scale).round().astype(np.int32)
            cv2.polylines(picture, [corners], isClosed=True, color=_BLUE, thickness=2)
            _text(picture, f"{zone.name}: {self._occupancy[zone.name]}", (corners[0][0] + 4, corners[0][1] + 18), _BLUE)
        for line in self._camera.line:
            self._draw_line(picture, line, scale)

    def _draw_line(self, picture: Image, line: LineConfig, scale: _Vector) -> None:
        start, end, inside = (np.array(point) * scale for point in (line.from_, line.to, line.inside))
        along = (end - start) / np.linalg.norm(end - start)
        across = np.array([-along[1], along[0]])
        if np.dot(inside - start, across) < 0:
            across = -across
        middle = (start + end) / 2
        _arrow(picture, middle, middle + 40 * across)
        cv2.line(picture, _pixel(start), _pixel(end), _ORANGE, 2)
        _text(picture, "IN", _pixel(middle + 44 * across), _ORANGE)
        counts = self._counts[line.name]
        label = f"{line.name}: in {counts[Direction.IN]} out {counts[Direction.OUT]}"
        _text(picture, label, _pixel(start + np.array([6.0, 16.0])), _ORANGE)

    def _write(self, picture: Image) -> None:
        if self._writer is None:
            height, width = picture.shape[:2]
            fourcc = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._out), fourcc, self._fps, (width, height))
            if not self._writer.isOpened():
                raise AnnotateError(
                    f"{self._out}: cannot be written; choose a name ending in .mp4 in an existing folder"
                )
        self._writer.write(picture)


def _pixel(point: _Vector) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _arrow(
    picture: Image,
    tail: _Vector,
    tip: _Vector,
) -> None:
    cv2.arrowedLine(picture, _pixel(tail), _pixel(tip), _ORANGE, 2, tipLength=0.3)


def _text(picture: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    x, y = int(at[0]), int(at[1])
    (width, height), below = cv2.getTextSize(text, _FONT, 0.5, 1)
    cv2.rectangle(picture, (x - 2, y - height - 2), (x + width + 2, y + below + 1), (0, 0, 0), -1)
    cv2.putText(picture, text, (x, y), _FONT, 0.5, colour, 1, cv2.LINE_AA)
