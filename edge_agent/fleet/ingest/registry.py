"""Which devices there are, and which of them are admitted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from sqlalchemy import Connection, func, select, update

from edge_agent.fleet.ingest.reading import Names
from edge_agent.fleet.settings import Site
from edge_agent.fleet.store.bulk import add, listed
from edge_agent.fleet.store.tables import devices, sites

MOST_UNADMITTED: Final = 10_000
"""Unknown devices that may wait at once. What others send is a dead letter, so that nobody fills the disk by names."""

_KEY: Final = ("tenant", "site", "device")


@dataclass(frozen=True, slots=True)
class Device:
    """A device by its numbers in the store."""

    id: int
    site_id: int
    admitted: bool


def matches(pattern: str, names: Names) -> bool:
    """Whether a `tenant/site/device` with `*` for any speaks of this device."""
    return all(map(fnmatchcase, names, pattern.split("/")))


class Registry:
    """Finds devices by their names, and notes new ones.

    Those that are admitted are remembered, because nothing takes an admission back; the others are looked up each
    time, under a lock that lets nobody admit them while their messages are being put into quarantine.

    Args:
        admit: patterns of devices that are admitted when they are first seen.
    """

    def __init__(self, admit: Sequence[str]) -> None:
        self._admit = tuple(admit)
        self._known: dict[Names, Device] = {}

    def find(self, connection: Connection, wanted: Iterable[Names], now_s: int) -> Mapping[Names, Device]:
        """Return the devices; one that is missing is one too many. Call `keep` with the result after the commit."""
        names = set(wanted)
        result = {name: self._known[name] for name in names if name in self._known}
        if missing := sorted(names - result.keys()):
            result |= self._look_up(connection, missing)
            if new := [name for name in missing if name not in result]:
                self._note(connection, new, now_s)
                result |= self._look_up(connection, new)
        return result

    def keep(self, found: Mapping[Names, Device]) -> None:
        """Remember what `find` returned: its transaction is committed."""
        self._known |= {names: device for names, device in found.items() if device.admitted}

    def _look_up(self, connection: Connection, names: Sequence[Names]) -> dict[Names, Device]:
        keys = listed(connection, devices, [name._asdict() for name in names], _KEY)
        statement = (
            select(devices.c.id, devices.c.site_id, devices.c.admitted_s, *(devices.c[name] for name in _KEY))
            .join(
                keys,
                (devices.c.tenant == keys.c.tenant)
                & (devices.c.site == keys.c.site)
                & (devices.c.device == keys.c.device),
            )
            .with_for_update(read=True, of=devices)
        )
        return {
            Names(row.tenant, row.site, row.device): Device(row.id, row.site_id, row.admitted_s is not None)
            for row in connection.execute(statement)
        }

    def _note(self, connection: Connection, names: Sequence[Names], now_s: int) -> None:
        admitted = {name: any(matches(pattern, name) for pattern in self._admit) for name in names}
        waiting = connection.scalar(select(func.count()).where(devices.c.admitted_s.is_(None))) or 0
        room = MOST_UNADMITTED - waiting
        taken = [name for name in names if admitted[name]] + [name for name in names if not admitted[name]][
            : max(0, room)
        ]
        if not taken:
            return
        ids = site_ids(connection, {(name.tenant, name.site) for name in taken})
        add(
            connection,
            devices,
            [
                {
                    "site_id": ids[name.tenant, name.site],
                    **name._asdict(),
                    "admitted_s": now_s if admitted[name] else None,
                    "first_seen_s": now_s,
                }
                for name in sorted(taken)
            ],
        )


def site_ids(connection: Connection, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
    """Return the sites' numbers; new ones are noted."""
    rows = [{"tenant": tenant, "site": site} for tenant, site in sorted(set(wanted))]
    add(connection, sites, rows)
    keys = listed(connection, sites, rows, ("tenant", "site"))
    found = connection.execute(
        select(sites.c.tenant, sites.c.site, sites.c.id).join(
            keys, (sites.c.tenant == keys.c.tenant) & (sites.c.site == keys.c.site)
        )
    )
    return {(row.tenant, row.site): row.id for row in found}


def name_sites(connection: Connection, configured: Sequence[Site]) -> None:
    """Take names and regions of sites over from the settings."""
    ids = site_ids(connection, {(each.tenant, each.site) for each in configured}) if configured else {}
    for each in configured:
        connection.execute(
            update(sites).where(sites.c.id == ids[each.tenant, each.site]).values(name=each.name, region=each.region)
        )
