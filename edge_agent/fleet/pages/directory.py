"""The sites that have admitted devices, for pages that ask for them all the time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, select

from edge_agent.fleet.pages.follow import DeviceKey
from edge_agent.fleet.store.tables import devices, sites


@dataclass(frozen=True, slots=True)
class Shop:
    """A site and its admitted devices."""

    tenant: str
    site: str
    name: str | None
    region: str | None
    devices: tuple[DeviceKey, ...]

    @property
    def key(self) -> str:
        """Its address within the fleet."""
        return f"{self.tenant}/{self.site}"


def read_shops(engine: Engine) -> list[Shop]:
    """The sites that have admitted devices: what others publish is nobody's number yet."""
    query = (
        select(devices.c.tenant, devices.c.site, devices.c.device, sites.c.name, sites.c.region)
        .join(sites, sites.c.id == devices.c.site_id)
        .where(devices.c.admitted_s.is_not(None))
        .order_by(devices.c.tenant, devices.c.site, devices.c.device)
    )
    found: dict[tuple[str, str], Shop] = {}
    with engine.connect() as connection:
        for tenant, site, device, name, region in connection.execute(query):
            known = found.get((tenant, site))
            before = known.devices if known else ()
            found[tenant, site] = Shop(tenant, site, name, region, (*before, (tenant, site, device)))
    return list(found.values())


class Directory:
    """The sites, read again when they are ten seconds old: one query for all who watch."""

    _KEPT_S: Final = 10.0

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._shops: Sequence[Shop] = ()
        self._read_s: float | None = None

    def shops(self) -> Sequence[Shop]:
        """All of them."""
        now_s = time.monotonic()
        if self._read_s is None or now_s - self._read_s > self._KEPT_S:
            self._shops, self._read_s = read_shops(self._engine), now_s
        return self._shops
