"""What the attribute network is taught by: labels softened to what they are worth, and its own calmer average.

Ages are ordered, so a label also counts a little for its neighbours (label distribution learning, Gao et al. 2017).
The average of the past weights reads the undisturbed face and tells the network what is to be seen in the small one
(mean teachers, Tarvainen and Valpola 2017; for small faces the teacher sees what the pupil cannot).
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from training.attributes.network import Read
from training.attributes.terms import AGES

SMOOTH: Final = 0.04  # of the sexes' labels: about as many are wrong
SPREAD: Final = 0.4  # standard deviation of an age label, in labels
AGE_WEIGHT: Final = 1.0
READABLE_WEIGHT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Loss:
    """The sum that is learned from, and its parts for the log."""

    total: Tensor
    sex: float
    age: float
    readable: float


def age_targets() -> Tensor:
    """Of each label what it says of all: (ages, ages), rows add up to 1."""
    place = torch.arange(len(AGES), dtype=torch.float32)
    weight = torch.exp(-((place[:, None] - place) ** 2) / (2 * SPREAD**2))
    return weight / weight.sum(1, keepdim=True)


def sex_targets() -> Tensor:
    """Of each label what it says of both: (2, 2)."""
    return torch.eye(2) * (1 - 2 * SMOOTH) + SMOOTH


def attribute_loss(read: Read, sex: Tensor, age: Tensor, taught: Read | None = None, trust: float = 0.0) -> Loss:
    """How far off the network is.

    Args:
        read: logits of all pictures, the readable ones first.
        sex: labels, -1 where the picture is unreadable.
        age: labels likewise.
        taught: the teacher's logits of the readable ones.
        trust: in the teacher, 0 to 1; the labels count for the rest.
    """
    readable = int((sex >= 0).sum())
    sex_goal, age_goal = sex_targets()[sex[:readable]], age_targets()[age[:readable]]
    if taught is not None and trust > 0:
        sex_goal = torch.lerp(sex_goal, functional.softmax(taught.sex.float(), 1), trust)
        age_goal = torch.lerp(age_goal, functional.softmax(taught.age.float(), 1), trust)
    of_sex = functional.cross_entropy(read.sex[:readable].float(), sex_goal)
    of_age = functional.cross_entropy(read.age[:readable].float(), age_goal)
    of_readable = functional.binary_cross_entropy_with_logits(read.readable.float(), (sex >= 0).float())
    total = of_sex + AGE_WEIGHT * of_age + READABLE_WEIGHT * of_readable
    return Loss(total, float(of_sex.detach()), float(of_age.detach()), float(of_readable.detach()))
