"""The networks that are measured, run by the agent's own detector: what is measured is what ships."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime

from edge_agent.detector import preprocess
from edge_agent.detector.add import Request, add
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.errors import BundleError
from edge_agent.detector.presets import DecoderName
from edge_agent.detector.session import Detector, choose_precision
from edge_agent.records import Image
from training.evaluation.matching import Seen

REFERENCE: Final = "yolox_nano"
"""The public network whose boxes the clips are held against, and whose time is the unit."""

PUBLIC: Final[dict[str, tuple[DecoderName, str]]] = {
    REFERENCE: ("yolox", "coco"),
    "fastestdet": ("fastestdet", "coco"),
    "yolox_person_192": ("yolox", "person"),
    "nanodet_m_320": ("nanodet", "coco"),
}
"""Public networks to compare with: decoder and classes by name."""

COMPARED: Final = (REFERENCE, "fastestdet", "yolox_person_192")

FLOOR: Final = 0.01
"""Boxes below this score are not looked at; all that lie above are, so that a curve can be drawn."""

_PERSON: Final = "person"


@dataclass(slots=True, eq=False)
class Network:
    """One file of a bundle.

    Attributes:
        label: name and precision, as the tables have it.
        bundle: where it is from.
        precision: which file.
        detector: it, loaded, returning people with a score of at least FLOOR.
    """

    label: str
    bundle: Bundle
    precision: Precision
    detector: Detector
    _seen: dict[str, list[Seen]] = field(default_factory=dict)

    @classmethod
    def load(cls, bundle: Bundle, precision: Precision) -> "Network":
        """Load one file of a bundle.

        Raises:
            DetectorError: it has no class person, or cannot be run.
        """
        floor = min(FLOOR, bundle.card.thresholds.score)
        detector = Detector(bundle, precision=precision.value, min_score=floor, classes_wanted=[_PERSON])
        return cls(f"{bundle.card.name} {precision}", bundle, precision, detector)

    @property
    def threshold(self) -> float:
        """The preset operating threshold, from the card; nothing here ever chooses another."""
        return self.bundle.card.thresholds.score

    def look(self, image: Image) -> Seen:
        """The people in one picture."""
        found = self.detector.detect(image)
        return Seen(found.xyxy, found.score)

    def over(self, name: str, images: Iterable[Image], keep: Path | None = None) -> list[Seen]:
        """The people in each picture of a set; a set that was seen before is not looked at again.

        Args:
            name: of the set: the same name stands for the same pictures.
            images: the pictures; not touched where the answer is known.
            keep: folder that keeps the answer for the next run; None: only this object does.
        """
        if name not in self._seen:
            file = keep / f"{name}-{self._key()}.npz" if keep is not None else None
            kept = _read(file) if file is not None else None
            self._seen[name] = kept if kept is not None else [self.look(image) for image in images]
            if kept is None and file is not None:
                _write(file, self._seen[name])
        return self._seen[name]

    def _key(self) -> str:
        """16 hex digits of everything that decides which boxes come out."""
        card = self.bundle.card
        facts = [
            self.detector.model_sha256,
            card.input.model_dump(mode="json"),
            card.decoder.model_dump(mode="json"),
            card.thresholds.nms_iou,
            FLOOR,
            _code_key(),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@cache
def _code_key() -> str:
    """Changes with the agent's code around the network, and with the libraries that run it."""
    folder = Path(preprocess.__file__).parent
    files = [folder / f"{name}.py" for name in ("preprocess", "session", "network", "nms")]
    files += sorted((folder / "decoders").glob("*.py"))
    code = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(code + f"{cv2.__version__} {onnxruntime.__version__}".encode()).hexdigest()


def networks_of(folder: Path) -> list[Network]:
    """All files of a bundle; first the one that the agent runs where nobody has measured.

    Raises:
        DetectorError: no bundle, damaged, or without people.
    """
    bundle = Bundle.load(folder)
    first = choose_precision(bundle, "auto", None)
    precisions = sorted(bundle.precisions, key=lambda precision: precision is not first)
    return [Network.load(bundle, precision) for precision in precisions]


def public_network(name: str, *, models: Path, bundles: Path) -> Network:
    """A public network to compare with; its bundle is made of `models` where `bundles` does not have it yet.

    Raises:
        BundleError: the ONNX file is missing as well.
    """
    folder = bundles / name
    if not folder.is_dir():
        file = models / f"{name}.onnx"
        if not file.is_file():
            raise BundleError(f"{folder}: no such bundle, and no {file} to make it of; `edge-agent models pull {name}`")
        decoder, classes = PUBLIC[name]
        add(Request(file, decoder, classes), folder)
    return Network.load(Bundle.load(folder), Precision.FP32)


def _write(file: Path, seen: Sequence[Seen]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        np.savez(
            out,
            xyxy=np.concatenate([np.zeros((0, 4), np.float32), *[each.xyxy for each in seen]]),
            score=np.concatenate([np.zeros(0, np.float32), *[each.score for each in seen]]),
            ends=np.cumsum([len(each) for each in seen], dtype=np.int64),
        )
    part.replace(file)


def _read(file: Path) -> list[Seen] | None:
    if not file.is_file():
        return None
    with np.load(file) as data:
        xyxy, score, ends = data["xyxy"], data["score"], data["ends"].tolist()
    starts = [0, *ends[:-1]]
    return [Seen(xyxy[start:end], score[start:end]) for start, end in zip(starts, ends, strict=True)]
