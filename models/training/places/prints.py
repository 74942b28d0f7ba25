"""Textures of printed and sorted things: labels, goods, books, signs, boards, screens, house fronts, car parks."""

from typing import Final

import cv2
import numpy as np

from training.places import materials
from training.places.textures import SIDE, Maker, Picture, cloud, tinted

CELLS: Final = 8  # a goods texture has CELLS x CELLS labels, one for each thing on a shelf
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_LETTERS: Final = "ABCDEFGHIKLMNOPRSTUVWZ0123456789%"


def _colour(rng: np.random.Generator, low: float = 20, high: float = 245) -> list[float]:
    level, strength = rng.uniform(low, high), rng.uniform(0, 1) ** 2
    tone = 1.5 * np.array(materials.hue(rng, 1.0, 1.0))
    return [float(x) for x in np.clip(level * (1 - strength + strength * tone), 0, 255)]


def _word(rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(_LETTERS), int(rng.integers(3, 9))))


def label(rng: np.random.Generator, width: int, height: int) -> Picture:
    """The front of a package: a ground, bands, discs and writing."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:] = _colour(rng)
    for _ in range(int(rng.integers(1, 4))):
        top = int(rng.uniform(0, height))
        cv2.rectangle(picture, (0, top), (width, top + int(rng.uniform(0.08, 0.5) * height)), _colour(rng), -1)
    if rng.random() < 0.5:
        spot = (int(rng.uniform(0.2, 0.8) * width), int(rng.uniform(0.2, 0.8) * height))
        cv2.circle(picture, spot, int(rng.uniform(0.1, 0.4) * width) + 1, _colour(rng), -1)
    scale = width / 110
    spot = (1, int(rng.uniform(0.3, 0.8) * height))
    cv2.putText(picture, _word(rng), spot, _FONT, scale, _colour(rng), max(1, int(scale * 2)), cv2.LINE_AA)
    return picture


def goods(rng: np.random.Generator, photographs: list[Picture]) -> Picture:
    """CELLS x CELLS labels; half of them cut out of photographs of goods; neighbours in a row are often the same."""
    side = SIDE // CELLS
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    for row in range(CELLS):
        one: Picture | None = None
        for column in range(CELLS):
            if one is None or rng.random() < 0.4:
                one = _cut(rng, photographs, side) if rng.random() < 0.5 else label(rng, side, side)
            picture[row * side : (row + 1) * side, column * side : (column + 1) * side] = one
    return picture


def _cut(rng: np.random.Generator, photographs: list[Picture], side: int) -> Picture:
    photograph = photographs[int(rng.integers(len(photographs)))]
    size = int(rng.uniform(0.15, 0.4) * SIDE)
    x, y = rng.integers(0, SIDE - size, 2)
    return np.asarray(
        cv2.resize(photograph[y : y + size, x : x + size], (side, side), interpolation=cv2.INTER_AREA), np.uint8
    )


def shelf_front(rng: np.random.Generator) -> Picture:
    """Rows of packages between boards, as a flat picture, for shelves far away."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    rows = int(rng.integers(3, 8))
    tall = SIDE // rows
    for row in range(rows):
        top, left = row * tall, 0
        while left < SIDE:
            width, height = int(rng.uniform(0.2, 0.8) * tall) + 4, int(rng.uniform(0.5, 0.92) * tall)
            one = label(rng, width, height)
            for _ in range(int(rng.integers(1, 6))):
                if left + width > SIDE:
                    break
                picture[top + tall - height : top + tall, left : left + width] = one
                left += width + int(rng.integers(0, 3))
            left += int(rng.integers(1, 8))
        picture[top + tall - 3 : top + tall] = rng.uniform(90, 230)
    return picture


