"""The slower measures as text."""

from collections.abc import Mapping

from training.evaluation.counted import Counted
from training.evaluation.evaluate import Full
from training.evaluation.holdout import CLEAR, CLEAR_PX, COUNTED, Group, Rendered
from training.evaluation.report import Row, table
from training.evaluation.speed import Speed
from training.evaluation.statistics import Share


def full_text(full: Full) -> str:
    """Counts, speed and the hold-out, one table after the other."""
    parts = [_counted_text(label, each) for label, each in full.counted.items()]
    parts.append(_speed_text(full.speed))
    if full.rendered:
        parts.append(_rendered_text(full.rendered))
    return "\n\n".join(parts)


def _counted_text(label: str, counted: Counted) -> str:
    visits = counted.visits
    dwell = " ".join(f"{seconds:.1f}" for seconds in visits.dwell_s) or "none"
    truth = " ".join(f"{seconds:.1f}" for seconds in visits.true_dwell_s)
    right = f"{visits.stays_right} within {visits.tolerance_s:.0f} s"
    lines = [
        f"counted with {label}",
        f"  one-by-one.mp4: out {visits.out} of {visits.true_out}, in {visits.back} of {visits.true_back}",
        f"    stays {len(visits.dwell_s)} of {len(visits.true_dwell_s)}, {right}: {dwell} s (true: {truth})",
    ]
    lines += [
        f"  {name} (nobody there): crossings {each.crossings}, stays {each.stays}, "
        f"occupancy at most {each.highest}, mean {each.mean:.3f}"
        for name, each in counted.phantoms.items()
    ]
    return "\n".join(lines)


def _speed_text(speed: Mapping[str, Speed]) -> str:
    rows: list[Row] = [("CPU of one thread, per picture", "ms", "x yolox_nano", "network ms", "x yolox_nano")]
    rows += [
        (label, f"{each.detect_ms:.2f}", str(each.detect_ratio), f"{each.network_ms:.2f}", str(each.network_ratio))
        for label, each in speed.items()
    ]
    return table(rows)


def _rendered_text(rendered: Mapping[str, Rendered]) -> str:
    results = list(rendered.values())
    first = results[0]
    people = first.boxes.hits + first.boxes.missed
    rows: list[Row] = [(f"rendered hold-out: {first.pictures} pictures, {people} people", *rendered)]
    rows += [
        ("recall", *(f"{each.boxes.recall:.3f}" for each in results)),
        ("precision", *(f"{each.boxes.precision:.3f}" for each in results)),
        ("false boxes per picture", *(f"{each.false_per_picture:.3f}" for each in results)),
        ("mean |boxes - people|", *(f"{each.count.mean:.3f}" for each in results)),
        ("pictures counted right", *(f"{each.count.right:.3f}" for each in results)),
    ]
    rows += [
        (f"recall, height from {low:g} network px", *(_share(each.by_height[low]) for each in results))
        for low, share in first.by_height.items()
        if share.whole
    ]
    rows += [
        (f"recall, visible from {low:g}", *(_share(each.by_visible[low]) for each in results))
        for low, share in first.by_visible.items()
        if share.whole
    ]
    rows += [
        (name, *(_group(each.by_group[name]) for each in results))
        for name, group in first.by_group.items()
        if group.counted.whole
    ]
    rows += [
        (f"pose: {name or 'unknown'}", *(_group(each.by_pose[name]) for each in results)) for name in first.by_pose
    ]
    note = (
        f"Network px: those of {next(iter(rendered))}. People visible to at least {COUNTED:g} count. "
        "Groups: recall of all of them, then of the clear ones, which are fairer to compare: "
        f"at least {CLEAR_PX:g} network px high and visible to {CLEAR:g}."
    )
    return f"{table(rows)}\n{note}"


def _share(share: Share) -> str:
    if not share.whole:
        return "-"
    interval = share.interval
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}] of {share.whole}"


def _group(group: Group) -> str:
    return f"{_share(group.counted)}; clear {_share(group.clear)}"
