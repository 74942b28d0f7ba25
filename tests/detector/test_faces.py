"""The network that reads faces: which file runs, what goes in and comes out, and that no crop stays in it."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from support.attributes import SIDE, make_bundle, network

from edge_agent.detector.bundle import AttributesBundle, Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.errors import BundleError, ProviderError
from edge_agent.detector.faces import AttributeNetwork

BLUE, GREEN, RED = (250, 0, 0), (0, 250, 0), (0, 0, 250)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> AttributesBundle:
    """A sound bundle with both precisions."""
    return AttributesBundle.load(make_bundle(tmp_path_factory.mktemp("tint")))


def crops(*colours: tuple[int, int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """One crop of each colour, blue green red."""
    return np.stack([np.full((SIDE, SIDE, 3), colour, np.uint8) for colour in colours])


def test_probabilities_come_out_by_name_and_in_order(bundle: AttributesBundle) -> None:
    """A row per crop: blue is male, red is female, green is readable; channels and outputs are not mixed up."""
    sex, age, readable = AttributeNetwork(bundle).read(crops(BLUE, GREEN, RED))
    assert (sex.shape, age.shape, readable.shape) == ((3, 2), (3, 6), (3,))
    assert sex[:, 1] == pytest.approx([1.0, 0.5, 0.0], abs=0.01)
    assert readable == pytest.approx([0.0, 1.0, 0.0], abs=0.01)
    assert age.argmax(axis=1).tolist() == [2, 2, 2]
    assert age.sum(axis=1) == pytest.approx([1.0, 1.0, 1.0])


def test_crops_do_not_influence_each_other(bundle: AttributesBundle) -> None:
    """One by one or together, the same crop gives the same numbers; no crops give none."""
    net = AttributeNetwork(bundle)
    together = net.read(crops(BLUE, GREEN, RED))
    for i, colour in enumerate((BLUE, GREEN, RED)):
        for one, all_of in zip(net.read(crops(colour)), together, strict=True):
            assert (one[0] == all_of[i]).all()
    assert [len(each) for each in net.read(crops(RED)[:0])] == [0, 0, 0]


def test_a_crop_of_another_size_is_refused(bundle: AttributesBundle) -> None:
    """Nothing is scaled in silence."""
    with pytest.raises(ValueError, match="the network reads"):
        AttributeNetwork(bundle).read(np.zeros((1, 32, 32, 3), np.uint8))


def test_no_crop_stays_in_the_network(bundle: AttributesBundle) -> None:
    """The input's memory is overwritten after each reading."""
    net = AttributeNetwork(bundle)
    net.read(crops(GREEN))
    assert not net._crop.any()


def test_the_time_in_the_network_is_counted(bundle: AttributesBundle) -> None:
    """`model_cpu_s` grows with every reading."""
    net = AttributeNetwork(bundle)
    before_s = net.model_cpu_s
    net.read(np.repeat(crops(GREEN), 200, axis=0))
    assert net.model_cpu_s > before_s


@pytest.mark.parametrize(("wanted", "runs"), [(None, Precision.INT8), (Precision.FP32, Precision.FP32)])
def test_int8_runs_unless_another_is_asked_for(
    bundle: AttributesBundle, wanted: Precision | None, runs: Precision
) -> None:
    """The file that runs is named by precision and hash."""
    net = AttributeNetwork(bundle, precision=wanted)
    file = bundle.card.file_of(runs)
    assert file is not None
    assert (net.precision, net.model_sha256) == (runs, file.sha256)


def test_a_precision_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """No other one runs in its place."""
    only = AttributesBundle.load(make_bundle(tmp_path, precisions=("fp32",)))
    assert AttributeNetwork(only).precision is Precision.FP32
    with pytest.raises(BundleError, match="has no int8 file"):
        AttributeNetwork(only, precision=Precision.INT8)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (network(without="readable"), "needs an output 'readable' of 1x1; it has sex 1x2, age 1x6"),
        (network(dtype=TensorProto.FLOAT), "the card says one input 1x3x64x64 uint8"),
        (b"no network", "ONNX Runtime cannot load it"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """One line that names the file and what is missing."""
    folder = make_bundle(tmp_path, content=content)
    with pytest.raises(BundleError) as caught:
        AttributeNetwork(AttributesBundle.load(folder))
    assert says in str(caught.value)
    assert str(folder / "int8.onnx") in str(caught.value)


def test_a_changed_file_never_runs(tmp_path: Path) -> None:
    """The checksum of the card is verified, as a detector's."""
    folder = make_bundle(tmp_path)
    content = bytearray((folder / "int8.onnx").read_bytes())
    content[-1] ^= 1
    (folder / "int8.onnx").write_bytes(content)
    with pytest.raises(BundleError, match="sha256"):
        AttributesBundle.load(folder)


def test_another_provider_than_the_configured_one_does_not_run(bundle: AttributesBundle) -> None:
    """It is an error, or said aloud, as with a detector."""
    with pytest.raises(ProviderError):
        AttributeNetwork(bundle, provider="tensorrt")
    assert AttributeNetwork(bundle, provider="tensorrt", allow_fallback=True).provider == "cpu"


def test_a_bundle_for_faces_is_no_detector(tmp_path: Path) -> None:
    """Where a detector is wanted, the card of an attribute model is refused, and the other way round."""
    with pytest.raises(BundleError):
        Bundle.load(make_bundle(tmp_path))
