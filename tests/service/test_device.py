"""The service where its start and its end are not as they should be."""

from itertools import count
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.config import Config
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.session import Detector
from edge_agent.outbox import Outbox, OutboxFull
from edge_agent.service import GiveUp, Service


def service(bundle: Path, folder: Path, source: str) -> Service:
    """A device with one camera and a broker that is not there."""
    line = {"name": "door", "from": [0.5, 0.1], "to": [0.5, 0.9], "inside": [0.1, 0.5]}
    config = Config.model_validate(
        {
            "site": {"tenant": "t", "site": "s", "device": "d", "time_zone": "Europe/Rome"},
            "broker": {"url": "mqtt://127.0.0.1:1"},
            "camera": [{"name": "c", "source": source, "line": [line]}],
            "storage": {"folder": str(folder), "max_mb": 1},
        }
    )
    detector = Detector(Bundle.load(bundle), precision="fp32", provider="cpu")
    return Service(config, detector, SystemClock(), config_folder=folder)


def fill(outbox: Outbox, start: str, blob: bytes) -> None:
    """Save checkpoints until there is no room."""
    for number in count():
        outbox.save_checkpoint(f"{start}{number}", blob)


def test_a_full_outbox_does_not_stop_the_start(bundle: Path, tmp_path: Path) -> None:
    """Where not even the number of the start can be stored, the agent counts all the same."""
    with Outbox(tmp_path / "outbox.db", max_mb=1, clock=SystemClock()) as outbox:
        for start, blob in (("@0", b"x" * 1000), ("@1", b"")):  # so that not the smallest checkpoint fits any more
            with pytest.raises(OutboxFull):
                fill(outbox, start, blob)
    device = service(bundle, tmp_path, "synthetic:")
    device.stop()
    assert device.run()


def test_giving_up_waits_for_no_broker(bundle: Path, short_clip: Path, tmp_path: Path) -> None:
    """Only a new process can help, so the end is quick: what was not sent is in the outbox."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(short_clip.read_bytes())
    device = service(bundle, tmp_path, str(clip))
    clip.unlink()
    patience: list[float] = []

    def noted(timeout_s: float) -> bool:
        patience.append(timeout_s)
        return False

    device._uplink.drained = noted  # type: ignore[method-assign]  # how long it would wait is to be seen nowhere else
    with pytest.raises(GiveUp, match="camera-c failed 6 times"):
        device.run()
    assert sum(patience) == 1.0
