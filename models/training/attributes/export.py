"""A checkpoint as ONNX files: uint8 faces in, calibrated probabilities out, in fp32 and in int8.

`python -m training.attributes.export CHECKPOINT FOLDER --data WORK` writes fp32.onnx and int8.onnx. The fp32 file keeps
its weights in 16 bits and computes in 32: half the size, and no probability moves by more than a thousandth. The int8
file is static, per channel and calibrated on the calibration split; the heads, whose 8 bits would be compared, stay
in float.
"""

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from training.attributes.augment import seen
from training.attributes.data import Faces, Nothing, Pixels, Split, read_faces, read_nothing
from training.attributes.network import SIDE, Reader
from training.attributes.temperature import Temperatures, fit
from training.attributes.terms import BAND_OF, BANDS
from training.attributes.train import network_of
from training.export import folded
from training.network import Conv
from training.runs import quiet

OPSET: Final = 17
INPUT: Final = "faces"
OUTPUTS: Final = ("sex", "age", "readable")
FP32, INT8 = "fp32.onnx", "int8.onnx"
CALIBRATION: Final = 512  # pictures that show int8 the ranges of values


class Exported(nn.Module):
    """A reader for pictures as they are, (n, 3, 64, 64) uint8 BGR; the division by 255 is in the first weights."""

    bands: Tensor

    def __init__(self, network: Reader, temperatures: Temperatures) -> None:
        super().__init__()
        self.network = folded(network)
        first = self.network.trunk[0]
        if not isinstance(first, Conv):
            raise TypeError("the network does not begin with a convolution")
        with torch.no_grad():
            first.conv.weight /= 255
            for head, temperature in (
                (self.network.sex, temperatures.sex),
                (self.network.age, temperatures.age),
                (self.network.readable, temperatures.readable),
            ):
                head.weight.div_(temperature)
                head.bias.div_(temperature)
        self.young = temperatures.sex / temperatures.young - 1.0  # the first division is done
        bands = torch.zeros(len(BAND_OF), len(BANDS))
        bands[torch.arange(len(BAND_OF)), torch.tensor(BAND_OF)] = 1.0
        self.register_buffer("bands", bands)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities: sex (n, 2), age band (n, 6), readable (n,)."""
        read = self.network.both_ways(faces.float())
        age = torch.softmax(read.age, 1) @ self.bands
        sex = torch.softmax(read.sex * (1.0 + self.young * age[:, :1]), 1)
        return sex, age, torch.sigmoid(read.readable)


def export(network: Reader, temperatures: Temperatures, path: Path) -> None:
    """Write the fp32 file, its weights in 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        _trace(network, temperatures, plain)
        model = onnx.load(plain)
        _halve(model.graph)
        _shorten(model.graph)
        onnx.checker.check_model(model)
        part = path.with_suffix(".part")
        onnx.save(model, part)
        part.replace(path)


def _trace(network: Reader, temperatures: Temperatures, path: Path) -> None:
    example = torch.zeros(2, 3, SIDE, SIDE, dtype=torch.uint8)
    with warnings.catch_warnings():
        # The older exporter, which torch advises against: the int8 form is made from its graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Exported(network, temperatures).eval(),
            (example,),
            str(path),
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "n"} for name in (INPUT, *OUTPUTS)},
            dynamo=False,
        )


def _halve(graph: onnx.GraphProto) -> None:
    """Weights of convolutions in 16 bits, widened when the file is loaded."""
    weights = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    casts = []
    for item in graph.initializer:
        if item.name in weights:
            narrow = onnx.numpy_helper.from_array(
                onnx.numpy_helper.to_array(item).astype(np.float16), f"{item.name}_16"
            )
            casts.append(onnx.helper.make_node("Cast", [narrow.name], [item.name], to=onnx.TensorProto.FLOAT))
            item.CopyFrom(narrow)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


class _Crops(CalibrationDataReader):  # type: ignore[misc]
    """Crops as a shop's camera shows them, one by one."""

    def __init__(self, crops: Sequence[Pixels]) -> None:
        self._crops = iter(crops)

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        crop = next(self._crops, None)
        return None if crop is None else {INPUT: np.ascontiguousarray(crop.transpose(2, 0, 1)[None])}


def calibration_crops(faces: Faces, nothing: Nothing, count: int, seed: int) -> list[Pixels]:
    """What int8 is shown to find the ranges of its values: four faces to one picture of nothing."""
    rng = np.random.default_rng(seed)
    crops = []
    for number in range(count):
        source = nothing if number % 5 == 0 and len(nothing) else faces
        crops.append(seen(source.pixels[int(rng.integers(len(source)))], rng))
    return crops


def quantise(
    network: Reader, temperatures: Temperatures, target: Path, crops: Sequence[Pixels], *, percentile: bool = False
) -> None:
    """Write the int8 file (QDQ), calibrated on crops."""
    with quiet(), tempfile.TemporaryDirectory() as folder:
        plain, prepared, quantised = (Path(folder) / name for name in ("plain.onnx", "prepared.onnx", "int8.onnx"))
        _trace(network, temperatures, plain)
        quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        options = {"TensorQuantOverrides": {_float_input(graph): [{"rmin": np.float32(0), "rmax": np.float32(255)}]}}
        quantize_static(
            str(prepared),
            str(quantised),
            _Crops(crops),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "Relu"],
            per_channel=True,
            reduce_range=True,  # processors without VNNI add two products of 8 bits in 16 and would saturate
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile if percentile else CalibrationMethod.MinMax,
            extra_options=options,
        )
        model = onnx.load(quantised)
        _shorten(model.graph)
        onnx.checker.check_model(model)
        part = target.with_suffix(".part")
        onnx.save(model, part)
        part.replace(target)


def _shorten(graph: onnx.GraphProto) -> None:
    """Short names inside: long ones take more bytes than a small network's scales do."""
    kept = {INPUT, *OUTPUTS, ""}
    short: dict[str, str] = {}

    def renamed(name: str) -> str:
        return name if name in kept else short.setdefault(name, f"t{len(short)}")

    for node in graph.node:
        node.name = ""
        for names in (node.input, node.output):
            names[:] = [renamed(name) for name in names]
    for item in graph.initializer:
        item.name = renamed(item.name)
    del graph.value_info[:]


def _float_input(graph: onnx.GraphProto) -> str:
    """The tensor that holds the pictures as floats: what goes into the first convolution."""
    return next(str(node.input[0]) for node in graph.node if node.op_type == "Conv")


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.attributes.export", description="Write fp32.onnx and int8.onnx.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder that `prepare` filled")
    parser.add_argument("--seed", type=int, default=1)
    values = parser.parse_args(arguments)
    network = network_of(values.checkpoint)
    faces, nothing = read_faces(values.data, Split.CALIBRATION), read_nothing(values.data, Split.CALIBRATION)
    temperatures = fit(network, faces, nothing, values.seed)
    values.folder.mkdir(parents=True, exist_ok=True)
    export(network, temperatures, values.folder / FP32)
    quantise(network, temperatures, values.folder / INT8, calibration_crops(faces, nothing, CALIBRATION, values.seed))
    sizes = ", ".join(f"{name} {(values.folder / name).stat().st_size} B" for name in (FP32, INT8))
    print(f"{temperatures}; {sizes}")  # noqa: T201 - the command's answer


if __name__ == "__main__":
    main()
