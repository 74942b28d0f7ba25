"""What was measured of a face-attribute model, as its card."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge_agent.detector.attributes_card import Attributes, AttributesCard, Confusion, Crop, VisitorConfusion
from edge_agent.detector.card import Accuracy, Group, Measured, ModelFile, Precision, Source, Speed, Training
from training.attributes.choose import Choice
from training.attributes.data import Split, read_faces
from training.attributes.measure import AtSize, File, Share, Table, Worth, confusion, shrunk_all
from training.attributes.network import SIDE
from training.attributes.terms import BANDS, SEXES
from training.attributes.visits import WORDS
from training.attributes.weaknesses import weaknesses

MARGIN: Final = 0.25
CONFUSION_PX: Final = (64, 32, 24, 16)
NO_URL: Final = "https://unknown.invalid"
_DIGITS: Final = 4
_SEX, _AGE, _NEAR = "sex right, adults", "age band right", "age band right or next to it"
_SEX_ERROR, _AGE_ERROR = "expected calibration error of sex, adults", "expected calibration error of age band"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of the finished files.

    Attributes:
        files: of the bundle, the one that devices run first.
        worth: what was measured of each.
        tables: its confusion tables of single pictures.
        visitors: … of whole visits.
        choice: the thresholds.
        device: the processor, for the speeds.
    """

    files: tuple[ModelFile, ...]
    worth: Mapping[Precision, Worth]
    tables: Mapping[Precision, Sequence[Table]]
    visitors: Mapping[Precision, Sequence[Table]]
    choice: Choice
    device: str


def make_card(name: str, found: Found, training: Training) -> AttributesCard:
    """The whole card of a bundle of that name."""
    shown, choice = found.files[0].precision, found.choice
    return AttributesCard(
        name=name,
        version=found.files[0].sha256[:12],
        description="Apparent sex and age band of small faces, and whether there is a face to read; for shop cameras.",
        licence="Apache-2.0",
        source=Source(publisher="this project", url=NO_URL),
        file=found.files,
        weaknesses=tuple(weaknesses(found.worth[shown])),
        training=training,
        measured=measured(found.worth, found.device, shown),
        task="attributes",
        crop=Crop(side=SIDE, margin=MARGIN),
        attributes=Attributes(
            readable=choice.readable,
            sex_confidence=choice.sex,
            age_confidence=choice.age,
            chosen=choice.words,
            confusion=tuple(
                Confusion(face_px=table.of, **_answers(table, precision))
                for precision, each in found.tables.items()
                for table in each
            ),
            visits=WORDS,
            visitors=visitor_confusions(found.visitors),
        ),
    )


def tables_of(path: Path, data: Path, choice: Choice) -> list[Table]:
    """The confusion tables of a file, on the test split."""
    file, faces = File(path), read_faces(data, Split.TEST)
    readings = {side: file.read(shrunk_all(faces, side)) for side in CONFUSION_PX}
    sexes = [confusion("sex", side, reading, faces, choice.sex) for side, reading in readings.items()]
    return sexes + [confusion("age", side, reading, faces, choice.age) for side, reading in readings.items()]


def measured(worth: Mapping[Precision, Worth], device: str, shown: Precision) -> Measured:
    """The card's [measured]; the groups are those of the file that is `shown`."""
    return Measured(
        accuracy=tuple(row for precision, each in worth.items() for row in _accuracy(each, precision)),
        speed=tuple(
            Speed(
                device=device,
                metric="ms of CPU per crop, 1 thread",
                value=round(each.milliseconds, 3),
                precision=precision,
            )
            for precision, each in worth.items()
        ),
        groups=tuple(_groups(worth[shown], shown)),
    )


def _accuracy(worth: Worth, precision: Precision) -> Iterator[Accuracy]:
    faces = "faces of the test split"
    for side, figures in worth.sizes.items():
        yield from _size(figures, f"{faces}, {side} px", precision)
    for side, figures in worth.cameras.items():
        yield from _size(figures, f"{faces}, {side} px, blurred, dim, off centre and coded", precision)
    readable = "readable or not, mean of both shares right"
    yield _figure("test split, faces from 20 px on, and nothing", readable, worth.readable_balanced, precision)
    yield _figure("faces of 20 to 64 px, through a shop's camera", "called readable", worth.readable.value, precision)
    for kind, share in worth.unreadable.items():
        yield _figure(f"nothing to read: {kind} ({share.of})", "called unreadable", share.value, precision)


def _size(figures: AtSize, dataset: str, precision: Precision) -> Iterator[Accuracy]:
    yield _figure(dataset, _SEX, figures.sex, precision)
    yield _figure(dataset, _AGE, figures.age, precision)
    yield _figure(dataset, _NEAR, figures.age_near, precision)
    yield _figure(dataset, _SEX_ERROR, figures.sex_error, precision)
    yield _figure(dataset, _AGE_ERROR, figures.age_error, precision)


def _figure(dataset: str, metric: str, value: float, precision: Precision) -> Accuracy:
    return Accuracy(dataset=dataset, metric=metric, value=round(value, _DIGITS), precision=precision)


def _groups(worth: Worth, precision: Precision) -> Iterator[Group]:
    for side, found in worth.groups.items():
        for (attribute, group), share in found.items():
            if share.of:
                yield _group(attribute, group, share, side, precision)


def _group(attribute: str, group: str, share: Share, side: int, precision: Precision) -> Group:
    return Group(
        dataset=f"faces of the test split, {side} px",
        metric="sex right" + ("" if attribute == "age band" else ", adults"),
        attribute=attribute,
        group=group,
        people=share.of,
        value=round(share.value, _DIGITS),
        precision=precision,
    )


def visitor_confusions(tables: Mapping[Precision, Sequence[Table]]) -> tuple[VisitorConfusion, ...]:
    """The card's [[attributes.visitors]]."""
    return tuple(
        VisitorConfusion(crops=table.of, **_answers(table, precision))
        for precision, each in tables.items()
        for table in each
    )


def _answers(table: Table, precision: Precision) -> dict[str, Any]:
    """What both kinds of tables hold."""
    return {
        "attribute": table.attribute,
        "precision": precision,
        "classes": tuple(each.value for each in (SEXES if table.attribute == "sex" else BANDS)),
        "counts": tuple(tuple(int(count) for count in row) for row in table.counts),
        "unknown": tuple(int(count) for count in table.unknown),
    }
