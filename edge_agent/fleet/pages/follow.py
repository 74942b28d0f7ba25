"""Follows the live numbers at the broker: the retained `live/#` of every device, and whether the device is there.

A value is known only while the broker is connected and the device's newest state is `online`: a device that lost its
power leaves its last numbers retained, and those are not the present.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import aiomqtt
from pydantic import ValidationError

from edge_agent.fleet.broker import BrokerError, password, tls_context
from edge_agent.fleet.settings import Broker
from edge_agent.message import ROOT, State

_log = logging.getLogger(__name__)

LEAVES: Final = 200_000  # of all devices; what comes beyond is not shown
LARGEST: Final = 2**31 - 1
_AGAIN_S: Final = (1.0, 2.0, 5.0, 10.0, 15.0)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_VALUE: Final = re.compile(rb"[0-9]{1,10}")

DeviceKey = tuple[str, str, str]
Leaf = tuple[str, ...]


@dataclass(slots=True)
class _Heard:
    """Of one device: whether it is online, and its leaves; None is unknown."""

    session: int = -1
    online: bool = False
    leaves: dict[Leaf, int | None] = field(default_factory=dict)


class Live:
    """What the broker says now. Everything runs in one asyncio loop."""

    def __init__(self, broker: Broker, clock: Callable[[], float] = time.time) -> None:
        self._broker = broker
        self._clock = clock
        self._heard: dict[DeviceKey, _Heard] = {}
        self._count = 0
        self.connected = False
        self.was_connected = False
        self.away_since_s: float | None = None
        self.version = 0

    def leaves(self, device: DeviceKey) -> Mapping[Leaf, int | None]:
        """The device's leaves; None where the value is not known."""
        heard = self._heard.get(device)
        if heard is None:
            return {}
        known = self.connected and heard.online
        return {leaf: value if known else None for leaf, value in heard.leaves.items()}

    async def follow(self) -> None:
        """Stay connected until cancelled."""
        try:
            await self._stay()
        finally:
            self._lost()

    async def _stay(self) -> None:
        versions = _versions(self._broker.protocol)
        tried, said = 0, ""
        while True:
            try:
                await self._listen(versions[tried % len(versions)])
            except (aiomqtt.MqttError, BrokerError, OSError, ValueError) as error:
                was_connected = self.connected
                self._lost()
                # Where the version is open the other one is tried at once; a broker that is away is left alone.
                tried = 0 if was_connected else tried + 1
                pause_s = _AGAIN_S[min(tried // len(versions), len(_AGAIN_S) - 1)]
                if was_connected or str(error) != said:
                    said = str(error)
                    _log.warning("%s: %s; trying again", self._broker.url, said)
                if tried % len(versions) == 0:
                    await asyncio.sleep(pause_s)

    async def _listen(self, version: aiomqtt.ProtocolVersion) -> None:
        broker = self._broker
        client = aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=password(broker),
            protocol=version,
            tls_context=tls_context(broker),
            timeout=10,
            keepalive=20,
        )
        async with client:
            # The first messages may be here before the acknowledgement of the subscription is.
            self._connected()
            for topic in (f"{ROOT}/+/+/+/state", f"{ROOT}/+/+/+/live/#"):
                await client.subscribe(topic, qos=0)
            async for message in client.messages:
                payload = message.payload
                self.take(str(message.topic), payload if isinstance(payload, bytes) else b"")

    def _connected(self) -> None:
        """Forget what was: what is still so is retained and comes again."""
        self._heard, self._count = {}, 0
        self.connected = self.was_connected = True
        self.away_since_s = None
        self.version += 1

    def _lost(self) -> None:
        if self.connected or self.away_since_s is None:
            self.away_since_s = self._clock()
            self.version += 1
        self.connected = False

    def take(self, topic: str, payload: bytes) -> None:
        """A message came. What is not of our form is left aside: whoever may publish must not stop this."""
        parts = topic.split("/")
        if len(parts) < 6 or not all(_NAME.fullmatch(part) for part in parts[2:]):
            return
        device, leaf = (parts[2], parts[3], parts[4]), tuple(parts[5:])
        if leaf == ("state",):
            self._take_state(device, payload)
        elif leaf[0] == "live" and (
            (len(leaf) == 3 and leaf[2] in {"in", "out", "inside"}) or (len(leaf) == 4 and leaf[3] == "occupancy")
        ):
            self._take_leaf(device, leaf[1:], payload)

    def _of(self, device: DeviceKey) -> _Heard:
        heard = self._heard.get(device) or _Heard()
        if len(self._heard) < LEAVES:
            self._heard[device] = heard
        return heard

    def _take_state(self, device: DeviceKey, payload: bytes) -> None:
        with suppress(ValidationError):
            state = State.model_validate_json(payload)
            if (state.tenant, state.site, state.device) != device:
                return
            heard = self._of(device)
            if state.session >= heard.session:  # else a late will of a session before
                heard.session, heard.online = state.session, state.status == "online"
                self.version += 1

    def _take_leaf(self, device: DeviceKey, leaf: Leaf, payload: bytes) -> None:
        heard = self._of(device)
        if not payload:  # taken back
            self._count -= leaf in heard.leaves
            heard.leaves.pop(leaf, None)
            self.version += 1
            return
        if leaf not in heard.leaves:
            if self._count >= LEAVES:
                return
            self._count += 1
        number = int(payload) if _VALUE.fullmatch(payload) else None
        heard.leaves[leaf] = number if number is not None and number <= LARGEST else None
        self.version += 1


def _versions(protocol: str) -> tuple[aiomqtt.ProtocolVersion, ...]:
    five, three = aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311
    return {"auto": (five, three), "5": (five,), "3.1.1": (three,)}[protocol]
