"""The fleet's connection to the MQTT broker: a paho client that lives as long as its connection.

paho's own loop and its reconnecting are not used: an exception in a callback would end them silently. The callbacks
here only put what they are given into queues, and whoever holds the link drives it by `turn`.
"""

import selectors
import socket
import ssl
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Literal

from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.fleet.quick_client import Arrived, QuickClient
from edge_agent.fleet.settings import Broker

Version = Literal["5", "3.1.1"]

KEEPALIVE_S: Final = 30
_CONNECT_S: Final = 5.0
_CONNACK_S: Final = 10.0
_FAILED: Final = 0x80
_VERSION_REFUSED: Final = 0x84
_REASONS: Final = {
    0x84: "it does not speak this version of MQTT; set broker.protocol to 'auto'",
    0x86: "it refuses the login; check broker.username and broker.password_file",
    0x87: "it refuses the login; check the credentials, or the fleet's entry in the broker's access list",
    0x8E: "another program connected under the same name; give each worker its own --worker",
}
_SYSTEM: Final = (
    (socket.gaierror, "its name cannot be resolved; check broker.url and the network"),
    (ConnectionRefusedError, "nothing listens there; check broker.url, or start the broker"),
    (ConnectionResetError, "it hung up at once; check the port, and whether it wants TLS (mqtts://)"),
    (TimeoutError, "it does not answer; check broker.url, the network and the firewall"),
)


class BrokerError(Exception):
    """There is no connection; the text says why and what to do.

    Attributes:
        version_refused: the broker does not speak this version of MQTT, or hung up or kept silent as some do then.
    """

    def __init__(self, text: str, *, version_refused: bool = False) -> None:
        super().__init__(text)
        self.version_refused = version_refused


def tls_context(broker: Broker) -> ssl.SSLContext | None:
    """Return what verifies the broker's certificate and name, and shows ours; None without TLS.

    Raises:
        BrokerError: a file cannot be used.
    """
    if not broker.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if broker.cert_file is not None:
            # An empty password: an encrypted key is then refused, instead of asking on the terminal.
            context.load_cert_chain(broker.cert_file, broker.key_file, password="")
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (broker.ca_file, broker.cert_file, broker.key_file) if file)
        raise BrokerError(f"{files}: cannot be used: {getattr(error, 'strerror', None) or error}") from None
    return context


def password(broker: Broker) -> str | None:
    """Return what the password file holds, without the end of the line; None without one.

    Raises:
        BrokerError: it cannot be read.
    """
    if broker.password_file is None:
        return None
    try:
        return broker.password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not text"
        raise BrokerError(f"{broker.password_file}: {why}; it should hold the broker's password") from None


@dataclass(frozen=True, slots=True)
class Answered:
    """The broker has answered to a message of QoS 1."""

    tag: object
    refused: str | None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The broker has answered to a subscription: for each topic whether it is granted."""

    granted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over; nothing follows."""

    why: str


Event = Answered | Subscribed | Closed


