"""Recall on rendered people that never trained, where everything about them is known."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.records import Image
from training.evaluation.matching import Matched, Seen, Tally, match, tally
from training.evaluation.measures import CountError, count_error
from training.evaluation.networks import Network
from training.evaluation.statistics import Share
from training.samples import People, Shard

COUNTED: Final = 0.3
"""Share of a person that must be visible to be counted; below it a box on them is neither right nor wrong."""

CLEAR: Final = 0.5
CLEAR_PX: Final = 32.0
"""People of at least so many network pixels, visible to at least CLEAR, are what groups are compared on: otherwise
children would look badly found because they are small."""

_NEVER: Final = np.inf

HEIGHTS: Final = (0.0, 16.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, _NEVER)
VISIBLE: Final = (0.0, 0.15, 0.3, 0.5, 0.7, 0.9, _NEVER)

_Column = NDArray[Any]
Groups = Mapping[str, Callable[[People], NDArray[np.bool_]]]

GROUPS: Final[Groups] = MappingProxyType(
    {
        "skin: lightest third": lambda p: p["skin"] < 1 / 3,
        "skin: middle third": lambda p: (p["skin"] >= 1 / 3) & (p["skin"] < 2 / 3),
        "skin: darkest third": lambda p: p["skin"] >= 2 / 3,
        "sex: female": lambda p: p["female"] == 1,
        "sex: male": lambda p: p["female"] == 0,
        "age: child, to 12": lambda p: p["age"] < 13,
        "age: 13 to 64": lambda p: (p["age"] >= 13) & (p["age"] < 65),
        "age: from 65": lambda p: p["age"] >= 65,
        "in a wheelchair": lambda p: p["wheelchair"],
        "not in a wheelchair": lambda p: ~p["wheelchair"],
    }
)
"""Who is compared with whom; unknown values are in no group."""


@dataclass(frozen=True, slots=True)
class Holdout:
    """Shards of a seed that never trained."""

    files: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path) -> "Holdout":
        """All shards of a folder.

        Raises:
            FileNotFoundError: there are none.
        """
        files = tuple(sorted(folder.glob("*.npz")))
        if not files:
            raise FileNotFoundError(2, "holds no shards (*.npz); generate some with a seed of their own", str(folder))
        return cls(files)

    @property
    def key(self) -> str:
        """A name for these very pictures."""
        return f"holdout-{self.files[0].parent.name}-{sum(file.stat().st_size for file in self.files)}"

    def images(self) -> Iterator[Image]:
        """All pictures in order."""
        for file in self.files:
            shard = Shard(file)
            yield from (shard.picture(index) for index in range(len(shard)))

    def image(self, number: int) -> Image:
        """The `number`-th of `images`."""
        for file in self.files:
            shard = Shard(file)
            if number < len(shard):
                return shard.picture(number)
            number -= len(shard)
        raise IndexError(f"the hold-out has no picture {number} more")

    def people(self) -> Iterator[People]:
        """The people of each picture in order."""
        for file in self.files:
            shard = Shard(file)
            yield from (shard.people(index) for index in range(len(shard)))

    def sizes(self) -> Iterator[tuple[int, int]]:
        """Height and width of each picture in order."""
        return (image.shape[:2] for image in self.images())


@dataclass(frozen=True, slots=True)
class Group:
    """Recall of some people at the card's threshold: of all that are counted, and of the clear ones among them."""

    counted: Share
    clear: Share


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a network finds among rendered people, at the card's threshold.

    Attributes:
        pictures: looked at.
        boxes: hits, false boxes and misses among the counted people.
        false_per_picture: boxes on nobody.
        by_height: recall by lower bound of the height in network pixels, of people visible to at least CLEAR.
        by_visible: recall by lower bound of the visible share, of people of at least CLEAR_PX.
        by_group: of GROUPS.
        by_pose: by the pose's name.
        count: error of the count.
    """

    pictures: int
    boxes: Tally
    false_per_picture: float
    by_height: dict[float, Share]
    by_visible: dict[float, Share]
    by_group: dict[str, Group]
    by_pose: dict[str, Group]
    count: CountError


@dataclass(frozen=True, slots=True)
class Look:
    """A picture of the hold-out as a network saw it: who is to be found, who may be, and what became of the boxes."""

    seen: Seen
    wanted: People
    either: People
    matched: Matched


def looks(network: Network, holdout: Holdout, cache: Path | None = None) -> Iterator[Look]:
    """Hold a network's boxes against the truth, picture by picture."""
    for seen, people in zip(network.over(holdout.key, holdout.images(), cache), holdout.people(), strict=True):
        counts = ~people["ignore"] & (people["visible"] >= COUNTED)
        wanted, either = people[counts], people[~counts]
        yield Look(seen, wanted, either, match(seen, wanted["box"], either["box"]))


