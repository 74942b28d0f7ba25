"""Discovery by Home Assistant: one retained message per device, and its entities appear there by themselves.

Home Assistant 2024.11 and newer reads a whole device from one message on `PREFIX/device/ID/config`. What a device has
to show is learned from its retained live leaves and from its birth. A leaf that says `unknown` becomes the state
"unknown" there, never the last number; a device that is offline becomes "unavailable".
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final

from aiomqtt import Client, MqttError, ProtocolVersion, TLSParameters
from pydantic import ValidationError
from sqlalchemy import Engine, select

from edge_agent.fleet.settings import Broker, Settings
from edge_agent.fleet.store.tables import devices, sites
from edge_agent.message import ROOT, State, base_topic

QUIET_S: Final = 2.0  # MQTT does not say when the last retained message has come
PATIENCE_S: Final = 15.0
_EXPIRES_S: Final = 180  # as the device's health message does
_OURS: Final = "footfall_"
_LINE: Final = re.compile(r"^([\w-]+)/(in|out)$")
_INSIDE: Final = re.compile(r"^([\w-]+)/inside$")
_ZONE: Final = re.compile(r"^([\w-]+)/([\w-]+)/occupancy$")
_ICONS: Final = MappingProxyType({"in": "enter", "out": "exit"})
_NUMBER: Final = "{{ 'None' if value == 'unknown' else value }}"  # "None" is Home Assistant's word for unknown

Config = dict[str, Any]


class DiscoveryError(RuntimeError):
    """The broker could not be used; the message says what to look at."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A device that Home Assistant is told about."""

    tenant: str
    site: str
    device: str
    site_name: str | None
    birth: State | None

    @property
    def base(self) -> str:
        """What all of its topics begin with."""
        return base_topic(self.tenant, self.site, self.device)

    @property
    def id(self) -> str:
        """Its name in Home Assistant. The hash keeps a/b_c and a_b/c apart, which otherwise read the same."""
        return f"{_OURS}{self.tenant}_{self.site}_{self.device}_{sha256(self.base.encode()).hexdigest()[:8]}"

    @property
    def cameras(self) -> tuple[str, ...] | None:
        """Names of its cameras; None before its first birth."""
        return None if self.birth is None else tuple(camera.name for camera in self.birth.cameras)


@dataclass(frozen=True, slots=True)
class Changes:
    """Topics that were written: announced anew or otherwise, taken away, and left as they were."""

    announced: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int


def admitted(engine: Engine) -> list[Announced]:
    """The devices whose messages are stored. Those in quarantine are shown to nobody."""
    wanted = select(devices.c.tenant, devices.c.site, devices.c.device, devices.c.state, sites.c.name)
    with engine.connect() as connection:
        rows = connection.execute(wanted.join(sites).where(devices.c.admitted_s.is_not(None)))
        return [Announced(row.tenant, row.site, row.device, row.name, _birth(row.state)) for row in rows]


def _birth(payload: str | None) -> State | None:
    try:
        return None if payload is None else State.model_validate_json(payload)
    except ValidationError:
        return None


def discovery(device: Announced, leaves: Iterable[str], before: Mapping[str, Config] | None = None) -> Config:
    """The message that makes Home Assistant show a device.

    Args:
        device: the device.
        leaves: its live topics, without `base/live/`.
        before: the components that were announced before. They stay, because a leaf that a restarted broker has not
            heard again yet is no reason to take an entity away; what belongs to a camera that is gone does not.
    """
    components = {key: config for leaf in leaves for key, config in _of_leaf(device, leaf)} | _of_health(device)
    for key, config in (before or {}).items():
        if key not in components:
            components[key] = config if _still_there(device, key) else {"platform": config["platform"]}
    about: Config = {
        "identifiers": [device.id],
        "name": f"{device.site_name or device.site} {device.device}",
        "manufacturer": "edge-agent",
        "model": "people counter",
        "suggested_area": device.site_name or device.site,
    }
    if device.birth is not None:
        about["sw_version"] = device.birth.agent
    return {
        "device": about,
        "origin": {"name": "edge-agent"},
        "availability": [{"topic": f"{device.base}/state", "value_template": "{{ value_json.status }}"}],
        "components": dict(sorted(components.items())),
    }


def _of_leaf(device: Announced, leaf: str) -> Iterable[tuple[str, Config]]:
    """The entity of a live leaf; none for a leaf that this version does not know."""
    if match := _LINE.match(leaf):
        line, way = match.groups()
        look = {"name": f"{line} {way}", "state_class": "total_increasing", "icon": f"mdi:location-{_ICONS[way]}"}
        yield _number(device, leaf, f"line.{line}.{way}", look)
    elif match := _INSIDE.match(leaf):
        camera = match[1]
        look = {"name": f"{camera} inside", "state_class": "measurement", "icon": "mdi:account-group"}
        yield _number(device, leaf, f"camera.{camera}.inside", look)
    elif match := _ZONE.match(leaf):
        camera, zone = match.groups()
        look = {"name": f"{camera} {zone}", "state_class": "measurement", "icon": "mdi:counter"}
        yield _number(device, leaf, f"camera.{camera}.zone.{zone}", look)


def _number(device: Announced, leaf: str, key: str, look: Config) -> tuple[str, Config]:
    topic = f"{device.base}/live/{leaf}"
    return key, _component(device, key, "sensor", {**look, "state_topic": topic, "value_template": _NUMBER})


