"""Cars, vans and bicycles: hard to tell from people when they are small, dark or seen from above."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.places import finishes, shapes
from training.places.materials import BODY, FOURTH, SECOND, THIRD
from training.places.piece import Piece, piece
from training.scene import Mesh

Generator = np.random.Generator
Outline = NDArray[np.float64]  # (k, 3)
# Side views of bodies: (y, z) of the bonnet's front, windscreen's foot, roof's front and back, rear window's foot,
# tail; in shares of length and metres of height.
_BODIES: Final = {
    "saloon": ((-0.5, 0.7), (-0.22, 0.92), (-0.05, 1.42), (0.2, 1.4), (0.34, 1.0), (0.5, 0.92)),
    "hatchback": ((-0.5, 0.72), (-0.25, 0.98), (-0.1, 1.5), (0.38, 1.46), (0.47, 1.0), (0.5, 0.9)),
    "estate": ((-0.5, 0.75), (-0.24, 1.05), (-0.1, 1.68), (0.44, 1.64), (0.49, 1.1), (0.5, 0.95)),
    "van": ((-0.5, 0.95), (-0.42, 1.15), (-0.28, 2.1), (0.49, 2.15), (0.5, 1.2), (0.5, 0.9)),
    "pick-up": ((-0.5, 0.9), (-0.22, 1.1), (-0.1, 1.75), (0.1, 1.75), (0.13, 1.1), (0.5, 1.08)),
}
_SILL: Final = 0.32  # metres over the ground
_AXLES: Final = (-0.31, 0.3)  # shares of the length


def car(rng: Generator) -> Piece:
    """A car or van whose nose looks along -y: lower body, cabin with windows, wheels, lamps."""
    kind = str(rng.choice(list(_BODIES)))
    length = float(rng.uniform(4.9, 6.0) if kind == "van" else rng.uniform(3.7, 4.9))
    half = float(rng.uniform(0.82, 0.98))
    profile = np.array([(y * length, z) for y, z in _BODIES[kind]])
    nose, foot, tail = profile[0], profile[1], profile[5]
    body, panes = _cabin(profile[1:5], half, windows=kind != "van")
    body += _lower_body(profile, half)
    mirror = shapes.box((0.16, 0.1, 0.12))
    body += [shapes.at(mirror, x * (half + 0.06), float(foot[0]) + 0.25, float(foot[1])) for x in (-1, 1)]
    grille = shapes.at(shapes.box((half * 1.1, 0.05, 0.2)), 0, float(nose[0]) - 0.05, float(nose[1]) - 0.42)
    bumper = shapes.at(shapes.box((half * 1.5, 0.05, 0.16)), 0, float(tail[0]) + 0.03, 0.4)
    tyres, rims = (_four_wheels(half, length, radius, out) for radius, out in ((0.33, 0.01), (0.2, 0.03)))
    front, rear = shapes.box((0.3, 0.06, 0.14)), shapes.box((0.22, 0.06, 0.18))
    lamps = [shapes.at(front, x * half * 0.72, float(nose[0]) - 0.04, float(nose[1]) - 0.2) for x in (-1, 1)]
    lamps += [shapes.at(rear, x * half * 0.8, float(tail[0]) + 0.02, float(tail[1]) - 0.25) for x in (-1, 1)]
    bright = finishes.grey(0.3, 0.9, 0.8)
    finish = {BODY: finishes.lacquer, SECOND: finishes.glass, THIRD: finishes.dark, FOURTH: bright}
    return piece({BODY: body, SECOND: panes, THIRD: [grille, bumper, *tyres], FOURTH: lamps + rims}, finish)


def _four_wheels(half: float, length: float, radius: float, out: float) -> list[Mesh]:
    """Discs on both axles that reach `out` metres beyond the sides."""
    wheel = shapes.moved(shapes.tube(radius, 0.22, 14), shapes.tilted(0.0, np.pi / 2))
    return [shapes.at(wheel, x, y * length, 0.33) for x in (-half - out, half - 0.22 + out) for y in _AXLES]


def _lower_body(profile: Outline, half: float) -> list[Mesh]:
    """What is under the windows, from the profile's six points (y, z)."""
    nose, foot, _, _, rear, tail = profile
    belt = np.array(
        [
            (nose[0], _SILL),
            (nose[0] - 0.05, nose[1] - 0.15),
            (nose[0] + 0.12, nose[1]),
            foot,
            rear,
            (tail[0] - 0.03, tail[1]),
            (tail[0] + 0.05, 0.6),
            (tail[0], _SILL),
        ]
    )
    outer = half * np.array([0.93, 1.0, 0.93, 0.97, 0.97, 0.93, 1.0, 0.93])
    left, right = (np.stack([sign * outer, belt[:, 0], belt[:, 1]], 1) for sign in (-1, 1))
    return [_between(left, right), _filled(left, -1.0), _filled(right, 1.0)]


