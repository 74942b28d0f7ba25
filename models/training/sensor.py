"""What a surveillance camera makes of the light that falls into it: from linear light to a decoded 8-bit picture.

The order is a camera's: glass, lens, exposure, sensor noise, denoising, white balance, tone, sharpening, text, codec.
Values between the sensor and the codec are roots of the light ("gamma 2"), in which shot noise is nearly even over
bright and dark (Anscombe 1948), so that one normal deviate per pixel serves.
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training import codec
from training.overlay import write_text
from training.scene import Floats

Bytes = NDArray[np.uint8]
LUMA: Final = np.array([0.3, 0.59, 0.11], np.float32)
MIDDLE: Final = 0.49  # where automatic exposure brings the mean, in roots of the light


def develop(light: Floats, rng: np.random.Generator) -> Bytes:
    """The picture (h, w, 3) uint8 BGR that some camera gives of linear light (h, w, 3) RGB."""
    infrared = rng.random() < 0.1
    dark = rng.random() < (0.3 if infrared else 0.08)
    picture = np.ascontiguousarray(light)
    picture = _maybe(0.08, picture, rng, _rain)
    picture = _lens(picture, rng)
    picture = _exposed(picture, rng)
    if infrared:
        picture = _infrared(picture, rng)
    picture = _maybe(0.3, picture, rng, _bloom)
    picture = _maybe(0.2, picture, rng, _vignette)
    picture = np.asarray(cv2.sqrt(np.maximum(picture, 0)), np.float32)
    picture = _noise(picture, rng, dark=dark)
    if not infrared:
        picture = _white_balance(picture, rng)
    picture = _tone(picture, rng)
    picture = _maybe(0.5, picture, rng, _sharpen)
    picture = _maybe(0.14, picture, rng, _low_resolution)
    if infrared or rng.random() < 0.04:
        picture = np.repeat((picture @ LUMA)[..., None], 3, axis=2)
    scaled = np.asarray(cv2.convertScaleAbs(np.clip(picture, 0, 1), alpha=255.0), np.uint8)
    frame = np.ascontiguousarray(scaled[..., ::-1])
    if rng.random() < 0.04:
        frame = _interlaced(frame, rng)
    if rng.random() < 0.3:
        write_text(frame, rng)
    return codec.transmit(frame, rng)


def moving(light: Floats, owner: Bytes, rng: np.random.Generator) -> Floats:
    """The light (h, w, 3) of a long exposure in which some of the owners (h, w) move: they smear along their way."""
    moved = light
    for number in range(1, int(owner.max()) + 1):
        mask = (owner == number).astype(np.float32)[..., None]
        tall = int(mask.any(axis=(1, 2)).sum())
        if tall < 12 or rng.random() < 0.4:
            continue
        kernel = _streak(float(np.clip(tall * rng.uniform(0.03, 0.12), 2, 11)), rng.normal(0, 0.5))
        share = np.asarray(cv2.filter2D(mask, -1, kernel), np.float32)[..., None]
        smear = np.asarray(cv2.filter2D(moved * mask, -1, kernel), np.float32)
        # Where the person was for a part of the time the rest shows what is behind; right behind them nobody knows
        # what that is, so the person stays in for as much as the smear does not cover.
        behind = moved * (1 - mask) + mask * smear / np.maximum(share, 1e-3)
        moved = smear + behind * (1 - share)
    return np.asarray(moved, np.float32)


def _streak(length: float, angle: float) -> Floats:
    """A line of that many pixels through the middle of a kernel whose sum is 1; angle 0 lies level."""
    side = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((side, side), np.float32)
    middle, reach = side // 2, length / 2
    x, y = round(reach * np.cos(angle)), round(reach * np.sin(angle))
    cv2.line(kernel, (middle - x, middle - y), (middle + x, middle + y), 1.0)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _maybe(
    share: float, picture: Floats, rng: np.random.Generator, effect: Callable[[Floats, np.random.Generator], Floats]
) -> Floats:
    return effect(picture, rng) if rng.random() < share else picture


def _rain(picture: Floats, rng: np.random.Generator) -> Floats:
    """Drops or dirt on the glass: blurred patches, as far out of focus as the glass is near."""
    height, width = picture.shape[:2]
    mask = np.zeros((height // 2, width // 2), np.float32)
    for _ in range(int(rng.integers(3, 40))):
        centre = (int(rng.integers(width // 2)), int(rng.integers(height // 2)))
        axes = tuple(int(v) for v in rng.uniform(1, 9, 2) * rng.uniform(0.3, 1))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, float(rng.uniform(0.4, 1)), -1)
    mask = cv2.resize(cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 2.5)), (width, height))[..., None]
    small = cv2.resize(picture, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(small, (width, height))
    if rng.random() < 0.5:
        blurred = np.roll(blurred[::-1], int(rng.integers(-10, 10)), axis=1)  # a drop turns the picture over
    return np.asarray(picture + mask * (blurred * rng.uniform(0.5, 1.1) - picture), np.float32)


def _lens(picture: Floats, rng: np.random.Generator) -> Floats:
    """Out of focus a little, nearly always; seldom much; sometimes shaken."""
    kind = rng.random()
    if kind < 0.5:
        picture = _blurred(picture, rng.uniform(0.35, 0.75))
    elif kind < 0.72:
        picture = _blurred(picture, rng.uniform(0.75, 1.4))
    if rng.random() < 0.06:
        kernel = _streak(rng.uniform(2, 7), rng.uniform(0, np.pi))
        picture = np.asarray(cv2.filter2D(picture, -1, kernel), np.float32)
    return picture


def _blurred(picture: Floats, spread: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), spread), np.float32)


def _exposed(picture: Floats, rng: np.random.Generator) -> Floats:
    """Automatic exposure on the whole picture or its middle, more or less right."""
    height, width = picture.shape[:2]
    metered = (
        picture[::4, ::4]
        if rng.random() < 0.6
        else picture[height // 4 : -height // 4 : 4, width // 4 : -width // 4 : 4]
    )
    mean = float(np.sqrt(np.maximum(metered @ LUMA, 0)).mean())
    aim = MIDDLE * np.exp(rng.normal(0, 0.17))
    return picture * np.float32((aim / max(mean, 1e-3)) ** 2)


def _infrared(picture: Floats, rng: np.random.Generator) -> Floats:
    """Lamps beside the lens: grey, bright in the middle, dark in the corners; cloth reflects alike whatever its dye."""
    grey = picture @ LUMA
    floor = float(grey.mean())
    grey = floor * (grey / max(floor, 1e-3)) ** rng.uniform(0.5, 0.95)
    falloff = 1.0 - rng.uniform(0.3, 0.75) * _radius(grey, rng.uniform(-0.2, 0.2), rng.uniform(-0.1, 0.4))
    grey = grey * np.maximum(falloff, 0.05) * rng.uniform(0.8, 1.8)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def _radius(picture: Floats, x: float = 0.0, y: float = 0.0) -> Floats:
    """Squared distance of each pixel (h, w) from a point (in half pictures), 0.7 at the middle of the sides."""
    height, width = picture.shape[:2]
    along = (np.linspace(-1, 1, height, dtype=np.float32) - np.float32(y)) ** 2
    across = (np.linspace(-1, 1, width, dtype=np.float32) - np.float32(x)) ** 2
    return np.asarray((along[:, None] + across) * np.float32(0.7), np.float32)


def _bloom(picture: Floats, rng: np.random.Generator) -> Floats:
    """Light scattered in the lens: a glow around what is too bright, and a veil over all."""
    height, width = picture.shape[:2]
    small = cv2.resize(np.minimum(picture, 6.0), (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    bright = cv2.GaussianBlur(np.maximum(small - 0.85, 0), (0, 0), rng.uniform(2, 8))
    glow = cv2.resize(bright, (width, height)) * np.float32(rng.uniform(0.2, 0.9))
    veil = np.float32(rng.uniform(0, 0.2)) * small.mean(axis=(0, 1)) if rng.random() < 0.4 else np.float32(0)
    return np.asarray(picture + glow + veil, np.float32)


def _vignette(picture: Floats, rng: np.random.Generator) -> Floats:
    falloff = 1.0 - np.float32(rng.uniform(0.1, 0.55)) * _radius(picture)
    return np.asarray(picture * np.maximum(falloff, 0.1)[..., None], np.float32)


def _noise(root: Floats, rng: np.random.Generator, *, dark: bool) -> Floats:
    """Shot and read noise, amplified with the light that is missing; what a denoiser leaves are soft blotches."""
    strength = rng.uniform(0.02, 0.085) if dark else abs(rng.normal(0, 0.008))
    if strength < 0.003:
        return root
    height, width = root.shape[:2]
    grain = np.empty((height, width, 3), np.float32)
    cv2.setRNGSeed(int(rng.integers(1 << 31)))
    cv2.randn(grain, np.zeros(3), np.full(3, strength))
    left = rng.random()
    if left < 0.45:  # denoised: the fine is gone, the coarse stays, in colour most
        blotches = cv2.resize(grain[: height // 3, : width // 3], (width, height), interpolation=cv2.INTER_CUBIC)
        grain = cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.0)) + np.float32(rng.uniform(0.3, 0.9)) * blotches
    elif left < 0.75:
        grain = grain * np.float32(0.4) + (grain @ LUMA)[..., None]
    read = np.float32(0.03) / np.maximum(root, np.float32(0.03)) if dark else np.float32(0)
    noisy = root + grain * (1 + read)
    if dark and rng.random() < 0.5:
        noisy = cv2.bilateralFilter(noisy, 5, strength * rng.uniform(1, 2.5), 2.0)
    if dark:  # too little light, not all of it made good by gain
        noisy = noisy * np.float32(rng.uniform(0.55, 1.0)) + np.float32(rng.uniform(0, 0.06))
    return np.asarray(noisy, np.float32)


def _white_balance(root: Floats, rng: np.random.Generator) -> Floats:
    warm, tint = rng.normal(0, 0.045), rng.normal(0, 0.02)
    gains = np.array([1 + warm, 1 + tint, 1 - warm], np.float32)
    if rng.random() < 0.5:  # grey world, by halves: most cameras correct what the lamp colours
        means = root[::8, ::8].mean(axis=(0, 1))
        gains = gains * (means.mean() / np.maximum(means, 1e-3)).astype(np.float32) ** np.float32(rng.uniform(0.3, 1))
    colourful = np.float32(rng.uniform(0.6, 1.5))
    mixing = np.diag(gains) @ (np.eye(3) * colourful + np.outer(LUMA, np.ones(3)) * (1 - colourful))
    return np.asarray(cv2.transform(root, mixing.T.astype(np.float32)), np.float32)


def _tone(root: Floats, rng: np.random.Generator) -> Floats:
    """A shoulder instead of hard clipping, contrast, gamma; sometimes local contrast that looks like HDR."""
    knee = np.float32(rng.uniform(0.6, 0.9))
    over = np.maximum(root - knee, 0)
    toned = np.minimum(root, knee) + over / (1 + over / (1 - knee))
    if rng.random() < 0.12:
        height, width = root.shape[:2]
        small = cv2.resize(toned @ LUMA, (width // 16, height // 16), interpolation=cv2.INTER_AREA)
        base = cv2.resize(cv2.GaussianBlur(small, (0, 0), 2.0), (width, height))[..., None]
        toned = toned + (np.float32(0.45) - base) * np.float32(rng.uniform(0.2, 0.55))
    contrast, gamma = np.exp(rng.normal(0.08, 0.15)), np.exp(rng.normal(0, 0.12))
    toned = (toned - np.float32(0.42)) * np.float32(contrast) + np.float32(0.42 + rng.normal(0, 0.03))
    return np.asarray(cv2.pow(np.clip(toned, 0, 1), float(gamma)), np.float32)


def _sharpen(picture: Floats, rng: np.random.Generator) -> Floats:
    """The bright and dark rims that cameras draw along edges."""
    soft = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.7, 1.5))
    amount = rng.uniform(0.2, 1.3)
    return np.asarray(cv2.addWeighted(picture, 1 + amount, soft, -amount, 0), np.float32)


def _low_resolution(picture: Floats, rng: np.random.Generator) -> Floats:
    """A sub-stream of few lines, enlarged again."""
    height, width = picture.shape[:2]
    share = rng.uniform(0.42, 0.85)
    small = cv2.resize(picture, (int(width * share), int(height * share)), interpolation=cv2.INTER_AREA)
    how = cv2.INTER_LINEAR if rng.random() < 0.8 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(small, (width, height), interpolation=how), np.float32)


def _interlaced(frame: Bytes, rng: np.random.Generator) -> Bytes:
    """Odd lines from a moment later: a shift of what the camera shakes."""
    woven = frame.copy()
    woven[1::2] = np.roll(frame, int(rng.integers(1, 3)), axis=1)[1::2]
    return woven
