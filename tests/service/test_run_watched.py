"""What systemd, Prometheus and a person with a wrong file get to see."""

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from support.agent import Ended, Running, Site, edge_agent
from support.broker import Broker, Listener, free_port, until


def test_systemd_hears_of_the_start_of_progress_and_of_the_end(site: Site, tmp_path: Path) -> None:
    """READY comes after the network has run, WATCHDOG while frames flow, STOPPING at the end."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(60)
        with Running(site, "--realtime", NOTIFY_SOCKET=address, WATCHDOG_USEC="3000000") as service:
            heard = [systemd.recv(100) for _ in range(3)]
            assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
            assert service.stop() == 0
            while (last := systemd.recv(100)) == b"WATCHDOG=1":
                pass
            assert last == b"STOPPING=1"


def test_a_frozen_stage_is_not_covered_up(site: Site, tmp_path: Path) -> None:
    """A process that makes no progress sends no WATCHDOG, so that systemd can act."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(60)
        with Running(site, "--realtime", NOTIFY_SOCKET=address, WATCHDOG_USEC="1500000") as service:
            assert systemd.recv(100) == b"READY=1"
            assert systemd.recv(100) == b"WATCHDOG=1"
            service.process.send_signal(19)
            systemd.settimeout(2)
            with suppress(TimeoutError):
                for _ in range(10):
                    systemd.recv(100)
                pytest.fail("the watchdog was fed without progress")


def test_metrics_and_health_are_served_on_the_loopback(site: Site, broker: Broker) -> None:
    """/metrics has the figures of the health message, /healthz says ok, anything else is not there."""
    port = free_port()
    site = site.with_tables(health={"listen": f"127.0.0.1:{port}", "interval_s": 1})
    with Listener(broker.port) as listener, Running(site, "--realtime") as service:
        until(lambda: len(listener.payloads("health")) >= 2, patience_s=60)
        metrics = _get(port, "/metrics").decode()
        assert 'edge_agent_camera_seeing{camera="entrance"} 1.0' in metrics
        assert "edge_agent_rss_mb " in metrics
        assert "edge_agent_outbox_dropped_total 0.0" in metrics
        assert _get(port, "/healthz") == b"ok\n"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            _get(port, "/frame.jpg")
        assert service.stop() == 0


def _get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: bytes = answer.read()
        return body


class Wrong(NamedTuple):
    """Something that a user gets wrong, the exit status, and what the one line says."""

    do: Callable[[Site, Path], Ended]
    status: int
    says: str


def _replay(site: Site, clip: object, *options: object) -> Ended:
    return edge_agent("replay", clip, "--config", site.config, "--bundle", site.bundle, *options)


def _broken_copy(site: Site, folder: Path) -> Path:
    copy = folder / "bundle"
    copy.mkdir()
    for file in site.bundle.iterdir():
        data = file.read_bytes()
        (copy / file.name).write_bytes(data if file.suffix == ".toml" else data[:-1] + bytes([data[-1] ^ 1]))
    return copy


def _with_line(site: Site, **changes: object) -> Site:
    line = {"name": "exit", "from": [0.7, 0.25], "to": [0.7, 1.0], "inside": [0.3, 0.7], **changes}
    return site.with_tables(camera={"line": [line]})


def _twin_lines(site: Site) -> Site:
    line = {"name": "exit", "from": [0.7, 0.25], "to": [0.7, 1.0], "inside": [0.3, 0.7]}
    return site.with_tables(camera={"line": [line, line]})


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "clip.mp4"
    path.write_bytes(content)
    return path


WRONG = {
    "missing clip": Wrong(lambda site, tmp: _replay(site, tmp / "no.mp4"), 2, "there is no such clip"),
    "empty clip": Wrong(lambda site, tmp: _replay(site, _file(tmp, b"")), 1, r"is empty \(0 bytes\)"),
    "unreadable clip": Wrong(lambda site, tmp: _replay(site, _file(tmp, b"not a video" * 999)), 1, "not a video"),
    "clip is a folder": Wrong(lambda site, tmp: _replay(site, tmp.resolve()), 2, "is a folder"),
    "missing clip in run": Wrong(
        lambda site, tmp: Site(site.folder, "no.mp4", site.broker_url, site.bundle, {}).run(), 1, "no such file"
    ),
    "wrong checksum": Wrong(
        lambda site, tmp: Site(site.folder, site.source, site.broker_url, _broken_copy(site, tmp), {}).run(),
        1,
        "sha256",
    ),
    "no such bundle": Wrong(
        lambda site, tmp: edge_agent("run", "--config", site.config, "--bundle", "nothing"), 2, "no bundle of this name"
    ),
    "unknown class": Wrong(lambda site, tmp: _with_line(site, classes=["bottle"]).run(), 2, "no class 'bottle'"),
    "line outside": Wrong(lambda site, tmp: _with_line(site, to=[1.2, 0.5]).run(), 2, r"\[1\.2, 0\.5\]"),
    "two lines of one name": Wrong(lambda site, tmp: _twin_lines(site).run(), 2, "exit"),
    "unknown time zone": Wrong(
        lambda site, tmp: site.with_tables(
            site={"tenant": "demo", "site": "m", "device": "d", "time_zone": "Europe/Roma"}
        ).run(),
        2,
        "Europe/Rome",
    ),
    "two agents on one outbox": Wrong(lambda site, tmp: _second_agent(site), 1, "outbox"),
    "start is no instant": Wrong(lambda site, tmp: _replay(site, site.source, "--start", "noon"), 2, "not an instant"),
    "unknown camera": Wrong(lambda site, tmp: _replay(site, site.source, "--camera", "x"), 2, "it has entrance"),
    "copy into itself": Wrong(
        lambda site, tmp: _replay(site, site.source, "--annotate", site.source), 2, "is the clip itself"
    ),
}


def _second_agent(site: Site) -> Ended:
    with Running(site, "--realtime") as first:
        until(lambda: "connected" in first.log, patience_s=60)
        return site.run()


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_in_one_line(site: Site, tmp_path: Path, case: str) -> None:
    """Bad input ends with the right exit status, nothing on standard output, and one line that says what to do."""
    wrong = WRONG[case]
    done = wrong.do(site, tmp_path)
    assert done.status == wrong.status, done.err
    assert done.out == ""
    lines = [line for line in done.err.splitlines() if not line.startswith("warning:")]
    assert len(lines) == 1, done.err
    assert re.search(wrong.says, lines[0]), done.err


def test_the_service_makes_no_annotated_copy(site: Site) -> None:
    """There is no option of `run` that shows a picture."""
    done = edge_agent("run", "--config", site.config, "--annotate", "out.mp4")
    assert done.status == 2
    assert "No such option" in done.err
