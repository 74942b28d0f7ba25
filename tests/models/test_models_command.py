"""`edge-agent models`: what it prints, what it leaves behind, and how it fails."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from models.public import NETS, frame_of
from support.publisher import Fault, Publisher

from edge_agent.commands.models import models
from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import CARD_FILE, Precision, load_card
from edge_agent.detector.catalogue import catalogue, find_bundle
from edge_agent.detector.errors import BundleError
from edge_agent.detector.session import Detector

REPO = Path(__file__).resolve().parents[2]
NAME = "yolox_person_192"
FILE = f"{NAME}.onnx"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(models, [str(argument) for argument in arguments])


def fails(result: Result, status: int = 1) -> str:
    """The one line on standard error of a command that failed, with nothing on standard output."""
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def works(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def network(shared: Path) -> Path:
    """The file of the public network `NAME`."""
    return shared / "models" / FILE


@pytest.fixture
def publisher(network: Path) -> Iterator[Publisher]:
    with Publisher({f"/{FILE}": network.read_bytes()}) as server:
        yield server


def assert_nothing_loadable(state: Path) -> None:
    """Neither by name nor by folder is there anything that a detector could load."""
    with pytest.raises(BundleError):
        find_bundle(NAME, state=state)
    assert not list(state.glob("models/[!.]*"))


@pytest.mark.parametrize("name", sorted(NETS))
def test_a_pulled_network_sees(shared: Path, tmp_path: Path, name: str) -> None:
    """Each network of the catalogue, pulled from a file, is a working detector under the catalogue's name."""
    (entry,) = [each for each in catalogue().values() if each.card.file[0].name == f"{name}.onnx"]
    works(call("pull", entry.card.name, "--from", shared / "models" / f"{name}.onnx", "--state", tmp_path))
    bundle = Bundle.load(find_bundle(entry.card.name, state=tmp_path))
    assert bundle.card == entry.card
    assert (bundle.folder / CARD_FILE).read_bytes() == entry.path.read_bytes()
    detector = Detector(bundle)
    found = detector.detect(frame_of(shared, NETS[name]))
    assert detector.classes[found.class_id[0]] in ("person", "face")
    assert found.score[0] >= detector.threshold


def test_a_download_is_installed(tmp_path: Path, publisher: Publisher) -> None:
    """Pulling over the network installs the bundle and leaves nothing else."""
    out = works(call("pull", NAME, "--url", publisher.url(f"/{FILE}"), "--state", tmp_path))
    folder = tmp_path / "models" / NAME
    assert out == f"{NAME}: verified, tried and installed in {folder}\n"
    assert [path.name for path in folder.parent.iterdir()] == [NAME]
    assert {path.name for path in folder.iterdir()} == {CARD_FILE, FILE}
    Bundle.load(folder)


def test_pulling_twice_verifies_again(tmp_path: Path, publisher: Publisher) -> None:
    """A second pull neither downloads nor fails; it says that the bundle is there and sound."""
    arguments = ("pull", NAME, "--url", publisher.url(f"/{FILE}"), "--state", tmp_path)
    works(call(*arguments))
    assert "is in" in works(call(*arguments))
    assert len(publisher.asked) == 1


def test_a_damaged_bundle_is_not_called_installed(tmp_path: Path, network: Path) -> None:
    """Pulling over a bundle whose file has changed says what is wrong and what to remove."""
    arguments = ("pull", NAME, "--from", network, "--state", tmp_path)
    works(call(*arguments))
    folder = tmp_path / "models" / NAME
    (folder / FILE).write_bytes(bytes(network.stat().st_size))
    assert f"remove {folder} first" in fails(call(*arguments))


@pytest.mark.parametrize(
    "fault", [Fault.WRONG_BYTES, Fault.LONGER, Fault.SHORTER, Fault.ENDLESS, Fault.MISSING, Fault.ELSEWHERE]
)
def test_what_does_not_match_is_never_loadable(tmp_path: Path, publisher: Publisher, fault: Fault) -> None:
    """Whatever a server sends instead of the file: one line, exit status 1, and no folder that could be loaded."""
    publisher.fault = fault
    line = fails(call("pull", NAME, "--url", publisher.url(f"/{FILE}"), "--state", tmp_path))
    assert publisher.url("/") in line
    assert_nothing_loadable(tmp_path)


