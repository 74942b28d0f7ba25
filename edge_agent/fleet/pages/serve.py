"""Runs the pages until somebody says stop."""

import asyncio
import signal
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from sqlalchemy import Engine

from edge_agent.fleet.pages.app import build_app
from edge_agent.fleet.pages.desk import Desk
from edge_agent.fleet.pages.directory import Directory
from edge_agent.fleet.pages.follow import Live
from edge_agent.fleet.pages.guard import is_loopback
from edge_agent.fleet.pages.sessions import Sessions
from edge_agent.fleet.pages.users import Users, signing_key
from edge_agent.fleet.settings import Settings

_GRACE_S: Final = 5  # for what is being answered when the end comes


class PagesError(ValueError):
    """The pages cannot be served so; the message says what to set."""


def open_desk(settings: Settings, engine: Engine) -> Desk:
    """Get ready what the pages need.

    Raises:
        PagesError: without a file of users they are for the loopback only.
        UsersError: a file of users, tokens or the key cannot be used.
    """
    pages, live, directory = settings.pages, Live(settings.broker), Directory(engine)
    if pages.users_file is None:
        if not is_loopback(pages.host):
            raise PagesError(
                f"pages.host: {pages.host} can be reached from outside, and pages.users_file is not set: anybody could"
                " read all numbers; make users with `edge-agent fleet user NAME`, or listen at 127.0.0.1"
            )
        return Desk(engine, settings, live, directory)
    users = Users(pages.users_file)
    sessions = Sessions(signing_key(pages.users_file), users, https=pages.https)
    return Desk(engine, settings, live, directory, users, sessions)


class _Server(uvicorn.Server):
    """Says when it listens, and ends the event streams before it waits for connections to end."""

    def __init__(self, config: uvicorn.Config, listens: Callable[[], object], closing: asyncio.Event) -> None:
        super().__init__(config)
        self._listens = listens
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self._listens()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._closing.set()
        await super().shutdown(sockets)


def serve(settings: Settings, engine: Engine, listens: Callable[[str], object]) -> None:
    """Serve the pages until SIGTERM or SIGINT.

    Args:
        settings: of the fleet.
        engine: the store.
        listens: told the address as soon as somebody can open it.

    Raises:
        PagesError: the address cannot be listened at, or must not be.
        UsersError: a file of users cannot be used.
    """
    desk = open_desk(settings, engine)
    pages = settings.pages
    try:
        # getaddrinfo knows names and both families; the first address is the one that a browser tries first.
        family, _, _, _, address = socket.getaddrinfo(pages.host, pages.port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server((str(address[0]), pages.port), family=family, backlog=256)
    except OSError as error:
        raise PagesError(f"{pages.host}:{pages.port}: cannot be listened at: {error.strerror}") from None
    host, port = (f"[{pages.host}]" if ":" in pages.host else pages.host), listener.getsockname()[1]
    server = _Server(
        uvicorn.Config(
            build_app(desk),
            log_config=None,
            access_log=False,  # addresses of people who look are nobody's business
            lifespan="on",
            ws="none",
            server_header=False,
            proxy_headers=pages.https,  # trusted from the loopback only, where the proxy is
            timeout_graceful_shutdown=_GRACE_S,
        ),
        lambda: listens(f"http://{host}:{port}/"),
        desk.closing,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises it again at the end: ending is no failure
    server.run(sockets=[listener])
