"""What people do in shops and halls: how they walk, stand, sit, reach, carry and push."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from training.figures.pose import Arm, Hand, Leg, Pose, Swing
from training.figures.skeleton import SIDES


def _standing(rng: np.random.Generator, name: str) -> Pose:
    legs = {side: Leg(hip=rng.uniform(-3, 4), knee=rng.uniform(1, 7), spread=rng.uniform(-6, 0)) for side in SIDES}
    relaxed = str(rng.choice(SIDES))
    if rng.random() < 0.5:  # the weight on one leg, the other knee bent and the foot set out
        legs[relaxed] = Leg(hip=rng.uniform(6, 16), knee=rng.uniform(14, 26), spread=rng.uniform(-3, 4), outward=15)
    if rng.random() < 0.12:  # feet wide apart
        for leg in legs.values():
            leg.spread += 6
    arms: dict[str, Arm] = {side: _hanging(rng) for side in SIDES}
    pose = Pose(name, legs, arms)
    _posture(pose, rng)
    return pose


def _hanging(rng: np.random.Generator) -> Arm:
    return Swing(rng.uniform(-10, 14), rng.uniform(6, 30), rng.uniform(5, 14))


def _posture(pose: Pose, rng: np.random.Generator) -> None:
    pose.bend = rng.normal(4, 4)
    pose.lean = rng.normal(0, 2.5)
    pose.twist = rng.normal(0, 6)
    pose.nod = rng.normal(5, 9)
    pose.look = float(np.clip(rng.normal(0, 25), -65, 65))
    pose.tilt = rng.normal(0, 4)


def _gait(phase: float, stride: float) -> Leg:
    """One leg at `phase` of the walking cycle (0: heel strike); curves after Winter's normal gait."""
    swing = np.exp(-(((phase - 0.72) / 0.11) ** 2))
    hip = 8 + 20 * stride * np.cos(2 * np.pi * (phase - 0.93))
    knee = 5 + 11 * stride * np.exp(-(((phase - 0.13) / 0.08) ** 2)) + 56 * min(stride, 1.2) * swing
    ankle = 9 * np.exp(-(((phase - 0.42) / 0.12) ** 2)) - 20 * stride * np.exp(-(((phase - 0.62) / 0.07) ** 2))
    return Leg(hip=float(hip), knee=float(knee), spread=-5.5, outward=5.0, ankle=float(ankle), flat=False)


def walking(rng: np.random.Generator, name: str = "walk") -> Pose:
    """Somewhere in a step, at any speed from a stroll to a hurry."""
    phase, stride = rng.random(), rng.uniform(0.5, 1.25)
    legs = {"L": _gait(phase, stride), "R": _gait((phase + 0.5) % 1, stride)}
    reach = rng.uniform(0.25, 1.1) * 24 * stride
    arms: dict[str, Arm] = {}
    for side, shift in (("L", 0.5), ("R", 0.0)):
        forward = 3 + reach * np.cos(2 * np.pi * (phase + shift - 0.95))
        arms[side] = Swing(float(forward), 14 + max(0.0, float(forward)) * 0.8, rng.uniform(4, 11))
    pose = Pose(name, legs, arms)
    _posture(pose, rng)
    pose.bend += 2 * stride
    pose.twist = 6 * stride * float(np.cos(2 * np.pi * (phase - 0.45)))
    if rng.random() < 0.16:  # hands in the pockets, or one held before the body
        at = (0.21, -0.06, -0.5) if rng.random() < 0.65 else (0.06, -rng.uniform(0.2, 0.32), -rng.uniform(0.2, 0.4))
        for side in SIDES if rng.random() < 0.45 else (str(rng.choice(SIDES)),):
            pose.arms[side] = Hand(at, pole=(0.8, 1, -0.4))
    return pose


