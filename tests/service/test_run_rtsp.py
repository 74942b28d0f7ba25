"""`run` on a real RTSP server: the same crossings, and gaps instead of guesses when server or broker go away."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from support.agent import Running, Site, await_live, crossings, windows
from support.broker import Broker, Listener, free_port, until
from support.rtsp import RtspServer

from edge_agent.terms import GapCause, Quality

_KEEPS = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_on_changes true
autosave_interval 1
"""
_LIVE = {"clock": {"hold_min": 0}, "windows": {"bucket_min": 1}}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto that keeps over a kill what the listener, who comes back later than the device, has yet to fetch.

    Without that a window which the device sends in between reaches nobody, and is sent again only after 15 minutes.
    """
    port, folder = free_port(), tmp_path / "broker"
    with Broker(folder, _KEEPS.format(port=port, folder=folder), port=port) as running:
        yield running


@pytest.fixture
def server(clip: Path) -> Iterator[RtspServer]:
    """The clip at twice its speed, from its start for every client."""
    with RtspServer(clip, "--speed", "2") as running:
        yield running


@pytest.fixture
def live(site: Site, server: RtspServer) -> Site:
    """The site with the network camera as its source."""
    return Site(site.folder, server.url, site.broker_url, site.bundle, _LIVE)


def test_a_network_camera_gives_the_same_crossings(live: Site, broker: Broker) -> None:
    """Half of the clip over RTSP: each visitor is seen at the table and counted once at the exit, and nobody else."""
    with Listener(broker.port) as listener, Running(live) as service:
        await_live(listener, "exit/out", b"3")
        assert service.stop() == 0
        seen = [payload for payload in listener.payloads("exit/out") if payload.isdigit()]
        table = [int(payload) for payload in listener.payloads("table/occupancy") if payload.isdigit()]
        assert seen == [b"0", b"1", b"2", b"3"]
        assert listener.payloads("exit/in")[-1] in (b"0", b"unknown")
        assert table[:7] == [0, 1, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("first", ["camera", "broker"])
def test_losing_camera_and_broker_loses_no_window(live: Site, broker: Broker, server: RtspServer, first: str) -> None:
    """Both are killed, in either order, and come back: no window is missing, the gap is told, live says unknown."""
    parts: list[RtspServer | Broker] = [server, broker] if first == "camera" else [broker, server]
    with Listener(broker.port, name="archive") as listener, Running(live):
        await_live(listener, "exit/out", b"1")
        if first == "camera":
            server.kill()
            await_live(listener, "exit/out", b"unknown")
        for part in parts:
            part.kill()
        for part in reversed(parts):
            part.start()
        until(lambda: _came_back(listener), patience_s=100, why="no window after the outage arrived")
    counts, _ = windows(listener)
    lost = {gap.cause for window in counts for gap in window.gaps} & {GapCause.DISCONNECTED, GapCause.STALLED}
    assert lost, [window.gaps for window in counts]
    assert [window.seq for window in counts] == sorted({window.seq for window in counts})
    assert all(later.start == earlier.end for earlier, later in pairwise(counts))
    assert crossings(counts)[0] == 0
    assert crossings(counts)[1] >= 1


def _came_back(listener: Listener) -> bool:
    """Whether a bucket arrived in which the camera was first away and then back."""
    counts, _ = windows(listener)
    causes = [{gap.cause for gap in window.gaps} - {GapCause.OFF, GapCause.CONNECTING} for window in counts]
    return any(causes) and not counts[-1].quality.count(Quality.BLIND)


def test_a_camera_that_is_away_at_the_start_is_waited_for(live: Site, broker: Broker, server: RtspServer) -> None:
    """A device that boots before its camera says unknown, and counts from the moment the camera answers."""
    server.kill()
    with Listener(broker.port) as listener, Running(live) as service:
        await_live(listener, "exit/out", b"unknown")
        server.start()
        await_live(listener, "exit/out", b"0")
        assert service.stop() == 0
        health = [json.loads(payload) for payload in listener.payloads("health")]
        assert all(report["cameras"][0]["name"] == "entrance" for report in health)
