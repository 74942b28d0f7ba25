"""A small folder as `prepare` leaves it: faces that are drawn by hand, and pictures of nothing."""

from pathlib import Path

import numpy as np
import pytest
from training.attributes.data import ABOUT, AUDIT, NOTHING, NOTHING_ABOUT, PICTURES, STORED, Pixels, Split

FACES, OTHERS = 48, 24
KINDS = ("backs", "bodies", "goods", "around", "rooms")


def face(number: int) -> Pixels:
    """A bright oval on the left for a woman, on the right for a man, the brighter the older."""
    picture = np.full((STORED, STORED, 3), 40, np.uint8)
    rows, columns = np.mgrid[:STORED, :STORED]
    middle = 32 if number % 2 == 0 else 64
    inside = (rows - 48) ** 2 / 1600 + (columns - middle) ** 2 / 400 < 1
    picture[inside] = 100 + 15 * (number // 2 % 9)
    return picture


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, each split with a fair share of everything."""
    made = tmp_path_factory.mktemp("attributes")
    numbers = np.arange(FACES)
    np.save(made / PICTURES, np.stack([face(int(number)) for number in numbers]))
    np.savez(
        made / ABOUT,
        name=numbers.astype(str),
        sex=(numbers % 2).astype(np.int8),
        age=(numbers // 2 % 9).astype(np.int8),
        split=np.repeat(np.arange(4), FACES // 4).astype(np.int8),
    )
    np.savez(made / AUDIT, race=np.where(numbers % 3 == 0, "one", "another"))
    rng = np.random.default_rng(1)
    np.save(made / NOTHING, rng.integers(0, 256, (OTHERS, STORED, STORED, 3), np.uint8))
    np.savez(
        made / NOTHING_ABOUT,
        kind=np.array([KINDS[number % len(KINDS)] for number in range(OTHERS)]),
        split=np.array([number % len(Split) for number in range(OTHERS)], np.int8),
    )
    return made
