"""What was read of one visitor, and what it adds up to: probabilities only, at most K readings, no picture.

Readings of one face are no independent witnesses: the same light and the same angle deceive all of them. Adding up
their log-probabilities as if they were would make any five looks certain. So the sum is tempered by the design effect
of a cluster (Kish 1965, section 5.4): K looks with correlation r inside the track are worth K / (1 + (K - 1) r)
independent ones. The factor is that of a full set of K, whatever there is: few readings are trusted less than their
number would allow, a further one that agrees never takes certainty away, and their order is nothing to the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, fsum, log
from typing import Final

from edge_agent.terms import AgeBand, Sex

SEXES: Final = (Sex.FEMALE, Sex.MALE)
BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)
"""What the network's outputs mean, in their order."""

_CORRELATION: Final = 0.5
"""Between looks at one person. Nobody has measured it here; a half lies on the side of `unknown`."""

_LEAST: Final = 0.02  # a network that says less than this is surer than any face makes it; no look decides alone
_FEWEST: Final = 2  # readable looks below which nobody is read, where more are asked for; all, where it is doubtful

APART_S: Final = 0.25
"""Two looks closer together than this are one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When the network is believed, as its card says.

    Attributes:
        readable: a look is read from this probability on that there is a face to read.
        sex: a visitor has a sex from this probability on.
        age: … an age band.
    """

    readable: float
    sex: float
    age: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One look that was read.

    Attributes:
        t_s: when.
        quality: 0 to 1; see `look.quality`.
        sex: probabilities in the order of `SEXES`.
        age: … of `BANDS`.
    """

    t_s: float
    quality: float
    sex: tuple[float, ...]
    age: tuple[float, ...]


@dataclass(slots=True)
class Votes:
    """The best readings of one visitor, at most `most` of them, each of another instant."""

    most: int
    readings: list[Reading] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Whether a further reading has to be better than one that is there."""
        return len(self.readings) >= self.most

    def wants(self, quality: float, t_s: float) -> bool:
        """Whether a reading of that quality and time would be kept."""
        return all(quality > rival.quality for rival in self._rivals(t_s))

    def add(self, reading: Reading) -> None:
        """Keep it, in place of worse ones where there is no room."""
        if self.wants(reading.quality, reading.t_s):
            rivals = self._rivals(reading.t_s)
            self.readings = [kept for kept in self.readings if kept not in rivals]
            self.readings.append(reading)

    def merge(self, other: "Votes") -> None:
        """Take over what was read of the same visitor under another track."""
        for reading in other.readings:
            self.add(reading)

    def sex(self, rule: Rule, *, doubtful: bool = False) -> Sex:
        """How the visitor appears; `unknown` under the rule's confidence, and without a full set if it is doubtful."""
        index, sure = self._most_likely([reading.sex for reading in self.readings], doubtful=doubtful)
        return SEXES[index] if sure >= rule.sex else Sex.UNKNOWN

    def age(self, rule: Rule, *, doubtful: bool = False) -> AgeBand:
        """The band the visitor appears to be in; `unknown` as for `sex`."""
        index, sure = self._most_likely([reading.age for reading in self.readings], doubtful=doubtful)
        return BANDS[index] if sure >= rule.age else AgeBand.UNKNOWN

    def _rivals(self, t_s: float) -> list[Reading]:
        """The readings whose place a new one would have to take: of the same instant, or the worst of a full set."""
        same = [reading for reading in self.readings if abs(reading.t_s - t_s) < APART_S]
        if same or not self.is_full:
            return same
        return [min(self.readings, key=lambda reading: reading.quality)]

    def _most_likely(self, rows: list[tuple[float, ...]], *, doubtful: bool) -> tuple[int, float]:
        """Index and probability; the probability is 0 where there are too few readings."""
        if len(rows) < (self.most if doubtful else min(_FEWEST, self.most)):
            return 0, 0.0
        together = combined(rows, most=self.most)
        index = max(range(len(together)), key=together.__getitem__)
        return index, together[index]


def combined(rows: Sequence[tuple[float, ...]], *, most: int) -> tuple[float, ...]:
    """Probabilities of one thing, read several times.

    Args:
        rows: one per reading, at least one.
        most: how many readings make a full set.
    """
    temper = 1.0 / (1.0 + (most - 1) * _CORRELATION)
    sums = [temper * fsum(log(max(share, _LEAST)) for share in column) for column in zip(*rows, strict=True)]
    highest = max(sums)
    weights = [exp(value - highest) for value in sums]
    total = fsum(weights)
    return tuple(weight / total for weight in weights)
