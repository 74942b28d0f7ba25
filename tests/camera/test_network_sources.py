"""Network cameras: a real RTSP server, and HTTP cameras that misbehave."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server, socket

import numpy as np
import pytest
from support.http_camera import BOUNDARY, HttpCamera, Viewer, jpeg, scene
from support.needs import needs
from support.rtsp import RtspServer

from edge_agent.camera import Source, SourceError, SourceStalledError
from edge_agent.camera.clip import ClipSource
from edge_agent.camera.mjpeg import HttpSource, is_whole
from edge_agent.camera.stream import StreamSource
from edge_agent.records import Image


def http(url: str, *, credentials_file: Path | None = None, timeout_s: float = 5.0) -> HttpSource:
    """Return a source for an HTTP camera."""
    return HttpSource(
        url,
        credentials_file=credentials_file,
        open_timeout_s=timeout_s,
        read_timeout_s=timeout_s,
        other=lambda: StreamSource(url, open_timeout_s=timeout_s, read_timeout_s=timeout_s),
    )


def rtsp(url: str, *, credentials_file: Path | None = None, timeout_s: float = 10.0) -> StreamSource:
    """Return a source for an RTSP camera."""
    return StreamSource(url, credentials_file=credentials_file, open_timeout_s=timeout_s, read_timeout_s=timeout_s)


@contextmanager
def opened(source: Source) -> Iterator[Source]:
    """Open and close a source."""
    try:
        source.open()
        yield source
    finally:
        source.close()


def take(source: Source, count: int) -> list[Image]:
    """Return the next pictures of a source."""
    taken = []
    for _ in range(count):
        assert source.grab()
        image = source.retrieve()
        assert image is not None
        taken.append(image)
    return taken


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that accepts connections and never says a word; gives its number."""
    held: list[socket] = []
    with create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(2)
    thread.join()
    for connection in held:
        connection.close()


# -- RTSP --------------------------------------------------------------------------------------------------------------


def test_rtsp_gives_the_pictures_of_the_clip(shared: Path) -> None:
    """What a real server sends is, picture by picture, what the file holds."""
    path = shared / "clips" / "one-by-one.mp4"
    with (
        RtspServer(path, "--speed", "4") as server,
        opened(rtsp(server.url)) as source,
        opened(ClipSource(path)) as clip,
    ):
        for image, expected in zip(take(source, 20), take(clip, 20), strict=True):
            assert np.array_equal(image, expected)


def test_rtsp_joined_between_key_frames_gives_no_grey_picture(shared: Path, tmp_path: Path) -> None:
    """The first picture that arrives is already the scene: those that cannot be decoded yet are held back."""
    path = shared / "clips" / "one-by-one.mp4"
    with opened(ClipSource(path)) as clip:
        expected = [image[::8, ::8] for image in take(clip, 60)]
    with RtspServer(path, "--from-s", "2.55") as server, opened(rtsp(server.url)) as source:
        for image in take(source, 5):
            assert min(np.abs(image[::8, ::8].astype(int) - other).mean() for other in expected) < 1.0


def test_rtsp_needs_the_login_that_the_file_holds(shared: Path, tmp_path: Path) -> None:
    """Credentials with awkward characters reach the camera; without them it refuses, and the error says what to do."""
    login = "us er:p@s/s:é%41?#"
    (tmp_path / "login").write_text(login + "\n", encoding="utf-8")
    with RtspServer(shared / "clips" / "one-by-one.mp4", "--speed", "4", "--login", login) as server:
        with pytest.raises(SourceError, match="check the path and the credentials"):
            rtsp(server.url).open()
        with opened(rtsp(server.url, credentials_file=tmp_path / "login")) as source:
            assert source.grab()


def test_rtsp_asks_for_tcp(tmp_path: Path) -> None:
    """The first transport asked for is RTP interleaved in the TCP connection, with no environment set for it."""
    transports: list[str] = []
    sdp = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"

    def answer(connection: socket) -> None:
        with connection, connection.makefile("rb") as lines:
            head: list[str] = []
            for line in lines:
                if line.strip():
                    head.append(line.decode().strip())
                    continue
                number = next(field for field in head if field.startswith("CSeq"))
                if head[0].startswith("SETUP"):
                    transports.append(next(field for field in head if field.startswith("Transport")))
                    connection.sendall(f"RTSP/1.0 500 Enough\r\n{number}\r\n\r\n".encode())
                    return
                body = sdp if head[0].startswith("DESCRIBE") else b""
                extra = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n" if body else ""
                connection.sendall(f"RTSP/1.0 200 OK\r\n{number}\r\n{extra}\r\n".encode() + body)
                head = []

    with create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: answer(server.accept()[0]), daemon=True)
        thread.start()
        with pytest.raises(SourceError):
            rtsp(f"rtsp://127.0.0.1:{server.getsockname()[1]}/x").open()
        thread.join(5)
    assert transports
    assert "RTP/AVP/TCP" in transports[0]


