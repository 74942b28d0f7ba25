"""Any valid configuration survives being written and read; no damage to a file causes anything but error lines."""

import copy
import math
import re
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.config import (
    Anchor,
    BrokerConfig,
    CameraConfig,
    ClockConfig,
    Config,
    ConfigError,
    DetectorConfig,
    HealthConfig,
    LineConfig,
    OpeningHours,
    SiteConfig,
    StorageConfig,
    TrackerConfig,
    WindowsConfig,
    ZoneConfig,
    as_toml,
    config_hash,
    load,
)
from edge_agent.config.fields import BUCKETS_MIN
from edge_agent.terms import LineRole

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy

PYDANTIC = re.compile(
    r"Input should|Field required|Value error|Assertion failed|Extra inputs|should (have|be|match)|"
    r"[Uu]nable to|Tuple|pydantic|_type\b|ctx|correct it"
)

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
files = texts.map(lambda text: Path("/etc") / text.strip("/ ."))
classes = st.lists(texts, min_size=1, max_size=3).map(tuple)
points = st.tuples(st.floats(0, 1), st.floats(0, 1))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Something or nothing."""
    return st.none() | strategy


@st.composite
def hours(draw: st.DrawFn) -> OpeningHours:
    """Up to two spans a day that do not overlap."""

    def day() -> tuple[str, ...]:
        minutes = sorted(draw(st.sets(st.integers(0, 24 * 60), max_size=4)))
        pairs = zip(minutes[::2], minutes[1::2], strict=False)
        return tuple(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in pairs)

    days = {name: day() for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return OpeningHours(**days, closed_on=tuple(draw(st.lists(st.dates(), max_size=2))))


@st.composite
def lines(draw: st.DrawFn, name: str) -> LineConfig:
    """A line whose inside is well beside it."""
    x, y, end = draw(st.floats(0.1, 0.9)), draw(st.floats(0, 0.4)), draw(st.floats(0.6, 1))
    return LineConfig(
        name=name,
        from_=(x, y),
        to=(x, end),
        inside=(draw(st.sampled_from([0.0, 1.0])), y),
        classes=draw(classes),
        role=draw(st.sampled_from(LineRole)),
        anchor=draw(st.sampled_from(Anchor)),
        hysteresis=draw(st.floats(0, 0.5)),
        settle_s=draw(st.floats(0, 10)),
        min_travel=draw(st.floats(0, 1)),
    )


@st.composite
def zones(draw: st.DrawFn, name: str) -> ZoneConfig:
    """A polygon inscribed in an ellipse: it cannot cross itself."""
    corners = draw(st.integers(3, 12))
    width, height = draw(st.floats(0.1, 0.5)), draw(st.floats(0.1, 0.5))
    angles = [2 * math.pi * i / corners for i in range(corners)]
    polygon = tuple((0.5 + width * math.cos(a), 0.5 + height * math.sin(a)) for a in angles)
    return ZoneConfig(name=name, polygon=polygon, classes=draw(classes), min_stay_s=draw(st.floats(0, 3600)))


@st.composite
def cameras(draw: st.DrawFn, name: str, line_names: list[str]) -> CameraConfig:
    """A camera with lines and zones; its source has nothing that would be hidden."""
    zone_names = draw(st.lists(names, max_size=2, unique=True))
    return CameraConfig(
        name=name,
        source=draw(texts.filter(lambda text: "://" not in text and not text.startswith("exec:"))),
        credentials_file=draw(maybe(files)),
        fps=draw(maybe(st.floats(0.1, 240))),
        line=tuple(draw(lines(line)) for line in line_names),
        zone=tuple(draw(zones(zone)) for zone in zone_names),
    )


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Any valid configuration, roughly."""
    tls = draw(st.booleans())
    cert = draw(maybe(files)) if tls else None
    camera_names = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    line_names = draw(st.lists(names, max_size=6, unique=True))
    return Config(
        site=SiteConfig(
            tenant=draw(names),
            site=draw(names),
            device=draw(names),
            time_zone=draw(st.sampled_from(["Europe/Rome", "Etc/GMT-14", "UTC", "America/Argentina/Ushuaia"])),
            opening_hours=draw(maybe(hours())),
        ),
        broker=BrokerConfig(
            url=f"mqtt{'s' if tls else ''}://broker.example:{draw(st.integers(1, 65535))}",
            protocol=draw(st.sampled_from(["auto", "5", "3.1.1"])),
            username="someone",
            password_file=draw(maybe(files)),
            ca_file=draw(maybe(files)) if tls else None,
            cert_file=cert,
            key_file=cert,
            live=draw(st.booleans()),
        ),
        camera=tuple(draw(cameras(name, line_names[i::3])) for i, name in enumerate(camera_names)),
        detector=DetectorConfig(bundle=draw(texts), min_score=draw(maybe(st.floats(0, 1)))),
        tracker=TrackerConfig(lost_s=draw(st.floats(0.01, 60))),
        windows=WindowsConfig(bucket_min=draw(st.sampled_from(BUCKETS_MIN))),
        storage=StorageConfig(folder=draw(maybe(files)), max_mb=draw(st.integers(1, 65536))),
        clock=ClockConfig(hold_min=draw(st.floats(0, 1440))),
        health=HealthConfig(listen=draw(st.sampled_from([None, "127.0.0.1:9108", "[::1]:1", "localhost:65535"]))),
    )


