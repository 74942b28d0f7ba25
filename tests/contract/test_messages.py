"""The wire contract: golden messages, the published schema, and what can never be a message."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_agent import message
from edge_agent.anonymise.tally import DemographicTally
from edge_agent.message import (
    TOPICS,
    Ack,
    Counts,
    Demographics,
    Health,
    Hour,
    Privacy,
    State,
    base_topic,
    instant,
    live_payload,
)
from edge_agent.terms import AgeBand, Sex

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schema"
MODELS = {topic.leaf: topic.model for topic in TOPICS if topic.model is not None}


@pytest.mark.parametrize("leaf", sorted(MODELS))
def test_golden_messages_survive_the_round_trip(leaf: str) -> None:
    """A message of the committed form is read, and written again byte for byte."""
    payload = (GOLDEN / f"{leaf}.json").read_bytes().rstrip()
    assert MODELS[leaf].model_validate_json(payload).payload() == payload


def test_an_hour_of_a_former_agent_is_still_one() -> None:
    """Fields that were added since are null where an older agent did not send them."""
    hour = Hour.model_validate_json((GOLDEN / "former" / "hours.json").read_bytes())
    assert (hour.demographics, hour.day_demographics) == (None, None)


@pytest.mark.parametrize("leaf", sorted(MODELS))
def test_published_schemas_are_up_to_date(leaf: str) -> None:
    """The JSON Schema in the repository is the one that the code enforces."""
    published = json.loads((SCHEMAS / f"{leaf}.schema.json").read_text())
    assert published == message.json_schema(MODELS[leaf])


@pytest.mark.parametrize("leaf", sorted(MODELS))
@pytest.mark.parametrize("name", ["track_id", "x", "note", "image", "person"])
def test_schemas_are_closed(leaf: str, name: str) -> None:
    """A field that the schema does not have makes the whole message invalid, at the top and inside."""
    golden = json.loads((GOLDEN / f"{leaf}.json").read_text())
    for target in _objects(golden):
        target[name] = 1
        with pytest.raises(ValidationError):
            MODELS[leaf].model_validate_json(json.dumps(golden))
        del target[name]


@pytest.mark.parametrize("value", ["7", 7.0, 7.5, True, -1, 2**31, None])
def test_counts_are_integers_and_nothing_else(value: object) -> None:
    """Strings, floats, booleans and negative numbers are not counts."""
    golden = json.loads((GOLDEN / "counts.json").read_text())
    golden["lines"][0]["in"] = value
    with pytest.raises(ValidationError):
        Counts.model_validate_json(json.dumps(golden))


@pytest.mark.parametrize(
    ("table", "word", "value"),
    [("sex", "unknown", 4), ("sex", "female", 0), ("age", "60_over", 1), ("age", "unknown", 4)],
)
def test_a_small_cell_is_no_message(table: str, word: str, value: int) -> None:
    """Whoever forgets to suppress cannot publish: the schema itself refuses a cell under k, zero included."""
    hour = json.loads((GOLDEN / "hours.json").read_text())
    told = hour["day_demographics"]
    Demographics.model_validate_json(json.dumps(told))
    told[table][word] = value
    with pytest.raises(ValidationError, match="fewer than 5"):
        Demographics.model_validate_json(json.dumps(told))


def test_nobody_is_no_small_cell() -> None:
    """A table of an hour in which nobody came is all zeros, and may be told."""
    hour = json.loads((GOLDEN / "hours.json").read_text())
    told = {**hour["day_demographics"], "visitors": 0}
    for table in ("sex", "age"):
        told[table] = {word: 0 if isinstance(value, int) else None for word, value in told[table].items()}
    assert Demographics.model_validate_json(json.dumps(told)).visitors == 0


def test_sex_and_age_are_never_crossed() -> None:
    """No field of any message, and no sum behind the gate, speaks of a sex and an age at once."""
    schema = json.dumps(message.json_schema(Hour))
    sexes, ages = ("female", "male"), ("under_20", "20_29", "60_over")
    assert all(word in schema for word in (*sexes, *ages))
    for node in _objects(json.loads(schema)):
        names = set(node.get("properties", {}))  # type: ignore[call-overload]
        assert not (names & set(sexes) and names & set(ages))
        assert not any(sex in name and age in name for name in names for sex in sexes for age in ages)
    tally = DemographicTally()
    assert set(tally.sex) == set(Sex)
    assert set(tally.age) == set(AgeBand)
    assert set(DemographicTally.model_fields) == {"visitors", "sex", "age"}


def test_schemas_have_no_room_for_free_text_or_fractions() -> None:
    """Every string of every schema is an enumeration, a constant or a pattern; no number is a fraction."""
    for model in MODELS.values():
        for node in _objects(message.json_schema(model)):
            if node.get("type") == "string":
                assert {"enum", "const", "pattern"} & node.keys(), node
            assert node.get("type") != "number", node


@given(st.text(max_size=80))
def test_names_cannot_carry_a_message(text: str) -> None:
    """What is a name in a message is a level of a topic: no spaces, no wildcards, no more than 63 characters."""
    golden = json.loads((GOLDEN / "ack.json").read_text())
    golden["epoch"] = text
    try:
        Ack.model_validate_json(json.dumps(golden))
    except ValidationError:
        return
    assert len(text) == 16
    assert set(text) <= set("0123456789abcdef")


def test_live_leaves_are_plain_integers_or_unknown() -> None:
    """Dashboards read a number or the word unknown, nothing else."""
    assert (live_payload(0), live_payload(12), live_payload(None)) == (b"0", b"12", b"unknown")


def test_topics_begin_with_who_and_where() -> None:
    """The base of all topics is made of tenant, site and device, so that an ACL can be written with them."""
    assert base_topic("t", "s", "d") == "footfall/v1/t/s/d"


def test_instants_are_whole_seconds_of_utc() -> None:
    """An instant on the wire has no fraction and no offset."""
    assert instant(1_781_085_599.6) == "2026-06-10T10:00:00Z"


def test_every_message_has_its_topic() -> None:
    """The table of topics names each message model once."""
    assert [*MODELS.values()] == [State, Counts, Hour, Health, Privacy, Ack]


def _objects(node: object) -> list[dict[str, object]]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in _objects(value))]
    if isinstance(node, list):
        return [found for value in node for found in _objects(value)]
    return []
