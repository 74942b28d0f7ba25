"""The network that reads faces: crops in, probabilities out. It says nothing by which a face could be known again."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge_agent.detector.bundle import AttributesBundle
from edge_agent.detector.card import Precision
from edge_agent.detector.errors import BundleError
from edge_agent.detector.network import Network, ProviderName

_OUTPUTS = {"sex": 2, "age": 6, "readable": 1}


class Attributes(NamedTuple):
    """Probabilities for n crops, calibrated by the network itself.

    Attributes:
        sex: (n, 2): female, male.
        age: (n, 6): the bands in the order of `AgeBand`, without unknown.
        readable: (n,): that there is a face to read.
    """

    sex: NDArray[np.float32]
    age: NDArray[np.float32]
    readable: NDArray[np.float32]


class AttributeNetwork:
    """One network that looks at faces. Its buffers are reused, so one thread at a time may use it.

    Attributes:
        provider: the execution provider that runs, by the configuration's name.
        precision: of the file that runs.
        model_sha256: of the file that runs.
        side_px: of the crops.
    """

    def __init__(
        self,
        bundle: AttributesBundle,
        *,
        precision: Precision | None = None,
        provider: ProviderName = "cpu",
        allow_fallback: bool = False,
    ) -> None:
        """Load the network, check that it fits its card, and run it once.

        Args:
            bundle: the network.
            precision: which of its files; None takes int8 if there is one.
            provider: ONNX Runtime's execution provider that must run.
            allow_fallback: whether the CPU will do where `provider` is not available.

        Raises:
            BundleError: no such file, damaged, not ONNX, or not what the card says.
            ProviderError: another provider than the configured one would run.
        """
        wanted = (Precision.INT8, Precision.FP32) if precision is None else (precision,)
        found = [file for each in wanted if (file := bundle.card.file_of(each)) is not None]
        if not found:
            raise BundleError(f"bundle {bundle.card.name}: has no {wanted[0]} file; use another precision")
        file = found[0]
        self.precision = file.precision
        self.model_sha256 = file.sha256
        self.side_px = bundle.card.crop.side
        self._crop = np.zeros((1, 3, self.side_px, self.side_px), np.uint8)
        where = bundle.folder / file.name
        self._network = Network(
            bundle.verified_bytes(file), self._crop, where=where, provider=provider, allow_fallback=allow_fallback
        )
        self.provider = self._network.provider
        self._order = [_position(self._network, name, where) for name in _OUTPUTS]

    @property
    def model_cpu_s(self) -> float:
        """CPU seconds spent inside ONNX Runtime by `read` so far; see `Network.cpu_s` for what that means."""
        return self._network.cpu_s

    def read(self, crops: NDArray[np.uint8]) -> Attributes:
        """What the faces look like. Nothing of a crop is left here afterwards.

        Args:
            crops: (n, side, side, 3) BGR.

        Raises:
            ValueError: crops of another size.
            DetectorError: ONNX Runtime failed.
        """
        if crops.shape[1:] != (self.side_px, self.side_px, 3):
            raise ValueError(f"crops of {crops.shape[1:]}; the network reads ({self.side_px}, {self.side_px}, 3)")
        rows: list[list[NDArray[np.float32]]] = []
        try:
            for crop in crops:
                self._crop[0] = crop.transpose(2, 0, 1)
                outputs = self._network.run()
                rows.append([outputs[i].reshape(-1).copy() for i in self._order])
        finally:
            self._crop.fill(0)
        sex, age, readable = (
            np.array([row[i] for row in rows], np.float32).reshape(-1, size) for i, size in enumerate(_OUTPUTS.values())
        )
        return Attributes(sex, age, readable[:, 0])


def _position(network: Network, name: str, where: Path) -> int:
    """Which of the outputs it is, if it has one row of the right size."""
    size = _OUTPUTS[name]
    shape = network.shapes.get(name)
    if shape is None or int(np.prod(shape)) != size or shape[0] != 1:
        found = ", ".join(f"{key} {'x'.join(map(str, value))}" for key, value in network.shapes.items())
        raise BundleError(f"{where}: needs an output '{name}' of 1x{size}; it has {found}; use another file")
    return list(network.shapes).index(name)