def _cabin(profile: Outline, half: float, *, windows: bool) -> tuple[list[Mesh], list[Mesh]]:
    """The roof with its pillars, and the panes, over four points (y, z); without windows the sides are of metal."""
    top = half * 0.76
    wide = np.array([half * 0.93, top, top, half * 0.93])
    left, right = (np.stack([sign * wide, profile[:, 0], profile[:, 1]], 1) for sign in (-1, 1))
    metal = [_between(left[1:3], right[1:3])]
    panes = [_between(left[:2], right[:2]), _between(left[2:], right[2:])]
    (panes if windows else metal).extend([_filled(left, -1.0), _filled(right, 1.0)])
    middle, low = (profile[1] + profile[2]) / 2, float(profile[0, 1])
    for sign, side in ((-1, left), (1, right)):
        edge = side * 1.005
        metal += [shapes.rod(_point(edge[n]), _point(edge[n + 1]), 0.035, 4) for n in range(3)]
        y, z = float(middle[0]), float(middle[1])
        metal.append(shapes.rod((sign * half * 0.94, y, low), (sign * top, y, z), 0.04, 4))
    return metal, panes


def _point(row: Outline) -> shapes.Point:
    return float(row[0]), float(row[1]), float(row[2])


def _between(left: Outline, right: Outline) -> Mesh:
    """The skin between two outlines (k, 3), facing outwards where they run over the top from front to back."""
    return shapes.loft([right, left])


def _filled(outline: Outline, side: float) -> Mesh:
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
        shapes.rod(
            (0, y + 0.33 * float(np.cos(a)), 0.34 + 0.33 * float(np.sin(a))),
            (0, y + 0.33 * float(np.cos(b)), 0.34 + 0.33 * float(np.sin(b))),
            0.016,
            4,
        )
        for y in (-0.52, 0.52)
        for a, b in zip(np.linspace(0, 2 * np.pi, 15)[:-1], np.linspace(0, 2 * np.pi, 15)[1:], strict=True)
    ]
    points = {
        "front": (0, -0.52, 0.34),
        "back": (0, 0.52, 0.34),
        "crank": (0, 0.08, 0.3),
        "head": (0, -0.38, 0.85),
        "saddle": (0, 0.22, 0.9),
    }
    pairs = ("front head", "crank head", "crank saddle", "back crank", "back saddle", "head saddle")
    frame = [shapes.rod(points[a], points[b], 0.02, 5) for a, b in (pair.split() for pair in pairs)]
    frame += [
        shapes.rod((-0.28, -0.36, 1.0), (0.28, -0.36, 1.0), 0.015, 5),
        shapes.rod(points["head"], (0, -0.36, 1.0), 0.018, 5),
    ]
    saddle = [shapes.at(shapes.blob((0.08, 0.14, 0.04), rng, 0.0, 6), 0, 0.22, 0.93)]
    if rng.random() < 0.4:
        saddle.append(shapes.at(shapes.box((0.35, 0.25, 0.25)), 0, -0.62, 0.85))
    return piece(
        {BODY: frame, SECOND: tyre, THIRD: saddle},
        {BODY: finishes.lacquer, SECOND: finishes.dark, THIRD: finishes.dark},
    )


def make(rng: Generator) -> dict[str, tuple[Piece, ...]]:
    """All variants, by what they are."""
    return {"car": tuple(car(rng) for _ in range(16)), "bicycle": tuple(bicycle(rng) for _ in range(4))}