def running(rng: np.random.Generator) -> Pose:
    """A run, mostly of children."""
    phase = rng.random()
    legs = {}
    for side, shift in (("L", 0.0), ("R", 0.5)):
        p = (phase + shift) % 1
        swing = np.exp(-(((p - 0.62) / 0.15) ** 2))
        hip = 18 + 38 * np.cos(2 * np.pi * (p - 0.92))
        legs[side] = Leg(float(hip), float(22 + 80 * swing), -2.0, 3.0, float(-25 * swing), flat=False)
    arms: dict[str, Arm] = {}
    for side, shift in (("L", 0.5), ("R", 0.0)):
        forward = 5 + 42 * np.cos(2 * np.pi * (phase + shift - 0.95))
        arms[side] = Swing(float(forward), rng.uniform(60, 100), rng.uniform(4, 14))
    pose = Pose("run", legs, arms)
    _posture(pose, rng)
    pose.bend = rng.uniform(6, 18)
    return pose


def standing(rng: np.random.Generator) -> Pose:
    """Waiting, looking: arms hanging, crossed, in the pockets, on the hip, behind the back, at the chin."""
    pose = _standing(rng, "stand")
    side = str(rng.choice(SIDES))
    both, crossed = SIDES, (side, _other(side))
    habits: list[tuple[float, tuple[str, ...], list[Arm]]] = [
        (
            0.14,
            crossed,
            [Hand((-0.09, -0.24, -0.27), pole=(0.9, 0.1, -1)), Hand((-0.08, -0.28, -0.22), pole=(0.9, 0, -1))],
        ),
        (0.1, both, [Hand((0.21, -0.06, -0.5), pole=(0.8, 1, 0))] * 2),
        (0.06, (side,), [Hand((0.21, -0.06, -0.5), pole=(0.8, 1, 0))]),
        (0.05, both, [Hand((0.19, -0.02, -0.42), pole=(1, 0.5, 0))] * 2),
        (0.07, (side,), [Hand((0.19, -0.02, -0.42), pole=(1, 0.5, 0))]),
        (0.08, both, [Hand((0.02, 0.17, -0.47), pole=(1, 0.7, 0))] * 2),
        (0.08, both, [Hand((0.05, -0.22, -0.42), pole=(1, 0.3, -0.4))] * 2),
        (0.05, (side,), [Hand((0.05, -0.16, -0.2), "head", (0.5, 0.1, -1))]),
        (0.37, (), []),
    ]
    _, sides, arms = habits[rng.choice(len(habits), p=[share for share, _, _ in habits])]
    for each, arm in zip(sides, arms, strict=True):
        pose.arms[each] = arm
        pose.grip[each] = rng.uniform(15, 40)
    return pose


def _other(side: str) -> str:
    return "R" if side == "L" else "L"


def reaching(rng: np.random.Generator) -> Pose:
    """Taking something from a shelf between the knee's height and overhead."""
    pose = _standing(rng, "reach")
    height = rng.uniform(0.55, 1.9)
    sides = SIDES if rng.random() < 0.3 else (str(rng.choice(SIDES)),)
    for side in sides:
        ahead = rng.uniform(0.48 if height > 1.35 else 0.35, 0.65)  # clear of the face
        pose.arms[side] = Hand((rng.uniform(0.05, 0.28), -ahead, height), "floor", (0.6, 0.2, -1))
        pose.grip[side] = rng.uniform(10, 35)
    low = max(0.0, 1.0 - height)
    pose.bend = 4 + low * 70 + rng.normal(0, 4)
    pose.pelvis = low * 35
    for leg in pose.legs.values():
        leg.hip += low * 45
        leg.knee += low * 60
    pose.look *= 0.5
    pose.nod = float((1.25 - height) * 35 + rng.normal(0, 6)) - pose.bend * 0.3
    return pose


def bending(rng: np.random.Generator) -> Pose:
    """Bent over a low shelf or a freezer."""
    pose = _standing(rng, "bend")
    pose.bend = rng.uniform(20, 45)
    pose.pelvis = rng.uniform(10, 45)
    for leg in pose.legs.values():
        leg.knee += rng.uniform(0, 30)
        leg.hip += leg.knee * 0.5
    for side in SIDES:
        if rng.random() < 0.75:
            pose.arms[side] = Hand((rng.uniform(0.0, 0.2), -rng.uniform(0.25, 0.5), rng.uniform(0.25, 0.8)), "floor")
        else:
            pose.arms[side] = Swing(rng.uniform(-5, 20), rng.uniform(5, 40), 4)
    pose.nod = rng.uniform(-25, 10)
    return pose


