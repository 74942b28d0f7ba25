"""A whole walking cycle, for figures that move: angles of every joint by phase, and mixing with standing."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.interpolate import CubicSpline

from training.figures.pose import Hand, Leg, Pose, Swing
from training.figures.skeleton import SIDES

# Degrees by per cent of the cycle from heel strike, normal walking: after Winter, "Biomechanics and Motor Control of
# Human Movement", the tables of natural cadence, smoothed. The last entry repeats the first.
_PERCENT: Final = (0, 10, 20, 30, 40, 50, 60, 65, 70, 75, 80, 90, 100)
_HIP: Final = (23.0, 19.0, 11.0, 2.0, -8.0, -17.0, -14.0, -7.0, 3.0, 12.0, 19.0, 25.0, 23.0)
_KNEE: Final = (4.0, 12.0, 14.0, 10.0, 9.0, 20.0, 44.0, 56.0, 62.0, 61.0, 50.0, 16.0, 4.0)
_ANKLE: Final = (0.0, -7.0, 3.0, 8.0, 10.0, 2.0, -17.0, -17.0, -10.0, -3.0, 0.0, 1.0, 0.0)
_ARM: Final = 17.0  # degrees, of the upper arm to either side of its middle


def _curve(degrees: tuple[float, ...]) -> CubicSpline:
    return CubicSpline(np.array(_PERCENT) / 100, degrees, bc_type="periodic")


_CURVES: Final = tuple(_curve(table) for table in (_HIP, _KNEE, _ANKLE))


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody moves: size of the steps (1: normal), swing of the arms, stoop and nod in degrees."""

    stride: float = 1.0
    swing: float = 1.0
    stoop: float = 3.0
    nod: float = 5.0


def walking(phase: float, manner: Manner) -> Pose:
    """The pose at `phase` of the cycle, 0 to 1; at 0 the left heel strikes."""
    legs = {"L": _leg(phase, manner.stride), "R": _leg(phase + 0.5, manner.stride)}
    arms = {"L": _arm(phase + 0.5, manner), "R": _arm(phase, manner)}
    pose = Pose("walk", legs, dict(arms), bend=manner.stoop, nod=manner.nod)
    pose.twist = 5 * manner.stride * float(np.cos(2 * np.pi * (phase - 0.45)))
    return pose


def _leg(phase: float, stride: float) -> Leg:
    hip, knee, ankle = (float(curve(phase % 1.0)) for curve in _CURVES)
    return Leg(
        3 + (hip - 3) * stride, 4 + (knee - 4) * min(stride, 1.1), -4.0, 5.0, ankle * min(stride, 1.1), flat=False
    )


def _arm(phase: float, manner: Manner) -> Swing:
    forward = 2 + _ARM * manner.stride * manner.swing * float(np.cos(2 * np.pi * phase))
    return Swing(forward, 14 + max(0.0, forward) * 0.7, 7.0)


def standing(time_s: float, manner: Manner) -> Pose:
    """Somebody who stands and is never quite still: breathes, shifts the weight, looks around."""
    sway, glance = np.sin(2 * np.pi * time_s / 4.7), np.sin(2 * np.pi * time_s / 7.3) * np.sin(time_s / 2.9)
    legs = {
        "L": Leg(2 + 2 * sway, 5 + 4 * sway, -2.0, 7.0, flat=True),
        "R": Leg(2 - 2 * sway, 5 - 4 * sway, -2.0, 9.0, flat=True),
    }
    pose = Pose("stand", legs, {side: Swing(3 + sway, 14.0, 8.0) for side in SIDES})
    pose.bend, pose.nod = manner.stoop + float(sway), manner.nod + 3 * float(glance)
    pose.lean, pose.twist, pose.look = 1.5 * float(sway), 3 * float(glance), 18 * float(glance)
    return pose


def mixed(still: Pose, moving: Pose, share: float) -> Pose:
    """A pose between two; share 0 is `still`, 1 is `moving`. Arms that reach for something stay as they are."""
    legs = {side: _mixed_leg(still.legs[side], moving.legs[side], share) for side in SIDES}
    pose = replace(moving, legs=legs, arms=dict(moving.arms))
    for side in SIDES:
        one, other = still.arms[side], moving.arms[side]
        if isinstance(one, Hand):
            pose.arms[side] = one
        elif isinstance(other, Swing):
            pose.arms[side] = Swing(
                *(_mix(getattr(one, n), getattr(other, n), share) for n in ("forward", "elbow", "spread"))
            )
    for name in ("bend", "lean", "twist", "nod", "look", "tilt"):
        setattr(pose, name, _mix(getattr(still, name), getattr(moving, name), share))
    return pose


def _mixed_leg(one: Leg, other: Leg, share: float) -> Leg:
    ankles = _mix(_ankle(one), _ankle(other), share)
    hip, knee, spread, outward = (
        _mix(getattr(one, n), getattr(other, n), share) for n in ("hip", "knee", "spread", "outward")
    )
    return Leg(hip, knee, spread, outward, ankles, flat=False)


def _ankle(leg: Leg) -> float:
    """The ankle's own angle; a foot that is kept flat makes up for hip and knee."""
    return leg.ankle - (leg.hip - leg.knee if leg.flat else 0.0)


def _mix(one: float, other: float, share: float) -> float:
    return one + (other - one) * share
