"""An exported detector in int8: static, per channel, calibrated on pictures, and checked against fp32.

`python -m training.quantise FP32.onnx INT8.onnx --calibrate SHARDS --check SHARDS`. Weights take 7 of their 8 bits:
processors without VNNI add two products of 8 bits in 16 and would saturate. The outputs stay float: 8 bits are too
few for scores that are compared and for boxes.
"""

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.batches import Pool
from training.export import INPUT
from training.runs import quiet
from training.validate import Letterbox, onnx_runner, validate

METHODS: Final = {
    "minmax": CalibrationMethod.MinMax,
    "percentile": CalibrationMethod.Percentile,
    "entropy": CalibrationMethod.Entropy,
}
DETOURS: Final = ("QuantizeLinear", "Relu", "Add", "Concat", "MaxPool", "FusedConv", "Cast")  # int8 has none of these


@dataclass(frozen=True)
class Recipe:
    """How to quantise; the defaults are what lost least (models/training/NOTES.md)."""

    method: str = "minmax"
    float_outputs: bool = True
    reduce_range: bool = True
    pictures: int = 200


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Samples of shards as network inputs, one by one."""

    def __init__(self, folders: Sequence[Path], count: int, seed: int) -> None:
        self._inputs = self._read(folders, count, seed)

    @staticmethod
    def _read(folders: Sequence[Path], count: int, seed: int) -> Iterator[dict[str, NDArray[np.uint8]]]:
        rng, letterboxed = np.random.default_rng(seed), Letterbox()
        for folder in folders:
            pool = Pool(folder)
            pool.refresh()
            if not len(pool):
                raise ValueError(f"{folder}: no shards (*.npz) to calibrate on; generate some first")
            for index in rng.permutation(len(pool))[: count // len(folders)]:
                picture, _ = letterboxed(pool.scene(int(index), owner=False))
                yield {INPUT: np.ascontiguousarray(picture.transpose(2, 0, 1)[None])}

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        return next(self._inputs, None)


def quantise(source: Path, target: Path, folders: Sequence[Path], recipe: Recipe | None = None, seed: int = 0) -> None:
    """Write `target`, the int8 form (QDQ) of the exported file `source`, calibrated on shards of `folders`."""
    recipe = recipe or Recipe()
    with quiet(), tempfile.TemporaryDirectory() as folder:
        prepared, quantised = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        quantize_static(
            str(prepared),
            str(quantised),
            _Pictures(folders, recipe.pictures, seed),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=recipe.reduce_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=_last_convolutions(graph) if recipe.float_outputs else [],
            calibrate_method=METHODS[recipe.method],
            extra_options={
                "TensorQuantOverrides": {_float_input(graph): [{"rmin": np.float32(0), "rmax": np.float32(255)}]}
            },
        )
        model = onnx.load(quantised)
        _feed_directly(model.graph)
        onnx.checker.check_model(model)
        part = target.with_suffix(".part")
        onnx.save(model, part)
        part.replace(target)


def _last_convolutions(graph: onnx.GraphProto) -> list[str]:
    outputs = {output.name for output in graph.output}
    return [node.name for node in graph.node if node.op_type == "Conv" and outputs & set(node.output)]


def _float_input(graph: onnx.GraphProto) -> str:
    """The tensor that holds the pictures as floats."""
    return next(str(node.output[0]) for node in graph.node if node.op_type == "Cast" and node.input[0] == INPUT)


def _feed_directly(graph: onnx.GraphProto) -> None:
    """Pictures are uint8 already: 0 to 255 in steps of 1 need no way through floats before the first convolution."""
    cast = next(node for node in graph.node if node.op_type == "Cast" and node.input[0] == INPUT)
    quantiser = next(
        node for node in graph.node if node.op_type == "QuantizeLinear" and node.input[0] == cast.output[0]
    )
    constants = {item.name: onnx.numpy_helper.to_array(item) for item in graph.initializer}
    scale, zero = constants[quantiser.input[1]], constants[quantiser.input[2]]
    if abs(float(scale) - 1) > 1e-6 or int(zero) != 0:
        raise ValueError(f"the input was quantised in steps of {scale} from {zero}; expected steps of 1 from 0")
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == quantiser.output[0]:
                node.input[place] = INPUT
    graph.node.remove(quantiser)
    graph.node.remove(cast)


def operations(path: Path) -> Counter[str]:
    """What ONNX Runtime makes of the file on this machine: operations by name."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(Path(folder) / "optimised.onnx")
        options.log_severity_level = 3  # it warns that the optimised file suits this machine only: it is not kept
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return Counter(str(node.op_type) for node in onnx.load(options.optimized_model_filepath).graph.node)


