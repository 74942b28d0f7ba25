"""Whether `prev_hash` is what it should be: 64 free digits in each message could otherwise carry anything."""

from collections import OrderedDict
from typing import Final

from edge_agent.message import GENESIS, payload_hash

_KEPT: Final = 100_000


class Chain:
    """The links between the messages of one capture. Only messages whose exact bytes are there count."""

    def __init__(self) -> None:
        self.checked = 0
        self.unchecked = 0
        self._seen: OrderedDict[tuple[str, str, int], tuple[str, str]] = OrderedDict()

    def add(self, base: str, epoch: str, seq: int, prev_hash: str, payload: bytes) -> tuple[str, ...]:
        """Take a message; say what does not fit to those before and after it, if they are in the capture."""
        key, own = (base, epoch, seq), payload_hash(payload)
        known = self._seen.get(key)
        if known is not None:
            return () if known[0] == own else ("the key (device, epoch, seq) came before with another content",)
        found = []
        before = self._seen.get((base, epoch, seq - 1))
        if seq == 1 or before is not None:
            self.checked += 1
            if prev_hash != (before[0] if before is not None and seq != 1 else GENESIS):
                found.append("is not the hash of the message before")
        else:
            self.unchecked += 1
        after = self._seen.get((base, epoch, seq + 1))
        if after is not None:
            self.checked, self.unchecked = self.checked + 1, max(0, self.unchecked - 1)
            if after[1] != own:
                found.append(f"the message with seq {seq + 1} does not follow on it")
        self._seen[key] = (own, prev_hash)
        if len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        return tuple(found)
