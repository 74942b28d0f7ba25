"""People who move: one body in one outfit, posed anew for each picture, whose feet do not slide."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.demo import gait
from training.demo.gait import Manner
from training.demo.route import Moment
from training.figures import Look, dress
from training.figures.body import BODY_VERTICES, Body, Build, sample_build
from training.figures.maker import FigureMaker
from training.figures.outfits import Outfit
from training.figures.pose import Arm, Hand, Leg, Pose
from training.figures.skeleton import SIDES
from training.scene import Figure

STILL: Final = Moment(0.0, 0.0, 0.0, 0.0, 0.0, None)
_PHASES: Final = 48  # of the cycle in which the length of a step is measured
_CONTACT: Final = 0.012  # metres over the floor within which a sole stands on it
_FULL: Final = 0.7  # metres per second from which somebody walks without a trace of standing
_STAFF: Final = frozenset({"vest", "apron"})  # clothes of people at work, who do not come shopping
_WORK_TOPS: Final = frozenset({"overall", "dungarees"})
_PUSH_S: Final = 1.6  # between two pushes at a wheelchair's rims


@dataclass(frozen=True, slots=True)
class Role:
    """Whom to cast, and how they move.

    Attributes:
        age: years, from and to.
        manner: the way of walking.
        carries: as `props` names it.
        arms: what arms do instead of swinging.
        reaches: the hand that is stretched out now and then during a stay, for goods or to pay.
        wheelchair: sits in one.
        female: sex of the body.
    """

    age: tuple[float, float]
    manner: Manner = field(default_factory=Manner)
    carries: tuple[str, ...] = ()
    arms: Mapping[str, Arm] = field(default_factory=dict)
    reaches: str = ""
    wheelchair: bool = False
    female: bool = field(kw_only=True)

    def fits(self, build: Build) -> bool:
        """Whether a body may play this."""
        return build.female == self.female and self.age[0] <= build.age <= self.age[1]


class Actor:
    """One person. Made by `Troupe.cast`; `look` is how the parts are coloured."""

    def __init__(self, troupe: "Troupe", role: Role, body: Body, outfit: Outfit, seed: int) -> None:
        self._troupe, self._role, self._body, self._outfit, self._seed = troupe, role, body, outfit, seed
        self._walked = np.zeros(1) if role.wheelchair else self._measured()
        first = self._posed(STILL, 0.0)
        self._rest = first.mesh.rest
        self.height = body.build.height
        self.look: Look = dress(first, np.random.default_rng([seed, 1]))

    def figure(self, moment: Moment, time_s: float) -> Figure:
        """The person as posed at a moment, over the origin and looking along -y."""
        figure = self._posed(moment, time_s)
        # Patterns lie on the rest coordinates, and those of things are where they are: kept as they were first.
        return replace(figure, mesh=replace(figure.mesh, rest=self._rest))

    def _posed(self, moment: Moment, time_s: float) -> Figure:
        # What is carried is made anew in each picture, hence always from the same seed.
        rng = np.random.default_rng([self._seed, 2])
        return self._troupe.posed(self._body, self._pose(moment, time_s), self._outfit, rng)

    def _pose(self, moment: Moment, time_s: float) -> Pose:
        if self._role.wheelchair:
            return _wheeling(moment, time_s)
        pose = gait.standing(time_s + self._seed % 17, self._role.manner)
        share = min(1.0, moment.speed / _FULL)
        if share > 0:
            pose = gait.mixed(pose, gait.walking(self._phase(moment.walked), self._role.manner), share)
        pose.arms.update(self._role.arms)
        if moment.stayed_s is not None and self._role.reaches:
            pose.arms[self._role.reaches] = _reaching(moment.stayed_s)
            pose.look, pose.nod = 0.2 * pose.look, pose.nod + 8
        pose.carries = self._role.carries
        for side in SIDES:
            pose.grip[side] = 55.0 if side in self._role.arms else 25.0
        return pose

    def _phase(self, walked: float) -> float:
        """The phase of the cycle after so many metres."""
        return float(np.interp(walked % self._walked[-1], self._walked, np.linspace(0, 1, len(self._walked))))

    def _measured(self) -> NDArray[np.float64]:
        """Metres walked by each phase of a cycle: how far the sole that stands on the floor goes backwards."""
        soles = [
            self._troupe.soles(self._body, gait.walking(phase, self._role.manner))
            for phase in np.linspace(0, 1, _PHASES + 1)
        ]
        steps = []
        for before, after in pairwise(soles):
            back = after[:, 1] - before[:, 1]
            weight = np.exp(-np.maximum(before[:, 2], after[:, 2]) / _CONTACT) * (back > 0)
            steps.append(max(1e-4, float((weight * back).sum() / max(float(weight.sum()), 1e-9))))
        return np.concatenate([[0.0], np.cumsum(steps)])


class Troupe(FigureMaker):
    """Casts and poses actors; loading it takes a while."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self._feet = np.flatnonzero(self._is_foot())

    def cast(self, role: Role, seed: int) -> Actor:
        """Somebody who fits the role; the same seed is the same person."""
        rng = np.random.default_rng(seed)
        build = sample_build(rng)
        while not role.fits(build):
            build = sample_build(rng)
        body = self._model.body(build)
        still = _wheeling(STILL, 0.0) if role.wheelchair else gait.standing(0.0, role.manner)
        outfit = self._dresser.outfit(body, still, rng)
        while not _is_a_customer(outfit):
            outfit = self._dresser.outfit(body, still, rng)
        return Actor(self, role, body, outfit, seed)

    def posed(self, body: Body, pose: Pose, outfit: Outfit, rng: np.random.Generator) -> Figure:
        """The figure of a body in its outfit and a pose."""
        return self._posed(body, pose, outfit, rng)

    def soles(self, body: Body, pose: Pose) -> NDArray[np.float32]:
        """The points (n, 3) of both feet in a pose, hips over the origin, the lowest at z = 0."""
        posture = self._poser.pose(body, pose)
        points = posture.skin(body.vertices[self._feet], self._model.weights[self._feet])
        points[:, 2] -= points[:, 2].min()
        return points

    def _is_foot(self) -> NDArray[np.bool_]:
        names = self._model.rig.names
        feet = [index for index, name in enumerate(names) if name.startswith("foot")]
        return np.asarray(self._model.weights[:BODY_VERTICES, feet].sum(axis=1) > 0.9)