def crouching(rng: np.random.Generator) -> Pose:
    """Down on the haunches or on one knee."""
    pose = _standing(rng, "crouch")
    kneel = rng.random() < 0.4
    side = str(rng.choice(SIDES))
    for each in SIDES:
        knee = rng.uniform(115, 135)
        pose.legs[each] = Leg(knee * rng.uniform(0.72, 0.82), knee, rng.uniform(4, 14), 12)
    if kneel:
        pose.legs[side] = Leg(rng.uniform(0, 20), rng.uniform(92, 108), 3, 4, -35, flat=False)
        pose.legs[_other(side)] = Leg(rng.uniform(80, 95), rng.uniform(85, 98), 6, 6)
    pose.bend = rng.uniform(8, 30)
    pose.pelvis = 0 if kneel else rng.uniform(5, 25)
    for each in SIDES:
        pose.arms[each] = Hand((rng.uniform(0.0, 0.25), -rng.uniform(0.3, 0.6), rng.uniform(0.2, 0.9)), "floor")
    return pose


def sitting(rng: np.random.Generator) -> Pose:
    """On a chair or a bench, hands in the lap, on a table, at a phone."""
    pose = Pose("sit", {}, {}, sits=True)
    _posture(pose, rng)
    pose.bend = rng.uniform(-8, 28)
    for side in SIDES:
        hip = rng.uniform(80, 96)
        pose.legs[side] = Leg(hip, hip + rng.uniform(-22, 14), rng.uniform(-3, 12), rng.uniform(0, 14))
    manner, side = rng.random(), str(rng.choice(SIDES))
    if manner < 0.15:  # one leg over the other
        pose.legs[side] = Leg(rng.uniform(98, 108), rng.uniform(70, 95), -13, -4, -10, flat=False)
    elif manner < 0.27:  # stretched out
        for leg in pose.legs.values():
            leg.knee -= rng.uniform(25, 45)
    kind = rng.random()
    for side in SIDES:
        if kind < 0.4:
            pose.arms[side] = Hand((rng.uniform(0.02, 0.16), -rng.uniform(0.2, 0.42), 0.14), "hip", (1, 0.4, -0.5))
        elif kind < 0.7:
            pose.arms[side] = Hand((rng.uniform(0.0, 0.2), -rng.uniform(0.35, 0.55), 0.26), "hip", (1, 0.2, -0.6))
        else:
            pose.arms[side] = Hand((0.04, -0.3, -0.22), pole=(0.8, 0.1, -1))
    if kind > 0.85:
        pose.carries = ("phone",)
        pose.nod = rng.uniform(15, 35)
    return pose


def phoning(rng: np.random.Generator) -> Pose:
    """A phone at the ear or before the face, standing or on the way."""
    pose = walking(rng, "phone") if rng.random() < 0.4 else _standing(rng, "phone")
    side = str(rng.choice(SIDES))
    if rng.random() < 0.45:
        pose.arms[side] = Hand((0.1, -0.13, -0.2), "head", (0.5, 0.1, -1))
    else:
        pose.arms[side] = Hand(
            (rng.uniform(-0.12, 0.02), -rng.uniform(0.3, 0.4), -rng.uniform(0.05, 0.25)), pole=(0.5, 0, -1)
        )
        pose.nod = rng.uniform(12, 35)
        pose.look *= 0.3
    pose.grip[side] = 45
    pose.carries = (f"phone {side}",)
    return pose


