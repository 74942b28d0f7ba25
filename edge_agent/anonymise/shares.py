"""Shares that admit error: what the network confuses is taken out, and what is uncertain is said.

The counts of what was read are a mixture of what was there: some women are read as men, many a 38 as 45. How often is
in the model card, as counts of test visitors (a confusion matrix), which are a sample themselves. The share here is
the adjusted count (Gart and Buck 1966; Forman 2008). For two classes that is one division. For more, inverting the
matrix makes small samples swing wildly and gives shares below zero. So the counts are unfolded towards the inverse in a
few steps, each of which gives shares (Richardson 1972, Lucy 1974, D'Agostini 1995), the more of them the more visitors;
the interval is that of the full inversion.

The share is that of the clientele whose visits were read, the visitors taken for a sample of it. Who was not read is
in no share: nobody knows whether women are read as often as men.
"""

from collections.abc import Callable, Sequence
from math import isqrt, sqrt
from typing import Final, Literal

from edge_agent.message import Share

Matrix = tuple[tuple[int, ...], ...]
"""Confusion counts: a row per true class, a column per class read, of test visitors who were read; () if unknown."""

_Z: Final = 1.959964  # the 97.5 % quantile of the normal distribution
_USELESS: Final = 0.05  # a network that tells two classes apart by less than this tells nothing
_SINGULAR: Final = 0.001  # a pivot under it is none; above it the interval says by its width what can be told


def female_share(female: int, male: int, confusion: Matrix, *, noise_variance: float = 0.0) -> Share | None:
    """Return the share of women among those read; None where nobody was, or the matrix tells nothing.

    The interval is the set of shares that a score test at 5 % does not reject: the spread of the sample is taken where
    the share would be, not where it was found, so that it holds near 0 and 1 and for few visitors (Wilson 1927).

    Args:
        female: visitors read as women.
        male: as men.
        confusion: counts of the model card, women first.
        noise_variance: of each of the two counts.
    """
    read = female + male
    if read <= 0 or len(confusion) != 2 or not all(map(sum, confusion)):
        return None
    women, men = sum(confusion[0]), sum(confusion[1])
    hit, false_alarm = confusion[0][0] / women, confusion[1][0] / men
    if hit - false_alarm < _USELESS:
        return None
    found = min(max(female / read, false_alarm), hit)  # beyond these only chance can take it
    noise = noise_variance * ((1 - found) ** 2 + found**2) / read**2
    hit_variance, alarm_variance = _spread(confusion[0][0], women), _spread(confusion[1][0], men)

    def rejected(milli: int) -> bool:
        share = milli / 1000
        expected = share * hit + (1 - share) * false_alarm
        variance = expected * (1 - expected) / read + noise
        variance += share**2 * hit_variance + (1 - share) ** 2 * alarm_variance
        return (found - expected) ** 2 > _Z**2 * variance

    share_milli = round(1000 * (found - false_alarm) / (hit - false_alarm))
    return Share(
        share_milli=share_milli,
        low_milli=_last_kept(share_milli, 0, rejected),
        high_milli=_last_kept(share_milli, 1000, rejected),
    )


def mostly(share: Share) -> Literal["female", "male", "balanced"]:
    """Return the sex that has more than half with 95 % confidence, or 'balanced' where neither has."""
    if share.low_milli > 500:
        return "female"
    return "male" if share.high_milli < 500 else "balanced"


def class_shares(read: Sequence[int], confusion: Matrix, *, noise_variance: float = 0.0) -> tuple[Share, ...] | None:
    """Return the share of each class among those read; None where nobody was, or the matrix tells nothing.

    The shares add up to 1000. The interval is that of the inverted matrix by the delta method, so it is wide where
    neighbours are confused; it is cut at 0 and 1.

    Args:
        read: visitors read as each class.
        confusion: counts of the model card in the same order.
        noise_variance: of each of the counts.
    """
    total = sum(read)
    if total <= 0 or len(confusion) != len(read) or not all(map(sum, confusion)):
        return None
    rates = [[count / sum(row) for count in row] for row in confusion]
    inverse = _inverted(rates)
    if inverse is None:
        return None
    likely = _unfolded(read, rates)
    expected = [sum(likely[i] * rates[i][j] for i in range(len(likely))) for j in range(len(read))]
    straight = [sum(count / total * inverse[j][i] for j, count in enumerate(read)) for i in range(len(read))]
    milli = _thousandths(likely)
    shares = []
    for i in range(len(read)):
        weights = [inverse[j][i] for j in range(len(read))]
        variance = _variance_of_mean(weights, expected) / total
        variance += sum(
            likely[c] ** 2 * _variance_of_mean(weights, rates[c]) / sum(confusion[c]) for c in range(len(likely))
        )
        mean = sum(w * e for w, e in zip(weights, expected, strict=True))
        variance += noise_variance * sum((w - mean) ** 2 for w in weights) / total**2
        reach = _Z * sqrt(variance)
        low, high = (round(1000 * min(max(edge, 0.0), 1.0)) for edge in (straight[i] - reach, straight[i] + reach))
        shares.append(Share(share_milli=milli[i], low_milli=min(low, milli[i]), high_milli=max(high, milli[i])))
    return tuple(shares)


def _last_kept(inside: int, outside: int, rejected: Callable[[int], bool]) -> int:
    """Return the last number from `inside` towards `outside` that is not rejected, by halving the way."""
    if not rejected(outside):
        return outside
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
    return inside


def _spread(hits: int, of: int) -> float:
    """Return the variance of a rate that was measured; never zero, because no test proves perfection."""
    rate = (hits + 1) / (of + 2)
    return rate * (1 - rate) / of


def _variance_of_mean(weights: Sequence[float], chances: Sequence[float]) -> float:
    mean = sum(w * p for w, p in zip(weights, chances, strict=True))
    return max(0.0, sum(w * w * p for w, p in zip(weights, chances, strict=True)) - mean * mean)


def _unfolded(read: Sequence[int], rates: Sequence[Sequence[float]]) -> list[float]:
    """Return shares on the way from the counts to the inverted matrix: the further, the more was read."""
    classes = range(len(read))
    total = sum(read)
    shares = [(count + 0.5) / (total + 0.5 * len(read)) for count in read]
    for _ in range(max(1, isqrt(total) // 4)):
        expected = [sum(shares[i] * rates[i][j] for i in classes) for j in classes]
        ratio = [count / (total * chance) if chance > 0 else 0.0 for count, chance in zip(read, expected, strict=True)]
        shares = [shares[i] * sum(rates[i][j] * ratio[j] for j in classes) for i in classes]
        scale = sum(shares)
        shares = [share / scale for share in shares]
    return shares


def _inverted(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Return the inverse by Gauss and Jordan with pivots; None where classes cannot be told apart."""
    size = len(matrix)
    rows = [[*row, *(1.0 if i == j else 0.0 for j in range(size))] for i, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda i: abs(rows[i][column]))
        if abs(rows[pivot][column]) < _SINGULAR:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        lead = rows[column][column]
        rows[column] = [value / lead for value in rows[column]]
        for i in range(size):
            if i != column:
                factor = rows[i][column]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[column], strict=True)]
    return [row[size:] for row in rows]


def _thousandths(shares: Sequence[float]) -> list[int]:
    """Return whole thousandths that add up to 1000, each within one of the share (largest remainder)."""
    whole = [int(1000 * share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: 1000 * shares[i] - whole[i], reverse=True)
    for i in by_remainder[: 1000 - sum(whole)]:
        whole[i] += 1
    return whole
