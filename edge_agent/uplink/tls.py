"""The secured connection and the files it needs."""

import select
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge_agent.config.schema import BrokerConfig
from edge_agent.uplink.trouble import ConnectFailed

_VERDICT_S: Final = 1.0


class _TlsSocket(ssl.SSLSocket):
    """A socket whose handshake ends with the broker's verdict on our certificate, and that closes itself on failure."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as the standard library has it
        try:
            super().do_handshake(block)
            if self.version() == "TLSv1.3":
                self._hear_out()
        except BaseException:
            self.close()  # paho would leave that to the garbage collector
            raise

    def _hear_out(self) -> None:
        # In TLS 1.3 our side of the handshake ends before the broker has looked at our certificate. Its alert would
        # be swallowed by the reset that answers our next packet, and nobody would learn why. What comes here is the
        # alert, or the session tickets that most brokers send once they are content; a broker never speaks MQTT first.
        select.select([self], [], [], _VERDICT_S)
        timeout_s = self.gettimeout()
        self.settimeout(0)
        with suppress(ssl.SSLWantReadError):
            if not self.recv(1):
                raise ConnectionResetError
        self.settimeout(timeout_s)


def tls_context(broker: BrokerConfig) -> ssl.SSLContext:
    """Return a context that verifies the broker's certificate and name, and shows ours.

    Raises:
        ConnectFailed: a file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConnectFailed(_unusable("broker.ca_file", broker.ca_file, error)) from None
    context.sslsocket_class = _TlsSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if broker.cert_file is not None:
        try:
            # An empty password: an encrypted key is then refused, instead of asking on the terminal.
            context.load_cert_chain(broker.cert_file, broker.key_file, password="")
        except (OSError, ssl.SSLError) as error:
            raise ConnectFailed(_unusable("broker.cert_file", broker.cert_file, error)) from None
    return context


def read_secret(path: Path, setting: str) -> str:
    """Return what the file holds, without the end of the line.

    Raises:
        ConnectFailed: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectFailed(_unusable(setting, path, error)) from None


def _unusable(setting: str, path: Path | None, error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
    return (
        f"{setting}: '{path}' cannot be used: {why or 'not in the right format, or key and certificate do not match'}"
    )
