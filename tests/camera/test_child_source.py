"""Child processes that write raw pictures: real ones, that also stall, die and write short."""

import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from support.needs import needs

from edge_agent.camera import SourceError, SourceStalledError
from edge_agent.camera.child import ChildSource, PixelFormat
from edge_agent.camera.clip import ClipSource
from edge_agent.records import Image

WIDTH, HEIGHT = 64, 48
SIZE = WIDTH * HEIGHT * 3


def child(script: str, *arguments: str, fps: float | None = None, timeout_s: float = 10.0) -> ChildSource:
    """Return a source whose child is a Python script that has `out`, `say` and the picture's SIZE."""
    prelude = f"import sys, time; out = sys.stdout.buffer; say = sys.stderr.write; SIZE = {SIZE}\n"
    command = [sys.executable, "-c", prelude + script, *arguments]
    quoted = " ".join("'" + word.replace("'", "'\"'\"'") + "'" for word in command)
    return ChildSource(quoted, width=WIDTH, height=HEIGHT, fps=fps, open_timeout_s=timeout_s, read_timeout_s=timeout_s)


def ffmpeg_pictures(clip: Path, pixel_format: PixelFormat, count: int) -> list[Image]:
    """Return pictures that a real ffmpeg wrote in a raw format."""
    filters = f"-pix_fmt {pixel_format.replace('gray8', 'gray')} -f rawvideo -"
    source = ChildSource(
        f"{needs('ffmpeg')} -v error -i '{clip}' -frames:v {count} {filters}",
        width=768,
        height=432,
        pixel_format=pixel_format,
        open_timeout_s=20.0,
        read_timeout_s=20.0,
    )
    try:
        source.open()
        found = []
        while source.grab():
            image = source.retrieve()
            assert image is not None
            found.append(image)
        return found
    finally:
        source.close()


