"""The catalogue's cards are true, and a bundle is found where it is said to be looked for."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from edge_agent.detector import catalogue as module
from edge_agent.detector.card import CARD_FILE
from edge_agent.detector.catalogue import (
    bundle_folders,
    catalogue,
    entry_named,
    find_bundle,
    installed,
    shipped_models,
)
from edge_agent.detector.classes import CLASS_LISTS
from edge_agent.detector.errors import BundleError
from edge_agent.detector.fetch import require_safe
from edge_agent.detector.presets import PRESETS

REPO = Path(__file__).resolve().parents[2]
NAMES = ("fastestdet", "nanodet_m_320", "yolox_nano", "yolox_person_192", "yunet_n_320", "yunet_n_640")


def install(state: Path, name: str, under: str | None = None) -> Path:
    """A folder that looks installed: the card of a public network and a file of the right size."""
    entry = entry_named(name)
    folder = state / "models" / (under or name)
    folder.mkdir(parents=True)
    (folder / CARD_FILE).write_bytes(entry.path.read_bytes())
    (folder / entry.card.file[0].name).write_bytes(bytes(entry.card.file[0].size_bytes))
    return folder


def test_the_catalogue_is_complete() -> None:
    """Every public network that users want has a card."""
    assert tuple(sorted(catalogue())) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_card_promises_the_publishers_very_bytes(shared: Path, name: str) -> None:
    """Size and SHA-256 of each card are those of the real file."""
    file = entry_named(name).card.file[0]
    content = (shared / "models" / file.name).read_bytes()
    assert (file.size_bytes, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("name", NAMES)
def test_a_card_agrees_with_its_familys_preset(name: str) -> None:
    """`pull` and `models add` of the same file give the same detector: input, decoder, thresholds and classes."""
    card = entry_named(name).card
    preset = PRESETS[card.decoder.name]
    assert card.input == preset.input_of(card.input.width, card.input.height)
    assert card.decoder == preset.decoder
    assert card.thresholds == preset.thresholds
    assert card.classes in CLASS_LISTS.values()


@pytest.mark.parametrize("name", NAMES)
def test_a_card_names_one_commit_of_its_publisher(name: str) -> None:
    """The address is safe, belongs to the named publisher and to the one commit that the version names."""
    card = entry_named(name).card
    url = card.file[0].url
    assert url is not None
    require_safe(url)
    assert f"/{card.source.publisher}/{card.version}" in url
    assert card.source.url.endswith(f"/{card.source.publisher}")


def test_an_unknown_network_is_answered_with_the_nearest() -> None:
    """A slip of the keyboard is answered with what was meant, a wild guess with the list."""
    with pytest.raises(BundleError, match=r"yolox_nono: not in the catalogue; did you mean yolox_nano\?"):
        entry_named("yolox_nono")
    with pytest.raises(BundleError, match="there are: fastestdet, nanodet_m_320"):
        entry_named("zzz")


def test_the_wheel_carries_the_catalogue_where_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder that the build puts the catalogue into is the one that an installed program reads."""
    build = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    package = tmp_path / "site-packages" / "edge_agent"
    inside = tmp_path / "site-packages" / build["force-include"]["models/catalogue"]
    inside.mkdir(parents=True)
    (inside / "yolox_nano.toml").write_bytes(entry_named("yolox_nano").path.read_bytes())
    monkeypatch.setattr(module, "_PACKAGE", package)
    assert shipped_models() == inside.parent
    assert set(catalogue()) == {"yolox_nano"}


def test_a_program_without_catalogue_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged installation is told from an empty one."""
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "edge_agent")
    assert shipped_models() is None
    assert bundle_folders(tmp_path) == (tmp_path / "models",)
    with pytest.raises(BundleError, match="the catalogue of models is missing"):
        catalogue()


@pytest.mark.parametrize(
    ("old", "new"),
    [('name = "yolox_nano"', 'name = "yolox"'), ('url = "https://raw', '# "')],
)
def test_a_card_that_could_not_be_pulled_is_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    """An entry bears its file's name and has an address, or the catalogue is refused."""
    text = entry_named("yolox_nano").path.read_text()
    assert old in text
    cards = tmp_path / "edge_agent" / "share" / "models" / "catalogue"
    cards.mkdir(parents=True)
    (cards / "yolox_nano.toml").write_text(text.replace(old, new, 1))
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "edge_agent")
    with pytest.raises(BundleError, match=r"yolox_nano\.toml: a catalogue card bears its file's name"):
        catalogue()


