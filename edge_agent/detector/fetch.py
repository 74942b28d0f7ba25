"""Download one file whose size and SHA-256 are known beforehand, resuming what an earlier attempt left.

Because the checksum is known, a partial file may be continued from any server that offers it: what comes out
is either exactly the wanted bytes or an error.
"""

import fcntl
import hashlib
import http.client
import ipaddress
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import IO, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from edge_agent.detector.errors import DetectorError

Progress = Callable[[int], None]
"""Called with the number of bytes that are there so far; it may fall when a server makes us start again."""

_CHUNK_BYTES: Final = 64 * 1024
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class FetchError(DetectorError):
    """The file could not be had, or it is not the wanted one; the message is one line."""


class _DroppedError(Exception):
    """The transfer broke off or the server is busy: worth another attempt."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The file as the catalogue describes it."""

    sha256: str
    size_bytes: int


def fetch(
    url: str,
    part: Path,
    wanted: Wanted,
    *,
    progress: Progress = lambda _done: None,
    timeout_s: float = 30.0,
    attempts: int = 4,
    pause_s: float = 1.0,
) -> None:
    """Download `url` into `part` and verify it.

    What `part` holds already is continued. It is kept when the transfer breaks off, and removed when its
    content turns out to be wrong.

    Args:
        url: an https address; http only for this machine's own loopback addresses.
        part: the file to write; its folder must exist.
        wanted: size and checksum that the result must have.
        progress: told how many bytes are there.
        timeout_s: longest silence of the server.
        attempts: how often in a row an attempt may bring no new byte.
        pause_s: wait before the second attempt; it doubles with each further one.

    Raises:
        FetchError: address refused, no answer, interrupted (run it again to resume), or not the wanted file.
        OSError: `part` cannot be written.
    """
    require_safe(url)
    with _locked(part) as file:
        transfer = _Transfer(url, file, wanted, progress, timeout_s)
        resumed = 0 < _size(file) <= wanted.size_bytes
        if not resumed:
            file.truncate(0)
        transfer.complete(attempts, pause_s)
        if resumed and not _matches(file, wanted):  # what was left behind belonged to another file
            file.truncate(0)
            transfer.complete(attempts, pause_s)
        _finish(file, part, wanted, _shown(url))


def copy_in(source: Path, part: Path, wanted: Wanted, *, progress: Progress = lambda _done: None) -> None:
    """Copy a file that somebody carried here into `part` and verify it like a download.

    Raises:
        FetchError: `source` cannot be read, or is not the wanted file.
        OSError: `part` cannot be written.
    """
    try:
        stream = source.open("rb")
    except OSError as error:
        raise FetchError(f"{source}: cannot be read: {error.strerror}") from None
    with stream:
        size = os.fstat(stream.fileno()).st_size
        if size != wanted.size_bytes:
            raise FetchError(f"{source}: {_other_size(size, wanted)}")
        with _locked(part) as file:
            file.truncate(0)
            for done, chunk in _counted(iter(lambda: stream.read(_CHUNK_BYTES), b"")):
                file.write(chunk)
                progress(done)
            _finish(file, part, wanted, str(source))