def rendered(network: Network, holdout: Holdout, *, pixels_of: Network, cache: Path | None = None) -> Rendered:
    """Measure a network on the hold-out.

    Args:
        network: to be measured.
        holdout: the pictures.
        pixels_of: the network in whose pixels heights are given, so that networks of several sizes are compared on
            the same people.
        cache: of the network's boxes.
    """
    threshold = network.threshold
    all_looks = list(looks(network, holdout, cache))
    scale = [_scale(pixels_of, *size) for size in holdout.sizes()]
    boxes = tally((look.matched for look in all_looks), threshold)
    crowd = _Crowd.of(all_looks, scale, threshold)
    return Rendered(
        pictures=len(all_looks),
        boxes=boxes,
        false_per_picture=boxes.false / len(all_looks),
        by_height=crowd.by(crowd.height, HEIGHTS, crowd.people["visible"] >= CLEAR),
        by_visible=crowd.by(crowd.people["visible"], VISIBLE, crowd.height >= CLEAR_PX),
        by_group={name: crowd.group(of(crowd.people)) for name, of in GROUPS.items()},
        by_pose={
            str(pose): crowd.group(crowd.people["pose"] == pose) for pose in sorted(set(crowd.people["pose"].tolist()))
        },
        count=count_error(
            [_boxes(look.matched, threshold) for look in all_looks], [len(look.wanted) for look in all_looks]
        ),
    )


def _boxes(matched: Matched, threshold: float) -> int:
    """Boxes that count: those on people who may be found or not are left out."""
    return int(((matched.score >= threshold) & ~matched.ignored).sum())


def _scale(network: Network, height: int, width: int) -> float:
    """Network pixels per pixel of the picture, of its height."""
    card = network.bundle.card.input
    return min(card.width / width, card.height / height)


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Everybody in the hold-out who is not ignored. height: (n,) network pixels; found, counted: (n,) bool."""

    people: People
    height: NDArray[np.float64]
    found: NDArray[np.bool_]

    @classmethod
    def of(cls, all_looks: list[Look], scale: list[float], threshold: float) -> "_Crowd":
        people, height, found = [], [], []
        for look, each in zip(all_looks, scale, strict=True):
            # Those too hidden to be counted are in the curve over the visible share; a box on one of them may be
            # that of the person in front, so they are matched apart from the others.
            hidden = look.either[~look.either["ignore"]]
            left = look.seen.at(threshold)
            left = _without(left, look.matched.hit[: len(left)])
            also = match(left, hidden["box"], np.zeros((0, 4), np.float32))
            for group, at in ((look.wanted, look.matched.found_at), (hidden, also.found_at)):
                people.append(group)
                height.append((group["box"][:, 3] - group["box"][:, 1]) * each)
                found.append(at >= threshold)
        return cls(np.concatenate(people), np.concatenate(height).astype(np.float64), np.concatenate(found))

    @property
    def counted(self) -> NDArray[np.bool_]:
        return np.asarray(self.people["visible"] >= COUNTED)

    def share(self, members: NDArray[np.bool_]) -> Share:
        return Share(int((members & self.found).sum()), int(members.sum()))

    def by(self, value: _Column, bounds: tuple[float, ...], members: NDArray[np.bool_]) -> dict[float, Share]:
        return {low: self.share(members & (value >= low) & (value < high)) for low, high in pairwise(bounds)}

    def group(self, members: NDArray[np.bool_]) -> Group:
        clear = self.counted & (self.people["visible"] >= CLEAR) & (self.height >= CLEAR_PX)
        return Group(self.share(members & self.counted), self.share(members & clear))


def _without(seen: Seen, gone: NDArray[np.bool_]) -> Seen:
    return Seen(seen.xyxy[~gone], seen.score[~gone])
