"""The exported attribute model: it answers as the network does, and its int8 form nearly so."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from training.attributes.data import Split, read_faces, read_nothing
from training.attributes.export import FP32, INPUT, INT8, OUTPUTS, calibration_crops, export, quantise
from training.attributes.network import Reader
from training.attributes.temperature import Temperatures, fit, logits
from training.attributes.train import band_probabilities

TEMPERATURES = Temperatures(sex=0.7, young=1.6, age=1.4, readable=2.0)
Files = tuple[Reader, Path]


@pytest.fixture(scope="module")
def files(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A network whose normalisations are not those of a fresh one, and the folder of its files."""
    torch.manual_seed(1)
    network = Reader("q").train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.rand_like(parameter) * 0.2)
        for _ in range(3):
            network(torch.rand(4, 3, 64, 64))
    out = tmp_path_factory.mktemp("export")
    faces, nothing = read_faces(folder, Split.CALIBRATION), read_nothing(folder, Split.CALIBRATION)
    export(network.eval(), TEMPERATURES, out / FP32)
    quantise(network, TEMPERATURES, out / INT8, calibration_crops(faces, nothing, 20, 1))
    return network, out


def _run(path: Path, pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == list(OUTPUTS)
    found: list[Any] = session.run(None, {INPUT: pictures})
    return found


PICTURES = np.random.default_rng(2).integers(0, 256, (5, 3, 64, 64), np.uint8)


def test_fp32_says_what_the_network_says_at_its_temperatures(files: Files) -> None:
    """Probabilities of sex, bands and readable are the network's own, to within what 16-bit weights cost."""
    network, folder = files
    sex, age, readable = _run(folder / FP32, PICTURES)
    read = logits(network, torch.from_numpy(PICTURES.transpose(0, 2, 3, 1).copy()))
    np.testing.assert_allclose(sex, TEMPERATURES.sexes(read), atol=2e-3)
    bands = band_probabilities(read._replace(age=read.age / TEMPERATURES.age))
    np.testing.assert_allclose(age, bands, atol=2e-3)
    np.testing.assert_allclose(readable, torch.sigmoid(read.readable / TEMPERATURES.readable), atol=2e-3)


@pytest.mark.parametrize("name", [FP32, INT8])
@pytest.mark.parametrize("count", [1, 3])
def test_any_number_of_faces_may_be_read_at_once(files: Files, name: str, count: int) -> None:
    """A face's probabilities do not depend on the others of the call, and each head's add up to 1."""
    whole, part = _run(files[1] / name, PICTURES), _run(files[1] / name, PICTURES[:count])
    assert [value.shape for value in part] == [(count, 2), (count, 6), (count,)]
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_allclose(one[:count], other, atol=1e-5)
    np.testing.assert_allclose(part[0].sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(part[1].sum(1), 1, atol=1e-5)


def test_int8_says_nearly_the_same(files: Files) -> None:
    """No probability moves by more than a few hundredths, though every convolution is in int8."""
    for one, other in zip(_run(files[1] / FP32, PICTURES), _run(files[1] / INT8, PICTURES), strict=True):
        np.testing.assert_allclose(one, other, atol=0.06)
    kinds = [node.op_type for node in onnx.load(files[1] / INT8).graph.node]
    assert kinds.count("DequantizeLinear") >= 2 * kinds.count("Conv")


def test_the_files_are_small(files: Files) -> None:
    """Weights take two bytes each in fp32's file and one in int8's, and names hardly anything."""
    network, folder = files
    weights = sum(parameter.numel() for parameter in network.parameters() if parameter.ndim > 2)
    assert (folder / FP32).stat().st_size < 2 * weights + 30_000
    assert (folder / INT8).stat().st_size < weights + 40_000


def test_temperatures_undo_overconfidence(files: Files, folder: Path) -> None:
    """Logits that are three times too large get a temperature at least two and a half times as high."""
    network, _ = files
    faces, nothing = read_faces(folder, Split.CALIBRATION), read_nothing(folder, Split.CALIBRATION)
    calm = fit(network, faces, nothing, 1)
    loud = Reader("q").eval()
    loud.load_state_dict(network.state_dict())
    with torch.no_grad():
        loud.sex.weight.mul_(3)
        loud.sex.bias.mul_(3)
    assert fit(loud, faces, nothing, 1).sex >= min(4.9, 2.5 * calm.sex)
