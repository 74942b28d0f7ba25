"""Puts a pose on a body: turns the bones, sends the hands to their places and sets the feet on the floor."""

from typing import Final

import numpy as np

from training.figures.body import BODY_VERTICES, Body
from training.figures.pose import Hand, Pose, Swing
from training.figures.skeleton import SIDES, Posture, Reals, Rig, about, chain, forward, frame_of, reach, turn
from training.scene import Floats

_BODY: Final = 1.7  # metres, the height for which poses are written
_SPINE: Final = ("spine05", "spine04", "spine03", "spine02", "spine01")
_FORWARD: Final = np.array([0, -1, 0], np.float32)


class Poser:
    """Poses bodies of one rig. weights: (base vertices, bones)."""

    def __init__(self, rig: Rig, weights: Floats) -> None:
        self._rig = rig
        self._weights = weights
        main = np.array([rig.names[bone] for bone in weights[:BODY_VERTICES].argmax(1)])
        self._soles = np.flatnonzero(np.char.startswith(main, "foot") | np.char.startswith(main, "lowerleg"))
        self._seat = np.flatnonzero((main == "root") | np.char.startswith(main, "upperleg"))

    def pose(self, body: Body, pose: Pose) -> Posture:
        """The posture of `body` in `pose`, its lowest sole at z = 0 and its hips above the origin."""
        turns = _trunk_and_legs(pose)
        posture = self._grounded(body, turns)
        for side in SIDES:
            match pose.arms[side]:
                case Swing() as arm:
                    turns |= _hanging(self._rig, body, posture, side, arm)
                case Hand() as arm:
                    turns |= _reaching(self._rig, body, posture, side, arm)
            turns |= _fingers(self._rig, body, side, pose.grip[side])
        return self._grounded(body, turns)

    def seat(self, body: Body, posture: Posture) -> float:
        """The height in metres of the lowest point of the buttocks."""
        hips = self._seat[body.vertices[self._seat, 1] > 0]
        return float(posture.skin(body.vertices[hips], self._weights[hips])[:, 2].min())

    def _grounded(self, body: Body, turns: dict[str, Floats]) -> Posture:
        posture = forward(self._rig, body.joints, turns)
        low = posture.skin(body.vertices[self._soles], self._weights[self._soles])[:, 2].min()
        hips = posture.point("root")
        posture.origin -= np.array([hips[0], hips[1], low], np.float32)
        return posture


def _trunk_and_legs(pose: Pose) -> dict[str, Floats]:
    turns: dict[str, Floats] = {"root": turn("x", pose.pelvis)}
    for bone in _SPINE:
        turns[bone] = chain(turn("z", pose.twist / 5), turn("x", pose.bend / 5), turn("y", pose.lean / 5))
    turns["neck01"] = chain(turn("z", pose.look * 0.35), turn("x", pose.nod * 0.4))
    turns["head"] = chain(turn("z", pose.look * 0.65), turn("x", pose.nod * 0.6), turn("y", pose.tilt))
    for side, sign in (("L", 1), ("R", -1)):
        leg = pose.legs[side]
        turns[f"upperleg01.{side}"] = chain(
            turn("y", -sign * leg.spread),
            turn("x", -leg.hip - pose.pelvis),
            turn("z", sign * leg.outward),
        )
        turns[f"lowerleg01.{side}"] = turn("x", leg.knee)
        turns[f"foot.{side}"] = turn("x", (leg.hip - leg.knee if leg.flat else 0) - leg.ankle)
    return turns


def _hanging(rig: Rig, body: Body, posture: Posture, side: str, arm: Swing) -> dict[str, Floats]:
    """The arm hangs straight down, turned with the chest, swung and bent."""
    sign = 1 if side == "L" else -1
    chest = posture.frame("spine01")
    heading = turn("z", float(np.rad2deg(np.arctan2(chest[1, 0], chest[0, 0]))))
    raised = heading @ turn("y", -sign * arm.spread) @ turn("x", -arm.forward)
    inward = turn("z", -sign * 0.25 * arm.elbow)
    first = raised @ np.array([0, 0, -1], np.float32)
    second = raised @ inward @ turn("x", -arm.elbow) @ np.array([0, 0, -1], np.float32)
    hinge = raised @ inward @ np.array([-1, 0, 0], np.float32)
    clavicle = turn("y", -sign * max(0.0, arm.forward - 80) * 0.2)
    return _aimed(rig, body, posture, side, clavicle=clavicle, first=first, second=second, hinge=hinge)


