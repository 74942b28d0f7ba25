"""People cut out of one picture and put into another (Ghiasi et al. 2021), and things that hide them."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.samples import People

Picture = NDArray[np.uint8]

WHOLE_ENOUGH: Final = 0.6  # visible share of a person who may be cut out
LEAST_HEIGHT: Final = 24  # pixels of a person who may be cut out
LEAST_REST: Final = 0.25  # of a person's pixels: with less left the person is ignored
OWNERS: Final = 255


@dataclass(frozen=True, slots=True)
class Layers:
    """A picture, its map of owners (see `Sample`; None: nobody) and its people."""

    picture: Picture
    owner: Picture | None
    people: People

    def owner_or_empty(self) -> Picture:
        """The map, or one that shows nobody."""
        return np.zeros(self.picture.shape[:2], np.uint8) if self.owner is None else self.owner


def paste(into: Layers, source: Layers, rng: np.random.Generator) -> Layers:
    """One person of `source` in front of what `into` shows, half of the time before somebody who is there."""
    wanted = np.flatnonzero(
        ~source.people["ignore"]
        & (source.people["visible"] > WHOLE_ENOUGH)
        & (source.people["box"][:, 3] - source.people["box"][:, 1] >= LEAST_HEIGHT),
    )
    if not len(wanted) or len(into.people) >= OWNERS:
        return into
    index = int(rng.choice(wanted))
    x0, y0, x1, y1 = _pixels(source.people["box"][index], source.picture)
    mask = np.asarray(source.owner_or_empty()[y0:y1, x0:x1] == index + 1, np.uint8) * 255
    if not mask.any():  # a clip's people have boxes only
        return into
    scale, centre, bottom = _spot(into, source, index, rng)
    size = (max(4, round((x1 - x0) * scale)), max(8, round((y1 - y0) * scale)))
    person = np.asarray(cv2.resize(source.picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR), np.uint8)
    mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.5:
        person, mask = person[:, ::-1], mask[:, ::-1]
    place = (round(centre - size[0] / 2), round(bottom - size[1]))
    return _laid_over(into, person, mask, place, source.people[index : index + 1])


def cover(into: Layers, other: Picture, rng: np.random.Generator) -> Layers:
    """A patch of another picture hides a part of somebody; it may show people, so only its colours are kept, mixed."""
    if not len(into.people):
        return into
    box = into.people["box"][int(rng.integers(len(into.people)))]
    wide, high = max(8.0, float(box[2] - box[0])), max(8.0, float(box[3] - box[1]))
    size = (round(wide * rng.uniform(0.3, 1.4)), round(high * rng.uniform(0.2, 0.6)))
    place = (
        round(float(rng.uniform(box[0] - size[0] / 2, box[2] - size[0] / 2))),
        round(float(box[1] + high * rng.uniform(0.2, 1.0) - size[1] / 2)),
    )
    x, y = (int(rng.integers(0, max(1, n - m))) for n, m in zip(other.shape[1::-1], size, strict=True))
    patch = other[y : y + size[1], x : x + size[0]]
    grains = (max(1, patch.shape[1] // 8), max(1, patch.shape[0] // 8))  # too coarse to show anybody
    coarse = cv2.resize(patch, grains, interpolation=cv2.INTER_AREA)
    texture = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_CUBIC)
    return _laid_over(into, texture.astype(np.uint8), np.full(size[::-1], 255, np.uint8), place, None)


def _spot(into: Layers, source: Layers, index: int, rng: np.random.Generator) -> tuple[float, float, float]:
    """The scale, the middle and the foot of a pasted person in pixels of `into`."""
    high, wide = into.picture.shape[:2]
    box = source.people["box"][index]
    cut = box[3] >= source.picture.shape[0] - 1  # by the lower edge: it must stay there
    seen = np.flatnonzero(~into.people["ignore"])
    if len(seen) and rng.random() < 0.5:  # beside or before somebody, about as large
        other = into.people["box"][int(rng.choice(seen))]
        scale = float(other[3] - other[1]) / float(box[3] - box[1]) * float(np.exp(rng.normal(0, 0.2)))
        centre = float(other[0] + other[2]) / 2 + float(rng.normal(0, 0.6)) * float(other[2] - other[0])
        bottom = float(other[3]) + float(rng.normal(0.1, 0.15)) * float(other[3] - other[1])
    else:
        scale = float(np.exp(rng.uniform(np.log(0.5), np.log(1.4))))
        centre = float(rng.uniform(0, wide))
        bottom = float(rng.uniform(0.3, 1.2)) * high
    scale = min(max(scale, 12 / float(box[3] - box[1])), 2.0)
    return scale, centre, float(high) if cut else bottom


def _laid_over(into: Layers, patch: Picture, mask: Picture, place: tuple[int, int], who: People | None) -> Layers:
    """`patch` over the picture at `place` where `mask` (0 to 255) is set, with a soft edge."""
    high, wide = into.picture.shape[:2]
    left, top = max(place[0], 0), max(place[1], 0)
    right, bottom = min(place[0] + patch.shape[1], wide), min(place[1] + patch.shape[0], high)
    if right - left < 2 or bottom - top < 2:
        return into
    here = np.s_[top - place[1] : bottom - place[1], left - place[0] : right - place[0]]
    there = np.s_[top:bottom, left:right]
    patch, mask = patch[here], mask[here]
    soft = cv2.blur(mask, (3, 3)).astype(np.uint16)[..., None]
    picture, owner = into.picture.copy(), into.owner_or_empty().copy()
    picture[there] = (patch * soft + picture[there] * (255 - soft)) // 255
    covered = mask > 127
    before = _counts(owner)
    owner[there][covered] = 0 if who is None else len(into.people) + 1
    people = _still_seen(into.people.copy(), before, owner)
    if who is None:
        return Layers(picture, owner, people)
    newcomer = who.copy()
    newcomer["whole"] = newcomer["box"] = (left, top, right, bottom)
    newcomer["head"] = 0  # where it is after the scaling and the cut matters to nobody yet
    people = np.concatenate([people, newcomer])
    return Layers(picture, owner, _boxed(people, len(people) - 1, owner))


def _counts(owner: Picture) -> NDArray[np.int64]:
    return np.bincount(owner.reshape(-1), minlength=OWNERS + 1)


def _still_seen(people: People, before: NDArray[np.int64], owner: Picture) -> People:
    """Those behind what was laid over: less of them is seen, in smaller boxes."""
    after = _counts(owner)
    for index in range(len(people)):
        was, now = int(before[index + 1]), int(after[index + 1])
        if now == was:
            continue
        rest = now / was
        people["visible"][index] *= rest
        people["ignore"][index] |= rest < LEAST_REST or people["visible"][index] < LEAST_REST / 2
        if now:
            people = _boxed(people, index, owner)
        else:
            people["box"][index] = people["head"][index] = 0
    return people


def _boxed(people: People, index: int, owner: Picture) -> People:
    """The box of one person around the pixels that the map gives it."""
    x0, y0, x1, y1 = _pixels(people["box"][index], owner)
    x, y, wide, high = cv2.boundingRect(np.asarray(owner[y0:y1, x0:x1] == index + 1, np.uint8))
    people["box"][index] = (x0 + x, y0 + y, x0 + x + wide, y0 + y + high)
    return people


def _pixels(box: NDArray[np.float32], picture: Picture) -> tuple[int, int, int, int]:
    high, wide = picture.shape[:2]
    x0, y0 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    return x0, y0, min(wide, int(np.ceil(box[2]))), min(high, int(np.ceil(box[3])))
