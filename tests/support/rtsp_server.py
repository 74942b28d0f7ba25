#!/usr/bin/python3
"""A real RTSP server for tests: GStreamer's, under the system's Python, because `gi` is not in our environment.

    /usr/bin/python3 tests/support/rtsp_server.py CLIP.mp4 [--port N] [--speed F] [--from-s S] [--login USER:PASSWORD]

It prints `READY rtsp://127.0.0.1:PORT/clip` once it listens, serves an H.264 clip paced by its own timestamps, and
gives each client the clip from its first picture, so that what arrives is the same every time. It ends when it is
killed or when its standard input closes, so that a dead test leaves nothing behind. The same `--port` can be used
again at once.
Tests start it through `support.rtsp`.
"""

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import gi  # type: ignore[import-not-found]  # the system's Python has it, ours has not

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402  (see above)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _at_speed(clip: Path, speed: float, folder: Path) -> Path:
    """Return the same pictures with their timestamps squeezed: nothing is decoded or dropped."""
    if speed == 1.0:
        return clip
    faster = folder / clip.name
    command = ["ffmpeg", "-v", "error", "-itsscale", str(1 / speed), "-i", str(clip), "-map", "0:v:0", "-c", "copy"]
    subprocess.run([*command, str(faster)], check=True, stdin=subprocess.DEVNULL)
    return faster


def _factory(clip: Path, *, from_s: float) -> GstRtspServer.RTSPMediaFactory:
    factory = GstRtspServer.RTSPMediaFactory()
    pay = "rtph264pay name=pay0 pt=96 config-interval=-1"
    factory.set_launch(f'( filesrc location="{clip}" ! qtdemux ! h264parse name=parse ! {pay} )')
    if from_s:
        factory.connect("media-configure", _drop_start, from_s)
    return factory


def _drop_start(_factory: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia, from_s: float) -> None:
    """Leave out the pictures before a time, as a camera does whose stream is joined between two key frames."""

    def probe(_pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        early = info.get_buffer().pts < from_s * Gst.SECOND
        return Gst.PadProbeReturn.DROP if early else Gst.PadProbeReturn.OK

    parse = media.get_element().get_by_name("parse")
    parse.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, probe)


def _demand_login(server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, login: str) -> None:
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    user, _, password = login.partition(":")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


def _leave_with_parent(loop: GLib.MainLoop) -> None:
    sys.stdin.buffer.read()
    loop.quit()


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--speed", type=float, default=1.0, help="2 serves the clip in half its time")
    parser.add_argument("--from-s", type=float, default=0.0, help="leave out the clip's start: it begins mid-GOP")
    parser.add_argument("--login", help="user:password that clients must give")
    options = parser.parse_args()

    Gst.init(None)
    port = options.port or _free_port()
    with tempfile.TemporaryDirectory() as folder:
        factory = _factory(_at_speed(options.clip.resolve(), options.speed, Path(folder)), from_s=options.from_s)
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service(str(port))
        if options.login:
            _demand_login(server, factory, options.login)
        server.get_mount_points().add_factory("/clip", factory)
        if server.attach(None) == 0:
            raise SystemExit(f"cannot listen on port {port}; choose another --port")
        sys.stdout.write(f"READY rtsp://127.0.0.1:{port}/clip\n")
        sys.stdout.flush()
        loop = GLib.MainLoop()
        threading.Thread(target=_leave_with_parent, args=(loop,), daemon=True).start()
        loop.run()


if __name__ == "__main__":
    main()
