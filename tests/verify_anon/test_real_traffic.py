"""`verify-anon` on what a real agent sends over a real broker, captured in every way."""

import json
from pathlib import Path

import pytest
from support.agent import edge_agent
from verify_anon.conftest import Capture
from verify_anon.traffic import LINKS, Conversation, as_pcap, as_pcapng

from edge_agent.verify_anon import Report, examine


def test_what_a_subscriber_prints_is_within_the_contract(capture: Capture) -> None:
    """All that `mosquitto_sub -v` saw of a whole run is within the contract, and nothing was left out."""
    done = edge_agent("verify-anon", capture.verbose)
    assert done.status == 0, done.out
    lines = capture.verbose.read_text().splitlines()
    assert f"All {len(lines) - 1} messages that could be read are within the contract." in done.out
    for topic in ("state", "counts", "hours", "health", "live/{line}/in", "live/{camera}/{zone}/occupancy"):
        assert any(line.startswith(f"{topic} ") for line in done.out.splitlines()), done.out
    assert "ack (towards the device)" in done.out
    assert "1 message of other systems, not under footfall/v1, not judged: zigbee2mqtt 1" in done.out


def test_what_a_subscriber_prints_as_json_is_within_the_contract(capture: Capture) -> None:
    """The same with `mosquitto_sub -F %j`, where the retained flag and the QoS are there as well."""
    done = edge_agent("verify-anon", "--json", capture.json)
    assert done.status == 0, done.out
    report = json.loads(done.out)
    assert report["ok"] is True
    assert report["messages"] + 1 == len(capture.json.read_text().splitlines())
    assert report["messages"] == sum(topic["messages"] for topic in report["topics"])
    assert report["other_systems"] == 1
    assert report["names"]["zone"] == ["shelf", "till"]
    assert report["hashes"]["checked"] > 0


@pytest.mark.parametrize("link", sorted(LINKS))
@pytest.mark.parametrize("v6", [False, True])
def test_the_recorded_session_reads_the_same_on_every_kind_of_network(
    capture: Capture, tmp_path: Path, link: int, *, v6: bool
) -> None:
    """The real session, as packets of each kind of network, holds the messages that the subscriber saw."""
    path = tmp_path / "session.pcap"
    (session,) = capture.sessions
    path.write_bytes(as_pcap(Conversation(session, port=4711, v6=v6).packets(), link=link, v6=v6))
    report = examine([path])
    assert report.ok, report.lines()
    assert _sent(report) == _sent(examine([capture.verbose]))
    assert report.unchained == 0


def test_the_recorded_session_reads_the_same_in_pcapng(capture: Capture, tmp_path: Path) -> None:
    """The newer format of Wireshark holds the same."""
    path = tmp_path / "session.pcapng"
    path.write_bytes(as_pcapng(Conversation(capture.sessions[0]).packets()))
    report = examine([path])
    assert report.ok, report.lines()
    assert _sent(report) == _sent(examine([capture.verbose]))


def test_what_tcpdump_captured_is_within_the_contract(capture: Capture) -> None:
    """A capture of the network itself, on a port of no meaning, holds every message of the run."""
    if capture.pcap is None:
        pytest.skip("this machine does not let tcpdump listen")
    done = edge_agent("verify-anon", "--json", capture.pcap)
    assert done.status == 0, done.out
    report = json.loads(done.out)
    said = {topic["topic"]: topic["messages"] for topic in report["topics"] if topic["topic"] not in ("state", "ack")}
    assert said == _sent(examine([capture.verbose]))
    assert report["not_read"] == []


def test_good_messages_are_listed_on_demand(capture: Capture) -> None:
    """`--all` shows each message with its verdict, one line each."""
    done = edge_agent("verify-anon", "--all", capture.verbose)
    within = [line for line in done.out.splitlines() if line.endswith(": within the contract")]
    assert len(within) == len(capture.verbose.read_text().splitlines()) - 1


def _sent(report: Report) -> dict[str, int]:
    """How many messages of each kind; without those that a device's own connection shows more often.

    Its last will stands in CONNECT, and it subscribes to its own state and to the watermark.
    """
    return {kind: n for kind, n in report.messages.items() if kind not in ("state", "ack")}
