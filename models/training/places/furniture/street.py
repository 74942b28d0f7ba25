"""What stands outdoors: cars and vans, bicycles, trees and bushes, lamp posts, fences, benches, stairs."""

import numpy as np

from training.places import finishes, shapes
from training.places.materials import BODY, FOURTH, SECOND, THIRD
from training.places.piece import Piece, Seat, piece
from training.scene import Mesh

Generator = np.random.Generator
# Side views of bodies: (y, z) of the bonnet's front, windscreen's foot, roof's front and back, rear window's foot, tail;
# in shares of length and metres of height.
_BODIES = {
    "saloon": ((-0.5, 0.7), (-0.22, 0.92), (-0.05, 1.42), (0.2, 1.4), (0.34, 1.0), (0.5, 0.92)),
    "hatchback": ((-0.5, 0.72), (-0.25, 0.98), (-0.1, 1.5), (0.38, 1.46), (0.47, 1.0), (0.5, 0.9)),
    "estate": ((-0.5, 0.75), (-0.24, 1.05), (-0.1, 1.68), (0.44, 1.64), (0.49, 1.1), (0.5, 0.95)),
    "van": ((-0.5, 0.95), (-0.42, 1.15), (-0.28, 2.1), (0.49, 2.15), (0.5, 1.2), (0.5, 0.9)),
    "pick-up": ((-0.5, 0.9), (-0.22, 1.1), (-0.1, 1.75), (0.1, 1.75), (0.13, 1.1), (0.5, 1.08)),
}


def car(rng: Generator) -> Piece:
    """A car or van whose nose looks along -y: lower body, cabin with windows, wheels, lamps."""
    kind = str(rng.choice(list(_BODIES)))
    length = float(rng.uniform(4.9, 6.0) if kind == "van" else rng.uniform(3.7, 4.9))
    half = float(rng.uniform(0.82, 0.98))
    nose, foot, front, back, rear, tail = ((y * length, z) for y, z in _BODIES[kind])
    low = 0.32
    belt = np.array([(nose[0], low), (nose[0] - 0.05, nose[1] - 0.15), (nose[0] + 0.12, nose[1]), foot, rear, (tail[0] - 0.03, tail[1]), (tail[0] + 0.05, 0.6), (tail[0], low)])
    outer = np.array([half * 0.93, half, half * 0.93, half * 0.97, half * 0.97, half * 0.93, half, half * 0.93])
    sides = [np.stack([sign * outer, belt[:, 0], belt[:, 1]], 1) for sign in (-1, 1)]
    body = [_between(sides[0], sides[1]), *(_filled(side, float(np.sign(side[0, 0]))) for side in sides)]
    roof = half * 0.76
    cabin = np.array([foot, front, back, rear])
    wide = np.array([half * 0.93, roof, roof, half * 0.93])
    sills = [np.stack([sign * wide, cabin[:, 0], cabin[:, 1]], 1) for sign in (-1, 1)]
    panes = [_between(side[:2], other[:2]) for side, other in [sills]] + [_between(sills[0][2:], sills[1][2:])]
    body.append(_between(sills[0][1:3], sills[1][1:3]))
    (panes if kind != "van" else body).extend(_filled(side, float(np.sign(side[0, 0]))) for side in sills)
    pillars = [shapes.rod(tuple(side[n] * 1.005), tuple(side[n + 1] * 1.005), 0.035, 4) for side in sills for n in range(3)]
    middle = (cabin[1] + cabin[2]) / 2
    pillars += [shapes.rod((s * half * 0.94, middle[0], cabin[0, 1]), (s * roof, middle[0], middle[1]), 0.04, 4) for s in (-1, 1)]
    turned = shapes.moved(shapes.tube(0.33, 0.22, 14), shapes.tilted(0.0, np.pi / 2))
    wheels = [shapes.at(turned, x, y * length, 0.33) for x in (-half - 0.01, half - 0.21) for y in (-0.31, 0.3)]
    lamps = [shapes.at(shapes.box((0.3, 0.06, 0.14)), x * half * 0.72, nose[0] - 0.04, nose[1] - 0.2) for x in (-1, 1)]
    lamps += [shapes.at(shapes.box((0.22, 0.06, 0.18)), x * half * 0.8, tail[0] + 0.02, tail[1] - 0.25) for x in (-1, 1)]
    mirrors = [shapes.at(shapes.box((0.16, 0.1, 0.12)), x * (half + 0.06), foot[0] + 0.25, foot[1]) for x in (-1, 1)]
    finish = {BODY: finishes.lacquer, SECOND: finishes.glass, THIRD: finishes.dark, FOURTH: finishes.grey(0.3, 0.9, 0.8)}
    return piece({BODY: body + pillars + mirrors, SECOND: panes, THIRD: wheels, FOURTH: lamps}, finish)


def _between(left: np.ndarray, right: np.ndarray) -> Mesh:
    """The skin between two outlines (k, 3), facing outwards where they run over the top from front to back."""
    return shapes.loft([right, left])


def _filled(outline: np.ndarray, side: float) -> Mesh:
    """A flat side within an outline (k, 3), as a fan around its middle; side: the sign of x that it faces."""
    middle = outline.mean(axis=0)
    position = np.concatenate([[middle], outline])
    count = len(outline)
    ring = np.arange(count)
    faces = np.stack([np.zeros(count, int), ring + 1, (ring + 1) % count + 1], 1)
    normal = np.tile(np.array([side, 0.0, 0.15]), (count + 1, 1))
    return shapes.made(position, normal, position[:, 1:] * (1, -1), faces)


