"""How long to wait before the next attempt, and with which version of MQTT to make it."""

from random import Random
from typing import Final, Literal

from edge_agent.uplink.trouble import ConnectFailed

Version = Literal["5", "3.1.1"]

_FIRST_S: Final = 1.0
_MOST_S: Final = 120.0


class Backoff:
    """Waits that double from 1 s to 120 s, each shortened by chance, so that a thousand devices do not come at once."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._wait_s = _FIRST_S

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        wait_s, self._wait_s = self._wait_s, min(_MOST_S, 2 * self._wait_s)
        return wait_s * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin with short waits again: the last connection was of use."""
        self._wait_s = _FIRST_S


class Versions:
    """Which version of MQTT to speak: 5 where it works, because only there a broker says why it refuses a message.

    A broker that says that it does not know version 5 is believed as long as this process runs. One that merely
    hangs up may have been restarting: 3.1.1 is then tried at once, but the next connection tries 5 again.
    """

    def __init__(self, setting: Literal["auto", "5", "3.1.1"]) -> None:
        self._auto = setting == "auto"
        self._first: Version = "3.1.1" if setting == "3.1.1" else "5"
        self._five_worked = False
        self.next: Version = self._first

    def failed(self, failure: ConnectFailed) -> bool:
        """Take in a failure, and tell whether to try the other version right away."""
        tried, self.next = self.next, self._first
        if not self._auto:
            return False
        other: Version = "3.1.1" if tried == "5" else "5"
        if failure.version_refused:
            self.next = self._first = other
            return tried == "5"
        if failure.hung_up and tried == "5" and not self._five_worked:
            self.next = other
            return True
        return False

    def worked(self) -> None:
        """Take in a success."""
        self._five_worked |= self.next == "5"
        self.next = self._first
