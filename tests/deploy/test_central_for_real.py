"""The central stack's own settings and certificates, with the real broker and the real ingest between them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fleet.ingest.maker import Door
from sqlalchemy import create_engine, func, select
from support.broker import Broker, Certificates, until
from support.shipped_broker import install, listen

from edge_agent.fleet.store.tables import messages

CENTRAL = Path(__file__).resolve().parents[2] / "deploy" / "central"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.device("fleet-ingest")
    return made


@pytest.fixture
def broker(tmp_path: Path, certificates: Certificates) -> Iterator[Broker]:
    with install(tmp_path / "central", certificates, "tls.conf", "watermark.conf") as broker:
        yield broker


def settings(folder: Path, certificates: Certificates, broker: Broker) -> Path:
    """The shipped fleet.toml with other addresses, and beside it the files that it names."""
    folder.mkdir()
    text = (CENTRAL / "fleet.toml").read_text(encoding="utf-8")
    for shipped, here in (
        (
            'url = "postgresql://fleet@postgres/fleet"\npassword_file = "database-password"',
            'url = "sqlite:///fleet.db"',
        ),
        ("mqtts://broker.example.com", f"mqtts://localhost:{broker.port}"),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    (folder / "fleet.toml").write_text(text, encoding="utf-8")
    for name, source in (("ca.crt", "ca.crt"), ("client.crt", "fleet-ingest.crt"), ("client.key", "fleet-ingest.key")):
        (folder / name).write_bytes(certificates.path(source).read_bytes())
    return folder / "fleet.toml"


@contextmanager
def worker(config: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the ingest, started as compose and systemd start it."""
    command = [sys.executable, "-m", "edge_agent", "fleet", "ingest", "--config", str(config), "--worker", name]
    with (config.parent / f"log-{name}").open("wb") as log:
        process = subprocess.Popen(command, cwd=config.parent, stderr=log, env=os.environ)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def test_what_a_device_says_is_stored_and_confirmed(tmp_path: Path, broker: Broker, certificates: Certificates) -> None:
    """Over the shipped TLS, names and rights, two workers store a device's messages and it hears the watermark."""
    config = settings(tmp_path / "fleet", certificates, broker)
    door = Door(device="door-1")
    with worker(config, "1"), listen(broker, certificates, "device", [f"{door.base}/ack"]) as device:
        until(lambda: connected(broker) >= 1, patience_s=60, why=(config.parent / "log-1").read_text())
        with worker(config, "2"):
            until(lambda: connected(broker) >= 2, patience_s=60, why=(config.parent / "log-2").read_text())
            for topic, payload in door.messages(10):
                device.publish(topic, payload)
            until(lambda: any(json.loads(ack)["seq"] == 10 for ack in device.payloads("ack")), patience_s=60)
        with create_engine(f"sqlite:///{config.parent / 'fleet.db'}").connect() as store:
            assert store.scalar(select(func.count()).select_from(messages)) == 10


def connected(broker: Broker) -> int:
    """How many clients have come in by the ingest's certificate."""
    return sum("New client connected" in line and "u'fleet-ingest'" in line for line in broker.log)