@pytest.mark.parametrize("pixel_format", ["bgr24", "rgb24", "yuv420p", "nv12", "gray8"])
def test_raw_pictures_of_every_layout_show_what_the_clip_shows(shared: Path, pixel_format: PixelFormat) -> None:
    """What ffmpeg writes arrives whole, in colour, in order, and its end is an end."""
    path = shared / "clips" / "one-by-one.mp4"
    found = ffmpeg_pictures(path, pixel_format, 5)
    assert len(found) == 5
    clip = ClipSource(path)
    clip.open()
    for image in found:
        assert clip.grab()
        expected = clip.retrieve()
        assert expected is not None
        if pixel_format == "gray8":
            expected = np.repeat(expected.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
        difference = np.abs(image.astype(np.int16) - expected.astype(np.int16)).mean()
        assert difference < (25 if pixel_format == "gray8" else 4)
    clip.close()


def test_pictures_reuse_the_memory_they_are_given() -> None:
    """A picture is written into the buffer that is passed, if it fits."""
    source = child("out.write(bytes(SIZE) + b'\\1' * SIZE)")
    source.open()
    assert source.grab()
    first = source.retrieve()
    assert source.grab()
    second = source.retrieve(first)
    assert second is first
    assert second is not None
    assert second.min() == 1
    assert not source.grab()
    source.close()


def test_a_command_that_does_not_exist_is_said_so() -> None:
    """The error names the program and nothing else of the command."""
    source = ChildSource(
        "no-such-program --password CANARY", width=64, height=48, open_timeout_s=1.0, read_timeout_s=1.0
    )
    with pytest.raises(SourceError, match="exec:no-such-program cannot be run") as caught:
        source.open()
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("command", ["", "'unclosed"])
def test_a_command_that_is_none_is_said_so(command: str) -> None:
    """Empty commands and broken quotes are one clear line."""
    with pytest.raises(SourceError, match="exec: "):
        ChildSource(command, width=64, height=48, open_timeout_s=1.0, read_timeout_s=1.0).open()


def test_odd_sizes_do_not_go_with_halved_colours() -> None:
    """yuv420p has half the colour rows, so an odd height cannot be."""
    source = ChildSource("cat", width=64, height=47, pixel_format="yuv420p", open_timeout_s=1.0, read_timeout_s=1.0)
    with pytest.raises(SourceError, match="even width and height"):
        source.open()


def test_a_child_that_dies_says_its_last_words() -> None:
    """The exit status and the last line of standard error are in the error."""
    source = child("out.write(bytes(SIZE)); out.flush(); say('first\\nno camera found\\n'); sys.exit(3)")
    source.open()
    assert source.grab()
    with pytest.raises(SourceError, match="ended with status 3; it said: no camera found"):
        source.grab()
    source.close()


def test_a_child_that_dies_at_once_fails_on_the_first_grab() -> None:
    """A camera program that cannot start is an error with its reason, not an end."""
    source = child("say('*** no cameras available ***\\n'); sys.exit(1)")
    source.open()
    with pytest.raises(SourceError, match="no cameras available"):
        source.grab()
    source.close()


def test_secrets_of_the_command_do_not_come_back_in_its_last_words() -> None:
    """What a child prints of its address or its options is redacted."""
    source = child(
        "say(' '.join(sys.argv[1:]) + ' user=admin&password=CANARY1 refused'); sys.exit(1)",
        "rtsp://admin:CANARY2@10.0.0.1/x",
        "--api-token",
        "CANARY3",
    )
    source.open()
    with pytest.raises(SourceError, match="refused") as caught:
        source.grab()
    assert "CANARY" not in str(caught.value)
    assert "CANARY" not in source.label
    source.close()


def test_a_short_last_picture_is_an_error_that_says_how_short() -> None:
    """A size that does not fit the child's shows as a picture that breaks off."""
    source = child("out.write(bytes(SIZE + 100))")
    source.open()
    assert source.grab()
    with pytest.raises(SourceError, match=f"100 of {SIZE} bytes.*check width, height and pixel_format"):
        source.grab()
    source.close()


def test_a_silent_child_times_out_while_opening_and_while_reading() -> None:
    """Nothing at first, or half a picture and no more: both end."""
    source = child("time.sleep(60)", timeout_s=0.3)
    with pytest.raises(SourceError, match="wrote nothing for"):
        source.open()
    source.close()
    source = child("out.write(bytes(SIZE // 2)); out.flush(); time.sleep(60)")
    source._timeouts_s = (10.0, 0.3)
    source.open()
    with pytest.raises(SourceStalledError, match="wrote no picture for"):
        source.grab()
    source.close()


def test_a_child_that_floods_standard_error_is_drained() -> None:
    """A megabyte of complaints per picture blocks nobody and is not kept."""
    source = child("[(say('x' * 1000000), out.write(bytes(SIZE)), out.flush()) for _ in range(3)]")
    source.open()
    assert [source.grab() for _ in range(4)] == [True, True, True, False]
    assert len(source._said) <= 4096
    source.close()


def test_cancelling_ends_a_waiting_grab() -> None:
    """Another thread can make a grab come back long before its time-out."""
    source = child("out.write(b'x'); out.flush(); time.sleep(60)", timeout_s=50.0)
    source.open()
    source.cancel()
    with pytest.raises(SourceError, match="told to stop"):
        source.grab()
    source.close()


def test_closing_ends_the_children_of_the_child_too(tmp_path: Path) -> None:
    """The whole process group goes, also a grandchild that ignores SIGTERM."""
    source = ChildSource(
        f"sh -c 'trap \"\" TERM; sleep 1000 & echo $! >{tmp_path}/pid; exec cat /dev/zero'",
        width=64,
        height=48,
        open_timeout_s=10.0,
        read_timeout_s=10.0,
    )
    source.open()
    assert source.grab()
    grandchild = psutil.Process(int((tmp_path / "pid").read_text()))
    assert grandchild.is_running()
    source.close()
    source.close()
    _, alive = psutil.wait_procs([grandchild], timeout=5)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


def test_fps_paces_the_child() -> None:
    """A child that could write for ever is read at the rate asked for: a full pipe makes it wait."""
    source = child("[out.write(bytes(SIZE)) for _ in iter(int, 1)]", fps=50.0)
    source.open()
    begun_s = time.monotonic()
    for _ in range(11):
        assert source.grab()
    assert time.monotonic() - begun_s >= 10 / 50  # never faster; how much slower is the machine's business
    source.close()
