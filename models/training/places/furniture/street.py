"""What stands outdoors: trees and bushes, lamp posts, fences, benches, stairs."""

from dataclasses import replace

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, SECOND, THIRD
from training.places.piece import Piece, Seat, piece

Generator = np.random.Generator


def tree(rng: Generator) -> Piece:
    """A trunk with branches under a crown of leafy blobs, or bare."""
    height, thick = float(rng.uniform(3.5, 9)), float(rng.uniform(0.08, 0.3))
    trunk = [
        shapes.lathe([(thick * 1.3, -0.1), (thick, 0.5), (thick * 0.75, height * 0.6), (thick * 0.3, height * 0.9)], 9)
    ]
    branches = []
    for _ in range(int(rng.integers(4, 10))):
        z, angle, reach = (
            float(rng.uniform(0.4, 0.8)) * height,
            float(rng.uniform(0, 6.3)),
            float(rng.uniform(0.8, 2.0)),
        )
        branches.append(
            shapes.rod(
                (0, 0, z), (reach * float(np.cos(angle)), reach * float(np.sin(angle)), z + reach), thick * 0.25, 5
            )
        )
    finish = {BODY: finishes.layer("bark"), SECOND: finishes.layer("foliage", 1.2, 2.4)}
    if rng.random() < 0.25:
        return piece({BODY: trunk + branches}, finish)
    crown, simple = [], []
    for _ in range(int(rng.integers(3, 8))):
        size = float(rng.uniform(0.16, 0.3)) * height
        x, y = rng.normal(0, 0.16 * height, 2)
        at = (float(x), float(y), float(rng.uniform(0.6, 1.0)) * height)
        half = (size, size, size * 0.8)
        simple.append(shapes.at(shapes.blob(half, rng, 0.3, 8, 6.0), *at))
        crown += [
            shapes.at(shapes.blob(half, rng, 0.25, 12, 6.0), *at),
            shapes.at(shapes.tufts(half, rng, 45, 0.35), *at),
        ]
    afar = piece({BODY: trunk, SECOND: simple}, finish)
    return replace(piece({BODY: trunk + branches, SECOND: crown}, finish), far=afar.mesh, near=16.0)


def bush(rng: Generator) -> Piece:
    """A bush or a piece of a hedge."""
    count = int(rng.integers(1, 5))
    lumps = []
    for _ in range(count):
        size = float(rng.uniform(0.35, 0.9))
        ball = shapes.joined(
            [shapes.blob((size, size, size), rng, 0.25, 12), shapes.tufts((size, size, size), rng, 40, 0.16)]
        )
        lumps.append(shapes.strewn(ball, rng, (0.5 * count**0.5, 0.5 * count**0.5), size * 0.6))
    return piece({BODY: lumps}, {BODY: finishes.layer("foliage", 1.2, 2.4)})


def hedge(rng: Generator) -> Piece:
    """A cut hedge, 3 m long."""
    height = float(rng.uniform(0.8, 2.0))
    return piece({BODY: [shapes.box((3.0, 0.6, height), 0.6, 1.0)]}, {BODY: finishes.layer("foliage", 1.2, 2.4)})


def pot_plant(rng: Generator) -> Piece:
    """Leaves in a pot, knee high to man high."""
    tall = float(rng.uniform(0.5, 1.8))
    pot = shapes.tube(0.13, 0.3, 10, 0.18)
    leaves = []
    for _ in range(int(rng.integers(8, 22))):
        angle, reach = float(rng.uniform(0, 6.3)), float(rng.uniform(0.1, 0.45))
        leaf = shapes.moved(
            shapes.blob((0.05, 0.015, 0.22), rng, 0.0, 6), shapes.tilted(0, float(rng.uniform(0.2, 1.0)))
        )
        place = (
            reach * float(np.cos(angle)),
            -reach * float(np.sin(angle)),
            0.3 + float(rng.uniform(0.1, 1)) * (tall - 0.3),
        )
        leaves.append(shapes.at(leaf, *place, -angle))
    stem = shapes.rod((0, 0, 0.25), (0, 0, tall * 0.85), 0.02, 5)
    finish = {BODY: finishes.layer("foliage", 1.0, 2.2), SECOND: finishes.paint, THIRD: finishes.layer("bark")}
    return piece({BODY: leaves, SECOND: [pot], THIRD: [stem]}, finish)


def lamp_post(rng: Generator) -> Piece:
    """A street lamp, or a sign on a pole."""
    height = float(rng.uniform(2.2, 6.0))
    pole = [shapes.rod((0, 0, 0), (0, 0, height), 0.05, 7), shapes.tube(0.09, 0.5, 7)]
    if rng.random() < 0.5:
        head = shapes.at(shapes.panel(0.6, 0.6), 0, -0.06, height - 0.6)
        return piece({BODY: pole, SECOND: [head]}, {BODY: finishes.steel, SECOND: finishes.layer("sign")})
    head = shapes.at(shapes.box((0.2, 0.6, 0.1)), 0, -0.3, height)
    return piece({BODY: pole, SECOND: [head]}, {BODY: finishes.steel, SECOND: finishes.grey(0.3, 0.9)})


