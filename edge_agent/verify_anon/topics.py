"""Which row of the table of topics a topic belongs to."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from edge_agent.message import ROOT, TOPICS, Topic

_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"
_LEVEL: Final = re.compile(r"\{(\w+)\}")

TOWARDS_DEVICE: Final = frozenset({"ack", "config/set"})
"""What the fleet says to a device; whatever a device sends has another topic."""

UNTABLED: Final = frozenset({"config/set"})
"""Of those, the ones without a row in the table: no message of a device, so nothing to judge."""


@dataclass(frozen=True, slots=True)
class Place:
    """A topic under the base, taken apart. `row` is None where the table has none for it."""

    base: str
    leaf: str
    levels: dict[str, str]
    row: Topic | None

    @property
    def kind(self) -> str:
        """The leaf as the table writes it, or '?'."""
        if self.row is not None:
            return self.row.leaf
        return self.leaf if self.leaf in UNTABLED else "?"

    @property
    def towards_device(self) -> bool:
        """Whether it is from the fleet to a device."""
        return self.leaf in TOWARDS_DEVICE


def is_ours(topic: str) -> bool:
    """Whether the contract speaks of this topic at all."""
    return topic == ROOT or topic.startswith(f"{ROOT}/")


def place(topic: str) -> Place | None:
    """Take a topic apart; None if it does not begin with the base of a device."""
    found = re.fullmatch(rf"{re.escape(ROOT)}/({_NAME})/({_NAME})/({_NAME})/(.+)", topic, re.DOTALL)
    if found is None:
        return None
    tenant, site, device, leaf = found.groups()
    base = {"tenant": tenant, "site": site, "device": device}
    name = f"{ROOT}/{tenant}/{site}/{device}"
    for row, pattern in _patterns():
        if match := pattern.fullmatch(leaf):
            return Place(name, leaf, base | match.groupdict(), row)
    return Place(name, leaf, base, None)


@cache
def _patterns() -> tuple[tuple[Topic, re.Pattern[str]], ...]:
    return tuple((row, re.compile(_pattern(row.leaf))) for row in TOPICS)


def _pattern(leaf: str) -> str:
    """'live/{line}/in' as a pattern that takes a name for each level in braces."""
    parts = _LEVEL.split(leaf)
    return "".join(re.escape(part) if i % 2 == 0 else f"(?P<{part}>{_NAME})" for i, part in enumerate(parts))
