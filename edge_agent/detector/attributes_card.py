"""The card of a face-attribute model: what it reads, when it may be believed, and how often it errs which way.

The shares of a clientele are corrected with the tables of visitors of this card, so they are a part of the network.
"""

import tomllib
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from edge_agent.detector.card import (
    Card,
    Facts,
    Precision,
    Table,
    Text,
    parse_card,
    parse_card_of,
    read_card,
    refuse_twice,
)
from edge_agent.terms import AgeBand, Sex

SEXES: Final = tuple(sex for sex in Sex if sex is not Sex.UNKNOWN)
BANDS: Final = tuple(band for band in AgeBand if band is not AgeBand.UNKNOWN)


class Crop(Table):
    """The network's input `faces`: uint8 (n, 3, side, side), blue green red; it normalises by itself."""

    side: int = Field(ge=16, le=512, description="Pixels of the square crop.")
    margin: float = Field(
        ge=0.0, le=2.0, description="Added on each side of a face's box, as a share of its longer side, before cutting."
    )


class Answers(Table):
    """How often which truth was taken for what, of faces that nothing was chosen on.

    Who was not told for want of confidence is not in `counts` but in `unknown`.
    """

    attribute: Literal["sex", "age"]
    precision: Precision
    classes: tuple[Text, ...] = Field(description="Names of rows and columns.")
    counts: tuple[tuple[int, ...], ...] = Field(description="A row per true class, a column per class that was told.")
    unknown: tuple[int, ...] = Field(description="Per true class: told as none, for want of confidence.")

    @model_validator(mode="after")
    def _square(self) -> Self:
        known = tuple(each.value for each in (SEXES if self.attribute == "sex" else BANDS))
        if self.classes != known:
            raise ValueError(f"classes of {self.attribute} must be {', '.join(known)}, in this order")
        size = len(self.classes)
        if len(self.counts) != size or any(len(row) != size for row in self.counts) or len(self.unknown) != size:
            raise ValueError(f"counts must be {size} rows of {size}, and unknown {size} numbers")
        if min((*self.unknown, *(count for row in self.counts for count in row))) < 0:
            raise ValueError("counts and unknown must not be negative")
        return self


class Confusion(Answers):
    """Answers in single pictures of one size: what the network is worth."""

    face_px: int = Field(
        ge=1, description="Side of the crop in the camera's picture, before it is scaled to the input."
    )


class VisitorConfusion(Answers):
    """Answers on whole visits, in which several looks at one person vote: what shares are corrected with."""

    crops: int = Field(ge=1, le=20, description="Looks at a visitor that are kept at most.")


class Attributes(Table):
    """When a reading counts, and how often it errs. Outputs: `sex` (n, 2), `age` (n, 6), `readable` (n,)."""

    readable: float = Field(gt=0.0, lt=1.0, description="From this probability on there is a face to read.")
    sex_confidence: float = Field(ge=0.5, lt=1.0, description="Under it the sex of a visitor is unknown.")
    age_confidence: float = Field(gt=0.0, lt=1.0, description="Under it the age band of a visitor is unknown.")
    chosen: Text = Field(description="How these three were chosen, and on what.")
    visits: Text | None = Field(default=None, description="How the visits behind `visitors` were made up.")
    confusion: tuple[Confusion, ...] = Field(default=(), description="As [[attributes.confusion]].")
    visitors: tuple[VisitorConfusion, ...] = Field(
        default=(), description="As [[attributes.visitors]]. Without it the agent publishes counts and no shares."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        keys = tuple(f"{each.attribute} at {each.face_px} px, {each.precision}" for each in self.confusion)
        refuse_twice("confusion of", keys)
        keys = tuple(f"{each.attribute} with {each.crops} crops, {each.precision}" for each in self.visitors)
        refuse_twice("visitors of", keys)
        return self

    @model_validator(mode="after")
    def _visitors_too(self) -> Self:
        """Nobody corrects shares of visitors with tables of single pictures by mistake."""
        have = {(each.attribute, each.precision) for each in self.visitors}
        for each in self.confusion:
            if (each.attribute, each.precision) not in have:
                raise ValueError(
                    f"has {each.attribute} tables of single pictures for {each.precision} but none of visitors, which "
                    "shares are corrected with; make the bundle again with `python -m training.attributes.bundle`"
                )
        return self

    def visitors_of(
        self, attribute: Literal["sex", "age"], crops: int, precision: Precision
    ) -> VisitorConfusion | None:
        """The table of visitors with the nearest number of crops, by ratio; None: the card has none of that precision.

        Args:
            attribute: which.
            crops: looks at a visitor that are kept at most, as configured.
            precision: of the file that runs.
        """
        found = [each for each in self.visitors if each.attribute == attribute and each.precision is precision]
        return min(found, key=lambda each: max(each.crops / crops, crops / each.crops), default=None)


class AttributesCard(Facts):
    """The whole card of a face-attribute model."""

    task: Literal["attributes"]
    crop: Crop
    attributes: Attributes


AnyCard = Card | AttributesCard


def parse_attributes_card(text: str, where: Path) -> AttributesCard:
    """Read the card of a face-attribute model.

    Args:
        text: the TOML.
        where: the file it came from, for the errors.

    Raises:
        BundleError: one line per problem, each with the file, the key, the value and what is allowed; one line where
            it is the card of a detector.
    """
    return parse_card_of(AttributesCard, "attributes", text, where)


def load_attributes_card(path: Path) -> AttributesCard:
    """Read the card file of a face-attribute model at `path`; see `parse_attributes_card`."""
    return parse_attributes_card(read_card(path), path)


def load_any_card(path: Path) -> AnyCard:
    """Read a card file of either task, as its own `task` says; see `parse_card`."""
    text = read_card(path)
    return parse_attributes_card(text, path) if _task(text) == "attributes" else parse_card(text, path)


def _task(text: str) -> object:
    try:
        return tomllib.loads(text).get("task")
    except tomllib.TOMLDecodeError:
        return None  # whoever parses it says what is wrong
