"""Make a bundle out of an ONNX file: look at its input, write the card, and run it once before calling it done."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnxruntime
import tomli_w
from pydantic import BaseModel

from edge_agent.detector.card import (
    CARD_FILE,
    Card,
    Input,
    ModelFile,
    Precision,
    Source,
    card_to_toml,
    load_card,
    parse_card,
)
from edge_agent.detector.catalogue import catalogue
from edge_agent.detector.classes import CLASS_LISTS
from edge_agent.detector.errors import BundleError
from edge_agent.detector.install import publish, require_free, staging_folder, try_out, write_durably
from edge_agent.detector.presets import PRESETS, DecoderName

UNSTATED_LICENCE: Final = "NOASSERTION"  # SPDX for: nobody has said
_UNSTATED_SOURCE: Final = Source(publisher="unknown", url="https://unknown.invalid")

_DTYPES: Final = {"tensor(float)": "float32", "tensor(uint8)": "uint8"}


@dataclass(frozen=True, slots=True)
class Request:
    """What the person at the keyboard says about the file; None where they say nothing.

    Attributes:
        file: the ONNX file.
        decoder: how its outputs are read.
        classes: a key of `CLASS_LISTS`.
        precision: its arithmetic.
        name: the bundle's name; else the catalogue's, else made from the file's name.
        licence: SPDX identifier of the weights' licence.
        source: https address of whoever published it.
        score: operating threshold.
    """

    file: Path
    decoder: DecoderName
    classes: str
    precision: Precision = Precision.FP32
    name: str | None = None
    licence: str | None = None
    source: str | None = None
    score: float | None = None


def add(request: Request, target: Path) -> Card:
    """Make `target` a bundle of the file, or add the file to the bundle that `target` is.

    A file whose checksum stands in the catalogue takes its facts (licence, publisher, thresholds) from there.

    Returns:
        the card as it was written.

    Raises:
        DetectorError: not an ONNX network of one picture, outputs that do not fit the decoder, or a folder that
            holds something else; one line, and `target` is as it was.
        OSError: a folder cannot be written.
    """
    target = target.resolve()
    try:
        content = request.file.read_bytes()
    except OSError as error:
        raise BundleError(f"{request.file}: cannot be read: {error.strerror}") from None
    file = ModelFile(
        name=f"{request.precision.value}.onnx",
        precision=request.precision,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
    )
    if not (target / CARD_FILE).is_file():
        require_free(target)
        card = _new_card(request, file, content)
        folder = _stage(target, card, content)
        with _blaming(request.file, folder, file.name):
            publish(folder, target)
        return card
    return _extend(request, target, file, content)


def _new_card(request: Request, file: ModelFile, content: bytes) -> Card:
    """The card of a bundle that has only this file."""
    preset = PRESETS[request.decoder]
    picture = _input_of(content, request)
    known = next(
        (
            entry.card
            for entry in catalogue().values()
            if entry.card.file[0].sha256 == file.sha256
            and entry.card.decoder == preset.decoder
            and entry.card.classes == CLASS_LISTS[request.classes]
        ),
        None,
    )
    card = known or Card(
        name=_name_from(request.file),
        version=file.sha256[:12],
        description=f"Added from {request.file.name}; nobody has measured it yet.",
        licence=UNSTATED_LICENCE,
        source=_UNSTATED_SOURCE,
        classes=CLASS_LISTS[request.classes],
        input=picture,
        decoder=preset.decoder,
        thresholds=preset.thresholds,
        file=(file,),
    )
    return _checked(card, _overrides(request, card) | {"file": [_plain(file)]}, request.file)


def _overrides(request: Request, card: Card) -> dict[str, object]:
    """What the person said, as keys of the card."""
    keys: dict[str, object] = {}
    if request.name is not None:
        keys["name"] = request.name
    if request.licence is not None:
        keys["licence"] = request.licence
    if request.source is not None:
        keys["source"] = {"publisher": request.source.removeprefix("https://"), "url": request.source}
    if request.score is not None:
        low = min(card.thresholds.low, request.score)
        keys["thresholds"] = _plain(card.thresholds) | {"score": request.score, "low": low}
    return keys


def _extend(request: Request, target: Path, file: ModelFile, content: bytes) -> Card:
    """Put a further precision beside those that the bundle has; the card is replaced last."""
    card = load_card(target / CARD_FILE)
    twin = next((other for other in card.file if other.sha256 == file.sha256), None)
    _require_relative(request, card, target)
    if twin is not None and twin.precision is file.precision:
        try_out(target)
        return card
    if twin is not None:
        raise BundleError(f"{request.file}: is in {target} already, as its {twin.precision} file")
    if card.file_of(file.precision) is not None:
        raise BundleError(f"{target}: has another {file.precision} file already; name another folder with --to")
    alone = _checked(card, {"file": [_plain(file)]}, request.file)
    extended = _checked(card, {"file": [_plain(other) for other in (*card.file, file)]}, request.file)
    folder = _stage(target, alone, content)
    try:
        with _blaming(request.file, folder, file.name):
            try_out(folder)
        (folder / file.name).rename(target / file.name)
        write_durably(target / CARD_FILE, card_to_toml(extended).encode())
    finally:
        shutil.rmtree(folder)
    return extended


def _require_relative(request: Request, card: Card, target: Path) -> None:
    """See that a file belongs to a bundle: one network in another precision, not another network."""
    if card.decoder.name != request.decoder:
        raise BundleError(f"{target}: is a bundle with decoder {card.decoder.name}, not {request.decoder}")
    if card.classes != CLASS_LISTS[request.classes]:
        raise BundleError(f"{target}: is a bundle with other classes than {request.classes}")
    for key, value in _overrides(request, card).items():
        stands = _plain(card)[key]
        if value != stands:
            raise BundleError(f"{target}: its card says {key} = {stands!r}; change it there, or leave the option out")


def _stage(target: Path, card: Card, content: bytes) -> Path:
    """A folder beside `target` with this one file and its card."""
    folder = staging_folder(target)
    shutil.rmtree(folder, ignore_errors=True)  # what a crash may have left
    folder.mkdir(parents=True)
    try:
        write_durably(folder / card.file[0].name, content)
        write_durably(folder / CARD_FILE, card_to_toml(card).encode())
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


@contextmanager
def _blaming(file: Path, folder: Path, name: str) -> Iterator[None]:
    """Errors name the person's own file and options, not a staged copy and a card that they have never seen."""
    try:
        yield
    except BundleError as error:
        problem = str(error).replace(f"{folder}/", "").removeprefix(f"{name}: ")
        cause, _, remedy = problem.rpartition("; ")
        if "of the card" in remedy:
            problem = f"{cause}; choose another --decoder or --classes, or another file"
        raise BundleError(f"{file}: {problem}") from None