def _is_a_customer(outfit: Outfit) -> bool:
    words = outfit.words
    return not _STAFF & words.keys() and words["top"] not in _WORK_TOPS and words.get("hat") != "helmet"


def _reaching(stayed_s: float) -> Arm:
    """A hand that hangs, goes out for a while and comes back, over and over."""
    beat = (stayed_s - 1.2) % 5.0
    share = float(np.clip(min(beat, 3.0 - beat) / 0.8, 0.0, 1.0)) if stayed_s > 1.2 else 0.0
    share = share * share * (3 - 2 * share)
    low, far = np.array([0.06, -0.08, -0.5]), np.array([0.02, -0.5, -0.1])
    x, y, z = low + (far - low) * share
    return Hand((float(x), float(y), float(z)), pole=(0.7, 0.4, -1))


def _wheeling(moment: Moment, time_s: float) -> Pose:
    """In a wheelchair; the hands push its rims while it rolls and lie in the lap while it does not."""
    legs = {side: Leg(88.0, 78.0, -1.0, 3.0) for side in SIDES}
    pose = Pose("wheelchair", legs, {}, sits=True, carries=("wheelchair",))
    beat = (time_s % _PUSH_S) / _PUSH_S
    push = np.sin(np.pi * min(beat / 0.4, 1.0) - np.pi / 2) if beat < 0.4 else np.cos(np.pi * (beat - 0.4) / 0.6)
    rolls = moment.speed > 0.1
    pose.bend = 6.0 + (4.0 * float(push) if rolls else 0.0)
    for side in SIDES:
        y = -0.06 - 0.16 * float(push)
        pose.arms[side] = (
            Hand((0.27, y, 0.1), "hip", (1, 1, 0)) if rolls else Hand((0.1, -0.28, 0.14), "hip", (1, 0.4, -0.4))
        )
        pose.grip[side] = 45.0 if rolls else 20.0
    return pose
