"""The broker's files as they are shipped, in a real Mosquitto; only the paths and the port are others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.broker import Broker, Certificates, Listener, until
from support.shipped_broker import install, listen
from support.uplink_rig import BASE, Rig, delivered


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.device("fleet-ingest")
    made.device("door-2")
    return made


@pytest.fixture
def local(tmp_path: Path, certificates: Certificates) -> Iterator[Broker]:
    with install(tmp_path / "local", certificates, "local.conf") as broker:
        yield broker


@pytest.fixture
def tls(tmp_path: Path, certificates: Certificates) -> Iterator[Broker]:
    with install(tmp_path / "tls", certificates, "tls.conf") as broker:
        yield broker


def test_nothing_that_was_acknowledged_is_lost_by_a_kill(tmp_path: Path, local: Broker) -> None:
    """1100 messages for a consumer that is away, more than Mosquitto's own queue, survive kill -9 of the broker."""
    with Listener(local.port, name="ingest"):
        pass
    with Rig(tmp_path, {"url": local.url}) as rig:
        rig.add(*range(1100))
        rig.wait_drained()
        local.kill()
    local.start()
    with Listener(local.port, name="ingest") as ingest:
        until(lambda: len(ingest.payloads("counts")) >= 1100)
        assert delivered(ingest.payloads("counts")) == list(range(1100))


def test_a_fleet_with_watermarks_loses_nothing_by_a_kill_either(tmp_path: Path, certificates: Certificates) -> None:
    """With watermark.conf a killed broker forgets what it acknowledged; the counter sends it until it is stored."""
    with install(tmp_path / "central", certificates, "local.conf", "watermark.conf") as broker:
        with Listener(broker.port, name="ingest"):
            pass
        with Rig(tmp_path, {"url": broker.url}, resend_after_s=3.0) as rig:
            rig.add(*range(200))
            rig.wait_drained()
            broker.kill()
            broker.start()
            with Listener(broker.port, name="ingest") as ingest:
                until(lambda: len(set(ingest.payloads("counts"))) >= 200)
                assert delivered(ingest.payloads("counts")) == list(range(200))
                epoch = rig.outbox.stats().epoch
                ingest.publish(f"{BASE}/ack", f'{{"epoch": "{epoch}", "seq": 200}}', retain=True)
                until(lambda: rig.outbox.stats().rows == 0)


@pytest.mark.parametrize(("beside", "fewest", "most"), [((), 100, 3000), (("watermark.conf",), 0, 5)])
def test_how_often_the_broker_writes(
    tmp_path: Path, certificates: Certificates, beside: tuple[str, ...], fewest: int, most: int
) -> None:
    """By itself mosquitto.conf has everything written at every change or two; with watermark.conf, now and then."""
    with install(tmp_path / "broker", certificates, "local.conf", *beside) as broker:
        with Listener(broker.port, name="ingest"), Rig(tmp_path, {"url": broker.url}) as rig:
            rig.add(*range(1100))
            rig.wait_drained()
        assert fewest <= sum("Saving in-memory database" in line for line in broker.log) <= most


def test_a_counter_publishes_through_the_shipped_tls_files(
    tmp_path: Path, tls: Broker, certificates: Certificates
) -> None:
    """With the certificates of README's commands, everything a counter has to say arrives at the fleet, and back."""
    settings = {
        "url": f"mqtts://localhost:{tls.port}",
        "ca_file": certificates.path("ca.crt"),
        "cert_file": certificates.path("device.crt"),
        "key_file": certificates.path("device.key"),
        "protocol": "5",
    }
    with listen(tls, certificates, "fleet-ingest") as fleet, Rig(tmp_path, settings) as rig:
        rig.add(*range(3))
        rig.uplink.publish_live("live/door/in", b"3")
        rig.uplink.publish_health(b"{}")
        rig.wait_drained()
        until(lambda: all(fleet.payloads(leaf) for leaf in ("counts", "state", "in", "health")))
        assert delivered(fleet.payloads("counts")) == [0, 1, 2]
        epoch = rig.outbox.stats().epoch
        fleet.publish(f"{BASE}/ack", f'{{"epoch": "{epoch}", "seq": 3}}', retain=True)
        until(lambda: rig.outbox.stats().rows == 0)
        assert rig.uplink.counters.refused == 0


def test_a_counter_cannot_read_or_write_for_another(
    tmp_path: Path, tls: Broker, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """door-2's certificate neither publishes door-1's counts nor hears them, nor sets a watermark."""
    settings = {
        "url": f"mqtts://localhost:{tls.port}",
        "ca_file": certificates.path("ca.crt"),
        "cert_file": certificates.path("door-2.crt"),
        "key_file": certificates.path("door-2.key"),
        "protocol": "5",
    }
    with (
        listen(tls, certificates, "fleet-ingest") as fleet,
        listen(tls, certificates, "door-2") as thief,
        Rig(tmp_path, settings) as rig,  # its base is door-1's
    ):
        rig.add("forged")
        until(lambda: rig.uplink.counters.refused)
        thief.publish(f"{BASE}/ack", '{"epoch": "0123456789abcdef", "seq": 1}')
        fleet.publish(f"{BASE}/ack", "the control: this one arrives at who may read it")
        fleet.publish(f"{BASE.replace('door-1', 'door-2')}/ack", "for door-2")
        until(lambda: thief.payloads("ack"))
        assert thief.payloads("ack") == [b"for door-2"]
        assert fleet.payloads("counts") == []
        assert fleet.payloads("ack") == [b"the control: this one arrives at who may read it", b"for door-2"]


def test_nobody_comes_in_without_a_certificate(tmp_path: Path, tls: Broker, certificates: Certificates) -> None:
    """The shipped TLS listener refuses a client that cannot show one."""
    settings = {"url": f"mqtts://localhost:{tls.port}", "ca_file": certificates.path("ca.crt")}
    with Rig(tmp_path, settings) as rig:
        until(lambda: any("peer did not return a certificate" in line for line in tls.log))
        assert rig.uplink.counters.connects == 0


def test_the_limits_are_announced(tmp_path: Path, local: Broker) -> None:
    """A message over the shipped size limit is held back by the agent and does not break the connection."""
    with Rig(tmp_path, {"url": local.url, "protocol": "5"}) as rig:
        rig.add("too large", padding=200_000)
        rig.add("fits")
        until(lambda: rig.outbox.stats().unsent == 1)
        assert rig.uplink.counters.connects == 1
