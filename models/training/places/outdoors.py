"""Kinds of places under the sky: car parks, streets, paths through parks, yards, petrol stations."""

from dataclasses import replace
from typing import Final

import numpy as np

from training.places import materials
from training.places.layout import Kind
from training.places.materials import BODY
from training.places.rooms import Grounds
from training.places.stage import Stage
from training.places.views import Mount
from training.scene import Pattern

HALF: Final = np.pi / 2
_DAPPLED: Final = 0.35  # share of grounds that lie under the shadows of trees
FAR: Final = 38.0  # metres; beyond it people are too small to see


def ground(stage: Stage, grounds: Grounds, names: tuple[str, ...]) -> None:
    """The ground everywhere, walkable."""
    rng = stage.rng
    shadowed = rng.random() < _DAPPLED
    name = "dappled" if shadowed else str(rng.choice(names))
    look = materials.textured(stage.layers.one(rng, name), materials.shade(rng, 0.6, 1.2), 0.05)
    look = replace(
        look,
        second=materials.shade(rng, 0.2, 1.2),
        pattern=Pattern.BLOTCHES,
        frequency=float(rng.uniform(0.1, 0.6)),
        strength=float(rng.uniform(0, 0.5)),
    )
    tile = float(rng.choice([8.0, 12.0] if shadowed else [1.6, 2.5, 4.0]))
    stage.add(grounds.far(tile), {BODY: look}, (0.0, 0.0, 0.0))
    stage.walkable.append((-60.0, 0.3, 60.0, 60.0))


def strip(
    stage: Stage,
    grounds: Grounds,
    name: str,
    *,
    at: tuple[float, float],
    size: tuple[float, float],
    turn: float,
    z: float,
) -> None:
    """A road, path or lawn over the ground: its middle, width and depth."""
    rng = stage.rng
    mesh, scale = grounds.strip(*size, float(rng.choice([1.0, 1.6])))
    look = materials.textured(stage.layers.one(rng, name), materials.shade(rng, 0.6, 1.2), 0.05)
    stage.add(mesh, {BODY: look}, (*at, z), turn, scale)


def line(
    stage: Stage, grounds: Grounds, at: tuple[float, float], *, length: float, turn: float, colour: materials.Colour
) -> None:
    """A painted line."""
    mesh, scale = grounds.strip(0.12, length, 1.0)
    stage.add(mesh, {BODY: materials.plain(colour, 0.1, 0.5)}, (*at, 0.025), turn, scale)


def backdrop(stage: Stage, near: float) -> None:
    """House fronts, hedges and trees in a row across the view, at least `near` metres away."""
    rng = stage.rng
    far = near + float(rng.uniform(0, 12))
    for x in np.arange(-far * 1.3, far * 1.3, 6.0):
        y = far + float(rng.normal(0, 0.4))
        kind = str(rng.choice(["house", "house", "tree", "hedge", "none"]))
        if kind == "house":
            stage.put(stage.any("house"), float(x), y + 3, float(rng.normal(0, 0.03)))
        elif kind == "hedge":
            hedge = stage.any("hedge")
            look = hedge.dress(rng, stage.layers)
            for part in (-1.5, 1.5):
                stage.put(hedge, float(x) + part, y, surfaces=look)
        if kind == "tree" or rng.random() < 0.5:
            stage.put(stage.any("tree"), float(x + rng.normal(0, 2)), y + float(rng.uniform(-2, 4)))


def clutter(stage: Stage, names: tuple[str, ...], count: int, near: float, far: float) -> None:
    """Things at random, denser near the camera."""
    rng = stage.rng
    for _ in range(count):
        y = float(np.exp(rng.uniform(np.log(near), np.log(far))))
        x = float(rng.uniform(-0.9, 0.9)) * (y + 1)
        what = stage.any(str(rng.choice(names)))
        if stage.free(np.array([[x, y]]), max(what.half))[0] and not stage.before_lens(what, x, y):
            stage.put(what, x, y, float(rng.uniform(-np.pi, np.pi)))


def bicycles(stage: Stage, near: float, far: float) -> None:
    """A row of bicycles at a stand."""
    rng = stage.rng
    y = float(rng.uniform(near, far))
    x, along = float(rng.uniform(-0.6, 0.6)) * y, float(rng.uniform(-np.pi, np.pi))
    gap, lean = float(rng.uniform(0.35, 0.7)), float(rng.normal(0, 0.2))
    for number in range(int(rng.integers(3, 9))):
        spot = (x + float(np.cos(along)) * gap * number, y + float(np.sin(along)) * gap * number)
        if np.hypot(*spot) > 2.0:
            stage.put(stage.any("bicycle"), *spot, along + lean + float(rng.normal(0, 0.08)))


