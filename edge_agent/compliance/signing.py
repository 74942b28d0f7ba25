"""The device's own key for reports: made at the first self-check, Ed25519, kept in the state folder.

A signature shows that a report was made by who holds the key, and was not altered since. Whoever is root on the device
holds it as well; so note the public key when the device is installed, and keep it elsewhere.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

KEY: Final = "self-check.key"
_BYTES: Final = 32


class SigningError(Exception):
    """The key or the report cannot be used; one line says why."""


def signing_key(folder: Path) -> SigningKey:
    """Return the device's key; make it where there is none.

    Raises:
        SigningError: others may read it, or it is damaged.
        OSError: the folder cannot be written.
    """
    path = folder / KEY
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise SigningError(f"{path}: others on this machine may read it; delete it, a new one is made") from None
        raw = path.read_bytes()
        if len(raw) != _BYTES:
            raise SigningError(f"{path}: is damaged; delete it, a new one is made") from None
        return SigningKey(raw)
    made = SigningKey.generate()
    with os.fdopen(descriptor, "wb") as file:
        file.write(bytes(made))
        file.flush()
        os.fsync(file.fileno())
    return made


def sign(report: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    """Return the report with its signature and the public key."""
    signature = key.sign(_canonical(report)).signature
    return {"report": report, "public_key": bytes(key.verify_key).hex(), "signature": signature.hex()}


def verify(signed: object, public_key: str) -> dict[str, Any]:
    """Return the report of a signed one.

    Raises:
        SigningError: it is none, or the signature is not of this key, or not of this report.
    """
    if not isinstance(signed, dict) or not isinstance(signed.get("report"), dict):
        raise SigningError("is no signed report")
    try:
        key = VerifyKey(bytes.fromhex(public_key))
    except (ValueError, TypeError):
        raise SigningError("the public key is not 64 hexadecimal digits") from None
    if signed.get("public_key") != public_key.lower():
        raise SigningError("was signed with another key")
    report: dict[str, Any] = signed["report"]
    try:
        key.verify(_canonical(report), bytes.fromhex(signed["signature"]))
    except (BadSignatureError, KeyError, ValueError, TypeError):
        raise SigningError("the signature does not fit: the report was altered") from None
    return report


def _canonical(report: dict[str, Any]) -> bytes:
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
