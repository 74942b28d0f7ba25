"""What a network is bad at, in sentences made of what was measured: a card hides nothing that the evaluation saw."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby, pairwise
from types import MappingProxyType
from typing import Final

import numpy as np

from edge_agent.records import Image
from training.evaluation.evaluate import Figures
from training.evaluation.holdout import CLEAR, CLEAR_PX, HEIGHTS, VISIBLE, Group, Holdout, Rendered, looks
from training.evaluation.networks import Network
from training.evaluation.statistics import Share
from training.places.views import ANY

_POOR: Final = 0.7  # recall below which people are said to be missed often
_WORSE: Final = 0.08  # of recall, below that of everybody, that is worth a sentence
_ENOUGH: Final = 20  # people, below whom nothing is said
_ALARMS: Final = 0.03  # false boxes per frame where nobody is
_POSES: Final = 4

ALWAYS: Final = (
    "It knows rendered people; clothes, poses and things that nobody has modelled may be missed or taken for people.",
    "It sees pictures, not time: a life-size poster, a mannequin or a reflection may be taken for a person.",
)

_STEEP: Final = (
    "Few of its pictures look down by more than 60 degrees; docs/training.md says how to train for such cameras."
)
_ROUND: Final = "It has never seen the circular picture of a 180-degree fisheye camera."

EVERYTHING: Final = "all pictures"


def _colourless(image: Image) -> bool:
    return float((image.max(axis=2).astype(np.int16) - image.min(axis=2)).mean()) < 2.0


CONDITIONS: Final[Mapping[str, Callable[[Image], bool]]] = MappingProxyType(
    {
        EVERYTHING: lambda _image: True,
        "dark pictures (mean grey level under 50)": lambda image: bool(image.mean() < 50),
        "overexposed pictures (mean grey level over 190)": lambda image: bool(image.mean() > 190),
        "pictures without colour, as of infrared cameras": _colourless,
    }
)
"""Kinds of pictures that are told apart by how they look."""


def by_light(network: Network, holdout: Holdout) -> dict[str, Share]:
    """Recall of clear people at the card's score, by CONDITIONS' names."""
    asked, threshold = network.bundle.card.input, network.threshold
    found, there = dict.fromkeys(CONDITIONS, 0), dict.fromkeys(CONDITIONS, 0)
    for look, image in zip(looks(network, holdout), holdout.images(), strict=True):
        scale = min(asked.width / image.shape[1], asked.height / image.shape[0])
        tall = (look.wanted["box"][:, 3] - look.wanted["box"][:, 1]) * scale
        at = look.matched.found_at[(tall >= CLEAR_PX) & (look.wanted["visible"] >= CLEAR)]
        for name, holds in CONDITIONS.items():
            if holds(image):
                found[name] += int((at >= threshold).sum())
                there[name] += len(at)
    return {name: Share(found[name], there[name]) for name in CONDITIONS}


def weaknesses(
    rendered: Rendered, light: Mapping[str, Share], real: Figures | None, view: str = ANY
) -> tuple[str, ...]:
    """Sentences for the card.

    Args:
        rendered: what the file that devices run by default found in the hold-out.
        light: its `by_light`.
        real: what it found in real pictures; None: nobody had any.
        view: of training.places.views, that its pictures have.
    """
    only = f"It was trained for the view '{view}' alone; for other cameras take the default network."
    usual = light[EVERYTHING].interval.value
    sentences = [
        *_real(real),
        *_bins("Small people", "by their height in network pixels", rendered.by_height, HEIGHTS),
        *_bins("Hidden people", "by what is visible of them", rendered.by_visible, VISIBLE),
        *_poses(rendered.by_pose, usual),
        *_light(light, usual),
        *_groups(rendered.by_group),
    ]
    return (*sentences, _STEEP if view == ANY else only, _ROUND, *ALWAYS)


def _real(figures: Figures | None) -> Iterator[str]:
    if figures is None:
        yield "Nobody has measured it on real pictures."
        return
    seen = figures.presence
    yield (
        f"Of {seen.people} pictures of indoor cameras with people it overlooks {1 - seen.preset_recall:.0%}, and sees "
        f"somebody in {seen.preset_alarms:.0%} of {seen.empty} empty ones."
    )
    for clip, boxes in figures.false_boxes.items():
        if boxes.per_frame > _ALARMS:
            yield f"In {clip}, where nobody is, it sees {boxes.per_frame:.2f} people per frame."


def _bins(who: str, unit: str, shares: Mapping[float, Share], bounds: tuple[float, ...]) -> Iterator[str]:
    """One sentence about the bins whose recall is poor."""
    poor = [
        f"{_range(low, high)} {shares[low].interval.value:.2f}"
        for low, high in pairwise(bounds)
        if shares[low].whole >= _ENOUGH and shares[low].interval.value < _POOR
    ]
    if poor:
        yield f"{who} are often missed: of rendered people it finds, {unit}, {', '.join(poor)}."


def _range(low: float, high: float) -> str:
    return f"{low:g} to {high:g}:" if np.isfinite(high) else f"over {low:g}:"


def _poses(poses: Mapping[str, Group], usual: float) -> Iterator[str]:
    found = {name: each.clear.interval.value for name, each in poses.items() if each.clear.whole >= _ENOUGH}
    worse = sorted((share, name) for name, share in found.items() if share < usual - _WORSE)[:_POSES]
    if worse:
        listed = ", ".join(f"{name} {share:.2f}" for share, name in worse)
        yield f"Poses that it finds less often than others (of which it finds {usual:.2f}): {listed}."


def _light(light: Mapping[str, Share], usual: float) -> Iterator[str]:
    for name, share in light.items():
        if share.whole >= _ENOUGH and share.interval.value < usual - _WORSE:
            yield f"In {name} it finds {share.interval.value:.2f} of clear people instead of {usual:.2f}."


def _groups(groups: Mapping[str, Group]) -> Iterator[str]:
    """Who is found less often than others of the same attribute, beyond what chance may do."""
    known = [(_attribute(name), name, each.clear) for name, each in groups.items() if each.clear.whole >= _ENOUGH]
    for _, members in groupby(known, key=lambda row: row[0]):
        rows = sorted(((name, share.interval) for _, name, share in members), key=lambda row: row[1].value)
        (worst, low), (best, high) = rows[0], rows[-1]
        if low.high < high.low:
            yield f"It finds '{worst}' less often ({low.value:.2f}) than '{best}' ({high.value:.2f})."


def _attribute(name: str) -> str:
    attribute, colon, _ = name.partition(": ")
    return attribute if colon else "wheelchair"