def carrying(rng: np.random.Generator) -> Pose:
    """Bags, a backpack, a basket or a box, walking or standing."""
    pose = walking(rng, "carry") if rng.random() < 0.6 else _standing(rng, "carry")
    side = str(rng.choice(SIDES))
    kind = rng.choice(
        ["bag", "bags", "shoulder", "backpack", "basket", "arm basket", "box", "suitcase"],
        p=[0.19, 0.1, 0.2, 0.18, 0.12, 0.08, 0.09, 0.04],
    )
    if kind in {"bag", "bags", "basket"}:
        sides = SIDES if kind == "bags" else (side,)
        for each in sides:
            pose.arms[each] = Swing(rng.uniform(-6, 8), rng.uniform(3, 10), rng.uniform(8, 15))
            pose.grip[each] = 60
        pose.carries = tuple(f"{'basket' if kind == 'basket' else 'bag'} {each}" for each in sides)
    elif kind == "shoulder":
        if rng.random() < 0.5:
            pose.arms[side] = Hand((0.1, -0.17, -0.2), pole=(1, 0.6, -1))
        pose.carries = (f"shoulder {side}",)
    elif kind == "backpack":
        pose.carries = ("backpack",)
    elif kind == "suitcase":
        pose.arms[side] = Swing(rng.uniform(-32, -18), rng.uniform(2, 8), 10)
        pose.grip[side] = 60
        pose.carries = (f"suitcase {side}",)
    elif kind == "arm basket":
        pose.arms[side] = Hand((0.1, -0.3, -0.27), pole=(0.5, 0.5, -1))
        pose.carries = (f"armbasket {side}",)
    else:
        low = -rng.uniform(0.2, 0.38)
        for each in SIDES:
            pose.arms[each] = Hand((0.17, -rng.uniform(0.27, 0.36), low), pole=(0.7, 0.5, -1))
        pose.bend -= 4
        pose.carries = ("box",)
    return pose


def browsing(rng: np.random.Generator) -> Pose:
    """Looking at something taken from a shelf, in one hand or both, or leaning on a counter."""
    pose = _standing(rng, "browse")
    side = str(rng.choice(SIDES))
    if rng.random() < 0.25:
        for each in SIDES if rng.random() < 0.6 else (side,):
            pose.arms[each] = Hand((rng.uniform(0.05, 0.25), -rng.uniform(0.32, 0.45), 1.02), "floor", (1, 0.3, -0.4))
        pose.bend += rng.uniform(4, 16)
        return pose
    for each in SIDES if rng.random() < 0.5 else (side,):
        at = (rng.uniform(-0.02, 0.08), -rng.uniform(0.26, 0.38), -rng.uniform(0.12, 0.34))
        pose.arms[each] = Hand(at, pole=(0.6, 0.2, -1))
        pose.grip[each] = 35
    pose.nod = rng.uniform(12, 32)
    pose.look *= 0.3
    pose.carries = (f"product {side}",)
    return pose


def pushing(rng: np.random.Generator) -> Pose:
    """Both hands on the bar of a shopping trolley or a pram."""
    pose = walking(rng, "push") if rng.random() < 0.75 else _standing(rng, "push")
    thing = "trolley" if rng.random() < 0.65 else "pram"
    ahead, up = rng.uniform(0.38, 0.52), 1.0
    for side in SIDES:
        pose.arms[side] = Hand((0.2, -ahead, up), "floor", (0.7, 0.6, -1))
        pose.grip[side] = 55
    pose.bend += rng.uniform(2, 14)
    pose.twist *= 0.3
    pose.carries = (thing,)
    return pose


def hand_in_hand(rng: np.random.Generator, *, child: bool) -> Pose:
    """One hand held out to a child, or up to a grown-up."""
    pose = walking(rng, "hold hand") if rng.random() < 0.6 else _standing(rng, "hold hand")
    side = str(rng.choice(SIDES))
    if child:
        pose.arms[side] = Hand((rng.uniform(0.3, 0.4), -0.08, rng.uniform(-0.05, 0.25)), pole=(0.6, 0.3, -1))
    else:
        pose.arms[side] = Hand((0.26, -0.03, -rng.uniform(0.4, 0.5)), pole=(0.6, 1, -0.3))
    return pose


