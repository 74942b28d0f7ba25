"""What becomes of messages in the store, in SQLite and in PostgreSQL alike."""

import json
from random import Random

import pytest
from fleet.ingest.conftest import NOW_S, Fleet, split
from fleet.ingest.maker import Door, health, state
from sqlalchemy import select

from edge_agent.fleet.ingest.admission import admit, empty_quarantine
from edge_agent.fleet.ingest.reading import Reason
from edge_agent.fleet.ingest.registry import Registry
from edge_agent.fleet.settings import Ingest
from edge_agent.fleet.store.tables import (
    dead_letters,
    devices,
    hour_lines,
    hour_zones,
    hours,
    messages,
    quarantine,
    watermarks,
)


def test_each_message_is_stored_once_as_it_came_and_its_hour_in_columns(fleet: Fleet) -> None:
    """However often a message comes, it is there once, byte for byte, and so are the numbers of its hour."""
    door = Door()
    sent = list(door.messages(10))
    assert fleet.take(*sent).stored == 10
    tally = fleet.take(*sent, *sent)
    assert (tally.stored, tally.again) == (0, 20)
    kept = fleet.rows(messages, "seq", "leaf", "payload")
    assert kept == [(seq, leaf, payload.decode()) for seq, (leaf, payload) in sorted(door.sent.items())]
    assert fleet.rows(hours, "seq", "local_day", "local_hour") == [(5, "2026-11-01", 9), (10, "2026-11-01", 10)]
    assert len(fleet.rows(hour_lines)) == 4
    assert len(fleet.rows(hour_zones)) == 2


def test_a_key_that_comes_with_another_content_is_a_conflict_and_changes_nothing(fleet: Fleet) -> None:
    """What is stored is never overwritten, not by a message of the same batch either."""
    topic, payload = next(Door().messages(1))
    other = json.dumps({**json.loads(payload), "frames": 1}).encode()
    fleet.take((topic, payload), (topic, other))
    tally = fleet.take((topic, other), (topic, payload))
    assert (tally.stored, tally.again, tally.dead) == (0, 1, {Reason.CONFLICT: 1})
    assert fleet.rows(messages, "payload") == [payload.decode()]
    assert fleet.rows(dead_letters, "reason", "payload") == [("conflict", other)]  # the same letter twice is one


def test_bad_messages_end_in_their_table_and_the_others_of_the_batch_go_on(fleet: Fleet) -> None:
    """One commit may hold good and bad messages in any order; each goes where it belongs."""
    door, stranger = Door(), Door(tenant="other")
    good = list(door.messages(5))
    bad = [
        ("footfall/v1/acme/rome/door-1/nonsense", b"x"),
        (f"{door.base}/counts", b"{}"),
        (f"{Door('door-9').base}/counts", good[0][1]),
        (good[0][0], good[0][1].replace(b"Europe/Rome", b"Europe/Narnia")),
        (good[0][0], b" " * 70_000),
        ("topic\0with\x07controls", b"\0\xff"),
    ]
    mixed = [*good, *bad, *stranger.messages(2)]
    Random(3).shuffle(mixed)
    tally = fleet.take(*mixed)
    assert (tally.stored, tally.quarantined, tally.dead.total()) == (5, 2, 6)
    assert sorted(fleet.reasons()) == ["forged", "schema", "size", "topic", "topic", "zone"]
    assert fleet.rows(dead_letters, "bytes")[-1] == 70_000
    assert max(len(payload) for payload in fleet.rows(dead_letters, "payload")) == 65_536


def test_an_unknown_device_waits_in_quarantine_and_leaves_it_when_it_is_admitted(fleet: Fleet) -> None:
    """Nothing of a device that nobody admitted is counted or confirmed; on admission all of it is, once."""
    door = Door(tenant="other")
    sent = list(door.messages(7))
    fleet.take(*sent, *sent)
    fleet.advance()
    assert len(fleet.rows(quarantine)) == 7
    assert fleet.rows(messages) == fleet.rows(watermarks) == []
    assert admit(fleet.engine, ["other/milan/*"], NOW_S) == []
    assert len(admit(fleet.engine, ["other/*/door-?", "other/rome/*"], NOW_S)) == 1
    assert empty_quarantine(fleet.engine, Ingest()).stored == 7
    fleet.advance()
    assert fleet.rows(quarantine) == []
    assert [payload.encode() for payload in fleet.rows(messages, "payload")] == sorted(each for _, each in sent)
    assert fleet.rows(watermarks, "seq") == [7]
    assert fleet.take(*Door(tenant="other").messages(7)).again == 7  # and from now on it is like any other


def test_the_quarantine_of_a_device_has_an_end(fleet: Fleet) -> None:
    """A device that nobody admits cannot fill the disk; it keeps what is not confirmed, so nothing is lost by it."""
    sent = list(Door(tenant="other").messages(30))
    for part in split(sent, 7):
        fleet.take(*part, keep_quarantine=10)
    assert fleet.rows(quarantine, "payload") == sorted(payload for _, payload in sent[:10])


def test_too_many_unknown_devices_are_dead_letters(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who makes up names cannot fill the disk with them."""
    monkeypatch.setattr("edge_agent.fleet.ingest.registry.MOST_UNADMITTED", 3)
    for number in range(5):
        fleet.take(*Door(f"door-{number}", tenant="other").messages(1))
    fleet.take(*Door("door-7").messages(1))
    assert len(fleet.rows(devices)) == 4
    assert fleet.reasons() == ["unknown", "unknown"]


def test_the_newest_state_of_a_device_is_kept(fleet: Fleet) -> None:
    """Of state, health and privacy the newest is kept as it came; the state tells which outbox the device has."""
    door = Door()
    for session in (1, 2):
        fleet.take((f"{door.base}/state", state(door, session)))
    fleet.take((f"{door.base}/health", health(door, 2, oldest_seq=4)))
    [(epoch, kept, told)] = fleet.rows(devices, "epoch", "state", "health")
    assert (epoch, kept.encode()) == (door.epoch, state(door, 2))
    assert json.loads(told)["outbox_oldest_seq"] == 4


def test_an_admission_is_seen_by_a_worker_that_runs(fleet: Fleet) -> None:
    """A worker does not go on to put into quarantine what somebody else has admitted meanwhile."""
    door = Door(tenant="other")
    fleet.take(*door.messages(1))
    admit(fleet.engine, ["other/*/*"], NOW_S)
    assert fleet.take(*door.messages(1)).stored == 1


def test_a_device_that_is_already_known_keeps_its_numbers(fleet: Fleet) -> None:
    """Another worker, which knows nothing yet, finds the devices that are there."""
    fleet.take(*Door().messages(1), *Door("door-2").messages(1))
    before = fleet.rows(devices, "id", "device")
    fleet.registry = Registry(["acme/*/*"])
    fleet.take(*Door("door-2").messages(2), *Door("door-3").messages(1))
    assert fleet.rows(devices, "id", "device")[:2] == before
    with fleet.engine.connect() as connection:
        assert len(connection.execute(select(messages)).all()) == 4