def books(rng: np.random.Generator) -> Picture:
    """Spines on boards; also files and boxes."""
    picture = np.zeros((SIDE, SIDE, 3))
    rows = int(rng.integers(2, 6))
    tall = SIDE // rows
    broad = float(rng.uniform(4, 18))
    wood = _colour(rng, 60, 220)
    for row in range(rows):
        left = 0.0
        while left < SIDE:
            width = broad * rng.uniform(0.5, 1.6)
            height = tall * rng.uniform(0.55, 0.93)
            low = (int(left), int((row + 1) * tall - height))
            cv2.rectangle(picture, low, (int(left + width) - 1, (row + 1) * tall), _colour(rng), -1)
            cv2.rectangle(picture, (low[0], low[1] + 6), (int(left + width) - 1, low[1] + 10), _colour(rng), -1)
            left += width + (broad * 3 if rng.random() < 0.06 else 0)
        cv2.rectangle(picture, (0, (row + 1) * tall - 4), (SIDE, (row + 1) * tall), wood, -1)
    return picture.astype(np.uint8)


def sign(rng: np.random.Generator) -> Picture:
    """A poster, price board or traffic sign without people: shapes and large writing."""
    picture = label(rng, SIDE, SIDE)
    for _ in range(int(rng.integers(1, 5))):
        scale = float(rng.uniform(1, 4))
        spot = (int(rng.uniform(0, 0.4) * SIDE), int(rng.uniform(0.15, 0.95) * SIDE))
        cv2.putText(picture, _word(rng), spot, _FONT, scale, _colour(rng), int(scale * 2.5), cv2.LINE_AA)
    return picture


