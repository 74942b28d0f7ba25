"""A network, a clip and a broker for tests of the whole service."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.agent import Site, edge_agent
from support.broker import Broker
from support.needs import needs


@pytest.fixture(scope="session")
def bundle(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest public person network, made into a bundle as a user does."""
    folder = tmp_path_factory.mktemp("bundles") / "person"
    onnx = shared / "models" / "yolox_person_192.onnx"
    done = edge_agent("models", "add", onnx, "--decoder", "yolox", "--classes", "person", "--to", folder)
    assert done.status == 0, done.err
    return folder


@pytest.fixture(scope="session")
def clip(shared: Path) -> Path:
    """Six visitors, one after the other, who leave over the line."""
    return shared / "clips" / "one-by-one.mp4"


@pytest.fixture(scope="session")
def short_clip(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 21 seconds of it: one visitor."""
    path = tmp_path_factory.mktemp("clips") / "short.mp4"
    command = [needs("ffmpeg"), "-v", "error", "-t", "21", "-i", str(clip), "-c", "copy", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A real Mosquitto."""
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, clip: Path, bundle: Path, broker: Broker) -> Site:
    """The clip, counted towards the broker."""
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(folder, str(clip), broker.url, bundle, {})


@pytest.fixture(scope="session")
def replayed(clip: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `replay` says of the clip."""
    return Site(tmp_path_factory.mktemp("replayed"), str(clip), "mqtt://127.0.0.1:1", bundle, {}).replay()
