"""Contact sheets of the worst misses and false alarms: what to render next is seen, not calculated.

They show pictures of other people's data and are for the eyes of whoever trains; they are never committed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from edge_agent.records import Boxes, Image
from training.evaluation.holdout import Holdout, looks
from training.evaluation.matching import Matched, Seen, match
from training.evaluation.measures import DOUBTFUL, SURE
from training.evaluation.networks import Network
from training.evaluation.pictures import Clip, Indoor, read

_TILES: Final = 20
_COLUMNS: Final = 4
_TILE: Final = (400, 260)  # width, height
_CAPTION: Final = 20
_PER_CLIP: Final = 8
_APART: Final = 6  # looked-at frames between two examples of a clip, which would show the same

_GREEN, _RED, _MAGENTA = (80, 200, 60), (40, 40, 255), (255, 60, 255)
_GREY, _YELLOW = (170, 170, 170), (40, 200, 255)
LEGEND: Final = "green hit, red false, magenta missed, yellow may be found or not, grey from half the threshold"

_NO_BOXES: Final = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture worth looking at.

    Attributes:
        image: gives the picture when it is drawn.
        caption: where it is from.
        seen: the network's boxes.
        wanted: (n, 4) people to be found.
        either: (n, 4) people who may be found or not.
        matched: what became of `seen` and `wanted`.
        badness: the higher, the earlier it is shown.
    """

    image: Callable[[], Image]
    caption: str
    seen: Seen
    wanted: Boxes
    either: Boxes
    matched: Matched
    badness: float


def indoor_examples(network: Network, indoor: Indoor) -> tuple[list[Example], list[Example]]:
    """Pictures with people by how low their best score is, and empty ones by how high."""
    examples: list[Example] = []
    for file, seen in zip(indoor.files, network.over(indoor.key, indoor.images()), strict=True):
        # Nobody has drawn boxes there: in a picture with people all boxes may be right.
        shown = len(examples) < indoor.people
        matched = match(seen, _NO_BOXES, seen.xyxy if shown else _NO_BOXES)
        badness = 1.0 - seen.best if shown else seen.best
        caption = f"{file.parent.name}/{file.name} best {seen.best:.2f}"
        examples.append(Example(partial(read, file), caption, seen, _NO_BOXES, _NO_BOXES, matched, badness))
    return _worst(examples[: indoor.people]), _worst(examples[indoor.people :])


def clip_examples(
    network: Network, reference: Network, clips: Sequence[Clip], nobody: Sequence[Clip], cache: Path
) -> tuple[list[Example], list[Example]]:
    """Frames of clips by the reference network's surest box that was missed, and by the surest false box.

    In the clips of `nobody` all boxes are false, whatever the reference network sees in them.
    """
    misses: list[Example] = []
    alarms: list[Example] = []
    for clip in (*clips, *nobody):
        seen = network.over(clip.key, clip.images())
        nothing = [Seen(_NO_BOXES, np.zeros(0, np.float32))] * len(seen)
        wanted = nothing if clip in nobody else reference.over(clip.key, clip.images(), cache)
        of_clip = [
            _clip_example(clip, at, *pair, network.threshold) for at, pair in enumerate(zip(seen, wanted, strict=True))
        ]
        misses += _spread([(at, missed) for at, (missed, _) in enumerate(of_clip)])
        alarms += _spread([(at, alarm) for at, (_, alarm) in enumerate(of_clip)])
    return _worst(misses), _worst(alarms)


def holdout_examples(network: Network, holdout: Holdout) -> tuple[list[Example], list[Example]]:
    """Rendered pictures by their largest missed person, and by their surest false box."""
    misses: list[Example] = []
    alarms: list[Example] = []
    for number, look in enumerate(looks(network, holdout)):
        boxes = look.wanted["box"]
        missed = look.matched.found_at < network.threshold
        size = float(((boxes[:, 3] - boxes[:, 1]) * look.wanted["visible"] * missed).max(initial=0.0))
        image, caption = partial(holdout.image, number), f"rendered {number}"
        for group, badness in ((misses, size), (alarms, _surest_false(look.matched, network.threshold))):
            group.append(Example(image, caption, look.seen, boxes, look.either["box"], look.matched, badness))
    return _worst(misses), _worst(alarms)


