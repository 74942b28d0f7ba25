"""The detector: picture in, detections out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Card, Precision
from edge_agent.detector.choice import recorded_choice
from edge_agent.detector.decoders import make_decoder
from edge_agent.detector.decoders.base import Needs
from edge_agent.detector.errors import BundleError
from edge_agent.detector.network import Network, ProviderName
from edge_agent.detector.nms import suppress
from edge_agent.detector.preprocess import Preprocessor
from edge_agent.records import Detections, Image

_WARM_UP_RUNS = 3


class Detector:
    """One network that looks at pictures. Its buffers are reused, so one thread at a time may use it.

    Attributes:
        provider: the execution provider that runs, by the configuration's name.
        fell_back: whether it is the CPU instead of the configured one.
        precision: of the file that runs.
        model_sha256: of the file that runs.
        threshold: operating threshold; at or above it a box is a detection.
        low: below it no box is returned. Boxes between the two can only keep a track alive.
        classes: the bundle's classes; `Detections.class_id` indexes them.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        precision: Literal["auto", "fp32", "int8"] = "auto",
        provider: ProviderName = "cpu",
        allow_fallback: bool = False,
        threads: int = 1,
        min_score: float | None = None,
        classes_wanted: Sequence[str] | None = None,
        state_folder: Path | None = None,
    ) -> None:
        """Load the network, check that it fits its card, and run it once.

        Args:
            bundle: the network.
            precision: which of its files; 'auto' takes the winner of the bench on this device, else int8 if any.
            provider: ONNX Runtime's execution provider that must run.
            allow_fallback: whether the CPU will do where `provider` is not available.
            threads: threads of one inference.
            min_score: operating threshold instead of the card's.
            classes_wanted: names of the classes to return; None: all.
            state_folder: where the bench keeps its results; None: 'auto' knows of none.

        Raises:
            BundleError: no such file or class, damaged, not ONNX, or not what the card says.
            ProviderError: another provider than the configured one would run.
        """
        card = bundle.card
        wanted = _class_ids(card, classes_wanted)
        self.precision = choose_precision(bundle, precision, state_folder)
        file = card.file_of(self.precision)
        if file is None:
            have = ", ".join(p.value for p in bundle.precisions)
            raise BundleError(
                f"bundle {card.name}: has no {self.precision} file; set detector.precision to one of: {have}"
            )
        self.model_sha256 = file.sha256
        self.classes = card.classes
        self.threshold = card.thresholds.score if min_score is None else min_score
        self.low = min(card.thresholds.low, self.threshold)
        self._iou = card.thresholds.nms_iou
        self._preprocess = Preprocessor(card.input)
        where = bundle.folder / file.name
        self._network = Network(
            bundle.verified_bytes(file),
            self._preprocess.tensor,
            where=where,
            provider=provider,
            allow_fallback=allow_fallback,
            threads=threads,
        )
        self.provider = self._network.provider
        self.fell_back = self._network.fell_back
        needs = Needs(card.input.width, card.input.height, len(card.classes), wanted)
        try:
            self._decode = make_decoder(card.decoder, needs, self._network.shapes)
        except BundleError as error:
            raise BundleError(f"{where}: {error}") from None

    @property
    def model_cpu_s(self) -> float:
        """CPU seconds spent inside ONNX Runtime by `detect` so far; see `Network.cpu_s` for what that means."""
        return self._network.cpu_s

    def warm_up(self) -> None:
        """Run on whatever is in the buffers until memory and caches have settled; belongs to the loading time."""
        for _ in range(_WARM_UP_RUNS):
            self._network.run(count=False)

    def detect(self, image: Image) -> Detections:
        """What is in the picture.

        Args:
            image: (height, width, 3) BGR; sizes may change from call to call.

        Returns:
            Boxes of the wanted classes in pixels of `image`, clipped to it, scores of at least `low`, best first.

        Raises:
            ValueError: `image` is not a BGR picture.
            DetectorError: ONNX Runtime failed.
        """
        self._preprocess(image)
        found = self._decode(self._network.run(), self.low)
        boxes, scores, class_ids = (column.tolist() for column in found)
        xyxy: list[tuple[float, float, float, float]] = []
        kept: list[int] = []
        for i in suppress(*found, iou=self._iou):
            x1, y1, x2, y2 = box = self._preprocess.to_picture(boxes[i])
            if x1 < x2 and y1 < y2:  # what lay in the padding has no extent left; nor has what is not a number
                xyxy.append(box)
                kept.append(i)
        return Detections(
            np.array(xyxy, np.float32).reshape(-1, 4),
            np.array([min(scores[i], 1.0) for i in kept], np.float32),
            np.array([class_ids[i] for i in kept], np.int64),
        )


def choose_precision(bundle: Bundle, wanted: Literal["auto", "fp32", "int8"], state_folder: Path | None) -> Precision:
    """The file to run: the one asked for, else the bench's winner on this device, else int8 if there is one."""
    if wanted != "auto":
        return Precision(wanted)
    measured = recorded_choice(bundle, state_folder) if state_folder is not None else None
    if measured is not None:
        return measured
    return Precision.INT8 if Precision.INT8 in bundle.precisions else Precision.FP32


def _class_ids(card: Card, names: Sequence[str] | None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Sorted indices of the named classes."""
    if names is None:
        return np.arange(len(card.classes), dtype=np.int64)
    for name in names:
        if name not in card.classes:
            known = ", ".join(card.classes)
            raise BundleError(f"bundle {card.name}: has no class '{name}'; it knows: {known}")
    return np.array(sorted({card.classes.index(name) for name in names}), dtype=np.int64)
