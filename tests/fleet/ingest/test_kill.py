"""Two workers, a broker and a PostgreSQL, each killed with -9 while messages flow: nothing is lost or there twice."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from fleet.ingest.maker import Door
from fleet.ingest.working import Process
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from support.broker import Broker, free_port, until
from support.postgres import Postgres
from support.storm import Load, Storm

from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import dead_letters, devices, hours, messages, watermarks


@dataclass
class Stack:
    """Everything that can be killed."""

    broker: Broker
    server: Postgres
    workers: Sequence[Process]


def kill_all_in_turn(
    folder: Path, loads: Sequence[Load], *, admit: str, patience_s: float, resend_s: float = 3.0
) -> None:
    """Send it all through a stack of which each part is killed once on the way, and compare."""
    port = free_port()
    # It keeps its sessions over a kill, but not what lies in them: as a broker does by default (FACTS R2).
    config = (
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
        f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n"
    )
    total = sum(len(load.messages) for load in loads)
    with Broker(folder / "broker", config, port=port) as broker, Postgres() as server:
        options = ("--admit", admit)
        workers = [Process(folder, server.url, broker.url, *options, name=name) for name in ("1", "2")]
        with workers[0], workers[1], closing_engine(server.url) as engine:
            storm = Storm(port, loads, resend_s=resend_s)
            thread = threading.Thread(target=storm.run)
            thread.start()
            for share, kill in zip((0.1, 0.3, 0.5, 0.7), _kills(Stack(broker, server, workers)), strict=True):
                until(lambda: _stored(engine) >= share * total or not thread.is_alive(), patience_s=patience_s)  # noqa: B023
                assert thread.is_alive(), "everything was stored before everything was killed"
                kill()
            thread.join(patience_s)
            assert not thread.is_alive(), f"{storm.unsafe} devices were not told; {workers[0].text}"
            assert [worker.stop() for worker in workers] == [0, 0]
            assert "Traceback" not in workers[0].text + workers[1].text
            _check(engine, loads)


@contextmanager
def closing_engine(url: str) -> Iterator[Engine]:
    """The store, for looking at it."""
    engine = open_store(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _kills(stack: Stack) -> list[Callable[[], None]]:
    def again(part: Broker | Postgres) -> None:
        part.kill()
        part.start()

    def worker(number: int) -> None:
        stack.workers[number].kill()
        stack.workers[number].start(wait=False)

    return [lambda: worker(0), lambda: again(stack.broker), lambda: again(stack.server), lambda: worker(1)]


def _stored(engine: Engine) -> int:
    with suppress(SQLAlchemyError), engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(messages)) or 0
    return 0


def _check(engine: Engine, loads: Sequence[Load]) -> None:
    """Each key is there once and holds what was sent, and every watermark is at its end."""
    sent = {
        (*load.base.split("/")[2:], load.epoch, seq): payload.decode()
        for load in loads
        for seq, _, payload in load.messages
    }
    names = (devices.c.tenant, devices.c.site, devices.c.device)
    with engine.connect() as connection:
        rows = connection.execute(
            select(*names, messages.c.epoch, messages.c.seq, messages.c.payload).join(
                devices, devices.c.id == messages.c.device_id
            )
        ).all()
        kept = {tuple(row[:5]): row[5] for row in rows}
        assert len(rows) == len(kept) == len(sent)
        assert kept == sent
        marks = {tuple(row) for row in connection.execute(select(*names, watermarks.c.seq).join(devices))}
        assert marks == {(*load.base.split("/")[2:], load.messages[-1][0]) for load in loads}
        of_hours = sum(leaf == "hours" for load in loads for _, leaf, _ in load.messages)
        assert connection.scalar(select(func.count()).select_from(hours)) == of_hours
        assert connection.scalar(select(func.count()).select_from(dead_letters)) == 0


def test_every_message_is_there_once_after_each_part_was_killed(tmp_path: Path) -> None:
    """Whatever is killed while messages flow: in the end each is stored once, as it was sent, and confirmed."""
    doors = [Door(f"door-{number}") for number in range(30)]
    loads = []
    for door in doors:
        list(door.messages(150))
        loads.append(Load(door.base, door.epoch, [(seq, *what) for seq, what in door.sent.items()]))
    kill_all_in_turn(tmp_path, loads, admit="acme/*/*", patience_s=90)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_thousand_devices_with_a_day_of_backlog(tmp_path: Path) -> None:
    """The issue's own figure: 1,000 simulated devices, 24 hours each, all at once, everything killed on the way."""
    from edge_agent.fleet.simulate import sealed, shops  # noqa: PLC0415 - minutes of work, for this test only

    loads = []
    for shop in shops(1_000, seed=5):
        found = list(sealed(shop, date(2026, 11, 3), date(2026, 11, 3)))
        rows = [(each.model.seq, each.leaf, each.payload) for each in found]
        loads.append(Load(found[0].topic.rpartition("/")[0], found[0].model.epoch, rows))
    kill_all_in_turn(tmp_path, loads, admit="*/*/*", patience_s=900, resend_s=60.0)
