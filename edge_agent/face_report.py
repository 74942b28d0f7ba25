"""What the attribute network says of pictures, for `edge-agent describe`: to measure it, with what it does not know.

A module of its own, so that the command line loads nothing of demographics until somebody asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from edge_agent.config import machine_folder
from edge_agent.demographics import BANDS, PERSON, SEXES, Rule, Search, crop_of, fit, usual_places
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.catalogue import find_bundle
from edge_agent.detector.faces import AttributeNetwork
from edge_agent.detector.session import Detector
from edge_agent.face_networks import load_attributes, rule_of
from edge_agent.records import Image
from edge_agent.terms import AgeBand, Sex

_DIGITS: Final = 4


class PictureError(Exception):
    """A file is no picture; one line."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the network says of one face, or of what should be one.

    Attributes:
        readable: probability that there is a face to read.
        sex: probabilities in the order of `SEXES`.
        age: … of `BANDS`.
    """

    readable: float
    sex: tuple[float, ...]
    age: tuple[float, ...]

    def as_data(self, rule: Rule) -> dict[str, Any]:
        """Labels under the card's confidence, and the probabilities behind them, also of what is unknown."""
        is_face = self.readable >= rule.readable
        sex, age = int(np.argmax(self.sex)), int(np.argmax(self.age))
        return {
            "readable": is_face,
            "readable_probability": round(self.readable, _DIGITS),
            "sex": SEXES[sex] if is_face and self.sex[sex] >= rule.sex else Sex.UNKNOWN,
            "sex_probability": _named(SEXES, self.sex),
            "age": BANDS[age] if is_face and self.age[age] >= rule.age else AgeBand.UNKNOWN,
            "age_probability": _named(BANDS, self.age),
        }


_NOTHING: Final = Described(0.0, (0.5,) * len(SEXES), (1.0 / len(BANDS),) * len(BANDS))
"""Of a head that is too small to be looked at."""


class FaceReport:
    """Reads the faces of pictures, one by one; nothing of them is kept."""

    def __init__(self, bundle: str, *, detector: str | None) -> None:
        """Load the attribute bundle of that name and, to find people in pictures that show more, a detector.

        Raises:
            DetectorError: a bundle is missing or not sound.
        """
        loaded = load_attributes(bundle, None)
        self._rule = rule_of(loaded)
        self._network = AttributeNetwork(loaded)
        self._detector = None
        if detector is not None:
            found = Bundle.load(find_bundle(detector, state=machine_folder()))
            self._detector = Detector(found, classes_wanted=(PERSON,))

    def of(self, path: Path) -> dict[str, Any]:
        """What there is to say of one file, as JSON has it.

        Raises:
            PictureError: it cannot be read, or is no picture.
        """
        picture = _picture(path)
        if self._detector is None:
            return {"file": str(path), **self._read(picture).as_data(self._rule)}
        found = self._detector.detect(picture)
        boxes = found.xyxy[found.score >= self._detector.threshold].tolist()
        return {"file": str(path), "people": [self._person(picture, (x1, y1, x2, y2)) for x1, y1, x2, y2 in boxes]}

    def _person(self, picture: Image, box: tuple[float, float, float, float]) -> dict[str, Any]:
        best, search = _NOTHING, Search(usual_places, enough=self._rule.readable)
        while search.is_scanning:
            square = search.where(box, picture)
            crop = None if square is None else crop_of(square, picture, self._network.side_px)
            look = _NOTHING if crop is None else self._read(crop)
            best = max(best, look, key=lambda each: each.readable)
            search.note(look.readable)
            if search.pause_s > 0.0:  # all places were tried
                break
        return {"box": [round(edge) for edge in box], **best.as_data(self._rule)}

    def _read(self, face: Image) -> Described:
        sex, age, readable = self._network.read(fit(face, self._network.side_px)[np.newaxis])
        return Described(float(readable[0]), tuple(sex[0].tolist()), tuple(age[0].tolist()))


def _picture(path: Path) -> Image:
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise PictureError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    except cv2.error:  # such as a picture of more pixels than it allows
        picture = None
    if picture is None:
        raise PictureError(f"{path}: not a picture that can be read; give a JPEG or PNG file")
    return picture.astype(np.uint8, copy=False)


def _named(names: Sequence[str], shares: Sequence[float]) -> dict[str, float]:
    return {str(name): round(share, _DIGITS) for name, share in zip(names, shares, strict=True)}
