"""Credentials of a network camera: read when it is opened, kept nowhere."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from edge_agent.camera.source import SourceError, redact


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a password that no repr shows."""

    user: str = field(repr=False)
    password: str = field(repr=False)

    def in_url(self, url: str) -> str:
        """Return an address that holds the credentials, escaped; for the library's eyes only."""
        parts = urlsplit(url)
        userinfo = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))


def read_login(path: Path | None) -> Login | None:
    """Return what a credentials file holds, None without one.

    Raises:
        SourceError: the file cannot be read or does not hold 'user:password'. Its content is not quoted.
    """
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SourceError(f"credentials_file {path} cannot be read: {why}; it must hold 'user:password'") from None
    user, colon, password = text.partition(":")
    if not (user and colon) or "\n" in text:
        raise SourceError(f"credentials_file {path} must hold one line 'user:password' and nothing else")
    return Login(user, password)


def public(url: str) -> str:
    """Return an address for people: without credentials and without the query, where cameras like to put them."""
    return redact(url.partition("?")[0])
