"""The ledger: what a device reads of visitors, since when, and what that has cost them today.

It is published when it changes and at every connection, so that nobody has to take the privacy page on trust.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from edge_agent.anonymise.budget import milli
from edge_agent.message import CameraPrivacy, Privacy


@dataclass(frozen=True, slots=True)
class CameraLedger:
    """What is to be said of one camera.

    Attributes:
        name: of the camera.
        on: whether its demographics are switched on.
        notice: when the notice was put up, as configured.
        since: since when they have been on without a break.
        spent_micro: what one visit of today has lost so far, in millionths.
    """

    name: str
    on: bool
    notice: date | None = None
    since: date | None = None
    spent_micro: int = 0


def exact_epsilon(configured: float | None) -> Fraction | None:
    """Return a budget from the settings as the fraction that was written there: 0.1 is a tenth."""
    return None if configured is None else Fraction(str(configured))


def privacy_message(
    *,
    tenant: str,
    site: str,
    device: str,
    day: date,
    k: int,
    epsilon_per_day: Fraction | None,
    cameras: Iterable[CameraLedger],
) -> Privacy:
    """Return the message of `base/privacy`; costs are rounded up, so that none is told smaller than it is."""
    noisy = epsilon_per_day is not None
    return Privacy(
        tenant=tenant,
        site=site,
        device=device,
        day=day.isoformat(),
        unit="visit",
        k=k,
        epsilon_budget_milli=None if epsilon_per_day is None else ceil(1000 * epsilon_per_day),
        cameras=tuple(
            CameraPrivacy(
                name=camera.name,
                attributes=("sex", "age") if camera.on else (),
                notice=camera.notice.isoformat() if camera.notice is not None else None,
                since=camera.since.isoformat() if camera.on and camera.since is not None else None,
                spent_milli=milli(camera.spent_micro) if camera.on and noisy else None,
            )
            for camera in cameras
        ),
    )
