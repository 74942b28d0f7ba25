"""What the schema cannot say: numbers that must add up, instants on the grid of windows, cells that must be hidden.

It works on the fields by name, so that it holds for every message that has them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from edge_agent.terms import AgeBand, Sex

Found = tuple[str, str, str]
"""(field, what is wrong, what is allowed)."""

_HOUR_S: Final = 3600
_MINUTE_S: Final = 60
_TABLES: Final = {"sex": tuple(Sex), "age": tuple(AgeBand)}


def sums(values: Mapping[str, Any]) -> Iterator[Found]:
    """Give everything in a message of valid schema that does not fit together."""
    if {"start", "end", "expected_s", "observed_s", "gaps"} <= values.keys():
        yield from _window(values)
    for name in ("lines", "zones", "cameras", "gaps", "quality"):
        yield from _repeated(name, values.get(name))
    for i, zone in enumerate(objects(values.get("zones"))):
        yield from _zone(f"zones[{i}]", zone)
    yield from _presence("inside", values.get("inside"))
    yield from _pass_by(values)
    yield from _balance(values.get("day"))
    for where, part in _parts("", values):
        yield from _cells(where, part)


def _window(values: Mapping[str, Any]) -> Iterator[Found]:
    try:
        start, end = (datetime.fromisoformat(values[name]).timestamp() for name in ("start", "end"))
    except ValueError:
        yield "start", "start or end is no instant of the calendar", "such as 2026-06-10T10:00:00Z"
        return
    length_s = round(end - start)
    hour = "pass_by" in values or "day" in values or str(values.get("schema", "")).endswith("/hours")
    step_s = _HOUR_S if hour else _MINUTE_S
    partial = "partial" in values.get("quality", ())
    on_grid = start % step_s == 0 and length_s > 0 and _HOUR_S % max(length_s, 1) == 0 and length_s % step_s == 0
    if not on_grid and not partial:
        window = "whole hours" if hour else "whole minutes that divide an hour"
        yield (
            "start",
            "start and end are finer than the grid of windows",
            f"{window}, unless 'partial' stands in quality",
        )
    if not 0 <= length_s <= _HOUR_S:
        yield "end", f"the window is {length_s} s long", f"0 to {_HOUR_S} s"
    if values["expected_s"] != length_s:
        yield "expected_s", f"{values['expected_s']} is not the length of the window", f"{length_s}"
    missed_s = sum(gap["s"] for gap in objects(values["gaps"], "s"))
    if values["observed_s"] + missed_s != values["expected_s"]:
        what = (
            f"{values['observed_s']} observed and {missed_s} in gaps do not add up to {values['expected_s']} expected"
        )
        yield "observed_s", what, "expected_s minus all gaps"
    if values.get("open") is not None and values["open"] != (values.get("open_s", 0) > 0):
        yield "open", "does not fit open_s", "true exactly where open_s is over 0"


def _repeated(name: str, rows: object) -> Iterator[Found]:
    if not isinstance(rows, list):
        return
    keys = [str(row.get("name", row.get("cause")) if isinstance(row, dict) else row) for row in rows]
    for key in dict.fromkeys(key for key in keys if keys.count(key) > 1):
        yield name, f"'{key}' stands there {keys.count(key)} times", "each once"


def objects(rows: object, *fields: str) -> list[dict[str, Any]]:
    """The objects of a list that have all the fields; a message of a later version may have something else there."""
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [row for row in found if row.keys() >= set(fields)]


def _zone(where: str, zone: Mapping[str, Any]) -> Iterator[Found]:
    yield from _presence(f"{where}.occupancy", zone.get("occupancy"))
    if "dwell" in zone and sum(zone["dwell"]) != zone.get("stays"):
        yield f"{where}.dwell", f"{sum(zone['dwell'])} stays in the bins, {zone.get('stays')} in all", "the same number"


def _presence(where: str, presence: object) -> Iterator[Found]:
    if not isinstance(presence, dict):
        return
    low, mean, high = presence.get("min"), presence.get("mean_milli"), presence.get("max")
    if low is not None and high is not None and low > high:
        yield where, f"min {low} is over max {high}", "min <= max"
    if mean is not None and low is not None and high is not None and not 1000 * low - 1 <= mean <= 1000 * high + 1:
        yield where, f"the mean of {mean} thousandths does not lie within min {low} and max {high}", "between the two"


def _pass_by(values: Mapping[str, Any]) -> Iterator[Found]:
    pass_by, lines = values.get("pass_by"), objects(values.get("lines"), "role", "in", "out")
    if not isinstance(pass_by, dict) or not pass_by.keys() >= {"passed", "entered"}:
        return
    passed = sum(line["in"] + line["out"] for line in lines if line["role"] == "pass_by")
    entered = sum(line["in"] for line in lines if line["role"] == "door")
    for name, right in (("passed", passed), ("entered", entered)):
        if pass_by[name] != right:
            yield f"pass_by.{name}", f"{pass_by[name]} is not the sum of its lines", str(right)


def _balance(day: object) -> Iterator[Found]:
    if (
        isinstance(day, dict)
        and day.keys() >= {"in", "out", "imbalance"}
        and day["imbalance"] != day["in"] - day["out"]
    ):
        yield "day.imbalance", f"{day['imbalance']} is not in minus out", str(day["in"] - day["out"])


def _parts(where: str, part: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object of a message that says a k, and where it stands."""
    if isinstance(part, dict):
        if type(part.get("k")) is int:
            yield where, part
        for name, inner in part.items():
            yield from _parts(f"{where}.{name}" if where else name, inner)
    elif isinstance(part, list):
        for i, inner in enumerate(part):
            yield from _parts(f"{where}[{i}]", inner)


def _cells(where: str, part: Mapping[str, Any]) -> Iterator[Found]:
    """The tables beside a k: no cell under it, no hidden cell that a subtraction gives away, sums that are right."""
    k, visitors, noisy = part["k"], part.get("visitors"), part.get("epsilon_milli") is not None
    for name, words in _TABLES.items():
        table = part.get(name)
        if not isinstance(table, dict):
            continue
        cells = {cell: table[cell] for cell in words if cell in table}
        left_out = table.get("left_out", 0)  # visitors of hours that the day's table does not hold
        field = f"{where}.{name}" if where else name
        for cell, n in cells.items():
            if n is not None and n < k and any(cells.values()):
                yield (
                    f"{field}.{cell}",
                    f"{n} visitors are fewer than k = {k} and not suppressed",
                    f"null, or {k} and more",
                )
        hidden = [cell for cell, n in cells.items() if n is None]
        shown = sum(n for n in cells.values() if n is not None)
        if visitors is None or left_out is None or noisy:
            continue
        total = visitors - left_out
        if len(hidden) == 1:
            yield (
                f"{field}.{hidden[0]}",
                "suppressed alone: the others, taken from visitors, give it away",
                "a second null",
            )
        elif shown > total or (not hidden and shown != total):
            yield field, f"its cells hold {shown} of {total} visitors", "cells that add up to visitors"
