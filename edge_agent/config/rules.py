"""Rules that bind several values to each other, and the error that says which one broke which rule."""

from collections.abc import Sequence
from itertools import combinations

Location = tuple[str | int, ...]
"""Where a value stands, as pydantic counts: keys and, from 0, places in lists."""


_Point = tuple[float, float]


class SettingError(ValueError):
    """A value breaks a rule that a plain range cannot express.

    Attributes:
        wrong: what is wrong, or what is allowed; one clause without an end.
        fix: what to do.
        at: the value, relative to the table or field whose validator raised this.
        other: the earlier value it collides with, relative to the same.
        missing: the key at `at` is absent, so there is no value to show.
    """

    def __init__(self, wrong: str, fix: str, *, at: Location = (), other: Location = (), missing: bool = False) -> None:
        super().__init__(f"{wrong}; {fix}")
        self.wrong = wrong
        self.fix = fix
        self.at = at
        self.other = other
        self.missing = missing


def check_unique(what: str, names: Sequence[tuple[Location, str]]) -> None:
    """See that no two of these (location, name) share a name.

    Raises:
        SettingError: two do; it points at the second and names the place of the first.
    """
    first: dict[str, Location] = {}
    for location, name in names:
        if name in first:
            wrong = f"names of {what} are unique"
            raise SettingError(wrong, "choose another", at=location, other=first[name])
        first[name] = location


def check_polygon(corners: Sequence[_Point]) -> None:
    """See that a polygon names no corner twice, does not cross itself and has an area.

    Raises:
        SettingError: it does not.
    """
    n = len(corners)
    if len(set(corners)) != n:
        raise SettingError("names a corner twice", "leave the closing corner out", at=("polygon",))
    edges = [(corners[i], corners[(i + 1) % n]) for i in range(n)]
    for i, j in combinations(range(n), 2):  # neighbours share a corner, which gives an exact zero: no crossing
        if _cross(*edges[i], *edges[j]):
            wrong = f"crosses itself: edge {i + 1} meets edge {j + 1}"
            raise SettingError(wrong, "list the corners in order, once around", at=("polygon",))
    if abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges)) < 1e-9:
        raise SettingError("has no area: all corners lie on one line", "move a corner", at=("polygon",))


def _cross(a: _Point, b: _Point, c: _Point, d: _Point) -> bool:
    """Whether the segments ab and cd cross in a point inside both."""

    def turn(p: _Point, q: _Point, r: _Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0
