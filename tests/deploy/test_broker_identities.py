"""Who may say and hear what at the central broker: the shipped files in a real Mosquitto, real certificates."""

from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client
from support.broker import Broker, Certificates, Listener, until
from support.shipped_broker import install, listen

BASE = "footfall/v1/acme/milano-01/door-1"
OTHER = "footfall/v1/acme/milano-01/door-9"
CONFIG = "homeassistant/device/footfall_x/config"
END = f"{OTHER}/ack"  # the ingest may write it, and everybody who hears anything of the fleet may read it

OWN = ("state", "counts", "hours", "alerts", "health", "privacy", "live/door/in", "live/entrance/till/occupancy")
TOPICS = (
    *(f"{base}/{leaf}" for base in (BASE, OTHER) for leaf in (*OWN, "config/state", "ack", "config/set", "anything")),
    CONFIG,
    "homeassistant/status",
    "homeassistant/sensor/x/config",
    "anything/else",
)
MAY_WRITE = {
    "door-1": {f"{BASE}/{leaf}" for leaf in (*OWN, "config/state")},
    "fleet-ingest": {f"{BASE}/ack", f"{OTHER}/ack"},
    "fleet-pages": set(),
    "fleet-discovery": {CONFIG},
    "dashboards": {"homeassistant/status"},
}
FOOTFALL = {topic for topic in TOPICS if topic.startswith("footfall/")}
MAY_READ = {
    "door-1": {f"{BASE}/ack", f"{BASE}/config/set", f"{BASE}/state"},
    "fleet-ingest": FOOTFALL,
    "fleet-pages": FOOTFALL,
    "fleet-discovery": {topic for topic in FOOTFALL if "/live/" in topic} | {CONFIG},
    "dashboards": FOOTFALL | {CONFIG, "homeassistant/status", "homeassistant/sensor/x/config"},
}
ROOT = "root"
"""The test's own identity, which may do everything: added to the list so that a topic can be heard and said at all."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    for who in (*MAY_WRITE, ROOT):
        made.device(who)
    return made


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("broker") / "central"
    broker = install(folder, certificates, "tls.conf")
    with (folder / "etc" / "acl").open("a", encoding="utf-8") as acl:
        acl.write(f"\nuser {ROOT}\ntopic readwrite #\n")
    with broker:
        yield broker


def heard(listener: Listener, end: str) -> set[str]:
    """What a listener got until the last message."""
    until(lambda: any(seen.payload == end.encode() for seen in list(listener.seen)))
    return {seen.topic for seen in list(listener.seen) if seen.payload != end.encode()}


@pytest.mark.parametrize("who", sorted(MAY_WRITE))
def test_each_says_only_what_is_its_own(broker: Broker, certificates: Certificates, who: str) -> None:
    """Of all topics that one identity publishes exactly those arrive that it may write: a device has its base only."""
    with listen(broker, certificates, ROOT, ["#"]) as everything:
        with listen(broker, certificates, who, ["nothing"]) as client:
            for topic in TOPICS:
                client.publish(topic, who)
        with listen(broker, certificates, ROOT, ["nothing"]) as root:
            root.publish("end", f"end of {who}")
        assert heard(everything, f"end of {who}") == MAY_WRITE[who]


@pytest.mark.parametrize("who", sorted(MAY_READ))
def test_each_hears_only_what_is_meant_for_it(broker: Broker, certificates: Certificates, who: str) -> None:
    """Of all topics exactly those reach an identity that it may read, although it asks for everything."""
    with listen(broker, certificates, who, ["#"]) as client, listen(broker, certificates, ROOT, ["nothing"]) as root:
        for topic in TOPICS:
            root.publish(topic, f"for {who}")
        last = max(MAY_READ[who])
        root.publish(last, f"end for {who}")
        assert heard(client, f"end for {who}") == MAY_READ[who]


def test_a_device_that_publishes_as_another_is_told(broker: Broker, certificates: Certificates) -> None:
    """Over MQTT 5 the broker answers "not authorised" to a device that writes below another one's base."""
    codes: dict[int, int] = {}

    def set_up(client: Client) -> None:
        certificate, key = (str(certificates.path(f"door-1.{end}")) for end in ("crt", "key"))
        client.tls_set(str(certificates.path("ca.crt")), certificate, key)
        client.on_publish = lambda _client, _data, mid, reason, _properties: codes.update({mid: reason.value})

    with Listener(broker.port, ["nothing"], set_up=set_up) as client:
        client.publish(f"{BASE}/counts", "mine")
        client.publish(f"{OTHER}/counts", "forged")
        until(lambda: len(codes) == 2)
    assert list(codes.values()) in ([0x00, 0x87], [0x10, 0x87])  # 0x10: accepted, and nobody listens
