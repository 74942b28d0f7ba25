"""The detector as a whole: fit, providers, threads, memory, silence."""

import os
import time
import tracemalloc
from pathlib import Path
from typing import Any, get_args

import numpy as np
import onnxruntime
import pytest
from detector.conftest import BundleOf
from detector.networks import NETS, frame_of, public_bundle

from edge_agent.detector.card import YoloxDecoder
from edge_agent.detector.classes import CLASS_LISTS
from edge_agent.detector.errors import BundleError, ProviderError
from edge_agent.detector.network import PROVIDERS, ProviderName
from edge_agent.detector.presets import PRESETS
from edge_agent.detector.session import Detector

_ABSENT = [name for name in get_args(ProviderName) if PROVIDERS[name] not in onnxruntime.get_available_providers()]


@pytest.mark.parametrize("name", NETS)
def test_boxes_are_wanted_visible_clipped_and_best_first(name: str, shared: Path, bundle_of: BundleOf) -> None:
    """Every network's answer keeps the promises of `Detections`."""
    image = frame_of(shared, "classroom.gif", 20)
    detector = Detector(bundle_of(name))
    found = detector.detect(image)
    assert len(found) > 0
    assert [array.dtype.name for array in (found.xyxy, found.score, found.class_id)] == ["float32", "float32", "int64"]
    assert found.xyxy.shape == (len(found), 4)
    assert (found.xyxy[:, :2] < found.xyxy[:, 2:]).all()
    assert found.xyxy.min() >= 0
    assert (found.xyxy.max(axis=0) <= [480, 270, 480, 270]).all()
    assert (found.score >= detector.low).all()
    assert (np.diff(found.score) <= 0).all()
    assert set(found.class_id.tolist()) <= set(range(len(detector.classes)))


def test_only_wanted_classes_come_and_they_come_unchanged(shared: Path, bundle_of: BundleOf) -> None:
    """Asking for two classes gives exactly their boxes among all, with the same class numbers."""
    image = frame_of(shared, "classroom.gif", 20)
    everything = Detector(bundle_of("yolox_nano")).detect(image)
    some = Detector(bundle_of("yolox_nano"), classes_wanted=["chair", "person"]).detect(image)
    person, chair = (CLASS_LISTS["coco"].index(name) for name in ("person", "chair"))
    keep = np.isin(everything.class_id, [person, chair])
    assert set(some.class_id.tolist()) == {person, chair}
    np.testing.assert_array_equal(some.xyxy, everything.xyxy[keep])
    np.testing.assert_array_equal(some.class_id, everything.class_id[keep])


def test_a_class_that_the_network_does_not_know_is_an_error_with_those_it_does(bundle_of: BundleOf) -> None:
    """Counting bottles with a network for people fails at the start and not with zeros for ever."""
    with pytest.raises(BundleError, match=r"no class 'bottle'.*person"):
        Detector(bundle_of("yolox_person_192"), classes_wanted=["person", "bottle"])


@pytest.mark.parametrize(("min_score", "threshold", "low"), [(None, 0.4, 0.1), (0.7, 0.7, 0.1), (0.05, 0.05, 0.05)])
def test_the_operating_threshold_can_be_set(
    min_score: float | None, threshold: float, low: float, bundle_of: BundleOf
) -> None:
    """`min_score` replaces the card's threshold; the lower bound follows it down but not up."""
    detector = Detector(bundle_of("yolox_person_192"), min_score=min_score)
    assert (detector.threshold, detector.low) == (threshold, low)


def test_results_do_not_depend_on_the_pictures_before(shared: Path, bundle_of: BundleOf) -> None:
    """Reused buffers remember nothing: the same picture gives the same boxes after others of other sizes."""
    picture, other = frame_of(shared, "one-by-one.mp4", 120), frame_of(shared, "bottles-on-shelf.mp4", 440)
    detector = Detector(bundle_of("yolox_nano"))
    first = detector.detect(picture)
    kept = first.xyxy.copy(), first.score.copy()
    for image in (other, picture[:300, :200], np.rot90(other).copy(), other[:1, :1]):
        detector.detect(image)
    again = detector.detect(picture)
    np.testing.assert_array_equal(again.xyxy, kept[0])
    np.testing.assert_array_equal(again.score, kept[1])
    np.testing.assert_array_equal(first.xyxy, kept[0])  # results are not views of the buffers either


@pytest.mark.parametrize("name", NETS)
def test_a_frame_allocates_nothing_large(name: str, shared: Path, bundle_of: BundleOf) -> None:
    """All large arrays, picture, input and outputs, are laid out once: a frame's own memory stays below 200 kB."""
    images = [frame_of(shared, "one-by-one.mp4", index) for index in (10, 120)]
    detector = Detector(bundle_of(name))
    for image in images:
        detector.detect(image)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for image in images:
            detector.detect(image)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 200_000
    assert after - before < 10_000


@pytest.mark.parametrize("provider", _ABSENT)
def test_a_provider_that_is_not_there_stops_the_start(provider: ProviderName, bundle_of: BundleOf) -> None:
    """The configured provider runs or nothing does; one line names it, those that there are, and the way out."""
    with pytest.raises(ProviderError) as caught:
        Detector(bundle_of("yolox_person_192"), provider=provider)
    message = str(caught.value)
    assert PROVIDERS[provider] in message
    assert "CPUExecutionProvider" in message
    assert "allow_fallback" in message
    assert "\n" not in message


