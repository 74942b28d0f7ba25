"""The history of the demographics switch: every change is there once, and what was tampered with shows."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.outbox import Switch, note_switches, read_switches
from edge_agent.outbox.switches import FILE_NAME


def note(folder: Path, minute: int, *, synced: bool = True, **states: bool) -> tuple[Switch, ...]:
    """Start the agent at a minute past ten."""
    return note_switches(folder, states, at=f"2026-06-10T10:{minute:02d}:00Z", synced=synced).switches


def test_changes_are_noted_and_nothing_else(tmp_path: Path) -> None:
    """On and off once each, however often the agent starts in between; a camera that was never on has no line."""
    note(tmp_path, 0, door=False, till=False)
    assert not (tmp_path / FILE_NAME).exists()
    note(tmp_path, 1, door=True, till=False)
    note(tmp_path, 2, door=True, till=False)
    note(tmp_path, 3, door=False, till=False, synced=False)
    assert read_switches(tmp_path).switches == (
        Switch("2026-06-10T10:01:00Z", synced=True, camera="door", on=True),
        Switch("2026-06-10T10:03:00Z", synced=False, camera="door", on=False),
    )
    assert read_switches(tmp_path).broken == ()


def test_a_camera_that_is_gone_is_off(tmp_path: Path) -> None:
    """Taking the camera out of the configuration is switching it off."""
    note(tmp_path, 0, door=True)
    assert [(switch.camera, switch.on) for switch in note(tmp_path, 1)] == [("door", True), ("door", False)]


def test_since_when_it_is_on(tmp_path: Path) -> None:
    """The last time it was switched on counts; while it is off there is none."""
    for minute, on in enumerate((True, False, True, True)):
        note(tmp_path, minute, door=on)
    assert read_switches(tmp_path).since("door") == "2026-06-10T10:02:00Z"
    assert read_switches(tmp_path).since("till") is None
    note(tmp_path, 9, door=False)
    assert read_switches(tmp_path).since("door") is None


def test_the_file_is_for_people_too(tmp_path: Path) -> None:
    """One JSON object a line, readable by the agent's user only."""
    note(tmp_path, 0, door=True)
    path = tmp_path / FILE_NAME
    assert json.loads(path.read_text()) == {
        "at": "2026-06-10T10:00:00Z",
        "synced": True,
        "camera": "door",
        "on": True,
        "prev": "0" * 64,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("victim", range(3))
@pytest.mark.parametrize("how", ["removed", "altered", "doubled"])
def test_tampering_shows(tmp_path: Path, victim: int, how: str) -> None:
    """A line that was taken out, altered or put in twice breaks the chain where it happened, unless it was the last."""
    for minute in range(4):
        note(tmp_path, minute, door=minute % 2 == 0)
    path = tmp_path / FILE_NAME
    lines = path.read_bytes().splitlines(keepends=True)
    line = lines[victim]
    replacement = {"removed": [], "altered": [line.replace(b'"door"', b'"till"')], "doubled": [line, line]}
    path.write_bytes(b"".join([*lines[:victim], *replacement[how], *lines[victim + 1 :]]))
    assert read_switches(tmp_path).broken


@given(st.integers(0, 400), st.binary(max_size=30))
def test_a_torn_line_is_left_behind(tmp_path_factory: pytest.TempPathFactory, keep: int, junk: bytes) -> None:
    """After a power cut in the middle of a write, what is whole is read, and the next change has a line of its own."""
    folder = tmp_path_factory.mktemp("state")
    for minute in range(3):
        note(folder, minute, door=minute % 2 == 0)
    path = folder / FILE_NAME
    path.write_bytes(path.read_bytes()[:keep] + junk)
    before = read_switches(folder)
    after = note(folder, 9, door=not (before.since("door") is not None), till=True)
    assert after[: len(before.switches)] == before.switches
    assert len(after) == len(before.switches) + 2
    assert note(folder, 10, door=after[-2].on if after[-2].camera == "door" else after[-1].on, till=True) == after
