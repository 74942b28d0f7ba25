"""The API: reads devices, sites, hours and problems. It answers JSON, page by page."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Row, Select, func, select, tuple_
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edge_agent.fleet import devices as read
from edge_agent.fleet.pages import answers
from edge_agent.fleet.pages.desk import desk_of
from edge_agent.fleet.pages.openapi import document
from edge_agent.fleet.store.tables import devices, hour_gaps, hours, problems, sites
from edge_agent.message import instant

A = TypeVar("A", bound=answers._Asked)  # noqa: SLF001 - what all questions share


def openapi(_: Request) -> Response:
    """`/api/v1/openapi.json`."""
    return JSONResponse(document())


def list_devices(request: Request) -> Response:
    """`/api/v1/devices`."""
    desk, asked = desk_of(request), _asked(request, answers.DevicesAsked)
    after = _after(asked.cursor, str, str, str)
    with desk.engine.connect() as connection:
        found = read.read_devices(connection, int(desk.now()), desk.silent_after_min)
    matching = [
        device
        for device in found
        if (after is None or (device.tenant, device.site, device.device) > tuple(after))
        and asked.tenant in (None, device.tenant)
        and asked.site in (None, device.site)
        and asked.region in (None, device.region)
        and asked.state in (None, device.state)
    ]
    shown = matching[: asked.limit]
    cursor = _cursor(shown[-1].tenant, shown[-1].site, shown[-1].device) if len(matching) > len(shown) else None
    return _json(answers.DevicePage(items=tuple(map(_device, shown)), next_cursor=cursor))


def one_device(request: Request) -> Response:
    """`/api/v1/devices/{tenant}/{site}/{device}`."""
    desk, path = desk_of(request), request.path_params
    with desk.engine.connect() as connection:
        device = read.read_device(
            connection, path["tenant"], path["site"], path["device"], int(desk.now()), desk.silent_after_min
        )
    if device is None:
        raise HTTPException(404, "no device of that name")
    return _json(_device(device))


def list_sites(request: Request) -> Response:
    """`/api/v1/sites`."""
    asked = _asked(request, answers.OfTenant)
    query = (
        select(sites, func.count(devices.c.id).label("devices"))
        .outerjoin(devices, devices.c.site_id == sites.c.id)
        .group_by(sites.c.id)
        .order_by(sites.c.tenant, sites.c.site)
    )
    if asked.tenant is not None:
        query = query.where(sites.c.tenant == asked.tenant)
    if (after := _after(asked.cursor, str, str)) is not None:
        query = query.where(tuple_(sites.c.tenant, sites.c.site) > tuple_(*after))
    rows, cursor = _rows(request, query, asked.limit, "tenant", "site")
    items = tuple(
        answers.SiteAnswer(tenant=row.tenant, site=row.site, name=row.name, region=row.region, devices=row.devices)
        for row in rows
    )
    return _json(answers.SitePage(items=items, next_cursor=cursor))


def list_hours(request: Request) -> Response:
    """`/api/v1/hours`."""
    asked = _asked(request, answers.HoursAsked)
    key = (hours.c.start_s, hours.c.device_id, hours.c.epoch, hours.c.seq)
    query = _of(
        asked,
        select(hours, devices.c.tenant, devices.c.site, devices.c.device)
        .join(devices, devices.c.id == hours.c.device_id)
        .order_by(*key),
    )
    if asked.device is not None:
        query = query.where(devices.c.device == asked.device)
    if asked.from_ is not None:
        query = query.where(hours.c.local_day >= asked.from_.isoformat())
    if asked.to is not None:
        query = query.where(hours.c.local_day <= asked.to.isoformat())
    if (after := _after(asked.cursor, int, int, str, int)) is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    rows, cursor = _rows(request, query, asked.limit, "start_s", "device_id", "epoch", "seq")
    gaps = _gaps(request, rows)
    items = tuple(_hour(row, gaps.get((row.device_id, row.epoch, row.seq), [])) for row in rows)
    return _json(answers.HourPage(items=items, next_cursor=cursor))


def list_problems(request: Request) -> Response:
    """`/api/v1/problems`."""
    asked = _asked(request, answers.ProblemsAsked)
    query = _of(
        asked,
        select(problems, devices.c.tenant, devices.c.site, devices.c.device)
        .join(devices, devices.c.id == problems.c.device_id)
        .order_by(problems.c.noticed_s.desc(), problems.c.id.desc()),
    )
    if asked.open == "1":
        query = query.where(problems.c.over_s.is_(None))
    if (after := _after(asked.cursor, int, int)) is not None:
        query = query.where(tuple_(problems.c.noticed_s, problems.c.id) < tuple_(*after))
    rows, cursor = _rows(request, query, asked.limit, "noticed_s", "id")
    return _json(answers.ProblemPage(items=tuple(map(_problem, rows)), next_cursor=cursor))


def _asked(request: Request, model: type[A]) -> A:
    """What stands behind the question mark.

    Raises:
        HTTPException: it is not what may be asked.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        first = error.errors()[0]
        raise HTTPException(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _of(asked: answers.OfSite, query: Select[Any]) -> Select[Any]:
    if asked.tenant is not None:
        query = query.where(devices.c.tenant == asked.tenant)
    return query if asked.site is None else query.where(devices.c.site == asked.site)


def _rows(request: Request, query: Select[Any], limit: int, *key: str) -> tuple[list[Row[Any]], str | None]:
    """The next rows, and the cursor of the last one where more follow."""
    with desk_of(request).engine.connect() as connection:
        found = list(connection.execute(query.limit(limit + 1)))
    shown = found[:limit]
    more = len(found) > limit
    return shown, _cursor(*(getattr(shown[-1], name) for name in key)) if more else None


def _cursor(*key: object) -> str:
    return urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def _after(cursor: str | None, *kinds: type) -> list[Any] | None:
    """The key that the cursor holds.

    Raises:
        HTTPException: it is not one that we gave.
    """
    if cursor is None:
        return None
    try:
        key = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise HTTPException(400, "cursor: not one of ours; use next_cursor of the answer before")
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in key):
        raise HTTPException(400, "cursor: not one of ours; use next_cursor of the answer before")
    return key


