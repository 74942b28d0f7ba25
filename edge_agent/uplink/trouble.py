"""Why a broker cannot be reached, in one line that says what to do."""

import logging
import socket
import ssl
from typing import Final

_VERIFY: Final = {
    9: "its certificate is not valid yet; check this device's clock",
    10: "its certificate has expired; renew it on the broker, or check this device's clock",
    18: "its certificate is self-signed; name the file of its authority in broker.ca_file",
    19: "its certificate is signed by an unknown authority; name the file of the right one in broker.ca_file",
    20: "its certificate is signed by an unknown authority; name the file of the right one in broker.ca_file",
    23: "its certificate was revoked; renew it on the broker",
    62: "its certificate is for another name; use that name in broker.url",
    64: "its certificate is for another address; use the name that stands in it in broker.url",
}
_ALERTS: Final = {
    "CERTIFICATE_REQUIRED": "it wants a client certificate; set broker.cert_file and broker.key_file",
    "CERTIFICATE_EXPIRED": "it says that this device's certificate has expired; renew it",
    "CERTIFICATE_REVOKED": "it says that this device's certificate was revoked; provision the device again",
    "CERTIFICATE_UNKNOWN": "it does not accept this device's certificate; check broker.cert_file",
    "UNKNOWN_CA": "it does not know the authority of this device's certificate; check broker.cert_file",
    "BAD_CERTIFICATE": "it does not accept this device's certificate; check broker.cert_file",
    "HANDSHAKE_FAILURE": "it wants a client certificate, or other ciphers; check broker.cert_file",
    "PROTOCOL_VERSION": "it does not offer TLS 1.2 or newer; update the broker",
    "WRONG_VERSION_NUMBER": "it does not speak TLS on this port; check the port, or use mqtt:// in broker.url",
    "UNEXPECTED_EOF": "it hung up during the TLS handshake; check the port and the client certificate",
}
_REASONS: Final = {
    0x84: "it does not speak this version of MQTT; set broker.protocol to 'auto'",
    0x85: "it refuses the client identifier",
    0x86: "it refuses the login; check broker.username and broker.password_file",
    0x87: "it refuses the login; check the credentials, or this device's entry in the broker's access list",
    0x88: "it is unavailable; trying again",
    0x89: "it is busy; trying again",
    0x8A: "it has banned this client; ask who runs it",
    0x8E: "another client took over; two devices have the same tenant, site and device",
    0x95: "it refuses a packet of this size; raise its limit",
    0x97: "its quota is exceeded; ask who runs it",
    0x9F: "it limits how often clients may connect; trying again",
}
_SYSTEM: Final = (
    (socket.gaierror, "its name cannot be resolved; check broker.url and the network"),
    (ConnectionRefusedError, "nothing listens there; check broker.url, or start the broker"),
    (ConnectionResetError, "it hung up at once; check the port, and whether it wants TLS (mqtts://)"),
    (TimeoutError, "it does not answer; check broker.url, the network and the firewall"),
)

_log = logging.getLogger(__name__)


def of_reason(code: int, name: str) -> str:
    """Explain an MQTT reason code of at least 0x80."""
    return f"{_REASONS.get(code, 'it refuses')} (0x{code:02X} {name})"


def of_exception(error: Exception) -> str:
    """Explain what went wrong on the way to the broker. Says nothing of what the files hold."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY.get(error.verify_code, f"its certificate is not accepted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return of_tls_text(str(error)) or f"the TLS connection failed: {error.reason or 'no reason given'}"
    for kind, meaning in _SYSTEM:
        if isinstance(error, kind):
            return meaning
    return f"it cannot be reached: {getattr(error, 'strerror', None) or type(error).__name__}"


def of_tls_text(text: str) -> str | None:
    """Explain an alert that the broker sent after the handshake, as TLS 1.3 does; None if it is none that is known."""
    upper = text.upper().replace(" ", "_")
    return next((meaning for alert, meaning in _ALERTS.items() if alert in upper), None)


class ConnectFailed(Exception):  # noqa: N818 - what happened, not a mistake
    """No connection came about; `str` of it is one line for the log.

    Attributes:
        version_refused: the broker said that it does not speak this version of MQTT.
        hung_up: the broker ended the connection without a word, as some do for an unknown version.
    """

    def __init__(self, text: str, *, version_refused: bool = False, hung_up: bool = False) -> None:
        super().__init__(text)
        self.version_refused = version_refused
        self.hung_up = hung_up


class Troubles:
    """Says each trouble once in the log, and again only after it has changed or passed."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def say(self, subject: str, text: str) -> bool:
        """Log the text, unless it is what was said last about this subject; tell whether it was logged."""
        if self._said.get(subject) == text:
            return False
        self._said[subject] = text
        _log.warning("%s", text)
        return True

    def over(self, subject: str) -> None:
        """Note that the trouble has passed."""
        self._said.pop(subject, None)
