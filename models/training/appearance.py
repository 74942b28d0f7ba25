"""How a camera, its night mode and its compression change a picture."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

GREY: Final = 0.06  # the generator makes night pictures, blur, noise and codecs of its own
BLUR: Final = 0.08
COARSE: Final = 0.08
NOISE: Final = 0.15
JPEG: Final = 0.1
LEVELS: Final = np.arange(256, dtype=np.float32) / 255
GRAIN: Final = np.random.default_rng(7).normal(0, 1, (512, 512, 3)).astype(np.float32)


def altered(picture: Picture, rng: np.random.Generator) -> Picture:
    """The picture (h, w, 3) under another light, through another lens, sensor and codec."""
    picture = np.asarray(cv2.LUT(picture, _curves(rng)), np.uint8)
    if rng.random() < GREY:
        picture = np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    if rng.random() < BLUR:
        picture = _blurred(picture, rng)
    if rng.random() < COARSE:
        picture = _coarse(picture, rng)
    if rng.random() < NOISE:
        picture = _noisy(picture, rng)
    if rng.random() < JPEG:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))])[1]
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return picture


def _curves(rng: np.random.Generator) -> Picture:
    """Gamma, contrast, brightness, and the colour of the light: (1, 256, 3) for cv2.LUT."""
    gamma = float(np.exp(rng.normal(0, 0.22)))
    gain = np.exp(rng.normal(0, 0.15)) * np.exp(rng.normal(0, 0.06, 3))
    curves = (LEVELS[:, None] ** gamma - 0.5) * gain + 0.5 + rng.normal(0, 0.05)
    if rng.random() < 0.01:
        curves = 1 - curves
    return np.asarray((curves * 255).clip(0, 255)[None], np.uint8)


def _blurred(picture: Picture, rng: np.random.Generator) -> Picture:
    """Out of focus, or moved while the shutter was open."""
    if rng.random() < 0.6:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6))), np.uint8)
    length = int(rng.integers(3, 8))
    return np.asarray(cv2.blur(picture, (length, 1) if rng.random() < 0.7 else (1, length)), np.uint8)


def _coarse(picture: Picture, rng: np.random.Generator) -> Picture:
    """A camera with fewer pixels than the network's input."""
    high, wide = picture.shape[:2]
    share = float(rng.uniform(0.4, 0.85))
    small = cv2.resize(picture, (round(wide * share), round(high * share)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (wide, high), interpolation=cv2.INTER_LINEAR), np.uint8)


def _noisy(picture: Picture, rng: np.random.Generator) -> Picture:
    """A sensor's noise, in colour or only in brightness; GRAIN is made once, this takes a piece of it."""
    high, wide = picture.shape[:2]
    top, left = int(rng.integers(0, max(1, 513 - high))), int(rng.integers(0, max(1, 513 - wide)))
    grain = GRAIN[top : top + high, left : left + wide]
    if grain.shape[:2] != (high, wide):
        return picture
    if rng.random() < 0.5:
        grain = np.repeat(grain[..., :1], 3, axis=2)
    strength = float(rng.uniform(2, 12))
    return np.asarray(cv2.add(picture, grain * strength, dtype=cv2.CV_8U), np.uint8)
