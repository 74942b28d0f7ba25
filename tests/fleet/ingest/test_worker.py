"""A worker with a real Mosquitto: what arrives, what is acknowledged, and what it tells the devices."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet.ingest.conftest import Fleet
from fleet.ingest.maker import Door, state
from fleet.ingest.working import Working, settings_for
from support.broker import Broker, Listener, free_port, until
from support.postgres import Postgres
from support.uplink_rig import Rig

from edge_agent.fleet.ingest.registry import Registry
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import arrivals, dead_letters, devices, messages, quarantine, watermarks
from edge_agent.outbox import Draft


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto that loses nothing while it lives (FACTS R1)."""
    port = free_port()
    config = f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
    with Broker(tmp_path / "broker", config, port=port) as each:
        yield each


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Fleet]:
    """A store in a file, as the default is."""
    engine = open_store(f"sqlite:///{tmp_path / 'fleet.db'}")
    yield Fleet(engine, Registry(()))
    engine.dispose()


def acks(listener: Listener) -> list[tuple[str, int]]:
    """(epoch, seq) of the watermarks that were published."""
    return [(told["epoch"], told["seq"]) for told in map(json.loads, listener.payloads("ack"))]


def test_good_and_bad_messages_each_end_where_they_belong(broker: Broker, small: Fleet) -> None:
    """One broker, one worker, every kind of message: the good ones are confirmed, the bad ones have a reason."""
    door, stranger = Door(), Door(tenant="other")
    settings = settings_for(str(small.engine.url), broker.url)
    with Listener(broker.port) as listener, Working(small.engine, settings, broker=broker):
        sent = list(door.messages(10))
        for topic, payload in reversed(sent):
            listener.publish(topic, payload)
        for topic, payload in stranger.messages(2):
            listener.publish(topic, payload)
        listener.publish(f"{door.base}/counts", b"\xff")
        listener.publish(f"{Door('door-2').base}/counts", sent[0][1])
        listener.publish(f"{door.base}/hours", b"x" * 70_000)
        listener.publish(
            "footfall/v1/acme/rome/door-1/live/door/in", b"5"
        )  # no message: the ingest does not ask for it
        listener.publish(*sent[3])
        until(lambda: acks(listener)[-1:] == [(door.epoch, 10)])
        until(lambda: len(small.rows(dead_letters)) == 3)
        until(lambda: len(small.rows(quarantine)) == 2)
    assert small.rows(messages, "seq") == list(range(1, 11))
    assert sorted(small.reasons()) == ["forged", "schema", "size"]
    assert next(seen.topic for seen in listener.seen if seen.topic.endswith("/ack")) == f"{door.base}/ack"


def test_what_the_broker_keeps_is_learnt_and_confirmed_again(broker: Broker, small: Fleet) -> None:
    """A fresh ingest knows the births of before; a device that connects hears its watermark."""
    door = Door()
    settings = settings_for(str(small.engine.url), broker.url)
    with Listener(broker.port) as listener:
        listener.publish(f"{door.base}/state", state(door, 1), retain=True)
        with Working(small.engine, settings, broker=broker):
            until(lambda: small.rows(devices, "state") == [state(door, 1).decode()])
            for message in door.messages(2):
                listener.publish(*message)
            until(lambda: acks(listener)[-1:] == [(door.epoch, 2)])
            until(lambda: small.rows(watermarks, "published_seq") == [2])
            listener.publish(f"{door.base}/state", state(door, 2), retain=True)
            until(lambda: acks(listener) == [(door.epoch, 2)] * 2)
    with Listener(broker.port) as late:
        until(lambda: acks(late) == [(door.epoch, 2)])  # it is retained


def test_a_watermark_that_was_committed_but_not_published_is_published_after_a_restart(
    broker: Broker, small: Fleet
) -> None:
    """Between the commit and the broker's answer anything may die; the next leader begins there."""
    small.registry = Registry(["acme/*/*"])
    small.take(*Door().messages(3))
    small.advance()
    with Listener(broker.port) as listener, Working(small.engine, settings_for(str(small.engine.url), broker.url)):
        until(lambda: acks(listener) == [(Door().epoch, 3)])
        until(lambda: small.rows(watermarks, "published_seq") == [3])


