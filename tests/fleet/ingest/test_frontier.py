"""How far a device's messages are complete, and what is found on the way."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from fleet.ingest.conftest import NOW_S, Fleet
from fleet.ingest.maker import QUARTER_S, Door, health, state
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.fleet.ingest.advance import MISSING_AFTER_S, Advance
from edge_agent.fleet.ingest.batch import store
from edge_agent.fleet.ingest.problems import OLD_EPOCH_S, list_silent
from edge_agent.fleet.ingest.reading import read
from edge_agent.fleet.ingest.registry import Registry
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.bulk import begin_writing, writing
from edge_agent.fleet.store.tables import (
    arrivals,
    day_visitors,
    hour_gaps,
    hour_lines,
    hour_zones,
    hours,
    messages,
    metadata,
    problems,
    watermarks,
)
from edge_agent.terms import ClockState

SAME_IN_ANY_ORDER = (messages, watermarks, hours, hour_lines, hour_zones, hour_gaps, day_visitors)


def kinds(fleet: Fleet, *, open_only: bool = True) -> list[str]:
    """The kinds of the problems that are listed."""
    rows = fleet.rows(problems, "kind", "over_s")
    return [kind for kind, over_s in rows if over_s is None or not open_only]


def spoilt_day() -> list[tuple[str, bytes]]:
    """Two devices: one whose chain is broken and whose clock jumps, and one that began anew in the middle."""
    first, second = Door(), Door("door-2")
    sent = list(first.messages(4))
    first.prev_hash = "f" * 64
    first.now_s -= 3 * QUARTER_S
    sent += first.messages(2)
    first.clock = ClockState.UNSYNCED
    sent += first.messages(2)
    first.clock = ClockState.SYNCED
    sent += [*first.messages(2), *second.messages(6)]
    second.begin_anew("b" * 16, seq=3)
    return [*sent, *second.messages(4)]


SENT = spoilt_day()


class Memory:
    """A fleet whose store is in memory, emptied for each example."""

    engine = open_store("sqlite://")

    def __init__(self) -> None:
        self.fleet = Fleet(self.engine, Registry(["acme/*/*"]))
        with writing(self.engine) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    def tables(self) -> dict[str, Any]:
        """What is in it, devices by name and without when a problem was noticed."""
        names = {row[0]: row[1] for row in self.fleet.rows(metadata.tables["devices"], "id", "device")}
        result: dict[str, Any] = {}
        for table in SAME_IN_ANY_ORDER:
            columns = [column.name for column in table.c]
            rows = [dict(zip(columns, row, strict=True)) for row in self.fleet.rows(table)]
            result[table.name] = sorted(
                (repr({**row, "device_id": names[row["device_id"]]}) for row in rows),
            )
        listed = self.fleet.rows(problems, "device_id", "kind", "epoch", "first_seq", "last_seq", "detail")
        # Which of two epochs is the newer one is for the device to say; here it says nothing.
        result["problems"] = sorted(repr((names[row[0]], *row[1:])) for row in listed if row[1] != "epoch")
        return result


def die_before_commit(fleet: Fleet, batch: Sequence[tuple[str, bytes]]) -> None:
    """Do all that a worker does, but for the commit."""
    letters = [read(*message, received_s=NOW_S, max_bytes=65_536, max_ahead_s=300) for message in batch]
    with fleet.engine.connect() as connection:
        begin_writing(connection)
        store(connection, fleet.registry, letters, keep_quarantine=9)
        connection.rollback()


def in_order() -> dict[str, Any]:
    """What is in the store when everything came once and in order."""
    memory = Memory()
    memory.fleet.take(*SENT)
    memory.fleet.advance()
    return memory.tables()


EXPECTED = in_order()


@settings(max_examples=25)
@given(st.data())
def test_any_order_any_repetition_and_any_kill_give_the_same_tables(data: st.DataObject) -> None:
    """Whatever comes however often, and whatever process dies where: in the end the same rows are there."""
    everything = [*SENT, *data.draw(st.lists(st.sampled_from(SENT), max_size=12))]
    todo = data.draw(st.permutations(everything))
    memory = Memory()
    advance = Advance()
    while todo:
        size = data.draw(st.integers(1, 9))
        batch, todo = todo[:size], todo[size:]
        if data.draw(st.booleans()):  # a worker that dies before its commit: the broker delivers again
            die_before_commit(memory.fleet, batch)
        memory.fleet.take(*batch)
        if data.draw(st.booleans()):
            if data.draw(st.booleans()):  # the leader died, and another took over
                advance = Advance()
            memory.fleet.advance(advance=advance)
    memory.fleet.advance(NOW_S + MISSING_AFTER_S - 1, Advance())
    assert memory.tables() == EXPECTED
    assert memory.fleet.rows(arrivals) == []


def test_the_example_holds_what_it_should() -> None:
    """The tables that the property compares have a broken chain, a jump back, a clock that was not set, two epochs."""
    found = " ".join(EXPECTED["problems"])
    assert found.count("'chain'") == 1
    assert "begins 2700 s before" in found
    assert "was not set" in found
    marks = " ".join(EXPECTED["watermarks"])
    assert "'seq': 10" in marks
    assert "'seq': 7" in marks  # of an epoch that began with 4
    assert "'seq': 6" in marks


def test_the_watermark_stops_at_a_hole_and_goes_on_when_it_is_filled(fleet: Fleet) -> None:
    """What the device has not delivered yet is never confirmed; while it is missing, that is listed."""
    sent = list(Door().messages(8))
    advance = Advance()
    fleet.take(*sent[:3], *sent[5:])
    fleet.advance(NOW_S, advance)
    assert (fleet.rows(watermarks, "seq"), kinds(fleet)) == ([3], [])
    fleet.advance(NOW_S + MISSING_AFTER_S, advance)
    assert fleet.rows(problems, "kind", "first_seq", "last_seq") == [("missing", 4, 5)]
    fleet.take(sent[4])
    fleet.advance(NOW_S + 2 * MISSING_AFTER_S, Advance())
    assert fleet.rows(problems, "kind", "first_seq", "last_seq") == [("missing", 4, 4)]
    fleet.take(sent[3])
    fleet.advance(NOW_S + 3 * MISSING_AFTER_S, Advance())
    assert (fleet.rows(watermarks, "seq"), kinds(fleet)) == ([8], [])


def test_a_hole_is_given_up_only_when_the_device_says_that_nothing_will_come(fleet: Fleet) -> None:
    """Numbers below the oldest in the outbox are lost, and listed; should they come late after all, they were not."""
    door = Door()
    sent = list(door.messages(9))
    fleet.take((f"{door.base}/state", state(door, 3)), *sent[:3], *sent[6:8])
    fleet.advance()
    fleet.take((f"{door.base}/health", health(door, 2, oldest_seq=7)))  # of another connection: of another file, maybe
    fleet.advance()
    assert fleet.rows(watermarks, "seq") == [3]
    fleet.take((f"{door.base}/health", health(door, 3, oldest_seq=9)))  # not believed before 9 is stored
    fleet.advance()
    assert fleet.rows(watermarks, "seq") == [3]
    fleet.take((f"{door.base}/health", health(door, 3, oldest_seq=6)))  # 6 is still to come
    fleet.advance()
    assert fleet.rows(watermarks, "seq") == [5]
    fleet.take((f"{door.base}/health", health(door, 3, oldest_seq=7)), sent[8])
    fleet.advance()
    assert fleet.rows(watermarks, "seq") == [9]
    assert fleet.rows(problems, "kind", "first_seq", "last_seq") == [("lost", 4, 5), ("lost", 6, 6)]
    fleet.take(sent[3], sent[4])
    fleet.advance()
    assert kinds(fleet) == ["lost"]
    assert kinds(fleet, open_only=False) == ["lost", "lost"]


def test_a_hole_in_an_outbox_that_the_device_has_left_is_given_up_after_a_day(fleet: Fleet) -> None:
    """Nobody can say any more that it will not come."""
    door = Door()
    sent = list(door.messages(3))
    fleet.take(sent[0], sent[2])
    fleet.advance()
    door.begin_anew("b" * 16)
    fleet.take((f"{door.base}/state", state(door, 1)), *door.messages(1))
    advance = Advance()
    for now_s in (NOW_S, NOW_S + MISSING_AFTER_S, NOW_S + OLD_EPOCH_S - 1):
        fleet.advance(now_s, advance)
    assert kinds(fleet) == ["missing"]
    fleet.advance(NOW_S + OLD_EPOCH_S, advance)
    assert kinds(fleet) == ["lost"]
    assert sorted(fleet.rows(watermarks, "seq")) == [1, 3]


def test_an_outbox_with_more_than_a_round_takes_is_walked_to_its_end(fleet: Fleet) -> None:
    """A backlog of any length is confirmed, also one whose first number is far from one."""
    door = Door()
    door.begin_anew("b" * 16, seq=50_000)
    fleet.take(*door.messages(2_500))
    advance = Advance()
    for _ in range(3):
        fleet.advance(NOW_S, advance)
    assert fleet.rows(watermarks, "seq") == [52_500]


def test_a_device_is_silent_from_when_it_is_missed_until_it_is_heard(fleet: Fleet) -> None:
    """One problem per silence, closed by the next message of any kind."""
    door = Door()
    fleet.take(*door.messages(1))
    fleet.advance()
    for now_s in (NOW_S + 299, NOW_S + 301, NOW_S + 400):
        with writing(fleet.engine) as connection:
            list_silent(connection, now_s - 300, now_s)
    assert fleet.rows(problems, "kind", "noticed_s") == [("silent", NOW_S + 301)]
    fleet.take((f"{door.base}/health", health(door, 1, oldest_seq=None)), now_s=NOW_S + 500)
    fleet.advance(NOW_S + 500)
    assert fleet.rows(problems, "over_s") == [NOW_S + 500]


def test_a_device_whose_clock_is_ahead_is_listed_once_until_its_windows_are_good_again(fleet: Fleet) -> None:
    """A clock that is a day ahead makes a dead letter a minute, but one problem."""
    door = Door()
    door.now_s = NOW_S + 86_400
    fleet.take(*Door().messages(1))
    for message in door.messages(3):
        fleet.take(message)
    assert (kinds(fleet), fleet.reasons()) == (["future"], ["future"] * 3)
    fleet.advance()
    fleet.take(*list(Door().messages(2))[1:])
    fleet.advance()
    assert kinds(fleet) == []


def test_a_new_outbox_is_noticed(fleet: Fleet) -> None:
    """A device whose numbers begin again has lost its file, or had it set aside."""
    door = Door()
    fleet.take(*door.messages(2))
    fleet.advance()
    assert kinds(fleet, open_only=False) == []
    door.begin_anew("b" * 16)
    fleet.take(*door.messages(2))
    fleet.advance()
    assert kinds(fleet, open_only=False) == ["epoch"]


def test_a_clock_that_is_not_set_is_listed_until_it_is(fleet: Fleet) -> None:
    """From the first window with such a clock until one that is set, of the same camera."""
    door = Door(clock=ClockState.UNSYNCED)
    fleet.take(*door.messages(3))
    fleet.advance()
    assert kinds(fleet) == ["clock"]
    door.clock = ClockState.RECOVERED
    fleet.take(*door.messages(1))
    fleet.advance()
    assert kinds(fleet) == []


def test_the_door_seals_a_right_chain() -> None:
    """The tests' own devices do what real ones do: consecutive numbers, each with the hash of the one before."""
    door = replace(Door())
    list(door.messages(6))
    assert all(after == before + 1 for before, after in pairwise(door.sent))
