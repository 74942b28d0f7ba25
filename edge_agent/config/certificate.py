"""Who an X.509 certificate names and when it is valid: the standard library tells that only to an open connection."""

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

_UTC_TIME, _GENERALIZED_TIME, _EXPLICIT_VERSION = 0x17, 0x18, 0xA0
_COMMON_NAME: Final = bytes.fromhex("550403")  # OID 2.5.4.3


@dataclass(frozen=True, slots=True)
class Certificate:
    """The parts of a certificate that a person must get right.

    Attributes:
        common_name: CN of the subject; None if it has none.
        begins: first moment of validity.
        ends: last moment of validity.
    """

    common_name: str | None
    begins: datetime
    ends: datetime


def certificates(pem: str) -> list[Certificate]:
    """The certificates in a PEM file, in its order; text around them is allowed, as OpenSSL does.

    Raises:
        ValueError: a block holds no certificate.
    """
    return [_certificate(ssl.PEM_cert_to_DER_cert(block)) for block in _PEM.findall(pem)]


def _certificate(der: bytes) -> Certificate:
    """Read the first fields of a Certificate (RFC 5280, section 4.1).

    TBSCertificate is [version], serialNumber, signature, issuer, validity, subject, and more.
    """
    try:
        _, whole = next(_parts(der))
        _, signed = next(_parts(whole))
        fields = [content for tag, content in _parts(signed) if tag != _EXPLICIT_VERSION]
        begins, ends = (_moment(tag, content) for tag, content in _parts(fields[3]))
        return Certificate(_common_name(fields[4]), begins, ends)
    except (LookupError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("not a certificate") from error


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) pairs of a run of DER values (X.690, section 8.1); certificates have one-byte tags."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        if at + length > len(der):
            raise ValueError("not a certificate: it breaks off")
        yield tag, der[at : at + length]
        at += length


def _moment(tag: int, content: bytes) -> datetime:
    """A Time (RFC 5280, section 4.1.2.5): two digits of a year mean 1950 to 2049."""
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("not a certificate: its validity is not a time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _common_name(subject: bytes) -> str | None:
    """The last CN of a Name: a sequence of sets of (type, value)."""
    found = None
    for _, relative_name in _parts(subject):
        for _, attribute in _parts(relative_name):
            (_, kind), (_, value) = _parts(attribute)
            if kind == _COMMON_NAME:
                found = value.decode("utf-8", "replace")
    return found
