"""How often somebody may try to sign in: a few mistakes are free, then each costs twice the wait of the one before."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

KEPT: Final = 10_000  # of names and addresses; the one that was quiet longest is forgotten first
AT_A_TIME: Final = 2  # a look at a password costs 64 MB and a tenth of a second
IN_LINE: Final = 20  # who comes beyond is sent away
FORGIVEN_AFTER_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class _Rule:
    """How many mistakes are free, and how long the wait grows at most."""

    free: int
    longest_s: float


_BOTH: Final = _Rule(free=3, longest_s=900.0)
_ADDRESS: Final = _Rule(free=20, longest_s=900.0)
_NAME: Final = _Rule(free=30, longest_s=30.0)  # short: else anybody could keep somebody else out


@dataclass(slots=True)
class _Past:
    mistakes: int
    last_s: float
    until_s: float


class Attempts:
    """Mistakes per name and address, per address, and per name. In memory, bounded."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._past: OrderedDict[tuple[str, ...], _Past] = OrderedDict()
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._in_line = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Wait for a turn; False where too many wait already."""
        if self._in_line >= IN_LINE:
            yield False
            return
        self._in_line += 1
        try:
            async with self._turns:
                yield True
        finally:
            self._in_line -= 1

    def wait_s(self, name: str, address: str) -> float:
        """How long this name from this address has to wait; 0: not at all."""
        now_s = self._clock()
        return max(0.0, *(past.until_s - now_s for key, _ in _keys(name, address) if (past := self._past.get(key))), 0)

    def failed(self, name: str, address: str) -> None:
        """Remember a mistake."""
        now_s = self._clock()
        for key, rule in _keys(name, address):
            past = self._past.pop(key, None)
            if past is None or now_s - past.last_s > FORGIVEN_AFTER_S:
                past = _Past(0, now_s, now_s)
            past.mistakes, past.last_s = past.mistakes + 1, now_s
            if (beyond := past.mistakes - rule.free) > 0:
                past.until_s = now_s + min(rule.longest_s, 2.0 ** min(beyond, 20))
            self._past[key] = past
        while len(self._past) > KEPT:
            self._past.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the mistakes of this name from this address; those of the address stay."""
        self._past.pop(_keys(name, address)[0][0], None)


def _keys(name: str, address: str) -> tuple[tuple[tuple[str, ...], _Rule], ...]:
    network = _network(address)
    name = name[:64].lower()
    return ((("both", name, network), _BOTH), (("address", network), _ADDRESS), (("name", name), _NAME))


def _network(address: str) -> str:
    """An IPv6 user has a whole /64 to try from."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is None:
        return ip.exploded[:19]
    return str(ip)