@pytest.mark.parametrize("provider", _ABSENT)
def test_falling_back_is_allowed_only_openly(
    provider: ProviderName, shared: Path, bundle_of: BundleOf, capfd: pytest.CaptureFixture[str]
) -> None:
    """With `allow_fallback` the CPU runs, says that it does, and gives the CPU's boxes; nothing is printed."""
    image = frame_of(shared, "one-by-one.mp4", 120)
    detector = Detector(bundle_of("yolox_person_192"), provider=provider, allow_fallback=True)
    assert (detector.provider, detector.fell_back) == ("cpu", True)
    plain = Detector(bundle_of("yolox_person_192"))
    assert (plain.provider, plain.fell_back) == ("cpu", False)
    np.testing.assert_array_equal(detector.detect(image).xyxy, plain.detect(image).xyxy)
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_does_not_start_is_noticed_after_the_fact(
    bundle_of: BundleOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime goes on with the CPU where a provider that it lists does not start; we ask the session who runs."""
    listed = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("needs an ONNX Runtime whose CUDA provider cannot start")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: listed)
    bundle = bundle_of("yolox_person_192")
    with pytest.raises(ProviderError, match="CPUExecutionProvider would run instead"):
        Detector(bundle, provider="cuda")
    detector = Detector(bundle, provider="cuda", allow_fallback=True)
    assert (detector.provider, detector.fell_back) == ("cpu", True)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in Linux's /proc")
def test_the_number_of_threads_is_the_one_asked_for(bundle_of: BundleOf) -> None:
    """One thread means no thread besides the caller's; three mean two more."""

    def threads() -> int:
        return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - of a folder that changes while it is read

    bundle, before = bundle_of("yolox_person_192"), threads()
    one = Detector(bundle, threads=1)
    assert threads() == before
    three = Detector(bundle, threads=3)
    assert threads() == before + 2
    assert one.precision == three.precision


@pytest.mark.parametrize("threads", [1, 2])
def test_model_time_counts_detections_and_not_the_warm_up(threads: int, shared: Path, bundle_of: BundleOf) -> None:
    """The network's CPU time grows with each picture, stays within the process' own, and starts at zero."""
    image = frame_of(shared, "one-by-one.mp4", 120)
    detector = Detector(bundle_of("yolox_person_192"), threads=threads)
    detector.warm_up()
    assert detector.model_cpu_s == 0.0
    started = time.process_time()
    detector.detect(image)
    once = detector.model_cpu_s
    detector.detect(image)
    assert 0.0 < once < detector.model_cpu_s <= time.process_time() - started


@pytest.mark.parametrize("name", NETS)
def test_loading_and_running_say_nothing(
    name: str, shared: Path, bundle_of: BundleOf, capfd: pytest.CaptureFixture[str]
) -> None:
    """ONNX Runtime's warnings about other people's files reach neither standard output nor standard error."""
    Detector(bundle_of(name)).detect(frame_of(shared, "one-by-one.mp4", 120))
    assert capfd.readouterr() == ("", "")


def _wrong_decoders() -> list[tuple[str, str]]:
    return [(name, other) for name, net in NETS.items() for other in PRESETS if other != net.decoder]


@pytest.mark.parametrize(("name", "decoder"), _wrong_decoders())
def test_a_network_of_another_family_is_refused(name: str, decoder: Any, shared: Path, tmp_path: Path) -> None:
    """A wrong [decoder] in the card is found at the start: one line with the file, what was expected and found."""
    classes = ("face",) if decoder == "yunet" else CLASS_LISTS[NETS[name].classes]
    bundle = public_bundle(shared, tmp_path, name, decoder=PRESETS[decoder].decoder, classes=classes)
    with pytest.raises(BundleError) as caught:
        Detector(bundle)
    message = str(caught.value)
    assert f"{name}.onnx" in message
    assert f"decoder {decoder}" in message
    assert "found" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ("person", "bottle")},
        {"decoder": YoloxDecoder(strides=(8, 16, 32, 64))},
        {"decoder": YoloxDecoder(strides=(8, 16))},
    ],
)
def test_a_card_that_miscounts_the_outputs_is_refused(changes: dict[str, Any], shared: Path, tmp_path: Path) -> None:
    """A class or a stride too many or too few cannot be read as boxes of something else."""
    with pytest.raises(BundleError, match="1x756x6"):
        Detector(public_bundle(shared, tmp_path, "yolox_person_192", **changes))


@pytest.mark.parametrize(
    ("width", "height", "more"),
    [(416, 416, {}), (192, 128, {}), (192, 192, {"layout": "NHWC"}), (192, 192, {"dtype": "uint8"})],
)
def test_a_card_that_does_not_fit_the_input_is_refused(
    width: int, height: int, more: dict[str, Any], shared: Path, tmp_path: Path
) -> None:
    """Size, layout and type of the card's [input] must be the file's; one line with both."""
    spec = PRESETS["yolox"].input_of(width, height).model_copy(update=more)
    with pytest.raises(BundleError) as caught:
        Detector(public_bundle(shared, tmp_path, "yolox_person_192", input=spec))
    message = str(caught.value)
    assert "images 1x3x192x192 float32" in message
    assert "[input]" in message
    assert "\n" not in message
