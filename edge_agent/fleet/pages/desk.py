"""What every page needs at hand, and how a page is made."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse

from edge_agent.fleet.pages import numbers
from edge_agent.fleet.pages.attempts import Attempts
from edge_agent.fleet.pages.directory import Directory
from edge_agent.fleet.pages.follow import Live
from edge_agent.fleet.pages.sessions import Session, Sessions
from edge_agent.fleet.pages.users import Users
from edge_agent.fleet.pages.words import pick_language, say, say_of
from edge_agent.fleet.settings import Settings
from edge_agent.sentence import Language

FOLDER: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "lang"


@dataclass(slots=True)
class Streams:
    """How many event streams are open."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the settings, who may come in, and what lives as long as the server."""

    engine: Engine
    settings: Settings
    live: Live
    directory: Directory
    users: Users | None = None
    sessions: Sessions | None = None
    attempts: Attempts = field(default_factory=Attempts)
    streams: Streams = field(default_factory=Streams)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    now: Callable[[], float] = time.time

    @property
    def silent_after_min(self) -> int:
        """After this long a device is silent."""
        return self.settings.ingest.silent_after_min


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the application that serves this request."""
    desk: Desk = connection.app.state.desk
    return desk


def session_of(connection: HTTPConnection) -> Session | None:
    """The session that the guard found."""
    session: Session | None = connection.scope.get("fleet.session")
    return session


def language_of(connection: HTTPConnection) -> Language:
    """The language that this request asks for."""
    return pick_language(
        connection.query_params.get("lang"),
        connection.cookies.get(LANGUAGE_COOKIE),
        connection.headers.get("accept-language", ""),
        desk_of(connection).settings.pages.language,
    )


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,  # without exception: names come from settings and from the wire
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "duration": numbers.duration,
        "utc": numbers.utc,
        "iso": numbers.iso,
        "clock_of": numbers.clock_of,
    }
    return made


_ENVIRONMENT: Final = _environment()


def here(request: Request, **changes: object) -> str:
    """This page's address with other parameters; None takes one out."""
    values = {name: value for name, value in request.query_params.items() if name not in {*changes, "lang"}}
    values |= {name: str(value) for name, value in changes.items() if value is not None}
    return f"{request.url.path}?{urlencode(values)}" if values else request.url.path


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - what the template shows
    """Make a page in the language of the request."""
    desk, language, session = desk_of(request), language_of(request), session_of(request)
    now_s = int(desk.now())
    speech = {
        "t": partial(say, language),
        "word": partial(say_of, language),
        "age": lambda instant_s: numbers.age(instant_s, now_s, language),
        "decimal": lambda number: numbers.decimal(number, language),
        "whole": lambda number: numbers.whole(number, language),
        "percent": numbers.percent,
    }
    html = _ENVIRONMENT.get_template(template).render(
        **speech,
        say=SimpleNamespace(**speech),  # for macros, which see nothing of the page
        language=language,
        other_language="it" if language == "en" else "en",
        here=partial(here, request),
        path=request.url.path,
        user=session.user if session else None,
        csrf=session.csrf if session else "",
        now_s=now_s,
        **values,
    )
    response = HTMLResponse(html, status)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.query_params.get("lang") == language:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=365 * 86_400, samesite="lax", httponly=True, secure=desk.settings.pages.https
        )
    return response
