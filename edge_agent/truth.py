"""What a person counted by hand on a clip, and how the agent's count compares with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

_Number = Annotated[int, Field(ge=0)]
_Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class TruthError(Exception):
    """The file of the truth cannot be used; one line that says where, what is wrong and what to do."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineTruth(_Table):
    """How many crossed a line each way."""

    in_: _Number = Field(alias="in")
    out: _Number


class ZoneTruth(_Table):
    """How many stayed in a zone and, where somebody took the time, for how many seconds each."""

    stays: _Number
    dwell_s: tuple[_Seconds, ...] | None = None

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if self.dwell_s is not None and len(self.dwell_s) != self.stays:
            raise ValueError(f"{len(self.dwell_s)} times for {self.stays} stays; give one for each, or none")
        return self


class Truth(_Table):
    """The file that `edge-agent replay --truth` reads.

    Attributes:
        lines: by the names of the camera's lines; a line that is not named is not compared.
        zones: the same of the zones.
        details: whatever else is known of the clip; not compared.
    """

    lines: dict[str, LineTruth] = Field(default_factory=dict)
    zones: dict[str, ZoneTruth] = Field(default_factory=dict)
    details: Any = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One number of the truth beside the agent's. `counts`: it must be equal; times are only shown."""

    what: str
    counted: float
    true: float
    counts: bool = True

    @property
    def right(self) -> bool:
        """Whether the count is right; a time always is."""
        return not self.counts or self.counted == self.true


def load_truth(path: Path, *, lines: Mapping[str, Any], zones: Mapping[str, Any]) -> Truth:
    """Read a truth for a camera with these lines and zones.

    Raises:
        TruthError: it is not such a file, or names what the camera does not have.
        OSError: it cannot be read.
    """
    try:
        truth = Truth.model_validate_json(path.read_bytes(), strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise TruthError(f"{path}: {where}: {first['msg']}; `edge-agent replay --help` shows the form") from None
    for kind, named, known in (("line", truth.lines, lines), ("zone", truth.zones, zones)):
        for name in named:
            if name not in known:
                has = ", ".join(known) or "none"
                raise TruthError(f"{path}: {kind}s.{name}: the camera has no such {kind}; it has {has}")
    if not truth.lines and not truth.zones:
        raise TruthError(f"{path}: names no line and no zone, nothing to compare; see `edge-agent replay --help`")
    return truth


def compare(truth: Truth, result: Mapping[str, Any]) -> tuple[Compared, ...]:
    """Each number of the truth beside that of a replay's result."""
    return tuple(_rows(truth, result))


def _rows(truth: Truth, result: Mapping[str, Any]) -> Iterator[Compared]:
    for name, line in truth.lines.items():
        counted = result["lines"][name]
        yield Compared(f"line {name}: in", counted["in"], line.in_)
        yield Compared(f"line {name}: out", counted["out"], line.out)
    for name, zone in truth.zones.items():
        dwell_s = result["zones"][name]["dwell_s"]
        yield Compared(f"zone {name}: stays", len(dwell_s), zone.stays)
        if zone.dwell_s is not None:
            yield Compared(f"zone {name}: seconds stayed", sum(dwell_s), sum(zone.dwell_s), counts=False)
