"""The networks that read visitors: loaded once for all cameras, and only where demographics are switched on."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from edge_agent.config import Config, machine_folder
from edge_agent.config.schema import DetectorConfig
from edge_agent.demographics import Errors, FaceModel, Rule
from edge_agent.detector.bundle import AttributesBundle, Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.catalogue import find_bundle
from edge_agent.detector.faces import AttributeNetwork, Attributes
from edge_agent.detector.session import Detector
from edge_agent.records import Detections, Image

Floats = NDArray[np.float32]

CHARGE_S: Final = 0.002
"""What a run costs in a replay: about what it takes on a small device."""

_READ: Final[tuple[Literal["sex", "age"], ...]] = ("sex", "age")
_NOTHING: Final = Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class FaceNetworks:
    """The attribute network, and the detector of faces where one is configured.

    Attributes:
        attributes: what reads.
        rule: when it is believed, from its card.
        errors: of its votes on a visitor, from its card.
        finder: what finds faces; None: the usual places of a head are tried.
    """

    attributes: AttributeNetwork
    rule: Rule
    errors: Errors
    finder: Detector | None

    @classmethod
    def load(cls, config: Config, *, config_folder: Path) -> Self:
        """Find the bundles, verify them, load the networks and run them once.

        Args:
            config: the whole configuration.
            config_folder: what a relative path of a bundle in it starts from.

        Raises:
            BundleError: there is no such bundle, it is not sound, or it is made for something else.
            ProviderError: another provider than the configured one would run.
        """
        settings, how = config.demographics, config.detector
        bundle = load_attributes(settings.bundle, config_folder)
        network = AttributeNetwork(bundle, provider=how.provider, allow_fallback=how.allow_fallback)
        finder = None if settings.face_bundle is None else _finder(how, settings.face_bundle, config_folder)
        return cls(network, rule_of(bundle), _errors_of(bundle, network.precision, settings.crops), finder)

    @property
    def model_cpu_s(self) -> float:
        """CPU seconds spent inside ONNX Runtime so far."""
        return self.attributes.model_cpu_s + (self.finder.model_cpu_s if self.finder is not None else 0.0)

    def model(self, *, turn: AbstractContextManager[object]) -> FaceModel:
        """The networks as the stage of one camera uses them; `turn` is held for each run, since cameras share them."""

        def read(crops: NDArray[np.uint8]) -> Attributes:
            with turn:
                return self.attributes.read(crops)

        def find(image: Image) -> Detections:
            with turn:
                return finder.detect(image) if finder is not None else _NOTHING

        finder = self.finder
        return FaceModel(
            read,
            self.rule,
            self.attributes.side_px,
            self.attributes.model_sha256[:16],
            self.errors,
            None if finder is None else find,
        )

    def paced(self) -> FaceModel:
        """The networks for a replay: a run is charged to the budget with `CHARGE_S`, however fast this machine is.

        So a clip is read as a small device would, and gives the same result each time.
        """
        spent_s = 0.0

        def charge() -> None:
            nonlocal spent_s
            spent_s += CHARGE_S

        model = self.model(turn=nullcontext())

        def read(crops: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
            charge()
            return model.read(crops)

        def find(image: Image) -> Detections:
            charge()
            return model.find(image) if model.find is not None else _NOTHING

        return replace(model, read=read, find=None if model.find is None else find, timer=lambda: spent_s)


def load_attributes(name: str, config_folder: Path | None) -> AttributesBundle:
    """The bundle of that name or path; a relative path starts from the folder, or from the current one.

    Raises:
        BundleError: there is no such bundle, it is not sound, or it is made for something else.
    """
    return AttributesBundle.load(find_bundle(name, state=machine_folder(), relative_to=config_folder))


def rule_of(bundle: AttributesBundle) -> Rule:
    """When the network is believed, as its card says."""
    says = bundle.card.attributes
    return Rule(readable=says.readable, sex=says.sex_confidence, age=says.age_confidence)


def _errors_of(bundle: AttributesBundle, precision: Precision, crops: int) -> Errors:
    says = bundle.card.attributes
    sex, age = (says.visitors_of(what, crops, precision) for what in _READ)
    return Errors(sex=sex.counts if sex else (), age=age.counts if age else ())


def _finder(how: DetectorConfig, name: str, config_folder: Path) -> Detector:
    finder = Detector(
        Bundle.load(find_bundle(name, state=machine_folder(), relative_to=config_folder)),
        provider=how.provider,
        allow_fallback=how.allow_fallback,
        classes_wanted=("face",),
        state_folder=machine_folder(),
    )
    finder.warm_up()
    return finder
