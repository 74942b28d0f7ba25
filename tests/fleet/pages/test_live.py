"""Live numbers: what the broker retains, known only while the device and the broker are there."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.broker import Broker, Listener, until
from support.pages import Pages, Store, in_a_loop, open_folder, state_message

from edge_agent.fleet.pages import follow
from edge_agent.fleet.pages.follow import Live
from edge_agent.fleet.settings import Broker as BrokerSettings

KEY = ("shop", "milano-01", "door-1")
BASE = "footfall/v1/shop/milano-01/door-1"
INSIDE = ("entrance", "inside")


def birth(status: str = "online", session: int = 7) -> bytes:
    """A state of the device."""
    return state_message(*KEY, status=status, session=session).encode()


@pytest.fixture
def live() -> Live:
    """As after a connection."""
    made = Live(BrokerSettings())
    made._connected()
    return made


def test_a_leaf_is_known_while_the_device_is_online(live: Live) -> None:
    """Before its birth and after its will a retained number is not the present."""
    live.take(f"{BASE}/live/entrance/inside", b"12")
    assert live.leaves(KEY) == {INSIDE: None}
    live.take(f"{BASE}/state", birth())
    assert live.leaves(KEY) == {INSIDE: 12}
    live.take(f"{BASE}/state", birth("offline"))
    assert live.leaves(KEY) == {INSIDE: None}


def test_a_late_will_does_not_bury_a_newer_birth(live: Live) -> None:
    """The will of a former session says nothing of this one."""
    live.take(f"{BASE}/live/entrance/inside", b"12")
    live.take(f"{BASE}/state", birth(session=8))
    live.take(f"{BASE}/state", birth("offline", session=7))
    assert live.leaves(KEY) == {INSIDE: 12}


def test_unknown_is_unknown(live: Live) -> None:
    """A camera that does not see takes its number back; zero is a number."""
    live.take(f"{BASE}/state", birth())
    for payload, value in ((b"12", 12), (b"unknown", None), (b"0", 0), (b"", "gone")):
        live.take(f"{BASE}/live/entrance/inside", payload)
        assert live.leaves(KEY).get(INSIDE, "gone") == value


def test_without_the_broker_nothing_is_known(live: Live) -> None:
    """When the connection is lost every number is unknown at once; after a new one only what comes again is there."""
    live.take(f"{BASE}/state", birth())
    live.take(f"{BASE}/live/door/in", b"3")
    live._lost()
    assert live.leaves(KEY) == {("door", "in"): None}
    live._connected()
    assert live.leaves(KEY) == {}


@pytest.mark.parametrize(
    "topic",
    [
        "footfall/v1/shop/milano-01/door-1/live/inside",
        "footfall/v1/shop/milano-01/door-1/live/a/b/c/occupancy",
        "footfall/v1/shop/milano-01/door-1/live/door/other",
        "footfall/v1/shop/milano-01/door-1/live/<b>/inside",
        "footfall/v1/shop/milano-01/door-1/hours",
        "footfall/v1/shop",
    ],
)
def test_what_is_not_of_our_form_is_left_aside(live: Live, topic: str) -> None:
    """A topic that is not in the table gives no leaf."""
    live.take(topic, b"1")
    assert live.leaves(KEY) == {}


@settings(max_examples=40)
@given(topic=st.text(max_size=80), payload=st.binary(max_size=80))
def test_no_message_stops_the_pages(topic: str, payload: bytes) -> None:
    """Whatever is published, following goes on, and a value is a number of the schema or unknown."""
    live = Live(BrokerSettings())
    live._connected()
    live.take(topic, payload)
    live.take(f"{BASE}/state", birth())
    live.take(f"{BASE}/state", payload)
    live.take(f"{BASE}/live/door/in", payload)
    value = live.leaves(KEY).get(("door", "in"))
    assert value is None or 0 <= value < 2**31


def test_a_state_that_names_another_device_is_not_believed(live: Live) -> None:
    """Whoever may publish on one topic cannot speak for another device."""
    live.take(f"{BASE}/live/door/in", b"3")
    live.take(f"{BASE}/state", state_message("shop", "milano-01", "door-2").encode())
    assert live.leaves(KEY) == {("door", "in"): None}


def test_leaves_are_bounded(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that invents lines without end does not fill the memory; one that is taken back makes room."""
    monkeypatch.setattr(follow, "LEAVES", 10)
    for number in range(20):
        live.take(f"{BASE}/live/line{number}/in", b"1")
    assert len(live.leaves(KEY)) == 10
    live.take(f"{BASE}/live/line0/in", b"")
    live.take(f"{BASE}/live/new/in", b"1")
    assert ("new", "in") in live.leaves(KEY)
    for number in range(20):
        live.take(
            f"footfall/v1/shop/milano-01/d{number}/state", state_message("shop", "milano-01", f"d{number}").encode()
        )
    assert len(live._heard) == 10


