"""Simulated devices at a real broker: each has its own connection, sends what it has at QoS 1, and hears `base/ack`.

As the device's own uplink does it, a connection that is lost is made again, and what the broker has not acknowledged is
sent again; with `confirmed` also what the fleet has not, because a broker's acknowledgement does not mean stored.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from heapq import merge
from random import Random
from typing import Final, NamedTuple

from pydantic import ValidationError

from edge_agent.fleet.broker import Answered, Attempts, BrokerError, Closed, Link
from edge_agent.fleet.settings import Broker
from edge_agent.fleet.simulate.birth import birth, ledger, pulse
from edge_agent.fleet.simulate.live import live
from edge_agent.fleet.simulate.messages import Chain, Sealed, sealed
from edge_agent.fleet.simulate.shop import Shop
from edge_agent.message import Ack, base_topic, live_payload

_WINDOW: Final = 20  # messages that a broker need not have acknowledged; what Mosquitto grants
_HEALTH_S: Final = 60.0
_QUEUE: Final = 200  # messages that wait for one device, where they are not all there from the beginning
_AGAIN_S: Final = 30.0  # without news from the fleet for so long, what it has not confirmed is sent again
_IDLE_S: Final = 0.02
_TELL_S: Final = 0.2
_LIVE_S: Final = 5.0
_AHEAD_DAYS: Final = 365
_TOLD: Final = "told"  # tag of what needs no second attempt


class Outgoing(NamedTuple):
    """What of a message has to be kept until it is safe."""

    due_s: int
    topic: str
    payload: bytes
    epoch: str
    seq: int

    @classmethod
    def of(cls, sent: Sealed) -> "Outgoing":
        """Return a sealed message without its model."""
        return cls(sent.due_s, sent.topic, sent.payload, sent.model.epoch, sent.model.seq)


class Progress(NamedTuple):
    """How far it is: messages that the broker has acknowledged, that the fleet has confirmed, that were refused."""

    acknowledged: int
    confirmed: int
    refused: int


class Plan(NamedTuple):
    """How messages go out.

    Attributes:
        backlog: all devices send all they have at once; otherwise in the order in which it was counted.
        rate: messages a second over all devices, at most; None: as many as the broker takes.
        confirmed: go on until the fleet has confirmed every message by `base/ack`.
        follow: send nothing of the days, but what comes after them, each message when it is due, without an end.
    """

    backlog: bool = False
    rate: float | None = None
    confirmed: bool = False
    follow: bool = False


class Fleet:
    """Simulated devices and what they still have to send.

    Args:
        broker: where they publish.
        shops: whose devices.
        first: local day.
        last: local day; it is included.
        plan: how.
        prepared: called with the number of messages made so far, where all are made before the first goes out.
    """

    def __init__(
        self,
        broker: Broker,
        shops: Sequence[Shop],
        first: date,
        last: date,
        *,
        plan: Plan,
        prepared: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._plan = plan
        self._devices = [_Device(shop, broker, (first, last), plan) for shop in shops]
        self._coming: Iterator[tuple[Outgoing, _Device]] = iter(())
        self._held: tuple[Outgoing, _Device] | None = None
        if plan.backlog:
            made = 0
            for device, shop in zip(self._devices, shops, strict=True):
                device.queue.extend(map(Outgoing.of, sealed(shop, first, last)))
                made += len(device.queue)
                prepared(made)
        else:
            each = (
                _of(device, _days(shop, first, last, plan)) for device, shop in zip(self._devices, shops, strict=True)
            )
            self._coming = merge(*each, key=lambda pair: pair[0].due_s)
            self._held = next(self._coming, None)  # made before anybody is connected, who would seem dead meanwhile
        self._allowance = _Allowance(plan.rate)

    def run(
        self, progress: Callable[[Progress], None] = lambda _: None, stopped: Callable[[], bool] = lambda: False
    ) -> Progress:
        """Send everything, or until stopped; return what became of it.

        Raises:
            BrokerError: the broker could not be reached at the beginning; later it is waited for.
        """
        tell_at_s = 0.0
        try:
            for device in self._devices:
                device.connect()
            while not self._finished() and not stopped():
                if not self._turn():
                    time.sleep(_IDLE_S)
                if time.monotonic() >= tell_at_s:
                    tell_at_s = time.monotonic() + _TELL_S
                    progress(self.progress)
        finally:
            for device in self._devices:
                device.leave()
        return self.progress

    @property
    def progress(self) -> Progress:
        """How far it is."""
        devices = self._devices
        return Progress(
            sum(device.acknowledged for device in devices),
            sum(device.confirmed for device in devices),
            sum(device.refused for device in devices),
        )

    def _finished(self) -> bool:
        self._feed(_QUEUE)
        return self._held is None and all(device.finished for device in self._devices)

    def _turn(self) -> bool:
        """Let every device do what it can; tell whether there was anything to do."""
        busy = False
        for device in self._devices:
            busy |= device.turn(self._allowance)
        return busy

    def _feed(self, most: int) -> None:
        """Hand the next messages to their devices, until one of them has enough."""
        while True:
            self._held = self._held or next(self._coming, None)
            if self._held is None or len(self._held[1].queue) >= most:
                return
            if self._plan.follow and self._held[0].due_s > time.time():
                return
            self._held[1].queue.append(self._held[0])
            self._held = None


class _Allowance:
    """How many messages may go out now, so that they are no more than so many a second."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._since_s = time.monotonic()
        self._taken = 0

    def take(self) -> bool:
        """Tell whether one more may go."""
        if self._rate is None:
            return True
        if self._taken >= self._rate * (time.monotonic() - self._since_s):
            return False
        self._taken += 1
        return True


