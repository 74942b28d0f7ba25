"""Who may open the pages: a file of names and argon2id hashes, one of tokens, and the key that signs sessions."""

import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

SHORTEST: Final = 10  # characters of a password
LONGEST: Final = 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
_OPS: Final = argon2id.OPSLIMIT_INTERACTIVE
_MEMORY: Final = argon2id.MEMLIMIT_INTERACTIVE  # 64 MB: what two attempts at a time may cost a small server


class UsersError(ValueError):
    """A file of users cannot be used; the message says where, what and what to do."""


def tokens_file(users_file: Path) -> Path:
    """Where the API's tokens are: beside the users."""
    return users_file.with_name(f"{users_file.name}.tokens")


def key_file(users_file: Path) -> Path:
    """Where the key that signs sessions is: beside the users."""
    return users_file.with_name(f"{users_file.name}.key")


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, with its salt and cost in it.

    Raises:
        UsersError: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsersError(f"password: {len(password)} characters; {SHORTEST} to {LONGEST} are allowed")
    return argon2id.str(password.encode(), opslimit=_OPS, memlimit=_MEMORY).decode()


def new_token() -> tuple[str, str]:
    """Return a token and what is kept of it. 256 random bits need no slow hash."""
    token = secrets.token_urlsafe(32)
    return token, sha256(token.encode()).hexdigest()


def put(file: Path, name: str, secret: str | None) -> bool:
    """Put a line into a file of users or tokens, in the place of the name's former one; None takes it out.

    The file is replaced in one step and stays that of its owner, who is the only one to read it.

    Returns:
        Whether the name was there before.

    Raises:
        UsersError: the name or the file cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise UsersError(f"{name!r}: not a name; letters, digits and . _ @ - are allowed, 63 at most")
    lines = _lines(file) if file.exists() else {}
    was_there = name in lines
    if secret is not None:
        lines[name] = secret
    else:
        lines.pop(name, None)
    _replace(file, "".join(f"{each}:{kept}\n" for each, kept in lines.items()))
    return was_there


def _lines(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsersError(f"{file}: not text; it should hold one name:hash per line") from None
    except OSError as error:
        raise UsersError(f"{file}: {error.strerror}") from None
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, secret = line.strip().partition(":")
        if not colon or not secret or not _NAME.fullmatch(name):
            raise UsersError(f"{file}:{number}: not name:hash; make it with: edge-agent fleet user NAME")
        found[name] = secret
    return found


def _replace(file: Path, text: str) -> None:
    new = file.with_name(f"{file.name}.new")
    try:
        owner = file.stat() if file.exists() else file.parent.stat()
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if os.geteuid() == 0:  # root makes it for the service, which could not read it otherwise
            os.chown(new, owner.st_uid, owner.st_gid)
        new.replace(file)
    except OSError as error:
        raise UsersError(f"{file}: cannot be written: {error.strerror}") from None


def signing_key(users_file: Path) -> bytes:
    """Return the key that signs sessions; made at the first time, and readable by its owner only.

    Raises:
        UsersError: it cannot be read or made.
    """
    file = key_file(users_file)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(secrets.token_bytes(32).hex().encode())
    except FileExistsError:
        pass
    except OSError as error:
        raise UsersError(f"{file}: cannot be made: {error.strerror}; it keeps the key of the sessions") from None
    try:
        if file.stat().st_mode & 0o077:
            raise UsersError(f"{file}: others may read it; run: chmod 600 {file}")
        key = file.read_bytes().strip()
    except OSError as error:
        raise UsersError(f"{file}: {error.strerror}") from None
    if len(key) < 64:
        raise UsersError(f"{file}: too short for a key; delete it, and a new one is made")
    return key


@dataclass(frozen=True, slots=True)
class _Read:
    """What was in a file when it had this stamp."""

    stamp: tuple[int, int, int] | None
    lines: Mapping[str, str]


class Users:
    """The files of users and tokens, read again whenever they have changed."""

    def __init__(self, users_file: Path) -> None:
        """Read them once, so that a wrong file is told at the start.

        Raises:
            UsersError: a file cannot be used.
        """
        self._file = users_file
        self._tokens_file = tokens_file(users_file)
        self._read: dict[Path, _Read] = {}
        self._nobody = argon2id.str(b"nobody has this password", opslimit=_OPS, memlimit=_MEMORY).decode()
        if not users_file.exists():
            raise UsersError(f"{users_file}: there is no such file; make it with: edge-agent fleet user NAME")
        self._all(self._file)
        self._all(self._tokens_file)

    def verify(self, name: str, password: str) -> bool:
        """Whether this is the name's password. An unknown name takes as long as a known one."""
        kept = self._all(self._file).get(name)
        try:
            right = argon2id.verify((kept or self._nobody).encode(), password[:LONGEST].encode())
        except (CryptoError, ValueError):
            return False
        return right and kept is not None

    def mark(self, name: str) -> str | None:
        """What a session of the name carries; another one after a new password, None for who is not there."""
        kept = self._all(self._file).get(name)
        return sha256(kept.encode()).hexdigest()[:16] if kept is not None else None

    def has_token(self, token: str) -> bool:
        """Whether somebody was given this token; every one is compared, so that time tells nothing."""
        told = sha256(token.encode()).hexdigest()
        return any([hmac.compare_digest(told, kept) for kept in self._all(self._tokens_file).values()])

    def _all(self, file: Path) -> Mapping[str, str]:
        try:
            found = file.stat()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise UsersError(f"{file}: {error.strerror}") from None
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        read = self._read.get(file)
        if read is None or read.stamp != stamp:
            read = self._read[file] = _Read(stamp, _lines(file))
        return read.lines
