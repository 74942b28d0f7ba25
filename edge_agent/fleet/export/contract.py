"""What an export has in it: the columns of each table, in their order, for good.

A column that is here keeps its name, its place, its type and its meaning as long as `VERSION` stays the same. New ones
may be added at the end. docs/fleet-export.md is made from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from edge_agent.message import DWELL_EDGES_S
from edge_agent.terms import AgeBand, GapCause, Sex

VERSION: Final = "fleet-export/v1"

BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: text or a whole number, never a fraction. `may_be_empty`: null in Parquet, an empty cell in CSV."""

    name: str
    kind: Literal["text", "integer"]
    meaning: str
    may_be_empty: bool = False


def _text(name: str, meaning: str) -> Column:
    return Column(name, "text", meaning)


def _whole(name: str, meaning: str, *, may_be_empty: bool = False) -> Column:
    return Column(name, "integer", meaning, may_be_empty)


def _told(name: str, meaning: str) -> Column:
    return _whole(name, meaning, may_be_empty=True)


_PLACE: Final = (
    _text("tenant", "Tenant."),
    _text("site", "Site."),
    _text("site_name", "What people call it."),
    Column("region", "text", "Region, as in the settings.", may_be_empty=True),
)
_DEVICE: Final = (*_PLACE, _text("device", "Device."), _text("camera", "Camera."))
_LOCAL: Final = (
    _text("local_day", "Day on the shop's clock: 2026-11-29."),
    _whole("local_hour", "Hour on the shop's clock, 0 to 23. On the day that the clock goes back, one is there twice."),
)
_HOUR: Final = (
    *_DEVICE,
    _text("epoch", "With tenant, site, device and seq the key of the message."),
    _whole("seq", "Number of the message in its epoch."),
    _text("start_utc", "Begin: 2026-11-29T15:00:00Z."),
    _text("end_utc", "End."),
    _text("tz", "Time zone of the shop."),
    *_LOCAL,
)
_COVERAGE: Final = (
    _whole("expected_s", "Seconds that should have been seen."),
    _whole("observed_s", "Seconds that were."),
    _whole("open_s", "Seconds of opening time."),
    _whole("open_missing_s", "Of these not seen, at most."),
)
_COUNTS: Final = (
    _whole("entered", "In, over all door lines."),
    _whole("left", "Out, over all door lines."),
    _told("passed", "In front of the shop; empty without a pass-by line."),
    _told("captured", "Of these came in."),
)
_VISITORS: Final = (
    _told("visitors", "People whose track ended; empty: switched off, or nothing told for privacy."),
    *(_told(f"sex_{word}", "Read as; empty: suppressed or switched off.") for word in Sex),
    *(_told(f"age_{band}", "Read as; empty: suppressed or switched off.") for band in AgeBand),
    _told("female_milli", "Share of women among the read, corrected, thousandths."),
    _told("female_low_milli", "Its 95 % interval."),
    _told("female_high_milli", "Its 95 % interval."),
    *(
        _told(f"age_{band}_{end}milli", meaning)
        for band in BANDS
        for end, meaning in (
            ("", "Share of the band among the read, corrected, thousandths."),
            ("low_", "Its 95 % interval."),
            ("high_", "Its 95 % interval."),
        )
    ),
    _told("suppressed", "Cells that are empty because they would tell of few people."),
    _told("k", "Cells that hold fewer are empty."),
    Column("reader", "text", "Hash of the network that read the visitors.", may_be_empty=True),
)
_EDGES: Final = (0, *DWELL_EDGES_S)
DWELL_COLUMNS: Final = tuple(f"dwell_from_{edge}_s" for edge in _EDGES)

