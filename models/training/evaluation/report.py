"""The result as a table for people and as JSON for programs."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from training.evaluation.evaluate import Figures, Quick
from training.evaluation.matching import Tally
from training.evaluation.measures import DOUBTFUL, SURE
from training.evaluation.statistics import Interval, Share

Row = tuple[str, ...]


def quick_text(result: Quick) -> str:
    """The quick measures: a column for each network."""
    columns = (*result.own, *result.others)
    rows: list[Row] = [("", *(each.label for each in columns))]
    rows += [_row("preset threshold", [f"{each.threshold:.2f}" for each in columns])]
    rows += [_row("ONNX file, MB", [f"{each.size_bytes / 1e6:.2f}" for each in columns])]
    rows += _presence_rows(columns)
    rows += _agreement_rows(columns)
    for clip in columns[0].false_boxes:
        rows.append(_row(f"false boxes per frame, {clip}", [_false(each, clip) for each in columns]))
    rows.append(_row("one-by-one: |boxes - people|", [f"{each.visits.mean:.3f}" for each in columns]))
    lines = [table(rows)]
    if result.int8_loss is not None:
        lines.append(f"AUC lost from fp32 to int8: {result.int8_loss.value:.4f} {_range(result.int8_loss, 4)}")
    trained = result.own[0].agreement.trained_on
    if trained:
        lines.append("* trained the bundle, hence left out of the pooled F1 in all columns")
    lines.append(
        f"F1: against yolox_nano's boxes of {SURE:.2f} and more, IoU 0.5, at the preset threshold; "
        f"its boxes of {DOUBTFUL:.2f} to {SURE:.2f} may be found or not."
    )
    return "\n".join(lines)


def _presence_rows(columns: Sequence[Figures]) -> list[Row]:
    found = [each.presence for each in columns]
    counts = f"{found[0].people} people, {found[0].empty} empty"
    return [
        _row(f"indoor AUC ({counts})", [f"{each.auc.value:.3f} {_range(each.auc)}" for each in found]),
        _row("  256x256 / other pictures", [f"{_known(each.auc_square)} / {_known(each.auc_other)}" for each in found]),
        _row("  recall at 5 % false alarms", [f"{each.recall:.3f} (at {each.at:.2f})" for each in found]),
        _row(
            "  at preset: recall / alarms", [f"{each.preset_recall:.3f} / {each.preset_alarms:.3f}" for each in found]
        ),
        _row("  best accuracy", [f"{each.accuracy:.3f}" for each in found]),
    ]


def _agreement_rows(columns: Sequence[Figures]) -> list[Row]:
    rows = [_row("clips F1 (recall / precision)", [_f1(each.agreement.pooled) for each in columns])]
    for clip, reference in columns[0].agreement.clips.items():
        boxes = reference.hits + reference.missed
        mark = "*" if clip in columns[0].agreement.trained_on else ""
        cells = [_f1(each.agreement.clips[clip]) for each in columns]
        rows.append(_row(f"  {clip}{mark} ({boxes} boxes)", cells))
    return rows


def _f1(tally: Tally) -> str:
    return f"{tally.f1:.3f} ({tally.recall:.2f} / {tally.precision:.2f})"


def _false(figures: Figures, clip: str) -> str:
    found = figures.false_boxes[clip]
    return f"{found.per_frame:.3f} (highest {found.highest:.2f})"


def _known(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _range(interval: Interval, digits: int = 3) -> str:
    return f"[{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def _row(name: str, cells: Sequence[str]) -> Row:
    return (name, *cells)


def table(rows: Sequence[Row]) -> str:
    """Columns side by side, the first flush left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def as_data(result: Any) -> Any:  # noqa: ANN401  (whatever a result is made of)
    """Dataclasses as JSON's objects, with what they derive from their fields."""
    if isinstance(result, Tally):
        return {**dataclasses.asdict(result), "recall": result.recall, "precision": result.precision, "f1": result.f1}
    if isinstance(result, Share):
        return {**dataclasses.asdict(result), "interval": dataclasses.asdict(result.interval)}
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {each.name: as_data(getattr(result, each.name)) for each in dataclasses.fields(result)}
    if isinstance(result, dict):
        return {str(key): as_data(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [as_data(each) for each in result]
    return result
