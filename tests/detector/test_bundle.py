"""Bundles: what is not exactly what the card promises never reaches ONNX Runtime."""

import json
from pathlib import Path

import pytest
from detector.conftest import BundleOf
from detector.networks import NETS, card_of, file_entry, write_bundle

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.choice import choice_file, device_key, record_choice, recorded_choice
from edge_agent.detector.errors import BundleError
from edge_agent.detector.session import Detector, choose_precision

_NET = NETS["yolox_person_192"]


def _folder(tmp_path: Path, *, int8: bool = False) -> Path:
    """A bundle whose files are not networks: nothing before the checksum may care."""
    contents = {"net.onnx": b"not a network " * 100}
    files = [file_entry("net.onnx", contents["net.onnx"])]
    if int8:
        contents["net_int8.onnx"] = b"another one"
        files.append(file_entry("net_int8.onnx", contents["net_int8.onnx"], Precision.INT8))
    return write_bundle(tmp_path / "bundle", card_of(_NET, *files), contents)


def _refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    return str(caught.value)


def test_a_changed_byte_is_found_before_anything_is_loaded(tmp_path: Path) -> None:
    """One flipped bit of a file of the right length: one line with the file and both checksums."""
    folder = _folder(tmp_path)
    content = bytearray((folder / "net.onnx").read_bytes())
    content[700] ^= 1
    (folder / "net.onnx").write_bytes(content)
    message = _refusal(folder)
    assert message.startswith(str(folder / "net.onnx"))
    assert "sha256" in message
    assert "\n" not in message


def test_every_file_is_checked_also_the_one_that_will_not_run(tmp_path: Path) -> None:
    """A truncated int8 file and a missing fp32 file are two lines, whichever of them is wanted."""
    folder = _folder(tmp_path, int8=True)
    (folder / "net_int8.onnx").write_bytes(b"anoth")
    (folder / "net.onnx").unlink()
    lines = _refusal(folder).splitlines()
    assert [line.partition(":")[0] for line in lines] == [str(folder / "net.onnx"), str(folder / "net_int8.onnx")]


@pytest.mark.parametrize("absent", ["nothing", "file"])
def test_no_folder_is_no_bundle(tmp_path: Path, absent: str) -> None:
    """A path that is no folder says so and names the command that lists the installed ones."""
    (tmp_path / "file").write_text("")
    assert "edge-agent models list" in _refusal(tmp_path / absent)


def test_a_file_exchanged_after_the_check_is_not_run(tmp_path: Path, shared: Path, bundle_of: BundleOf) -> None:
    """A valid network put in place of the checked one is refused: what was verified is what runs."""
    source = bundle_of("yolox_person_192")
    name = source.card.file[0].name
    folder = write_bundle(tmp_path / "bundle", source.card, {name: (source.folder / name).read_bytes()})
    bundle = Bundle.load(folder)
    (folder / name).write_bytes((shared / "models" / "yolox_nano.onnx").read_bytes())
    with pytest.raises(BundleError, match="install the bundle again"):
        Detector(bundle)


def test_bytes_that_are_no_network_are_refused_in_one_line(tmp_path: Path) -> None:
    """Right checksum, but not ONNX: one line that names the file."""
    bundle = Bundle.load(_folder(tmp_path))
    with pytest.raises(BundleError) as caught:
        Detector(bundle)
    assert str(caught.value).startswith(str(bundle.folder / "net.onnx"))
    assert "\n" not in str(caught.value)


def test_auto_takes_what_the_bench_recorded_here(tmp_path: Path) -> None:
    """Without a record int8 is taken; a record of this device wins; one of another device or build does not count."""
    bundle = Bundle.load(_folder(tmp_path, int8=True))
    state = tmp_path / "state"
    assert choose_precision(bundle, "auto", None) is Precision.INT8
    assert choose_precision(bundle, "auto", state) is Precision.INT8
    path = record_choice(bundle, state, Precision.FP32)
    assert path == choice_file(bundle, state)
    assert choose_precision(bundle, "auto", state) is Precision.FP32
    assert choose_precision(bundle, "int8", state) is Precision.INT8
    path.write_text(json.dumps({"device": device_key() | {"processor": "another"}, "precision": "fp32"}))
    assert recorded_choice(bundle, state) is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"device": 1}', '{"precision": "fp32"}', "\x00"])
def test_a_spoilt_record_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    """A torn or foreign record never stops the agent."""
    bundle = Bundle.load(_folder(tmp_path, int8=True))
    path = choice_file(bundle, tmp_path)
    path.parent.mkdir()
    path.write_text(content)
    assert recorded_choice(bundle, tmp_path) is None


def test_a_record_for_a_file_that_is_gone_does_not_count(tmp_path: Path) -> None:
    """A record belongs to exactly these files: with the int8 file removed, fp32 runs."""
    both = Bundle.load(_folder(tmp_path, int8=True))
    record_choice(both, tmp_path, Precision.INT8)
    alone = Bundle(both.folder, both.card.model_copy(update={"file": both.card.file[:1]}))
    assert both.fingerprint != alone.fingerprint
    assert choose_precision(alone, "auto", tmp_path) is Precision.FP32


def test_asking_for_a_precision_that_is_not_there_says_what_is(bundle_of: BundleOf) -> None:
    """int8 of a bundle without int8: one line with the precisions that it has."""
    with pytest.raises(BundleError, match=r"no int8 file.*fp32"):
        Detector(bundle_of("yolox_person_192"), precision="int8")