def bollard(rng: Generator) -> Piece:
    """A post or a traffic cone."""
    if rng.random() < 0.35:
        cone = [shapes.box((0.36, 0.36, 0.04)), shapes.lathe([(0.14, 0.04), (0.03, 0.7)], 9)]
        band = [shapes.lathe([(0.113, 0.3), (0.085, 0.45)], 9)]
        return piece({BODY: cone, SECOND: band}, {BODY: finishes.red, SECOND: finishes.grey(0.7, 0.9)})
    height, radius = float(rng.uniform(0.6, 1.1)), float(rng.uniform(0.05, 0.13))
    band = [shapes.at(shapes.tube(radius * 1.03, 0.1, 9), 0, 0, height * 0.75)]
    return piece({BODY: [shapes.tube(radius, height, 9)], SECOND: band}, {BODY: finishes.paint, SECOND: finishes.vivid})


def fence(rng: Generator) -> Piece:
    """Bars, boards or a railing, 3 m long."""
    height = float(rng.uniform(0.9, 1.9))
    rails = [shapes.rod((-1.5, 0, z), (1.5, 0, z), 0.022, 4) for z in (0.15, height - 0.05)]
    gap = float(rng.choice([0.12, 0.15, 0.3]))
    if rng.random() < 0.3:
        posts = [shapes.at(shapes.box((gap * 0.85, 0.02, height)), float(x), 0) for x in np.arange(-1.5, 1.5, gap)]
        return piece({BODY: posts + rails}, {BODY: finishes.wood})
    posts = [shapes.rod((float(x), 0, 0.1), (float(x), 0, height), 0.012, 4) for x in np.arange(-1.5, 1.5, gap)]
    posts += [shapes.rod((x, 0, 0), (x, 0, height + 0.05), 0.03, 5) for x in (-1.5, 0.0)]
    return piece({BODY: posts + rails}, {BODY: finishes.steel})


def bench(rng: Generator) -> Piece:
    """A park or waiting-room bench, 1.6 m long, with or without a back."""
    boards = [shapes.at(shapes.box((1.6, 0.1, 0.03)), 0, y, 0.44) for y in (-0.16, -0.04, 0.08, 0.2)]
    if rng.random() < 0.7:
        boards += [shapes.at(shapes.box((1.6, 0.03, 0.1)), 0, 0.26 + 0.03 * n, 0.58 + 0.14 * n) for n in range(2)]
    feet = [shapes.at(shapes.box((0.06, 0.42, 0.44)), x, 0.02) for x in (-0.65, 0.65)]
    seats = [Seat(x, 0.0, 0.47) for x in (-0.5, 0.0, 0.5)]
    return piece({BODY: boards, SECOND: feet}, {BODY: finishes.wood, SECOND: finishes.steel}, *seats)


def stairs(rng: Generator) -> Piece:
    """A flight that rises towards +y from its foot at y = 0, with a railing."""
    steps, width = int(rng.integers(4, 15)), float(rng.uniform(1.2, 2.6))
    treads = [shapes.at(shapes.box((width, 0.3, 0.17 * (n + 1)), 0.9, 1.5), 0, 0.15 + 0.3 * n) for n in range(steps)]
    high, far = 0.17 * steps, 0.3 * steps
    rails = []
    for x in (-width / 2, width / 2):
        rails.append(shapes.rod((x, 0, 0.95), (x, far, high + 0.95), 0.025, 5))
        rails += [shapes.rod((x, 0.3 * n, 0.17 * n), (x, 0.3 * n, 0.17 * n + 0.95), 0.014, 4) for n in range(steps)]
    return piece({BODY: treads, SECOND: rails}, {BODY: finishes.layer("concrete"), SECOND: finishes.steel})


def fuel_pump(rng: Generator) -> Piece:
    """A petrol pump on its island."""
    case = [shapes.box((0.9, 0.5, float(rng.uniform(1.4, 2.1)))), shapes.box((1.6, 0.9, 0.15))]
    face = [shapes.at(shapes.panel(0.7, 0.5), 0, -0.26, 1.0)]
    hoses = [shapes.rod((x, -0.28, 1.2), (x, -0.3, 0.4), 0.03, 5) for x in (-0.35, 0.35)]
    return piece(
        {BODY: case, SECOND: face, THIRD: hoses},
        {BODY: finishes.vivid, SECOND: finishes.bright("screen", 1.0), THIRD: finishes.dark},
    )


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    counts = {
        "tree": (tree, 12), "bush": (bush, 8), "hedge": (hedge, 3),
        "pot plant": (pot_plant, 6), "lamp post": (lamp_post, 6), "bollard": (bollard, 5), "fence": (fence, 6),
        "bench": (bench, 4), "stairs": (stairs, 5), "fuel pump": (fuel_pump, 2),
    }  # fmt: skip
    return {name: tuple(maker(rng) for _ in range(count)) for name, (maker, count) in counts.items()}
