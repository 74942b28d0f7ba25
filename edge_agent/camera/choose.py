"""Which source a configuration means."""

from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.camera.child import ChildSource
from edge_agent.camera.clip import ClipShape, ClipSource, shape_of
from edge_agent.camera.credentials import public
from edge_agent.camera.device import DeviceSource
from edge_agent.camera.mjpeg import HttpSource
from edge_agent.camera.session import Limits
from edge_agent.camera.source import Source, SourceError
from edge_agent.camera.stream import StreamSource
from edge_agent.camera.synthetic import SyntheticSource
from edge_agent.config import CameraConfig

_STREAMS = ("rtsp", "rtsps", "rtmp", "https")


def is_live(camera: CameraConfig) -> bool:
    """Whether a camera's source is live, and so needs a `Reader`; otherwise it is a clip, for `replay`."""
    source = camera.source
    return source.startswith(("exec:", "synthetic:", "/dev/")) or source.isdigit() or "://" in source


def open_source(camera: CameraConfig, base_folder: Path) -> Source:
    """Return the source of a camera, not yet opened.

    `synthetic:` gives a made-up scene. Relative paths are looked up beside the configuration file (`base_folder`).

    Raises:
        SourceError: there is no such clip, or no such kind of source.
    """
    source, fps = camera.source, camera.fps
    if source.startswith("exec:"):
        return ChildSource(
            source.removeprefix("exec:"),
            width=camera.width or 0,
            height=camera.height or 0,
            pixel_format=camera.pixel_format,
            fps=fps,
            open_timeout_s=camera.open_timeout_s,
            read_timeout_s=camera.read_timeout_s,
        )
    if source.startswith("synthetic:"):
        return SyntheticSource(width=camera.width or 640, height=camera.height or 360, fps=fps or 10.0, paced=True)
    if source.isdigit() or source.startswith("/dev/"):
        path = Path(f"/dev/video{source}" if source.isdigit() else source)
        return DeviceSource(path, width=camera.width, height=camera.height, fps=fps)
    if "://" in source:
        return _network_source(camera, base_folder)
    return open_clip(source, base_folder)


def open_clip(path: str | Path, base_folder: Path | None = None) -> ClipSource:
    """Return a clip, not yet opened: beside the configuration file or in the current folder.

    Raises:
        SourceError: it is in neither; both are named.
    """
    wanted = Path(path).expanduser()
    if wanted.is_absolute() or base_folder is None:
        return ClipSource(wanted)
    places = list(dict.fromkeys((base_folder / wanted, Path.cwd() / wanted)))
    for place in places:
        if place.exists():
            return ClipSource(place)
    raise SourceError(f"clip {path}: there is no such file; looked for {' and '.join(map(str, places))}")


def clip_shape(path: str | Path, base_folder: Path | None = None) -> ClipShape:
    """Return what a clip says of itself; it is opened and closed again.

    Raises:
        SourceError: missing, empty, unreadable, or not a video.
    """
    return shape_of(open_clip(path, base_folder))


def limits_of(camera: CameraConfig) -> Limits:
    """Return what a camera's configuration allows its reader."""
    return Limits(
        open_timeout_s=camera.open_timeout_s,
        read_timeout_s=camera.read_timeout_s,
        frozen_after_s=camera.frozen_after_s,
        max_fps=camera.max_fps,
    )


def _network_source(camera: CameraConfig, base_folder: Path) -> Source:
    url = camera.source
    credentials_file = camera.credentials_file
    if credentials_file is not None:
        credentials_file = base_folder / credentials_file.expanduser()

    def stream() -> StreamSource:
        return StreamSource(
            url,
            credentials_file=credentials_file,
            open_timeout_s=camera.open_timeout_s,
            read_timeout_s=camera.read_timeout_s,
        )

    scheme = urlsplit(url).scheme.lower()
    if scheme in _STREAMS:
        return stream()
    if scheme == "http":
        return HttpSource(
            url,
            credentials_file=credentials_file,
            open_timeout_s=camera.open_timeout_s,
            read_timeout_s=camera.read_timeout_s,
            other=stream,
        )
    known = ", ".join(f"{name}://" for name in ("rtsp", "rtsps", "rtmp", "http", "https"))
    raise SourceError(f"{public(url)}: no camera speaks {scheme}://; use {known}, a path, /dev/video0 or exec:COMMAND")
