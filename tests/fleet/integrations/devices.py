"""Devices of a made-up fleet: in the store, and with what a broker keeps of them."""

from pathlib import Path

from sqlalchemy import Engine, insert, select
from support.broker import Listener

from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import devices, sites
from edge_agent.message import CameraState, State, base_topic, live_payload

HASH = "0123456789abcdef"
NAMES = {"milano-01": "Milano Duomo"}
LIVE: dict[str, int | None] = {"door/in": 12, "door/out": 10, "entrance/inside": 2, "entrance/till/occupancy": None}
"""What a device with one door, one camera and one zone keeps on the broker; the zone's camera does not see."""


def birth(site: str, device: str, *cameras: str, status: str = "online") -> State:
    """A birth of a device with these cameras."""
    return State.model_validate(
        {
            "status": status,
            "tenant": "acme",
            "site": site,
            "device": device,
            "session": 1,
            "boot": 1,
            "epoch": HASH,
            "agent": "0.1.0",
            "onnxruntime": "1.32.0",
            "opencv": "5.0.0",
            "tz": "Europe/Rome",
            "config": HASH,
            "cameras": tuple(CameraState(name=name, model=HASH, geometry=HASH) for name in cameras or ("entrance",)),
        }
    )


def store(folder: Path, *born: State, quarantined: tuple[State, ...] = ()) -> str:
    """A store that has these devices, as an address."""
    address = f"sqlite:///{folder / 'fleet.db'}"
    engine = open_store(address)
    for each in born:
        add(engine, each, admitted=True)
    for each in quarantined:
        add(engine, each, admitted=False)
    engine.dispose()
    return address


def add(engine: Engine, state: State, *, admitted: bool) -> None:
    """Put one device and its site into the store."""
    key = {"tenant": state.tenant, "site": state.site}
    with engine.begin() as connection:
        there = select(sites.c.id).where(sites.c.tenant == state.tenant, sites.c.site == state.site)
        site_id = connection.scalar(there)
        if site_id is None:
            made = connection.execute(insert(sites).values(**key, name=NAMES.get(state.site)))
            (site_id,) = made.inserted_primary_key or (None,)
        about = {"device": state.device, "admitted_s": 1 if admitted else None, "state": state.payload().decode()}
        connection.execute(insert(devices).values(site_id=site_id, **key, **about))


def keep(client: Listener, state: State, live: dict[str, int | None] | None = None) -> None:
    """Leave on the broker what the device retains there."""
    base = base_topic(state.tenant, state.site, state.device)
    client.publish(f"{base}/state", state.payload(), retain=True)
    for leaf, value in (LIVE if live is None else live).items():
        client.publish(f"{base}/live/{leaf}", live_payload(value), retain=True)
