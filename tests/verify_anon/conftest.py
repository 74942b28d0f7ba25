"""One run of the real agent, captured in every way that a data-protection officer has."""

import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.agent import edge_agent
from support.broker import Broker, until
from support.needs import needs
from verify_anon.traffic import Chunk, Recorder, golden

DEMO = Path(__file__).resolve().parents[2] / "models" / "demo"


@dataclass(frozen=True)
class Capture:
    """What was captured of the run."""

    verbose: Path
    json: Path
    pcap: Path | None
    sessions: list[list[Chunk]]


def demo_config(folder: Path, port: int, protocol: str = "auto") -> Path:
    """The configuration of the beginning of the demo's clip, for a broker on this port, with buckets of a minute."""
    source = (DEMO / "entrance.toml").read_text()
    assert "mqtt://127.0.0.1:1883" in source
    source = source.replace("mqtt://127.0.0.1:1883", f'mqtt://127.0.0.1:{port}"\nprotocol = "{protocol}')
    clip = folder / "clip.mp4"
    command = [needs("ffmpeg"), "-v", "error", "-t", "20", "-i", str(DEMO / "entrance.mp4"), "-c", "copy", str(clip)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    source = source.replace('"entrance.mp4"', '"clip.mp4"')
    path = folder / "site.toml"
    path.write_text(
        f'{source}\n[storage]\nfolder = "{folder / "state"}"\n\n[windows]\nbucket_min = 1\n\n[health]\ninterval_s = 1\n'
    )
    return path


@pytest.fixture(scope="session")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Capture:
    """A real `run` of the demo's clip towards a real Mosquitto."""
    folder = tmp_path_factory.mktemp("capture")
    needs("mosquitto_sub")
    with Broker(folder / "broker") as broker, Recorder(broker.port) as recorder, ExitStack() as processes:
        for name, options in (("verbose.txt", ["-v"]), ("lines.json", ["-V", "5", "-F", "%j"])):
            processes.callback(_end, _subscriber(broker.port, folder / name, *options))
        until(lambda: sum("SUBACK" in line for line in broker.log) >= 2)
        _publish(broker.port, "footfall/v1/demo/shop-01/door-1/ack", golden("ack").decode(), "-q", "1", "-r")
        _publish(broker.port, "zigbee2mqtt/lamp", '{"state": "ON"}')
        sniffing = _sniffer(recorder.port, folder / "real.pcap")
        if sniffing is not None:
            processes.callback(_end, sniffing)
        done = edge_agent("run", "--config", demo_config(folder, recorder.port))
        assert done.status == 0, done.err
        until(lambda: '"status":"offline"' in (folder / "verbose.txt").read_text())
        time.sleep(0.5)  # what the kernel still holds for tcpdump
    pcap = folder / "real.pcap"
    return Capture(folder / "verbose.txt", folder / "lines.json", pcap if sniffing else None, recorder.sessions)


def _subscriber(port: int, path: Path, *options: str) -> subprocess.Popen[bytes]:
    with path.open("wb") as file:
        return subprocess.Popen([needs("mosquitto_sub"), "-p", str(port), "-t", "#", *options], stdout=file)


def _publish(port: int, topic: str, payload: str, *options: str) -> None:
    subprocess.run([needs("mosquitto_pub"), "-p", str(port), "-t", topic, "-m", payload, *options], check=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait()


def _sniffer(port: int, path: Path) -> subprocess.Popen[bytes] | None:
    """A tcpdump that listens already; None where this machine does not let it."""
    command = [needs("tcpdump"), "-i", "lo", "-U", "-s", "0", "-Z", "root", "-w", str(path), f"port {port}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process.stderr:
        said = process.stderr.readline()
        if b"listening" in said:
            return process
    process.wait()
    return None