def require_safe(url: str) -> None:
    """Refuse addresses whose transfer others could read or change.

    Raises:
        FetchError: neither https nor http to a loopback address, or with credentials inside.
    """
    if not _is_safe(url):
        raise FetchError(
            f"{_shown(url)}: give an https:// address without user name and password (http:// to this machine only)"
        )


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def sha256_of(file: BufferedReader | BufferedRandom) -> str:
    """Hexadecimal SHA-256 of the whole file."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One address, one partial file, and what must become of it."""

    url: str
    file: BufferedRandom
    wanted: Wanted
    progress: Progress
    timeout_s: float

    def complete(self, attempts: int, pause_s: float) -> None:
        """Ask until all bytes are there; give up after `attempts` in a row that brought nothing."""
        fruitless = 0
        while (before := _size(self.file)) < self.wanted.size_bytes:
            try:
                self._attempt(before)
            except _DroppedError as error:
                after = _size(self.file)
                fruitless = 1 if after > before else fruitless + 1
                if fruitless >= attempts:
                    raise FetchError(self._gave_up(after, error)) from None
                time.sleep(pause_s * 2 ** (fruitless - 1))

    def _gave_up(self, have: int, error: Exception) -> str:
        if have == 0:
            return f"{_shown(self.url)}: cannot be had: {error}; try again later, or give a file with --from"
        total = self.wanted.size_bytes
        return (
            f"{_shown(self.url)}: interrupted at {have} of {total} bytes: {error}; run the same command again to resume"
        )

    def _attempt(self, have: int) -> None:
        """One request for what is still missing.

        Raises:
            _DroppedError: the transfer broke off; what came is in the file.
            FetchError: another request would end the same way.
            OSError: the file cannot be written.
        """
        headers = {"Accept-Encoding": "identity", "User-Agent": "edge-agent"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with self._ask(Request(self.url, headers=headers)) as response:  # noqa: S310  (seen by require_safe)
            self._receive(response, have)

    def _ask(self, request: Request) -> http.client.HTTPResponse:
        """The answer, once its head is here; see `_attempt` for the errors."""
        try:
            return cast("http.client.HTTPResponse", _opener(self.url).open(request, timeout=self.timeout_s))
        except HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise FetchError(
                    f"{_shown(self.url)}: the server's certificate is not trusted: {reason.verify_message}; "
                    "check this device's clock and CA certificates"
                ) from None
            raise _DroppedError(_reason(reason)) from None

    def _receive(self, response: http.client.HTTPResponse, have: int) -> None:
        """Append the body to the file, or replace what is there if the server starts from the beginning."""
        start, total = _extent(response)
        if total is not None and total != self.wanted.size_bytes:
            raise FetchError(f"{_shown(self.url)}: {_other_size(total, self.wanted)}")
        if start not in {0, have}:
            self.file.truncate(0)
            raise _DroppedError("the server sent another part of the file than it was asked for")
        self.file.seek(start)
        self.file.truncate()
        for done, chunk in _counted(_received(response), start):
            if done > self.wanted.size_bytes:
                self.file.truncate(0)
                raise FetchError(
                    f"{_shown(self.url)}: sends more than the {self.wanted.size_bytes} bytes that the card says; "
                    "nothing was installed"
                )
            self.file.write(chunk)
            self.progress(done)
        if _size(self.file) < self.wanted.size_bytes:
            raise _DroppedError("the server closed the connection early")

    def _refusal(self, error: HTTPError) -> Exception:
        """What an answer other than 2xx means: final, or worth another attempt."""
        if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and _size(self.file):
            self.file.truncate(0)
            return _DroppedError("the server has no such part of the file")
        answer = f"{error.code} {error.reason}".strip()
        if error.code in _PASSING or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return _DroppedError(f"the server answered {answer}")
        return FetchError(
            f"{_shown(self.url)}: the server answered {answer}; give another address with --url or a file with --from"
        )


def _extent(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Where the body starts within the file (-1: unclear), and the whole file's length if it is said."""
    if response.status == HTTPStatus.PARTIAL_CONTENT:
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if match is None:
            return -1, None
        return int(match[1]), None if match[2] == "*" else int(match[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None


def _received(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body in chunks; only what goes wrong on the network is a dropped transfer, not a full disk.

    `read1` hands over what has arrived: with `read`, all of an unfinished chunk would be lost with the line.
    """
    try:
        while chunk := response.read1(_CHUNK_BYTES):
            yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise _DroppedError(_reason(error)) from None


@contextmanager
def _locked(part: Path) -> Iterator[BufferedRandom]:
    """`part`, open for reading and writing, created where missing, ours alone until closed."""
    with part.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FetchError(f"{part}: another command is writing it; wait for it to end") from None
        try:
            yield file
        except OSError as error:
            error.filename = error.filename or str(part)  # a full disk does not say which file it was
            raise


def _finish(file: BufferedRandom, part: Path, wanted: Wanted, where: str) -> None:
    """Put the file on the disk; remove it and complain unless it is the wanted one, byte for byte."""
    file.flush()
    os.fsync(file.fileno())
    if not _matches(file, wanted):
        size, found = _size(file), sha256_of(file)
        part.unlink()
        if size != wanted.size_bytes:
            raise FetchError(f"{where}: {_other_size(size, wanted)}")
        raise FetchError(
            f"{where}: is another file: its SHA-256 is {found}, the card says {wanted.sha256}; nothing was installed"
        )


def _matches(file: BufferedRandom, wanted: Wanted) -> bool:
    return _size(file) == wanted.size_bytes and sha256_of(file) == wanted.sha256


def _other_size(found: int, wanted: Wanted) -> str:
    return f"is another file: it has {found} bytes, the card says {wanted.size_bytes}; nothing was installed"


class _SafeRedirects(HTTPRedirectHandler):
    """Follows redirects, but never out of https."""

    def redirect_request(  # noqa: PLR0917  (the signature is the standard library's)
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        """Refuse a new address that would be refused as the first one, and any step down from https."""
        if not _is_safe(newurl) or (req.full_url.startswith("https:") and not newurl.startswith("https:")):
            fp.close()
            raise FetchError(f"{_shown(req.full_url)}: sends us to {_shown(newurl)}, which is not https; give --url")
        return super().redirect_request(req, fp, code, msg, cast("http.client.HTTPMessage", headers), newurl)


def _opener(url: str) -> OpenerDirector:
    """Loopback addresses never go through the environment's proxy."""
    direct = [ProxyHandler({})] if _is_loopback(urlsplit(url).hostname or "") else []
    return build_opener(_SafeRedirects(), *direct)


def _shown(url: str) -> str:
    """An address for people's eyes: what stands before an '@' or after a '?' may be a secret."""
    scheme, separator, rest = url.partition("?")[0].rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _counted(chunks: Iterator[bytes], done: int = 0) -> Iterator[tuple[int, bytes]]:
    """Each chunk with the number of bytes that are there once it is written."""
    for chunk in chunks:
        done += len(chunk)
        yield done, chunk


def _size(file: BufferedRandom) -> int:
    file.flush()
    return os.fstat(file.fileno()).st_size


def _reason(error: BaseException | str) -> str:
    if isinstance(error, TimeoutError):
        return "no answer within the time allowed"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__
