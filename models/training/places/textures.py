"""Procedural textures of floors, walls, plants and printed things: (SIDE, SIDE, 3) uint8 RGB, sRGB, that repeat.

They carry brightness around white or their material's own colour, because a Surface's colour multiplies them.
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE: Final = 256
Picture = NDArray[np.uint8]
Field = NDArray[np.float64]
Maker = Callable[[np.random.Generator], Picture]


def cloud(rng: np.random.Generator, roughness: float, stretch: float = 1.0, coarsest: float = 4.0) -> Field:
    """Noise (SIDE, SIDE) of mean 0 and deviation 1 that repeats; amplitudes fall with frequency ** roughness.

    `stretch` > 1 draws it out along x (grain of wood). Waves longer than 1 / `coarsest` of the side are weak, else the
    repetition would be seen from afar. Spectral synthesis: random phases under a power law.
    """
    fy, fx = np.meshgrid(np.fft.fftfreq(SIDE) * SIDE, np.fft.fftfreq(SIDE) * SIDE * stretch, indexing="ij")
    frequency = np.hypot(fx, fy / stretch)
    power = np.maximum(frequency, 1.0) ** -roughness * np.minimum(frequency / coarsest, 1.0)
    power[0, 0] = 0.0
    field = np.fft.ifft2(np.fft.fft2(rng.normal(0, 1, (SIDE, SIDE))) * power).real
    return np.asarray(field / field.std(), np.float64)


def coloured(field: Field, colour: tuple[float, float, float]) -> Picture:
    """Brightness around 1, (SIDE, SIDE), times a colour in 0..255."""
    return np.asarray(np.clip(field[..., None] * np.asarray(colour), 0, 255), np.uint8)


def tinted(rng: np.random.Generator, base: float, warmest: float) -> tuple[float, float, float]:
    """A grey, slightly cold to warm: blue is up to the share `warmest` under red and green half as far."""
    warmth = float(rng.uniform(-0.2, 1.0)) * warmest
    return base, base * (1 - 0.5 * warmth), base * (1 - warmth)


def _grid() -> tuple[Field, Field]:
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    return x, y


def _joints(columns: int, rows: int, shift: float, width: float) -> tuple[Field, NDArray[np.int64]]:
    """Joint darkness (1 inside a tile, 0 in the joint) and the number of the tile for each pixel; rows are shifted."""
    x, y = _grid()
    row = np.floor(y * rows).astype(np.int64)
    across = x * columns + (row * shift) % 1.0
    column = np.floor(across).astype(np.int64) % columns
    edge_x = np.abs((across % 1.0) - 0.5) * SIDE / columns
    edge_y = np.abs((y * rows % 1.0) - 0.5) * SIDE / rows
    inside = np.minimum(SIDE / columns / 2 - edge_x, SIDE / rows / 2 - edge_y)
    return np.clip(inside / max(width, 0.3) - 0.2, 0, 1), row * columns + column


def planks(rng: np.random.Generator) -> Picture:
    """Wooden boards."""
    rows = int(rng.choice([6, 8, 12, 16]))
    inside, number = _joints(int(rng.choice([1, 2])), rows, float(rng.choice([0.37, 0.5])), 0.7)
    tones = 1 + rng.uniform(0.04, 0.2) * rng.normal(0, 1, number.max() + 1)[number]
    field = tones * (1 + 0.08 * cloud(rng, 1.2, 9.0)) * (0.55 + 0.45 * inside)
    red = rng.uniform(150, 235)
    return coloured(field, (red, red * rng.uniform(0.68, 0.85), red * rng.uniform(0.4, 0.72)))


def tiles(rng: np.random.Generator) -> Picture:
    """Square or long tiles with joints, sometimes in two colours."""
    x, y = _grid()
    count = int(rng.choice([2, 3, 4, 6]))
    inside, number = _joints(
        count, count * int(rng.choice([1, 1, 2])), float(rng.choice([0, 0, 0.5])), rng.uniform(0.5, 2)
    )
    tones = 1 + rng.uniform(0.01, 0.08) * rng.normal(0, 1, number.max() + 1)[number]
    if rng.random() < 0.2:
        checks = (np.floor(x * count) + np.floor(y * count)) % 2
        tones = tones * np.where(checks > 0, 1.0, rng.uniform(0.15, 0.8))
    field = tones * (1 + 0.05 * cloud(rng, 1.3)) * (1 - rng.uniform(0.15, 0.6) * (1 - inside))
    base = rng.uniform(130, 235)
    return coloured(field, tinted(rng, base, 0.15))


def carpet(rng: np.random.Generator) -> Picture:
    """Short pile, plain or patterned."""
    x, y = _grid()
    field = 1 + 0.1 * rng.normal(0, 1, (SIDE, SIDE)) + 0.05 * cloud(rng, 1.5)
    colour = rng.uniform(60, 200) + rng.uniform(-70, 70, 3) * rng.uniform(0, 1) ** 2
    picture = field[..., None] * colour
    if rng.random() < 0.5:
        waves = np.sin(2 * np.pi * x * rng.integers(2, 9)) * np.sin(2 * np.pi * y * rng.integers(2, 9)) > rng.uniform(
            0, 0.6
        )
        picture = np.where(
            waves[..., None], picture, field[..., None] * np.clip(colour + rng.uniform(-60, 60, 3), 20, 230)
        )
    return np.clip(picture, 0, 255).astype(np.uint8)


def concrete(rng: np.random.Generator) -> Picture:
    """Stained, grey, with cracks."""
    field = 1 + 0.045 * cloud(rng, 1.3) + 0.05 * rng.normal(0, 1, (SIDE, SIDE)) * rng.uniform(0.3, 1.5)
    if rng.random() < 0.5:
        crack = np.abs(cloud(rng, 1.8, coarsest=1.0)) < 0.03
        field = field * np.where(crack, 0.75, 1.0)
    base = rng.uniform(130, 215)
    return coloured(field, tinted(rng, base, 0.15))


def asphalt(rng: np.random.Generator) -> Picture:
    """Coarse-grained, dark or bleached, patched and wet in places."""
    field = 1 + 0.13 * rng.normal(0, 1, (SIDE, SIDE)) + rng.uniform(0.02, 0.06) * cloud(rng, 1.4)
    base = rng.uniform(95, 190)
    return coloured(field, tinted(rng, base, 0.06))


def grass(rng: np.random.Generator) -> Picture:
    """A lawn, from lush to dry."""
    blades = cloud(rng, 0.5, rng.uniform(1, 2))
    field = 1 + 0.2 * blades + 0.06 * cloud(rng, 1.6)
    lush = rng.uniform(0, 1)
    return coloured(field, (75 + 85 * (1 - lush), 110 + rng.uniform(-10, 30), 45 + 40 * (1 - lush)))


def fallen_leaves(rng: np.random.Generator) -> Picture:
    """Forest floor or autumn leaves: flakes of brown and yellow."""
    picture = np.zeros((SIDE, SIDE, 3))
    picture[:] = rng.uniform(60, 110) * np.array([1.0, 0.85, 0.65])
    for _ in range(1400):
        centre = rng.uniform(0, SIDE, 2)
        colour = rng.uniform(70, 200) * np.array([1.0, rng.uniform(0.62, 0.9), rng.uniform(0.35, 0.75)])
        axes = (int(rng.integers(2, 7)), int(rng.integers(1, 4)))
        angle = float(rng.uniform(0, 180))
        for dx in (-SIDE, 0, SIDE):
            spot = (int(centre[0] + dx), int(centre[1]))
            cv2.ellipse(picture, spot, axes, angle, 0, 360, colour.tolist(), -1)
    return np.clip(picture * (1 + 0.15 * cloud(rng, 1.4))[..., None], 0, 255).astype(np.uint8)


def paving(rng: np.random.Generator) -> Picture:
    """Slabs or setts of concrete and stone."""
    columns = int(rng.choice([2, 3, 4, 8]))
    rows = columns * int(rng.choice([1, 2]))
    inside, number = _joints(columns, rows, float(rng.choice([0, 0.5, 0.33])), rng.uniform(0.8, 2.0))
    tones = 1 + rng.uniform(0.04, 0.16) * rng.normal(0, 1, number.max() + 1)[number]
    field = tones * (1 + 0.07 * cloud(rng, 1.2)) * (0.55 + 0.45 * inside)
    base = rng.uniform(120, 200)
    return coloured(field, tinted(rng, base, 0.3))


def gravel(rng: np.random.Generator) -> Picture:
    """Small stones, or earth."""
    field = 1 + 0.25 * cloud(rng, 0.4) + 0.04 * cloud(rng, 1.5)
    base = rng.uniform(100, 190)
    return coloured(field, tinted(rng, base, 0.3))


def brick(rng: np.random.Generator) -> Picture:
    """A wall of bricks, red to white."""
    inside, number = _joints(4, 12, 0.5, 1.2)
    tones = 1 + rng.uniform(0.05, 0.2) * rng.normal(0, 1, number.max() + 1)[number]
    stone = (tones * (1 + 0.1 * cloud(rng, 0.9)))[..., None]
    red, rest = rng.uniform(110, 215), rng.uniform(0.45, 0.95)
    colour = red * np.array([1.0, rest, rest * rng.uniform(0.65, 0.9)])
    mortar = rng.uniform(100, 200) * np.ones(3)
    return np.clip(np.where(inside[..., None] > 0.4, stone * colour, mortar), 0, 255).astype(np.uint8)


def plaster(rng: np.random.Generator) -> Picture:
    """A painted wall, a little dirty."""
    field = 1 + rng.uniform(0.01, 0.06) * cloud(rng, 1.6) + rng.uniform(0.0, 0.03) * cloud(rng, 0.5)
    base = rng.uniform(190, 240)
    return coloured(field, tinted(rng, base, 0.2))


def panelling(rng: np.random.Generator) -> Picture:
    """Upright boards, corrugated sheets or slats."""
    x, _ = _grid()
    count = int(rng.choice([4, 8, 16, 24]))
    wave = np.abs((x * count) % 1.0 - 0.5)
    if rng.random() < 0.5:
        profile = 0.75 + 0.4 * np.sin(2 * np.pi * x * count) * 0.5
    else:
        profile = np.where(wave > 0.44, 0.5, 1.0)
    field = profile * (1 + 0.05 * cloud(rng, 1.5))
    base = rng.uniform(130, 230)
    return coloured(field, tinted(rng, base, 0.35))


def curtain(rng: np.random.Generator) -> Picture:
    """Folds of cloth or blinds."""
    x, y = _grid()
    axis = y if rng.random() < 0.4 else x
    waves = np.sin(2 * np.pi * (axis * rng.integers(6, 24) + 0.06 * cloud(rng, 2.2)))
    base = rng.uniform(120, 235)
    return coloured(0.8 + 0.25 * waves, tinted(rng, base, 0.3))


def foliage(rng: np.random.Generator) -> Picture:
    """Leaves of a tree or bush: light ones over dark gaps."""
    picture = np.zeros((SIDE, SIDE, 3))
    picture[:] = rng.uniform(15, 45) * np.array([0.8, 1.0, 0.6])
    tone = rng.uniform(0.5, 1.0)
    size = rng.uniform(1.5, 4.5)
    for layer in np.linspace(0.35, 1.0, 900):
        green = rng.uniform(70, 170) * layer
        colour = green * np.array([tone * rng.uniform(0.7, 1.0), 1.0, rng.uniform(0.3, 0.65)])
        spot = rng.uniform(0, SIDE, 2).astype(int)
        axes = (int(rng.uniform(1, 2.6) * size) + 1, int(size) + 1)
        angle = float(rng.uniform(0, 180))
        for dx in (-SIDE, 0, SIDE):
            cv2.ellipse(picture, (int(spot[0]) + dx, int(spot[1])), axes, angle, 0, 360, colour.tolist(), -1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def bark(rng: np.random.Generator) -> Picture:
    """A tree's trunk."""
    field = 1 + 0.3 * cloud(rng, 0.9, 6.0).T
    base = rng.uniform(70, 150)
    return coloured(field, tinted(rng, base, 0.4))