def facades(stage: Stage, start: tuple[float, float], along: float, turn: float) -> None:
    """House fronts side by side from a point in the direction `along`, looking along `turn`."""
    for number in range(7):
        house = stage.any("house")
        x, y = start[0] + np.cos(along) * 6.0 * number, start[1] + np.sin(along) * 6.0 * number
        if np.hypot(x, y) > 7.0:
            stage.put(house, float(x), float(y), turn)


def parked(
    stage: Stage, start: tuple[float, float], *, along: float, count: int, gap: float, nose: float, share: float
) -> None:
    """A row of cars from a point in the direction `along`; their noses look along `nose`; somebody beside some."""
    rng = stage.rng
    for number in range(count):
        x, y = start[0] + np.cos(along) * gap * number, start[1] + np.sin(along) * gap * number
        car = stage.any("car")
        if rng.random() > share or np.hypot(x, y) < max(car.half) + 1.0:
            continue
        turn = nose + float(rng.normal(0, 0.04)) + (np.pi if rng.random() < 0.4 else 0.0)
        stage.put(car, float(x), float(y), turn)
        if rng.random() < 0.3:
            reach = car.half[0] + 0.35
            stage.spot(x + np.cos(turn) * reach, y + np.sin(turn) * reach + float(rng.uniform(-1, 1)))


def car_park(stage: Stage, grounds: Grounds, _: float) -> float:
    """Rows of cars between painted lines."""
    rng = stage.rng
    ground(stage, grounds, ("asphalt", "asphalt", "concrete", "gravel", "paving"))
    gap = float(rng.uniform(2.4, 2.9))
    white = (0.75, 0.75, 0.72) if rng.random() < 0.75 else (0.75, 0.55, 0.05)
    along = float(rng.choice([0.0, HALF])) + float(rng.normal(0, 0.25))
    start_x = -float(rng.uniform(3, 12))
    for row_y in np.arange(float(rng.uniform(3, 8)), 32, float(rng.uniform(7, 12))):
        start = (start_x, row_y) if along < 0.8 else (row_y - 10, 2.0)
        share = float(rng.uniform(0.15, 0.9))
        parked(stage, start, along=along, count=int(rng.integers(3, 9)), gap=gap, nose=along, share=share)
        for number in range(9):
            x, y = start[0] + np.cos(along) * gap * (number - 0.5), start[1] + np.sin(along) * gap * (number - 0.5)
            line(stage, grounds, (float(x), float(y)), length=4.8, turn=along, colour=white)
    if rng.random() < 0.3:
        bicycles(stage, 4, 14)
    backdrop(stage, 26)
    clutter(
        stage,
        ("lamp post", "bollard", "bush", "tree", "bin", "trolley", "bicycle", "fence"),
        int(rng.integers(2, 9)),
        4,
        25,
    )
    return FAR


def street(stage: Stage, grounds: Grounds, _: float) -> float:
    """A pavement, a road with cars, house fronts."""
    rng = stage.rng
    ground(stage, grounds, ("paving", "paving", "concrete", "asphalt"))
    turn = float(rng.choice([0.0, HALF], p=[0.45, 0.55])) + float(rng.normal(0, 0.2))
    wide = float(rng.uniform(5, 9))
    off = float(rng.uniform(2.5, 9)) + wide / 2
    side = float(rng.choice([-1, 1]))
    across = abs(np.sin(turn)) > 0.7
    middle = (0.0, off) if across else (side * off * 0.7, 18.0)
    axis = turn + HALF  # the direction in which the road runs
    strip(stage, grounds, "asphalt", at=middle, size=(wide, 60.0), turn=turn, z=0.012)
    for number in range(-4, 5):
        spot = (middle[0] + np.cos(axis) * number * 4, middle[1] + np.sin(axis) * number * 4)
        line(stage, grounds, (float(spot[0]), float(spot[1])), length=2.0, turn=turn, colour=(0.7, 0.7, 0.68))
    kerb = (middle[0] - np.cos(turn) * (wide / 2 - 1.1), middle[1] - np.sin(turn) * (wide / 2 - 1.1))
    begin = (kerb[0] - np.cos(axis) * 16, kerb[1] - np.sin(axis) * 16)
    parked(
        stage,
        (float(begin[0]), float(begin[1])),
        along=axis,
        count=7,
        gap=float(rng.uniform(5.2, 7)),
        nose=turn,
        share=float(rng.uniform(0.1, 0.8)),
    )
    for side in (-1, 1):
        if rng.random() < 0.6:
            back = wide / 2 + float(rng.uniform(5.5, 9))
            wall = (middle[0] + side * np.cos(turn) * back, middle[1] + side * np.sin(turn) * back)
            first = (float(wall[0] - np.cos(axis) * 18), float(wall[1] - np.sin(axis) * 18))
            facades(stage, first, axis, turn - side * HALF)
    if rng.random() < 0.35:
        bicycles(stage, 4, 12)
    backdrop(stage, 14 if across else 24)
    clutter(
        stage,
        ("lamp post", "bollard", "tree", "bin", "bicycle", "bench", "stand-up sign", "fence", "bush"),
        int(rng.integers(3, 12)),
        3,
        22,
    )
    return FAR


