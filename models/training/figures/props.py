"""Things that people carry, push, lean on and sit in, built where the posed hands and back are.

Axes are the figure's: it stands over the origin and looks along -y. Sizes are metres.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.figures.body import Body
from training.figures.skeleton import Posture, Reals, turn
from training.figures.solids import Solid, band, box, merged, rounded, tube, wheel
from training.scene import Floats, Part

_CASTER: Final = 0.06


@dataclass(frozen=True, slots=True)
class Scene:
    """A posed figure that something is given to. surface: (n, 3), its posed vertices."""

    body: Body
    posture: Posture
    surface: Floats
    rng: np.random.Generator

    @property
    def size(self) -> float:
        """Times a body of 1.7 m."""
        return self.body.build.height / 1.7

    def hand(self, side: str) -> Floats:
        """The middle of the palm."""
        wrist, finger = (self.posture.point(f"{bone}.{side}") for bone in ("wrist", "finger3-2"))
        return np.asarray((wrist + finger) / 2, np.float32)

    def behind(self, frame: Reals, origin: Reals, half: float, low: float, high: float) -> float:
        """How far the body reaches to the back of `origin` within a window of the chest's frame."""
        local = (self.surface - origin) @ frame
        window = local[(np.abs(local[:, 0]) < half) & (local[:, 2] > low) & (local[:, 2] < high)]
        return float(window[:, 1].max()) if len(window) else 0.12


def carried(scene: Scene, thing: str) -> list[Solid]:
    """The meshes of `thing` as poses name it: a kind, and the side of the hand where that matters.

    Raises:
        ValueError: there is no such thing.
    """
    kind, _, side = thing.partition(" ")
    if kind not in _MAKERS:
        raise ValueError(f"{thing}: nobody knows how to make this; name one of {', '.join(_MAKERS)}")
    return _MAKERS[kind](scene, side or "R")


def _bag(scene: Scene, side: str) -> list[Solid]:
    """A shopping bag of paper, cloth or plastic, hanging from the hand by two loops."""
    rng, hand = scene.rng, scene.hand(side)
    width, depth, height = rng.uniform(0.24, 0.42), rng.uniform(0.08, 0.18), rng.uniform(0.24, 0.42)
    height = min(height, max(0.16, float(hand[2]) - 0.2))
    drop = rng.uniform(0.08, 0.16)
    middle = (0.0, 0.0, -drop - height / 2)
    stiff = rng.random() < 0.5
    body = (
        box((width, depth, height), middle, Part.CARRIED, taper=0.95)
        if stiff
        else rounded((width, depth * 1.4, height * 1.1), middle, Part.CARRIED, sharp=2.6, taper=0.25)
    )
    loops = [
        tube(
            [(-width / 4, y, -drop), (-0.03, y / 3, -0.02), (0.03, y / 3, -0.02), (width / 4, y, -drop)],
            0.006,
            Part.CARRIED,
        )
        for y in (-depth / 3, depth / 3)
    ]
    frame = turn("z", 90 + rng.normal(0, 18)) @ turn("x", rng.normal(0, 5))
    return [solid.moved(frame, hand) for solid in (body, *loops)]


def _hand_basket(scene: Scene, side: str) -> list[Solid]:
    return _basket(scene, scene.hand(side))


def _arm_basket(scene: Scene, side: str) -> list[Solid]:
    elbow, wrist = (scene.posture.point(f"{bone}.{side}") for bone in ("lowerarm01", "wrist"))
    return _basket(scene, (elbow + 2 * wrist) / 3)


def _basket(scene: Scene, hand: Reals) -> list[Solid]:
    """A supermarket's basket with some goods."""
    rng = scene.rng
    top = -0.2
    shell = box((0.43, 0.29, 0.23), (0, 0, top - 0.115), Part.CARRIED, taper=0.8, lid=False)
    edge = tube(
        [(-0.215, -0.145, top), (0.215, -0.145, top), (0.215, 0.145, top), (-0.215, 0.145, top)],
        0.012,
        Part.CARRIED,
        closed=True,
    )
    arc = [(x * 0.215, 0, top + 0.2 * np.sqrt(1 - x * x)) for x in np.linspace(-1, 1, 9)]
    handle = tube(arc, 0.008, Part.CARRIED)
    frame = turn("z", 90 + rng.normal(0, 15))
    goods = _goods(rng, (0.32, 0.2), top - 0.2, 3)
    return [solid.moved(frame, hand) for solid in (shell, edge, handle, *goods)]


