"""Short hashes that tie a count to the settings that produced it."""

import json
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Final

from edge_agent.config.problem import redact
from edge_agent.config.schema import CameraConfig, Config

_FILES_OF_BROKER: Final = ("password_file", "ca_file", "cert_file", "key_file")


def config_hash(config: Config) -> str:
    """16 hex digits that change with every setting that can change what is counted or how it is sent.

    Defaults are in it as if they were written out, so a version that adds or changes one changes the hash.
    Left out is where things lie, so that a device whose folders moved is the same device: storage, the files of
    secrets and certificates, and the folders of a clip and of a bundle given by path. What an address carries
    after a '?' is left out too: it may be a password, and a published hash would let it be guessed.
    """
    data = config.model_dump(mode="json", by_alias=True)
    del data["storage"]
    for key in _FILES_OF_BROKER:
        del data["broker"][key]
    for camera in data["camera"]:
        del camera["credentials_file"]
        camera["source"] = _without_folder(redact(camera["source"]))
    for table in ("detector", "demographics"):
        data[table]["bundle"] = _without_folder(data[table]["bundle"])
    if data["demographics"]["face_bundle"] is not None:
        data["demographics"]["face_bundle"] = _without_folder(data["demographics"]["face_bundle"])
    return _hash(data)


def geometry_hash(camera: CameraConfig) -> str:
    """16 hex digits that change when a line or zone moves, and with nothing else.

    In it are names, points, anchors and hysteresis, in the order of the names; not classes, roles and times.
    """
    lines = [line.model_dump(mode="json", include=_LINE, by_alias=True) for line in camera.line]
    zones = [zone.model_dump(mode="json", include=_ZONE, by_alias=True) for zone in camera.zone]
    return _hash({"line": sorted(lines, key=_name), "zone": sorted(zones, key=_name)})


_LINE: Final = {"name", "from_", "to", "inside", "anchor", "hysteresis"}
_ZONE: Final = {"name", "polygon", "anchor"}


def _name(table: dict[str, Any]) -> str:
    return str(table["name"])


def _without_folder(text: str) -> str:
    is_path = "://" not in text and not text.startswith("exec:")
    return PurePath(text).name if is_path else text


def _hash(data: object) -> str:
    canonical = json.dumps(_one_zero(data), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(canonical.encode("ascii")).hexdigest()[:16]


def _one_zero(data: Any) -> Any:  # noqa: ANN401 - any JSON
    """The data with 0.0 for -0.0: equal settings have equal hashes."""
    match data:
        case float():
            return data + 0.0
        case list():
            return [_one_zero(element) for element in data]
        case dict():
            return {key: _one_zero(value) for key, value in data.items()}
        case _:
            return data
