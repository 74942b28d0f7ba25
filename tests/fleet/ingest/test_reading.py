"""What a message is found to be, by its topic and its bytes alone."""

import json

import pytest
from fleet.ingest.conftest import NOW_S
from fleet.ingest.maker import Door
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.fleet.ingest.reading import DeadLetter, Letter, Note, Reason, Window, read

TOPIC, PAYLOAD = next(Door().messages(1))
BASE = Door().base


def letter(topic: str, payload: bytes, *, now_s: int = NOW_S) -> Letter:
    """Read with the usual limits."""
    return read(topic, payload, received_s=now_s, max_bytes=65_536, max_ahead_s=300)


def altered(**keys: object) -> bytes:
    """A good message with other values in it."""
    return json.dumps({**json.loads(PAYLOAD), **keys}).encode()


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("footfall/v1/acme/rome/door-1/count", PAYLOAD, Reason.TOPIC),
        ("footfall/v2/acme/rome/door-1/counts", PAYLOAD, Reason.TOPIC),
        ("footfall/v1/acme/rome/counts", PAYLOAD, Reason.TOPIC),
        ("footfall/v1/acme/rome/door-1/counts/x", PAYLOAD, Reason.TOPIC),
        ("footfall/v1/acme//door-1/counts", PAYLOAD, Reason.TOPIC),
        ("footfall/v1/ac me/rome/door-1/counts", PAYLOAD, Reason.TOPIC),
        ("x/footfall/v1/acme/rome/door-1/counts", PAYLOAD, Reason.TOPIC),
        (TOPIC, b"{" + b" " * 70_000 + b"}", Reason.SIZE),
        (TOPIC, b"", Reason.SCHEMA),
        (TOPIC, b"\xff\xfe", Reason.SCHEMA),
        (TOPIC, b"[" * 60_000, Reason.SCHEMA),
        (TOPIC, PAYLOAD[:-1], Reason.SCHEMA),
        (TOPIC, altered(seq="1"), Reason.SCHEMA),
        (TOPIC, altered(seq=-1), Reason.SCHEMA),
        (TOPIC, altered(seq=2**31), Reason.SCHEMA),
        (TOPIC, altered(name="Anna"), Reason.SCHEMA),
        (TOPIC, altered(**{"\0\x1b[31m": 1}), Reason.SCHEMA),
        (f"{BASE}/hours", PAYLOAD, Reason.SCHEMA),
        (f"{BASE}/state", PAYLOAD, Reason.SCHEMA),
        ("footfall/v1/acme/rome/door-2/counts", PAYLOAD, Reason.FORGED),
        ("footfall/v1/other/rome/door-1/counts", PAYLOAD, Reason.FORGED),
        (TOPIC, altered(start="2026-13-01T00:00:00Z"), Reason.WINDOW),
        (TOPIC, altered(start="2026-11-01T09:00:00Z"), Reason.WINDOW),
        (TOPIC, altered(tz="Mars/Olympus"), Reason.ZONE),
        (TOPIC, altered(tz="Europe"), Reason.ZONE),
        (TOPIC, altered(tz="Europe/../Europe/Rome"), Reason.SCHEMA),
    ],
)
def test_what_is_no_message_is_a_dead_letter_with_the_reason(topic: str, payload: bytes, reason: Reason) -> None:
    """Whatever is wrong with a message is named from the closed list, in words that can be printed."""
    content = letter(topic, payload).content
    assert isinstance(content, DeadLetter)
    assert content.reason is reason
    assert content.detail
    assert content.detail.isprintable()


def test_a_window_from_the_future_is_a_dead_letter_until_its_time_has_come() -> None:
    """A window may end a little later than the fleet's clock, for clocks differ, but not by more than is allowed."""
    end_s = Door().now_s + 900
    early = letter(TOPIC, PAYLOAD, now_s=end_s - 301).content
    assert isinstance(early, DeadLetter)
    assert early.reason is Reason.FUTURE
    assert isinstance(letter(TOPIC, PAYLOAD, now_s=end_s - 300).content, Window)


def test_a_window_is_kept_as_it_came() -> None:
    """Not a byte of a good message is altered, spaces included."""
    spaced = json.dumps(json.loads(PAYLOAD), indent=1).encode()
    content = letter(TOPIC, spaced).content
    assert isinstance(content, Window)
    assert content.payload.encode() == spaced
    assert (content.seq, content.camera, content.hour) == (1, "entrance", None)


@given(st.text(max_size=80), st.binary(max_size=200))
def test_nothing_makes_it_fail(topic: str, payload: bytes) -> None:
    """Any topic with any bytes is something; reading never raises."""
    for each in (topic, f"{BASE}/{topic}", f"{BASE}/counts", f"{BASE}/health"):
        assert isinstance(letter(each, payload).content, DeadLetter | Note | Window)
