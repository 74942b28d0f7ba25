"""Chance from `random.Random` and nothing else: counts of people, and totals shared out without a remainder."""

from collections.abc import Sequence
from hashlib import sha256
from math import exp, sqrt
from random import Random
from typing import Final

_SMALL: Final = 16  # up to here one by one; above, the normal distribution is close enough
_GOLDEN: Final = 2654435761  # 2**32 over the golden ratio: multiples of it fall evenly
_OTHER: Final = 2246822507  # odd and large, so that neighbouring salts lie far apart


def source(*words: object) -> Random:
    """Return a source of chance of its own for what the words name; the same words always give the same."""
    return Random("/".join(map(str, words)))  # noqa: S311 - a simulation is to be repeatable


def digits(*words: object) -> str:
    """Return 16 hex digits for what the words name."""
    return sha256("/".join(map(str, words)).encode()).hexdigest()[:16]


def poisson(chance: Random, mean: float) -> int:
    """Return how many came, where `mean` are expected."""
    if mean <= 0:
        return 0
    if mean > _SMALL:
        return max(0, round(chance.gauss(mean, sqrt(mean))))
    limit, product, count = exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def binomial(chance: Random, of: int, share: float) -> int:
    """Return how many of so many it is true for, where it is for a share of all."""
    if of <= 0 or share <= 0:
        return 0
    if share >= 1:
        return of
    if of <= _SMALL:
        return sum(chance.random() < share for _ in range(of))
    return min(of, max(0, round(chance.gauss(of * share, sqrt(of * share * (1 - share))))))


def multinomial(chance: Random, of: int, shares: Sequence[float]) -> list[int]:
    """Return how many of so many fall to each class; the shares add up to one."""
    counts, left, rest = [], of, 1.0
    for share in shares[:-1]:
        count = binomial(chance, left, share / rest if rest > 0 else 0.0) if left else 0
        counts.append(count)
        left -= count
        rest -= share
    return [*counts, left]


def dither(start_s: int, salt: int) -> float:
    """Return a number of [0, 1) that rounds fairly over the hours, and costs no draw from a source of chance."""
    return ((start_s // 60 * _GOLDEN + salt * _OTHER) & 0xFFFFFFFF) / 2**32


def split(total: int, weights: Sequence[float], offset: float) -> list[int]:
    """Share a total out by weights, in whole numbers that add up to it; what weighs nothing gets nothing.

    Args:
        total: to be shared out.
        weights: of the parts.
        offset: of [0, 1), where rounding begins.
    """
    whole = sum(weights)
    if not total or whole <= 0:
        return [0] * len(weights)
    parts, sum_so_far, before = [], 0.0, 0
    for weight in weights:
        sum_so_far += weight
        now = int(total * (sum_so_far / whole) + offset)
        parts.append(now - before)
        before = now
    return parts
