"""What only one of the workers does: advance and publish the watermarks, notice silence, forget what is old."""

import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from edge_agent.fleet.broker import Answered, Link
from edge_agent.fleet.ingest.admission import empty_quarantine
from edge_agent.fleet.ingest.advance import Advance, Key
from edge_agent.fleet.ingest.problems import list_silent
from edge_agent.fleet.ingest.registry import name_sites
from edge_agent.fleet.settings import Settings
from edge_agent.fleet.store.bulk import begin_writing, update
from edge_agent.fleet.store.locks import Lock
from edge_agent.fleet.store.retention import DAY_S, Retention
from edge_agent.fleet.store.tables import devices, watermarks
from edge_agent.message import Ack, base_topic

ROUND_S: Final = 1.0
RETAINED: Final = ("state", "privacy")
"""What the broker keeps for us. It is not sent to those who share a subscription, so the leader has one of its own."""

_TRY_S: Final = 2.0
_SILENT_EVERY_S: Final = 30.0
_QUARANTINE_EVERY_S: Final = 10.0
_MOST_OWED: Final = 2_000
_KEY: Final = ("device_id", "epoch")

_log = logging.getLogger(__name__)


class Leader:
    """Becomes the one as soon as there is no other, and does its work in short rounds.

    Args:
        engine: the store.
        settings: of the fleet.
        wall_s: the time, in seconds since 1970.
    """

    def __init__(self, engine: Engine, settings: Settings, *, wall_s: Callable[[], float]) -> None:
        self._engine = engine
        self._settings = settings
        self._wall_s = wall_s
        self._lock = Lock(engine, "leader")
        self._advance = Advance()
        self._try_at_s = self._round_at_s = self._silent_at_s = self._quarantine_at_s = 0.0
        self._since_s: float | None = None
        self._forget_at_s = 0.0
        self._owed: dict[Key, int] = {}
        self._confirmed: dict[Key, int] = {}

    @property
    def leads(self) -> bool:
        """Whether this process is the one."""
        return self._lock.connection is not None

    def new_link(self) -> None:
        """What was published over the last connection and not answered is published again."""
        self._owed.clear()
        self._silent_at_s = 0.0
        self._since_s = None

    def answered(self, event: Answered) -> None:
        """Take in the broker's answer to a watermark."""
        if not isinstance(event.tag, tuple):
            return
        key, seq = event.tag
        if self._owed.get(key) == seq:
            del self._owed[key]
        if event.refused is None:
            self._confirmed[key] = max(seq, self._confirmed.get(key, 0))
        else:
            _log.warning("base/ack: %s; check the fleet's entry in the broker's access list", event.refused)

    def due_s(self, now_s: float) -> float:
        """In how many seconds there is something to do."""
        return max(0.0, (self._round_at_s if self.leads else self._try_at_s) - now_s)

    def work(self, link: Link | None, now_s: float) -> bool:
        """Do what is due; tell whether this process has just become the one.

        Raises:
            SQLAlchemyError: the database cannot be used; this process is the one no more.
        """
        try:
            if not self.leads:
                return self._try(now_s)
            if now_s >= self._round_at_s:
                self._round_at_s = now_s + ROUND_S
                self._round(link, now_s)
        except (SQLAlchemyError, OSError):
            self.release()
            self._try_at_s = now_s + _TRY_S
            raise
        return False

    def release(self) -> None:
        """Be the one no more."""
        self._lock.release()
        self._advance = Advance()
        self._owed.clear()
        self._confirmed.clear()

    def _try(self, now_s: float) -> bool:
        if now_s < self._try_at_s:
            return False
        self._try_at_s = now_s + _TRY_S
        if not self._lock.take():
            return False
        connection = self._own()
        begin_writing(connection)
        self._advance.begin(connection)
        name_sites(connection, self._settings.site)
        connection.commit()
        self._round_at_s = now_s
        return True

    def _round(self, link: Link | None, now_s: float) -> None:
        connection = self._own()
        wall_s = int(self._wall_s())
        if self._confirmed or self._advance.due(connection, wall_s):
            connection.rollback()  # in SQLite the look was a transaction that reads
            begin_writing(connection)
            self._note_published(connection)
            self._advance.round(connection, wall_s)
            connection.commit()
        if link is not None:
            self._publish(connection, link)
        connection.rollback()
        self._now_and_then(connection, link, now_s, wall_s)

    def _note_published(self, connection: Connection) -> None:
        rows = [
            {"device_id": id_, "epoch": epoch, "published_seq": seq} for (id_, epoch), seq in self._confirmed.items()
        ]
        update(connection, watermarks, rows, _KEY)
        self._confirmed.clear()

    def _publish(self, connection: Connection, link: Link) -> None:
        """Tell devices what is safe. Only of the outbox that a device has now: another epoch would replace it."""
        news = (
            select(devices.c.tenant, devices.c.site, devices.c.device, watermarks)
            .join(devices, (devices.c.id == watermarks.c.device_id) & (devices.c.epoch == watermarks.c.epoch))
            .where(
                func.coalesce(watermarks.c.published_seq, -1) < watermarks.c.seq,
                watermarks.c.seq > 0,
                devices.c.admitted_s.is_not(None),
            )
            .limit(_MOST_OWED)
        )
        for row in connection.execute(news):
            key = (row.device_id, row.epoch)
            if self._owed.get(key) == row.seq or link.owed >= _MOST_OWED:
                continue
            topic = f"{base_topic(row.tenant, row.site, row.device)}/ack"
            if link.publish(topic, Ack(epoch=row.epoch, seq=row.seq).payload(), tag=(key, row.seq), retain=True):
                self._owed[key] = row.seq

    def _now_and_then(self, connection: Connection, link: Link | None, now_s: float, wall_s: int) -> None:
        silent_s = self._settings.ingest.silent_after_min * 60
        if link is not None and self._since_s is None:
            self._since_s = now_s
        # A device is not silent because nobody was here to hear it.
        if self._since_s is not None and now_s - self._since_s > silent_s and now_s >= self._silent_at_s:
            self._silent_at_s = now_s + _SILENT_EVERY_S
            begin_writing(connection)
            list_silent(connection, wall_s - silent_s, wall_s)
            connection.commit()
        if now_s >= self._quarantine_at_s:
            self._quarantine_at_s = now_s + _QUARANTINE_EVERY_S
            empty_quarantine(self._engine, self._settings.ingest, most=1)
        if now_s >= self._forget_at_s:
            database = self._settings.database
            begin_writing(connection)
            more = Retention(database.keep_payloads_days, database.keep_hours_days).apply(connection, wall_s)
            connection.commit()
            self._forget_at_s = now_s + (ROUND_S if more else DAY_S)

    def _own(self) -> Connection:
        connection = self._lock.connection
        if connection is None:
            raise AssertionError("not the leader")
        return connection
