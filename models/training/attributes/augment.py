"""A face, or nothing, as a shop's camera would show it: small, off centre, turned, blurred, dim, coded.

The order is a camera's: what stands before the lens, how it lies in the crop, the size at which the sensor saw it, the
sensor's light and noise, the codec, and the crop that is scaled up again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.attributes.data import STORED, Pixels
from training.attributes.network import SIDE

LEAST_READABLE: Final = 13.0  # pixels of the crop's side: smaller ones are not shown as readable
MOST_UNREADABLE: Final = 8.0  # and larger ones not as too small
SPOILS: Final = ("tiny", "cut off", "upside down", "smeared", "covered", "hair")
"""How a face becomes one that cannot be read."""

_FULL_SHARE: Final = 0.35  # of the pictures that are seen at the network's own size
_NEAT_SHARE: Final = 0.45  # of the pictures that lie in the crop about as a face detector's box says
_LOOSE_SHARE: Final = 0.25  # of the pictures that are small in it and anywhere, as in a track's head region
_LEAST_CODED: Final = 8  # pixels: smaller pictures have no block to code
_PLAIN_SHARE: Final = 0.4  # of the pictures with nothing wrong but their size and place


_WHOLE: Final = np.ones((STORED, STORED), np.float32)


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the picture lies in the crop: shares of its side, radians; squeeze < 1 as of a head that turns."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0
    turn: float = 0.0
    squeeze: float = 1.0
    lean: float = 0.0
    flip: bool = False

    def matrix(self, inner: float = STORED, outer: float = SIDE) -> NDArray[np.float64]:
        """From the stored picture to the crop, (2, 3)."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        zoom = self.scale * outer / inner
        across = -self.squeeze if self.flip else self.squeeze
        linear = zoom * np.array([[cos, -sin], [sin, cos]]) @ np.array([[across, self.lean], [0.0, 1.0]])
        middle = np.array([(0.5 + self.x) * outer - 0.5, (0.5 + self.y) * outer - 0.5])
        return np.column_stack([linear, middle - linear @ np.full(2, (inner - 1) / 2)])


def clean(picture: Pixels) -> Pixels:
    """A stored picture at the network's size and otherwise as it is."""
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def shrunk(picture: Pixels, side: int) -> Pixels:
    """A stored picture as a camera sees it whose crop is `side` pixels wide: shrunk, then blown up to SIDE."""
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA) if side < STORED else picture
    if side > SIDE:
        return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


def seen(picture: Pixels, rng: np.random.Generator, side: float | None = None, behind: Pixels | None = None) -> Pixels:
    """A stored picture through a shop's camera, (SIDE, SIDE, 3).

    Args:
        picture: (STORED, STORED, 3).
        rng: decides on everything.
        side: pixels of the crop in the camera's picture; None: any that is readable.
        behind: another picture, seen around one that does not fill the crop; None: its own edges go on.
    """
    placing = _placing(rng)
    if side is None:
        side = max(_any_side(rng), LEAST_READABLE / min(1.0, placing.scale))
    return _through(picture, placing, rng, side, behind)


def looks(picture: Pixels, rng: np.random.Generator, sides: Sequence[float]) -> Pixels:
    """A stored picture again and again as somebody passes one shop's camera, (n, SIDE, SIDE, 3).

    Where the face lies in the crop and how it is turned changes from look to look; light, lens, codec and what covers
    the face mostly stay.

    Args:
        picture: (STORED, STORED, 3).
        rng: decides on everything.
        sides: pixels of the crop in the camera's picture, look by look.
    """
    camera = int(rng.integers(2**32))
    return np.stack([_through(picture, _placing(rng), np.random.default_rng(camera), side) for side in sides])


def spoilt(picture: Pixels, other: Pixels, rng: np.random.Generator, how: str) -> Pixels:
    """A face of which nothing can be read any more, through a shop's camera.

    Args:
        picture: the face, (STORED, STORED, 3).
        other: something else, to cover it with, and seen around it.
        rng: decides on everything.
        how: one of SPOILS.
    """
    placing, side = _placing(rng), _any_side(rng)
    if how == "tiny":
        return _through(picture, placing, rng, float(rng.uniform(3.0, MOST_UNREADABLE)), other)
    if how == "smeared":
        sigma = float(rng.uniform(9.0, 16.0))
        return _through(np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8), placing, rng, side, other)
    if how == "upside down":
        turned = Placing(placing.x, placing.y, placing.scale, np.pi + float(rng.uniform(-0.6, 0.6)), placing.squeeze)
        return _through(picture, turned, rng, side, other)
    if how == "cut off":
        away, where = float(rng.uniform(0.6, 0.85)), float(rng.uniform(0, 2 * np.pi))
        reach = away / max(abs(np.cos(where)), abs(np.sin(where)))
        moved = Placing(reach * float(np.cos(where)), reach * float(np.sin(where)), placing.scale, placing.turn)
        return _through(picture, moved, rng, side, other)
    cover = _hair(picture, rng) if how == "hair" else other
    return _through(_covered(picture, cover, rng), placing, rng, side, other)