def test_a_name_is_looked_up_in_the_state_folder(tmp_path: Path) -> None:
    """What was pulled is found by its name."""
    folder = install(tmp_path, "yolox_nano")
    assert find_bundle("yolox_nano", state=tmp_path) == folder


def test_the_state_folder_comes_before_the_shipped_bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer bundle of a device's own replaces the one that came with the program."""
    shipped = install(tmp_path / "edge_agent" / "share", "yolox_nano", under="person-s")
    entry = entry_named("yolox_nano")
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "edge_agent")
    assert find_bundle("person-s", state=tmp_path) == shipped
    own = tmp_path / "models" / "person-s"
    own.mkdir(parents=True)
    (own / CARD_FILE).write_bytes(entry.path.read_bytes())
    assert find_bundle("person-s", state=tmp_path) == own
    assert [each.folder for each in installed(tmp_path)] == [own]


def test_a_path_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A separator or an existing folder makes it a path: absolute, from here, or from the configuration's folder."""
    folder = install(tmp_path, "yolox_nano")
    elsewhere = tmp_path / "state"
    assert find_bundle(str(folder), state=elsewhere) == folder
    assert find_bundle("models/yolox_nano", state=elsewhere, relative_to=tmp_path) == folder
    monkeypatch.chdir(folder.parent)
    assert find_bundle("yolox_nano", state=elsewhere).resolve() == folder
    assert find_bundle("./yolox_nano", state=elsewhere).resolve() == folder


def test_a_missing_bundle_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """The line names the folders, and the command that helps."""
    with pytest.raises(BundleError) as caught:
        find_bundle("yolox_nano", state=tmp_path)
    assert f"no bundle of this name in {tmp_path / 'models'} and {REPO / 'models'}" in str(caught.value)
    assert "`edge-agent models pull yolox_nano`" in str(caught.value)
    install(tmp_path, "yolox_nano", under="door")
    with pytest.raises(BundleError, match=r"`edge-agent models list`; did you mean door\?"):
        find_bundle("dor", state=tmp_path)
    with pytest.raises(BundleError, match="no such bundle folder; see `edge-agent models list`"):
        find_bundle("no/where", state=tmp_path)


def test_half_a_download_is_not_found(tmp_path: Path) -> None:
    """The hidden folder in which a bundle is gathered is no bundle, by name or in the list."""
    folder = install(tmp_path, "yolox_nano")
    folder.rename(folder.with_name(".yolox_nano.partial"))
    assert not [each for each in installed(tmp_path) if each.folder.is_relative_to(tmp_path)]
    with pytest.raises(BundleError, match="no bundle of this name"):
        find_bundle("yolox_nano", state=tmp_path)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "yolox_nano.onnx").unlink(), "is missing"),
        (lambda folder: (folder / "yolox_nano.onnx").write_bytes(b"short"), "another size"),
        (lambda folder: (folder / CARD_FILE).write_text("name = 1"), "name = 1"),
        (lambda folder: (folder / CARD_FILE).write_text("= ="), "not TOML"),
        (lambda folder: None, None),
    ],
)
def test_a_damaged_bundle_is_listed_with_its_problem(tmp_path: Path, damage: object, says: str | None) -> None:
    """The list shows what is broken instead of hiding it or failing."""
    folder = install(tmp_path, "yolox_nano")
    assert callable(damage)
    damage(folder)
    (found,) = [each for each in installed(tmp_path) if each.folder == folder]
    assert found.name == "yolox_nano"
    if says is None:
        assert found.problem is None
    else:
        assert found.problem is not None
        assert says in found.problem
        assert "\n" not in found.problem