def test_rtsp_that_accepts_and_stays_silent_times_out() -> None:
    """Opening ends at the time allowed, not after FFmpeg's half a minute."""
    with silent_server() as port, pytest.raises(SourceError, match=r"did not answer within 0\.4 s"):
        rtsp(f"rtsp://127.0.0.1:{port}/x", timeout_s=0.5).open()


def test_rtsp_that_falls_silent_is_a_stall_at_once(shared: Path) -> None:
    """A frozen server ends the grab that waits, and the old pictures that the decoder still holds are not passed on."""
    with RtspServer(shared / "clips" / "one-by-one.mp4") as server:
        source = StreamSource(server.url, open_timeout_s=10.0, read_timeout_s=1.0)
        with opened(source):
            assert source.grab()
            server.freeze()
            with pytest.raises(SourceStalledError, match=r"no picture for 0\.8 s"):
                all(iter(source.grab, False))  # to the end


def test_rtsp_that_is_killed_ends(shared: Path) -> None:
    """A server that goes away is an end, without waiting for a time-out."""
    with RtspServer(shared / "clips" / "one-by-one.mp4", "--speed", "4") as server, opened(rtsp(server.url)) as source:
        assert source.grab()
        server.kill()
        for _ in range(1000):
            if not source.grab():
                break
        else:
            pytest.fail("the stream went on without its server")


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_nobody_listening_is_told_apart_from_a_refusal(scheme: str) -> None:
    """An address without a server says that it cannot be reached."""
    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    source: Source = rtsp(f"rtsp://127.0.0.1:{port}/x") if scheme == "rtsp" else http(f"http://127.0.0.1:{port}/x")
    with pytest.raises(SourceError, match="cannot be reached: Connection refused"):
        source.open()


def test_an_unknown_host_is_said_so() -> None:
    """A name that nobody knows is told apart from a camera that is off."""
    with pytest.raises(SourceError, match="host name is not known"):
        rtsp("rtsp://camera.invalid/x").open()


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_no_credential_is_in_any_output_of_a_failing_open(tmp_path: Path, scheme: str) -> None:
    """Neither the error nor what FFmpeg and OpenCV write to standard error holds the canary."""
    (tmp_path / "login").write_text("CANARYUSER:CANARYPASSWORD", encoding="utf-8")
    script = """
import sys
from pathlib import Path
from edge_agent.camera import SourceError, open_source
from edge_agent.config import CameraConfig
for query in ("", "?user=CANARYQUERY"):
    camera = CameraConfig(name="x", source=sys.argv[1] + query, credentials_file=sys.argv[2], open_timeout_s=2)
    source = open_source(camera, Path("/"))
    print(source.label, repr(source), vars(source))
    try:
        source.open()
    except SourceError as error:
        print("ERROR", error, repr(error), error.__cause__, error.__context__)
"""
    with silent_server() as port, HttpCamera(lambda viewer: None, login="a:b") as camera:
        urls = [f"rtsp://127.0.0.1:{port}/x", "rtsp://127.0.0.1:9/x"]
        for url in urls if scheme == "rtsp" else [camera.url, "http://127.0.0.1:9/x"]:
            done = subprocess.run(
                [sys.executable, "-c", script, url, str(tmp_path / "login")], capture_output=True, text=True, check=True
            )
            assert done.stdout.count("ERROR") == 2
            said = done.stdout.replace("?user=CANARYQUERY'", "") + done.stderr  # the configured address is in vars()
            assert "CANARY" not in said