def loaded(text: str) -> Config:
    """The configuration that a text makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.toml"
        path.write_text(text, encoding="utf-8", newline="")
        return load(path)


def plain(value: Any) -> Any:
    """A dumped configuration in types that tomli-w knows."""
    if isinstance(value, dict):
        return {key: plain(element) for key, element in value.items()}
    if isinstance(value, tuple):
        return [plain(element) for element in value]
    return str(value) if isinstance(value, Path | str) else value


@unhurried
@given(configs())
def test_what_is_written_is_read_as_an_equal_configuration(config: Config) -> None:
    """`as_toml` and tomli-w both write files that load as an equal configuration with an equal hash."""
    ours = as_toml(config)
    theirs = plain(config.model_dump(by_alias=True, exclude_none=True))
    assert tomllib.loads(ours) == theirs
    for text in (ours, tomli_w.dumps(theirs), ours.replace("\n", "\r\n")):
        assert loaded(text) == config
        assert config_hash(loaded(text)) == config_hash(config)


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and list element below a value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*here, key)
        yield from places(child, (*here, key))


scalars = (
    st.integers() | st.booleans() | st.floats() | st.dates() | st.datetimes() | st.times()
    | st.sampled_from(["", "CANARY", "24:00-25:00", "rtsp://u:CANARY@h", "\x00", "../..", "exec:", "mqtt://[", "1e5"])
)  # fmt: skip
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A valid configuration of which up to three things are replaced, removed, doubled or added."""
    data: dict[str, Any] = plain(draw(configs()).model_dump(by_alias=True, exclude_none=True))
    for _ in range(draw(st.integers(1, 3))):
        *outer, key = draw(st.sampled_from(list(places(data))))
        parent: Any = data
        for part in outer:
            parent = parent[part]
        action = draw(st.sampled_from(["replace", "remove", "add", "double"]))
        if action == "replace":
            parent[key] = draw(anything)
        elif action == "remove":
            del parent[key]
        elif isinstance(parent, dict):
            parent[draw(names)] = draw(anything)
        else:
            parent.append(copy.deepcopy(parent[key]) if action == "double" else draw(anything))
        if not data:
            break
    return data


def assert_loads_or_complains(raw: bytes) -> None:
    """Loading succeeds, or fails with lines of the promised form and without secrets."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.toml"
        path.write_bytes(raw)
        lines = complaints(path)
    for line in lines:
        assert line.isprintable()
        assert re.fullmatch(rf"{re.escape(str(path))}(:\d+)?: .+", line)
        assert not PYDANTIC.search(line)
        assert "u:CANARY" not in line


def complaints(path: Path) -> list[str]:
    """The error lines of a file; none if it loads."""
    try:
        load(path)
    except ConfigError as error:
        return str(error).split("\n")
    return []


@unhurried
@given(spoilt())
def test_a_wrong_value_anywhere_is_an_error_line(data: dict[str, Any]) -> None:
    """Whatever stands in a TOML file, it loads or is refused in plain lines; nothing else is ever raised."""
    assert_loads_or_complains(tomli_w.dumps(data).encode())


@unhurried
@given(configs(), st.data())
def test_a_damaged_file_is_an_error_line(config: Config, data: st.DataObject) -> None:
    """The same holds for a file of which some bytes were cut out or written over."""
    raw = bytearray(as_toml(config).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        raw[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=8) | st.sampled_from(
            [b"[", b"]", b'"', b"'", b"=", b"\n", b"{", b"}", b"#", b'"""', b"\\", b"\r", b"."]
        ))  # fmt: skip
    assert_loads_or_complains(bytes(raw))


@pytest.mark.parametrize("name", ["one-by-one.toml", "bottles.toml"])
def test_the_fixed_files_of_the_contract_load_as_they_are(shared: Path, name: str) -> None:
    """Scripts outside the project rely on these two files."""
    config = load(shared / "contract" / name)
    assert config.site.tenant == "demo"
    assert config.broker.port == 1883
    assert len(config.camera) == 1
    assert loaded(as_toml(config)) == config


def test_relative_paths_begin_at_the_configuration(tmp_path: Path, minimal: str) -> None:
    """Secrets and the storage folder are looked for beside the file; a source stays as written."""
    text = minimal.replace("mqtt:", "mqtts:").replace(
        "\n\n[[camera]]",
        '\nusername = "u"\npassword_file = "p"\nca_file = "/etc/ca"\ncert_file = "c"\nkey_file = "../k"\n[[camera]]',
    )
    path = tmp_path / "store.toml"
    path.write_text(text + 'credentials_file = "login"\n[storage]\nfolder = "state"\n')
    config = load(path)
    broker = config.broker
    assert (broker.password_file, broker.ca_file) == (tmp_path / "p", Path("/etc/ca"))
    assert (broker.cert_file, broker.key_file) == (tmp_path / "c", tmp_path / ".." / "k")
    assert config.camera[0].credentials_file == tmp_path / "login"
    assert config.storage.folder == tmp_path / "state"
    assert config.camera[0].source == "clip.mp4"


def test_a_byte_order_mark_is_read_over(tmp_path: Path, minimal: str) -> None:
    """Windows' Notepad may have put one at the start of the file."""
    path = tmp_path / "store.toml"
    path.write_bytes(b"\xef\xbb\xbf" + minimal.replace("\n", "\r\n").encode())
    assert load(path).site.device == "door-1"
