"""The real agent on a clip full of canaries, and everything that came out of it."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, cast

import cv2
import pytest
import tomli_w
from privacy.canaries import FIRST_TRACK_ID, Canary, pattern, pixels, secret, track_ids
from support.agent import PATIENCE_S
from support.broker import Broker, Listener, free_port, until
from support.needs import needs

from edge_agent.records import Image

_DEMO = Path(__file__).resolve().parents[2] / "models" / "demo" / "entrance.mp4"
_SHARED_MEMORY = Path("/dev/shm")
_FRAMES = 200

_RUN = f"""
import sys
from edge_agent.tracker.tracker import Tracker
before = Tracker.__init__
def init(self, *arguments, **options):
    before(self, *arguments, **options)
    self._next_id = {FIRST_TRACK_ID}
Tracker.__init__ = init
"""
_MAIN = "from edge_agent.cli import main\nmain()\n"

LEAKS = """
import logging, tempfile
from edge_agent.detector.session import Detector
detect, update = Detector.detect, Tracker.update
def leak_pixels(self, image):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(image[100].tobytes())
    return detect(self, image)
def leak_ids(self, *arguments):
    tracks = update(self, *arguments)
    logging.getLogger("leak").debug("tracks: %s", tracks.track_id.tolist())
    return tracks
Detector.detect, Tracker.update = leak_pixels, leak_ids
"""
"""An agent that does what it must not: the search has to find that."""

WRITE_DOWN = """
import os
import numpy
from edge_agent.detector.faces import AttributeNetwork
read = AttributeNetwork.read
def write_down(self, crops):
    said = read(self, crops)
    with open(os.environ["CANARY_LOOKS"], "ab") as file:
        for part in (crops, *said):
            numpy.save(file, part)
    return said
AttributeNetwork.read = write_down
"""
"""An agent that writes beside everything else which faces it read, so that the test knows what to search for."""

LEAK_FACES = """
import logging, tempfile
written_down = AttributeNetwork.read
def leak_faces(self, crops):
    said = written_down(self, crops)
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(crops[0].tobytes())
    logging.getLogger("leak").debug("read: %s", said.sex[0].tolist())
    return said
AttributeNetwork.read = leak_faces
"""
"""And one that leaks them."""


@dataclass(frozen=True)
class Bait:
    """The clip, its camera's settings, the secrets, and all that must not get out as canaries."""

    folder: Path
    clip: Path
    frames: list[Image]
    camera: dict[str, Any]
    camera_login: str
    broker_password: str
    canaries: list[Canary]


