"""The exported file: it answers as the network does, and its int8 form nearly so."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from support.shards import write_shards
from training.export import INPUT, OUTPUTS, export
from training.network import HEIGHT, STRIDES, WIDTH, Detector
from training.quantise import Recipe, detours, differences, operations, quantise
from training.validate import onnx_runner
from training.warm import restored


def seasoned() -> Detector:
    """A network whose normalisations are not those of a fresh one."""
    torch.manual_seed(1)
    network = Detector("s").train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.rand_like(parameter) * 0.2)
        for _ in range(3):
            network(torch.rand(2, 3, 96, 96))
    return network.eval()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Detector, Path, Path, Path]:
    """A network, its exported file, its int8 form, and the folder of shards that this was calibrated on."""
    folder = tmp_path_factory.mktemp("export")
    write_shards(folder / "shards", 1)
    network = seasoned()
    export(network, folder / "fp32.onnx")
    quantise(folder / "fp32.onnx", folder / "int8.onnx", [folder / "shards"], Recipe(pictures=4))
    return network, folder / "fp32.onnx", folder / "int8.onnx", folder / "shards"


Files = tuple[Detector, Path, Path, Path]


def test_the_file_takes_pictures_as_they_are(files: Files) -> None:
    """Input is uint8 of the agent's size, outputs are the raw levels with their names, in opset 17."""
    model = onnx.load(files[1])
    assert model.opset_import[0].version == 17
    session = onnxruntime.InferenceSession(str(files[1]), providers=["CPUExecutionProvider"])
    given = session.get_inputs()[0]
    assert (given.name, given.type, given.shape) == (INPUT, "tensor(uint8)", [1, 3, HEIGHT, WIDTH])
    expected = [[1, 5, HEIGHT // s, WIDTH // s] for s in STRIDES]
    assert [(o.name, o.shape) for o in session.get_outputs()] == list(zip(OUTPUTS, expected, strict=True))


def test_the_file_answers_as_the_network(files: Files) -> None:
    """Folding the normalisations and the division by 255 into the convolutions changes nothing."""
    pictures = np.random.default_rng(1).integers(0, 256, (1, 3, HEIGHT, WIDTH)).astype(np.uint8)
    with torch.no_grad():
        expected = files[0](torch.from_numpy(pictures).float() / 255)
    for want, got in zip(expected, onnx_runner(files[1])(pictures), strict=True):
        assert torch.allclose(want, got, atol=2e-3)


def test_no_normalisation_is_left_in_the_file(files: Files) -> None:
    """The file has convolutions only: no batch normalisation and no division."""
    kinds = {node.op_type for node in onnx.load(files[1]).graph.node}
    assert not kinds & {"BatchNormalization", "Div", "Mul", "Sub"}


def test_int8_runs_without_detours(files: Files) -> None:
    """Between the picture and the last convolutions everything is int8, and the file is a third as large."""
    assert detours(files[2]) == {}
    assert operations(files[2])["QLinearConv"] >= 20
    assert files[2].stat().st_size < files[1].stat().st_size / 3
    assert files[2].stat().st_size < 1.5e6


def test_int8_answers_nearly_as_fp32(files: Files) -> None:
    """The raw outputs of both differ little."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 80, (1, 3, HEIGHT, WIDTH)).astype(np.uint8)
    for a, b in zip(*[onnx_runner(path)(pictures) for path in files[1:3]], strict=True):
        assert (a - b).abs().mean() < 0.1
    assert not np.isfinite(differences(files[1], files[2], files[3], 2)).any()  # it sees nobody yet


def test_calibration_without_pictures_is_refused(files: Files, tmp_path: Path) -> None:
    """An empty folder says what is missing, and no file is written."""
    with pytest.raises(ValueError, match="no shards"):
        quantise(files[1], tmp_path / "int8.onnx", [tmp_path], Recipe(pictures=2))
    assert not (tmp_path / "int8.onnx").exists()


def test_a_bundles_file_can_be_trained_on(files: Files) -> None:
    """The network restored from a file answers as the file, and nearly so when batches normalise themselves."""
    pictures = torch.rand(16, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(2))
    again = restored(files[1], pictures)
    with torch.no_grad():
        want = files[0](pictures)
        trained = again.train()(pictures)
        for expected, got in zip(want, again.eval()(pictures), strict=True):
            torch.testing.assert_close(got, expected, rtol=1e-3, atol=2e-3)
    for expected, got in zip(want, trained, strict=True):
        torch.testing.assert_close(got, expected, rtol=0.05, atol=0.05)


def test_another_network_is_not_restored(files: Files, tmp_path: Path) -> None:
    """The int8 form, or any other file, is refused in one line that names it."""
    with pytest.raises(ValueError, match=r"int8\.onnx: not the fp32 file"):
        restored(files[2], torch.zeros(1, 3, HEIGHT, WIDTH))