TABLES: Final[Mapping[str, tuple[Column, ...]]] = MappingProxyType(
    {
        "hours": (
            *_HOUR,
            *_COVERAGE,
            *_COUNTS,
            _told("inside_presence_s", "People inside times seconds, estimated; empty without a door line."),
            _told("inside_max", "Most people inside at once."),
            *(_whole(f"gap_{cause}_s", f"Seconds not seen, cause `{cause}`.") for cause in GapCause),
            _whole("frames", "Pictures that were counted on."),
            _whole("lost_messages", "Messages that the device reports as lost."),
            _text("clock", "How far the clock could be trusted: synced, recovered, unsynced, stepped."),
            _text("quality", "Words with a space between; empty text: nothing to report."),
            *_VISITORS,
            _text("model", "Hash of the network that saw people."),
            _text("geometry", "Hash of lines and zones."),
            _text("config", "Hash of the configuration."),
        ),
        "lines": (
            *_HOUR,
            *_COVERAGE,
            _text("line", "Name of the line."),
            _text("role", "door, pass_by or passage."),
            _whole("in", "Crossings inwards."),
            _whole("out", "Crossings outwards."),
            *(
                _told(name, "95 % interval; empty until somebody has audited the device.")
                for name in ("in_low", "in_high", "out_low", "out_high")
            ),
        ),
        "zones": (
            *_HOUR,
            *_COVERAGE,
            _text("zone", "Name of the zone."),
            _whole("presence_s", "People in it times seconds."),
            _told("min", "Fewest at once; empty: nothing was seen."),
            _told("mean_milli", "Mean, thousandths."),
            _told("max", "Most at once."),
            _whole("stays", "Visits that ended."),
            *(
                _whole(name, f"Visits that lasted at least {edge} s, and less than the next column says.")
                for name, edge in zip(DWELL_COLUMNS, _EDGES, strict=True)
            ),
        ),
        "days": (
            *_DEVICE,
            _LOCAL[0],
            _whole("hours", "Hours of this camera that have arrived."),
            *_COVERAGE,
            *_COUNTS,
            *_VISITORS,
            _told("sex_left_out", "Visitors of hours with hidden cells, who are in no cell of sex."),
            _told("age_left_out", "The same for age."),
        ),
        "report": (
            *_PLACE,
            *_LOCAL,
            _whole("entered", "In, over all door lines of the site."),
            _whole("left", "Out."),
            _whole("passed", "In front of the shop; 0 without a pass-by line."),
            _whole("captured", "Of these came in."),
            _whole("expected_s", "Camera seconds that the hours tell of."),
            _whole("observed_s", "Of these seen."),
            _whole("not_received_s", "Camera seconds of hours that have not arrived."),
            _whole("open_s", "Opening time, camera seconds, of the hours that have arrived."),
            _whole("open_missing_s", "Of it not seen, at most."),
        ),
    }
)
"""`report` is what `edge-agent fleet report` writes as csv or parquet, the others are for `edge-agent fleet export`."""


def document() -> str:
    """Return docs/fleet-export.md."""
    parts = [_HEAD]
    for name, columns in TABLES.items():
        rows = "\n".join(
            f"| `{c.name}` | {c.kind} | {'yes' if c.may_be_empty else 'no'} | {c.meaning} |" for c in columns
        )
        parts.append(
            f"## {name}\n\n{_ABOUT[name]}\n\n| column | type | may be empty | meaning |\n|---|---|---|---|\n{rows}"
        )
    return "\n\n".join(parts) + "\n"


_ABOUT: Final = {
    "hours": "One row per sealed hour of one camera, as it came.",
    "lines": "One row per hour and line.",
    "zones": "One row per hour and zone.",
    "days": "One row per local day and camera: sums of its hours, and the day's own table of visitors, which hides "
    "fewer "
    "cells than its hours. Take these for whole days instead of adding up hours.",
    "report": "One row per site, local day and local hour, over all cameras of the site, with rows for hours that have "
    "not arrived. On the day that the clock goes back the hour that comes twice is one row with both; on the day that "
    "it goes forward an hour is not there.",
}

_HEAD: Final = f"""# What an export has in it

<!-- Made by edge_agent/fleet/export/contract.py; tests/fleet/export/test_contract.py holds it up to date. -->

```
edge-agent fleet export --table hours --from 2026-11-01 --to 2026-11-30 --format parquet -o november.parquet
edge-agent fleet report --site milano-0001 --from 2026-11-01 --to 2026-11-30 --format csv -o milano.csv
```

This is `{VERSION}`. A column keeps its name, its place, its type and its meaning as long as that stands there. New
columns may be added at the end. Read columns by name.

- Whole numbers are whole numbers; shares are thousandths (`_milli`), durations seconds (`_s`). Nothing is a fraction.
- An empty cell (CSV) or null (Parquet) is *not told*: suppressed, switched off, or not there. It is never zero.
- Zeros are written. An hour that is not in an export has not arrived; an hour with `observed_s` 0 saw nothing.
- Days are the shop's own. `--from` and `--to` are both included.
- Rows are sorted by local day, tenant, site, device, camera and begin.
- CSV is UTF-8 without a mark, with a comma between cells and one line feed after each row. A text that a spreadsheet
  would take for a formula (a name or a region that begins with `=`, `+`, `-` or `@`) has an apostrophe before it.
- Parquet has 64 bit integers and strings, compressed with zstd, and the version in the file's metadata
  (`edge-agent`)."""
