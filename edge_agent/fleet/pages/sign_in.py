"""Signing in and out."""

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from edge_agent.fleet.pages.desk import Desk, desk_of, language_of, page, session_of
from edge_agent.fleet.pages.numbers import duration
from edge_agent.fleet.pages.sessions import Session, Sessions
from edge_agent.fleet.pages.users import Users
from edge_agent.fleet.pages.words import say

_LONGEST_TARGET: Final = 2000


async def form(request: Request) -> Response:
    """`GET /sign-in`: the form."""
    sessions, _ = _doors(request)
    session = session_of(request)
    if session is not None and session.user is not None:
        return RedirectResponse(_target(request.query_params.get("next")), 303)
    return _form(request, sessions, session, target=_target(request.query_params.get("next")))


async def sign_in(request: Request) -> Response:
    """`POST /sign-in`: look at name and password."""
    sessions, users = _doors(request)
    desk, session, told = desk_of(request), session_of(request), await request.form(max_files=0, max_fields=8)
    name, password, target = _text(told, "name").strip(), _text(told, "password"), _target(_text(told, "next"))
    if session is None or not session.has_token(told.get("csrf")):
        return _form(request, sessions, session, 403, "stale_form", name=name, target=target)
    address = request.client.host if request.client else ""
    async with desk.attempts.turn() as has_turn:
        if not has_turn:
            return _form(request, sessions, session, 429, "slow_down", wait_s=5, name=name, target=target)
        # Asked for inside: else many attempts at once would all be asked before the first has failed.
        wait_s = desk.attempts.wait_s(name, address)
        if wait_s > 0:
            return _form(request, sessions, session, 429, "slow_down", wait_s=wait_s, name=name, target=target)
        right = await run_in_threadpool(users.verify, name, password)
        if not right:
            desk.attempts.failed(name, address)
    if not right:
        return _form(request, sessions, session, 403, "wrong", name=name, target=target)
    desk.attempts.succeeded(name, address)
    response = RedirectResponse(target, 303)
    sessions.begin(response, name)
    return response


async def sign_out(request: Request) -> Response:
    """`POST /sign-out`: end the session."""
    sessions, _ = _doors(request)
    session, told = session_of(request), await request.form(max_files=0, max_fields=8)
    if session is None or not session.has_token(told.get("csrf")):
        return page(request, "message.html", 403, title="forbidden", what="stale_form")
    response = RedirectResponse("/sign-in", 303)
    sessions.end(response, session)
    return response


def _doors(request: Request) -> tuple[Sessions, Users]:
    desk: Desk = desk_of(request)
    assert desk.sessions is not None  # noqa: S101 - the routes are there only where people sign in
    assert desk.users is not None  # noqa: S101
    return desk.sessions, desk.users


def _form(
    request: Request,
    sessions: Sessions,
    session: Session | None,
    status: int = 200,
    wrong: str | None = None,
    *,
    wait_s: float | None = None,
    name: str = "",
    target: str,
) -> Response:
    language = language_of(request)
    session = session or Sessions.blank()
    values = {"wait": duration(max(1, round(wait_s)))} if wait_s is not None else {}
    response = page(
        request,
        "sign-in.html",
        status,
        wrong=say(language, wrong, **values) if wrong else None,
        name=name[:64],
        target=target,
        form_csrf=session.csrf,
    )
    if wait_s is not None:
        response.headers["Retry-After"] = str(max(1, round(wait_s)))
    sessions.keep(response, session)
    return response


def _text(told: FormData, field: str) -> str:
    value = told.get(field)
    return value if isinstance(value, str) else ""


def _target(told: str | None) -> str:
    """Where to go afterwards: a page of ours, and nowhere else."""
    if not told or len(told) > _LONGEST_TARGET or not told.startswith("/") or told.startswith(("//", "/sign-in")):
        return "/"
    return told if told.isprintable() and "\\" not in told else "/"
