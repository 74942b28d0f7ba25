"""Frames and gaps from a clip, a USB camera, a network camera, a child process or a made-up scene."""

from edge_agent.camera.capture import prepare_opencv
from edge_agent.camera.choose import clip_shape, is_live, limits_of, open_clip, open_source
from edge_agent.camera.clip import ClipShape
from edge_agent.camera.reader import Reader, ReaderExhausted, ReaderStats, Spawn
from edge_agent.camera.replay import replay
from edge_agent.camera.session import Limits
from edge_agent.camera.source import Source, SourceError, SourceStalledError, TimedSource
from edge_agent.camera.synthetic import SyntheticSource

__all__ = [
    "ClipShape",
    "Limits",
    "Reader",
    "ReaderExhausted",
    "ReaderStats",
    "Source",
    "SourceError",
    "SourceStalledError",
    "Spawn",
    "SyntheticSource",
    "TimedSource",
    "clip_shape",
    "is_live",
    "limits_of",
    "open_clip",
    "open_source",
    "prepare_opencv",
    "replay",
]
