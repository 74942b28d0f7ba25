"""The way back from an attribute model's fp32 file to a network that is trained on, and that may have grown."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from training.attributes.augment import seen
from training.attributes.batches import as_input
from training.attributes.data import Split, read_faces
from training.attributes.export import FP32, export
from training.attributes.network import DESIGNS, Design, Read, Reader
from training.attributes.temperature import Temperatures
from training.attributes.train import Options, begin
from training.attributes.warm import grown_from
from training.network import Residual

LARGER = {
    "block": Design((16, 32, 48, 64), (0, 1, 1, 1)),
    "blocks": Design((16, 32, 48, 64), (1, 2, 1, 2)),
    "wider": Design((16, 32, 48, 80), (0, 1, 1, 0)),
    "smaller": Design((16, 32, 48, 64), (0, 1, 0, 0)),
}
UNTEMPERED = Temperatures(sex=1.0, young=1.0, age=1.0, readable=1.0)


@pytest.fixture(autouse=True)
def _designs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks that have grown out of the quick one."""
    for name, design in LARGER.items():
        monkeypatch.setitem(DESIGNS, name, design)


@pytest.fixture(scope="module")
def pictures(folder: Path) -> torch.Tensor:
    """As the training sees them."""
    faces, rng = read_faces(folder, Split.TRAIN), np.random.default_rng(1)
    shown = [seen(faces.pixels[number % len(faces)], rng) for number in range(64)]
    return as_input(torch.from_numpy(np.stack(shown))).float()


@pytest.fixture(scope="module")
def shipped(pictures: torch.Tensor, tmp_path_factory: pytest.TempPathFactory) -> tuple[Reader, Path]:
    """A network whose normalisations and heads are not those of a fresh one, and its file."""
    torch.manual_seed(1)
    network = Reader("q").train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.rand_like(parameter) * 0.2)
        for _ in range(20):
            network(pictures)
    path = tmp_path_factory.mktemp("shipped") / FP32
    export(network.eval(), UNTEMPERED, path)
    return network, path


def _answers(network: Reader, pictures: torch.Tensor) -> Read:
    with torch.no_grad():
        return Read(*network(pictures))


@pytest.mark.parametrize("size", ["q", "block", "blocks"])
def test_the_grown_network_answers_as_the_file_does(
    shipped: tuple[Reader, Path], pictures: torch.Tensor, size: str
) -> None:
    """On the training's pictures each logit is the file's, also while batches normalise themselves; it can learn."""
    grown = grown_from(shipped[1], size, pictures)
    assert grown.training
    assert grown.size == size
    wanted, learning = _answers(shipped[0], pictures), _answers(grown, pictures)
    for want, as_it_learns, at_rest in zip(wanted, learning, _answers(grown.eval(), pictures), strict=True):
        torch.testing.assert_close(at_rest, want, rtol=0.02, atol=0.02)
        torch.testing.assert_close(as_it_learns, want, rtol=0.02, atol=0.02)


def test_a_new_block_can_learn(shipped: tuple[Reader, Path], pictures: torch.Tensor) -> None:
    """A block that the file lacks corrects nothing at first, and yet has a gradient: it is not dead."""
    grown = grown_from(shipped[1], "block", pictures)
    assert len(grown.trunk) == len(shipped[0].trunk) + 1
    new = grown.trunk[-1]
    assert isinstance(new, Residual)
    assert isinstance(new.second.norm, nn.BatchNorm2d)
    grown(pictures).sex[:, 0].sum().backward()
    correction = new.second.norm.weight
    assert not correction.any()
    assert correction.grad is not None
    assert correction.grad.abs().sum() > 0


@pytest.mark.parametrize("size", ["wider", "smaller", "s"])
def test_another_network_is_refused(shipped: tuple[Reader, Path], pictures: torch.Tensor, size: str) -> None:
    """A file of other widths, or of more blocks than the network has, is named in one line with what to do."""
    with pytest.raises(ValueError, match=rf"fp32\.onnx: not the fp32 file of a reader of size {size}; name") as caught:
        grown_from(shipped[1], size, pictures)
    assert len(str(caught.value).splitlines()) == 1


def test_a_training_begins_with_a_file(shipped: tuple[Reader, Path], folder: Path, tmp_path: Path) -> None:
    """`--init` gives the training the file's network, and the average begins there too."""
    state = begin(Options(folder, tmp_path, size="block", weights=shipped[1]))
    ours, theirs = (next(network.trunk.parameters()).flatten() for network in (state.network, shipped[0]))
    assert torch.cosine_similarity(ours, theirs, dim=0) > 0.99  # its normalisation is another, so its size is
    for name, value in state.network.state_dict().items():
        assert torch.equal(value, state.average.state[name])
