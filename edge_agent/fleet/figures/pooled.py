"""One share with its interval out of the shares of many hours.

An hour's interval holds two errors. Who happened to come is its own; what the network confuses is the same mistake in
every hour of that network. The first shrinks as hours come together, the second stays. An hour tells only their sum,
as the half-width h of its 95 % interval, a variance v = (h / 1.96)². But the part in common can be no larger than the
smallest v of all hours and days of that network, c. Taken as that large, the variance of the pooled share is

    V = c + Σ w² (v - c)

with the weights w of the people read. That is too wide rather than too narrow, the more so the fewer were read in the
best hour. Networks that differ may still err alike, so their common parts are added up as if they did.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Final, TypeVar

_Word = TypeVar("_Word", bound=str)

Z: Final = 1.959964  # the 97.5 % quantile of the normal distribution


@dataclass(slots=True)
class Sums:
    """Of hours of one network, with the people read as weights.

    Attributes:
        weight: people read.
        share, middle: their weighted shares, and middles of the intervals.
        square: sum of the squares of the people read in each hour.
        square_variance: the same, each with the variance of its hour.
        smallest: variance of the hour that has the smallest.
    """

    weight: float = 0.0
    share: float = 0.0
    middle: float = 0.0
    square: float = 0.0
    square_variance: float = 0.0
    smallest: float = 1.0


@dataclass(frozen=True, slots=True)
class Pooled:
    """A share in thousandths with its 95 % interval, and the number of people that it was read from."""

    share_milli: int
    low_milli: int
    high_milli: int
    read: int
    deviation_milli: float

    def low_at(self, z: float) -> float:
        """Lower end of another interval, z standard deviations from the share."""
        return self.share_milli - z * self.deviation_milli

    def high_at(self, z: float) -> float:
        """Upper end of another interval."""
        return self.share_milli + z * self.deviation_milli


@dataclass(slots=True)
class Pool:
    """Collects the shares of hours, per network."""

    of: dict[str, Sums] = field(default_factory=dict)

    def add(self, reader: str, read: int, interval: tuple[int, int, int]) -> None:
        """Take in an hour: its network, the people read, and the share that it tells, low and high end."""
        share_milli, low_milli, high_milli = interval
        if read <= 0:
            return
        variance = ((high_milli - low_milli) / 2000 / Z) ** 2
        self.add_sums(
            reader,
            Sums(
                weight=read,
                share=read * share_milli / 1000,
                middle=read * (low_milli + high_milli) / 2000,
                square=read**2,
                square_variance=read**2 * variance,
                smallest=variance,
            ),
        )

    def add_sums(self, reader: str, more: Sums) -> None:
        """Take in many hours of one network at once, summed up already."""
        sums = self.of.setdefault(reader, Sums())
        sums.weight += more.weight
        sums.share += more.share
        sums.middle += more.middle
        sums.square += more.square
        sums.square_variance += more.square_variance
        sums.smallest = min(sums.smallest, more.smallest)

    def merge(self, other: "Pool") -> None:
        """Take in all that another one has."""
        for reader, sums in other.of.items():
            self.add_sums(reader, sums)

    def smallest(self) -> dict[str, float]:
        """Per network the smallest variance of an hour or a day."""
        return {reader: sums.smallest for reader, sums in self.of.items()}

    def limit(self, smallest: Mapping[str, float]) -> None:
        """Take in that the common part can be no larger than this, which other hours or days of the network show."""
        for reader, sums in self.of.items():
            sums.smallest = min(sums.smallest, smallest.get(reader, 1.0))

    def share(self) -> Pooled | None:
        """The share over all hours; None where nobody was read."""
        read = sum(sums.weight for sums in self.of.values())
        if not read:
            return None
        share = sum(sums.share for sums in self.of.values()) / read
        middle = sum(sums.middle for sums in self.of.values()) / read
        common = sum(sums.weight / read * sqrt(sums.smallest) for sums in self.of.values()) ** 2
        own = sum(max(0.0, s.square_variance - s.smallest * s.square) for s in self.of.values()) / read**2
        deviation = sqrt(common + own)
        # An interval need not lie around its share: age shares are pulled towards what was read, their intervals not.
        low, high = min(share, middle - Z * deviation), max(share, middle + Z * deviation)
        return Pooled(
            share_milli=round(1000 * share),
            low_milli=round(1000 * max(0.0, low)),
            high_milli=round(1000 * min(1.0, high)),
            read=round(read),
            deviation_milli=1000 * deviation,
        )


def shares_of(pools: Mapping[_Word, Pool]) -> dict[_Word, Pooled]:
    """The share of each word that anybody was read as."""
    return {word: share for word, pool in pools.items() if (share := pool.share()) is not None}


def merged(pools: Iterable[Pool]) -> Pool:
    """All of them as one."""
    result = Pool()
    for pool in pools:
        result.merge(pool)
    return result