def _of_health(device: Announced) -> dict[str, Config]:
    """What the minute's health message tells: it runs out when none comes any more."""
    common = {
        "state_topic": f"{device.base}/health",
        "expire_after": _EXPIRES_S,
        "entity_category": "diagnostic",
    }
    found = {
        "temperature": _component(
            device,
            "temperature",
            "sensor",
            {
                **common,
                "name": "temperature",
                "device_class": "temperature",
                "unit_of_measurement": "°C",
                "state_class": "measurement",
                "value_template": "{{ value_json.temperature_c }}",
            },
        ),
        "outbox": _component(
            device,
            "outbox",
            "sensor",
            {
                **common,
                "name": "messages waiting",
                "state_class": "measurement",
                "icon": "mdi:tray-full",
                "value_template": "{{ value_json.outbox_rows }}",
            },
        ),
    }
    for camera in device.cameras or ():
        key = f"camera.{camera}.sees"
        seen = f"value_json.cameras | selectattr('name', 'eq', '{camera}') | selectattr('seeing') | list"
        look = {
            **common,
            "name": f"{camera} sees",
            "device_class": "connectivity",
            "value_template": f"{{{{ 'ON' if {seen} else 'OFF' }}}}",
        }
        found[key] = _component(device, key, "binary_sensor", look)
    return found


def _component(device: Announced, key: str, platform: str, look: Config) -> Config:
    return {"platform": platform, "unique_id": f"{device.id}.{key}", **look}


def _still_there(device: Announced, key: str) -> bool:
    """Whether the device may still have what the key names: all of it, but for cameras that its birth lacks."""
    kind, _, rest = key.partition(".")
    return kind != "camera" or device.cameras is None or rest.partition(".")[0] in device.cameras


async def announce(settings: Settings, known: Iterable[Announced], *, afresh: bool = False) -> Changes:
    """Make what Home Assistant is told equal to what the fleet has; switched off, take all of it away.

    What the broker already keeps is not written again, so this may run every few minutes.

    Args:
        settings: where the broker is, and the prefix.
        known: the devices to announce.
        afresh: forget what was announced before: lines and zones that no leaf tells of any more go.

    Raises:
        DiscoveryError: the broker cannot be reached, or does not keep what is published.
    """
    prefix = settings.home_assistant.prefix
    wanted_devices = list(known) if settings.home_assistant.enabled else []
    try:
        async with _client(settings.broker) as client:
            seen = await _retained(client, prefix)
            kept = {topic: payload for topic, payload in seen.items() if topic.startswith(f"{prefix}/device/{_OURS}")}
            wanted: dict[str, bytes] = {}
            for device in wanted_devices:
                topic = f"{prefix}/device/{device.id}/config"
                live = f"{device.base}/live/"
                leaves = sorted(each.removeprefix(live) for each in seen if each.startswith(live))
                before = _components(kept.get(topic))
                if afresh:
                    before = {key: {"platform": config["platform"]} for key, config in before.items()}
                wanted[topic] = json.dumps(discovery(device, leaves, before), separators=(",", ":")).encode()
            writes = {topic: payload for topic, payload in wanted.items() if kept.get(topic) != payload}
            writes |= dict.fromkeys(kept.keys() - wanted.keys(), b"")
            await _write(client, writes)
    except (MqttError, OSError) as error:
        raise DiscoveryError(f"{settings.broker.url}: {error}") from None
    return Changes(
        announced=tuple(sorted(topic for topic, payload in writes.items() if payload)),
        removed=tuple(sorted(topic for topic, payload in writes.items() if not payload)),
        unchanged=len(wanted.keys() - writes.keys()),
    )


def _client(broker: Broker) -> Client:
    password = None
    if broker.password_file is not None:
        password = broker.password_file.read_text(encoding="utf-8").rstrip("\r\n")
    tls = None
    if broker.tls:
        files = (broker.ca_file, broker.cert_file, broker.key_file)
        ca, certificate, key = (None if file is None else str(file) for file in files)
        tls = TLSParameters(ca_certs=ca, certfile=certificate, keyfile=key)
    return Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=password,
        # One question and a few answers: nothing of MQTT 5 is needed, and every broker speaks the older one.
        protocol=ProtocolVersion.V5 if broker.protocol == "5" else ProtocolVersion.V311,
        tls_params=tls,
        timeout=PATIENCE_S,
    )


async def _retained(client: Client, prefix: str) -> dict[str, bytes]:
    """All that the broker keeps of live leaves and of discovery."""
    await client.subscribe([(f"{ROOT}/+/+/+/live/#", 0), (f"{prefix}/device/+/config", 0)])
    seen: dict[str, bytes] = {}
    messages = aiter(client.messages)
    while True:
        try:
            message = await asyncio.wait_for(anext(messages), QUIET_S)
        except TimeoutError:
            return seen
        payload = message.payload
        if message.retain and isinstance(payload, bytes) and payload:
            seen[message.topic.value] = payload


def _components(payload: bytes | None) -> dict[str, Config]:
    """The components of a message of ours that the broker kept; none if it is not what we would write."""
    try:
        told = json.loads(payload or b"{}").get("components", {})
        return {key: config for key, config in told.items() if isinstance(config["platform"], str)}
    except (ValueError, AttributeError, TypeError, KeyError):
        return {}


async def _write(client: Client, writes: Mapping[str, bytes]) -> None:
    """Publish, and wait until each comes back: what an access list forbids is acknowledged all the same."""
    missing = dict(writes)
    for topic, payload in writes.items():
        await client.publish(topic, payload, qos=1, retain=True)
    messages = aiter(client.messages)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while missing:
                message = await anext(messages)
                if missing.get(message.topic.value) == message.payload:
                    del missing[message.topic.value]
    except TimeoutError:
        raise DiscoveryError(
            f"{next(iter(missing))}: the broker did not keep it; may this client read and write there?"
        ) from None
