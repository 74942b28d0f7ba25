"""Noise for counts, exact: whole numbers only, because the low bits of floating-point noise give away what it hides.

The discrete Laplace distribution, P(x) proportional to exp(-epsilon |x|), drawn as Canonne, Kamath and Steinke do
(The discrete Gaussian for differential privacy, 2020, algorithms 1 and 2): from uniform whole numbers, by coins whose
chance is exp of a fraction, itself tossed with coins of rational chance. Added to a count that one visit changes by
one, it makes any two such counts look alike up to the factor exp(epsilon).
"""

from collections.abc import Callable
from fractions import Fraction
from math import exp

Draw = Callable[[int], int]
"""`draw(n)` returns a whole number from 0 to n-1, each as likely; `secrets.randbelow` outside of tests."""


def discrete_laplace(epsilon: Fraction, draw: Draw) -> int:
    """Return a number x with a chance proportional to exp(-epsilon |x|).

    Raises:
        ValueError: epsilon is not positive.
    """
    if epsilon <= 0:
        raise ValueError(f"noise of epsilon {epsilon} has no end; it must be positive")
    parts, whole = epsilon.denominator, epsilon.numerator
    while True:
        fine = draw(parts)
        if not _coin(Fraction(fine, parts), draw):
            continue
        coarse = 0
        while _coin(Fraction(1), draw):
            coarse += 1
        size = (fine + parts * coarse) // whole
        negative = draw(2) == 1
        if size or not negative:  # zero has one sign, or it would come twice as often
            return -size if negative else size


def variance(epsilon: Fraction) -> float:
    """Return the variance of that noise."""
    ratio = exp(-epsilon)
    return 2 * ratio / (1 - ratio) ** 2


def _coin(gamma: Fraction, draw: Draw) -> bool:
    """Return True with the chance exp(-gamma), for gamma from 0 to 1."""
    turn = 1
    while draw(gamma.denominator * turn) < gamma.numerator:
        turn += 1
    return turn % 2 == 1
