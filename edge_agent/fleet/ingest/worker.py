"""One worker: takes messages from the broker, commits them, and only then acknowledges them."""

import logging
import time
from collections.abc import Callable, Sequence
from itertools import islice
from random import Random
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from edge_agent.fleet.broker import Answered, Attempts, BrokerError, Closed, Event, Link, Subscribed
from edge_agent.fleet.ingest.admission import admit
from edge_agent.fleet.ingest.batch import Tally, store, write_off
from edge_agent.fleet.ingest.leader import RETAINED, Leader
from edge_agent.fleet.ingest.metrics import Metrics
from edge_agent.fleet.ingest.reading import LEAVES, Letter, read
from edge_agent.fleet.ingest.registry import Registry
from edge_agent.fleet.quick_client import Arrived
from edge_agent.fleet.settings import Settings
from edge_agent.fleet.store.bulk import writing
from edge_agent.fleet.store.database import first_line
from edge_agent.fleet.store.locks import Lock
from edge_agent.message import ROOT

SESSION_S: Final = 7 * 24 * 3600
_TURN_S: Final = 0.2  # how soon a stop is noticed
_QUIET_PARTS: Final = 10  # when nothing has come for this part of batch_ms, nothing is waited for
_DATABASE_AGAIN_S: Final = (0.25, 15.0)
_STANDBY_S: Final = 2.0

_log = logging.getLogger(__name__)


