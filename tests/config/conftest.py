"""What the tests of the configuration share: a small valid file, and a way to ask what is wrong with a text."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.config import ConfigError, load

MINIMAL = """\
[site]
tenant = "demo"
site = "milano-01"
device = "door-1"
time_zone = "Europe/Rome"

[broker]
url = "mqtt://127.0.0.1:1883"

[[camera]]
name = "entrance"
source = "clip.mp4"
"""


@pytest.fixture
def minimal() -> str:
    """The text of the smallest valid file: 12 lines, ending in the table of a camera."""
    return MINIMAL


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a text to store.toml in an empty folder."""

    def write(text: str) -> Path:
        path = tmp_path / "store.toml"
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return write


@pytest.fixture
def complain(write: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """The error lines of a text, without the name of the file."""

    def complain(text: str) -> list[str]:
        path = write(text)
        with pytest.raises(ConfigError) as caught:
            load(path)
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.problems)
        assert all(line.startswith(f"{path}:") for line in lines)
        return [line.removeprefix(f"{path}:").lstrip() for line in lines]

    return complain


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., None]:
    """Run the openssl command in the test's folder."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("needs the openssl command")

    def run(*arguments: str) -> None:
        subprocess.run([program, *arguments], cwd=tmp_path, check=True, capture_output=True, timeout=60)

    return run