@pytest.mark.parametrize("protocol", ["auto", "5", "3.1.1"])
def test_a_real_broker_is_followed_and_found_again(tmp_path: Path, protocol: str) -> None:
    """Retained numbers arrive; killed, the broker leaves them unknown; started again, they come back."""

    async def story() -> None:
        with Broker(tmp_path / "broker") as broker:
            live = Live(BrokerSettings.model_validate({"url": broker.url, "protocol": protocol}))
            following = asyncio.create_task(live.follow())
            for value in (b"5", b"6"):
                with Listener(broker.port) as device:
                    device.publish(f"{BASE}/state", birth(), retain=True)
                    device.publish(f"{BASE}/live/door/in", value, retain=True)
                await _until(lambda value=value: live.leaves(KEY) == {("door", "in"): int(value)})
                broker.kill()
                await _until(lambda: not live.connected)
                assert live.leaves(KEY) == {("door", "in"): None}
                broker.start()
            following.cancel()
            with pytest.raises(asyncio.CancelledError):
                await following
            assert not live.connected

    in_a_loop(story())


async def _until(what: Any) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


def test_the_stream_pushes_what_changes(tmp_path: Path) -> None:
    """Numbers of admitted devices come by the stream as they change; a sum with an unknown part is unknown.

    At SIGTERM the stream ends, and so do the pages, with status 0.
    """
    folder = tmp_path / "pages"
    folder.mkdir()
    engine = open_folder(folder)
    store = Store(engine, 1_796_000_000)
    store.device("shop/milano-01/door-1")
    store.device("shop/milano-01/door-2")
    store.device("shop/milano-01/stranger", admitted=False)
    engine.dispose()
    with (
        Broker(tmp_path / "broker") as broker,
        Listener(broker.port) as wire,
        Pages(folder, broker=broker.url) as pages,
    ):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", pages.url)
        for device in ("door-1", "door-2", "stranger"):
            base = f"footfall/v1/shop/milano-01/{device}"
            wire.publish(f"{base}/state", state_message("shop", "milano-01", device), retain=True)
            wire.publish(f"{base}/live/entrance/inside", "4", retain=True)
        with pages.connection() as connection:
            connection.request("GET", "/live/events?lang=it")
            stream = connection.getresponse()
            seen: dict[str, list[Any]] = {}

            def read() -> bool:
                line = stream.readline()
                if line.startswith(b"data: {"):
                    seen.update(json.loads(line[6:]))
                return bool(line)

            until(lambda: read() and seen.get("shop/milano-01 inside") == ["8", True])
            assert not any("stranger" in key for key in seen)
            wire.publish("footfall/v1/shop/milano-01/door-2/live/entrance/inside", "unknown", retain=True)
            until(lambda: read() and seen.get("shop/milano-01/door-2/entrance/inside", [""])[0] != "4")
            until(lambda: seen["shop/milano-01 inside"] == ["non noto", False] or not read())
            assert seen["shop/milano-01 part"][0] == "4, telecamere che vedono: 1 su 2"
            broker.kill()
            until(lambda: read() and seen.get("shop/milano-01 part") == ["", True])
            assert pages.stop() == (0, "")  # it ends while somebody watches, and has printed its address only
            assert stream.read().endswith(b"\n")
            assert not any("Traceback" in line for line in pages.log), "".join(pages.log)