class Worker:
    """Runs until it is told to stop. Whatever fails outside is tried again; whatever a message holds is kept.

    Messages stay in the connection's inbox until they are committed. The broker sends no more than the agreed number
    of unacknowledged ones, so a database that is away fills the broker's queue and not this process.

    Args:
        engine: the store.
        settings: of the fleet.
        name: tells this worker from the others of its group, at the broker too.
        wall_s: the time, in seconds since 1970.

    Raises:
        OSError: the port for /metrics is taken.

    Attributes:
        tally: what became of the messages so far.
    """

    def __init__(
        self, engine: Engine, settings: Settings, *, name: str = "1", wall_s: Callable[[], float] = time.time
    ) -> None:
        self.tally = Tally()
        self._engine = engine
        self._settings = settings
        self._name = name
        self._wall_s = wall_s
        self._registry = Registry(settings.ingest.admit)
        self._leader = Leader(engine, settings, wall_s=wall_s)
        self._attempts = Attempts(settings.broker, Random())  # noqa: S311 - jitter, not a secret
        self._oldest_s: float | None = None
        self._database_at_s = 0.0
        self._database_wait_s = _DATABASE_AGAIN_S[0]
        self._said: dict[str, str] = {}
        port = settings.ingest.metrics_port
        self._metrics = None if port is None else Metrics(port)

    def run(self, stopped: Callable[[], bool]) -> None:
        """Keep at it until `stopped` says so; then commit and acknowledge what is here, and leave."""
        lock = Lock(self._engine, f"worker-{self._settings.ingest.group}-{self._name}")
        try:
            while not stopped() and not self._begin(lock):
                _wait(_STANDBY_S, stopped)
            while not stopped():
                link = self._connect(stopped)
                if link is not None:
                    self._serve(link, stopped)
        finally:
            self._leader.release()
            lock.release()
            if self._metrics is not None:
                self._metrics.close()

    def _begin(self, lock: Lock) -> bool:
        """Be the only one of this name, and let in whom the settings let in."""
        try:
            if not lock.take():
                self._say(
                    "name", f"worker {self._name} runs already; give each its own --worker; waiting for it to end"
                )
                return False
            if patterns := self._settings.ingest.admit:
                admit(self._engine, patterns, int(self._wall_s()))
        except (SQLAlchemyError, OSError) as error:
            self._say("database", f"the database cannot be used: {first_line(error)}; trying again")
            return False
        return True

    def _connect(self, stopped: Callable[[], bool]) -> Link | None:
        settings = self._settings
        link = Link(
            settings.broker,
            version=self._attempts.version,
            client_id=f"edge-agent-{settings.ingest.group}-{self._name}",
            session_s=SESSION_S,
            receive_maximum=min(65_535, 2 * settings.ingest.batch_messages),
        )
        try:
            link.open()
        except BrokerError as error:
            self._say("broker", str(error))
            _wait(self._attempts.failed(error), stopped)
            return None
        self._attempts.worked()
        self._leader.new_link()
        self._lead(link)
        if link.version == "3.1.1" and not self._leader.leads:
            self._say("single", "another ingest works on this store, and over MQTT 3.1.1 only one can; waiting for it")
            link.leave()
            _wait(_STANDBY_S, stopped)
            return None
        self._subscribe(link)
        _log.info("%s: connected over MQTT %s", settings.broker.url, link.version)
        for subject in ("broker", "single"):
            self._said.pop(subject, None)
        return link

    def _subscribe(self, link: Link) -> None:
        """What all workers share, and what the broker keeps, which it sends to nobody who shares."""
        shared = "" if link.version == "3.1.1" else f"$share/{self._settings.ingest.group}/"
        link.subscribe([f"{shared}{ROOT}/+/+/+/{leaf}" for leaf in LEAVES if leaf not in RETAINED])
        kept = [f"{ROOT}/+/+/+/{leaf}" for leaf in RETAINED]
        (link.subscribe if self._leader.leads else link.unsubscribe)(kept)

    def _serve(self, link: Link, stopped: Callable[[], bool]) -> None:
        over = False
        while not over and not stopped():
            before = len(link.inbox)
            for event in link.turn(self._wait_s(link), most=2 * self._settings.ingest.batch_messages):
                over |= self._handle(event)
            if self._metrics is not None:
                self._metrics.tally, self._metrics.leads = self.tally, self._leader.leads
                self._metrics.serve()
            if self._is_ripe(link, quiet=len(link.inbox) == before):
                self._commit(link)
            self._lead(link)
        self._commit(link)
        if not over:
            self._lead(link)
        link.leave()

    def _wait_s(self, link: Link) -> float:
        now_s = time.monotonic()
        if not link.inbox:
            return min(_TURN_S, self._leader.due_s(now_s))
        if now_s < self._database_at_s:
            return min(_TURN_S, self._database_at_s - now_s)
        return self._settings.ingest.batch_ms / 1000 / _QUIET_PARTS

    def _is_ripe(self, link: Link, *, quiet: bool) -> bool:
        """Whether to commit: the batch is full, or has waited long enough, or nothing more comes."""
        now_s = time.monotonic()
        if not link.inbox or now_s < self._database_at_s:
            return False
        if self._oldest_s is None:
            self._oldest_s = now_s
        settings = self._settings.ingest
        full = len(link.inbox) >= settings.batch_messages
        return full or quiet or now_s - self._oldest_s >= settings.batch_ms / 1000

    def _handle(self, event: Event) -> bool:
        match event:
            case Answered():
                self._leader.answered(event)
            case Subscribed(granted) if not all(granted):
                self._say("rights", "the broker refuses a subscription; check the fleet's entry in its access list")
            case Closed(why):
                self._say("broker", why)
                return True
        return False

    def _commit(self, link: Link) -> None:
        """Store the oldest of the inbox, then acknowledge them. Where the database is away, they stay."""
        batch = list(islice(link.inbox, self._settings.ingest.batch_messages))
        self._oldest_s = None
        if not batch:
            return
        try:
            self._store([self._read(message) for message in batch if self._concerns(message)])
        except SQLAlchemyError as error:
            self._database_away(error)
            return
        for _ in batch:
            link.inbox.popleft()
        link.ack(batch)
        self._database_wait_s = _DATABASE_AGAIN_S[0]
        if self._said.pop("database", None):
            _log.info("the database is back")

    def _concerns(self, message: Arrived) -> bool:
        """Whether it is for us: a session may still hold what was sent to us as the leader that we are no more."""
        return self._leader.leads or not message.topic.endswith(tuple(f"/{leaf}" for leaf in RETAINED))

    def _read(self, message: Arrived) -> Letter:
        settings = self._settings.ingest
        return read(
            message.topic,
            message.payload,
            received_s=int(self._wall_s()),
            max_bytes=settings.max_payload_bytes,
            max_ahead_s=settings.max_ahead_s,
        )

    def _store(self, letters: Sequence[Letter]) -> None:
        """Commit them together; where one of them cannot be stored, each by itself, so that only that one is not."""
        if not letters:
            return
        try:
            self._store_together(letters)
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and not isinstance(error, DataError | IntegrityError):
                raise
            if len(letters) > 1:
                for letter in letters:
                    self._store([letter])
                return
            _log.exception("a message on %s cannot be stored; it is a dead letter", letters[0].topic)
            with writing(self._engine) as connection:
                tally = write_off(connection, letters[0], first_line(error))
            self.tally += tally

    def _store_together(self, letters: Sequence[Letter]) -> None:
        keep = self._settings.ingest.keep_quarantine
        with writing(self._engine) as connection:
            tally, devices = store(connection, self._registry, letters, keep_quarantine=keep)
        self._registry.keep(devices)
        self.tally += tally

    def _lead(self, link: Link) -> None:
        now_s = time.monotonic()
        if now_s < self._database_at_s:
            return
        try:
            if self._leader.work(link, now_s):
                self._subscribe(link)
        except (SQLAlchemyError, OSError) as error:
            self._database_away(error)

    def _database_away(self, error: Exception) -> None:
        self._say("database", f"the database cannot be used: {first_line(error)}; messages wait at the broker")
        self._database_at_s = time.monotonic() + self._database_wait_s
        self._database_wait_s = min(_DATABASE_AGAIN_S[1], 2 * self._database_wait_s)

    def _say(self, subject: str, text: str) -> None:
        if self._said.get(subject) != text:
            self._said[subject] = text
            _log.warning("%s", text)


def _wait(seconds: float, stopped: Callable[[], bool]) -> None:
    until_s = time.monotonic() + seconds
    while not stopped() and (left_s := until_s - time.monotonic()) > 0:
        time.sleep(min(_TURN_S, left_s))
