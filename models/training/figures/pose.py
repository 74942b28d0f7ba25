"""The words in which a pose is told: legs, arms that hang or that go to a place, trunk and head.

Angles are degrees. Hands are sent to targets by inverse kinematics, given in metres for a body of 1.7 m: from the
middle between the shoulders in the chest's axes (x to the hand's own side, y to the back, z up), or from the head.
"""

from dataclasses import dataclass, field
from typing import Literal

Origin = Literal["chest", "head", "hip", "floor"]  # floor: x, y from the hips, z over the floor


@dataclass(frozen=True, slots=True)
class Swing:
    """An arm that hangs: swing forward of the plumb line, bend of the elbow, spread from the body."""

    forward: float = 0.0
    elbow: float = 12.0
    spread: float = 4.0


@dataclass(frozen=True, slots=True)
class Hand:
    """An arm whose wrist goes to a place. `pole`: where the elbow points, same axes."""

    at: tuple[float, float, float]
    origin: Origin = "chest"
    pole: tuple[float, float, float] = (0.5, 0.35, -1.0)


Arm = Swing | Hand


@dataclass(slots=True)
class Leg:
    """Flexion of hip and knee, spread and outward turn of the leg; `flat`: the sole is kept level."""

    hip: float = 0.0
    knee: float = 3.0
    spread: float = 0.0
    outward: float = 6.0
    ankle: float = 0.0  # toes up
    flat: bool = True


@dataclass(slots=True)
class Pose:
    """A whole body's pose. `carries`: what `props` puts into its hands."""

    name: str
    legs: dict[str, Leg]
    arms: dict[str, Arm]
    bend: float = 2.0  # of the trunk, forward
    lean: float = 0.0  # of the trunk, to the left
    twist: float = 0.0
    pelvis: float = 0.0  # pelvis tilted forward with everything above
    nod: float = 0.0
    look: float = 0.0  # head turned to the left
    tilt: float = 0.0
    grip: dict[str, float] = field(default_factory=lambda: {"L": 25.0, "R": 25.0})  # bend of each finger joint
    sits: bool = False
    carries: tuple[str, ...] = ()
