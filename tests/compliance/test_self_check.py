"""The half-yearly self-check: it passes on a clean device, and each thing that is wrong makes it fail."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from compliance.conftest import DOOR, configuration
from compliance.pages import Page
from hypothesis import given
from hypothesis import strategies as st
from support.agent import edge_agent

from edge_agent.compliance import checks, schema
from edge_agent.compliance.memory_search import Canary
from edge_agent.compliance.pictures import pictures_in, pictures_in_file
from edge_agent.compliance.signing import SigningError, sign, signing_key, verify
from edge_agent.config import load

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schema"


def _device(folder: Path) -> Path:
    storage = {"folder": str(folder / "state")}
    return configuration(folder, [{"name": "entrance", "line": [DOOR]}], storage=storage)


def test_a_clean_device_passes_and_its_report_can_be_verified(tmp_path: Path) -> None:
    """All checks pass, the pages can be read, and the signature holds with this key and with no other."""
    done = edge_agent(
        "compliance",
        "self-check",
        "--config",
        _device(tmp_path),
        "--to",
        tmp_path / "reports",
        XDG_STATE_HOME=str(tmp_path),
    )
    assert done.status == 0, done.out + done.err
    for name in ("no_picture_on_disk", "memory_overwritten", "schema_unchanged", "no_core_file", "switch_history"):
        assert f"{name}: passed" in done.out
    key = done.out.rpartition("public key: ")[2].strip()
    (report,) = (tmp_path / "reports").glob("*.json")
    memory = json.loads(report.read_text())["report"]["checks"][1]["facts"]
    assert memory["found_while_the_picture_was_shown"] > 0
    assert memory["found_after_further_pictures"] == 0
    assert (tmp_path / "state" / "self-check.key").stat().st_mode & 0o777 == 0o600
    for page in (tmp_path / "reports").glob("*.html"):
        assert "door-1" in Page(page.read_text()).text
    assert edge_agent("compliance", "verify-report", report, "--key", key).status == 0
    other = edge_agent("compliance", "verify-report", report, "--key", "00" * 32)
    assert (other.status, "another key" in other.err) == (1, True)
    report.write_text(report.read_text().replace('"ok": true', '"ok": false'))
    altered = edge_agent("compliance", "verify-report", report, "--key", key)
    assert (altered.status, "was altered" in altered.err) == (1, True)


def test_a_picture_in_the_state_folder_fails_the_check(tmp_path: Path) -> None:
    """A picture that lies where the agent writes is found and named, also inside of another file."""
    config = load(_device(tmp_path))
    state = tmp_path / "state"
    state.mkdir()
    assert checks.no_picture_on_disk(config, []).verdict == "passed"
    jpeg = cv2.imencode(".jpg", np.full((40, 40, 3), 90, np.uint8))[1].tobytes()
    (state / "outbox.db").write_bytes(b"SQLite format 3\0" + bytes(5 * 2**20) + jpeg + bytes(4096))
    check = checks.no_picture_on_disk(config, [])
    assert check.verdict == "failed"
    assert "outbox.db: JPEG at byte" in check.facts["found"][0]


def _pictures() -> dict[str, bytes]:
    image = np.random.default_rng(3).integers(0, 255, (32, 48, 3), dtype=np.uint8)
    made = {kind: cv2.imencode(f".{end}", image)[1].tobytes() for kind, end in
            (("JPEG", "jpg"), ("PNG", "png"), ("BMP", "bmp"), ("WebP", "webp"), ("PNM", "ppm"))}  # fmt: skip
    made["GIF"] = b"GIF89a\x30\0\x20\0\x80\0\0"
    made["AVI"] = b"RIFF\x10\0\1\0AVI LIST"
    made["MP4"] = b"\0\0\0\x20ftypisom\0\0\2\0"
    made["Matroska"] = b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\1\x42\x82\x88matroska"
    made["H.264"] = b"\0\0\0\1\x67" + b"\x42\0\x1e\x95" * 3 + b"\0\0\0\1\x68\xce"
    made["NumPy"] = b"\x93NUMPY\1\0v\0"
    return made


@pytest.mark.parametrize("kind", sorted(_pictures()))
def test_every_kind_of_picture_is_found_anywhere(tmp_path: Path, kind: str) -> None:
    """The kinds are recognised at the beginning and in the middle, and where two pieces of a large file meet."""
    data = _pictures()[kind]
    assert kind in [found.kind for found in pictures_in(b"abc" + data)]
    path = tmp_path / "large"
    for at in (0, 4 * 2**20 - 5):
        path.write_bytes(bytes(at) + data)
        assert [found.at - at in (0, 4) for found in pictures_in_file(path) if found.kind == kind] == [True]


@given(st.binary(max_size=4000))
def test_noise_is_no_picture(data: bytes) -> None:
    """Looking through any bytes ends, and text is never taken for a picture."""
    list(pictures_in(data))
    assert list(pictures_in(data.hex().encode())) == []


def test_a_copy_of_a_picture_in_memory_is_found() -> None:
    """The search of the memory can fail: a copy that somebody keeps is found until it is gone, also a smaller one."""
    canary = Canary(7)
    image = np.zeros((360, 640, 3), np.uint8)
    assert canary.search().finds == 0
    canary.draw(image)
    kept = image.copy()
    image[:] = 0
    assert canary.search().finds > 0
    kept[:] = 0
    assert canary.search().finds == 0
    canary.draw(image)
    smaller = cv2.resize(image, (320, 180), interpolation=cv2.INTER_AREA)
    image[:] = 0
    assert canary.search().finds > 0
    assert smaller.any()


def test_the_shipped_digests_are_those_of_the_published_schema() -> None:
    """What the self-check compares with is docs/schema; `write_published()` writes it anew after a change."""
    names = {path.name.removesuffix(".schema.json"): path for path in SCHEMAS.glob("*.schema.json")}
    assert schema.published() == {leaf: schema.digest(json.loads(path.read_text())) for leaf, path in names.items()}


def test_a_changed_schema_fails_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests that differ from the code's, or are missing, are named."""
    changed = tmp_path / "published.json"
    changed.write_text(json.dumps({**schema.published(), "counts": "00"}))
    monkeypatch.setattr(schema, "PUBLISHED", changed)
    check = checks.schema_unchanged()
    assert (check.verdict, check.facts["changed"]) == ("failed", ["counts"])
    changed.unlink()
    assert checks.schema_unchanged().verdict == "failed"