def _goods(rng: np.random.Generator, area: tuple[float, float], floor: float, most: int) -> list[Solid]:
    goods = []
    for _ in range(rng.integers(0, most + 1)):
        size = tuple(rng.uniform((0.06, 0.06, 0.1), (0.16, 0.14, 0.26)).tolist())
        x, y = (rng.uniform(-side / 2, side / 2) for side in area)
        centre = (x, y, floor + size[2] / 2)
        goods.append(rounded(size, centre, Part.CARRIED, sharp=float(rng.choice([2.5, 8.0])), steps=7))
    return goods


def _shoulder_bag(scene: Scene, side: str) -> list[Solid]:
    """A handbag or messenger bag at the hip with its strap over the same or the other shoulder."""
    rng = scene.rng
    sign = 1 if side == "L" else -1
    frame, size = scene.posture.frame("spine04"), scene.size
    hips = scene.posture.point("root")
    width = rng.uniform(0.2, 0.36) * size
    height, depth = width * rng.uniform(0.65, 1.0), rng.uniform(0.07, 0.13) * size
    local = (scene.surface - hips) @ frame
    near = local[
        (np.abs(local[:, 2] - 0.02) < 0.1) & (np.abs(local[:, 1]) < 0.12) & (np.abs(local[:, 0]) < 0.26 * size)
    ]
    out = sign * (float(np.abs(near[:, 0]).max()) + depth * 0.45 if len(near) else 0.22)
    middle = np.array([out, rng.uniform(-0.05, 0.1), rng.uniform(-0.04, 0.12)])
    bag = rounded((width, depth, height), (0, 0, 0), Part.CARRIED, sharp=rng.uniform(3, 7), taper=0.12)
    bag = bag.moved(frame @ turn("z", 90 * sign + rng.normal(0, 12)), hips + frame @ middle)
    other = rng.random() < 0.5  # across the body
    shoulder = scene.posture.point(f"clavicle.{_other(side) if other else side}")
    joint = scene.posture.point(f"upperarm01.{_other(side) if other else side}")
    over = shoulder + (joint - shoulder) * 0.62 + np.array([0, 0.01, 0.065 * size])
    ends = [hips + frame @ (middle + np.array([0, y, height * 0.45])) for y in (-width * 0.4, width * 0.4)]
    chest, back = (0.15 * size, 0.16 * size)
    path = [
        ends[0],
        (ends[0] + over) / 2 + frame @ np.array([0, -chest, 0.02]),
        over,
        (ends[1] + over) / 2 + frame @ np.array([0, back * 0.8, 0.02]),
        ends[1],
    ]
    return [bag, band(_curve(path), frame @ np.array([0.03, 0, 0]), Part.CARRIED)]


def _other(side: str) -> str:
    return "R" if side == "L" else "L"


