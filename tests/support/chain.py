"""Drafts for the outbox whose content can be checked afterwards, and the check."""

import json
from collections.abc import Iterable
from hashlib import sha256

from edge_agent.outbox import GENESIS, Draft, Row


def draft(content: int | str, leaf: str = "counts", padding: int = 0) -> Draft:
    """A draft whose payload holds its content and its place in the chain."""

    def seal(epoch: str, seq: int, prev_hash: str) -> bytes:
        body = {"content": content, "epoch": epoch, "seq": seq, "prev_hash": prev_hash, "padding": "x" * padding}
        return json.dumps(body).encode()

    return leaf, seal


def contents(rows: Iterable[Row]) -> list[int | str]:
    """What the rows were made of, in their order."""
    return [json.loads(row.payload)["content"] for row in rows]


def assert_chained(rows: Iterable[Row], *, first_prev: str | None = GENESIS) -> None:
    """Each row carries its own number and the hash of the row before it."""
    expected = first_prev
    for row in rows:
        body = json.loads(row.payload)
        assert body["seq"] == row.seq
        if expected is not None:
            assert body["prev_hash"] == expected
        expected = sha256(row.payload).hexdigest()