def ceiling(rng: np.random.Generator) -> Picture:
    """Panels of a suspended ceiling."""
    inside, _ = _joints(2, 2, 0.0, 1.2)
    field = (1 + 0.04 * rng.normal(0, 1, (SIDE, SIDE))) * (0.75 + 0.25 * inside)
    return coloured(field, (rng.uniform(200, 240),) * 3)


def dappled(rng: np.random.Generator) -> Picture:
    """Ground, eight times as far as in the other textures, under the shadows of branches and crowns."""
    base = (grass, fallen_leaves, asphalt, concrete, paving)[int(rng.integers(5))](rng)
    small = np.asarray(cv2.resize(base, (SIDE // 4, SIDE // 4), interpolation=cv2.INTER_AREA), np.float64)
    ground = np.tile(small, (4, 4, 1))
    shade = np.zeros((SIDE, SIDE), np.float32)
    slant = float(rng.uniform(0, np.pi))
    for _ in range(int(rng.integers(3, 8))):
        _branch(shade, rng, rng.uniform(0, SIDE, 2), slant + float(rng.normal(0, 0.15)), float(rng.uniform(5, 14)))
    if rng.random() < 0.6:
        shade = np.maximum(shade, (cloud(rng, 1.2) > rng.uniform(0.0, 1.0)).astype(np.float32))
    wide = cv2.GaussianBlur(np.tile(shade, (3, 3)), (0, 0), float(rng.uniform(0.8, 2.5)))
    light = 1.0 - float(rng.uniform(0.35, 0.7)) * np.minimum(wide[SIDE : 2 * SIDE, SIDE : 2 * SIDE], 1.0)
    return np.clip(1.15 * ground * light[..., None] * (1 + 0.06 * cloud(rng, 1.2))[..., None], 0, 255).astype(np.uint8)


def _branch(shade: NDArray[np.float32], rng: np.random.Generator, start: Field, angle: float, thick: float) -> None:
    """A trunk's or branch's shadow with its own branches, running on at the opposite edge of the tile."""
    if thick < 1.0:
        return
    end = start + thick * float(rng.uniform(8, 14)) * np.array([np.cos(angle), np.sin(angle)])
    for dx in (-SIDE, 0, SIDE):
        for dy in (-SIDE, 0, SIDE):
            low, high = (point.astype(int) + np.array([dx, dy]) for point in (start, end))
            cv2.line(shade, (int(low[0]), int(low[1])), (int(high[0]), int(high[1])), 1.0, max(1, int(thick)))
    for turn in rng.normal(0, 0.5, int(rng.integers(1, 4))):
        share = float(rng.uniform(0.4, 1.0))
        _branch(shade, rng, start + share * (end - start), angle + float(turn), thick * float(rng.uniform(0.35, 0.7)))


FLOORS: Final[dict[str, tuple[Maker, int]]] = {
    "planks": (planks, 10), "tiles": (tiles, 16), "carpet": (carpet, 8), "concrete": (concrete, 8),
    "asphalt": (asphalt, 8), "grass": (grass, 7), "leaves": (fallen_leaves, 5), "paving": (paving, 9),
    "gravel": (gravel, 5), "dappled": (dappled, 14),
}  # fmt: skip
WALLS: Final[dict[str, tuple[Maker, int]]] = {
    "brick": (brick, 8), "plaster": (plaster, 8), "panelling": (panelling, 9), "curtain": (curtain, 6),
    "foliage": (foliage, 10), "bark": (bark, 4), "ceiling": (ceiling, 4),
}  # fmt: skip
