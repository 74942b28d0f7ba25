"""The words of the labels, in the order of the network's outputs."""

from typing import Final

from edge_agent.terms import AgeBand, Sex

SEXES: Final = (Sex.FEMALE, Sex.MALE)
BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)
AGES: Final = ("0-2", "3-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69", "more than 70")
"""The labels' own ages, finer than the bands at both ends; the network learns these and the exported one adds up."""

BAND_OF: Final = (0, 0, 0, 1, 2, 3, 4, 5, 5)
"""The band of each of AGES, as its place in BANDS."""

ADULT: Final = 3
"""The first of AGES that is an adult."""