def park(stage: Stage, grounds: Grounds, _: float) -> float:
    """Lawn or forest floor with a path, trees and benches."""
    rng = stage.rng
    ground(stage, grounds, ("grass", "leaves", "grass", "gravel"))
    turn = float(rng.uniform(-1.3, 1.3))
    name = str(rng.choice(["asphalt", "paving", "gravel", "concrete"]))
    for number in range(int(rng.integers(1, 3))):
        at = (float(rng.uniform(-4, 4)), float(rng.uniform(4, 14)))
        strip(
            stage,
            grounds,
            name,
            at=at,
            size=(float(rng.uniform(1.5, 4)), 60.0),
            turn=turn + number * float(rng.uniform(0.6, 1.6)),
            z=0.012 + 0.01 * number,
        )
    clutter(stage, ("tree", "tree", "bush", "tree"), int(rng.integers(3, 16)), 4, 35)
    for _ in range(int(rng.integers(0, 4))):
        clutter(stage, ("bench", "bin", "lamp post", "bicycle", "fence"), 1, 3, 20)
    if rng.random() < 0.3:
        bicycles(stage, 4, 14)
    backdrop(stage, 24)
    return FAR


def yard(stage: Stage, grounds: Grounds, _: float) -> float:
    """The back or front of a house: walls, fences, bins, steps, a car."""
    rng = stage.rng
    ground(stage, grounds, ("concrete", "paving", "asphalt", "grass", "gravel"))
    if rng.random() < 0.7:
        lawn = (float(rng.uniform(-6, 6)), float(rng.uniform(5, 14)))
        strip(
            stage,
            grounds,
            str(rng.choice(["grass", "leaves", "paving"])),
            at=lawn,
            size=(float(rng.uniform(3, 8)), 20.0),
            turn=float(rng.uniform(-1.6, 1.6)),
            z=0.012,
        )
    for side in (-1, 1):
        if rng.random() < 0.6:
            _row(
                stage,
                str(rng.choice(["house", "hedge", "fence", "brick wall"])),
                side * float(rng.uniform(2.5, 8)),
                -side * HALF,
            )
    clutter(
        stage,
        ("bin", "bicycle", "bush", "pot plant", "stairs", "box pile", "car", "umbrella", "wooden chair", "fence"),
        int(rng.integers(4, 14)),
        2.5,
        14,
    )
    backdrop(stage, 10)
    return 22.0


def _row(stage: Stage, name: str, x: float, turn: float) -> None:
    """A wall, fence or hedge that runs away from the camera at this x."""
    what = stage.any(name)
    look = what.dress(stage.rng, stage.layers)
    step = what.half[0] * 2
    inwards = what.half[1] * (1 if x > 0 else -1)
    for y in np.arange(step / 2 + 0.5, 24, step):
        stage.put(what, x + inwards, float(y), turn, surfaces=look)


def forecourt(stage: Stage, grounds: Grounds, _: float) -> float:
    """Petrol pumps and cars under the columns of a roof."""
    rng = stage.rng
    ground(stage, grounds, ("concrete", "asphalt", "paving"))
    pump = stage.any("fuel pump")
    look = pump.dress(rng, stage.layers)
    for x in np.arange(-8, 9, float(rng.uniform(6, 8))):
        for y in np.arange(float(rng.uniform(4, 7)), 18, 7.0):
            stage.put(pump, float(x), float(y), HALF, surfaces=look)
            stage.put(stage.any("column"), float(x), float(y) + 1.4, scale=(1.0, 1.0, 1.6))
            stage.spot(float(x) + 0.9, float(y), heading=-HALF)
            if rng.random() < 0.5:
                stage.put(
                    stage.any("car"), float(x) + float(rng.choice([-2.2, 2.2])), float(y), float(rng.choice([0, np.pi]))
                )
    backdrop(stage, 24)
    clutter(stage, ("bin", "bollard", "stand-up sign", "lamp post", "chest", "shelf"), int(rng.integers(2, 8)), 3, 15)
    return FAR


HIGH: Final = Mount((2.5, 6.5), (6, 42))
KINDS: Final = (
    Kind("car park", 8, car_park, HIGH, outdoors=True),
    Kind("street", 8, street, HIGH, outdoors=True),
    Kind("park", 8, park, HIGH, outdoors=True),
    Kind("yard", 6, yard, Mount((2.0, 4.5), (8, 50)), outdoors=True),
    Kind("forecourt", 2, forecourt, HIGH, outdoors=True),
)