class Link:
    """One connection, from its opening to its end.

    Args:
        broker: where, and how to be recognised.
        version: of MQTT.
        client_id: our name at the broker.
        session_s: how long the broker keeps our subscriptions and what arrives for them after we are gone; 0: not.
        receive_maximum: most messages of QoS 1 that we may owe the broker an acknowledgement for; MQTT 5 only.

    Attributes:
        inbox: messages that arrived, oldest first; whoever takes some out acknowledges them by `ack`.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        version: Version,
        client_id: str,
        session_s: int = 0,
        receive_maximum: int | None = None,
    ) -> None:
        self.version = version
        self._broker = broker
        self._session_s = session_s
        self._receive_maximum = receive_maximum
        self._events: deque[Event] = deque()
        self._tags: dict[int, object] = {}
        self._connack: ReasonCode | None = None
        self._why = ""
        self._over = False
        self._watched = 0
        self._selector = selectors.DefaultSelector()
        self._client = self._make(client_id)
        self.inbox: deque[Arrived] = self._client.inbox

    def open(self) -> None:
        """Reach the broker and be let in. Blocks for some seconds at most.

        Raises:
            BrokerError: it did not come about.
        """
        broker = self._broker
        context = tls_context(broker)
        if context is not None:
            self._client.tls_set_context(context)
        if broker.username is not None:
            self._client.username_pw_set(broker.username, password(broker))
        try:
            self._client.connect(broker.host, broker.port, KEEPALIVE_S, **self._connect_options())
            self._await_connack()
        except BrokerError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise BrokerError(f"{broker.url}: {_explain(error)}") from None

    def turn(self, timeout_s: float, *, most: int = 10_000) -> list[Event]:
        """Wait for the network, at most so long; read and write. Messages go to `inbox`, the rest is returned.

        Args:
            timeout_s: 0 to look only.
            most: read no further once so many messages lie in the inbox.
        """
        sock = self._client.socket()
        if sock is not None:
            self._work(sock, timeout_s, most)
        if not self._over and self._client.socket() is None:
            self._over = True
            self._events.append(Closed(f"{self._broker.url}: {self._why or 'the connection was lost'}"))
        events = list(self._events)
        self._events.clear()
        return events

    def subscribe(self, topics: list[str]) -> None:
        """Ask for messages, QoS 1; retained ones come at once, even if they came before."""
        if not self._over:
            self._client.subscribe([(topic, 1) for topic in topics])

    def unsubscribe(self, topics: list[str]) -> None:
        """Want no more of these."""
        if not self._over:
            self._client.unsubscribe(topics)

    def publish(self, topic: str, payload: bytes, *, tag: object = None, retain: bool = False) -> bool:
        """Send a message, with a tag at QoS 1; tell whether that could be tried. `Answered` says what came of it."""
        if self._over or self._client.socket() is None:
            return False
        info = self._client.publish(topic, payload, 0 if tag is None else 1, retain)
        if tag is not None:
            self._tags[info.mid] = tag
        return True

    def ack(self, messages: Iterable[Arrived]) -> None:
        """Tell the broker that messages are safe; on a connection that is over, do nothing: they come again."""
        if not self._over and self._client.socket() is not None:
            self._client.ack_all(message.mid for message in messages if message.qos)

    @property
    def congested(self) -> bool:
        """Whether the network takes less than we give it."""
        return self._client.want_write()

    @property
    def owed(self) -> int:
        """How many messages of ours the broker has not answered to."""
        return len(self._tags)

    def leave(self) -> None:
        """Write what is still to be written and say goodbye; a session of ours stays."""
        if not self._over:
            self._client.disconnect()
            self.turn(0.0)
        self.close()

    def close(self) -> None:
        """Let go of the socket."""
        self._over = True
        sock = self._client.socket()
        if sock is not None:
            sock.close()
        self._selector.close()

    def _make(self, client_id: str) -> QuickClient:
        five = self.version == "5"
        client = QuickClient(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
            clean_session=None if five else self._session_s == 0,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = _CONNECT_S
        client.max_inflight_messages_set(
            0
        )  # what is sent is few and small, and the broker's limit is on what it stores
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._events.append(
            Subscribed(tuple(reason.value < _FAILED for reason in reasons))
        )
        # No on_log: paho would put every message into words for it.
        return client

    def _connect_options(self) -> dict[str, Any]:
        if self.version != "5":
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's
        properties.SessionExpiryInterval = self._session_s
        if self._receive_maximum is not None:
            properties.ReceiveMaximum = self._receive_maximum
        return {"clean_start": self._session_s == 0, "properties": properties}

    def _await_connack(self) -> None:
        waits = int(_CONNACK_S / 0.5)
        for _ in range(waits):
            for event in self.turn(0.5):
                if isinstance(event, Closed) and self._connack is None:
                    raise BrokerError(event.why, version_refused=True)
            if self._connack is not None:
                break
        else:
            # amqtt 0.12 says nothing to MQTT 5.
            raise BrokerError(
                f"{self._broker.url}: it accepts connections but does not answer; is it an MQTT broker?",
                version_refused=True,
            )
        if self._connack.is_failure:
            code = self._connack.value
            raise BrokerError(
                f"{self._broker.url}: {_of_reason(self._connack)}", version_refused=code == _VERSION_REFUSED
            )

    def _work(self, sock: Any, timeout_s: float, most: int) -> None:  # noqa: ANN401 - paho names several kinds
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._client.want_write() else 0)
        if not self._watched:
            self._selector.register(sock, wanted)
        elif self._watched != wanted:
            self._selector.modify(sock, wanted)
        self._watched = wanted
        buffered = self._client.read_ahead or (isinstance(sock, ssl.SSLSocket) and sock.pending() > 0)
        found = self._selector.select(0 if buffered else timeout_s)
        if buffered or any(mask & selectors.EVENT_READ for _, mask in found):
            self._read(most)
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _read(self, most: int) -> None:
        """Read until nothing more is there; paho reads one packet at a time, and does not say whether it found one."""
        while len(self.inbox) < most:
            before = len(self.inbox)
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return
            if len(self.inbox) == before and not self._client.read_ahead:
                return

    def _on_connect(self, _c: object, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
        self._connack = reason

    def _on_disconnect(self, _c: object, _u: object, flags: Any, reason: ReasonCode, _p: object) -> None:  # noqa: ANN401
        if flags.is_disconnect_packet_from_server and reason.is_failure:
            self._why = _of_reason(reason)
        elif str(reason) == "Keep alive timeout":
            self._why = "it fell silent; check the network"

    def _on_publish(self, _c: object, _u: object, mid: int, reason: ReasonCode, _p: object) -> None:
        if mid in self._tags:  # it is called for QoS 0 as well
            refused = _of_reason(reason) if reason.is_failure else None
            self._events.append(Answered(self._tags.pop(mid), refused))


class Attempts:
    """Which version to try next, and after how long: 5 first, and 3.1.1 where a broker has no more.

    Waits double from half a second to 30 s, shortened by chance, so that workers do not come at once.
    """

    def __init__(self, broker: Broker, random: Random) -> None:
        self._auto = broker.protocol == "auto"
        self._random = random
        self._wait_s = self._first_s = 0.5
        self.version: Version = "3.1.1" if broker.protocol == "3.1.1" else "5"

    def failed(self, error: BrokerError) -> float:
        """Take in a failure; return how long to wait before the next attempt."""
        if self._auto and error.version_refused:
            # A broker that hung up may have been starting: then 3.1.1 fails too, and 5 is tried again.
            self.version = "3.1.1" if self.version == "5" else "5"
            if self.version == "3.1.1":
                return 0.0
        elif self._auto:
            self.version = "5"
        wait_s, self._wait_s = self._wait_s, min(30.0, 2 * self._wait_s)
        return wait_s * self._random.uniform(0.5, 1.0)

    def worked(self) -> None:
        """Take in a success: the next attempt need not wait long."""
        self._wait_s = self._first_s


def _of_reason(reason: ReasonCode) -> str:
    return f"{_REASONS.get(reason.value, 'it refuses')} (0x{reason.value:02X} {reason})"


def _explain(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}; check broker.ca_file and broker.url"
    if isinstance(error, ssl.SSLError):
        return f"the TLS connection failed: {error.reason or error}"
    for kind, meaning in _SYSTEM:
        if isinstance(error, kind):
            return meaning
    with suppress(AttributeError):
        return f"it cannot be reached: {error.strerror}"  # type: ignore[attr-defined] # of an OSError
    return f"it cannot be reached: {error}"