def _any_side(rng: np.random.Generator) -> float:
    if rng.random() < _FULL_SHARE:
        return float(rng.uniform(SIDE, 80.0))
    return float(np.exp(rng.uniform(np.log(LEAST_READABLE), np.log(SIDE))))


def _placing(rng: np.random.Generator) -> Placing:
    x, y, scale, turn, squeeze, lean = rng.uniform(-1, 1, 6)
    how = rng.random()
    loose = how > 1 - _LOOSE_SHARE  # a head region that nobody has found the face in
    strong = 0.45 if how < _NEAT_SHARE else 1.0
    return Placing(
        x=(0.22 if loose else 0.17 * strong) * x,
        y=(0.22 if loose else 0.17 * strong) * y,
        scale=float(np.exp(0.28 * scale - 0.38 if loose else 0.26 * strong * scale)),
        turn=(0.5 if loose else 0.3 * strong) * turn,
        squeeze=float(np.exp(0.2 * strong * squeeze)),
        lean=0.12 * strong * lean,
        flip=bool(rng.random() < 0.5),
    )


def _through(
    picture: Pixels, placing: Placing, rng: np.random.Generator, side: float, behind: Pixels | None = None
) -> Pixels:
    chance = rng.random(9)
    if chance[8] < _PLAIN_SHARE:
        return _plainly(_laid(picture, placing, behind), rng, side)
    if chance[0] < 0.3:  # coded while it was still a larger picture
        picture = _coded(picture, int(rng.integers(30, 96)))
    small = max(3, round(min(side, SIDE)))
    crop = _lit(_focused(_laid(picture, placing, behind), small, chance, rng), rng)
    if chance[3] < 0.4:
        crop = _noisy(crop, rng)
    if chance[4] < 0.5 and small >= _LEAST_CODED:
        crop = _coded(crop, int(rng.integers(20, 96)))
    if small < SIDE:
        how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA)[int(chance[5] < 0.4) + int(chance[5] < 0.1)]
        crop = np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=how), np.uint8)
    if chance[6] < 0.12:
        crop = _coded(crop, int(rng.integers(40, 96)))
    return _erased(crop, rng) if chance[7] < 0.2 else crop


def _focused(crop: Pixels, small: int, chance: NDArray[np.float64], rng: np.random.Generator) -> Pixels:
    """What lens and sensor make of it: blurred or smeared now and then, and `small` pixels wide."""
    if chance[1] < 0.18:
        crop = _streaked(crop, rng)
    elif chance[1] < 0.34:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), float(rng.uniform(0.4, 1.6))), np.uint8)
    if small < SIDE:
        how = cv2.INTER_AREA if chance[2] < 0.8 else cv2.INTER_LINEAR
        crop = np.asarray(cv2.resize(crop, (small, small), interpolation=how), np.uint8)
    return crop


def _plainly(crop: Pixels, rng: np.random.Generator, side: float) -> Pixels:
    """Small, and coded now and then, but otherwise by good light and a good lens."""
    small = max(3, round(min(side, SIDE)))
    if small < SIDE:
        crop = np.asarray(cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA), np.uint8)
        if rng.random() < 0.3 and small >= _LEAST_CODED:
            crop = _coded(crop, int(rng.integers(50, 96)))
        crop = np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)
    return crop


def _laid(picture: Pixels, placing: Placing, behind: Pixels | None) -> Pixels:
    """The picture where it lies in the crop; around it `behind`, or its own edges going on."""
    matrix = placing.matrix(STORED, SIDE)
    # The whole picture is larger than the crop: averaged first, or fine detail would alias.
    if placing.scale * SIDE / STORED < 0.75:
        picture = np.asarray(cv2.blur(picture, (2, 2)), np.uint8)
    # Not mirrored at its edges: a face that is cut off would come back.
    edge = cv2.BORDER_REPLICATE
    warped = np.asarray(
        cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=edge), np.uint8
    )
    if behind is None or placing.scale > 0.9:
        return warped
    mask = cv2.warpAffine(_WHOLE, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=0.0)
    mask = np.asarray(cv2.blur(mask, (3, 3)), np.float32)[..., None]
    return np.asarray(warped * mask + clean(behind) * (1 - mask), np.uint8)


