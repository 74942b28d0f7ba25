"""A network whose answer is known: one person in the middle, the surer the brighter the picture is."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from training.evaluation.networks import Network

from edge_agent.detector.add import Request, add
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision

SIZE = 64
_NEVER = -20.0

MakeNetwork = Callable[..., Network]
MakeClip = Callable[..., Path]


def _map(cells: int, logit: float) -> NDArray[np.float32]:
    """(1, 5, cells, cells): nobody anywhere."""
    level = np.zeros((1, 5, cells, cells), np.float32)
    level[:, 0] = logit
    return level


def _onnx(half: float) -> bytes:
    """The logit of the cell at row 3, column 3 of stride 8, whose centre is (28, 28), is 10 * brightest / 255 - 5."""
    onnx = pytest.importorskip("onnx", reason="builds a network with the onnx package")
    helper, types, constant = onnx.helper, onnx.TensorProto, onnx.numpy_helper.from_array
    base, cell = _map(8, _NEVER), np.zeros((1, 5, 8, 8), np.float32)
    base[0, 0, 3, 3], cell[0, 0, 3, 3] = -5.0, 10.0 / 255.0
    base[0, 1:, 3, 3] = np.log(half / 8.0)
    nodes = [
        helper.make_node("Cast", ["pictures"], ["wide"], to=types.FLOAT),
        helper.make_node("ReduceMax", ["wide"], ["brightest"], keepdims=0),
        helper.make_node("Mul", ["cell", "brightest"], ["seen"]),
        helper.make_node("Add", ["base", "seen"], ["p8"]),
        helper.make_node("Identity", ["none16"], ["p16"]),
        helper.make_node("Identity", ["none32"], ["p32"]),
    ]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("pictures", types.UINT8, [1, 3, SIZE, SIZE])],
        [helper.make_tensor_value_info(f"p{stride}", types.FLOAT, None) for stride in (8, 16, 32)],
        [
            constant(base, "base"),
            constant(cell, "cell"),
            constant(_map(4, _NEVER), "none16"),
            constant(_map(2, _NEVER), "none32"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Path]:
    """Gives bundles whose person is 2 x `half` pixels wide and high, in the middle of a picture of SIZE."""

    def make(name: str = "made", half: float = 16.0, precisions: Sequence[str] = ("fp32",)) -> Path:
        file, folder = tmp_path / f"{name}.onnx", tmp_path / "bundles" / name
        for number, precision in enumerate(precisions):
            # Another file by a pixel's thousandth: a bundle does not hold the same one twice.
            file.write_bytes(_onnx(half + 0.001 * number))
            add(Request(file, "fcos", "person", precision=Precision(precision), name=name), folder)
        return folder

    return make


@pytest.fixture
def make_network(make_bundle: Callable[..., Path]) -> MakeNetwork:
    """Gives such a network, loaded."""

    def make(name: str = "made", half: float = 16.0) -> Network:
        return Network.load(Bundle.load(make_bundle(name, half)), Precision.FP32)

    return make


def grey(level: int) -> NDArray[np.uint8]:
    """A picture of one grey, in the network's size."""
    return np.full((SIZE, SIZE, 3), level, np.uint8)


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Writes clips of grey frames."""

    def make(name: str, levels: Sequence[int]) -> Path:
        path = tmp_path / "clips" / name
        path.parent.mkdir(exist_ok=True)
        # Motion JPEG in an AVI whatever the name says: every build of OpenCV writes it, and readers look inside.
        written = path.with_suffix(".avi")
        writer = cv2.VideoWriter(str(written), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (SIZE, SIZE))
        for level in levels:
            writer.write(grey(level))
        writer.release()
        return written.replace(path)

    return make


@pytest.fixture
def make_indoor(tmp_path: Path) -> Callable[..., Path]:
    """Writes pictures of one grey as people/ and empty/."""

    def make(people: Sequence[int], empty: Sequence[int]) -> Path:
        for kind, levels in (("people", people), ("empty", empty)):
            folder = tmp_path / "indoor" / kind
            folder.mkdir(parents=True)
            for number, level in enumerate(levels):
                cv2.imwrite(str(folder / f"{number:03}.jpg"), grey(level))
        return tmp_path / "indoor"

    return make
