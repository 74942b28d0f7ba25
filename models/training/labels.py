"""The table of people from what the renderer knows: which pixel shows whom, and what nothing would hide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.render import Whole
from training.samples import PERSON, People, nobody
from training.scene import Floats

SPECK: Final = 0.01  # of the visible pixels: smaller islands (seen through a shelf) do not widen the box
LEAST_VISIBLE: Final = 0.12
LEAST_HEIGHT: Final = 9  # pixels
LEAST_PIXELS: Final = 14


@dataclass(frozen=True, slots=True)
class Person:
    """Who stands behind a number of the owner map."""

    number: int
    female: bool
    age: float  # years
    skin: float  # 0 lightest to 1 darkest
    wheelchair: bool
    pose: str


def label(
    owner: NDArray[np.uint8], head: NDArray[np.bool_], whole: Mapping[int, Whole], people: Sequence[Person]
) -> tuple[NDArray[np.uint8], People]:
    """The owner map with people renumbered from 1 in the table's order, and the table of those who are in the picture.

    Args:
        owner: (h, w), 0 or a person's number.
        head: (h, w), whether the pixel shows a head.
        whole: Of each number what nothing would hide.
        people: Whom the numbers stand for.
    """
    rows = []
    renumbered = np.zeros_like(owner)
    for person in people:
        mask = owner == person.number
        if person.number in whole and mask.any():
            rows.append(_row(mask, head & mask, whole[person.number], person))
            renumbered[mask] = len(rows)
    return renumbered, np.concatenate([nobody(), *rows])


def _row(mask: NDArray[np.bool_], head: NDArray[np.bool_], whole: Whole, person: Person) -> People:
    row = np.zeros(1, PERSON)
    box = box_around(mask)
    pixels = int(mask.sum())
    visible = min(1.0, pixels / max(whole.area, 1.0))
    row["box"], row["visible"] = box, visible
    row["head"] = box_around(head)
    row["whole"] = _covering(whole.box, box)
    row["ignore"] = visible < LEAST_VISIBLE or box[3] - box[1] < LEAST_HEIGHT or pixels < LEAST_PIXELS
    row["female"], row["age"], row["skin"] = person.female, person.age, person.skin
    row["wheelchair"], row["pose"] = person.wheelchair, person.pose
    return row


def _covering(whole: Floats, box: Floats) -> Floats:
    """The whole box never lies inside the visible one, though it was measured in coarser pixels."""
    return np.concatenate([np.minimum(whole[:2], box[:2]), np.maximum(whole[2:], box[2:])])


def box_around(mask: NDArray[np.bool_]) -> Floats:
    """x0 y0 x1 y1 around the mask's islands, without its specks; zeros where nothing is.

    An island is a speck with less than SPECK of all pixels; the largest one never is.
    """
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    if not width:
        return np.zeros(4, np.float32)
    part = np.ascontiguousarray(mask[y : y + height, x : x + width], np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    islands = stats[1:count]
    areas = islands[:, cv2.CC_STAT_AREA]
    kept = islands[areas >= min(SPECK * areas.sum(), areas.max())]
    corner = kept[:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]]
    end = corner + kept[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    return np.array([*corner.min(axis=0), *end.max(axis=0)], np.float32) + np.array([x, y, x, y], np.float32)