def test_what_came_while_no_ingest_ran_is_taken_in_afterwards(broker: Broker, small: Fleet) -> None:
    """The session is kept: the broker holds what it has acknowledged to the devices until the worker is back."""
    door = Door()
    settings = settings_for(str(small.engine.url), broker.url)
    with Listener(broker.port) as listener:
        with Working(small.engine, settings, broker=broker):
            listener.publish(*next(door.messages(1)))
            until(lambda: small.rows(messages, "seq") == [1])
        for message in door.messages(50):
            listener.publish(*message)
        assert small.rows(messages, "seq") == [1]
        with Working(small.engine, settings, broker=broker):
            until(lambda: acks(listener)[-1:] == [(door.epoch, 51)])


def test_the_outbox_of_a_real_device_is_emptied_by_the_watermark(broker: Broker, small: Fleet, tmp_path: Path) -> None:
    """The device's own outbox and uplink with this ingest: all is stored, all is confirmed, all is deleted there."""
    door = Door()

    def draft(leaf: str) -> Draft:
        message = door.counts() if leaf == "counts" else door.hour()

        def seal(epoch: str, seq: int, prev_hash: str) -> bytes:
            return message.model_copy(update={"epoch": epoch, "seq": seq, "prev_hash": prev_hash}).payload()

        return leaf, seal

    settings = settings_for(str(small.engine.url), broker.url)
    with Rig(tmp_path / "device", {"url": broker.url}) as rig, Working(small.engine, settings, broker=broker):
        for leaf in ("counts", "counts", "counts", "counts", "hours") * 8:
            rig.outbox.append([draft(leaf)])
        rig.uplink.wake()
        until(lambda: rig.outbox.stats().rows == 0, why=str(rig.outbox.stats()))
        stats = rig.outbox.stats()
    assert small.rows(messages, "epoch", "seq") == [(stats.epoch, seq) for seq in range(1, 41)]
    assert small.rows(watermarks, "epoch", "seq") == [(stats.epoch, 40)]
    assert stats.dropped_rows == 0


def test_over_mqtt_3_only_one_works_and_the_other_takes_over(
    broker: Broker, small: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    """Without shared subscriptions two would do everything twice: the second says so, and waits for the first."""
    url = str(small.engine.url)
    settings = settings_for(url, broker.url)
    old = settings.model_copy(update={"broker": settings.broker.model_copy(update={"protocol": "3.1.1"})})
    door = Door()
    other = open_store(url)
    with Listener(broker.port) as listener:
        with Working(small.engine, old, broker=broker):
            listener.publish(*next(door.messages(1)))
            with Working(other, old, name="2") as second:
                until(lambda: "only one can" in caplog.text)
                assert second.worker.tally.stored == 0
        with Working(other, old, name="2", broker=broker):
            listener.publish(*next(door.messages(1)))
            until(lambda: acks(listener)[-1:] == [(door.epoch, 2)])
    other.dispose()


def test_a_second_worker_of_the_same_name_waits(broker: Broker, small: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """Two with one name would throw each other out of the broker for ever."""
    other = open_store(str(small.engine.url))
    settings = settings_for(str(small.engine.url), broker.url)
    with Working(small.engine, settings, broker=broker):
        until(lambda: small.engine is not None and any("CONNACK" in line for line in broker.log))
        with Working(other, settings):
            until(lambda: "give each its own --worker" in caplog.text)
    other.dispose()


def test_while_the_database_is_away_messages_wait_at_the_broker(broker: Broker, tmp_path: Path) -> None:
    """PostgreSQL is killed and stays away: nothing is acknowledged, nothing grows here, and nothing is lost."""
    door = Door()
    with Postgres(tmp_path) as server, Listener(broker.port) as listener:
        engine = open_store(server.url)
        fleet = Fleet(engine, Registry(()))
        with Working(engine, settings_for(server.url, broker.url, batch_messages=10), broker=broker):
            for message in door.messages(5):
                listener.publish(*message)
            until(lambda: acks(listener)[-1:] == [(door.epoch, 5)])
            server.kill()
            for message in door.messages(100):
                listener.publish(*message)
            server.start()
            until(lambda: acks(listener)[-1:] == [(door.epoch, 105)], patience_s=60)
            until(lambda: fleet.rows(arrivals) == [])
        assert len(fleet.rows(messages)) == 105
        engine.dispose()