@dataclass
class Out:
    """Everything that came out of a run, by where; and files that it had open for writing."""

    places: dict[str, bytes] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    status: int = 0
    cores: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def bait(tmp_path_factory: pytest.TempPathFactory) -> Bait:
    """People at a door, with noise that is in no other picture drawn into every frame; without loss."""
    door = {"name": "door", "from": [0.3061, 0.5684], "to": [0.6930, 0.5756], "inside": [0.4984, 0.7790]}
    shelf = {"name": "shelf", "polygon": [[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]}
    place = slice(100, 104), slice(200, 264)
    return _bait(tmp_path_factory.mktemp("bait"), _read(_DEMO), 10.0, place, {"line": [door], "zone": [shelf]})


@pytest.fixture(scope="session")
def bait_with_faces(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Bait:
    """Two people who walk towards the camera, whose faces are read; the noise is in a corner of every frame."""
    frames = _read(shared / "clips" / "two-faces.gif")
    place = slice(2, 6), slice(8, 72)
    camera = {"demographics": True, "notice_date": date(2026, 6, 1)}
    return _bait(tmp_path_factory.mktemp("bait"), frames, 12.5, place, camera)


def _bait(folder: Path, frames: list[Image], fps: float, place: tuple[slice, slice], camera: dict[str, Any]) -> Bait:
    pattern(frames, *place)
    clip = folder / "canary-clip-5e1f0c.mkv"
    height, width = frames[0].shape[:2]
    raw = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    command = [needs("ffmpeg"), "-v", "error", *raw, "-c:v", "ffv1", "-pix_fmt", "bgr0", str(clip)]
    subprocess.run(command, input=b"".join(frame.tobytes() for frame in frames), check=True)
    user, password, broker = "canary-user-81d2", "canary-password-c07a", "canary-broker-password-94be"
    canaries = [
        pixels(frames[::20], *place),
        track_ids(),
        secret("the camera's user", user),
        secret("the camera's password", password),
        secret("the camera's token", "canary-token-1c7e"),
        secret("the broker's password", broker),
        secret("a name from the environment", "Canaria Rossi"),
        secret("the clip's name", "canary-clip-5e1f0c", known_in=("log",)),
    ]
    return Bait(folder, clip, frames, camera, f"{user}:{password}", broker, canaries)


def as_the_agent_sees_it(bait: Bait) -> list[Image]:
    """The clip's frames as OpenCV reads them."""
    return _read(bait.clip)


def _read(clip: Path) -> list[Image]:
    capture = cv2.VideoCapture(str(clip), cv2.CAP_FFMPEG)
    frames: list[Image] = []
    while len(frames) < _FRAMES and (read := capture.read())[0]:
        frames.append(cast("Image", read[1]))
    capture.release()
    return frames


def run(bait: Bait, folder: Path, *, ends_by: signal.Signals, more: str = "", looks: Path | None = None) -> Out:
    """Run the service on the clip and on a camera that wants secrets; end it when the clip's hour has arrived.

    Args:
        bait: what it is fed.
        folder: to be made; what the agent leaves behind lies in it.
        ends_by: how it is ended.
        more: code that it runs first.
        looks: file that `WRITE_DOWN` writes.
    """
    folder.mkdir()
    out, temporary, state = Out(), folder / "tmp", folder / "state"
    temporary.mkdir()
    with Broker(folder / "broker") as broker, Listener(broker.port, ["#"]) as listener:
        config = _configuration(bait, folder, broker.url)
        before = set(_SHARED_MEMORY.iterdir())
        log = folder / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", _RUN + more + _MAIN, "run", "--config", str(config), "-v"],
                cwd=folder,
                env={
                    **os.environ,
                    "TMPDIR": str(temporary),
                    "CANARY": "Canaria Rossi",
                    **({"CANARY_LOOKS": str(looks)} if looks else {}),
                },
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
                preexec_fn=_may_leave_core,  # noqa: PLW1509 - the limit of this one child
            )
        watching = threading.Thread(target=_watch, args=(process, out.written))
        watching.start()
        try:
            until(lambda: listener.payloads("hours") and listener.payloads("health"), patience_s=PATIENCE_S)
            _take(out, "outbox while it runs", state)
            process.send_signal(ends_by)
            out.status = process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            watching.join()
        for i, seen in enumerate(list(listener.seen)):
            out.places[f"message:{i} {seen.topic}"] = seen.topic.encode() + b"\n" + seen.payload
    out.places["log:"] = log.read_bytes()
    _take(out, "outbox at the end", state)
    _take(out, "temporary file", temporary)
    out.cores = [path.name for path in folder.iterdir() if path.name.startswith("core")]
    out.cores += [str(path) for path in set(_SHARED_MEMORY.iterdir()) - before]
    return out


def _configuration(bait: Bait, folder: Path, url: str) -> Path:
    login, password = folder / "login", folder / "password"
    for path, text in ((login, bait.camera_login), (password, bait.broker_password)):
        path.write_text(text)
        path.chmod(0o600)
    back = {"name": "back", "from": [0.3061, 0.5684], "to": [0.6930, 0.5756], "inside": [0.4984, 0.7790]}
    locked = {
        "name": "locked",
        "source": f"rtsp://127.0.0.1:{free_port()}/live?token=canary-token-1c7e",
        "credentials_file": str(login),
        "line": [back],
    }
    text = tomli_w.dumps(
        {
            "site": {"tenant": "demo", "site": "shop-01", "device": "door-1", "time_zone": "UTC"},
            "broker": {"url": url, "username": "counter", "password_file": str(password)},
            "camera": [{"name": "entrance", "source": str(bait.clip), **bait.camera}, locked],
            "storage": {"folder": str(folder / "state")},
            "windows": {"bucket_min": 1, "checkpoint_s": 1},
            "health": {"interval_s": 1},
        }
    )
    path = folder / "site.toml"
    path.write_text(text)
    return path


def _may_leave_core() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _watch(process: subprocess.Popen[bytes], written: set[str]) -> None:
    """Note every file that the process has open for writing, again and again until it ends."""
    folder = Path(f"/proc/{process.pid}")
    while process.poll() is None:
        for link in (folder / "fd").glob("*"):
            try:
                flags = int((folder / "fdinfo" / link.name).read_text().split("flags:")[1].split()[0], 8)
                if flags & os.O_ACCMODE:
                    written.add(os.readlink(link))  # noqa: PTH115 - it need not be a path
            except (OSError, IndexError):
                continue  # closed meanwhile
        time.sleep(0.02)


def _take(out: Out, where: str, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            out.places[f"{where}: {path.name}"] = path.read_bytes()
