"""Networks that no publisher offers, built here: other types, open sizes, broken numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from detector.networks import NETS, card_of, file_entry, write_bundle
from numpy.typing import NDArray

from edge_agent.detector.add import Request, add
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Input, Precision, Resize
from edge_agent.detector.errors import BundleError, DetectorError
from edge_agent.detector.session import Detector

onnx = pytest.importorskip("onnx", reason="builds networks with the onnx package of the dev group")

_SIZE = 64
_PICTURE = np.full((48, 96, 3), 200, dtype=np.uint8)


def _table(score: float = 0.9, **cell: float) -> NDArray[np.float32]:
    """YOLOX outputs (1, 84, 6) for 64x64 with one person in the middle cell of stride 8, unless `cell` says else."""
    table = np.zeros((1, 84, 6), dtype=np.float32)
    values = {"x": 0.0, "y": 0.0, "w": 0.0, "h": 0.0, "objectness": 1.0, "person": score} | cell
    table[0, 8 * 2 + 4] = list(values.values())
    return table


def _network(*tables: NDArray[Any], kind: str = "FLOAT", shape: tuple[int | str, ...] = (1, 3, _SIZE, _SIZE)) -> bytes:
    """An ONNX file that answers every picture with `tables`, an output each, plus zero times the picture's maximum."""
    helper, types = onnx.helper, onnx.TensorProto
    nodes, outputs, constants = [], [], []
    for number, table in enumerate(tables):
        element = {"float32": types.FLOAT, "float64": types.DOUBLE}[table.dtype.name]
        wide, top, none, name = (f"{what}{number}" for what in ("wide", "top", "none", "output"))
        nodes += [
            helper.make_node("Cast", ["images"], [wide], to=element),
            helper.make_node("ReduceMax", [wide], [top], keepdims=0),
            helper.make_node("Mul", [top, f"nought{number}"], [none]),
            helper.make_node("Add", [f"table{number}", none], [name]),
        ]
        outputs.append(helper.make_tensor_value_info(name, element, None))
        constants += [
            onnx.numpy_helper.from_array(table, f"table{number}"),
            onnx.numpy_helper.from_array(table.dtype.type(0), f"nought{number}"),
        ]
    picture = helper.make_tensor_value_info("images", getattr(types, kind), shape)
    graph = helper.make_graph(nodes, "made", [picture], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return bytes(model.SerializeToString())


def _bundle(folder: Path, content: bytes, **changes: Any) -> Bundle:
    card = card_of(NETS["yolox_person_192"], file_entry("made.onnx", content), **changes)
    return Bundle.load(write_bundle(folder, card, {"made.onnx": content}))


def _input(**changes: Any) -> Input:
    return Input(**({"width": _SIZE, "height": _SIZE, "resize": Resize.LETTERBOX_TOP_LEFT} | changes))


@pytest.mark.parametrize(
    ("kind", "shape", "changes"),
    [
        ("FLOAT", (1, 3, 64, 64), {}),
        ("UINT8", (1, 3, 64, 64), {"dtype": "uint8"}),
        ("UINT8", (1, 64, 64, 3), {"dtype": "uint8", "layout": "NHWC"}),
        ("FLOAT", ("N", 3, "height", "width"), {}),
    ],
)
def test_byte_inputs_and_open_sizes_run(
    kind: str, shape: tuple[int | str, ...], changes: dict[str, Any], tmp_path: Path
) -> None:
    """A network that takes bytes, in either layout, or leaves its size open, gives its box in the picture's pixels."""
    bundle = _bundle(tmp_path, _network(_table(), kind=kind, shape=shape), input=_input(**changes))
    found = Detector(bundle).detect(_PICTURE)
    # Cell (4, 2) at stride 8 is the point (32, 16) of 64x64; the picture is 1.5 times as wide.
    np.testing.assert_allclose(found.xyxy, [[(32 - 4) * 1.5, (16 - 4) * 1.5, (32 + 4) * 1.5, (16 + 4) * 1.5]])
    np.testing.assert_allclose(found.score, [0.9], rtol=1e-6)


def test_a_network_as_this_project_trains_them_needs_one_word(tmp_path: Path) -> None:
    """Bytes in, three maps out, wider than high: `--decoder fcos` is all that has to be said to find its person."""
    maps = [np.full((1, 5, 224 // stride, 384 // stride), -9.0, dtype=np.float32) for stride in (8, 16, 32)]
    maps[2][0, :, 3, 8] = [2.0, 0.0, 0.0, 0.0, 0.0]  # the point (272, 112) of 384x224, and 32 to all sides
    file = tmp_path / "trained.onnx"
    file.write_bytes(_network(*maps, kind="UINT8", shape=(1, 3, 224, 384)))
    card = add(Request(file, "fcos", "person"), tmp_path / "bundle")
    assert (card.input.width, card.input.height, card.input.dtype) == (384, 224, "uint8")
    found = Detector(Bundle.load(tmp_path / "bundle")).detect(np.zeros((720, 1280, 3), dtype=np.uint8))
    pixel = 1280 / 384  # the picture fills the width and 216 of the 224 rows
    np.testing.assert_allclose(found.xyxy, [[240 * pixel, 80 * pixel, 304 * pixel, 144 * pixel]], rtol=1e-6)
    np.testing.assert_allclose(found.score, [1 / (1 + np.exp(-2.0))], rtol=1e-6)


@pytest.mark.parametrize(
    "cell",
    [
        {"x": np.nan},
        {"w": np.nan},
        {"w": 1e30, "h": 1e30},
        {"x": np.inf, "w": np.inf},
        {"objectness": np.inf},
        {"objectness": 1e30, "person": 1e30},
        {"person": np.nan},
        {"y": -1e30},
    ],
)
def test_broken_numbers_end_in_the_detector(cell: dict[str, float], tmp_path: Path) -> None:
    """Whatever a network puts out, what leaves the detector are finite boxes in the picture with scores up to 1."""
    found = Detector(_bundle(tmp_path, _network(_table(**cell)), input=_input())).detect(_PICTURE)
    assert np.isfinite(found.xyxy).all()
    assert (found.xyxy[:, :2] < found.xyxy[:, 2:]).all()
    assert found.xyxy.min(initial=0.0) >= 0.0
    assert (found.xyxy.max(axis=0, initial=0.0) <= [96, 48, 96, 48]).all()
    assert ((found.score >= 0.1) & (found.score <= 1.0)).all()


def test_a_box_in_the_padding_is_nobody(tmp_path: Path) -> None:
    """The empty part of the letterbox is not part of the picture."""
    table = np.zeros((1, 84, 6), dtype=np.float32)
    table[0, 8 * 7 + 4] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.9]  # the point (32, 56); the picture ends at 32
    assert len(Detector(_bundle(tmp_path, _network(table), input=_input())).detect(_PICTURE)) == 0


def test_outputs_that_are_not_float_are_refused(tmp_path: Path) -> None:
    """float64 outputs: one line that names the output and what to do."""
    bundle = _bundle(tmp_path, _network(_table().astype(np.float64)), input=_input())
    with pytest.raises(BundleError, match=r"output output0 is tensor\(double\).*float") as caught:
        Detector(bundle)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("precision", "score"), [("fp32", 0.9), ("int8", 0.8), ("auto", 0.8)])
def test_the_file_of_the_precision_runs(precision: Any, score: float, tmp_path: Path) -> None:
    """The file that runs is the one of the precision asked for, and its checksum is the one reported."""
    contents = {"a.onnx": _network(_table(score=0.9)), "b.onnx": _network(_table(score=0.8))}
    files = [file_entry("a.onnx", contents["a.onnx"]), file_entry("b.onnx", contents["b.onnx"], Precision.INT8)]
    card = card_of(NETS["yolox_person_192"], *files, input=_input())
    detector = Detector(Bundle.load(write_bundle(tmp_path, card, contents)), precision=precision)
    assert detector.detect(_PICTURE).score == pytest.approx([score])
    assert detector.model_sha256 == files[0 if score == 0.9 else 1].sha256
    assert detector.precision == ("fp32" if score == 0.9 else "int8")


def test_a_failure_on_a_picture_is_one_line_and_not_the_end_of_the_detector(tmp_path: Path) -> None:
    """A network that fails on bright pictures only raises for those, naming its file, and works on afterwards."""
    helper, types = onnx.helper, onnx.TensorProto
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMax", ["images"], ["top"], keepdims=0),
            helper.make_node("Cast", ["top"], ["index"], to=types.INT64),
            helper.make_node("Gather", ["nought", "index"], ["none"]),  # there are 150 noughts
            helper.make_node("Add", ["table", "none"], ["output"]),
        ],
        "made",
        [helper.make_tensor_value_info("images", types.FLOAT, (1, 3, _SIZE, _SIZE))],
        [helper.make_tensor_value_info("output", types.FLOAT, None)],
        [
            onnx.numpy_helper.from_array(_table(), "table"),
            onnx.numpy_helper.from_array(np.zeros(150, dtype=np.float32), "nought"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    detector = Detector(_bundle(tmp_path, bytes(model.SerializeToString()), input=_input()))
    with pytest.raises(DetectorError, match=r"made\.onnx: ONNX Runtime failed on a picture") as caught:
        detector.detect(_PICTURE)
    assert "\n" not in str(caught.value)
    assert len(detector.detect(_PICTURE // 2)) == 1