def _input_of(content: bytes, request: Request) -> Input:
    """The card's [input], from the network's own input and the habits of its family."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal only: what is wrong is said here, in one line
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # only looked at
    try:
        inputs = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"]).get_inputs()
    except Exception as error:  # noqa: BLE001  (its exceptions share no base class; all mean: not usable)
        reason = " ".join(str(error).split())[:200]
        raise BundleError(f"{request.file}: not an ONNX network that runs here: {reason}") from None
    shapes = ", ".join(f"{each.name} {each.type} {each.shape}" for each in inputs)
    if len(inputs) == 1 and inputs[0].type in _DTYPES:
        preset = PRESETS[request.decoder]
        match inputs[0].shape:
            case [1, 3, int(height), int(width)]:
                return _with_dtype(preset.input_of(width, height), inputs[0].type, "NCHW")
            case [1, int(height), int(width), 3]:
                return _with_dtype(preset.input_of(width, height), inputs[0].type, "NHWC")
    raise BundleError(
        f"{request.file}: needs one input of fixed size, 1x3xHxW or 1xHxWx3, float or uint8; found {shapes}; "
        "export it with a fixed size and a batch of 1"
    )


def _with_dtype(picture: Input, onnx_type: str, layout: str) -> Input:
    """A uint8 input does its own normalising."""
    keys: dict[str, object] = {"dtype": _DTYPES[onnx_type], "layout": layout}
    if onnx_type == "tensor(uint8)":
        keys |= {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    return Input.model_validate(picture.model_dump() | keys)


def _checked(card: Card, keys: dict[str, object], where: Path) -> Card:
    """The card with some keys replaced, held to all its rules."""
    return parse_card(tomli_w.dumps(_plain(card) | keys), where)


def _plain(table: BaseModel) -> dict[str, object]:
    """A table of the card as TOML can write it."""
    return table.model_dump(mode="json", exclude_none=True)


def _name_from(path: Path) -> str:
    """A bundle's name made of a file's."""
    return re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).lstrip("-_")[:63] or "model"
