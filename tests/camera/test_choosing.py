"""Which source a configuration means, and sources that need no network."""

from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.camera import Source, SourceError, SyntheticSource, is_live, limits_of, open_source
from edge_agent.camera.child import ChildSource
from edge_agent.camera.clip import ClipSource
from edge_agent.camera.credentials import Login, public
from edge_agent.camera.device import DeviceSource
from edge_agent.camera.mjpeg import HttpSource
from edge_agent.camera.source import one_line, redact
from edge_agent.camera.stream import StreamSource
from edge_agent.config import CameraConfig
from edge_agent.records import Image


def config(source: str, **settings: object) -> CameraConfig:
    """Return a camera's configuration."""
    return CameraConfig.model_validate({"name": "door", "source": source, **settings})


@pytest.mark.parametrize(
    ("source", "kind", "live"),
    [
        ("rtsp://10.0.0.1/stream", StreamSource, True),
        ("RTSP://10.0.0.1/stream", StreamSource, True),
        ("https://10.0.0.1/live.m3u8", StreamSource, True),
        ("http://10.0.0.1/video", HttpSource, True),
        ("/dev/video0", DeviceSource, True),
        ("0", DeviceSource, True),
        ("exec:rpicam-vid -t 0 -o -", ChildSource, True),
        ("synthetic:", SyntheticSource, True),
        ("/clips/a.mp4", ClipSource, False),
    ],
)
def test_the_source_string_chooses_the_source(source: str, kind: type, live: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    """Every form that the configuration describes has its source, and only clips are not live."""
    camera = config(source, width=640, height=360)
    assert type(open_source(camera, Path("/"))) is kind
    assert is_live(camera) is live


def test_an_unknown_scheme_is_said_with_what_is_known() -> None:
    """A typing error in the address is told at once."""
    with pytest.raises(SourceError, match=r"no camera speaks rtps://; use rtsp://"):
        open_source(config("rtps://10.0.0.1/x"), Path("/"))


def test_a_relative_credentials_file_lies_beside_the_configuration(tmp_path: Path) -> None:
    """The error names the path that was tried."""
    source = open_source(config("rtsp://127.0.0.1:9/x", credentials_file="secrets/door"), tmp_path)
    with pytest.raises(SourceError, match=str(tmp_path / "secrets" / "door")):
        source.open()


def test_the_limits_are_those_of_the_configuration() -> None:
    """Nothing is lost on the way from the file to the reader."""
    limits = limits_of(config("0", open_timeout_s=1, read_timeout_s=2, frozen_after_s=3, max_fps=4))
    assert (limits.open_timeout_s, limits.read_timeout_s, limits.frozen_after_s, limits.max_fps) == (1, 2, 3, 4)


# -- devices -------------------------------------------------------------------------------------------------------


def test_a_missing_device_is_said_so() -> None:
    """A camera that is not plugged in is one clear line."""
    with pytest.raises(SourceError, match=r"camera /dev/video97: there is no such device"):
        open_source(config("97"), Path("/")).open()


def test_a_device_that_is_none_is_said_so(tmp_path: Path) -> None:
    """A file, and a device that is no camera, are told apart."""
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="is not a device"):
        DeviceSource(tmp_path / "file").open()
    source = DeviceSource(Path("/dev/null"))
    with pytest.raises(SourceError, match="no video source"):
        source.open()
    assert not source.grab()
    source.close()


# -- what may be said ----------------------------------------------------------------------------------------------


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1),
)
def test_a_login_survives_the_address_and_shows_nowhere(user: str, password: str) -> None:
    """Any characters come back out of the address, and no repr and no label shows them."""
    login = Login("CANARY" + user, "CANARY" + password)
    url = login.in_url("rtsp://10.0.0.1:8554/stream?x=1")
    parts = urlsplit(url)
    assert (parts.hostname, parts.port) == ("10.0.0.1", 8554)
    assert unquote(parts.username or "") == login.user
    assert unquote(parts.password or "") == login.password
    assert "CANARY" not in repr(login)
    assert "CANARY" not in public(url)


@pytest.mark.parametrize(
    "text",
    [
        "open rtsp://admin:CANARY@10.0.0.1/x failed",
        "rtsp://admin:CAN@ARY/CANARY@10.0.0.1/x",
        "rtsp://10.0.0.1/user=admin&password=CANARY&channel=1",
        "rtsp://10.0.0.1/user=admin_password=CANARY_channel=1_stream=0.sdp",
        "http://10.0.0.1/?token=CANARY",
        "api_key=CANARY, other=1",
        "said CANARY aloud",
    ],
)
def test_credentials_are_redacted_wherever_cameras_put_them(text: str) -> None:
    """Addresses, fields, and secrets that are known are made unreadable; the rest stays."""
    said = redact(text, {"CANARY"} if "aloud" in text else ())
    assert "CANARY" not in said
    assert "***" in said


@given(st.text())
def test_what_is_said_is_one_short_line(text: str) -> None:
    """No library can put a line break, a control character or a page into our log."""
    said = one_line(text)
    assert said.isprintable()
    assert len(said) <= 200


# -- the made-up scene ---------------------------------------------------------------------------------------------


def pictures(count: int, *, width: int, height: int) -> list[Image]:
    """Return pictures of the made-up scene."""
    source = SyntheticSource(width=width, height=height)
    source.open()
    found = []
    for _ in range(count):
        assert source.grab()
        image = source.retrieve()
        assert image is not None
        found.append(image)
    return found


def test_the_made_up_scene_is_the_same_every_time_and_never_twice_in_a_row() -> None:
    """Two sources give the same pictures; neighbours differ everywhere, as with a camera's noise."""
    first, second = pictures(20, width=320, height=180), pictures(20, width=320, height=180)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert all((a != b).mean() > 0.5 for a, b in pairwise(first))


def test_the_made_up_scene_ends_when_asked_and_moves() -> None:
    """It has as many frames as were ordered, and its walkers walk."""
    source: Source = SyntheticSource(frames=3)
    source.open()
    assert isinstance(source, SyntheticSource)
    places = []
    while source.grab():
        places.append(source.walkers()[0][0])
    assert len(places) == 3
    assert places == sorted(set(places))


def test_no_source_shows_its_credentials_file_content(tmp_path: Path) -> None:
    """Before opening nothing has been read: not even the objects' memory holds a password."""
    (tmp_path / "login").write_text("user:CANARY", encoding="utf-8")
    for address in ("rtsp://10.0.0.1/x", "http://10.0.0.1/x"):
        source = open_source(config(address, credentials_file=str(tmp_path / "login")), tmp_path)
        assert "CANARY" not in repr(vars(source))
