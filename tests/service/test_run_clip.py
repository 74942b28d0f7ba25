"""`run` on a clip: what arrives at the broker is what `replay` shows."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.agent import Site, crossings, windows
from support.broker import DEPLOY, Broker, Certificates, Listener, free_port

from edge_agent.message import GENESIS, payload_hash


def _agree(listener: Listener, replayed: dict[str, Any]) -> None:
    counts, hours = windows(listener)
    exit_line = replayed["lines"]["exit"]
    stays = replayed["zones"]["table"]["stays"]
    assert crossings(counts) == crossings(hours) == (exit_line["in"], exit_line["out"]) == (0, 6)
    assert sum(c.zones[0].stays for c in counts) == sum(h.zones[0].stays for h in hours) == stays == 6
    assert sum(c.frames for c in counts) == replayed["frames"]
    assert sum(c.observed_s for c in counts) == pytest.approx(replayed["duration_s"], abs=2)


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
def test_what_arrives_equals_what_replay_shows(
    site: Site, broker: Broker, replayed: dict[str, Any], protocol: str
) -> None:
    """The buckets and hours that a real broker delivers add up to the replay, over MQTT 5 and over 3.1.1."""
    site = site.with_tables(broker={"protocol": protocol}, windows={"bucket_min": 1})
    with Listener(broker.port) as listener:
        done = site.run()
        assert done.status == 0, done.err
        _agree(listener, replayed)
        assert ("MQTT 5" in done.err) == (protocol == "auto")
        states = [json.loads(payload)["status"] for payload in listener.payloads("state")]
        assert states == ["online", "offline"]
        assert set(_last_live(listener).values()) == {b"unknown"}


def test_what_arrives_over_mutual_tls_is_the_same(site: Site, tmp_path: Path, replayed: dict[str, Any]) -> None:
    """Encrypted, with a client certificate, and under the access list of deploy/mosquitto, the counts are the same."""
    certificates = Certificates(tmp_path / "certificates")
    certificate, key = certificates.device("door-1", cn="door-1")
    server, server_key = certificates.server("broker")
    plain, tls = free_port(), free_port()
    acl = (DEPLOY / "acl").read_text(encoding="utf-8")
    (tmp_path / "acl").write_text(acl)
    config = (
        f"per_listener_settings true\nlistener {plain} 127.0.0.1\nallow_anonymous true\n"
        f"listener {tls} 127.0.0.1\nallow_anonymous false\nrequire_certificate true\nuse_identity_as_username true\n"
        f"cafile {certificates.path('ca.crt')}\ncertfile {server}\nkeyfile {server_key}\nacl_file {tmp_path / 'acl'}\n"
    )
    files = {"ca_file": str(certificates.path("ca.crt")), "cert_file": str(certificate), "key_file": str(key)}
    secured = Site(site.folder, site.source, f"mqtts://localhost:{tls}", site.bundle, {"broker": files})
    with Broker(tmp_path / "tls", config, port=plain), Listener(plain) as listener:
        done = secured.run()
        assert done.status == 0, done.err
        _agree(listener, replayed)


def test_messages_are_chained(site: Site, broker: Broker) -> None:
    """Each message names the hash of the one before, from zeros on, without a hole in the sequence."""
    with Listener(broker.port) as listener:
        assert site.with_tables(windows={"bucket_min": 1}).run().status == 0
        payloads = [seen.payload for seen in listener.seen if seen.topic.endswith(("/counts", "/hours"))]
    before = GENESIS
    for number, payload in enumerate(payloads, 1):
        message = json.loads(payload)
        assert (message["seq"], message["prev_hash"]) == (number, before)
        before = payload_hash(payload)
    assert len(payloads) >= 4


def test_an_unreachable_broker_costs_nothing(site: Site, broker: Broker, short_clip: Path) -> None:
    """Without a broker the clip is counted, the command fails and says so, and the next start delivers."""
    site = Site(site.folder, str(short_clip), site.broker_url, site.bundle, {"health": {"interval_s": 1}})
    broker.kill()
    failed = site.run()
    assert failed.status == 1
    assert "the broker has not taken all windows; they are kept in the outbox" in failed.err
    broker.start()
    with Listener(broker.port) as listener:
        done = site.run()
        assert done.status == 0, done.err
        counts, _ = windows(listener)
    assert crossings(counts) == (0, 2)


def _last_live(listener: Listener) -> dict[str, bytes]:
    return {seen.topic: seen.payload for seen in listener.seen if "/live/" in seen.topic}