def _json(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(by_alias=True), media_type="application/json")


def _instant(instant_s: int | None) -> str | None:
    return None if instant_s is None else instant(instant_s)


def _device(device: read.Device) -> answers.DeviceAnswer:
    now, birth, day = device.now, device.birth, device.coverage
    return answers.DeviceAnswer(
        tenant=device.tenant,
        site=device.site,
        device=device.device,
        region=device.region,
        state=device.state,
        first_seen=_instant(device.first_seen_s),
        last_seen=_instant(device.last_seen_s),
        admitted=_instant(device.admitted_s),
        version=device.version,
        tz=birth.tz if birth else None,
        config=birth.config if birth else None,
        fps=device.fps,
        outbox_rows=device.outbox_rows,
        outbox_unsent=now.outbox_unsent if now else None,
        temperature_c=device.temperature_c,
        clock=device.clock,
        warnings=device.warnings,
        open_problems=device.open_problems,
        coverage_24h=answers.CoverageDay(
            expected_s=day.expected_s, observed_s=day.observed_s, absent_s=day.absent_s, share=day.share
        ),
    )


def _gaps(request: Request, rows: list[Row[Any]]) -> dict[tuple[int, str, int], list[answers.Missing]]:
    """The gaps of these hours, by key."""
    if not rows:
        return {}
    starts = [row.start_s for row in rows]
    query = select(hour_gaps).where(
        hour_gaps.c.device_id.in_({row.device_id for row in rows}),
        hour_gaps.c.start_s.between(min(starts), max(starts)),
        hour_gaps.c.s > 0,
    )
    found: dict[tuple[int, str, int], list[answers.Missing]] = {}
    with desk_of(request).engine.connect() as connection:
        for gap in connection.execute(query):
            found.setdefault((gap.device_id, gap.epoch, gap.seq), []).append(answers.Missing(cause=gap.cause, s=gap.s))
    return found


def _hour(row: Row[Any], missing: list[answers.Missing]) -> answers.HourAnswer:
    same = (
        "tenant site device camera epoch seq local_day local_hour open_s expected_s observed_s entered left passed"
        " captured visitors clock"
    )
    return answers.HourAnswer(
        **{name: getattr(row, name) for name in same.split()},
        start=instant(row.start_s),
        end=instant(row.end_s),
        missing=tuple(missing),
        female=row.sex_female,
        male=row.sex_male,
        unknown=row.sex_unknown,
        quality=tuple(row.quality.split()),
    )


def _problem(row: Row[Any]) -> answers.ProblemAnswer:
    same = "tenant site device kind epoch first_seq last_seq detail"
    return answers.ProblemAnswer(
        **{name: getattr(row, name) for name in same.split()},
        noticed=instant(row.noticed_s),
        over=_instant(row.over_s),
    )
