"""The schema of the messages as it was published with this version, to compare the code with."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge_agent.message import TOPICS, json_schema

PUBLISHED: Final = Path(__file__).parent / "published-schemas.json"
"""Digests of docs/schema, shipped with the agent; a test holds that they are."""


def digests() -> dict[str, str]:
    """The digest of each message's JSON Schema, as the code enforces it now."""
    return {topic.leaf: digest(json_schema(topic.model)) for topic in TOPICS if topic.model is not None}


def digest(schema: object) -> str:
    """The digest of a JSON Schema, whatever its blanks and order."""
    return sha256(json.dumps(schema, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def published() -> dict[str, str]:
    """The digests that were shipped.

    Raises:
        OSError: the file is missing.
        ValueError: it is not what it should be.
    """
    found: dict[str, str] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return found


def write_published() -> None:
    """Write the digests of this version: for whoever changes a message, after docs/schema."""
    PUBLISHED.write_text(json.dumps(digests(), indent=2) + "\n", encoding="utf-8")
