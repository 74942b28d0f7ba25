import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.uplink.fleet import parse_watermark
from edge_agent.uplink.latest import HEALTH_EXPIRY_S, Latest
from edge_agent.uplink.pace import Backoff, Version, Versions
from edge_agent.uplink.trouble import ConnectFailed

REFUSED = ConnectFailed("", version_refused=True)
HUNG_UP = ConnectFailed("", hung_up=True)
UNREACHABLE = ConnectFailed("")


@given(seed=st.integers(), attempts=st.integers(1, 40))
def test_waits_double_up_to_two_minutes(seed: int, attempts: int) -> None:
    """The n-th wait lies between half and all of min(120, 2^n) seconds, and short waits come back after a reset."""
    backoff = Backoff(Random(seed))
    for n in range(attempts):
        most_s = min(120.0, 2.0**n)
        assert most_s / 2 <= backoff.next_s() <= most_s
    backoff.reset()
    assert backoff.next_s() <= 1.0


def tries(versions: Versions) -> Version:
    return versions.next


def test_a_refused_version_is_remembered() -> None:
    """After a clear refusal of 5 only 3.1.1 is tried, until that is refused too."""
    versions = Versions("auto")
    assert tries(versions) == "5"
    assert versions.failed(REFUSED)
    assert tries(versions) == "3.1.1"
    versions.worked()
    assert not versions.failed(UNREACHABLE)
    assert tries(versions) == "3.1.1"
    assert not versions.failed(REFUSED), "the broker was replaced: no hot loop, 5 comes after the pause"
    assert tries(versions) == "5"


def test_a_hang_up_is_not_remembered() -> None:
    """A broker that hung up on 5 gets 3.1.1 at once, but 5 again the next time; not if 5 has worked before."""
    versions = Versions("auto")
    assert versions.failed(HUNG_UP)
    assert tries(versions) == "3.1.1"
    versions.worked()
    assert tries(versions) == "5"
    versions.worked()
    assert not versions.failed(HUNG_UP)
    assert tries(versions) == "5"


@given(failures=st.lists(st.sampled_from([REFUSED, HUNG_UP, UNREACHABLE]), max_size=20))
def test_a_fixed_version_never_changes(failures: list[ConnectFailed]) -> None:
    """What the operator has set is what is spoken."""
    versions = Versions("3.1.1")
    for failure in failures:
        assert not versions.failed(failure)
        assert versions.next == "3.1.1"


@given(failures=st.lists(st.sampled_from([REFUSED, HUNG_UP, UNREACHABLE]), max_size=30))
def test_versions_never_spin(failures: list[ConnectFailed]) -> None:
    """Two attempts in a row without a pause are never followed by a third."""
    versions = Versions("auto")
    at_once = 0
    for failure in failures:
        at_once = at_once + 1 if versions.failed(failure) else 0
        assert at_once <= 1


@given(payload=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_may_come_as_a_watermark(payload: bytes) -> None:
    """Nonsense is None, never an exception."""
    mark = parse_watermark(payload)
    assert mark is None or (isinstance(mark[0], str) and mark[1] >= 0)


@given(seq=st.integers(0, 2**63 - 1), more=st.dictionaries(st.sampled_from("abc"), st.none()))
def test_a_watermark_may_say_more(seq: int, more: dict[str, None]) -> None:
    """A newer fleet may add keys without stopping the counters of today."""
    payload = json.dumps({**more, "epoch": "0123456789abcdef", "seq": seq}).encode()
    assert parse_watermark(payload) == ("0123456789abcdef", seq)


@given(values=st.lists(st.tuples(st.sampled_from("ab"), st.binary(max_size=3)), max_size=20))
def test_only_the_newest_value_of_a_leaf_is_taken(values: list[tuple[str, bytes]]) -> None:
    """Values are replaced, not queued; taken once; and all there again for a new connection."""
    latest = Latest()
    for leaf, payload in values:
        latest.put_live(leaf, payload)
    newest = dict(values)
    assert latest.waiting() == bool(newest)
    assert latest.take(0.0) == (newest, None)
    assert latest.take(0.0) == ({}, None)
    latest.begin()
    assert latest.take(0.0) == (newest, None)


def test_stale_health_is_dropped() -> None:
    """A health message of an outage that has grown old says nothing about now."""
    latest = Latest()
    latest.put_health(b"old", 0.0)
    assert latest.take(HEALTH_EXPIRY_S + 1.0) == ({}, None)
    latest.put_health(b"new", 0.0)
    assert latest.take(HEALTH_EXPIRY_S - 1.0) == ({}, b"new")
    assert not latest.waiting()
