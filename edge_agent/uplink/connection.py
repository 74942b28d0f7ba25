"""One connection to a broker: a paho client that is made for it and thrown away with it.

paho keeps unacknowledged messages over a reconnect and sends them again, which would compete with the outbox; it
ignores the broker's Receive Maximum; and an exception in one of its callbacks ends its thread. So the client lives as
long as its connection, the callbacks only put what they are given into a queue, and the loop is driven from outside.
"""

import selectors
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.config.schema import BrokerConfig
from edge_agent.uplink.pace import Version
from edge_agent.uplink.tls import read_secret, tls_context
from edge_agent.uplink.trouble import ConnectFailed, of_exception, of_reason, of_tls_text

WINDOW: Final = 20
"""Most messages of QoS 1 that may be unacknowledged at once; the broker may announce fewer."""

_CONNECT_S: Final = 5.0
_PROBES_PER_SILENCE: Final = 0.75  # paho probes after one keepalive and gives up after two: 1.5 of the configured
_NO_LIMIT: Final = 2**31
_FAILED: Final = 0x80


@dataclass(frozen=True, slots=True)
class Opened:
    """The broker has let us in."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over; nothing follows."""

    why: str


@dataclass(frozen=True, slots=True)
class Acked:
    """The broker has answered to a message of QoS 1, with success or with a reason for refusing it."""

    tag: object
    code: int
    text: str

    @property
    def refused(self) -> bool:
        """Whether the broker threw the message away."""
        return self.code >= _FAILED


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker has answered to the subscriptions, in their order: True where it grants one."""

    granted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """A message for us."""

    topic: str
    payload: bytes


Event = Opened | Closed | Acked | Subscribed | Received


class Waker:
    """Ends a wait for the network from another thread."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.settimeout(0)
        self._writer.settimeout(0)

    def wake(self) -> None:
        """End the present wait, or the next one. Thread-safe."""
        with suppress(OSError):  # full: somebody woke it already; closed: nobody waits any more
            self._writer.send(b"\0")

    def rest(self) -> None:
        """Forget all calls of `wake` so far."""
        with suppress(BlockingIOError):
            while self.reader.recv(4096):
                pass

    def close(self) -> None:
        """Let go of the sockets."""
        self.reader.close()
        self._writer.close()


