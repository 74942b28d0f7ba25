"""What `check` says of a camera that reads visitors: the notice, and the bundle."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.attributes import make_bundle

from edge_agent.commands.check import check
from edge_agent.config import config_hash, load, verify

Write = Callable[[str], Path]
ZONE = '[[camera.zone]]\nname = "z"\npolygon = [[0, 0], [1, 0], [1, 1]]\n'
ON = "demographics = true\n"
NOTICE = "notice_date = 2026-06-01\n"


@pytest.fixture
def bundled(tmp_path: Path, minimal: str) -> str:
    """A configuration that ends in the table of a camera; a sound bundle and its clip lie beside it."""
    make_bundle(tmp_path / "tint")
    (tmp_path / "clip.mp4").touch()
    return minimal.replace("[broker]", '[demographics]\nbundle = "./tint"\n\n[broker]')


def run(path: Path) -> tuple[int, list[str]]:
    """Exit status and the lines on standard error, without the name of the file."""
    result = CliRunner().invoke(check, [str(path)])
    return result.exit_code, [line.replace(f"{path}:", "") for line in result.stderr.splitlines()]


def test_a_camera_with_notice_and_bundle_is_good(write: Write, bundled: str) -> None:
    """Nothing to say."""
    path = write(bundled + ON + NOTICE + ZONE)
    assert run(path) == (0, [])
    assert load(path).camera[0].notice_date == date(2026, 6, 1)


def test_reading_without_a_notice_is_warned_about(write: Write, bundled: str) -> None:
    """The law asks for it, and the agent cannot see the wall: it says so and goes on."""
    status, (line,) = run(write(bundled + ON + ZONE))
    assert status == 0
    assert line == (
        "warning: 16: camera[0].demographics: true: visitors are read, and nothing says since when the notice "
        "has been up; put it up, and add notice_date = YYYY-MM-DD"
    )


def test_a_missing_bundle_is_an_error(write: Write, bundled: str) -> None:
    """At the setting that names it, else at the camera that needs it."""
    named = bundled.replace("./tint", "./gone") + ON + NOTICE + ZONE
    status, lines = run(write(named))
    assert (status, len(lines)) == (2, 1)
    assert lines[0].startswith('8: demographics.bundle: "./gone": ')
    assert "no such bundle folder; see `edge-agent models list`" in lines[0]
    status, lines = run(write(named.replace('bundle = "./gone"', 'bundle = "no-such-bundle"')))
    assert (status, len(lines)) == (2, 1)
    assert "no bundle of this name" in lines[0]


def test_a_bundle_that_is_not_for_faces_is_an_error(write: Write, bundled: str) -> None:
    """A detector does not read, and a changed file is not the one that was measured."""
    status, (line,) = run(write(bundled.replace("./tint", "person-s") + ON + NOTICE + ZONE))
    assert status == 2
    assert line.startswith('8: demographics.bundle: "person-s": ')
    path = write(bundled + ON + NOTICE + ZONE)
    (path.parent / "tint" / "int8.onnx").write_bytes(b"another")
    status, (line,) = run(path)
    assert status == 2
    assert "int8.onnx" in line


def test_switched_off_neither_is_looked_at(write: Write, bundled: str) -> None:
    """No notice and no bundle are needed where nobody is read."""
    assert run(write(bundled.replace("./tint", "./gone") + ZONE)) == (0, [])


def test_a_device_starts_without_this_look_at_the_bundle(write: Write, bundled: str) -> None:
    """`verify` alone leaves it to whoever loads the network, who says the same."""
    assert verify(write(bundled.replace("./tint", "./gone") + ON + NOTICE + ZONE), now_s=None).warnings == ()


def test_the_hash_follows_the_detector_of_faces_but_not_its_folder(write: Write, minimal: str) -> None:
    """Another detector reads other looks; the same one elsewhere is the same."""
    hashes = [
        config_hash(load(write(f'{minimal}[demographics]\nface_bundle = "{name}"\n')))
        for name in ("/a/yunet", "/b/yunet", "/b/other")
    ]
    assert hashes[0] == hashes[1] != hashes[2]
