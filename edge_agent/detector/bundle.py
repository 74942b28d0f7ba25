"""A bundle: one network's folder, its card and its ONNX files, and the proof that they are the right ones."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self, TypeVar

from edge_agent.detector.attributes_card import AttributesCard, load_attributes_card
from edge_agent.detector.card import CARD_FILE, Card, Facts, ModelFile, Precision, load_card
from edge_agent.detector.errors import BundleError, UnknownBundleError

_Card = TypeVar("_Card", bound=Facts)


@dataclass(frozen=True, slots=True)
class _Checked(ABC, Generic[_Card]):
    """A checked bundle; `load` is the only way to make one that may be run.

    Attributes:
        folder: where the files are.
        card: what they are.
    """

    folder: Path
    card: _Card

    @staticmethod
    @abstractmethod
    def _read(path: Path) -> _Card:
        """The card at `path`; BundleError where it is of another task."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the card and verify the checksum of every file, before anything of it reaches ONNX Runtime.

        Raises:
            BundleError: one line per problem, each naming the file and what to do.
        """
        if not folder.is_dir():
            raise UnknownBundleError(
                f"{folder}: no such bundle folder; `edge-agent models list` shows what is installed"
            )
        bundle = cls(folder, cls._read(folder / CARD_FILE))
        problems = []
        for file in bundle.card.file:
            try:
                bundle.verified_bytes(file)
            except BundleError as error:
                problems.append(str(error))
        if problems:
            raise BundleError("\n".join(problems))
        return bundle

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """The precisions that there are files of, in the card's order."""
        return tuple(file.precision for file in self.card.file)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when any of the files does."""
        lines = sorted(f"{file.precision.value} {file.sha256}\n" for file in self.card.file)
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]

    def verified_bytes(self, file: ModelFile) -> bytes:
        """The content of one file, equal to what the card promises.

        A session is made from these bytes and not from the path, so that what was verified is what runs, even
        if somebody exchanges the file in between.

        Raises:
            BundleError: the file is missing, or is another one.
        """
        path = self.folder / file.name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BundleError(f"{path}: cannot be read: {error.strerror}; install the bundle again") from None
        if len(content) != file.size_bytes:
            raise BundleError(
                f"{path}: has {len(content)} bytes, the card says {file.size_bytes}; install the bundle again"
            )
        digest = hashlib.sha256(content).hexdigest()
        if digest != file.sha256:
            raise BundleError(f"{path}: sha256 is {digest}, the card says {file.sha256}; install the bundle again")
        return content


class Bundle(_Checked[Card]):
    """A checked bundle of a detector."""

    __slots__ = ()

    @staticmethod
    def _read(path: Path) -> Card:
        return load_card(path)


class AttributesBundle(_Checked[AttributesCard]):
    """A checked bundle of a face-attribute model."""

    __slots__ = ()

    @staticmethod
    def _read(path: Path) -> AttributesCard:
        return load_attributes_card(path)
