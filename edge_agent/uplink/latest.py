"""Numbers and messages of which only the newest counts: put in by any thread, taken by the uplink's."""

from threading import Lock
from typing import Final

HEALTH_EXPIRY_S: Final = 180
"""A health message older than this is of no use to anybody."""


class Latest:
    """The present value of every live leaf and ledger, and the last health message that was not sent yet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._live: dict[str, bytes] = {}
        self._changed: set[str] = set()
        self._health: tuple[bytes, float] | None = None
        self._kept: dict[str, bytes] = {}
        self._kept_changed: set[str] = set()

    def put_kept(self, leaf: str, payload: bytes) -> bool:
        """Replace a message that the broker keeps; tell whether it is a new one."""
        with self._lock:
            if self._kept.get(leaf) == payload:
                return False
            self._kept[leaf] = payload
            self._kept_changed.add(leaf)
            return True

    def take_kept(self) -> dict[str, bytes]:
        """Return the messages to be kept that changed; they count as sent."""
        with self._lock:
            changed, self._kept_changed = self._kept_changed, set()
            return {leaf: self._kept[leaf] for leaf in sorted(changed)}

    def put_live(self, leaf: str, payload: bytes) -> bool:
        """Replace a value; tell whether it is a new one."""
        with self._lock:
            if self._live.get(leaf) == payload:
                return False
            self._live[leaf] = payload
            self._changed.add(leaf)
            return True

    def put_health(self, payload: bytes, now_s: float) -> None:
        """Replace the health message."""
        with self._lock:
            self._health = (payload, now_s)

    def begin(self) -> None:
        """A new connection: the broker may have forgotten every value."""
        with self._lock:
            self._changed, self._kept_changed = set(self._live), set(self._kept)

    def waiting(self) -> bool:
        """Tell whether there is something to take."""
        with self._lock:
            return bool(self._changed or self._kept_changed) or self._health is not None

    def take(self, now_s: float) -> tuple[dict[str, bytes], bytes | None]:
        """Return the values that changed and the health message, if it is fresh; they count as sent."""
        with self._lock:
            values = {leaf: self._live[leaf] for leaf in sorted(self._changed)}
            health, self._health = self._health, None
            self._changed = set()
        fresh = health is not None and now_s - health[1] < HEALTH_EXPIRY_S
        return values, health[0] if health is not None and fresh else None