def raising(rng: np.random.Generator) -> Pose:
    """An arm or both raised: waving, pointing, putting on a hat."""
    pose = _standing(rng, "raise")
    for side in SIDES if rng.random() < 0.4 else (str(rng.choice(SIDES)),):
        out, up = rng.uniform(0, 0.4), rng.uniform(-0.05, 0.55)
        pose.arms[side] = Hand((0.18 + out, -rng.uniform(0.05, 0.5), up), pole=(1, 0.2, -0.6))
        pose.grip[side] = rng.uniform(0, 40)
    return pose


def with_stick(rng: np.random.Generator) -> Pose:
    """An old person with a walking stick."""
    pose = walking(rng, "stick") if rng.random() < 0.6 else _standing(rng, "stick")
    for leg in pose.legs.values():
        leg.hip *= 0.6
        leg.knee = leg.knee * 0.6 + 8
    side = str(rng.choice(SIDES))
    pose.arms[side] = Hand((0.24, -rng.uniform(0.1, 0.28), rng.uniform(0.78, 0.86)), "floor", (0.6, 1, 0))
    pose.grip[side] = 60
    pose.bend = rng.uniform(8, 28)
    pose.nod = rng.uniform(-10, 15)
    pose.carries = (f"stick {side}",)
    return pose


def in_wheelchair(rng: np.random.Generator) -> Pose:
    """Sitting in a wheelchair, hands on its rims or in the lap."""
    pose = Pose("wheelchair", {}, {}, sits=True, carries=("wheelchair",))
    _posture(pose, rng)
    pose.bend = rng.uniform(-4, 16)
    for side in SIDES:
        pose.legs[side] = Leg(rng.uniform(84, 92), rng.uniform(72, 84), rng.uniform(-3, 2), rng.uniform(0, 6))
    rims = rng.random() < 0.5
    for side in SIDES:
        if rims:
            pose.arms[side] = Hand((0.27, rng.uniform(-0.25, 0.12), 0.1), "hip", (1, 1, 0))
        else:
            pose.arms[side] = Hand((rng.uniform(0.04, 0.16), -rng.uniform(0.2, 0.35), 0.14), "hip", (1, 0.4, -0.4))
        pose.grip[side] = 45 if rims else 20
    return pose


Maker = Callable[[np.random.Generator], Pose]
GROWN: Final[Mapping[Maker, float]] = {
    walking: 0.26,
    standing: 0.15,
    browsing: 0.09,
    reaching: 0.09,
    carrying: 0.12,
    sitting: 0.07,
    pushing: 0.07,
    phoning: 0.06,
    bending: 0.04,
    crouching: 0.025,
    raising: 0.015,
    lambda rng: hand_in_hand(rng, child=False): 0.02,
    in_wheelchair: 0.02,
}
CHILD: Final[Mapping[Maker, float]] = {
    walking: 0.3,
    running: 0.16,
    standing: 0.18,
    reaching: 0.08,
    carrying: 0.06,
    sitting: 0.05,
    crouching: 0.04,
    raising: 0.04,
    lambda rng: hand_in_hand(rng, child=True): 0.09,
}
_STICK: Final = 0.16  # of the old
_BAGS: Final = 0.2  # of those who do something else, too


def sample_pose(age: float, rng: np.random.Generator) -> Pose:
    """A pose that somebody of `age` years takes in a shop."""
    pose = _chosen(age, rng)
    if not pose.sits:
        pose.bend += max(0.0, age - 70) * rng.uniform(0, 0.9)  # the stoop of the old
    if pose.name in {"walk", "stand", "reach", "browse", "phone"} and age > 9 and rng.random() < _BAGS:
        side = str(rng.choice(SIDES))
        pose.carries += ("backpack",) if rng.random() < 0.4 else (f"shoulder {side}",)
    return pose


def _chosen(age: float, rng: np.random.Generator) -> Pose:
    if age > 68 and rng.random() < _STICK:
        return with_stick(rng)
    if age > 68 and rng.random() < 0.03:
        return in_wheelchair(rng)
    table = CHILD if age < 12 else GROWN
    chances = np.array(list(table.values()))
    return list(table)[rng.choice(len(table), p=chances / chances.sum())](rng)