def detours(path: Path) -> dict[str, int]:
    """What betrays a way through floats on the way to the last convolutions; these are meant to be in float."""
    return {name: count for name, count in operations(path).items() if name in DETOURS}


def differences(one: Path, other: Path, folder: Path, pictures: int) -> list[float]:
    """Mean absolute difference of scores (0 to 1) and of log-distances where `one` sees somebody; nan: nowhere."""
    runs = [onnx_runner(path) for path in (one, other)]
    scores, distances = [], []
    reader = _Pictures([folder], pictures, 1)
    while (item := reader.get_next()) is not None:
        for a, b in zip(*[run(item[INPUT]) for run in runs], strict=True):
            p, q = a[:, :1].sigmoid(), b[:, :1].sigmoid()
            somebody = (p > 0.3)[:, 0]
            scores.append((p - q).abs()[:, 0][somebody].numpy())
            distances.append((a - b)[:, -4:].abs().mean(1)[somebody].numpy())
    together = [np.concatenate(values) for values in (scores, distances)]
    return [float(values.mean()) if len(values) else float("nan") for values in together]


def speeds(paths: Sequence[Path], rounds: int = 60) -> dict[Path, float]:
    """Median milliseconds of the one thread's own time per picture; files take turns, so other load hits all alike."""
    rng, sessions = np.random.default_rng(0), []
    for path in paths:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        asked = session.get_inputs()[0]
        kind = np.uint8 if "uint8" in asked.type else np.float32
        sessions.append((path, session, {asked.name: rng.integers(0, 255, asked.shape).astype(kind)}))
    times: dict[Path, list[float]] = {path: [] for path in paths}
    for _ in range(rounds):
        for path, session, feed in sessions:
            start = time.thread_time()  # not the waiting for a busy core
            session.run(None, feed)
            times[path].append(time.thread_time() - start)
    return {path: float(np.median(values)) * 1e3 for path, values in times.items()}


def report(source: Path, target: Path, check: Path | None, against: Sequence[Path]) -> None:
    """Print how both files compare in size, in float detours, in milliseconds and in what they find."""
    lines = [f"operations: {dict(operations(target))}", f"detours through float: {detours(target) or 'none'}"]
    for path, milliseconds in speeds([source, target, *against]).items():
        lines.append(f"{path.name}: {milliseconds:.2f} ms, {path.stat().st_size} B")
    if check is not None:
        score, distance = differences(source, target, check, 100)
        lines.append(f"where somebody is, scores differ by {score:.4f}, log-distances by {distance:.4f}")
        lines += [f"{path.name}: {validate(onnx_runner(path), check, 400)}" for path in (source, target)]
    print("\n".join(lines))  # noqa: T201 - the command's answer


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="training.quantise", description="Write an exported detector in int8.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--calibrate", type=Path, action="append", required=True, help="folder of shards; may repeat")
    parser.add_argument("--method", choices=list(METHODS), default=Recipe.method)
    parser.add_argument("--quantised-outputs", action="store_true", help="the last convolutions in int8 too")
    parser.add_argument("--full-range", action="store_true", help="8-bit weights: only for processors with VNNI or ARM")
    parser.add_argument("--pictures", type=int, default=Recipe.pictures, help="to calibrate on")
    parser.add_argument("--check", type=Path, help="folder of shards on which both files are compared")
    parser.add_argument("--against", type=Path, action="append", default=[], help="other ONNX files to time beside")
    values = parser.parse_args(arguments)
    recipe = Recipe(values.method, not values.quantised_outputs, not values.full_range, values.pictures)
    quantise(values.source, values.target, values.calibrate, recipe)
    report(values.source, values.target, values.check, values.against)


if __name__ == "__main__":
    main()