def _lit(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """Exposure, contrast, colour cast, backlight, and now and then no colour at all, as under infrared."""
    gain, gamma, lift, red, blue, grey = rng.random(6)
    levels = np.arange(256, dtype=np.float32) / 255
    curve = levels ** np.exp((gamma - 0.5) * (1.4 if gain < 0.5 else 0.6))
    if gain < 0.12:
        curve = curve * (0.18 + 0.4 * lift)  # dim
    elif gain < 0.2:
        curve = 0.35 + curve * 0.75 * (0.7 + lift * 0.5)  # haze and glare against the light
    elif gain < 0.6:
        curve = (curve - 0.5) * (0.7 + 0.6 * lift) + 0.5 + 0.2 * (red - 0.5)
    if grey < 0.12:
        plain = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
        table = np.clip(curve * 255, 0, 255).astype(np.uint8)
        return np.asarray(cv2.cvtColor(cv2.LUT(plain, table), cv2.COLOR_GRAY2BGR), np.uint8)
    cast = 0.35 if grey > 0.85 else 0.1
    gains = np.array([1 + cast * (blue - 0.5), 1.0, 1 + cast * (red - 0.5)], np.float32)
    tables = np.clip(curve[:, None] * gains * 255, 0, 255).astype(np.uint8)
    lit = np.asarray(cv2.LUT(crop, tables.reshape(1, 256, 3)), np.uint8)
    if 0.5 < grey < 0.6:
        plain = cv2.cvtColor(cv2.cvtColor(lit, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        lit = np.asarray(cv2.addWeighted(lit, 0.4, plain, 0.6, 0), np.uint8)
    return lit


def _noisy(crop: Pixels, rng: np.random.Generator) -> Pixels:
    strength = float(rng.uniform(2.0, 16.0))
    noise = rng.standard_normal(crop.shape, np.float32) * strength
    return np.asarray(np.clip(crop + noise, 0, 255), np.uint8)


def _coded(crop: Pixels, quality: int) -> Pixels:
    coded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def _streaked(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """Smeared along a line, as by a walk or a long exposure."""
    length, angle = float(rng.uniform(2.0, 8.0)), float(rng.uniform(0, np.pi))
    side = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    x, y = round(length / 2 * np.cos(angle)), round(length / 2 * np.sin(angle))
    cv2.line(kernel, (middle - x, middle - y), (middle + x, middle + y), 1.0)
    return np.asarray(cv2.filter2D(crop, -1, kernel / kernel.sum()), np.uint8)


def _erased(crop: Pixels, rng: np.random.Generator) -> Pixels:
    """Without a patch of up to a seventh of it: a scarf, a hand, somebody's shoulder."""
    high, wide = (int(v) for v in rng.integers(6, 25, 2))
    top, left = int(rng.integers(0, SIDE - high)), int(rng.integers(0, SIDE - wide))
    crop = crop.copy()
    crop[top : top + high, left : left + wide] = rng.integers(0, 256, 3, np.uint8)
    return crop


def _hair(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """What is above the face, repeated downwards: the same head from behind, more or less."""
    high = int(rng.integers(8, 16))
    left = int(rng.integers(20, 45))
    strip = picture[2 : 2 + high, left : left + int(rng.integers(16, 32))]
    strip = np.concatenate([strip, strip[::-1]])
    strip = np.concatenate([strip, strip[:, ::-1]], 1)
    down, along = -(-STORED // strip.shape[0]), -(-STORED // strip.shape[1])
    tiled = np.tile(strip, (down, along, 1))[:STORED, :STORED]
    return np.asarray(cv2.GaussianBlur(tiled, (0, 0), 1.2), np.uint8)


def _covered(picture: Pixels, cover: Pixels, rng: np.random.Generator) -> Pixels:
    """The face under an oval of something else that leaves ears, neck and surroundings."""
    mask = np.zeros((STORED, STORED), np.float32)
    middle = (48 + int(rng.integers(-4, 5)), 48 + int(rng.integers(-4, 7)))
    axes = (int(rng.integers(29, 44)), int(rng.integers(34, 50)))
    cv2.ellipse(mask, middle, axes, float(rng.uniform(-20, 20)), 0, 360, 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.8, 3.0))), np.float32)[..., None]
    return np.asarray(picture * (1 - soft) + cover * soft, np.uint8)
