"""`edge-agent fleet ingest` and `edge-agent fleet devices`, as a user runs them."""

import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from fleet.ingest.conftest import Fleet
from fleet.ingest.maker import Door, health, state
from fleet.ingest.working import Process, Working, settings_for
from support.broker import Broker, Certificates, Listener, free_port, until

from edge_agent.cli import main
from edge_agent.fleet.ingest.registry import Registry
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import messages


@pytest.fixture
def small(tmp_path: Path) -> Fleet:
    """A store in a file, with a device that is let in and one that waits."""
    fleet = Fleet(open_store(f"sqlite:///{tmp_path / 'fleet.db'}"), Registry(["acme/*/*"]))
    door, stranger = Door(), Door(tenant="other")
    fleet.take(*list(door.messages(5))[:4], (f"{door.base}/state", state(door, 1)))
    fleet.take((f"{door.base}/health", health(door, 1, oldest_seq=1)), *stranger.messages(3))
    fleet.advance()
    return fleet


def devices(small: Fleet, *arguments: str) -> tuple[int, str]:
    """Run a command on that store; its exit status and what it says."""
    done = CliRunner().invoke(main, ["fleet", "devices", *arguments, "--database", str(small.engine.url)])
    return done.exit_code, done.output


def test_devices_are_listed_and_admitted(small: Fleet) -> None:
    """Who there is, who waits with how much, and what an admission stores."""
    status, text = devices(small, "list")
    assert status == 0
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [
        ["acme/rome/door-1", "online"],
        ["other/rome/door-1", "quarantine"],
    ]
    assert devices(small, "quarantine")[1].splitlines()[1].split()[0::3] == ["other/rome/door-1", "3"]
    status, text = devices(small, "admit", "other/*/*")
    assert (status, text) == (0, "other/rome/door-1\n1 admitted; 3 of their messages stored, 0 dead letters\n")
    assert len(small.rows(messages)) == 7
    assert devices(small, "problems") == (0, "NOTICED  OVER  DEVICE  KIND  EPOCH  SEQ  DETAIL\n")
    small.engine.dispose()


def test_a_wrong_use_is_told_in_one_line(small: Fleet, tmp_path: Path) -> None:
    """A pattern that is none, one that nobody matches, a database that is not there."""
    assert devices(small, "admit", "acme")[0] == 2
    status, text = devices(small, "admit", "nobody/*/*")
    assert (status, text.count("\n")) == (1, 1)
    small.engine.dispose()
    for arguments, expected in (
        (["--admit", "x"], 2),
        (["--database", "mysql://x"], 1),
        (["--broker", "http://x"], 2),
        (["--config", str(tmp_path / "none.toml")], 2),
    ):
        done = CliRunner().invoke(main, ["fleet", "ingest", *arguments])
        assert (done.exit_code, done.output.count("\n")) == (expected, 1), done.output


def test_the_ingest_over_tls_with_a_certificate_stores_and_leaves_when_told(tmp_path: Path) -> None:
    """The command with a settings file: TLS both ways, SIGTERM, exit status 0, and nothing on the way is lost."""
    certificates = Certificates(tmp_path / "certificates")
    certificate, key = certificates.device("fleet")
    port, plain = free_port(), free_port()
    config = (
        f"per_listener_settings true\nlistener {plain} 127.0.0.1\nallow_anonymous true\n"
        f"listener {port} 127.0.0.1\ncafile {certificates.path('ca.crt')}\ncertfile {certificates.path('broker.crt')}\n"
        f"keyfile {certificates.path('broker.key')}\nrequire_certificate true\nuse_identity_as_username true\n"
    )
    (tmp_path / "fleet.toml").write_text(
        f'[broker]\nca_file = "{certificates.path("ca.crt")}"\n'
        f'cert_file = "{certificate}"\nkey_file = "{key}"\n[ingest]\nadmit = ["acme/*/*"]\n'
    )
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    options = ("--config", str(tmp_path / "fleet.toml"))
    with (
        Broker(tmp_path / "broker", config, port=plain) as broker,
        Process(tmp_path, url, f"mqtts://localhost:{port}", *options) as process,
        Listener(broker.port) as listener,
    ):
        until(lambda: any("Sending SUBACK to edge-agent-ingest-1" in line for line in list(broker.log)))
        for message in Door().messages(5):
            listener.publish(*message)
        until(lambda: listener.payloads("ack") != [], patience_s=40, why=process.text)
        assert process.stop() == 0
        assert "Traceback" not in process.text


def test_a_broker_that_refuses_is_explained(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong password, and nobody there: one line each, and the worker goes on trying."""
    engine = open_store(f"sqlite:///{tmp_path / 'fleet.db'}")
    port = free_port()
    config = f"listener {port} 127.0.0.1\nallow_anonymous false\n"
    settings = settings_for(str(engine.url), f"mqtt://127.0.0.1:{port}")
    with Broker(tmp_path / "broker", config, port=port), Working(engine, settings):
        until(lambda: "it refuses the login" in caplog.text)
    with Working(engine, settings):
        until(lambda: "nothing listens there" in caplog.text)
    engine.dispose()


def test_metrics_say_what_became_of_the_messages(tmp_path: Path) -> None:
    """/metrics counts what was stored and what is a dead letter, by reason, and answers nothing else."""
    port = free_port()
    engine = open_store(f"sqlite:///{tmp_path / 'fleet.db'}")
    with Broker(tmp_path / "broker") as broker, Listener(broker.port) as listener:
        settings = settings_for(str(engine.url), broker.url, metrics_port=port)
        with Working(engine, settings, broker=broker):
            door = Door()
            for message in [*door.messages(3), (f"{door.base}/counts", b"{}")]:
                listener.publish(*message)
            until(lambda: listener.payloads("ack") != [])

            def text() -> str:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    return str(answer.read().decode())

            until(lambda: 'footfall_ingest_messages_total{became="dead_schema"} 1.0' in text())
            assert 'footfall_ingest_messages_total{became="stored"} 3.0' in text()
            assert "footfall_ingest_leads 1.0" in text()
    engine.dispose()
