"""Count people at the edge, publish only anonymous numbers."""

import os

__version__ = "0.1.0"

# Two libraries are told to keep to themselves, here, because they listen only while they are being loaded.
#
# ONNX Runtime reports to its maker, and writes a number for this device to the disk. That is never allowed.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# FFmpeg inside OpenCV writes many lines to standard error, and addresses may be in them. An operator may want them.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
