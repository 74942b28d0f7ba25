"""Loads simulated shops into a store, without a broker between."""

from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, Engine, insert, select, text

from edge_agent.fleet.simulate.birth import birth, ledger, pulse
from edge_agent.fleet.simulate.calendar import slots
from edge_agent.fleet.simulate.load import Loader
from edge_agent.fleet.simulate.messages import Chain, sealed
from edge_agent.fleet.simulate.rows import Ids, Rows, shop_rows
from edge_agent.fleet.simulate.shop import Shop
from edge_agent.fleet.store import HourRows, hour_rows
from edge_agent.fleet.store.rows import seconds
from edge_agent.fleet.store.tables import (
    day_visitors,
    devices,
    hour_gaps,
    hour_lines,
    hour_zones,
    hours,
    messages,
    sites,
    watermarks,
)
from edge_agent.message import Hour


def _nowhere(_: Shop) -> None:
    """Nobody wants to know how far it is."""


def fill(
    engine: Engine,
    shops: Sequence[Shop],
    first: date,
    last: date,
    *,
    payloads: bool = True,
    details: bool = True,
    done: Callable[[Shop], None] = _nowhere,
) -> None:
    """Load the messages of whole local days into a store that has none of these shops on these days yet.

    Args:
        engine: the store, from `open_store`.
        shops: all of them are admitted.
        first: local day.
        last: local day; it is included.
        payloads: whether the messages are kept as well; without, no message is ever made and it is ten times faster.
        details: whether lines and zones get rows of their own.
        done: called after each shop.
    """
    load = _with_payloads if payloads else _rows_only
    with engine.begin() as connection:
        loader = Loader(connection)
        for shop, ids in zip(shops, _register(connection, shops, first, last), strict=True):
            loader.add(watermarks, load(loader, shop, ids, first, last, details=details))
            done(shop)
        loader.flush()
        connection.execute(text("ANALYZE"))


def _with_payloads(
    loader: Loader, shop: Shop, ids: Ids, first: date, last: date, *, details: bool
) -> list[tuple[object, ...]]:
    """Load the messages of a shop and what is made of them; return its watermarks."""
    marks: dict[str, tuple[object, ...]] = {}
    for sent in sealed(shop, first, last):
        model, own = sent.model, sha256(sent.payload).digest()
        key = (ids.device, model.epoch, model.seq)
        stored = (sent.leaf, sent.due_s, seconds(model.start), sent.payload.decode(), own)
        loader.add(messages, [(*key, *stored, bytes.fromhex(model.prev_hash))])
        marks[model.epoch] = (*key, own, model.seq)
        if isinstance(model, Hour):
            _store(loader, _in_order(hour_rows(model, ids.device, ids.site)), details=details)
    return list(marks.values())


def _rows_only(
    loader: Loader, shop: Shop, ids: Ids, first: date, last: date, *, details: bool
) -> list[tuple[object, ...]]:
    marks: dict[str, tuple[object, ...]] = {}
    chain = Chain(shop, first)
    for rows in shop_rows(shop, ids, first, last, details=details, chain=chain):
        _store(loader, rows, details=details)
        marks[chain.epoch] = (ids.device, chain.epoch, chain.last_seq, None, chain.last_seq)
    return list(marks.values())


def _store(loader: Loader, rows: Rows, *, details: bool) -> None:
    loader.add(hours, rows.hours)
    loader.add(hour_gaps, rows.gaps)
    loader.add(day_visitors, rows.days)
    if details:
        loader.add(hour_lines, rows.lines)
        loader.add(hour_zones, rows.zones)


def _in_order(rows: HourRows) -> Rows:
    """Return rows of the store as plain tuples; dictionaries and tables have their columns in the same order."""
    return Rows(
        hours=[tuple(rows.hour[column.name] for column in hours.columns)],
        lines=[tuple(row[column.name] for column in hour_lines.columns) for row in rows.lines],
        zones=[tuple(row[column.name] for column in hour_zones.columns) for row in rows.zones],
        gaps=[tuple(row[column.name] for column in hour_gaps.columns) for row in rows.gaps],
        days=[tuple(rows.day[column.name] for column in day_visitors.columns)] if rows.day else [],
    )


def _register(connection: Connection, shops: Sequence[Shop], first: date, last: date) -> list[Ids]:
    """Make sites and admitted devices where they are not there yet; return their numbers."""
    known_sites = {(row.tenant, row.site): row.id for row in connection.execute(select(sites))}
    known = {(row.tenant, row.site, row.device): row.id for row in connection.execute(select(devices))}
    found = []
    for shop in shops:
        at = (shop.tenant, shop.site)
        if at not in known_sites:
            site = {"tenant": shop.tenant, "site": shop.site, "name": shop.name, "region": shop.region}
            known_sites[at] = connection.scalars(insert(sites).values(site).returning(sites.c.id)).one()
        site_id = known_sites[at]
        if (*at, shop.device) not in known:
            device = _device(shop, site_id, first, last)
            known[*at, shop.device] = connection.scalars(insert(devices).values(device).returning(devices.c.id)).one()
        found.append(Ids(known[*at, shop.device], site_id))
    return found


def _device(shop: Shop, site_id: int, first: date, last: date) -> dict[str, object]:
    chain_epoch = Chain(shop, first).epoch
    begin_s, end_s = slots(shop.tz, first)[0].start_s, slots(shop.tz, last)[-1].end_s
    return {
        "site_id": site_id,
        "tenant": shop.tenant,
        "site": shop.site,
        "device": shop.device,
        "admitted_s": begin_s,
        "first_seen_s": begin_s,
        "last_seen_s": end_s,
        "state": birth(shop, chain_epoch).payload().decode(),
        "state_s": end_s,
        "health": pulse(shop, end_s).payload().decode(),
        "health_s": end_s,
        "privacy": ledger(shop, last).payload().decode(),
        "privacy_s": end_s,
    }
