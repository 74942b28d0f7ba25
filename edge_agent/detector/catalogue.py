"""Where bundles are found: the public networks that can be pulled, and the folders that installed ones stand in.

A bundle is asked for by its name or by its folder's path. Names are looked up in the state folder first, where
`models pull` and the fleet put them, then among the bundles that came with the program.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Final

from edge_agent.detector.attributes_card import AnyCard, load_any_card
from edge_agent.detector.card import CARD_FILE, Card, load_card
from edge_agent.detector.errors import BundleError, UnknownBundleError

_PACKAGE: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Entry:
    """One public network of the catalogue.

    Attributes:
        card: what it is; it has exactly one file, and that file has an address.
        path: the card's file; a pulled bundle gets it word for word.
    """

    card: Card
    path: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """One folder that holds a bundle, sound or not; its checksums are verified when it is loaded, not here.

    Attributes:
        name: what the configuration calls it.
        folder: where it is.
        card: None where it cannot be read.
        problem: why it cannot be used, one line; None where nothing is known against it.
    """

    name: str
    folder: Path
    card: AnyCard | None
    problem: str | None


def shipped_models() -> Path | None:
    """The models folder that came with the program: inside the wheel, or of the checkout; None without any."""
    inside = _PACKAGE / "share" / "models"
    checkout = _PACKAGE.parent
    if inside.is_dir():
        return inside
    return checkout / "models" if (checkout / "pyproject.toml").is_file() else None


def catalogue() -> Mapping[str, Entry]:
    """The public networks, by name.

    Raises:
        BundleError: a card of the catalogue is wrong, or the catalogue is missing: the program is damaged.
    """
    models = shipped_models()
    if models is None or not (models / "catalogue").is_dir():
        raise BundleError(f"{_PACKAGE}: the catalogue of models is missing; install edge-agent again")
    entries = (Entry(load_card(path), path) for path in sorted((models / "catalogue").glob("*.toml")))
    return MappingProxyType({entry.card.name: _checked(entry) for entry in entries})


def entry_named(name: str) -> Entry:
    """The public network of that name.

    Raises:
        BundleError: there is none; the message names the likeliest.
    """
    entries = catalogue()
    if name not in entries:
        raise BundleError(f"{name}: not in the catalogue{_suggestion(name, entries)}")
    return entries[name]


def bundle_folders(state: Path) -> tuple[Path, ...]:
    """The folders in which a bundle's name is looked up, in that order.

    Args:
        state: the agent's state folder.
    """
    shipped = shipped_models()
    return (state / "models",) if shipped is None else (state / "models", shipped)


def find_bundle(name_or_path: str, *, state: Path, relative_to: Path | None = None) -> Path:
    """The folder of a bundle; whether its content is sound is for `Bundle.load` to say.

    Args:
        name_or_path: a path if it holds a separator or is a folder, else a name.
        state: the agent's state folder.
        relative_to: folder that a relative path starts from; absent: the current one.

    Raises:
        UnknownBundleError: there is no such bundle; one line that says where it was looked for.
    """
    as_path = (relative_to or Path()) / Path(name_or_path).expanduser()
    if "/" in name_or_path or as_path.is_dir():
        if as_path.is_dir():
            return as_path
        raise UnknownBundleError(f"{as_path}: no such bundle folder; see `edge-agent models list`")
    folders = bundle_folders(state)
    for folder in folders:
        if (folder / name_or_path / CARD_FILE).is_file():
            return folder / name_or_path
    known = {bundle.name for bundle in installed(state)}
    if name_or_path in catalogue():
        advice = f"fetch it with `edge-agent models pull {name_or_path}`"
    else:
        advice = f"see `edge-agent models list`{_suggestion(name_or_path, known)}"
        if not known:
            advice = "nothing is installed yet: `edge-agent models pull yolox_nano` fetches a network"
    looked = " and ".join(str(folder) for folder in folders)
    raise UnknownBundleError(f"{name_or_path}: no bundle of this name in {looked}; {advice}")


def installed(state: Path) -> tuple[Installed, ...]:
    """All bundles that `find_bundle` would find by name, and the broken ones that stand in their place."""
    found: dict[str, Installed] = {}
    for folder in bundle_folders(state):
        for path in sorted(folder.glob("[!.]*/" + CARD_FILE)):
            name = path.parent.name
            if name not in found:
                found[name] = _look_at(name, path.parent)
    return tuple(found.values())


def _look_at(name: str, folder: Path) -> Installed:
    try:
        card = load_any_card(folder / CARD_FILE)
    except BundleError as error:
        return Installed(name, folder, None, str(error).partition("\n")[0])
    for file in card.file:
        path = folder / file.name
        if not path.is_file():
            return Installed(name, folder, card, f"{path}: is missing; install the bundle again")
        if path.stat().st_size != file.size_bytes:
            return Installed(name, folder, card, f"{path}: has another size than its card says; install it again")
    return Installed(name, folder, card, None)


def _checked(entry: Entry) -> Entry:
    if entry.card.name != entry.path.stem or len(entry.card.file) != 1 or entry.card.file[0].url is None:
        raise BundleError(f"{entry.path}: a catalogue card bears its file's name and has one file with a url")
    return entry


def _suggestion(name: str, known: Mapping[str, Entry] | set[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(sorted(known)) or 'none'}"