def bicycle(rng: Generator) -> Piece:
    """A bicycle that leans on its stand, its front wheel along -y."""
    tyre = [
        shapes.rod((0, y + 0.33 * float(np.cos(a)), 0.34 + 0.33 * float(np.sin(a))), (0, y + 0.33 * float(np.cos(b)), 0.34 + 0.33 * float(np.sin(b))), 0.016, 4)
        for y in (-0.52, 0.52)
        for a, b in zip(np.linspace(0, 2 * np.pi, 15)[:-1], np.linspace(0, 2 * np.pi, 15)[1:], strict=True)
    ]
    points = {"front": (0, -0.52, 0.34), "back": (0, 0.52, 0.34), "crank": (0, 0.08, 0.3), "head": (0, -0.38, 0.85), "saddle": (0, 0.22, 0.9)}
    pairs = ("front head", "crank head", "crank saddle", "back crank", "back saddle", "head saddle")
    frame = [shapes.rod(points[a], points[b], 0.02, 5) for a, b in (pair.split() for pair in pairs)]
    frame += [shapes.rod((-0.28, -0.36, 1.0), (0.28, -0.36, 1.0), 0.015, 5), shapes.rod(points["head"], (0, -0.36, 1.0), 0.018, 5)]
    saddle = [shapes.at(shapes.blob((0.08, 0.14, 0.04), rng, 0.0, 6), 0, 0.22, 0.93)]
    if rng.random() < 0.4:
        saddle.append(shapes.at(shapes.box((0.35, 0.25, 0.25)), 0, -0.62, 0.85))
    return piece({BODY: frame, SECOND: tyre, THIRD: saddle}, {BODY: finishes.lacquer, SECOND: finishes.dark, THIRD: finishes.dark})


def tree(rng: Generator) -> Piece:
    """A trunk with branches under a crown of leafy blobs, or bare."""
    height, thick = float(rng.uniform(3.5, 9)), float(rng.uniform(0.08, 0.3))
    trunk = [shapes.lathe([(thick * 1.3, -0.1), (thick, 0.5), (thick * 0.75, height * 0.6), (thick * 0.3, height * 0.9)], 9)]
    branches = []
    for _ in range(int(rng.integers(4, 10))):
        z, angle, reach = float(rng.uniform(0.4, 0.8)) * height, float(rng.uniform(0, 6.3)), float(rng.uniform(0.8, 2.0))
        branches.append(shapes.rod((0, 0, z), (reach * float(np.cos(angle)), reach * float(np.sin(angle)), z + reach), thick * 0.25, 5))
    finish = {BODY: finishes.layer("bark"), SECOND: finishes.layer("foliage", 0.8, 1.6)}
    if rng.random() < 0.25:
        return piece({BODY: trunk + branches}, finish)
    crown = []
    for _ in range(int(rng.integers(3, 8))):
        size = float(rng.uniform(0.16, 0.3)) * height
        x, y = rng.normal(0, 0.16 * height, 2)
        z = float(rng.uniform(0.6, 1.0)) * height
        crown.append(shapes.at(shapes.blob((size, size, size * 0.8), rng, 0.25, 12), float(x), float(y), z))
    return piece({BODY: trunk + branches, SECOND: crown}, finish)


def bush(rng: Generator) -> Piece:
    """A bush or a piece of a hedge."""
    count = int(rng.integers(1, 5))
    lumps = []
    for _ in range(count):
        size = float(rng.uniform(0.35, 0.9))
        lumps.append(shapes.at(shapes.blob((size, size, size), rng, 0.25, 12), *rng.normal(0, 0.4 * count**0.5, 2), size * 0.6))
    return piece({BODY: lumps}, {BODY: finishes.layer("foliage", 0.8, 1.6)})


def hedge(rng: Generator) -> Piece:
    """A cut hedge, 3 m long."""
    height = float(rng.uniform(0.8, 2.0))
    return piece({BODY: [shapes.box((3.0, 0.6, height), 0.6, 1.0)]}, {BODY: finishes.layer("foliage", 0.8, 1.6)})


def pot_plant(rng: Generator) -> Piece:
    """Leaves in a pot, knee high to man high."""
    tall = float(rng.uniform(0.5, 1.8))
    pot = shapes.tube(0.13, 0.3, 10, 0.18)
    leaves = []
    for _ in range(int(rng.integers(8, 22))):
        angle, reach = float(rng.uniform(0, 6.3)), float(rng.uniform(0.1, 0.45))
        leaf = shapes.moved(shapes.blob((0.05, 0.015, 0.22), rng, 0.0, 6), shapes.tilted(0, float(rng.uniform(0.2, 1.0))))
        place = (reach * float(np.cos(angle)), -reach * float(np.sin(angle)), 0.3 + float(rng.uniform(0.1, 1)) * (tall - 0.3))
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
    return piece({BODY: case, SECOND: face, THIRD: hoses}, {BODY: finishes.vivid, SECOND: finishes.bright("screen", 1.0), THIRD: finishes.dark})


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    counts = {
        "car": (car, 14), "bicycle": (bicycle, 4), "tree": (tree, 12), "bush": (bush, 8), "hedge": (hedge, 3),
        "pot plant": (pot_plant, 6), "lamp post": (lamp_post, 6), "bollard": (bollard, 5), "fence": (fence, 6),
        "bench": (bench, 4), "stairs": (stairs, 5), "fuel pump": (fuel_pump, 2),
    }  # fmt: skip
    return {name: tuple(maker(rng) for _ in range(count)) for name, (maker, count) in counts.items()}
