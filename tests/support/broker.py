"""A real Mosquitto on the loopback, certificates made with the commands of our README, and somebody who listens."""

import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from support.needs import needs

DEPLOY = Path(__file__).resolve().parents[2] / "deploy" / "mosquitto"
PATIENCE_S = 20.0


def until(what: Callable[[], object], *, patience_s: float = PATIENCE_S, why: str = "") -> None:
    """Wait until `what()` is true; fail after a while. For what no event can be awaited for."""
    deadline_s = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < deadline_s, why or "it did not come about in time"
        time.sleep(0.01)


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A Mosquitto process with a given configuration. Kill it, start it again, on the same port and files."""

    def __init__(self, folder: Path, config: str | None = None, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        self.log: list[str] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        folder.mkdir(exist_ok=True)
        text = config or f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
        user = "user root\n" if os.geteuid() == 0 else ""  # as root it would otherwise leave our folder's owner
        self._config.write_text(f"{user}log_dest stderr\nlog_type all\n{text}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it says that it runs."""
        command = [needs("mosquitto"), "-c", str(self._config)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=self._folder)
        running = threading.Event()

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                self.log.append(line)
                if " running" in line:
                    running.set()
            process.stderr.close()
            running.set()

        self._process, self._reader = process, threading.Thread(target=read)
        self._reader.start()
        assert running.wait(PATIENCE_S)
        assert process.poll() is None, "".join(self.log)

    def kill(self) -> None:
        """Kill it with -9, and wait until it is gone."""
        if self._process is not None and self._reader is not None:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process = None

    def freeze(self) -> None:
        """Stop it in the middle of everything: the connections stay, nobody answers."""
        assert self._process is not None
        self._process.send_signal(19)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(18)

    @property
    def url(self) -> str:
        """Its address without TLS."""
        return f"mqtt://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Seen:
    """A message that arrived."""

    topic: str
    payload: bytes
    qos: int
    retained: bool
    expiry_s: int | None


class Listener:
    """A client that keeps everything it receives, and can publish. MQTT 5; with a name its session is kept."""

    def __init__(
        self,
        port: int,
        topics: Iterable[str] = ("footfall/#",),
        *,
        name: str = "",
        set_up: Callable[[Client], object] | None = None,
    ) -> None:
        self.seen: list[Seen] = []
        self._topics = tuple(topics)
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        if set_up is not None:
            set_up(self._client)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's
        properties.SessionExpiryInterval = 3600 if name else 0
        self._client.connect(
            "localhost" if set_up else "127.0.0.1", port, 60, clean_start=not name, properties=properties
        )

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        expiry_s = getattr(message.properties, "MessageExpiryInterval", None)
        self.seen.append(Seen(message.topic, bytes(message.payload), message.qos, message.retain, expiry_s))

    def payloads(self, leaf: str) -> list[bytes]:
        """What arrived on topics that end so, in order."""
        return [seen.payload for seen in list(self.seen) if seen.topic.endswith(f"/{leaf}")]

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait for the acknowledgement."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(PATIENCE_S)


def run_readme(folder: Path, **names: str) -> None:
    """Run every `sh` block of deploy/mosquitto/README.md in the folder, with other names in the place of its own."""
    needs("openssl")
    blocks = re.findall(r"```sh\n(.*?)```", (DEPLOY / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    script = "".join(blocks)
    for name, value in names.items():
        script, found = re.subn(rf"^{name}=.*$", f"{name}={value}", script, flags=re.MULTILINE)
        assert found == 1, f"README does not set {name}"
    done = subprocess.run(["sh", "-eu"], input=script, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Certificates:
    """A folder with an authority, a broker's certificate for localhost, and counters' certificates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        run_readme(folder, BROKER="localhost", DEVICE="door-1")

    def path(self, name: str) -> Path:
        """A file in the folder."""
        return self.folder / name

    def device(self, name: str, *, days: int = 30, cn: str | None = None) -> tuple[Path, Path]:
        """A further counter's certificate and key; with negative `days` it has expired."""
        return self._sign(name, cn or name, f"extendedKeyUsage=clientAuth\n{_REST}", days)

    def server(self, name: str, *, days: int = 30, host: str = "localhost") -> tuple[Path, Path]:
        """A further broker's certificate and key."""
        return self._sign(name, host, f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n{_REST}", days)

    def _sign(self, name: str, cn: str, extensions: str, days: int) -> tuple[Path, Path]:
        key, request, certificate = (self.path(f"{name}.{end}") for end in ("key", "csr", "crt"))
        self.path(f"{name}.ext").write_text(extensions)
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        self._openssl("req", *curve, "-subj", f"/CN={cn}", "-keyout", key, "-out", request)
        authority = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext"]
        self._openssl("x509", "-req", "-in", request, *authority, "-days", days, "-out", certificate)
        return certificate, key

    def _openssl(self, *arguments: object) -> None:
        command = [needs("openssl"), *map(str, arguments)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


_REST = "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
