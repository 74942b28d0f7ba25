"""What the API answers and may be asked: these models are its documentation, and openapi.json is made from them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.fleet.devices import DeviceState, DeviceWarning
from edge_agent.message import Count, Day, Epoch, Instant, Name

Share = Annotated[float, Field(ge=0, le=1)]


class _Answer(BaseModel):
    """Closed and frozen, as messages are."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Error(_Answer):
    """What was wrong, in one line."""

    error: str


class CoverageDay(_Answer):
    """The last 24 whole hours: seconds expected and seen; `absent_s` is of hours that have not come."""

    expected_s: Count
    observed_s: Count
    absent_s: Count
    share: Share | None = Field(description="observed_s of expected_s; null where nothing was expected yet.")


class DeviceAnswer(_Answer):
    """A device. What it measured is null while its health message is too old to speak of the present."""

    tenant: Name
    site: Name
    device: Name
    region: str | None
    state: DeviceState
    first_seen: Instant | None
    last_seen: Instant | None
    admitted: Instant | None
    version: str | None
    tz: str | None
    config: str | None
    fps: float | None = Field(description="Of its slowest camera.")
    outbox_rows: Count | None
    outbox_unsent: Count | None
    temperature_c: int | None
    clock: str | None
    warnings: tuple[DeviceWarning, ...]
    open_problems: Count
    coverage_24h: CoverageDay


class DevicePage(_Answer):
    """Devices by tenant, site and name."""

    items: tuple[DeviceAnswer, ...]
    next_cursor: str | None = Field(description="Ask again with it for what follows; null: there is no more.")


class SiteAnswer(_Answer):
    """A site, and how many devices it has."""

    tenant: Name
    site: Name
    name: str | None
    region: str | None
    devices: Count


class SitePage(_Answer):
    """Sites by tenant and name."""

    items: tuple[SiteAnswer, ...]
    next_cursor: str | None = Field(description="Ask again with it for what follows; null: there is no more.")


class Missing(_Answer):
    """Seconds that were not observed, for one cause."""

    cause: str
    s: Count


class HourAnswer(_Answer):
    """A sealed hour of one camera, as it came. Never read a count without `observed_s` beside it."""

    tenant: Name
    site: Name
    device: Name
    camera: Name
    epoch: Epoch
    seq: Count
    start: Instant
    end: Instant
    local_day: Day
    local_hour: Annotated[int, Field(ge=0, le=23)]
    open_s: Count
    expected_s: Count
    observed_s: Count
    missing: tuple[Missing, ...]
    entered: Count
    left: Count
    passed: Count | None = Field(description="Null without a pass-by line.")
    captured: Count | None = Field(description="Of these came in.")
    visitors: Count | None = Field(description="Null: suppressed or switched off, as the sexes below.")
    female: Count | None
    male: Count | None
    unknown: Count | None
    quality: tuple[str, ...]
    clock: str


class HourPage(_Answer):
    """Sealed hours by their beginning."""

    items: tuple[HourAnswer, ...]
    next_cursor: str | None = Field(description="Ask again with it for what follows; null: there is no more.")


class ProblemAnswer(_Answer):
    """Something that ingest noticed."""

    tenant: Name
    site: Name
    device: Name
    kind: str
    noticed: Instant
    over: Instant | None = Field(description="Null while it lasts.")
    epoch: Epoch | None
    first_seq: Count | None
    last_seq: Count | None
    detail: str


class ProblemPage(_Answer):
    """Problems, newest first."""

    items: tuple[ProblemAnswer, ...]
    next_cursor: str | None = Field(description="Ask again with it for what follows; null: there is no more.")


class _Asked(BaseModel):
    """What may stand behind the question mark; anything else is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    limit: Annotated[int, Field(ge=1, le=1000)] = Field(default=100, description="Items of one answer, at most.")
    cursor: Annotated[str, Field(max_length=400)] | None = Field(
        default=None, description="`next_cursor` of the answer before."
    )


class OfTenant(_Asked):
    """Sites."""

    tenant: Name | None = Field(default=None, description="Only of this tenant.")


class OfSite(OfTenant):
    """What belongs to a site."""

    site: Name | None = Field(default=None, description="Only of this site.")


class DevicesAsked(OfSite):
    """Devices."""

    state: DeviceState | None = Field(default=None, description="Only those in this state.")
    region: Annotated[str, Field(max_length=100)] | None = Field(default=None, description="Only of this region.")


class HoursAsked(OfSite):
    """Hours."""

    device: Name | None = Field(default=None, description="Only of devices of this name.")
    from_: date | None = Field(default=None, alias="from", description="First day, by the shop's clock.")
    to: date | None = Field(default=None, description="Last day, included.")


class ProblemsAsked(OfSite):
    """Problems."""

    open: Literal["0", "1"] = Field(default="0", description="1: only those that last.")
