"""What an evaluation found, as the tables of a model card."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from edge_agent.detector.card import Accuracy, Group, Measured, Precision, Speed
from training.evaluation.counted import Counted
from training.evaluation.evaluate import Figures, Full, Quick
from training.evaluation.holdout import CLEAR, CLEAR_PX, COUNTED, Rendered
from training.evaluation.measures import SURE
from training.evaluation.networks import REFERENCE
from training.evaluation.statistics import Interval

_DIGITS: Final = 4
_ATTRIBUTES: Final = {"skin": "skin tone", "sex": "sex", "age": "age"}
Rows = Iterator[Accuracy]


def measured(
    files: Mapping[str, Precision],
    rendered: Mapping[str, Rendered],
    quick: Quick | None,
    full: Full | None,
    *,
    device: str,
    shown: Precision,
) -> Measured:
    """The card's [measured].

    Args:
        files: the bundle's files by the evaluation's label.
        rendered: what each found in the hold-out, by label.
        quick: what each found in real pictures; None: nobody had any.
        full: what the agent counted with them, and how long they take; None likewise.
        device: the processor, for the speeds.
        shown: of which file recall is told by group of people.
    """
    accuracy: list[Accuracy] = []
    for label, precision in files.items():
        if quick is not None:
            figures = next(each for each in quick.own if each.label == label)
            accuracy += [*_presence(figures, precision), *_clips(figures, precision)]
        if full is not None:
            accuracy += _counts(full.counted[label], precision)
        accuracy += _rendered(rendered[label], precision)
    if quick is not None and quick.int8_loss is not None:
        loss = quick.int8_loss
        dataset = _indoor(quick.own[0])
        accuracy.append(_accuracy(dataset, "AUC lost from fp32 to int8", loss.value, Precision.INT8, loss))
    label = next(label for label, precision in files.items() if precision is shown)
    return Measured(
        accuracy=tuple(accuracy),
        speed=tuple(_speeds(files, full, device)) if full is not None else (),
        groups=tuple(_groups(rendered[label], shown)),
    )


def _accuracy(
    dataset: str, metric: str, value: float, precision: Precision, interval: Interval | None = None
) -> Accuracy:
    return Accuracy(
        dataset=dataset,
        metric=metric,
        value=round(value, _DIGITS),
        interval=_ends(interval) if interval is not None else None,
        precision=precision,
    )


def _count(dataset: str, metric: str, value: float, precision: Precision) -> Accuracy:
    return Accuracy(dataset=dataset, metric=metric, value=round(value, _DIGITS), unit="count", precision=precision)


def _ends(interval: Interval) -> tuple[float, float]:
    """The interval rounded outwards: it still holds the rounded value."""
    scale = 10.0**_DIGITS
    low, high = math.floor(interval.low * scale) / scale, math.ceil(interval.high * scale) / scale
    value = round(interval.value, _DIGITS)
    return min(low, value), max(high, value)


def _indoor(figures: Figures) -> str:
    found = figures.presence
    return f"{found.people + found.empty} pictures of fixed indoor cameras, {found.people} with people; none trained it"


def _presence(figures: Figures, precision: Precision) -> Rows:
    found, dataset = figures.presence, _indoor(figures)
    yield _accuracy(dataset, "AUC of: is there anybody in the picture", found.auc.value, precision, found.auc)
    yield _accuracy(dataset, "share of those with people found at 5 % false alarms", found.recall, precision)
    yield _accuracy(dataset, "share of those with people found at the card's score", found.preset_recall, precision)
    yield _accuracy(dataset, "share of the empty ones with a box at the card's score", found.preset_alarms, precision)


def _clips(figures: Figures, precision: Precision) -> Rows:
    found = figures.agreement
    held_out = [name for name in found.clips if name not in found.trained_on]
    if held_out:
        dataset = f"clips that did not train it: {', '.join(held_out)}"
        metric = f"against boxes of {REFERENCE} of {SURE:.2f} and more, IoU 0.5, at the card's score"
        yield _accuracy(dataset, f"F1 {metric}", found.pooled.f1, precision)
        yield _accuracy(dataset, f"recall {metric}", found.pooled.recall, precision)
        yield _accuracy(dataset, f"precision {metric}", found.pooled.precision, precision)
    for clip, boxes in figures.false_boxes.items():
        yield _count(clip, "false boxes per frame, nobody is there", boxes.per_frame, precision)
    yield _count("one-by-one.mp4", "mean |boxes - people| per frame", figures.visits.mean, precision)


def _counts(counted: Counted, precision: Precision) -> Rows:
    visits = counted.visits
    yield _count("one-by-one.mp4", f"crossings counted outwards, {visits.true_out} are right", visits.out, precision)
    yield _count("one-by-one.mp4", f"crossings counted inwards, {visits.true_back} are right", visits.back, precision)
    stays = f"stays of the right length, of {len(visits.true_dwell_s)}"
    yield _count("one-by-one.mp4", stays, visits.stays_right, precision)
    for clip, phantoms in counted.phantoms.items():
        yield _count(clip, "crossings counted, nobody is there", phantoms.crossings, precision)


def _hold_out(found: Rendered) -> str:
    return f"{found.pictures} rendered pictures of a seed that did not train it"


def _rendered(found: Rendered, precision: Precision) -> Rows:
    dataset = _hold_out(found)
    visible = f"of people visible to {COUNTED:g}, at the card's score"
    yield _accuracy(dataset, f"recall {visible}", found.boxes.recall, precision)
    yield _accuracy(dataset, f"precision {visible}", found.boxes.precision, precision)
    yield _count(dataset, "mean |boxes - people| per picture", found.count.mean, precision)


def _groups(found: Rendered, precision: Precision) -> Iterable[Group]:
    for name, group in found.by_group.items():
        attribute, colon, members = name.partition(": ")
        if not colon:
            attribute, members = "wheelchair", name
        if group.clear.whole:
            interval = group.clear.interval
            yield Group(
                dataset=_hold_out(found),
                metric=f"recall at IoU 0.5 of people visible to {CLEAR:g} and {CLEAR_PX:g} network pixels high",
                attribute=_ATTRIBUTES.get(attribute, attribute),
                group=members,
                people=group.clear.whole,
                value=round(interval.value, _DIGITS),
                interval=_ends(interval),
                precision=precision,
            )


def _speeds(files: Mapping[str, Precision], full: Full, device: str) -> Iterable[Speed]:
    for label, precision in files.items():
        found = full.speed[label]
        yield _speed(device, "ms of CPU per picture, whole detector, 1 thread", found.detect_ms, precision)
        yield _speed(device, "ms of CPU per picture, network alone, 1 thread", found.network_ms, precision)
        ratio = f"times as long as {REFERENCE}, whole detector, same run"
        yield _speed(device, ratio, found.detect_ratio.median, precision)


def _speed(device: str, metric: str, value: float, precision: Precision) -> Speed:
    return Speed(device=device, metric=metric, value=round(value, 3), precision=precision)
