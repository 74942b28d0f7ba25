"""The live page: what is counted now, per site, line and zone, pushed as it changes.

An event stream is one coroutine in the same loop as the broker's client. It looks twice a second whether anything is
new, so that a burst of a thousand messages is one push.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from edge_agent.fleet.pages.desk import Desk, desk_of, language_of, page, session_of
from edge_agent.fleet.pages.directory import Shop
from edge_agent.fleet.pages.follow import DeviceKey, Leaf
from edge_agent.fleet.pages.numbers import whole
from edge_agent.fleet.pages.words import say
from edge_agent.sentence import Language

PAGE: Final = 60  # sites
STREAMS: Final = 200  # at a time
_TICK_S: Final = 0.5
_SIGN_OF_LIFE_S: Final = 15.0
_LOOK_AGAIN_S: Final = 5.0  # whether who watches is still signed in


@dataclass(frozen=True, slots=True)
class Shown:
    """A value on the page: its key there, its text, and whether it is known."""

    key: str
    text: str
    known: bool


@dataclass(slots=True)
class Group:
    """A line or a zone: what it is called, and its values by what they mean."""

    name: str
    kind: str
    values: dict[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShopNow:
    """A site as the page shows it; `inside` is None without a door line."""

    shop: Shop
    inside: Shown | None
    part: Shown | None
    groups: tuple[Group, ...]

    def values(self) -> Mapping[str, tuple[str, bool]]:
        """Everything that can change, by key."""
        shown = [each for each in (self.inside, self.part) if each is not None]
        shown += [value for group in self.groups for value in group.values.values()]
        return {each.key: (each.text, each.known) for each in shown}


def shop_now(desk: Desk, shop: Shop, language: Language) -> ShopNow:
    """What is known of a site now."""
    groups: dict[tuple[str, ...], Group] = {}
    inside: list[int | None] = []
    for device in shop.devices:
        prefix = f"{device[2]}: " if len(shop.devices) > 1 else ""
        for leaf, value in sorted(desk.live.leaves(device).items()):
            if leaf[-1] == "inside":
                inside.append(value)
            else:
                _add(groups, device, leaf, value, prefix, language)
    known = [value for value in inside if value is not None]
    whole_sum = len(known) == len(inside)
    text = whole(sum(known), language) if whole_sum else say(language, "unknown")
    part = "" if whole_sum or not known else say(
        language, "inside_part", sum=whole(sum(known), language), known=len(known), all=len(inside)
    )
    return ShopNow(
        shop,
        Shown(f"{shop.key} inside", text, whole_sum) if inside else None,
        Shown(f"{shop.key} part", part, True) if inside else None,
        tuple(groups.values()),
    )


def _add(
    groups: dict[tuple[str, ...], Group],
    device: DeviceKey,
    leaf: Leaf,
    value: int | None,
    prefix: str,
    language: Language,
) -> None:
    what, names = leaf[-1], leaf[:-1]
    kind = "zone" if what == "occupancy" else "line"
    group = groups.setdefault((*device, kind, *names), Group(prefix + " · ".join(names), kind))
    text = say(language, "unknown") if value is None else whole(value, language)
    group.values[what] = Shown("/".join((*device, *leaf)), text, value is not None)


@dataclass(frozen=True, slots=True)
class _Asked:
    site: str
    region: str
    text: str
    number: int

    def of(self, shops: Sequence[Shop]) -> list[Shop]:
        return [
            shop
            for shop in shops
            if (not self.site or shop.key == self.site)
            and (not self.region or shop.region == self.region)
            and (not self.text or self.text in f"{shop.key} {shop.name or ''} {shop.region or ''}".lower())
        ]


def _asked(request: Request) -> _Asked:
    query = request.query_params
    number = query.get("page", "")
    return _Asked(
        query.get("site", "")[:200],
        query.get("region", "")[:200],
        query.get("q", "")[:200].strip().lower(),
        max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1,
    )


def show(request: Request) -> Response:
    """`/live`: what is counted now."""
    desk, asked, language = desk_of(request), _asked(request), language_of(request)
    shops = desk.directory.shops()
    matching = asked.of(shops)
    last_page = max(1, -(-len(matching) // PAGE))
    number = min(asked.number, last_page)
    shown = [shop_now(desk, shop, language) for shop in matching[(number - 1) * PAGE : number * PAGE]]
    query = {"site": asked.site, "region": asked.region, "q": asked.text, "page": number, "lang": language}
    return page(
        request,
        "live.html",
        asked=asked,
        shops=shown,
        total=len(shops),
        regions=sorted({shop.region for shop in shops if shop.region}),
        number=number,
        last_page=last_page,
        broker=_broker(desk, language),
        stream=f"/live/events?{urlencode({name: value for name, value in query.items() if value})}",
    )


def _broker(desk: Desk, language: Language) -> str:
    """What is to be said of the broker; nothing while it is there."""
    live = desk.live
    if live.connected:
        return ""
    if live.away_since_s is None or not live.was_connected:
        return say(language, "broker_never")
    at = datetime.fromtimestamp(live.away_since_s, UTC).strftime("%H:%M UTC")
    return say(language, "broker_away", time=at)


async def events(request: Request) -> Response:
    """`/live/events`: the stream of what changes on that page."""
    desk = desk_of(request)
    if desk.streams.count >= STREAMS:
        return PlainTextResponse("too many event streams\n", 503, {"Retry-After": "30"})
    return StreamingResponse(
        _stream(request, desk), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _stream(request: Request, desk: Desk) -> AsyncIterator[str]:
    asked, language = _asked(request), language_of(request)
    sent: dict[str, tuple[str, bool]] = {}
    told: str | None = None
    version, said_s, looked_s = -1, time.monotonic(), time.monotonic()
    desk.streams.count += 1
    try:
        yield "retry: 3000\n\n"
        while not desk.closing.is_set():
            now_s = time.monotonic()
            if now_s - looked_s > _LOOK_AGAIN_S:
                looked_s = now_s
                if _signed_out(request, desk):
                    return
            if desk.live.version != version:
                version = desk.live.version
                matching = asked.of(await run_in_threadpool(desk.directory.shops))
                values: dict[str, tuple[str, bool]] = {}
                for shop in matching[(asked.number - 1) * PAGE : asked.number * PAGE]:
                    values |= shop_now(desk, shop, language).values()
                unknown = (say(language, "unknown"), False)
                changed = {key: value for key, value in values.items() if sent.get(key) != value}
                changed |= {key: unknown for key in sent if key not in values and sent[key] != unknown}
                sent |= changed
                if (broker := _broker(desk, language)) != told:
                    told = broker
                    yield _event("broker", broker)
                if changed:
                    said_s = now_s
                    yield _event("values", changed)
            if now_s - said_s > _SIGN_OF_LIFE_S:
                said_s = now_s
                yield ": here\n\n"
            await _pause(desk.closing)
    finally:
        desk.streams.count -= 1


async def _pause(closing: asyncio.Event) -> None:
    """Wait for the next look, or for the end if that comes first."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_TICK_S):
            await closing.wait()


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _signed_out(request: Request, desk: Desk) -> bool:
    if desk.sessions is None:
        return False
    session, now = session_of(request), desk.sessions.of(request)
    return session is not None and (now is None or now.id != session.id)
