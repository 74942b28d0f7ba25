"""Bundles made from the public networks of the shared material, and frames of its clips."""

import functools
import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Card, ModelFile, Precision, Source, card_to_toml
from edge_agent.detector.classes import CLASS_LISTS
from edge_agent.detector.presets import PRESETS, DecoderName
from edge_agent.records import Image


class Net(NamedTuple):
    """What a public network is, as its publisher describes it."""

    decoder: DecoderName
    classes: str
    size: int


NETS = {
    "yolox_nano": Net("yolox", "coco", 416),
    "yolox_person_192": Net("yolox", "person", 192),
    "nanodet_m_320": Net("nanodet", "coco", 320),
    "fastestdet": Net("fastestdet", "coco", 352),
    "yunet_n_320_320": Net("yunet", "face", 320),
    "yunet_n_640_640": Net("yunet", "face", 640),
}


def card_of(net: Net, *files: ModelFile, **changes: Any) -> Card:
    """The card of a network made by its family's preset; `changes` replace top-level tables."""
    preset = PRESETS[net.decoder]
    fields: dict[str, Any] = {
        "name": "under-test",
        "version": "1",
        "description": "A public network under test.",
        "licence": "Apache-2.0",
        "source": Source(publisher="its publisher", url="https://example.org/"),
        "classes": CLASS_LISTS[net.classes],
        "input": preset.input_of(net.size, net.size),
        "decoder": preset.decoder,
        "thresholds": preset.thresholds,
        "file": files,
    }
    return Card(**(fields | changes))


def file_entry(name: str, content: bytes, precision: Precision = Precision.FP32) -> ModelFile:
    """The card's entry for a file with that content."""
    return ModelFile(
        name=name, precision=precision, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content)
    )


def write_bundle(folder: Path, card: Card, contents: dict[str, bytes]) -> Path:
    """A bundle folder with that card and those files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.toml").write_text(card_to_toml(card), encoding="utf-8")
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def public_bundle(shared: Path, folder: Path, name: str, **changes: Any) -> Bundle:
    """A loaded bundle around one of the public networks."""
    file = f"{name}.onnx"
    content = (shared / "models" / file).read_bytes()
    card = card_of(NETS[name], file_entry(file, content), **changes)
    return Bundle.load(write_bundle(folder, card, {file: content}))


@functools.lru_cache(maxsize=64)
def frame_of(shared: Path, clip: str, index: int) -> Image:
    """One picture of a clip, counted from 0; kept, because decoding up to it takes most of a test's time."""
    capture = cv2.VideoCapture(str(shared / "clips" / clip))
    try:
        for _ in range(index):
            assert capture.grab()
        ok, image = capture.read()
        assert ok
        picture = image.astype("uint8", copy=False)
        picture.setflags(write=False)
        return picture
    finally:
        capture.release()