def notices(rng: np.random.Generator) -> Picture:
    """A board full of sheets of paper."""
    picture = np.zeros((SIDE, SIDE, 3))
    picture[:] = _colour(rng, 80, 220)
    for _ in range(int(rng.integers(8, 40))):
        x, y = rng.uniform(0, 0.9 * SIDE, 2).astype(int)
        width, height = rng.uniform(20, 60, 2).astype(int)
        cv2.rectangle(picture, (x, y), (x + width, y + height), _colour(rng, 150, 250), -1)
        for line in range(y + 6, y + height - 3, 5):
            cv2.line(picture, (x + 3, line), (x + int(width * rng.uniform(0.4, 0.95)), line), _colour(rng, 20, 140), 1)
        if rng.random() < 0.4:
            cv2.circle(picture, (x + width // 2, y + height // 2), width // 4, _colour(rng), -1)
    return picture.astype(np.uint8)


def board(rng: np.random.Generator) -> Picture:
    """A blackboard or whiteboard with writing."""
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    dark = rng.random() < 0.5
    picture[:] = rng.uniform(30, 70) * np.array([0.8, 1.1, 0.9]) if dark else rng.uniform(205, 245)
    for _ in range(int(rng.integers(0, 14))):
        spot = (int(rng.uniform(0, 0.7) * SIDE), int(rng.uniform(0.1, 0.95) * SIDE))
        colour = _colour(rng, 180, 250) if dark else _colour(rng, 20, 120)
        cv2.putText(picture, _word(rng), spot, _FONT, float(rng.uniform(0.4, 1)), colour, 1, cv2.LINE_AA)
    return np.clip(picture * (1 + 0.05 * cloud(rng, 1.6))[..., None], 0, 255).astype(np.uint8)


def screen(rng: np.random.Generator) -> Picture:
    """A monitor that shows windows with lines."""
    picture = np.zeros((SIDE, SIDE, 3))
    picture[:] = _colour(rng, 20, 240)
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0, 0.6 * SIDE, 2).astype(int)
        width, height = rng.uniform(60, 180, 2).astype(int)
        cv2.rectangle(picture, (x, y), (x + width, y + height), _colour(rng, 120, 250), -1)
        for line in range(y + 10, y + height, 9):
            cv2.line(picture, (x + 6, line), (x + int(width * rng.uniform(0.2, 0.95)), line), _colour(rng, 20, 160), 2)
    return picture.astype(np.uint8)


def house_front(rng: np.random.Generator) -> Picture:
    """Windows and doors in a wall, seen from across a street."""
    picture = np.zeros((SIDE, SIDE, 3))
    wall = tinted(rng, float(rng.uniform(90, 235)), 0.6)
    picture[:] = np.asarray(wall) * (1 + 0.06 * cloud(rng, 0.6))[..., None]
    columns, rows = int(rng.integers(2, 6)), int(rng.integers(1, 4))
    frame, glass = _colour(rng, 120, 240), rng.uniform(20, 120)
    share = rng.uniform(0.35, 0.75, 2)
    for row in range(rows):
        for column in range(columns):
            low = np.array([(column + 0.5 - share[0] / 2) * SIDE / columns, (row + 0.5 - share[1] / 2) * SIDE / rows])
            high = low + share * SIDE / np.array([columns, rows])
            x0, y0, x1, y1 = (int(v) for v in (*low, *high))
            cv2.rectangle(picture, (x0 - 3, y0 - 3), (x1 + 3, y1 + 3), frame, -1)
            tone = glass * rng.uniform(0.5, 1.8)
            cv2.rectangle(picture, (x0, y0), (x1, y1), [tone * 0.85, tone * 0.95, tone * 1.1], -1)
            cv2.line(picture, ((x0 + x1) // 2, y0), ((x0 + x1) // 2, y1), frame, 2)
    return np.clip(picture, 0, 255).astype(np.uint8)


def door(rng: np.random.Generator) -> Picture:
    """The leaf of a door with its frame, handle and perhaps a pane."""
    picture = np.zeros((SIDE, SIDE, 3))
    leaf = np.asarray(_colour(rng, 40, 230))
    picture[:] = leaf * (1 + 0.04 * cloud(rng, 1.2, 6.0))[..., None]
    cv2.rectangle(picture, (0, 0), (SIDE - 1, SIDE - 1), _colour(rng, 40, 230), 14)
    if rng.random() < 0.5:
        top, bottom = int(rng.uniform(0.1, 0.2) * SIDE), int(rng.uniform(0.4, 0.9) * SIDE)
        side = int(rng.uniform(0.2, 0.38) * SIDE)
        cv2.rectangle(picture, (side, top), (SIDE - side, bottom), [rng.uniform(40, 235)] * 3, -1)
    cv2.rectangle(picture, (205, 130), (228, 142), [rng.uniform(60, 220)] * 3, -1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def cardboard(rng: np.random.Generator) -> Picture:
    """A box's side with tape and a label."""
    base = rng.uniform(150, 210)
    paper = base * np.array([1.0, 0.8, 0.58]) * (1 + 0.04 * cloud(rng, 1.4))[..., None]
    paper[118:138] *= rng.uniform(0.8, 1.15)
    picture = np.clip(paper, 0, 255).astype(np.uint8)
    x, y = (int(v) for v in rng.uniform(20, 150, 2))
    cv2.rectangle(picture, (x, y), (x + 70, y + 45), [235.0, 235.0, 230.0], -1)
    cv2.putText(picture, _word(rng), (x + 4, y + 30), _FONT, 0.5, [30.0, 30.0, 30.0], 1, cv2.LINE_AA)
    return picture


def rug(rng: np.random.Generator) -> Picture:
    """A patterned rug with borders."""
    picture = np.zeros((SIDE, SIDE, 3))
    picture[:] = _colour(rng, 40, 200)
    for inset in range(6, 60, int(rng.integers(8, 20))):
        cv2.rectangle(picture, (inset, inset), (SIDE - inset, SIDE - inset), _colour(rng), int(rng.integers(2, 8)))
    for _ in range(int(rng.integers(3, 25))):
        spot = rng.uniform(60, SIDE - 60, 2).astype(int)
        cv2.circle(picture, (int(spot[0]), int(spot[1])), int(rng.integers(4, 22)), _colour(rng), -1)
    mirrored = np.maximum(picture, picture[:, ::-1])
    return np.clip(mirrored * (1 + 0.1 * rng.normal(0, 1, (SIDE, SIDE, 1))), 0, 255).astype(np.uint8)


PRINTS: Final[dict[str, tuple[Maker, int]]] = {
    "shelf front": (shelf_front, 20), "books": (books, 12), "sign": (sign, 16), "notices": (notices, 8),
    "board": (board, 6), "screen": (screen, 8), "house front": (house_front, 12), "door": (door, 10),
    "cardboard": (cardboard, 5), "rug": (rug, 6),
}  # fmt: skip
