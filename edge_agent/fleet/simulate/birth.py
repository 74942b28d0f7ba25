"""What a simulated device says of itself: birth, last will, health, ledger."""

from datetime import date
from typing import Final, Literal

from edge_agent.fleet.simulate.chance import dither
from edge_agent.fleet.simulate.shop import CONFIG, Shop
from edge_agent.message import CameraHealth, CameraPrivacy, CameraState, Health, Privacy, State
from edge_agent.terms import ClockState

_AGENT: Final = "0.1.0"
_SINCE: Final = "2024-01-01"


def birth(shop: Shop, epoch: str, *, session: int = 1, status: Literal["online", "offline"] = "online") -> State:
    """Return the birth of a device or, with 'offline', its last will."""
    return State(
        status=status,
        tenant=shop.tenant,
        site=shop.site,
        device=shop.device,
        session=session,
        boot=1 + shop.number % 7,
        epoch=epoch,
        agent=_AGENT,
        onnxruntime="1.32.0",
        opencv="5.0.0",
        tz=shop.tz,
        config=CONFIG,
        cameras=tuple(
            CameraState(name=camera.name, model=camera.model, geometry=camera.geometry) for camera in shop.cameras
        ),
    )


def pulse(shop: Shop, at_s: int, *, session: int = 1, unsent: int = 0) -> Health:
    """Return how a device does at an instant."""
    luck = dither(at_s, shop.number)
    return Health(
        device=shop.device,
        session=session,
        uptime_s=3600 * (24 + shop.number % 500),
        clock=ClockState.SYNCED,
        cameras=tuple(
            CameraHealth(
                name=camera.name,
                seeing=True,
                cause=None,
                fps_milli=round(1000 * shop.fps * (1 - 0.03 * luck)),
                latency_ms=60 + round(40 * luck),
                frames=86_400 * shop.fps,
                dropped=round(200 * luck),
                reconnects=shop.number % 3,
            )
            for camera in shop.cameras
        ),
        provider="cpu",
        provider_fell_back=False,
        precision="int8",
        cpu_percent=30 + round(40 * luck),
        rss_mb=140 + shop.number % 30,
        temperature_c=48 + round(18 * luck),
        disk_free_mb=8000 + 10 * (shop.number % 500),
        outbox_rows=unsent,
        outbox_unsent=unsent,
        outbox_oldest_seq=None,
        outbox_bytes=61_440 + 1300 * unsent,
        outbox_dropped=0,
        outbox_quarantined=0,
        publish_refused=0,
    )


def ledger(shop: Shop, day: date) -> Privacy:
    """Return what a device reads of visitors, and what protects them."""
    return Privacy(
        tenant=shop.tenant,
        site=shop.site,
        device=shop.device,
        day=day.isoformat(),
        unit="visit",
        k=shop.k,
        epsilon_budget_milli=None,
        cameras=tuple(
            CameraPrivacy(
                name=camera.name,
                attributes=("sex", "age") if camera.reading else (),
                notice=_SINCE if camera.reading else None,
                since=_SINCE if camera.reading else None,
                spent_milli=None,
            )
            for camera in shop.cameras
        ),
    )
