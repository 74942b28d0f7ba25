"""How a bundle's folder comes into being: all of it at once, verified and tried, or not at all.

Everything is gathered in a hidden folder beside the target, flushed to the disk, run once, and only then renamed.
A crash or a power cut before the rename leaves nothing that could be loaded; after it, all is there.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import CARD_FILE, ModelFile, load_card
from edge_agent.detector.catalogue import Entry
from edge_agent.detector.errors import BundleError
from edge_agent.detector.fetch import FetchError, Progress, Wanted, copy_in, fetch
from edge_agent.detector.session import Detector

_TRIAL_HEIGHT, _TRIAL_WIDTH = 270, 480


def pull(
    entry: Entry,
    target: Path,
    *,
    source: Path | None = None,
    url: str | None = None,
    progress: Progress = lambda _done: None,
    timeout_s: float = 30.0,
) -> bool:
    """Install a public network as the bundle folder `target`.

    Args:
        entry: the network.
        target: the bundle's folder; it must not exist, be empty, or hold this very bundle.
        source: a file to take instead of downloading, for machines without internet.
        url: a mirror to take instead of the publisher's address; the checksum stays the card's.
        progress: told how many bytes are there.
        timeout_s: longest silence of the server.

    Returns:
        False where the bundle was there already, and sound.

    Raises:
        DetectorError: it could not be had, does not match its card, or does not run here; one line.
        OSError: a folder cannot be written.
    """
    target = target.resolve()
    file = entry.card.file[0]
    if _holds(target, file):
        return False
    require_free(target)
    folder = staging_folder(target)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{file.name}.part"
    wanted = Wanted(file.sha256, file.size_bytes)
    try:
        if source is not None:
            copy_in(source, part, wanted, progress=progress)
        else:
            fetch(url or file.url or "", part, wanted, progress=progress, timeout_s=timeout_s)
    except FetchError:
        with suppress(OSError):
            folder.rmdir()  # unless there is something to resume
        raise
    for stray in set(folder.iterdir()) - {part}:
        stray.unlink()  # of an older edition of the same network
    part.replace(folder / file.name)
    write_durably(folder / CARD_FILE, entry.path.read_bytes())
    publish(folder, target)
    return True


def staging_folder(target: Path) -> Path:
    """The hidden folder beside `target` in which it is gathered; `find_bundle` never looks into it."""
    return target.parent / f".{target.name}.partial"


def require_free(target: Path) -> None:
    """See that a new bundle folder can be made at `target`.

    Raises:
        BundleError: something is there already.
    """
    if target.is_dir() and any(target.iterdir()):
        raise BundleError(f"{target}: holds other files already; name another folder with --to or remove it")
    if target.exists() and not target.is_dir():
        raise BundleError(f"{target}: is a file; name another folder with --to")


def publish(folder: Path, target: Path) -> None:
    """Turn a staging folder into a bundle: verify it, run it once, flush it and rename it.

    Raises:
        DetectorError: it does not match its card or does not run; the staging folder is removed.
        OSError: it cannot be renamed.
    """
    try:
        try_out(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    flush_folder(folder)
    try:
        folder.rename(target)
    except OSError as error:
        raise BundleError(f"{target}: cannot be put in place: {error.strerror}; the parts are in {folder}") from None
    flush_folder(target.parent)


def try_out(folder: Path) -> None:
    """Verify the checksums and run each file once on a blank picture.

    Raises:
        DetectorError: a file is not the card's, is not a network that this device can run, or does not fit the decoder.
    """
    bundle = Bundle.load(folder)
    blank = np.zeros((_TRIAL_HEIGHT, _TRIAL_WIDTH, 3), np.uint8)
    for precision in bundle.precisions:
        Detector(bundle, precision=precision.value).detect(blank)


def write_durably(path: Path, content: bytes) -> None:
    """Write or replace a file so that after a power cut it has the old or the new content, never a mixture."""
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        partial.unlink(missing_ok=True)
        error.filename = error.filename or str(path)  # a full disk does not say which file it was
        raise
    partial.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(target: Path, file: ModelFile) -> bool:
    """Whether `target` is a sound bundle that has `file`.

    Raises:
        BundleError: it is a bundle that should have it, but it is damaged.
    """
    if not (target / CARD_FILE).is_file():
        return False
    if all(other.sha256 != file.sha256 for other in load_card(target / CARD_FILE).file):
        return False
    try:
        Bundle.load(target)
    except BundleError as error:
        raise BundleError(f"{str(error).partition(chr(10))[0]}; remove {target} first") from None
    return True
