"""What survives the process: the open windows as sums, no instant of anything that happened in them."""

from typing import Self

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from edge_agent.anonymise.drafts import Face
from edge_agent.anonymise.release import Releases
from edge_agent.anonymise.tally import LineTally, Tally
from edge_agent.terms import ClockState

_VERSION = 1


class OpenWindow(BaseModel):
    """A window that is still being filled. Bounds in UTC seconds; `end_s` is where it will end if nothing happens."""

    start_s: float
    end_s: float
    clock: ClockState
    tally: Tally


class Day(BaseModel):
    """Running totals since local midnight, for the live leaves and the day's balance."""

    date: str
    lines: dict[str, LineTally] = Field(default_factory=dict)
    inside: int = 0


class Saved(BaseModel):
    """A checkpoint of one camera.

    Attributes:
        saved_s: the wall clock when it was made.
        bucket, hour: the open windows; None between two clips.
        day: totals since local midnight.
        face: what the windows were counted with.
        held: sum of what is still waiting for a synchronised clock.
        releases: what has been told of visitors today. Absent in checkpoints of agents that did not read any, which
            is why the version did not change with it.
    """

    version: int = _VERSION
    saved_s: float = 0.0
    bucket: OpenWindow | None = None
    hour: OpenWindow | None = None
    day: Day | None = None
    face: Face | None = None
    held: Tally | None = None
    releases: Releases = Field(default_factory=Releases)

    def dump(self) -> bytes:
        """Return the bytes to keep."""
        return self.model_dump_json().encode()

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read what `dump` wrote.

        Raises:
            ValueError: it is damaged, or of a version that this agent does not know.
        """
        try:
            saved = TypeAdapter(cls).validate_json(data)
        except ValidationError:
            raise ValueError("the checkpoint of the open window cannot be read; counting starts afresh") from None
        if saved.version != _VERSION:
            raise ValueError(f"the checkpoint has version {saved.version}, known is {_VERSION}; counting starts afresh")
        return saved
