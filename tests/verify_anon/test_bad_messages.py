"""One message per way of leaving the contract: each is found, where it stands, with the right words."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.agent import edge_agent
from verify_anon.traffic import BASE, changed, golden, judged, written

from edge_agent.message import GENESIS, TOPICS, payload_hash


def _said(folder: Path, leaf: str, payload: bytes) -> list[str]:
    """The reasons for one message, as the user reads them."""
    report = judged(folder, f"{BASE}/{leaf} ".encode() + payload + b"\n")
    (message,) = report.judged
    assert report.ok == (not message.reasons)
    assert message.place == "line 1"
    return [str(reason) for reason in message.reasons]


def _deep(leaf: str, *path: int | str, value: Any) -> bytes:
    """The golden message with another value somewhere inside."""
    message = json.loads(golden(leaf))
    inner = message
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return written(message)


@pytest.mark.parametrize("leaf", [topic.leaf for topic in TOPICS if topic.model is not None])
def test_golden_messages_are_within_the_contract(tmp_path: Path, leaf: str) -> None:
    """Every message of the table of topics passes in its committed form."""
    assert _said(tmp_path, leaf, golden(leaf)) == []


@pytest.mark.parametrize("leaf", ["live/door/in", "live/street/out", "live/entrance/inside", "live/a/b/occupancy"])
@pytest.mark.parametrize("payload", [b"0", b"12", b"unknown", b"2147483647"])
def test_live_leaves_are_integers_or_unknown(tmp_path: Path, leaf: str, payload: bytes) -> None:
    """Every live leaf passes with a plain integer and with the word unknown."""
    assert _said(tmp_path, leaf, payload) == []


@pytest.mark.parametrize("payload", [b"-1", b"1.0", b"07", b"track 17", b"2147483648", b"UNKNOWN", b"1 ", b"\xff\xfe"])
def test_a_live_leaf_of_anything_else_is_found(tmp_path: Path, payload: bytes) -> None:
    """What is no plain integer and not the word unknown is named, with what is allowed."""
    (said,) = _said(tmp_path, "live/door/in", payload)
    assert said.startswith("payload: '")
    assert said.endswith("is no plain integer; allowed: 0 to 2147483647, or the word unknown")


@pytest.mark.parametrize(
    ("leaf", "payload", "words"),
    [
        ("people/17", b"{}", "topic: unknown topic 'people/17'; allowed: the topics of the table"),
        ("counts/extra", b"{}", "topic: unknown topic 'counts/extra'"),
        ("counts", b"in=7", "payload: not JSON; allowed: one JSON object"),
        ("counts", b"", "payload: not JSON"),
        ("counts", b"[1]", "a list: "),
        ("counts", changed("counts", track_id=17), "track_id: a field that the contract does not have"),
        ("counts", _deep("counts", "lines", 0, "x", value=0), "lines[0].x: a field that the contract does not have"),
        (
            "counts",
            _deep("counts", "lines", 0, "in", value=2.5),
            "lines[0].in: 2.5 is a fraction; allowed: whole numbers",
        ),
        ("counts", _deep("counts", "lines", 0, "in", value=2.0), "lines[0].in: 2.0 is a fraction"),
        ("counts", _deep("counts", "lines", 0, "in", value="2"), "lines[0].in: '2' is no such number"),
        (
            "counts",
            _deep("counts", "lines", 0, "in", value=-1),
            "lines[0].in: -1 is no such number; allowed: whole numbers from 0",
        ),
        ("counts", _deep("counts", "lines", 0, "in", value=10**400), "a number of more than 38 digits"),
        ("counts", changed("counts", camera="Anna Rossi, red coat"), "camera: 'Anna Rossi, red coat' is free text"),
        ("counts", changed("counts", clock="about noon"), "clock: 'about noon' is not in the closed list"),
        ("counts", changed("counts", tenant="other"), "tenant: 'other' is not the 'demo' of the topic"),
        (
            "counts",
            changed("counts", start="2026-06-10T10:00:00.250Z"),
            "start: '2026-06-10T10:00:00.250Z' is an instant finer than whole seconds",
        ),
        (
            "counts",
            changed("counts", start="2026-06-10T10:00:07Z"),
            "start: start and end are finer than the grid of windows",
        ),
        (
            "counts",
            changed("counts", start="2026-13-41T10:00:07Z"),
            "start: start or end is no instant of the calendar",
        ),
        (
            "hours",
            changed("hours", start="2026-06-10T10:15:00Z"),
            "start: start and end are finer than the grid of windows; allowed: whole hours",
        ),
        (
            "counts",
            changed("counts", observed_s=549),
            "observed_s: 549 observed and 350 in gaps do not add up to 900 expected",
        ),
        ("counts", changed("counts", expected_s=899), "expected_s: 899 is not the length of the window; allowed: 900"),
        ("counts", changed("counts", open=False), "open: does not fit open_s"),
        ("hours", _deep("hours", "zones", 0, "stays", value=2), "zones[0].dwell: 1 stays in the bins, 2 in all"),
        ("hours", _deep("hours", "zones", 0, "occupancy", "min", value=3), "zones[0].occupancy: min 3 is over max 2"),
        (
            "hours",
            _deep("hours", "inside", "mean_milli", value=1500),
            "inside: the mean of 1500 thousandths does not lie within",
        ),
        (
            "hours",
            _deep("hours", "pass_by", "entered", value=3),
            "pass_by.entered: 3 is not the sum of its lines; allowed: 2",
        ),
        ("hours", _deep("hours", "day", "imbalance", value=7), "day.imbalance: 7 is not in minus out; allowed: 1"),
        (
            "counts",
            golden("counts").replace(b'"rev":0', b'"rev":0,"rev":0'),
            "payload: the field 'rev' stands there twice",
        ),
        ("counts", golden("counts").replace(b'":', b'": '), "payload: not written as the contract writes it"),
        (
            "counts",
            golden("counts").replace(b'"demo"', b'"d\\u0065mo"'),
            "payload: not written as the contract writes it",
        ),
        ("counts", changed("counts", seq=1), "prev_hash: is not the hash of the message before"),
    ],
)
def test_what_is_not_within_the_contract_is_found(tmp_path: Path, leaf: str, payload: bytes, words: str) -> None:
    """The reason names the field, what stands there, and what is allowed."""
    said = _said(tmp_path, leaf, payload)
    assert any(words in reason for reason in said), said


def test_missing_fields_are_named_in_one_line(tmp_path: Path) -> None:
    """A message without some of its fields says which, once."""
    message = json.loads(golden("counts"))
    del message["seq"], message["lines"][0]["out"]
    assert _said(tmp_path, "counts", written(message)) == [
        "payload: lacks seq, lines[0].out; allowed: all fields of the schema"
    ]


@pytest.mark.parametrize(
    "topic", ["footfall/v1", "footfall/v1/demo/counts", "footfall/v1/de mo/a/b/counts", "footfall/v1//a/b/counts"]
)
def test_a_topic_that_is_no_devices_is_found(tmp_path: Path, topic: str) -> None:
    """Under the root, only the three plain names of a device may come first."""
    payload = golden("counts").decode()
    line = json.dumps({"topic": topic, "qos": 1, "retain": 0, "payload": payload})
    report = judged(tmp_path, line.encode() + b"\n")
    assert not report.ok
    assert "topic: not the topic of a device" in report.lines()[0]


@pytest.mark.parametrize(
    ("leaf", "qos", "retain", "words"),
    [
        ("counts", 1, 1, "retained: set; allowed: not set"),
        ("counts", 2, 0, "QoS: 2; allowed: at most 1"),
        ("health", 1, 0, "QoS: 1; allowed: at most 0"),
        ("counts", 0, 0, ""),  # a subscriber with QoS 0
        ("state", 1, 0, ""),  # passed on to who had subscribed already
    ],
)
def test_flags_that_the_table_does_not_have_are_found(
    tmp_path: Path, leaf: str, qos: int, retain: int, words: str
) -> None:
    """A retained flag or a QoS beyond the table is named; what a broker may lower is no fault."""
    line = {"tst": "x", "topic": f"{BASE}/{leaf}", "qos": qos, "retain": retain, "payload": golden(leaf).decode()}
    report = judged(tmp_path, json.dumps(line).encode())
    assert [str(reason) for reason in report.judged[0].reasons] == ([words] if words else [])


def test_a_text_beside_the_payload_is_found(tmp_path: Path) -> None:
    """Properties of MQTT 5 that can hold any text are outside the contract; its numbers are not."""
    line = {
        "topic": f"{BASE}/counts",
        "properties": {"user-properties": {"who": "Anna"}, "message-expiry-interval": 9},
        "payload": golden("counts").decode(),
    }
    report = judged(tmp_path, json.dumps(line).encode())
    assert [str(reason) for reason in report.judged[0].reasons] == [
        "user-properties: sent beside the payload, where it could hold anything; allowed: nothing"
    ]


def test_a_payload_that_the_capture_cut_is_found(tmp_path: Path) -> None:
    """`mosquitto_sub -F %j` ends a payload at a zero byte, which its length gives away."""
    line = {"topic": f"{BASE}/live/door/in", "payloadlen": 9, "payload": "7"}
    report = judged(tmp_path, json.dumps(line).encode())
    assert "it holds a zero byte, at which the capture cut it" in report.lines()[0]


def test_messages_are_chained_by_their_hashes(tmp_path: Path) -> None:
    """`prev_hash` is checked against the message before, in whatever order the two arrive."""
    first = changed("counts", seq=1, prev_hash=GENESIS)
    right, wrong = (changed("hours", seq=2, prev_hash=h) for h in (payload_hash(first), "ab" * 32))
    lines = {"first": f"{BASE}/counts ".encode() + first, "right": f"{BASE}/hours ".encode() + right}
    lines["wrong"] = f"{BASE}/hours ".encode() + wrong
    for order in (("first", "right"), ("right", "first"), ("first", "first", "right")):
        report = judged(tmp_path, b"\n".join(lines[name] for name in order))
        assert report.ok, report.lines()
        assert (report.chained, report.unchained) == (2, 0)
    assert "prev_hash: is not the hash" in judged(tmp_path, lines["first"] + b"\n" + lines["wrong"]).lines()[1]
    assert "does not follow on it" in judged(tmp_path, lines["wrong"] + b"\n" + lines["first"]).lines()[1]
    twice = judged(tmp_path, lines["right"] + b"\n" + lines["wrong"])
    assert "the key (device, epoch, seq) came before with another content" in twice.lines()[1]


def test_what_the_fleet_says_is_told_apart(tmp_path: Path) -> None:
    """Messages towards the device are counted as such: the watermark is judged, blanks in it are not a fault."""
    spaced = golden("ack").replace(b":", b": ")
    lines = b"\n".join([f"{BASE}/ack ".encode() + spaced, f"{BASE}/config/set [anything]".encode()])
    report = judged(tmp_path, lines)
    assert report.ok, report.lines()
    summary = "\n".join(report.summary())
    assert "ack (towards the device)" in summary
    assert "config/set (towards the device)" in summary
    assert not judged(tmp_path, f'{BASE}/ack {{"seq": "x"}}'.encode()).ok


def test_other_systems_on_the_broker_are_counted_apart(tmp_path: Path) -> None:
    """What does not stand under the root is not judged, and said to be there; line breaks in it do no harm."""
    lines = f"{BASE}/live/door/in 7\nzigbee2mqtt/lamp {{\n  on\n}}\nhome/footfall/v1 x\n".encode()
    report = judged(tmp_path, lines)
    assert report.ok, report.lines()
    assert report.messages.total() == 1
    assert report.others.total() == 4


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "No message under footfall/v1 was found"),
        (b"zigbee2mqtt/lamp on\n", "No message under footfall/v1 was found"),
        (b"\x1f\x8b\x08 rest", "is compressed; unpack it first: gunzip FILE"),
        (b"2026-06-10T10:00:00 footfall/v1/a/b/c/live/d/in 7\n", "is not the first word of the line"),
        (b"footfall/v1/a/b/c/live/d/in 7\n" + b"x" * (17 * 2**20) + b"\n", "longer than 16 MiB"),
    ],
)
def test_a_capture_that_cannot_be_judged_does_not_pass(tmp_path: Path, content: bytes, words: str) -> None:
    """Nothing to judge, and what cannot be read, are told with what to do, and are no success."""
    report = judged(tmp_path, content)
    assert not report.ok
    assert words in "\n".join([*report.lines(), *report.summary()])


def test_a_capture_that_rewrites_payloads_says_so(tmp_path: Path) -> None:
    """`mosquitto_sub -F %J` makes 1.0 a 1 and leaves an empty line for what is not JSON: both are told."""
    message = json.dumps({"topic": f"{BASE}/counts", "payload": json.loads(golden("counts"))}).encode()
    assert "use %j, it keeps them" in "\n".join(judged(tmp_path, message).summary())
    report = judged(tmp_path, message + b"\n\n")
    assert not report.ok
    assert "1 empty lines: `mosquitto_sub -F %J` prints one for a message that is not JSON" in report.lines()[1]


def test_exit_status_and_words_of_the_command(tmp_path: Path) -> None:
    """0 all within, 1 something is not, 2 wrong usage; the findings and the table go to standard output."""
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_bytes(f"{BASE}/live/door/in 7\n".encode())
    bad.write_bytes(f"{BASE}/live/door/in 7\n{BASE}/live/door/in seven\n".encode())
    assert edge_agent("verify-anon", good).status == 0
    done = edge_agent("verify-anon", good, bad)
    assert (done.status, done.err) == (1, "")
    assert f"bad.txt: line 2: {BASE}/live/door/in: payload: 'seven' is no plain integer" in done.out
    assert "1 of 3 messages is NOT within the contract." in done.out
    for wrong in ((), (tmp_path / "absent",), (tmp_path,)):
        assert edge_agent("verify-anon", *wrong).status == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_a_crash(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever stands in a file, the tool says something about it, in lines that a terminal can show."""
    folder = tmp_path_factory.getbasetemp()
    for prefix in (b"", f"{BASE}/counts ".encode(), f"{BASE}/live/".encode(), b'{"topic":"footfall/v1/'):
        report = judged(folder, prefix + data)
        assert all(line.isprintable() for line in [*report.lines(), *report.summary()])
        json.dumps(report.plain())


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_any_value_in_any_field_is_judged_without_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A golden message of which any part is replaced by any JSON is judged, and passes only if the schema allows it."""
    leaf, model = data.draw(st.sampled_from([(t.leaf, t.model) for t in TOPICS if t.model is not None]))
    message = json.loads(golden(leaf))
    target = data.draw(st.sampled_from(list(_holders(message))))
    key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
    target[key] = data.draw(_JSON)
    payload = json.dumps(message, separators=(",", ":")).encode()
    report = judged(tmp_path_factory.getbasetemp(), f"{BASE}/{leaf} ".encode() + payload)
    if report.ok:
        model.model_validate_json(payload)


def _holders(node: Any) -> list[Any]:
    """Every object and list of a message that holds something."""
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return ([node] if inner else []) + [found for part in inner for found in _holders(part)]