class Connection:
    """A connection from its opening to its end. Only one thread may use it.

    Args:
        broker: where, and how to be recognised.
        version: the MQTT version to speak.
        client_id: our name at the broker.
        will: (topic, payload), kept, published by the broker when we vanish.
        will_delay_s: how long the broker waits with it; MQTT 5 only.
        waker: ends `turn` early.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        version: Version,
        client_id: str,
        will: tuple[str, bytes],
        will_delay_s: int,
        waker: Waker,
    ) -> None:
        self.version = version
        self._window = WINDOW
        self.packet_limit = _NO_LIMIT
        self._in_flight: dict[int, object] = {}
        self._held: deque[tuple[str, bytes, object, bool]] = deque()
        self._broker = broker
        self._waker = waker
        self._retain = True
        self._queue: deque[tuple[Any, ...]] = deque()
        self._selector = selectors.DefaultSelector()
        self._watched: tuple[socket.socket, int] | None = None
        self._over = False
        self._last_error = ""
        self._client = self._make_client(client_id, will, will_delay_s)

    def start(self) -> None:
        """Reach the broker and ask to be let in; the answer comes as `Opened` or `Closed` from `turn`.

        Blocks for about 5 s per address, and as long as the system takes to resolve a name.

        Raises:
            ConnectFailed: not reached, or a file of ours cannot be used.
        """
        self._load_credentials()
        five: dict[str, Any] = {"clean_start": True} if self.version == "5" else {}
        keepalive_s = max(3, int(self._broker.keepalive_s * _PROBES_PER_SILENCE))
        try:
            self._client.connect(self._broker.host, self._broker.port, keepalive_s, **five)
        except (OSError, ValueError) as error:
            raise ConnectFailed(of_exception(error)) from error
        self._selector.register(self._waker.reader, selectors.EVENT_READ)

    def turn(self, timeout_s: float) -> list[Event]:
        """Wait for the network or the waker, at most so long; read, write, and return what happened."""
        sock = self._client.socket()
        if isinstance(sock, socket.socket):  # None once it is over
            self._work(sock, timeout_s)
        events: list[Event] = []
        while self._queue and not self._over:
            event = self._interpret(*self._queue.popleft())
            if event is not None:
                events.append(event)
                self._over = isinstance(event, Closed)
        while self._held and len(self._in_flight) < self._window:
            topic, payload, tag, retain = self._held.popleft()
            self.publish(topic, payload, tag=tag, retain=retain)
        if not self._over and self._client.socket() is None:
            self._over = True
            events.append(Closed(self._last_error or "the connection was lost"))
        return events

    @property
    def room(self) -> int:
        """How many more messages of QoS 1 the broker takes before it has acknowledged one."""
        return self._window - len(self._in_flight) - len(self._held)

    @property
    def idle(self) -> bool:
        """Whether every message of QoS 1 was answered."""
        return not self._in_flight and not self._held

    @property
    def over(self) -> bool:
        """Whether `Closed` was returned."""
        return self._over

    @property
    def congested(self) -> bool:
        """Whether the network takes less than we give it."""
        return self._client.want_write()

    def publish(
        self, topic: str, payload: bytes, *, tag: object = None, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        """Send a message: with a tag at QoS 1, answered by `Acked`; without one at QoS 0.

        Beyond the broker's window it is held until there is room. On a connection that has just ended nothing is
        sent, and the next `turn` says so.
        """
        if self._over or self._client.socket() is None:
            return
        if tag is not None and len(self._in_flight) >= self._window:
            self._held.append((topic, payload, tag, retain))
            return
        qos = 0 if tag is None else 1
        info = self._client.publish(topic, payload, qos, retain and self._retain, self._properties(expiry_s))
        if tag is not None:
            self._in_flight[info.mid] = tag

    def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for messages, QoS 1."""
        self._client.subscribe([(topic, 1) for topic in topics])

    def disconnect(self) -> None:
        """Take leave, so that the broker drops the will."""
        self._client.disconnect()

    def close(self) -> None:
        """Let go of the socket, with or without leave taken."""
        self._over = True
        sock = self._client.socket()
        if sock is not None:
            sock.close()  # paho has no public way to drop a connection; a second close by its own does no harm
        self._selector.close()

    def _make_client(self, client_id: str, will: tuple[str, bytes], will_delay_s: int) -> Client:
        five = self.version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        client.max_inflight_messages_set(0)  # the window is kept here, because paho ignores the broker's
        properties = None
        if five:
            properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call] # paho's
            properties.WillDelayInterval = will_delay_s
        client.will_set(will[0], will[1], qos=1, retain=True, properties=properties)
        put = self._queue.append
        client.on_connect = lambda _c, _u, _f, reason, properties: put(("connack", reason, properties))
        client.on_disconnect = lambda _c, _u, flags, reason, _p: put(("disconnect", flags, reason))
        client.on_publish = lambda _c, _u, mid, reason, _p: put(("puback", mid, reason))
        client.on_subscribe = lambda _c, _u, _m, reasons, _p: put(("suback", reasons))
        client.on_message = lambda _c, _u, message: put(("message", message))
        client.on_log = lambda _c, _u, level, text: put(("log", level, text))
        return client

    def _load_credentials(self) -> None:
        """Read the files at every attempt, so that a renewed certificate is used without a restart."""
        broker = self._broker
        if broker.username is not None:
            password = read_secret(broker.password_file, "broker.password_file") if broker.password_file else None
            self._client.username_pw_set(broker.username, password)
        if broker.tls:
            self._client.tls_set_context(tls_context(broker))

    def _work(self, sock: socket.socket, timeout_s: float) -> None:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
        if self._watched is None:
            self._selector.register(sock, wanted)
        elif self._watched != (sock, wanted):
            self._selector.modify(sock, wanted)
        self._watched = (sock, wanted)
        buffered = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
        ready = {key.fileobj: mask for key, mask in self._selector.select(0 if buffered or self._queue else timeout_s)}
        if self._waker.reader in ready:
            self._waker.rest()
        if buffered or ready.get(sock, 0) & selectors.EVENT_READ:
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _interpret(self, kind: str, *what: Any) -> Event | None:  # noqa: ANN401 - what paho handed over
        event: Event | None = None
        match kind, what:
            case "connack", (ReasonCode() as reason, properties):
                event = self._opened(reason, properties)
            case "puback", (mid, ReasonCode() as reason) if mid in self._in_flight:  # it is called for QoS 0 as well
                event = Acked(self._in_flight.pop(mid), reason.value, f"0x{reason.value:02X} {reason}")
            case "suback", (reasons,):
                event = Subscribed(tuple(reason.value < _FAILED for reason in reasons))
            case "message", (MQTTMessage() as message,):
                with suppress(UnicodeDecodeError):
                    event = Received(message.topic, bytes(message.payload))
            case "log", (LogLevel.MQTT_LOG_ERR, text):
                self._last_error = of_tls_text(text) or self._last_error
            case "disconnect", (flags, ReasonCode() as reason):
                event = self._closed(reason, by_broker=flags.is_disconnect_packet_from_server)
        return event

    def _opened(self, reason: ReasonCode, properties: Properties) -> Event:
        if reason.is_failure:
            raise ConnectFailed(of_reason(reason.value, str(reason)), version_refused=reason.value == 0x84)
        if getattr(properties, "MaximumQoS", 1) == 0:
            raise ConnectFailed("it allows QoS 0 only, with which messages get lost; use another broker")
        self._window = min(WINDOW, getattr(properties, "ReceiveMaximum", WINDOW))
        self.packet_limit = getattr(properties, "MaximumPacketSize", _NO_LIMIT)
        self._retain = getattr(properties, "RetainAvailable", 1) == 1
        return Opened()

    def _closed(self, reason: ReasonCode, *, by_broker: bool) -> Closed:
        if by_broker and reason.is_failure:
            return Closed(of_reason(reason.value, str(reason)))
        if str(reason) == "Keep alive timeout":
            return Closed("it fell silent; check the network")
        if str(reason) == "Protocol error":
            return Closed(f"its answer is not MQTT {self.version}")
        return Closed(self._last_error or "it closed the connection")

    def _properties(self, expiry_s: int | None) -> Properties | None:
        if self.version != "5" or expiry_s is None:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho's
        properties.MessageExpiryInterval = expiry_s
        return properties


def await_opened(
    connection: Connection, *, limit_s: float, now: Callable[[], float], stopped: Callable[[], bool]
) -> bool:
    """Wait for the broker's answer; False if `stopped` says so first.

    Raises:
        ConnectFailed: it refuses, hangs up or does not answer.
    """
    deadline_s = now() + limit_s
    while not stopped():
        for event in connection.turn(min(0.5, limit_s)):
            if isinstance(event, Opened):
                return True
            if isinstance(event, Closed):
                raise ConnectFailed(event.why, hung_up=True)
        if now() > deadline_s:
            raise ConnectFailed(
                "it accepts connections but does not answer; check that it is an MQTT broker", hung_up=True
            )
    return False