def _aimed(
    rig: Rig,
    body: Body,
    posture: Posture,
    side: str,
    *,
    clavicle: Floats,
    first: Reals,
    second: Reals,
    hinge: Reals,
) -> dict[str, Floats]:
    """Turns that point the upper arm along `first` and the forearm along `second`, the elbow's axis along `hinge`."""
    shoulder, elbow, wrist = (body.joint(rig, f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist"))
    upper, lower = elbow - shoulder, wrist - elbow
    above = posture.frame(f"clavicle.{side}") @ clavicle
    rest_hinge = np.cross(upper, _FORWARD)  # a bend about it brings the hand forward
    turned = frame_of(first, hinge) @ frame_of(upper, rest_hinge).T
    turned_lower = frame_of(second, hinge) @ frame_of(lower, rest_hinge).T
    return {
        f"clavicle.{side}": clavicle,
        f"upperarm01.{side}": np.asarray(above.T @ turned, np.float32),
        f"lowerarm01.{side}": np.asarray(turned.T @ turned_lower, np.float32),
    }


def _target(body: Body, posture: Posture, side: str, arm: Hand) -> tuple[Floats, Floats]:
    """Where the wrist goes and where the elbow points, in the posed body's axes."""
    size = body.build.height / _BODY
    mirror = np.array([1 if side == "L" else -1, 1, 1], np.float32)
    at, pole = np.array(arm.at, np.float32) * mirror * size, np.array(arm.pole, np.float32) * mirror
    if arm.origin == "floor":
        return at, pole
    bone = {"chest": "spine01", "head": "head", "hip": "root"}[arm.origin]
    frame = posture.frame(bone)
    if arm.origin == "chest":
        origin: Reals = (posture.point("upperarm01.L") + posture.point("upperarm01.R")) / 2
    elif arm.origin == "head":
        origin = posture.point("head") + frame @ np.array([0, -0.02, 0.08], np.float32) * size
    else:
        origin = posture.point("root")
    return np.asarray(origin + frame @ at, np.float32), np.asarray(posture.frame("spine01") @ pole, np.float32)


def _reaching(rig: Rig, body: Body, posture: Posture, side: str, arm: Hand) -> dict[str, Floats]:
    """Upper and lower arm turned so that the wrist comes to its place."""
    sign = 1 if side == "L" else -1
    shoulder, elbow, wrist = (body.joint(rig, f"{bone}.{side}") for bone in ("upperarm01", "lowerarm01", "wrist"))
    upper, lower = elbow - shoulder, wrist - elbow
    target, pole = _target(body, posture, side, arm)
    rise = float(np.clip((target - posture.point(f"upperarm01.{side}"))[2] / np.linalg.norm(upper + lower), 0, 1))
    clavicle = turn("y", -sign * 28 * rise)
    above = posture.frame(f"clavicle.{side}") @ clavicle
    base = posture.point(f"clavicle.{side}")
    start = base + above @ (shoulder - body.joint(rig, f"clavicle.{side}"))
    first, second = reach(upper, lower, target - start, pole)
    hinge: Reals = np.asarray(np.cross(first, second), np.float32)
    if np.linalg.norm(hinge) < 1e-3:
        hinge = np.asarray(np.cross(first, -pole), np.float32)
    return _aimed(rig, body, posture, side, clavicle=clavicle, first=first, second=second, hinge=hinge)


def _fingers(rig: Rig, body: Body, side: str, bend: float) -> dict[str, Floats]:
    """Every finger joint bent by about `bend` degrees towards the palm, the thumb by half."""
    sign = 1 if side == "L" else -1
    index, small = body.joint(rig, f"finger2-1.{side}"), body.joint(rig, f"finger5-1.{side}")
    axis = np.asarray((small - index) * sign, np.float32)
    turns = {}
    for finger in range(1, 6):
        for joint in range(1, 4):
            share = 0.35 if finger == 1 else 1.0 if joint > 1 else 0.8
            turns[f"finger{finger}-{joint}.{side}"] = about(axis, bend * share)
    return turns