# -- HTTP --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_length", [True, False])
def test_motion_jpeg_arrives_picture_by_picture(with_length: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    """With and without a declared length, each picture is the one that was sent, and the end is an end."""
    sent = [jpeg(scene(k)) for k in range(5)]

    def script(viewer: Viewer) -> None:
        viewer.begin()
        for data in sent:
            viewer.send(data, with_length=with_length)
        viewer.raw(f"--{BOUNDARY}--\r\n".encode())

    with HttpCamera(script) as camera, opened(http(camera.url)) as source:
        for k in range(5):
            assert source.grab()
            image = source.retrieve()
            assert image is not None
            assert np.abs(image.astype(int) - scene(k)).mean() < 8
        assert not source.grab()


def test_a_jpeg_is_whole_with_its_end_and_what_cameras_put_behind_it() -> None:
    """Older OpenCV decodes a truncated JPEG without complaint, so its bytes are looked at."""
    data = jpeg(scene(0))
    assert is_whole(data)
    assert is_whole(data + b"\0" * 100)
    assert is_whole(data + b"\r\n")
    assert not is_whole(data[:-1])
    assert not is_whole(data[: len(data) // 2])
    assert not is_whole(data[2:])
    assert not is_whole(b"")


def test_truncated_jpegs_are_damaged_and_the_others_are_not() -> None:
    """Every third picture is cut off: exactly those give nothing, although FFmpeg would show them whole (FACTS R14)."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        for k in range(30):
            data = jpeg(scene(k))
            viewer.send(data[: len(data) * 2 // 3] if k % 3 == 2 else data)
        viewer.raw(f"--{BOUNDARY}--\r\n".encode())

    with HttpCamera(script) as camera, opened(http(camera.url)) as source:
        whole = []
        while source.grab():
            whole.append(source.retrieve() is not None)
    assert whole == [True, True, False] * 10


def test_a_picture_shorter_than_declared_costs_that_picture_only() -> None:
    """A camera that lies about the length loses one picture; the reader finds the next mark."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        data = jpeg(scene(0))
        viewer.send(data)
        viewer.raw(f"--{BOUNDARY}\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data[: len(data) // 2] + b"\r\n")
        for _ in range(3):
            viewer.send(data)
        viewer.raw(f"--{BOUNDARY}--\r\n".encode())

    with HttpCamera(script) as camera, opened(http(camera.url)) as source:
        whole = []
        while source.grab():
            whole.append(source.retrieve() is not None)
    assert whole[0]
    assert not whole[1]
    assert whole[-1]


def test_motion_jpeg_that_stalls_in_the_middle_of_a_picture_is_a_stall() -> None:
    """Half a picture and silence end at the time allowed."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        viewer.send(jpeg(scene(0)))
        viewer.raw(f"--{BOUNDARY}\r\nContent-Length: 5000\r\n\r\n".encode() + b"\xff\xd8half")
        viewer.stay_silent()

    with HttpCamera(script) as camera, opened(http(camera.url, timeout_s=0.5)) as source:
        assert source.grab()
        with pytest.raises(SourceStalledError, match=r"sent nothing for 0\.4 s"):
            source.grab()


def test_a_waiting_grab_can_be_cancelled() -> None:
    """Another thread cuts the connection, and the grab ends long before its time-out."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        viewer.send(jpeg(scene(0)))
        viewer.stay_silent()

    with HttpCamera(script) as camera, opened(http(camera.url, timeout_s=100.0)) as source:
        assert source.grab()
        threading.Timer(0.1, source.cancel).start()
        assert not source.grab()


def test_http_credentials_are_given_only_when_asked(tmp_path: Path) -> None:
    """With the file the camera opens; without it the error names the status and the setting."""

    def script(viewer: Viewer) -> None:
        viewer.begin()
        viewer.send(jpeg(scene(0)))

    (tmp_path / "login").write_text("admin:s3:cret", encoding="utf-8")
    with HttpCamera(script, login="admin:s3:cret") as camera:
        with pytest.raises(SourceError, match=r"answered 401.*check credentials_file"):
            http(camera.url).open()
        with opened(http(camera.url, credentials_file=tmp_path / "login")) as source:
            assert source.grab()


def test_what_is_not_motion_jpeg_is_left_to_ffmpeg(shared: Path, tmp_path: Path) -> None:
    """An H.264 transport stream behind http:// is read by FFmpeg."""
    stream = tmp_path / "stream.ts"
    command = [needs("ffmpeg"), "-v", "error", "-i", str(shared / "clips" / "bottles-on-shelf.mp4"), "-t", "5"]
    subprocess.run([*command, "-c", "copy", str(stream)], check=True, stdin=subprocess.DEVNULL)

    def script(viewer: Viewer) -> None:
        viewer.begin("video/mp2t")
        viewer.raw(stream.read_bytes())

    with HttpCamera(script) as camera, opened(http(camera.url)) as source:
        assert source.grab()
        image = source.retrieve()
        assert image is not None
        assert image.shape == (360, 640, 3)


@pytest.mark.parametrize(
    ("content", "problem"),
    [("no colon", "one line 'user:password'"), ("", "one line"), ("a:b\nc:d", "one line"), (None, "cannot be read")],
)
def test_a_wrong_credentials_file_is_named_and_not_quoted(tmp_path: Path, content: str | None, problem: str) -> None:
    """The error says which file and what it must hold, and nothing of what it holds."""
    path = tmp_path / "login"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=problem) as caught:
        rtsp("rtsp://127.0.0.1:9/x", credentials_file=path).open()
    assert str(path) in str(caught.value)
    assert not content or content not in str(caught.value)
