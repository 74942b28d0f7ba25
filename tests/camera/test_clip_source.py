"""Recorded clips: every picture, in the clip's own time, and a clear word where there is none."""

import json
import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.needs import needs

from edge_agent.camera import SourceError, open_clip
from edge_agent.camera.clip import ClipSource, MediaTime


def times(path: Path) -> list[float]:
    """Return the media time of each picture."""
    clip = ClipSource(path)
    clip.open()
    found = []
    while clip.grab():
        found.append(clip.t_s)
    clip.close()
    return found


@pytest.mark.parametrize("name", ["one-by-one.mp4", "bottles-on-shelf.mp4", "cars-no-people.mp4", "doorway.gif"])
def test_every_picture_of_a_clip_arrives_at_its_own_time(shared: Path, name: str) -> None:
    """The number of pictures and their rate are those of the labels, and time begins at 0."""
    labels = json.loads((shared / "clips" / "truth.json").read_text(encoding="utf-8"))[name]
    found = times(shared / "clips" / name)
    assert found[0] == 0.0
    assert all(a < b for a, b in pairwise(found))
    assert len(found) == labels["frames"]
    assert found[-1] == pytest.approx((labels["frames"] - 1) / labels["fps"], abs=0.1)


def test_pictures_reuse_the_memory_they_are_given(shared: Path) -> None:
    """Decoding into a buffer allocates nothing."""
    clip = ClipSource(shared / "clips" / "one-by-one.mp4")
    clip.open()
    assert clip.grab()
    first = clip.retrieve()
    assert clip.grab()
    assert clip.retrieve(first) is first
    clip.close()


def test_a_missing_clip_is_named() -> None:
    """The error says which file is not there."""
    with pytest.raises(SourceError, match=r"clip /nowhere/a\.mp4: there is no such file"):
        open_clip("/nowhere/a.mp4").open()


def test_a_missing_relative_clip_names_both_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative clips are looked for beside the configuration and in the current folder; the error says so."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(SourceError) as caught:
        open_clip("a.mp4", tmp_path / "config")
    assert str(tmp_path / "config" / "a.mp4") in str(caught.value)
    assert str(here / "a.mp4") in str(caught.value)


def test_a_clip_beside_the_configuration_comes_before_one_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a configuration names means the same wherever the command is called."""
    for folder in ("config", "here"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.mp4").touch()
    monkeypatch.chdir(tmp_path / "here")
    assert open_clip("a.mp4", tmp_path / "config").label == f"clip {tmp_path / 'config' / 'a.mp4'}"
    assert open_clip("a.mp4", tmp_path / "elsewhere").label == f"clip {tmp_path / 'here' / 'a.mp4'}"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"not a video at all\n" * 100, "not a video"), (b"\0\0\0\x20ftypisom", "not a video")],
    ids=["empty", "text", "header only"],
)
def test_a_broken_clip_is_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    """Empty, foreign and cut-off files are told apart from missing ones."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        ClipSource(path).open()
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_clip(tmp_path: Path) -> None:
    """Naming the folder instead of the clip is said to be just that."""
    with pytest.raises(SourceError, match="not a file"):
        ClipSource(tmp_path).open()


def test_a_clip_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing permission is told apart from damage."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"x")
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything: let the kernel's answer be that of another user
        monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(SourceError, match="permission"):
        ClipSource(path).open()


def test_a_clip_without_a_single_picture_fails_when_opened(tmp_path: Path) -> None:
    """A valid file of zero length is an error at the start, not an empty report at the end."""
    path = tmp_path / "nothing.mp4"
    command = [needs("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "0", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.raises(SourceError, match=r"no picture|not a video"):
        ClipSource(path).open()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=50))
def test_media_time_always_grows_whatever_the_stamps(stamps: list[float]) -> None:
    """Timestamps may repeat, jump or be missing: time begins at 0 and grows with every picture."""
    media = MediaTime(10.0)
    found = []
    for stamp in stamps:
        media.step(stamp)
        found.append(media.t_s)
    assert found[:1] in ([], [0.0])
    assert all(a < b < float("inf") for a, b in pairwise(found))


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        ([5.0, 5.1, 5.3], [0.0, 0.1, 0.3]),
        ([0.0, 0.0, 0.0], [0.0, 0.1, 0.2]),
        ([0.0, 0.2, 0.1, 0.3], [0.0, 0.2, 0.3, 0.5]),
        ([0.0, 0.1, 95443.7, 95443.8], [0.0, 0.1, 0.2, 0.3]),
    ],
    ids=["sane", "missing", "one step back", "wrapped"],
)
def test_media_time_follows_sane_stamps_and_bridges_others(stamps: list[float], expected: list[float]) -> None:
    """A sane stamp is believed; after another one, time goes on by one frame and then follows the stamps again."""
    media = MediaTime(10.0)
    found = []
    for stamp in stamps:
        media.step(stamp)
        found.append(media.t_s)
    assert found == pytest.approx(expected)