def _curve(points: Sequence[Floats]) -> Floats:
    """A smooth line through points (Catmull and Rom), four steps between each."""
    line = np.asarray([points[0], *points, points[-1]])
    a, b, c, d = (line[i : len(line) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, 4, endpoint=False)[None, :, None]
    spline = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([spline.reshape(-1, 3), line[-1:]]).astype(np.float32)


def _backpack(scene: Scene, _: str) -> list[Solid]:
    """A backpack against the back with straps over both shoulders."""
    rng, size, frame = scene.rng, scene.size, scene.posture.frame("spine02")
    width, depth, height = (
        rng.uniform(0.26, 0.34) * size,
        rng.uniform(0.12, 0.22) * size,
        rng.uniform(0.38, 0.52) * size,
    )
    shoulders = (scene.posture.point("upperarm01.L") + scene.posture.point("upperarm01.R")) / 2
    back = scene.behind(frame, shoulders, 0.1 * size, -0.35 * size, 0.0)
    middle = np.array([0, back + depth * 0.42, -height * 0.42])
    pack = rounded((width, depth, height), (0, 0, 0), Part.CARRIED, sharp=3.5, taper=0.15)
    pocket = rounded((width * 0.8, depth * 0.5, height * 0.4), (0, depth * 0.42, -height * 0.22), Part.CARRIED, sharp=4)
    parts = [solid.moved(frame, shoulders + frame @ middle) for solid in (pack, pocket)]
    local = (scene.surface - shoulders) @ frame
    for sign in (-1, 1):
        path = _strap(local, sign * 0.1 * size, back, size)
        curve = _curve([shoulders + frame @ point for point in path])
        parts.append(band(curve, frame @ np.array([0.05 * size, 0, 0]), Part.CARRIED))
    return parts


def _strap(local: Reals, x: float, back: float, size: float) -> list[Floats]:
    """A strap's way from the back over the shoulder to under the arm, on the clothes (n, 3) in the chest's frame."""
    near = local[np.abs(local[:, 0] - x) < 0.04 * size]
    top = near[(np.abs(near[:, 1]) < 0.08 * size) & (near[:, 2] < 0.16 * size)]  # the shoulder, not the head
    over = float(top[:, 2].max()) + 0.012 if len(top) else 0.085 * size

    def front(z: float) -> float:
        level = near[(np.abs(near[:, 2] - z) < 0.035 * size) & (near[:, 1] < 0) & (near[:, 1] > -0.3 * size)]
        return float(level[:, 1].min()) - 0.012 if len(level) else -0.11 * size

    low, lower = -0.05 * size, -0.18 * size
    points = [(x, back, 0.02), (x, 0.0, over), (x, front(low), low), (x * 1.15, front(lower), lower)]
    return [np.array(point, np.float32) for point in [*points, (x * 1.75, back * 0.3, -0.3 * size)]]


def _box(scene: Scene, _: str) -> list[Solid]:
    """A parcel between both hands."""
    left, right = scene.hand("L"), scene.hand("R")
    width = max(0.12, float(np.linalg.norm(left - right)) - 0.05)
    depth, height = scene.rng.uniform(0.2, 0.4), scene.rng.uniform(0.12, 0.34)
    frame = turn("z", float(np.rad2deg(np.arctan2((left - right)[1], (left - right)[0]))))
    centre = (left + right) / 2 + frame @ np.array([0, -depth * 0.25, height * 0.15])
    return [box((width, depth, height), (0, 0, 0), Part.CARRIED).moved(frame, centre)]


def _phone(scene: Scene, side: str) -> list[Solid]:
    """A phone that stands on the palm."""
    wrist, tip = scene.posture.point(f"wrist.{side}"), scene.posture.point(f"finger3-2.{side}")
    along = (tip - wrist) / np.linalg.norm(tip - wrist)
    up = along + np.array([0, 0.2, 0.8])
    up /= np.linalg.norm(up)
    across = np.cross(up, np.array([0, -1, 0]))
    across /= max(float(np.linalg.norm(across)), 1e-6)
    frame = np.stack([across, np.cross(up, across), up], axis=1).astype(np.float32)
    return [rounded((0.075, 0.012, 0.155), (0, 0, 0.03), Part.CARRIED, sharp=6, steps=8).moved(frame, tip)]


def _product(scene: Scene, side: str) -> list[Solid]:
    """A packet, a bottle or a tin in the hand."""
    rng, hand = scene.rng, scene.hand(side)
    width, height = rng.uniform(0.05, 0.16), rng.uniform(0.08, 0.3)
    inwards = np.array([-0.03 if side == "L" else 0.03, -0.04, 0.04])
    if rng.random() < 0.5:
        thing = rounded((width, width, height), (0, 0, 0), Part.CARRIED, sharp=2.6, taper=rng.uniform(0, 0.4))
    else:
        thing = box((width, rng.uniform(0.03, 0.1), height), (0, 0, 0), Part.CARRIED)
    return [thing.moved(turn("z", rng.uniform(-40, 40)) @ turn("x", rng.normal(0, 15)), hand + inwards)]


def _stick(scene: Scene, side: str) -> list[Solid]:
    """A walking stick with a bent handle."""
    hand = scene.hand(side)
    foot = np.array([hand[0] * 1.1, hand[1] - 0.06, 0.0])
    return [tube(hand + np.array([foot - hand, [0, 0, 0], [0, 0.02, 0.02], [0, 0.1, 0.015]]), 0.011, Part.CARRIED)]


def _suitcase(scene: Scene, side: str) -> list[Solid]:
    """A case on wheels, pulled behind."""
    hand = scene.hand(side)
    height, width = scene.rng.uniform(0.45, 0.65), scene.rng.uniform(0.32, 0.45)
    foot = np.array([hand[0] * 1.15, hand[1] + 0.45, 0.05])
    along = (hand - foot) / np.linalg.norm(hand - foot)
    across = np.array([1.0, 0, 0]) - along * along[0]
    across /= np.linalg.norm(across)
    frame = np.stack([across, np.cross(along, across), along], axis=1).astype(np.float32)
    case = rounded((width, 0.24, height), (0, 0, height / 2), Part.CARRIED, sharp=6)
    length = float(np.linalg.norm(hand - foot))
    bars = [tube([(x, 0, height * 0.9), (x, 0, length)], 0.007, Part.CARRIED) for x in (-0.1, 0.1)]
    grip = tube([(-0.1, 0, length), (0.1, 0, length)], 0.012, Part.CARRIED)
    return [solid.moved(frame, foot) for solid in (case, *bars, grip)]


def _bars(starts: Floats, ends: Floats, radius: float) -> Solid:
    return merged([tube([a, b], radius, Part.WHEELS) for a, b in zip(starts, ends, strict=True)])


def _trolley(scene: Scene, _: str) -> list[Solid]:
    """A supermarket trolley: a basket of wires on a frame with four castors."""
    grip = (scene.hand("L") + scene.hand("R")) / 2
    back, height = float(grip[1]) - 0.05, float(grip[2])
    length, wide, narrow = scene.rng.uniform(0.7, 0.95), 0.27, 0.2
    top, floor = min(height - 0.06, 0.98), 0.5
    front = back - length

    def rim(z: float, share: float) -> list[tuple[float, float, float]]:
        a, b = wide * share, narrow * share
        first, last = back - 0.1 * (1 - share), front + 0.25 * (1 - share)
        return [(-a, first, z), (-b, last, z), (b, last, z), (a, first, z)]

    levels = [(floor + (top - floor) * step, 0.82 + 0.18 * step) for step in np.linspace(0, 1, 5)]
    parts = [tube(rim(z, share), 0.006 if z < top else 0.011, Part.WHEELS, closed=True) for z, share in levels]
    low, high = np.array(rim(*levels[0])), np.array(rim(*levels[-1]))
    for one, other, count in ((0, 1, 12), (1, 2, 6), (2, 3, 12), (3, 0, 6)):
        share = np.linspace(0, 1, count, endpoint=False)[:, None]
        feet, heads = low[one] + (low[other] - low[one]) * share, high[one] + (high[other] - high[one]) * share
        parts.append(_bars(feet, heads, 0.004))
    share = np.linspace(0.05, 0.95, 9)[:, None]
    parts.append(_bars(low[0] + (low[1] - low[0]) * share, low[3] + (low[2] - low[3]) * share, 0.004))
    parts.append(tube([(-wide, float(grip[1]), height), (wide, float(grip[1]), height)], 0.015, Part.WHEELS))
    for sign in (-1, 1):
        x = sign * wide
        parts.append(
            tube([(x, float(grip[1]), height), (x, back - 0.04, floor), (x, back - 0.12, 0.16)], 0.013, Part.WHEELS)
        )
        parts.append(tube([(x, back - 0.12, 0.16), (sign * narrow, front + 0.1, 0.16)], 0.013, Part.WHEELS))
        for y, across in ((back - 0.1, x), (front + 0.12, sign * narrow)):
            parts.append(wheel((across, y, _CASTER), _CASTER, 0.018, Part.WHEELS))
    goods = _goods(scene.rng, (0.3, length * 0.6), floor, 10)
    shift = np.array([0, (back + front) / 2, 0], np.float32)
    return [*parts, *(solid.moved(np.eye(3, dtype=np.float32), shift) for solid in goods)]


def _pram(scene: Scene, _: str) -> list[Solid]:
    """A pram: a soft seat under a hood, a folding frame, four wheels."""
    rng = scene.rng
    grip = (scene.hand("L") + scene.hand("R")) / 2
    y, z = float(grip[1]), float(grip[2])
    seat = rounded((0.4, 0.68, 0.3), (0, y - 0.5, 0.58), Part.CARRIED, sharp=3)
    angle = rng.uniform(20, 60)
    hood = rounded((0.42, 0.52, 0.5), (0, 0, 0), Part.CARRIED, sharp=2.3)
    cut = hood.faces[(hood.vertices[hood.faces][:, :, 2] > -0.02).all(axis=1)]
    lining = cut[:, ::-1] + len(hood.vertices)  # vertices of its own, so that its normals are
    hood = Solid(np.concatenate([hood.vertices] * 2), np.concatenate([cut, lining]), Part.CARRIED)
    hood = hood.moved(turn("x", -angle * 0.5), np.array([0, y - 0.36, 0.68], np.float32))
    parts = [seat, hood, tube([(-0.22, y, z), (0.22, y, z)], 0.014, Part.WHEELS)]
    radius = rng.uniform(0.1, 0.15)
    for sign in (-1, 1):
        x = sign * 0.22
        parts.append(tube([(x, y, z), (x, y - 0.75, radius * 0.9)], 0.012, Part.WHEELS))
        parts.append(tube([(x, y - 0.42, 0.6), (x, y - 0.1, radius)], 0.012, Part.WHEELS))
        for ahead, size in ((y - 0.1, radius), (y - 0.78, radius * 0.8)):
            parts.append(wheel((sign * 0.27, ahead, size), size, 0.03, Part.WHEELS, spokes=6))
    parts.append(rounded((0.36, 0.5, 0.14), (0, y - 0.42, 0.26), Part.CARRIED, sharp=4))
    return parts


def _wheelchair(scene: Scene, _: str) -> list[Solid]:
    """A wheelchair around somebody who sits, hips over the origin."""
    size = scene.size
    hips = scene.posture.point("root")
    seat = float(hips[2]) - 0.13 * size
    wide, deep = 0.24 * max(size, 0.8), 0.44 * size
    back = scene.behind(np.eye(3, dtype=np.float32), np.array([0, 0, seat], np.float32), 0.1, 0.05, 0.3) + 0.03
    front = back - deep
    high = seat + 0.42 * size
    parts = [
        rounded((2 * wide, deep, 0.05), (0, (back + front) / 2, seat - 0.04), Part.WHEELS, sharp=8),
        rounded((2 * wide, 0.04, high - seat), (0, back + 0.02, (high + seat) / 2), Part.WHEELS, sharp=8),
    ]
    foot = 0.1
    toes = (
        float(scene.surface[scene.surface[:, 2] < 0.2][:, 1].mean())
        if (scene.surface[:, 2] < 0.2).any()
        else front - 0.2
    )
    radius = 0.3
    for sign in (-1, 1):
        x = sign * (wide + 0.02)
        parts.append(wheel((sign * (wide + 0.06), back - 0.06, radius), radius, 0.03, Part.WHEELS, spokes=12))
        parts.append(wheel((x, front + 0.02, 0.085), 0.085, 0.03, Part.WHEELS))
        parts.append(
            tube([(x, back + 0.14, high + 0.02), (x, back + 0.02, high), (x, back + 0.02, 0.3)], 0.012, Part.WHEELS)
        )
        parts.append(
            tube([(x, back, seat + 0.2), (x, front + 0.08, seat + 0.2), (x, front, seat - 0.04)], 0.016, Part.WHEELS)
        )
        parts.append(
            tube([(x, back, seat - 0.05), (x, front, seat - 0.05), (sign * wide * 0.6, toes, foot)], 0.012, Part.WHEELS)
        )
        parts.append(tube([(x, front + 0.02, seat - 0.05), (x, front + 0.02, 0.09)], 0.012, Part.WHEELS))
        parts.append(box((0.14, 0.16, 0.015), (sign * wide * 0.5, toes, foot), Part.WHEELS))
    return parts


_MAKERS: Final[Mapping[str, Callable[[Scene, str], list[Solid]]]] = {
    "bag": _bag,
    "basket": _hand_basket,
    "armbasket": _arm_basket,
    "shoulder": _shoulder_bag,
    "backpack": _backpack,
    "box": _box,
    "phone": _phone,
    "product": _product,
    "stick": _stick,
    "suitcase": _suitcase,
    "trolley": _trolley,
    "pram": _pram,
    "wheelchair": _wheelchair,
}
