"""The broker's files as they are shipped, in a real Mosquitto; only the paths and the port are others."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from paho.mqtt.client import Client
from support.broker import DEPLOY, Broker, Certificates, Listener, free_port


def install(folder: Path, certificates: Certificates, listener: str, *beside: str) -> Broker:
    """Lay the files out as deploy/mosquitto/README.md says, below `folder` instead of /.

    Args:
        folder: takes the place of /.
        certificates: go to /etc/mosquitto/certs.
        listener: the file that opens a port, for conf.d.
        beside: further files for conf.d.
    """
    port = free_port()
    etc, state = folder / "etc", folder / "state"
    (etc / "conf.d").mkdir(parents=True)
    state.mkdir()
    shutil.copytree(certificates.folder, etc / "certs")
    shutil.copy(DEPLOY / "acl", etc / "acl")
    texts = {name: (DEPLOY / name).read_text(encoding="utf-8") for name in ("mosquitto.conf", listener)}
    for shipped, here in (
        ("/etc/mosquitto/", f"{etc}/"),
        ("/var/lib/mosquitto/", f"{state}/"),
        ("listener 8883", f"listener {port}"),
        ("listener 1883", f"listener {port}"),
    ):
        texts = {name: text.replace(shipped, here) for name, text in texts.items()}
    assert str(port) in texts[listener]
    assert str(state) in texts["mosquitto.conf"]
    (etc / "conf.d" / listener).write_text(texts[listener])
    for name in beside:
        shutil.copy(DEPLOY / name, etc / "conf.d" / name)
    return Broker(folder, texts["mosquitto.conf"], port=port)


def listen(broker: Broker, certificates: Certificates, who: str, topics: Iterable[str] = ("footfall/#",)) -> Listener:
    """A client that shows the certificate of `who`."""

    def set_up(client: Client) -> None:
        certificate, key = (str(certificates.path(f"{who}.{end}")) for end in ("crt", "key"))
        client.tls_set(str(certificates.path("ca.crt")), certificate, key)

    return Listener(broker.port, topics, set_up=set_up)
