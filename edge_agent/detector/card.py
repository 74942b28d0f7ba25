"""The model card: what a network is, what goes in, how its outputs are read, and which files hold it.

One `card.toml` per bundle, or per entry of the catalogue. It is the only thing that has to be written to plug
a network in; everything that the detector does with a network follows from it. Cards of other tasks share `Facts`:
see `attributes_card`.
"""

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar

import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from edge_agent.detector.errors import BundleError, UnknownBundleError

CARD_FILE: Final = "card.toml"

_Item = TypeVar("_Item")


def _not_empty(items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    # Not pydantic's min_length: that complains about an empty tuple whenever an item is wrong.
    if not items:
        raise ValueError("must hold at least one")
    return items


def _like(pattern: str, allowed: str) -> AfterValidator:
    """A string that matches as a whole, with words for the person who wrote another."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {allowed}")
        return text

    return AfterValidator(check)


Sha256 = Annotated[str, _like(r"[0-9a-f]{64}", "64 hexadecimal digits in small letters, as sha256sum prints them")]

FileName = Annotated[
    str,
    _like(
        r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.onnx",
        "the plain name of an .onnx file beside the card, without a folder",
    ),
]

Url = Annotated[str, _like(r"https://\S+", "an https:// address")]

Name = Annotated[str, _like(r"[a-z0-9][a-z0-9_-]{0,62}", "1 to 63 small letters, digits, '-' or '_'")]

Version = Annotated[str, _like(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}", "1 to 32 letters, digits, '.', '+' or '-'")]

Text = Annotated[str, Field(min_length=1)]

Triple = tuple[float, float, float]

_ROUNDING: Final = 0.02  # what shares written with two digits may miss of 1

Strides = Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], AfterValidator(_not_empty)]


class Precision(StrEnum):
    """Arithmetic of a file. Which one is faster depends on the device; see `edge-agent bench`."""

    FP32 = "fp32"
    INT8 = "int8"


class Resize(StrEnum):
    """How a picture is fitted into the network's input."""

    LETTERBOX_TOP_LEFT = "letterbox_top_left"  # aspect kept, picture at the top left, the rest filled with `pad`
    STRETCH = "stretch"  # width and height scaled independently


class Table(BaseModel):
    """A table of the card: closed, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Table):
    """Who made the network and where it can be looked up."""

    publisher: Text = Field(description="Person, group or repository that published the weights.")
    url: Url = Field(description="Where the publisher describes or keeps them.")


class Input(Table):
    """The network's one input and how a BGR picture (0 to 255) becomes it.

    Each channel is `(value - mean) / std`, mean and std in the order of `color`.
    """

    width: int = Field(ge=16, le=4096, description="Pixels.")
    height: int = Field(ge=16, le=4096, description="Pixels.")
    layout: Literal["NCHW", "NHWC"] = Field(default="NCHW", description="Order of the axes; N is always 1.")
    color: Literal["BGR", "RGB"] = Field(default="BGR", description="Order of the channels.")
    resize: Resize = Field(description="How a picture of another shape is fitted.")
    pad: int = Field(default=114, ge=0, le=255, description="Grey level of the letterbox's empty part.")
    mean: Triple = Field(default=(0.0, 0.0, 0.0), description="Subtracted from each channel, in grey levels.")
    std: Triple = Field(default=(1.0, 1.0, 1.0), description="Each channel is divided by it, in grey levels.")
    dtype: Literal["float32", "uint8"] = Field(
        default="float32",
        description="'uint8' where the network normalises by itself; then mean 0 and std 1.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if min(self.std) <= 0.0:
            raise ValueError("std must be greater than 0 in every channel")
        if self.dtype == "uint8" and (self.mean != (0.0, 0.0, 0.0) or self.std != (1.0, 1.0, 1.0)):
            raise ValueError("a uint8 input is not normalised here; leave mean and std out")
        return self


class YoloxDecoder(Table):
    """Anchor-free YOLOX head (Ge et al. 2021), one output (1, n, 5 + classes), scores already sigmoid."""

    name: Literal["yolox"] = "yolox"
    strides: Strides = (8, 16, 32)


class NanodetDecoder(Table):
    """NanoDet-m: per stride class scores (already sigmoid) and box sides as distributions over bins."""

    name: Literal["nanodet"] = "nanodet"
    strides: Strides = (8, 16, 32)
    reg_max: int = Field(default=7, ge=1, le=64, description="Highest bin; a side has reg_max + 1 of them.")


class FastestdetDecoder(Table):
    """FastestDet: one map (1, 5 + classes, h, w) of objectness, box and classes."""

    name: Literal["fastestdet"] = "fastestdet"


class YunetDecoder(Table):
    """YuNet face detector (Wu et al. 2023): class, objectness and box per stride; landmarks are not read."""

    name: Literal["yunet"] = "yunet"
    strides: Strides = (8, 16, 32)


class FcosDecoder(Table):
    """FCOS (Tian et al. 2019): per stride one map (1, classes + 4, h, w) of class logits and log distances."""

    name: Literal["fcos"] = "fcos"
    strides: Strides = (8, 16, 32)


Decoder = Annotated[
    YoloxDecoder | NanodetDecoder | FastestdetDecoder | YunetDecoder | FcosDecoder,
    Field(discriminator="name"),
]


class Thresholds(Table):
    """Which boxes count.

    `score` splits a detector's boxes into the two classes of ByteTrack: those at or above it start and feed
    tracks, those between `low` and it only keep a track alive.
    """

    score: float = Field(gt=0.0, lt=1.0, description="Operating threshold: at or above it a box is a detection.")
    low: float = Field(gt=0.0, lt=1.0, description="Below it nothing leaves the detector.")
    nms_iou: float = Field(gt=0.0, le=1.0, description="Of two boxes of a class that overlap more, one goes.")
    chosen: Text | None = Field(
        default=None, description="How `score` was chosen, and on what; absent: by the publisher."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.score:
            raise ValueError("low is above score; it must not be")
        return self


class ModelFile(Table):
    """One ONNX file of the bundle and how to be sure that it is the right one."""

    name: FileName
    precision: Precision
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    url: Url | None = Field(default=None, description="Where the publisher offers these very bytes; absent: nowhere.")


class _Figure(Table):
    """A measured number, with its 95 % interval where somebody worked it out."""

    value: float
    interval: tuple[float, float] | None = Field(default=None, description="95 % interval: lower and upper end.")

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.interval is not None and not self.interval[0] <= self.value <= self.interval[1]:
            raise ValueError("interval must be [lower, upper] around value")
        return self


class Accuracy(_Figure):
    """One measured quality figure."""

    dataset: Text
    metric: Text
    unit: Literal["share", "count"] = Field(default="share", description="A share or AUC of 0 to 1, or things counted.")
    precision: Precision = Precision.FP32


class Speed(Table):
    """One measured speed figure."""

    device: Text = Field(description="Board or processor.")
    metric: Text = Field(description="Such as 'ms per frame, 1 thread'.")
    value: float = Field(gt=0.0)
    precision: Precision = Precision.FP32


class Group(_Figure):
    """How well one group of people is found, beside the others of the same attribute."""

    dataset: Text
    metric: Text = Field(description="Such as 'recall at IoU 0.5'.")
    attribute: Text = Field(description="What tells the groups apart, such as 'skin tone'.")
    group: Text = Field(description="Which of them, such as 'darkest third'.")
    people: int = Field(ge=1, description="How many of them were there to be found.")
    precision: Precision = Precision.FP32


class Measured(Table):
    """What somebody measured, and on what; empty where nobody has."""

    accuracy: tuple[Accuracy, ...] = ()
    speed: tuple[Speed, ...] = ()
    groups: tuple[Group, ...] = ()


class TrainingData(Table):
    """One kind of pictures that the network learned from, and whom to thank."""

    name: Text
    licence: Text = Field(description="SPDX identifier, or the publisher's words.")
    attribution: Text = Field(description="Whom the licence, or courtesy, wants named.")
    url: Url | None = Field(default=None, description="Where it comes from; absent: made by the training itself.")
    use: Text = Field(description="What for, such as 'bodies of the rendered people'.")
    pictures: int | None = Field(
        default=None, ge=1, description="Pictures made or taken from it; absent: not pictures."
    )
    share: float | None = Field(default=None, gt=0.0, le=1.0, description="Of the pictures seen in training.")


class Training(Table):
    """How the weights came about, so that anybody can make them again."""

    command: Text = Field(description="The exact command, run in the root of the repository.")
    commit: Annotated[str, _like(r"[0-9a-f]{7,40}", "a git commit, 7 to 40 hexadecimal digits")]
    data: Annotated[tuple[TrainingData, ...], AfterValidator(_not_empty)] = Field(description="As [[training.data]].")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(each.share or 0.0 for each in self.data)
        if total > 0.0 and abs(total - 1.0) > _ROUNDING:
            raise ValueError(f"the shares of data add up to {total:g}; they must add up to 1")
        return self


class Facts(Table):
    """What a card tells of any network, whatever it is for."""

    name: Name
    version: Version
    description: Text = Field(description="One sentence: what it finds, and where it is good or bad.")
    licence: Text = Field(description="SPDX identifier of the weights' licence, such as 'Apache-2.0'.")
    source: Source
    file: Annotated[tuple[ModelFile, ...], AfterValidator(_not_empty)] = Field(description="The networks, as [[file]].")
    weaknesses: tuple[Text, ...] = Field(default=(), description="What it is known to be bad at, a sentence each.")
    training: Training | None = Field(
        default=None, description="How the weights were made; absent: the publisher knows."
    )
    measured: Measured = Measured()

    @model_validator(mode="after")
    def _no_file_twice(self) -> Self:
        refuse_twice("file name", tuple(file.name for file in self.file))
        refuse_twice("precision", tuple(file.precision.value for file in self.file))
        return self

    def file_of(self, precision: Precision) -> ModelFile | None:
        """The file of that precision, if the bundle has one."""
        return next((file for file in self.file if file.precision is precision), None)


class Card(Facts):
    """The whole card of a detector."""

    task: Literal["detect"] = "detect"
    classes: Annotated[tuple[Text, ...], AfterValidator(_not_empty)] = Field(
        description="Class names in the order of the network's outputs."
    )
    input: Input
    decoder: Decoder
    thresholds: Thresholds

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_twice("class", self.classes)
        if self.decoder.name == "yunet" and len(self.classes) != 1:
            raise ValueError("decoder yunet has one class; classes must hold one name")
        return self


def refuse_twice(what: str, values: tuple[str, ...]) -> None:
    """See that no value stands there twice; ValueError otherwise."""
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{what} '{value}' stands there twice; each may stand once")


_Kind = TypeVar("_Kind", bound=Facts)
_USES: Final = {"detect": "a detector", "attributes": "a face-attribute model"}


def parse_card(text: str, where: Path) -> Card:
    """Read a detector's card.

    Args:
        text: the TOML.
        where: the file it came from, for the errors.

    Raises:
        BundleError: one line per problem, each with the file, the key, the value and what is allowed; one line where
            it is the card of something else.
    """
    return parse_card_of(Card, "detect", text, where)


def parse_card_of(kind: type[_Kind], task: str, text: str, where: Path) -> _Kind:
    """Read a card of a certain task; see `parse_card`."""
    try:
        table = tomllib.loads(text)
        stands = table.get("task", "detect")
        if stands != task and stands in _USES:
            raise BundleError(
                f"{where}: is the card of {_USES[stands]}, not of {_USES[task]}; name another bundle here"
            )
        return kind.model_validate(table)
    except tomllib.TOMLDecodeError as error:
        raise BundleError(f"{where}: not TOML: {error}") from None
    except ValidationError as error:
        lines = [f"{where}: {_explain(detail)}" for detail in error.errors(include_url=False)]
        raise BundleError("\n".join(lines)) from None


def load_card(path: Path) -> Card:
    """Read the card file of a detector at `path`; see `parse_card`."""
    return parse_card(read_card(path), path)


def read_card(path: Path) -> str:
    """The text of a card file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UnknownBundleError(f"{path}: no such file; a bundle is a folder with a model card") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BundleError(f"{path}: cannot be read as a model card: {reason}") from None


def card_to_toml(card: Facts) -> str:
    """The card as TOML that reads back to an equal card."""
    return tomli_w.dumps(card.model_dump(mode="json", exclude_none=True))


_LONGEST_VALUE: Final = 60


def _explain(detail: ErrorDetails) -> str:
    """One line: key, value, what is allowed."""
    key = ".".join(str(part) for part in detail["loc"]) or "card"
    problem = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        return f"{key}: is missing; add it"
    if detail["type"] == "extra_forbidden":
        return f"{key}: unknown key; remove it or correct its spelling"
    if isinstance(detail["input"], dict | BaseModel):
        return f"{key}: {problem}"
    value = repr(detail["input"])
    shown = value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
    return f"{key} = {shown}: {problem[:1].lower()}{problem[1:]}"
