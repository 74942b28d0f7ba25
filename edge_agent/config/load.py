"""From a TOML file to a `Config`, or to one line per error."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from edge_agent.config.document import Document, read_document
from edge_agent.config.problem import ConfigError
from edge_agent.config.schema import BrokerConfig, CameraConfig, Config, StorageConfig
from edge_agent.config.translate import translate


def load(path: Path) -> Config:
    """Read and check a configuration; `verify` also looks at the files that it names.

    Relative paths of secrets, certificates and the storage folder become absolute here, beside the configuration
    file. `camera.source` and `detector.bundle` stay as written: they need not be paths.

    Raises:
        ConfigError: it cannot be used; one line per error.
    """
    return load_document(read_document(path))


def load_document(document: Document) -> Config:
    """Check a document that has been read; see `load`.

    Raises:
        ConfigError: it cannot be used; one line per error.
    """
    # As JSON and strictly: TOML has types as JSON has, and only from JSON does pydantic take a list for a tuple
    # and a text for a path while it still refuses true for 1 and "20" for 20. By alias: `from_` is Python's name only.
    try:
        config = Config.model_validate_json(document.json, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise ConfigError(translate(document, error)) from None
    return _anchored(config, document.path.absolute().parent)


def _anchored(config: Config, folder: Path) -> Config:
    """The same configuration with its relative paths looked up in a folder."""

    def anchor(table: BrokerConfig | CameraConfig | StorageConfig, *keys: str) -> Any:  # noqa: ANN401 - its own type
        paths = {key: getattr(table, key) for key in keys}
        return table.model_copy(update={key: folder / path for key, path in paths.items() if path is not None})

    return config.model_copy(
        update={
            "broker": anchor(config.broker, "password_file", "ca_file", "cert_file", "key_file"),
            "camera": tuple(anchor(camera, "credentials_file") for camera in config.camera),
            "storage": anchor(config.storage, "folder"),
        }
    )