def _days(shop: Shop, first: date, last: date, plan: Plan) -> Iterator[Sealed]:
    """The messages that are to go out."""
    if plan.follow:
        return sealed(shop, first, last + timedelta(days=_AHEAD_DAYS), begin=last + timedelta(days=1))
    return sealed(shop, first, last)


def _of(device: "_Device", messages: Iterable[Sealed]) -> Iterator[tuple[Outgoing, "_Device"]]:
    return ((Outgoing.of(sent), device) for sent in messages)


class _Device:
    """One simulated device: what it has to send, what is on its way, what the fleet has not confirmed."""

    def __init__(self, shop: Shop, broker: Broker, local_days: tuple[date, date], plan: Plan) -> None:
        self.queue: deque[Outgoing] = deque()
        self.acknowledged = self.confirmed = self.refused = 0
        self._shop = shop
        self._broker = broker
        self._last = local_days[1]
        self._epoch = Chain(shop, local_days[0]).epoch
        self._confirms = plan.confirmed
        self._follows = plan.follow
        self._base = base_topic(shop.tenant, shop.site, shop.device)
        self._attempts = Attempts(broker, Random(shop.number))  # noqa: S311 - jitter
        self._link: Link | None = None
        self._in_flight: dict[tuple[str, int], Outgoing] = {}
        self._unconfirmed: dict[str, deque[Outgoing]] = {}
        self._again_at_s = self._connect_at_s = self._health_at_s = self._live_at_s = 0.0
        self._session = 0

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return not self.queue and not self._in_flight and not any(self._unconfirmed.values())

    def connect(self) -> None:
        """Connect, now or never; 3.1.1 where the broker has no more.

        Raises:
            BrokerError: it did not come about.
        """
        while self._link is None:
            link = Link(self._broker, version=self._attempts.version, client_id=f"simulated-{self._shop.site}")
            try:
                link.open()
            except BrokerError as error:
                wait_s = self._attempts.failed(error)
                self._connect_at_s = time.monotonic() + wait_s
                if wait_s:
                    raise
            else:
                self._attempts.worked()
                self._link = link
                self._greet(link)

    def turn(self, allowance: _Allowance) -> bool:
        """Read, write, and send what may go; tell whether anything happened."""
        now_s = time.monotonic()
        if self._link is None:
            if now_s < self._connect_at_s:
                return False
            try:
                self.connect()
            except BrokerError:
                return False
        link = self._link
        if link is None:
            return False
        sent = self._send(link, allowance, now_s)
        events = link.turn(0.0)
        for event in events:
            self._heard(event)
        while link.inbox:
            message = link.inbox.popleft()
            self._confirm(bytes(message.payload), now_s)
            link.ack([message])
        return sent or bool(events)

    def leave(self) -> None:
        """Say that it is offline, and go."""
        if self._link is not None:
            will = birth(self._shop, self._epoch, session=self._session, status="offline")
            self._link.publish(f"{self._base}/state", will.payload(), tag=_TOLD, retain=True)
            self._link.leave()
            self._link = None

    def _greet(self, link: Link) -> None:
        """What a device says when it is let in; what was lost with the last connection goes to the front again."""
        self._session += 1
        state = birth(self._shop, self._epoch, session=self._session)
        link.publish(f"{self._base}/state", state.payload(), tag=_TOLD, retain=True)
        link.publish(f"{self._base}/privacy", ledger(self._shop, self._last).payload(), tag=_TOLD, retain=True)
        link.subscribe([f"{self._base}/ack"])
        self._health_at_s = 0.0
        if self._confirms:
            self._requeue()
        else:
            self.queue.extendleft(reversed(self._in_flight.values()))
        self._in_flight.clear()

    def _requeue(self) -> None:
        """Send again what the fleet has not confirmed, before what was never sent."""
        again = [each for waiting in self._unconfirmed.values() for each in waiting]
        self.queue.extendleft(reversed(again))
        self._unconfirmed.clear()
        self._again_at_s = time.monotonic() + _AGAIN_S

    def _send(self, link: Link, allowance: _Allowance, now_s: float) -> bool:
        if now_s >= self._health_at_s:
            self._health_at_s = now_s + _HEALTH_S
            health = pulse(self._shop, int(time.time()), session=self._session, unsent=len(self.queue))
            link.publish(f"{self._base}/health", health.payload())
        if self._follows and now_s >= self._live_at_s:
            self._live_at_s = now_s + _LIVE_S
            for leaf, value in live(self._shop, time.time()).items():
                link.publish(f"{self._base}/{leaf}", live_payload(value), retain=True)
        if self._confirms and not self.queue and not self._in_flight and now_s >= self._again_at_s:
            self._requeue()
        busy = False
        while self.queue and link.owed < _WINDOW and allowance.take():
            message = self.queue[0]
            key = (message.epoch, message.seq)
            if not link.publish(message.topic, message.payload, tag=key):
                break
            self.queue.popleft()
            self._epoch = message.epoch
            self._in_flight[key] = message
            if self._confirms:
                self._unconfirmed.setdefault(message.epoch, deque()).append(message)
            busy = True
        return busy

    def _heard(self, event: object) -> None:
        match event:
            case Answered(tag=(str() as epoch, int() as seq), refused=refused):
                self._in_flight.pop((epoch, seq), None)
                self.acknowledged += refused is None
                self.refused += refused is not None
            case Closed():
                if self._link is not None:
                    self._link.close()
                self._link = None
                self._connect_at_s = time.monotonic() + self._attempts.failed(BrokerError(event.why))

    def _confirm(self, payload: bytes, now_s: float) -> None:
        try:
            mark = Ack.model_validate_json(payload)
        except ValidationError:
            return  # a device ignores what is no watermark
        waiting = self._unconfirmed.get(mark.epoch, deque())
        while waiting and waiting[0].seq <= mark.seq:
            waiting.popleft()
            self.confirmed += 1
            self._again_at_s = now_s + _AGAIN_S
        if not waiting:
            self._unconfirmed.pop(mark.epoch, None)
