"""Anything thrown at the gate comes out within the published schema, or not at all."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from anonymise.plans import IN, OUT, READING, Camera, camera, clock_at, occupied, stayed, visitors
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from edge_agent import message
from edge_agent.anonymise import Reading
from edge_agent.message import Counts, Hour
from edge_agent.terms import AgeBand, ClockState, GapCause, LineRole, Quality

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schema"
PUBLISHED = {
    leaf: Draft202012Validator(json.loads((SCHEMAS / f"{leaf}.schema.json").read_text()))
    for leaf in ("counts", "hours")
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")
HASH = re.compile(r"[0-9a-f]{16}|[0-9a-f]{64}")
WORDS = {
    *ClockState,
    *Quality,
    *GapCause,
    *LineRole,
    *("female", "male", "balanced"),
    *("footfall/v1/counts", "footfall/v1/hours"),
    *("t", "s", "d", "c", "door", "street", "table", "Europe/Rome"),  # names of the plan
}

readings = st.sampled_from(
    [
        None,
        READING,
        replace(READING, k=3, sex=(), age=()),
        replace(READING, epsilon_per_day=Fraction(1), draw=Random(1).randrange),
        replace(READING, epsilon_per_day=Fraction(20), draw=Random(2).randrange),
    ]
)
counts = st.integers(0, 40)
stories = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.integers(1, 4000)),
        st.tuples(st.just("cross"), st.integers(1, 3)),
        st.tuples(st.just("stay"), st.integers(0, 5000)),
        st.tuples(st.just("fill"), st.integers(0, 9)),
        st.tuples(st.just("visit"), st.tuples(counts, counts, counts, st.integers(0, 6))),
        st.tuples(st.just("gap"), st.integers(1, 50_000)),
        st.tuples(st.just("step"), st.integers(-100_000, 100_000)),
        st.tuples(st.just("sync"), st.booleans()),
        st.tuples(st.just("restart"), st.integers(0, 90_000)),
    ),
    max_size=25,
)


def play(shop: Camera, what: str, n: Any, reading: Reading | None) -> Camera:
    """Do one thing of a story."""
    now_s = shop.clock.monotonic()
    match what:
        case "look":
            shop.look(n, every_s=1.5)
        case "cross":
            shop.see(*[IN, OUT, IN][:n])
        case "stay":
            shop.gate.settle(stayed(now_s, float(n)))
        case "fill":
            shop.gate.frame(occupied(now_s, n))
        case "visit":
            ages = [0] * len(AgeBand)
            ages[n[3]] += sum(n[:3])
            shop.gate.frame(visitors(now_s, n[:3], ages))
        case "gap":
            shop.miss(n, GapCause.COVERED)
        case "step":
            shop.clock.step_utc(n)
        case "sync":
            shop.clock.synced = n
        case _:
            windows, saved = shop.windows, shop.gate.checkpoint()
            shop.clock.advance(n)
            shop = camera(shop.clock, saved, reading=reading)
            shop.windows = windows + shop.windows
    shop.collect()
    return shop


@settings(max_examples=60, deadline=None)
@given(stories, readings, st.booleans())
def test_anything_comes_out_within_the_schema(
    story: list[tuple[str, Any]],
    reading: Reading | None,
    synced: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever is seen and whatever the clock does: messages are valid, and hold nothing but what may be in them."""
    shop = camera(clock_at(100, synced=synced), reading=reading)
    for what, n in story:
        shop = play(shop, what, n, reading)
    shop.end()
    assert shop.windows
    for window in shop.windows:
        payload = json.loads(window.payload())
        PUBLISHED["hours" if isinstance(window, Hour) else "counts"].validate(payload)
        type(window).model_validate_json(window.payload())
        for value in leaves(payload):
            assert value is None or isinstance(value, bool | int | str), value
            assert not isinstance(value, str) or value in WORDS or INSTANT.fullmatch(value) or HASH.fullmatch(value), (
                value
            )


@settings(max_examples=40, deadline=None)
@given(stories, readings)
def test_buckets_say_nothing_of_who(story: list[tuple[str, Any]], reading: Reading | None) -> None:
    """The finest time that demographics have is the hour: a bucket with them and one without are the same."""
    with_them, without = camera(clock_at(100), reading=reading), camera(clock_at(100))
    for what, n in story:
        with_them, without = play(with_them, what, n, reading), play(without, what, n, None)
    assert [window.payload() for window in with_them.counts] == [window.payload() for window in without.counts]
    assert all(hour.demographics is None for hour in without.hours)


def test_the_validator_is_no_rubber_stamp() -> None:
    """A fraction, a word too many or a track id in a message is found by the schema that was published."""
    golden = json.loads((Path(__file__).parent / "golden" / "hours.json").read_text())
    assert PUBLISHED["hours"].is_valid(golden)
    for change in ({"frames": 1.5}, {"note": "hello"}, {"track_id": 7}, {"camera": "the one at the door"}):
        assert not PUBLISHED["hours"].is_valid({**golden, **change})
    golden["day_demographics"]["sex"]["female_share"]["share_milli"] = 1001
    assert not PUBLISHED["hours"].is_valid(golden)
    assert message.json_schema(Counts)["additionalProperties"] is False


def leaves(node: object) -> Iterator[object]:
    """Return every value of a message that holds no others."""
    if isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from leaves(value)
    else:
        yield node
