"""What a visit comes to: several looks at one person, put together by the agent's own votes and the card's thresholds.

A visitor is not a picture: the best of some looks vote, two that agree are needed, and looks at one face err together.
So the shares of a clientele are corrected with tables of whole visits. A visit is made up here: somebody whose picture
is in the test split passes one camera, some looks long, and grows or shrinks on the way.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.demographics.look import quality
from edge_agent.demographics.votes import APART_S, Reading, Rule, Votes
from training.attributes.augment import looks
from training.attributes.data import Faces, Pixels
from training.attributes.measure import Reading as Read
from training.attributes.measure import Table, bands_of
from training.attributes.terms import BANDS, SEXES

CROPS: Final = (5, 10, 20)
"""Crops of a visitor that are kept at most: the agent's default, and what else may be configured."""

MOST_LOOKS: Final = 10
SIZES: Final = (18.0, 64.0)  # pixels of the crop, at the beginning and at the end of a visit: any between these
WORDS: Final = (
    f"every test face made up one visit: 1 to {MOST_LOOKS} looks {APART_S:g} s apart, the crop between {SIZES[0]:.0f} "
    f"and {SIZES[1]:.0f} px at the first and at the last and growing or shrinking between them; place and turn of the "
    "head change from look to look, light, lens, codec and what covers the face mostly stay. The agent's own votes "
    "decided, at these thresholds"
)


@dataclass(frozen=True, slots=True)
class Visits:
    """A visit of each of some faces, look after look. n looks in all.

    Attributes:
        crops: (n, 64, 64, 3) BGR.
        quality: (n,), as the agent judges it.
        first: (faces + 1,), the number of each visit's first look, and n.
        sex: (faces,) of SEXES.
        band: (faces,) of BANDS.
    """

    crops: Pixels
    quality: NDArray[np.float64]
    first: NDArray[np.int64]
    sex: NDArray[np.int64]
    band: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.sex)


def visits_of(faces: Faces, seed: int) -> Visits:
    """One visit of each face."""
    rng, crops, worth, first = np.random.default_rng([seed, 3]), [], [], [0]
    for picture in faces.pixels:
        start, end = np.exp(rng.uniform(np.log(SIZES[0]), np.log(SIZES[1]), 2)).tolist()
        sides: list[float] = np.geomspace(start, end, int(rng.integers(1, MOST_LOOKS + 1))).tolist()
        shown = looks(picture, rng, sides)
        crops.append(shown)
        worth += [quality(crop, taken_px=side) for crop, side in zip(shown, sides, strict=True)]
        first.append(first[-1] + len(sides))
    return Visits(np.concatenate(crops), np.array(worth), np.array(first), faces.sex, bands_of(faces))


def votes_of(visits: Visits, read: Read, rule: Rule, crops: int) -> list[Votes]:
    """What was kept of each visit; `read`: of all looks."""
    kept = []
    for start, end in zip(visits.first[:-1].tolist(), visits.first[1:].tolist(), strict=True):
        votes = Votes(crops)
        for look in range(start, end):
            readable = float(read.readable[look])
            if readable >= rule.readable:
                worth = float(visits.quality[look]) * readable
                votes.add(
                    Reading(look * APART_S, worth, tuple(read.sex[look].tolist()), tuple(read.age[look].tolist()))
                )
        kept.append(votes)
    return kept


def visitor_tables(visits: Visits, read: Read, rule: Rule) -> list[Table]:
    """How often which visitor was taken for what: for each of CROPS the sexes, then the age bands."""
    sexes, ages = [], []
    for crops in CROPS:
        kept = votes_of(visits, read, rule, crops)
        sexes.append(_table("sex", crops, visits.sex, [_place(SEXES, votes.sex(rule)) for votes in kept], len(SEXES)))
        ages.append(_table("age", crops, visits.band, [_place(BANDS, votes.age(rule)) for votes in kept], len(BANDS)))
    return sexes + ages


def _place(words: tuple[object, ...], word: object) -> int:
    """The column of a table: the last one is `unknown`."""
    return words.index(word) if word in words else len(words)


def _table(attribute: str, crops: int, truth: NDArray[np.int64], told: list[int], size: int) -> Table:
    counts = np.zeros((size, size + 1), np.int64)
    np.add.at(counts, (truth, np.array(told)), 1)
    return Table(attribute, crops, counts[:, :size], counts[:, size])


def text(tables: list[Table]) -> str:
    """The figures as a person reads them."""
    lines = []
    for each in tables:
        told = int(each.counts.sum())
        share = told / (told + int(each.unknown.sum()))
        right = int(np.trace(each.counts)) / max(told, 1)
        lines.append(f"  visitors, {each.of} crops: {each.attribute} told {share:.4f}, right of these {right:.4f}")
    return "\n".join(lines)
