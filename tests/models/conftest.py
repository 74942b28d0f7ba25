"""A real int8 file, and a bundle that has it beside fp32."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.detector.add import Request, add
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.pictures import drawn_pictures
from edge_agent.detector.preprocess import Preprocessor
from edge_agent.detector.presets import PRESETS
from edge_agent.records import Image


@pytest.fixture(scope="session")
def int8_person(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """yolox_person_192 in int8, quantised here: weights per channel, heads left out, calibrated on drawn people."""
    onnx = pytest.importorskip("onnx", reason="needs the onnx package to quantise a network")
    from onnx import version_converter  # noqa: PLC0415 - after importorskip
    from onnxruntime import quantization  # noqa: PLC0415

    class Pictures(quantization.CalibrationDataReader):  # type: ignore[misc]  # the base has no types
        """Feeds the calibration."""

        def __init__(self) -> None:
            preprocess = Preprocessor(PRESETS["yolox"].input_of(192, 192))
            self._left = iter([_tensor(preprocess, picture) for picture in drawn_pictures()])

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(self._left, None)

    folder = tmp_path_factory.mktemp("int8")
    model = version_converter.convert_version(onnx.load(shared / "models" / "yolox_person_192.onnx"), 13)
    onnx.save(model, folder / "opset13.onnx")
    heads = [node.name for node in model.graph.node if node.op_type == "Conv"][-9:]
    quantization.quantize_static(
        folder / "opset13.onnx",
        folder / "int8.onnx",
        Pictures(),
        per_channel=True,
        weight_type=quantization.QuantType.QInt8,
        op_types_to_quantize=["Conv"],
        nodes_to_exclude=heads,
    )
    return folder / "int8.onnx"


def _tensor(preprocess: Preprocessor, picture: Image) -> dict[str, NDArray[np.float32]]:
    preprocess(picture)
    return {"images": preprocess.tensor.copy()}


@pytest.fixture(scope="session")
def both(shared: Path, int8_person: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle with an fp32 and an int8 file."""
    folder = tmp_path_factory.mktemp("both") / "person"
    add(Request(shared / "models" / "yolox_person_192.onnx", "yolox", "person"), folder)
    add(Request(int8_person, "yolox", "person", Precision.INT8), folder)
    return Bundle.load(folder)