def test_another_networks_file_is_refused(shared: Path, tmp_path: Path) -> None:
    """--from with a sound file of another network is refused by its size or checksum."""
    line = fails(call("pull", NAME, "--from", shared / "models" / "yolox_nano.onnx", "--state", tmp_path))
    assert "is another file" in line
    assert_nothing_loadable(tmp_path)


def test_a_broken_download_is_resumed_by_the_same_command(
    tmp_path: Path, publisher: Publisher, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost line leaves half a file; the same command fetches the other half only."""
    half = network.stat().st_size // 2
    arguments = ("pull", NAME, "--url", publisher.url(f"/{FILE}"), "--state", tmp_path)
    monkeypatch.setattr(time, "sleep", lambda _s: None)
    publisher.drops = [half, 0, 0, 0]
    assert "run the same command again to resume" in fails(call(*arguments))
    assert_nothing_loadable(tmp_path)
    works(call(*arguments))
    assert publisher.asked[-1] == f"bytes={half}-"
    Bundle.load(tmp_path / "models" / NAME)


def test_a_full_disk_is_one_line_and_can_be_resumed(tmp_path: Path, publisher: Publisher) -> None:
    """When no more can be written the line names the file and the reason; with room again the rest is fetched."""
    arguments = ("pull", NAME, "--url", publisher.url(f"/{FILE}"), "--state", tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))  # the kernel's own refusal, as a full disk's
    try:
        line = fails(call(*arguments))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert re.search(rf"{FILE}\.part: File too large$", line)
    assert_nothing_loadable(tmp_path)
    works(call(*arguments))
    assert publisher.asked[1:] == ["bytes=1000000-"]


def agent(*arguments: str | Path) -> list[str]:
    """The command line of a real process."""
    return [sys.executable, "-m", "edge_agent", *map(str, arguments)]


def kept_of(state: Path) -> int:
    """Bytes of unfinished downloads."""
    return sum(path.stat().st_size for path in state.glob("models/.*/*.part"))


def test_kill_9_in_the_middle_of_a_pull(tmp_path: Path, publisher: Publisher, network: Path) -> None:
    """A pull that is killed leaves nothing that could be loaded, and the next one takes up its bytes."""
    publisher.fault = Fault.STALL
    arguments = ("models", "pull", NAME, "--url", publisher.url(f"/{FILE}"), "--state", tmp_path)
    process = subprocess.Popen(agent(*arguments), cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert publisher.stalled.wait(60.0)
        while not kept_of(tmp_path):  # what was sent is on its way through the socket
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert_nothing_loadable(tmp_path)
    publisher.fault = Fault.NONE
    publisher.release.set()
    kept = kept_of(tmp_path)
    done = subprocess.run(agent(*arguments), cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert publisher.asked[1:] == [f"bytes={kept}-"]
    Bundle.load(tmp_path / "models" / NAME)


def test_the_first_run_tells_where_it_looks(tmp_path: Path) -> None:
    """A real process without anything installed lists the catalogue, using the user's state folder."""
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    environment.pop("STATE_DIRECTORY", None)
    done = subprocess.run(
        agent("models", "list", "--json"), cwd=REPO, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert [card["name"] for card in result["catalogue"]] == sorted(catalogue())
    assert not [each for each in result["installed"] if str(tmp_path) in each["folder"]]


def test_the_list_shows_what_is_installed(tmp_path: Path, network: Path) -> None:
    """Both forms name an installed bundle, its folder, precision and licence, and keep broken ones in sight."""
    works(call("pull", NAME, "--from", network, "--state", tmp_path))
    broken = tmp_path / "models" / "broken"
    broken.mkdir()
    (broken / CARD_FILE).write_text("name = 1")
    text = works(call("list", "--state", tmp_path))
    folder = tmp_path / "models" / NAME
    assert re.search(rf"^  {NAME} +fp32 3.6 MB +Apache-2.0 +{folder}$", text, re.MULTILINE)
    data = {each["name"]: each for each in json.loads(works(call("list", "--state", tmp_path, "--json")))["installed"]}
    assert data[NAME]["problem"] is None
    assert data[NAME]["file"][0]["precision"] == "fp32"
    assert "name = 1" in data["broken"]["problem"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("pull", "yolox_nono"),
        ("pull", NAME, "--from", "no-such-file.onnx"),
        ("pull", NAME, "--from", __file__, "--url", "https://example.com/x"),
        ("add", __file__, "--decoder", "ssd", "--classes", "person", "--to", "x"),
        ("add", __file__, "--decoder", "yolox", "--to", "x"),
        ("add", __file__, "--decoder", "yolox", "--classes", "person", "--to", "x", "--score", "2"),
    ],
)
def test_wrong_usage_is_exit_status_2(
    tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names and options that cannot be right are told from failures by the exit status, and leave nothing."""
    monkeypatch.chdir(tmp_path)
    result = call(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_one_line(network: Path) -> None:
    """The system's refusal comes out as path and reason."""
    assert "/proc/" in fails(call("pull", NAME, "--from", network, "--to", "/proc/none/bundle"))


@pytest.mark.parametrize("name", sorted(NETS))
def test_an_added_network_sees(shared: Path, tmp_path: Path, name: str) -> None:
    """`models add` with the two words that its user knows makes a working bundle of each public network."""
    net = NETS[name]
    file = shared / "models" / f"{name}.onnx"
    works(call("add", file, "--decoder", net.decoder, "--classes", net.classes, "--to", tmp_path / "bundle"))
    bundle = Bundle.load(tmp_path / "bundle")
    assert bundle.card.licence in ("Apache-2.0", "BSD-3-Clause")  # the catalogue knows these bytes
    detector = Detector(bundle)
    found = detector.detect(frame_of(shared, net))
    assert detector.classes[found.class_id[0]] in ("person", "face")
    assert found.score[0] >= detector.threshold
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def add_person(file: Path, to: Path, *more: str) -> Result:
    return call("add", file, "--decoder", "yolox", "--classes", "person", "--to", to, *more)


def test_a_file_that_nobody_knows_says_so(int8_person: Path, tmp_path: Path) -> None:
    """Without a word about the licence the card says that nobody stated it, and the user is told."""
    result = add_person(int8_person, tmp_path / "mine", "--precision", "int8", "--name", "mine", "--score", "0.3")
    works(result)
    assert "nobody has stated the licence" in result.stderr
    card = load_card(tmp_path / "mine" / CARD_FILE)
    assert (card.name, card.licence, card.thresholds.score) == ("mine", "NOASSERTION", 0.3)
    assert card.file[0].precision is Precision.INT8


def test_what_the_user_says_stands_in_the_card(int8_person: Path, tmp_path: Path) -> None:
    """Licence and source of the options go into the card."""
    options = ("--licence", "MIT", "--source", "https://example.org/us", "--score", "0.05")
    assert add_person(int8_person, tmp_path / "mine", *options).stderr == ""
    card = load_card(tmp_path / "mine" / CARD_FILE)
    assert (card.licence, card.source.url) == ("MIT", "https://example.org/us")
    assert card.thresholds.low <= card.thresholds.score == 0.05


def test_int8_joins_fp32(network: Path, int8_person: Path, tmp_path: Path) -> None:
    """A second precision is added to the bundle; both run, and doing it again changes nothing."""
    folder = tmp_path / "person"
    works(add_person(network, folder))
    for _ in range(2):
        out = works(add_person(int8_person, folder, "--precision", "int8"))
        assert "fp32 3.6 MB, int8 1." in out
    bundle = Bundle.load(folder)
    assert bundle.precisions == (Precision.FP32, Precision.INT8)
    assert [path.name for path in tmp_path.iterdir()] == ["person"]


def test_an_empty_folder_may_be_used(network: Path, tmp_path: Path) -> None:
    """A folder that somebody made beforehand is as good as none."""
    (tmp_path / "made").mkdir()
    works(add_person(network, tmp_path / "made"))
    Bundle.load(tmp_path / "made")


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("file", "options", "says"),
    [
        ("yolox_nano.onnx", (), "choose another --decoder or --classes"),
        ("fastestdet.onnx", (), "choose another --decoder or --classes"),
        ("faceapi_age_gender.onnx", (), "needs one input of fixed size"),
        ("rfb_320_face.onnx", (), "choose another --decoder or --classes"),
        ("coco.names", (), "not an ONNX network"),
        (FILE, ("--name", "Not A Name"), "name = 'Not A Name'"),
        (FILE, ("--source", "ftp://example.org"), "source.url = 'ftp://example.org'"),
    ],
)
def test_a_file_that_does_not_fit_is_one_line(
    shared: Path, tmp_path: Path, file: str, options: tuple[str, ...], says: str
) -> None:
    """Other outputs, other inputs, no network at all, a card that would be wrong: one line, and no folder."""
    path = shared / "models" / file
    line = fails(add_person(path, tmp_path / "bundle", *options))
    assert says in line
    assert line.startswith(f"{path}: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("file", "arguments", "says"),
    [
        ("yolox_nano.onnx", ("yolox", "coco", "int8"), "other classes than coco"),
        ("yunet_n_320_320.onnx", ("yunet", "face", "int8"), "decoder yolox, not yunet"),
        (FILE, ("yolox", "person", "int8"), "is in .* already, as its fp32 file"),
        ("int8", ("yolox", "person", "fp32"), "has another fp32 file already"),
        ("int8", ("yolox", "person", "int8", "--licence", "MIT"), "its card says licence = 'Apache-2.0'"),
        ("yolox_nano.onnx", ("yolox", "person", "int8"), "416"),
        (FILE, ("nanodet", "person", "fp32"), "decoder yolox, not nanodet"),
        (FILE, ("yolox", "person", "fp32", "--score", "0.9"), "its card says thresholds"),
    ],
)
def test_a_stranger_does_not_join_a_bundle(  # noqa: PLR0917 - pytest fills them by name
    shared: Path, network: Path, int8_person: Path, tmp_path: Path, file: str, arguments: tuple[str, ...], says: str
) -> None:
    """A file of another network, or one that is there already, is refused, and the bundle stays as it was."""
    folder = tmp_path / "person"
    works(add_person(network, folder))
    before = content_of(folder)
    path = int8_person if file == "int8" else shared / "models" / file
    decoder, classes, precision, *more = arguments
    options = ("--decoder", decoder, "--classes", classes, "--precision", precision, *more)
    line = fails(call("add", path, *options, "--to", folder))
    assert re.search(says, line), line
    assert content_of(folder) == before
    assert [each.name for each in tmp_path.iterdir()] == ["person"]


def test_adding_to_a_full_disk_leaves_everything_as_it_was(network: Path, int8_person: Path, tmp_path: Path) -> None:
    """When the second file cannot be written the line says which one, and the bundle is the old one."""
    folder = tmp_path / "person"
    works(add_person(network, folder))
    before = content_of(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        line = fails(add_person(int8_person, folder, "--precision", "int8"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert re.search(r"int8\.onnx: File too large$", line)
    assert content_of(folder) == before
    assert [each.name for each in tmp_path.iterdir()] == ["person"]


def test_a_folder_with_other_things_is_left_alone(network: Path, tmp_path: Path) -> None:
    """Neither add nor pull writes into a folder that holds something else, or over a file."""
    (tmp_path / "notes.txt").write_text("mine")
    assert "holds other files already" in fails(add_person(network, tmp_path))
    assert "holds other files already" in fails(call("pull", NAME, "--from", network, "--to", tmp_path))
    assert "is a file" in fails(add_person(network, tmp_path / "notes.txt"))
    assert content_of(tmp_path) == {"notes.txt": b"mine"}
