"""Who is signed in: a signed cookie says it, nothing is kept on the server but who has signed out."""

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from edge_agent.fleet.pages.users import Users

LASTS_S: Final = 12 * 3600
_KEPT: Final = 10_000  # of sessions that were signed out; only who was signed in can add one


@dataclass(frozen=True, slots=True)
class Session:
    """What the cookie says. Before somebody has signed in it carries the token of the form only."""

    id: str
    csrf: str
    user: str | None = None
    mark: str | None = None

    @property
    def fields(self) -> dict[str, str | None]:
        """As they are signed."""
        return {"id": self.id, "csrf": self.csrf, "user": self.user, "mark": self.mark}

    def has_token(self, told: object) -> bool:
        """Whether a form carries this session's token."""
        return isinstance(told, str) and hmac.compare_digest(told.encode(), self.csrf.encode())


class Sessions:
    """Reads and writes the cookie."""

    def __init__(self, key: bytes, users: Users, *, https: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="edge-agent fleet session")
        self._users = users
        self._https = https
        self._cookie = "__Host-fleet" if https else "fleet"
        self._clock = clock
        self._signed_out: dict[str, float] = {}

    def of(self, connection: HTTPConnection) -> Session | None:
        """The session of a request, if its cookie is ours, young enough, and its user is still there."""
        try:
            told: Any = self._signer.loads(connection.cookies.get(self._cookie, ""), max_age=LASTS_S)
            session = Session(**told)
        except (BadSignature, TypeError):
            return None
        if session.id in self._signed_out:
            return None
        if session.user is not None and self._users.mark(session.user) != session.mark:
            return None
        return session

    def begin(self, response: Response, user: str) -> None:
        """Sign somebody in: a new session, so that none can be planted before."""
        self.keep(response, Session(secrets.token_hex(16), secrets.token_urlsafe(24), user, self._users.mark(user)))

    def keep(self, response: Response, session: Session) -> None:
        """Give the browser this session's cookie."""
        self._put(response, self._signer.dumps(session.fields), LASTS_S)

    @staticmethod
    def blank() -> Session:
        """A session of nobody, for the form of signing in."""
        return Session(secrets.token_hex(16), secrets.token_urlsafe(24))

    def end(self, response: Response, session: Session) -> None:
        """Sign out: the cookie goes, and a copy of it is worth nothing."""
        now_s = self._clock()
        self._signed_out = {each: until for each, until in self._signed_out.items() if until > now_s}
        if len(self._signed_out) >= _KEPT:
            self._signed_out.pop(next(iter(self._signed_out)))
        self._signed_out[session.id] = now_s + LASTS_S
        self._put(response, "", 0)

    def _put(self, response: Response, value: str, max_age_s: int) -> None:
        # Lax, not Strict: a link to a report in a mail is to open it.
        response.set_cookie(
            self._cookie, value, max_age=max_age_s, path="/", httponly=True, secure=self._https, samesite="lax"
        )
