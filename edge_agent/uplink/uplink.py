"""The uplink: one thread that keeps a connection to the broker and sends what is to be sent, live numbers first."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from random import Random
from threading import Condition, Event
from typing import Final

from edge_agent.clock import Clock
from edge_agent.config.schema import BrokerConfig
from edge_agent.outbox import Outbox, OutboxFull
from edge_agent.uplink.connection import Acked, Closed, Connection, Received, Subscribed, Waker, await_opened
from edge_agent.uplink.connection import Event as Happening
from edge_agent.uplink.counters import Counters
from edge_agent.uplink.fleet import Fleet
from edge_agent.uplink.latest import HEALTH_EXPIRY_S, Latest
from edge_agent.uplink.pace import Backoff, Version, Versions
from edge_agent.uplink.rows import Rows
from edge_agent.uplink.trouble import ConnectFailed, Troubles

STATE: Final = "state"
ACK: Final = "ack"
HEALTH: Final = "health"

_TURN_S: Final = 0.5  # longest wait for the network: how soon a stop is noticed, and how fresh the progress stamp is
_CONNACK_S: Final = 10.0
_SILENT_ACK_S: Final = 30.0  # a message of QoS 1 unanswered for longer: the connection is of no use
_LEAVE_S: Final = 5.0
_USEFUL_S: Final = 30.0  # a connection that lasted this long ends the back-off
_LIVE_EVERY_S: Final = 0.1
_STATE_EVERY_S: Final = 5.0
_OUTBOX_AGAIN_S: Final = 5.0
_RIGHTS: Final = "check this device's entry in the broker's access list"

_log = logging.getLogger(__name__)


def _nowhere(_: str) -> None:
    """Stand in for a crash point where nobody wants to crash."""


class Uplink:
    """Sends the outbox, the live integers and the health messages, and applies the fleet's watermark.

    `run` is the body of a thread; everything else may be called from any thread and never blocks on the network,
    except `drained`, which waits. Should `run` raise, call it again: the outbox is the only memory, nothing is lost.

    Args:
        broker: where, and how to be recognised.
        outbox: what must not be lost.
        base: topic that all others begin with.
        client_id: our name at the broker; unique there.
        birth: makes the payload of base/state for the session with this number.
        will: makes the payload of base/state that says that the session with this number is over.
        clock: its monotonic time is used.
        will_delay_s: how long an MQTT 5 broker waits before it publishes the will.
        resend_after_s: rows acknowledged by the broker but not by the fleet's watermark for longer are sent again;
            the time doubles, up to a day, until a watermark arrives. Default: the setting of `broker`.
        at: called with the name of each crash point, for the tests that kill the process there.
        random: for the jitter.
    """

    def __init__(
        self,
        *,
        broker: BrokerConfig,
        outbox: Outbox,
        base: str,
        client_id: str,
        birth: Callable[[int], bytes],
        will: Callable[[int], bytes],
        clock: Clock,
        will_delay_s: int = 60,
        resend_after_s: float | None = None,
        at: Callable[[str], None] = _nowhere,
        random: Random | None = None,
    ) -> None:
        self._broker = broker
        self._outbox = outbox
        self._base = base
        self._client_id = client_id
        self._birth = birth
        self._will = will
        self._clock = clock
        self._will_delay_s = will_delay_s
        self._random = random or Random()  # noqa: S311 - jitter, not a secret
        self._backoff = Backoff(self._random)
        self._versions = Versions(broker.protocol)
        now_s = clock.monotonic()
        self._troubles = Troubles()
        self._fleet = Fleet(
            outbox,
            trim=broker.trim,
            resend_after_s=broker.resend_after_min * 60.0 if resend_after_s is None else resend_after_s,
            troubles=self._troubles,
            at=at,
        )
        self._noted = Condition()
        self._rows = Rows(
            outbox, per_s=broker.drain_per_s, random=self._random, at=at, noted=self._tell_noted, now_s=now_s
        )
        self._progress_s = now_s
        self._session = 0
        self._connects = 0
        self._announce = True  # the next connection is worth a line in the log
        self._version: Version | None = None
        self._latest = Latest()
        self._news = Event()
        self._waker: Waker | None = None
        self._live_at_s = self._state_at_s = self._outbox_at_s = now_s

    @property
    def progress_s(self) -> float:
        """Monotonic time of the last turn of `run`.

        It can stand still while the system resolves a name or a broker does not answer: up to about 30 s.
        """
        return self._progress_s

    @property
    def connected(self) -> bool:
        """Whether a broker has let us in."""
        return self._version is not None

    @property
    def protocol_in_use(self) -> Version | None:
        """The MQTT version spoken now; None while not connected."""
        return self._version

    @property
    def session(self) -> int:
        """Number of the present or last connection; grows over restarts."""
        return self._session

    @property
    def counters(self) -> Counters:
        """What was done so far."""
        rows = self._rows
        return Counters(
            connects=self._connects,
            sent=rows.sent,
            acked=rows.acked,
            unheard=rows.unheard,
            refused=rows.refused,
            resent=self._fleet.resent,
            bad_acks=self._fleet.bad_acks,
            alarm=rows.alarm,
        )

    def publish_live(self, leaf: str, payload: bytes) -> None:
        """Keep `payload` as the present value of base/leaf and send it soon; only the newest value counts."""
        if self._broker.live and self._latest.put_live(leaf, payload):
            self._wake()

    def publish_kept(self, leaf: str, payload: bytes) -> None:
        """Have the broker keep `payload` on base/leaf, at QoS 1: now if it is another, and at every connection."""
        if self._latest.put_kept(leaf, payload):
            self._wake()

    def publish_health(self, payload: bytes) -> None:
        """Send a health message, or keep it for the next connection if that comes soon; only the newest counts."""
        self._latest.put_health(payload, self._clock.monotonic())
        self._wake()

    def wake(self) -> None:
        """Say that rows were added to the outbox, or that `run` was told to stop."""
        self._news.set()
        self._wake()

    def drained(self, timeout_s: float) -> bool:
        """Wait until a broker has acknowledged every row of the outbox; tell whether that came about in time."""
        with self._noted:
            return self._noted.wait_for(self._is_drained, timeout_s)

    def run(self, stop: Event) -> None:
        """Keep a connection until `stop` is set, then say goodbye. Exceptions are bugs, and leave the function."""
        waker = Waker()
        self._waker = waker
        try:
            while not stop.is_set():
                self._progress()
                with self._connection(waker, stop) as connection:
                    if connection is not None:
                        self._serve(connection, stop)
        finally:
            self._waker = None
            waker.close()

    @contextmanager
    def _connection(self, waker: Waker, stop: Event) -> Iterator[Connection | None]:
        """A connection that the broker has accepted; None after a failure, or once stopped."""
        self._session = self._next_session()
        connection = Connection(
            self._broker,
            version=self._versions.next,
            client_id=self._client_id,
            will=(self._topic(STATE), self._will(self._session)),
            will_delay_s=self._will_delay_s,
            waker=waker,
        )
        try:
            yield connection if self._open(connection, stop) else None
        finally:
            self._version = None
            connection.close()
            with suppress(OutboxFull):
                self._rows.note(self._clock.monotonic(), at_once=True)

    def _open(self, connection: Connection, stop: Event) -> bool:
        try:
            connection.start()
            self._progress()
            opened = await_opened(connection, limit_s=_CONNACK_S, now=self._progress, stopped=stop.is_set)
        except ConnectFailed as failure:
            if self._versions.failed(failure):
                _log.info("%s: %s; trying MQTT %s", self._broker.url, failure, self._versions.next)
            else:
                self._complain(str(failure))
                self._pause(stop)
            return False
        if opened:
            self._versions.worked()
            self._connects += 1
            self._version = connection.version
            if self._announce:
                _log.info("%s: connected over MQTT %s", self._broker.url, connection.version)
                self._announce = False
        return opened

    def _serve(self, connection: Connection, stop: Event) -> None:
        """Send and receive until the connection ends or `stop` is set."""
        since_s = self._progress()
        self._live_at_s = self._state_at_s = self._outbox_at_s = since_s
        self._rows.begin(since_s)
        self._fleet.begin(since_s)
        self._latest.begin()
        birth = self._birth(self._session)
        connection.publish(self._topic(STATE), birth, tag=STATE, retain=True)
        connection.subscribe([self._topic(ACK), self._topic(STATE)])
        while not connection.over:
            events = connection.turn(self._wait_s(connection))
            now_s = self._progress()
            for event in events:
                self._handle(event, connection, birth, now_s)
            self._send(connection, now_s)
            if now_s - since_s > _USEFUL_S:
                self._was_useful()
            if stop.is_set():
                self._leave(connection)
                return
            if self._rows.oldest_flight_s(now_s) > _SILENT_ACK_S:
                self._complain("it does not acknowledge messages; connecting again")
                break
        self._pause(stop)

    def _handle(self, event: Happening, connection: Connection, birth: bytes, now_s: float) -> None:
        match event:
            case Acked(tag=int() as seq):
                self._rows.answered(seq, event, now_s)
                if not event.refused:
                    self._was_useful()
            case Acked(tag=leaf) if event.refused:
                self._troubles.say(f"base/{leaf}", f"the broker refuses base/{leaf}: {event.text}; {_RIGHTS}")
            case Subscribed(granted=(False, *_)):
                self._troubles.say("ack", f"the broker refuses the subscription to base/ack; {_RIGHTS}")
            case Received(topic=topic, payload=payload) if topic == self._topic(ACK):
                try:
                    self._fleet.confirm(payload)
                    self._tell_noted()
                except OutboxFull as error:
                    self._troubles.say("outbox", str(error))
            case Received(topic=topic, payload=payload) if topic == self._topic(STATE):
                if payload != birth and now_s >= self._state_at_s:
                    # A will that was late: what the broker keeps must be the living session.
                    self._state_at_s = now_s + _STATE_EVERY_S
                    connection.publish(self._topic(STATE), birth, tag=STATE, retain=True)
            case Closed(why=why):
                self._complain(why)

    def _send(self, connection: Connection, now_s: float) -> None:
        """Live numbers and health first, then rows."""
        self._send_live(connection, now_s)
        if self._news.is_set():
            self._news.clear()
            self._rows.look(now_s)
        if now_s < self._outbox_at_s:
            return
        try:
            self._rows.send(
                lambda row: connection.publish(self._topic(row.leaf), row.payload, tag=row.seq),
                room=connection.room,
                size_limit=connection.packet_limit - len(self._base),
                now_s=now_s,
            )
            self._rows.note(now_s)
            if self._fleet.look(now_s):
                self._rows.rewind(now_s)
            self._troubles.over("outbox")
        except OutboxFull as error:
            self._outbox_at_s = now_s + _OUTBOX_AGAIN_S
            self._troubles.say("outbox", str(error))

    def _send_live(self, connection: Connection, now_s: float) -> None:
        if connection.congested or now_s < self._live_at_s:
            return
        for leaf, payload in self._latest.take_kept().items():
            connection.publish(self._topic(leaf), payload, tag=leaf, retain=True)
        values, health = self._latest.take(now_s)
        for leaf, payload in values.items():
            connection.publish(self._topic(leaf), payload, retain=True)
        if values:
            self._live_at_s = now_s + _LIVE_EVERY_S
        if health is not None:
            connection.publish(self._topic(HEALTH), health, expiry_s=HEALTH_EXPIRY_S)

    def _leave(self, connection: Connection) -> None:
        """Publish `offline` ourselves, wait for what is in flight, and take leave, so that no will is needed."""
        self._live_at_s = 0.0
        self._send_live(connection, self._progress())
        connection.publish(self._topic(STATE), self._will(self._session), tag=STATE, retain=True)
        deadline_s = self._progress() + _LEAVE_S
        while not connection.idle and not connection.over and self._progress() < deadline_s:
            for event in connection.turn(_TURN_S):
                if isinstance(event, Acked) and isinstance(event.tag, int):
                    self._rows.answered(event.tag, event, self._progress())
        if not connection.over:
            connection.disconnect()
            connection.turn(0.0)

    def _wait_s(self, connection: Connection) -> float:
        """How long the next turn may wait for the network."""
        now_s = self._clock.monotonic()
        due_s = max(self._rows.due_s(connection.room), self._outbox_at_s)
        live_s = self._live_at_s if self._latest.waiting() and not connection.congested else inf
        if self._news.is_set():
            return 0.0
        return max(0.0, min(_TURN_S, min(due_s, live_s) - now_s))

    def _pause(self, stop: Event) -> None:
        """Wait before the next attempt; `stop` ends it."""
        until_s = self._clock.monotonic() + self._backoff.next_s()
        while (left_s := until_s - self._progress()) > 0 and not stop.wait(min(1.0, left_s)):
            pass

    def _was_useful(self) -> None:
        # Not before: a broker that lets us in and throws us out again must not be asked every second, or fill the log.
        self._backoff.reset()
        self._troubles.over("broker")

    def _complain(self, text: str) -> None:
        self._announce |= self._troubles.say("broker", f"{self._broker.url}: {text}")

    def _tell_noted(self) -> None:
        with self._noted:
            self._noted.notify_all()

    def _is_drained(self) -> bool:
        stats = self._outbox.stats()
        return stats.available and stats.unsent == 0

    def _next_session(self) -> int:
        try:
            return self._outbox.next_session()
        except OutboxFull as error:
            self._troubles.say("outbox", str(error))
            return self._session + 1

    def _progress(self) -> float:
        self._progress_s = self._clock.monotonic()
        return self._progress_s

    def _wake(self) -> None:
        waker = self._waker
        if waker is not None:
            waker.wake()

    def _topic(self, leaf: str) -> str:
        return f"{self._base}/{leaf}"
