"""The health server and systemd's socket under peers that do not behave."""

import socket
import threading
import urllib.request
from pathlib import Path

from edge_agent.health import Machine, health_server, notify_systemd


def test_a_client_that_says_nothing_holds_nobody_up() -> None:
    """A connection without a request neither keeps others from /healthz for long nor the server from its end."""
    server = health_server("127.0.0.1:0", lambda: None, list)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with socket.create_connection(("127.0.0.1", server.server_port)):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/healthz", timeout=20) as answer:
            assert answer.read() == b"ok\n"
        with socket.create_connection(("127.0.0.1", server.server_port)):
            stopping = threading.Thread(target=server.shutdown, daemon=True)
            stopping.start()
            stopping.join(20)
            assert not stopping.is_alive()
    thread.join(20)
    server.server_close()


def test_a_socket_of_systemd_that_is_gone_ends_nobody(tmp_path: Path) -> None:
    """NOTIFY_SOCKET may be a leftover of another service: counting does not depend on who listens."""
    notify_systemd(str(tmp_path / "nobody"), "READY=1")
    notify_systemd("@edge-agent-test-nobody", "READY=1")


def test_systemd_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    """When its queue is full a message is dropped; the next one says the same."""
    address = str(tmp_path / "notify")

    def tell() -> None:
        for _ in range(2000):
            notify_systemd(address, "WATCHDOG=1")

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(address)
        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        telling.join(20)
        assert not telling.is_alive()


def test_figures_survive_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A state folder that cannot be looked at has no free space; the health message comes all the same."""
    folder = tmp_path / "state"
    folder.mkdir()
    machine = Machine(folder)
    assert machine.figures().disk_free_mb > 0
    folder.rmdir()
    assert machine.figures().disk_free_mb == 0
