"""Stands before every page: whose request it is, whether it may pass, and the headers that every answer carries."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge_agent.fleet.pages.desk import Desk

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
SIGN_IN: Final = "/sign-in"
_OPEN: Final = ("/healthz", SIGN_IN)
_STATIC: Final = "/static/"
_API: Final = "/api/"
_METRICS: Final = "/metrics"
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refused(HTTPConnection(scope), scope)
        await (refused or self._app)(scope, receive, with_headers)

    def _refused(self, asked: HTTPConnection, scope: Scope) -> Response | None:
        """The answer to a request that may not pass. Finds its session on the way."""
        path = scope["path"]
        if self._desk.sessions is None or self._desk.users is None:
            if _host(asked) not in _LOOPBACK_NAMES:
                # Without sign-in the loopback is the only wall, and a foreign page could reach over it by a name of
                # its own that points here (DNS rebinding).
                return PlainTextResponse("This address answers on the loopback by its own names only.\n", 421)
            return None
        scope["fleet.session"] = session = self._desk.sessions.of(asked)
        if path in _OPEN or path.startswith(_STATIC) or (session is not None and session.user is not None):
            return None
        if path.startswith(_API) or path == _METRICS:
            if self._has_token(asked) or (path == _METRICS and self._is_local(asked)):
                return None
            told = {"error": "sign in, or send a token: Authorization: Bearer TOKEN"}
            return JSONResponse(told, 401, {"WWW-Authenticate": "Bearer"})
        target = path + (f"?{asked.url.query}" if asked.url.query else "")
        return RedirectResponse(SIGN_IN if target == "/" else f"{SIGN_IN}?next={quote(target)}", 303)

    def _has_token(self, asked: HTTPConnection) -> bool:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._desk.users is not None and self._desk.users.has_token(token.strip())

    def _is_local(self, asked: HTTPConnection) -> bool:
        """Whether nobody but this machine can have asked. Behind a proxy every request comes from the loopback."""
        if self._desk.settings.pages.https or "x-forwarded-for" in asked.headers or "forwarded" in asked.headers:
            return False
        return _host(asked) in _LOOPBACK_NAMES and asked.client is not None and is_loopback(asked.client.host)


def is_loopback(address: str) -> bool:
    """Whether an address, or the name localhost, is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _host(asked: HTTPConnection) -> str:
    host = asked.headers.get("host", "").lower()
    return host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.partition(":")[0]
