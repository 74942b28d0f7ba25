"""The exact truth of the clip, from where people are on the floor: crossings, stays and who is in the picture.

What counts is as the agent counts it, on people's feet instead of boxes: the straight way between two pictures meets
the line, and a stay is the time within a zone's corners. Whoever passes a line and comes back at once would be left
to the agent's settings; nobody in the story does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from edge_agent.counting.geometry import Point, Polygon, straddles, turn
from training.demo.entrance import CAMERA
from training.demo.route import Walk
from training.demo.story import CAST, FPS, FRAMES, INSIDE, LINE, ZONES
from training.render import projection

LEAST_STAY_S: Final = 1.0  # as the agent's min_stay_s
LEAST_VISIBLE: Final = 0.3  # of a person, to be in the picture
Track = Mapping[int, tuple[float, float]]  # by frame: x, y on the floor, metres


def tracks() -> dict[str, Track]:
    """Where each person of the story is in each frame of the clip, by name."""
    found: dict[str, Track] = {}
    for person in CAST:
        walk = Walk(person.route)
        moments = {frame: walk.at(frame / FPS) for frame in range(FRAMES)}
        found[person.name] = {frame: (at.x, at.y) for frame, at in moments.items() if at is not None}
    return found


@dataclass(frozen=True, slots=True)
class Geometry:
    """Line and zones as fractions of the picture, as the installer draws them."""

    line: tuple[Point, Point]
    inside: Point
    zones: Mapping[str, tuple[Point, ...]]


def on_picture(points: Sequence[tuple[float, float]], width: int, height: int) -> list[Point]:
    """Fractions of the picture, to four places, of points on the floor."""
    world = np.array([(x, y, 0.0) for x, y in points], np.float64)
    pixels, _ = projection.project(CAMERA, world, width, height)
    return [(round(float(x) / width, 4), round(float(y) / height, 4)) for x, y in pixels]


def geometry(width: int, height: int) -> Geometry:
    """Line and zones of the story in the picture."""
    start, end = on_picture(LINE, width, height)
    zones = {
        name: tuple((min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)) for x, y in on_picture(corners, width, height))
        for name, corners in ZONES.items()
    }
    return Geometry((start, end), on_picture([INSIDE], width, height)[0], zones)


def crossings(track: Track, drawn: Geometry, width: int, height: int) -> list[tuple[int, str]]:
    """The frame after each crossing of one person, and "in" or "out"."""
    a, b = drawn.line
    inward = 1 if turn(a, b, drawn.inside) > 0 else -1
    found = []
    frames = sorted(track)
    feet = dict(zip(frames, on_picture([track[frame] for frame in frames], width, height), strict=True))
    for before, after in pairwise(frames):
        sides = [inward * turn(a, b, feet[frame]) for frame in (before, after)]
        if (sides[0] > 0) != (sides[1] > 0) and straddles(feet[before], feet[after], a, b):
            found.append((after, "in" if sides[1] > 0 else "out"))
    return found


def stays(track: Track, corners: Sequence[Point], width: int, height: int) -> list[tuple[float, float]]:
    """When one person entered and left a zone, in seconds, for each visit of LEAST_STAY_S or more."""
    zone = Polygon(corners)
    frames = sorted(track)
    feet = on_picture([track[frame] for frame in frames], width, height)
    inside = [frame for frame, point in zip(frames, feet, strict=True) if zone.contains(point)]
    visits: list[list[int]] = []
    for frame in inside:
        if visits and frame == visits[-1][-1] + 1:
            visits[-1].append(frame)
        else:
            visits.append([frame])
    return [(visit[0] / FPS, visit[-1] / FPS) for visit in visits if visit[-1] - visit[0] >= LEAST_STAY_S * FPS]


def document(
    where: Mapping[str, Track], seen: Sequence[int], drawn: Geometry, width: int, height: int
) -> dict[str, Any]:
    """What `edge-agent replay --truth` reads, and under `details` all that is known besides.

    Args:
        where: each person is, by name.
        seen: people in the picture, of each frame.
        drawn: line and zones.
        width: of the picture.
        height: of the picture.
    """
    passed = sorted(
        (frame, name, way) for name, track in where.items() for frame, way in crossings(track, drawn, width, height)
    )
    stayed = {
        zone: sorted((*visit, name) for name, track in where.items() for visit in stays(track, corners, width, height))
        for zone, corners in drawn.zones.items()
    }
    ways = [way for _, _, way in passed]
    changes = [(n, count) for n, count in enumerate(seen) if n == 0 or count != seen[n - 1]]
    return {
        "lines": {"door": {"in": ways.count("in"), "out": ways.count("out")}},
        "zones": {
            zone: {"stays": len(visits), "dwell_s": [round(left - entered, 1) for entered, left, _ in visits]}
            for zone, visits in stayed.items()
        },
        "details": {
            "about": "rendered: nobody in it exists; from where the people of the story stand, not from a detector",
            "fps": FPS,
            "frames": len(seen),
            "crossings": [
                {"frame": frame, "line": "door", "direction": way, "who": name} for frame, name, way in passed
            ],
            "stays": [
                {"zone": zone, "entered_s": entered, "left_s": left, "who": name}
                for zone, visits in stayed.items()
                for entered, left, name in visits
            ],
            "people": {"from_frame": [n for n, _ in changes], "count": [count for _, count in changes]},
        },
    }
