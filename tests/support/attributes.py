"""A face-attribute bundle with a network of a few lines: it reads the tint of a crop, as tests paint it.

The more green, the more readable; the more blue than red, the more male; the age is always 30 to 39. It is a real ONNX
file and goes all the way through the agent.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from onnx import TensorProto, checker, helper, numpy_helper

SIDE = 64
_HALF = 127.5


def network(*, dtype: int = TensorProto.UINT8, without: str = "") -> bytes:
    """The ONNX file: (n, 3, 64, 64) to sex (n, 2), age (n, 6), readable (n, 1); `without` leaves an output out."""
    constants: dict[str, np.ndarray[Any, Any]] = {
        "axes": np.array([2, 3], np.int64),
        # columns blue, green, red; sigmoid of the difference of blue and red, and of green against the middle
        "to_sex": np.array([[-0.03, 0.03], [0.0, 0.0], [0.03, -0.03]], np.float32),
        "to_readable": np.array([[0.0], [0.05], [0.0]], np.float32),
        "middle": np.array([-0.05 * _HALF], np.float32),
        "to_age": np.zeros((3, 6), np.float32),
        "ages": np.array([0.0, 0.0, 4.0, 0.0, 0.0, 0.0], np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["faces"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "to_sex"], ["sex_logits"]),
        helper.make_node("Softmax", ["sex_logits"], ["sex"], axis=1),
        helper.make_node("MatMul", ["means", "to_readable"], ["green"]),
        helper.make_node("Add", ["green", "middle"], ["readable_logit"]),
        helper.make_node("Sigmoid", ["readable_logit"], ["readable"]),
        helper.make_node("MatMul", ["means", "to_age"], ["nothing"]),
        helper.make_node("Add", ["nothing", "ages"], ["age_logits"]),
        helper.make_node("Softmax", ["age_logits"], ["age"], axis=1),
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
        for name, size in (("sex", 2), ("age", 6), ("readable", 1))
        if name != without
    ]
    graph = helper.make_graph(
        nodes,
        "tint",
        [helper.make_tensor_value_info("faces", dtype, ["n", 3, SIDE, SIDE])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    checker.check_model(model)
    return bytes(model.SerializeToString())


def make_bundle(folder: Path, *, content: bytes | None = None, precisions: tuple[str, ...] = ("int8", "fp32")) -> Path:
    """A bundle folder around it; the files of all precisions are the same network."""
    content = network() if content is None else content
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "name": "tint",
        "version": "1",
        "description": "Reads the tint of a crop.",
        "task": "attributes",
        "licence": "MIT",
        "source": {"publisher": "the tests", "url": "https://example.org/"},
        "crop": {"side": SIDE, "margin": 0.25},
        "attributes": {"readable": 0.5, "sex_confidence": 0.75, "age_confidence": 0.4, "chosen": "By the tests."},
        "file": [
            {
                "name": f"{precision}.onnx",
                "precision": precision,
                "sha256": hashlib.sha256(content).hexdigest(),
                "size_bytes": len(content),
            }
            for precision in precisions
        ],
    }
    (folder / "card.toml").write_text(tomli_w.dumps(card), encoding="utf-8")
    for precision in precisions:
        (folder / f"{precision}.onnx").write_bytes(content)
    return folder