def sheet(examples: Sequence[Example], threshold: float) -> Image:
    """Tiles in rows, with boxes drawn in."""
    tiles = [_tile(example, threshold) for example in examples]
    height, width = _TILE[1] + _CAPTION, _TILE[0]
    rows = -(-len(tiles) // _COLUMNS)
    canvas = np.full((rows * height + _CAPTION, _COLUMNS * width, 3), 30, np.uint8)
    for number, tile in enumerate(tiles):
        y, x = (number // _COLUMNS) * height, (number % _COLUMNS) * width
        canvas[y : y + height, x : x + width] = tile
    _write(canvas, LEGEND, (4, rows * height + _CAPTION - 6))
    return canvas


def _clip_example(clip: Clip, at: int, seen: Seen, reference: Seen, threshold: float) -> tuple[Example, Example]:
    sure = reference.score >= SURE
    either = reference.xyxy[~sure & (reference.score >= DOUBTFUL)]
    matched = match(seen, reference.xyxy[sure], either)
    missed = float(reference.score[sure][matched.found_at < threshold].max(initial=0.0))

    def example(badness: float) -> Example:
        caption = f"{clip.name} frame {at * clip.step}"
        return Example(partial(clip.image, at), caption, seen, reference.xyxy[sure], either, matched, badness)

    return example(missed), example(_surest_false(matched, threshold))


def _surest_false(matched: Matched, threshold: float) -> float:
    false = ~matched.hit & ~matched.ignored & (matched.score >= threshold)
    return float(matched.score[false].max(initial=0.0))


def _worst(examples: Iterable[Example]) -> list[Example]:
    return sorted((each for each in examples if each.badness != 0.0), key=lambda each: -each.badness)[:_TILES]


def _spread(examples: Iterable[tuple[int, Example]]) -> list[Example]:
    """The worst of a clip that are some frames apart."""
    chosen: dict[int, Example] = {}
    for at, example in sorted(examples, key=lambda each: -each[1].badness):
        if len(chosen) < _PER_CLIP and all(abs(at - other) >= _APART for other in chosen):
            chosen[at] = example
    return list(chosen.values())


def _tile(example: Example, threshold: float) -> Image:
    image = example.image()
    factor = min(_TILE[0] / image.shape[1], _TILE[1] / image.shape[0])
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    tile = np.full((_TILE[1] + _CAPTION, _TILE[0], 3), 30, np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    for box in example.either:
        _draw(tile, box * factor, _YELLOW)
    for box in example.wanted[example.matched.found_at < threshold]:
        _draw(tile, box * factor, _MAGENTA)
    for index in range(len(example.seen)):
        score = float(example.seen.score[index])
        if score >= threshold / 2:  # what is far below it would only hide the picture
            _draw(tile, example.seen.xyxy[index] * factor, _colour(example, index, threshold), f"{score:.2f}")
    _write(tile, example.caption, (4, _TILE[1] + _CAPTION - 6))
    return tile


def _colour(example: Example, index: int, threshold: float) -> tuple[int, int, int]:
    if example.seen.score[index] < threshold:
        return _GREY
    if example.matched.hit[index]:
        return _GREEN
    return _YELLOW if example.matched.ignored[index] else _RED


def _draw(tile: Image, box: Boxes, colour: tuple[int, int, int], text: str = "") -> None:
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    cv2.rectangle(tile, (x1, y1), (x2, y2), colour, 1)
    if text:
        _write(tile, text, (x1 + 2, y1 + 11), colour)


def _write(tile: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int] = (230, 230, 230)) -> None:
    cv2.putText(tile, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1, cv2.LINE_AA)