def test_an_altered_history_of_the_switch_fails_the_check(tmp_path: Path) -> None:
    """A line of the history that does not follow the one before is found."""
    config = load(_device(tmp_path))
    (tmp_path / "state").mkdir()
    assert checks.switch_history(config).verdict == "passed"
    line = {"at": "2026-11-01T08:00:00Z", "synced": True, "camera": "entrance", "on": True, "prev": "11" * 32}
    (tmp_path / "state" / "demographics-switches.jsonl").write_text(json.dumps(line) + "\n")
    assert checks.switch_history(config).verdict == "failed"


@given(st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8), max_size=4), st.integers(0, 63))
def test_a_signature_is_of_one_report_only(
    tmp_path_factory: pytest.TempPathFactory, report: dict[str, object], bit: int
) -> None:
    """Any report verifies as it was signed; with another field, or another bit in the signature, it does not."""
    signed = sign(report, signing_key(tmp_path_factory.getbasetemp()))
    assert verify(json.loads(json.dumps(signed)), signed["public_key"]) == report
    wrong = bytearray.fromhex(signed["signature"])
    wrong[bit] ^= 1
    for other in ({**signed, "report": {**report, "more": 1}}, {**signed, "signature": wrong.hex()}):
        with pytest.raises(SigningError):
            verify(other, signed["public_key"])


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A key with too wide a mode, or of another length, is told and not used."""
    signing_key(tmp_path)
    path = tmp_path / "self-check.key"
    path.chmod(0o644)
    with pytest.raises(SigningError, match="others on this machine may read it"):
        signing_key(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(SigningError, match="is damaged"):
        signing_key(tmp_path)
