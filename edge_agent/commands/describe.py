"""A model card in lines to be read by a person, and rows as a table."""

from collections.abc import Iterator, Sequence

from edge_agent.detector.attributes_card import BANDS, SEXES, Answers, AnyCard, Attributes, AttributesCard
from edge_agent.detector.card import Accuracy, Card, Group, Precision, Speed, Training


def describe(card: AnyCard) -> Iterator[str]:
    """What the network is, what it is bad at, what was measured, and what it learned from."""
    yield f"{card.name} {card.version}: {card.description}"
    yield from table(
        [
            ("licence", card.licence),
            ("from", f"{card.source.publisher}, {card.source.url}"),
            *(_reading(card) if isinstance(card, AttributesCard) else _finding(card)),
            ("files", ", ".join(f"{file.precision} {file.size_bytes / 1e6:.1f} MB" for file in card.file)),
        ]
    )
    if isinstance(card, AttributesCard):
        yield from _confusions(card.attributes)
    if card.weaknesses:
        yield "\nKnown weaknesses:"
        yield from (f"  - {weakness}" for weakness in card.weaknesses)
    yield from _figures(card.measured.accuracy, card.measured.speed)
    yield from _groups(card.measured.groups)
    if card.training is not None:
        yield from _training(card.training)


def _finding(card: Card) -> Iterator[tuple[str, str]]:
    """Rows of a detector."""
    picture, limits = card.input, card.thresholds
    yield "finds", ", ".join(card.classes)
    yield "looks at", f"{picture.width}x{picture.height} {picture.color} {picture.dtype}, {picture.resize}"
    yield "decoder", f"{card.decoder.name}; score {limits.score}, low {limits.low}, nms_iou {limits.nms_iou}"
    if limits.chosen is not None:
        yield "score", limits.chosen


def _reading(card: AttributesCard) -> Iterator[tuple[str, str]]:
    """Rows of a face-attribute model."""
    side, limits = card.crop.side, card.attributes
    yield "reads", f"sex ({', '.join(SEXES)}) and age band ({', '.join(BANDS)}), or that there is nothing to read"
    yield "looks at", f"{side}x{side} BGR uint8, faces with {card.crop.margin:.0%} more on each side"
    yield (
        "unknown",
        f"readable under {limits.readable:g}, sex under {limits.sex_confidence:g}, age under {limits.age_confidence:g}",
    )
    yield "chosen", limits.chosen
    if limits.visits is not None:
        yield "visits", limits.visits


def _confusions(says: Attributes) -> Iterator[str]:
    for each in says.confusion:
        yield f"\nSingle pictures read as, {each.attribute} at {each.face_px} px, {each.precision}:"
        yield from _answers(each)
    for visitor in says.visitors:
        yield f"\nVisitors taken for, {visitor.attribute} with {visitor.crops} crops, {visitor.precision}:"
        yield from _answers(visitor)


def _answers(answers: Answers) -> Iterator[str]:
    rows = [
        (name, *map(str, counts), str(unknown))
        for name, counts, unknown in zip(answers.classes, answers.counts, answers.unknown, strict=True)
    ]
    yield from table([("truly", *answers.classes, "unknown"), *rows])


def table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Indented columns as wide as their widest cell; the last one runs free."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        yield "  ".join(["", *cells, row[-1]]).rstrip()


def _figures(accuracy: Sequence[Accuracy], speed: Sequence[Speed]) -> Iterator[str]:
    """One line for what was measured in the same way, with a column for each precision."""
    values: dict[tuple[str, str], dict[Precision, str]] = {}
    for quality in accuracy:
        values.setdefault((quality.metric, quality.dataset), {})[quality.precision] = _value(quality)
    for pace in speed:
        values.setdefault((pace.metric, pace.device), {})[pace.precision] = f"{pace.value:g}"
    if values:
        have = [p for p in Precision if any(p in cells for cells in values.values())]
        yield "\nMeasured:"
        yield from table(
            [(*have, "what", "on"), *((*(cells.get(p, "") for p in have), *key) for key, cells in values.items())]
        )


def _groups(groups: Sequence[Group]) -> Iterator[str]:
    ways = dict.fromkeys((group.metric, group.dataset, group.precision) for group in groups)
    for metric, dataset, precision in ways:
        yield f"\nBy group, {metric}, {dataset}, {precision}:"
        yield from table(
            [
                (group.attribute, group.group, f"{group.people} people", _value(group))
                for group in groups
                if (group.metric, group.dataset, group.precision) == (metric, dataset, precision)
            ]
        )


def _training(training: Training) -> Iterator[str]:
    yield f"\nTrained by `{training.command}` at commit {training.commit}, from:"
    for data in training.data:
        amounts = [
            *([f"{data.pictures} pictures"] if data.pictures is not None else []),
            *([f"{data.share:.0%} of what was seen"] if data.share is not None else []),
        ]
        yield f"  - {data.name}: {', '.join([data.use, *amounts])}"
        yield f"    {', '.join([data.licence, data.attribution, *([data.url] if data.url is not None else [])])}"


def _value(figure: Accuracy | Group) -> str:
    if figure.interval is None:
        return f"{figure.value:g}"
    return f"{figure.value:g} [{figure.interval[0]:g}, {figure.interval[1]:g}]"
