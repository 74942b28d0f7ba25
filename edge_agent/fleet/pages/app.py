"""The application: which address is which page."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from edge_agent.fleet.pages import api, live, marketing, metrics, ops, sign_in
from edge_agent.fleet.pages.desk import FOLDER, Desk, desk_of, page
from edge_agent.fleet.pages.guard import Guard
from edge_agent.fleet.store.tables import about

_log = logging.getLogger(__name__)

_LARGEST_FORM: Final = 16_384  # bytes


def build_app(desk: Desk) -> Starlette:
    """Put the pages together."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        following = asyncio.create_task(desk.live.follow(), name="live")
        following.add_done_callback(_told)
        yield
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    app = Starlette(
        routes=_routes(desk),
        middleware=[Middleware(Guard, desk=desk)],
        exception_handlers={HTTPException: _refused, SQLAlchemyError: _store_away},
        lifespan=lifespan,
        max_body_size=_LARGEST_FORM,
    )
    app.state.desk = desk
    return app


def _routes(desk: Desk) -> list[BaseRoute]:
    device = "{tenant}/{site}/{device}"
    routes: list[BaseRoute] = [
        Route("/", ops.list_devices),
        Route(f"/devices/{device}", ops.show_device),
        Route("/problems", ops.list_problems),
        Route("/quarantine", ops.list_quarantine),
        Route("/dead-letters", ops.list_dead_letters),
        Route("/live", live.show),
        Route("/live/events", live.events),
        Route("/report", marketing.report),
        Route("/report/report.css", marketing.style_sheet),
        Route("/report/hours", marketing.download),
        Route("/api/v1/openapi.json", api.openapi),
        Route("/api/v1/devices", api.list_devices),
        Route(f"/api/v1/devices/{device}", api.one_device),
        Route("/api/v1/sites", api.list_sites),
        Route("/api/v1/hours", api.list_hours),
        Route("/api/v1/problems", api.list_problems),
        Route("/metrics", metrics.metrics),
        Route("/healthz", _healthz),
        Mount("/static", StaticFiles(directory=FOLDER / "static")),
    ]
    if desk.users is not None:
        routes += [
            Route("/sign-in", sign_in.form),
            Route("/sign-in", sign_in.sign_in, methods=["POST"]),
            Route("/sign-out", sign_in.sign_out, methods=["POST"]),
        ]
    return routes


def _healthz(request: Request) -> Response:
    """`/healthz`: whether this server and its store answer."""
    with desk_of(request).engine.connect() as connection:
        connection.execute(select(about))
    return PlainTextResponse("ok\n")


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if request.url.path.startswith("/api/"):
        detail = error.detail if isinstance(error, HTTPException) else ""
        return JSONResponse({"error": detail}, status)
    if status == 404:
        return page(request, "message.html", 404, title="not_found", what="not_found_what")
    return page(request, "message.html", status, title="bad_request", what="bad_request")


def _store_away(request: Request, error: Exception) -> Response:
    """The database is away or refuses: said, and not a crash."""
    _log.error("the store: %s", str(error).partition("\n")[0])
    path = request.url.path
    if path.startswith("/api/"):
        return JSONResponse({"error": "the store does not answer"}, 503)
    if path in ("/healthz", "/metrics"):
        return PlainTextResponse("the store does not answer\n", 503)
    return page(request, "message.html", 503, title="store_away", what="store_away_what")


def _told(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("the live numbers stopped: %r", error)
