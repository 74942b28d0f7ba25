"""What the store says of every device: its state, what it measured, how much of the day it saw."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from support.pages import Store, open_folder

from edge_agent.fleet.devices import Coverage, Device, DeviceState, DeviceWarning, by_state, read_device, read_devices
from edge_agent.fleet.store.tables import devices

NOW_S = 1_796_000_000
DOOR = "shop/milano-01/door-1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store at a fixed time."""
    engine = open_folder(tmp_path)
    yield Store(engine, NOW_S)
    engine.dispose()


def only(store: Store, now_s: int = NOW_S) -> Device:
    """The only device of a store."""
    with store.engine.connect() as connection:
        (device,) = read_devices(connection, now_s, 5)
        assert read_device(connection, device.tenant, device.site, device.device, now_s, 5) == device
    return device


def test_an_empty_store_has_no_device(store: Store) -> None:
    """Nothing was seen, so nothing is there, and every state counts zero."""
    with store.engine.connect() as connection:
        assert read_devices(connection, NOW_S, 5) == []
        assert read_device(connection, "a", "b", "c", NOW_S, 5) is None
    assert by_state([]) == dict.fromkeys(DeviceState, 0)


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ({"seen_ago_s": 20}, DeviceState.ONLINE),
        ({"seen_ago_s": 300}, DeviceState.ONLINE),
        ({"seen_ago_s": 301}, DeviceState.SILENT),
        ({"seen_ago_s": 20, "status": "offline"}, DeviceState.OFFLINE),
        ({"seen_ago_s": 9000, "status": "offline"}, DeviceState.OFFLINE),
        ({"seen_ago_s": None}, DeviceState.NEVER_SEEN),
        ({"seen_ago_s": 20, "admitted": False}, DeviceState.QUARANTINED),
    ],
)
def test_a_device_is_in_one_state(store: Store, how: dict[str, object], state: DeviceState) -> None:
    """Admission comes first, then whether it ever spoke, then its last will, then its silence."""
    store.device(DOOR, **how)  # type: ignore[arg-type]
    assert only(store).state is state


def test_health_after_a_will_is_a_sign_of_life(store: Store) -> None:
    """A device that sends health after an old `offline` is there."""
    store.device(DOOR, seen_ago_s=100, status="offline")
    with store.engine.begin() as connection:
        connection.execute(update(devices).values(health_s=NOW_S - 10, last_seen_s=NOW_S - 10))
    assert only(store).state is DeviceState.ONLINE


def test_old_health_says_nothing_of_now(store: Store) -> None:
    """What a silent device measured is not shown as the present."""
    store.device(DOOR, seen_ago_s=20)
    fresh, old = only(store), only(store, NOW_S + 600)
    assert (fresh.fps, fresh.outbox_rows, fresh.temperature_c, fresh.clock) == (9.987, 2, 58, "synced")
    assert (old.fps, old.outbox_rows, old.temperature_c, old.clock, old.warnings) == (None, None, None, None, ())
    assert old.version == "0.1.0"


def test_warnings_are_what_health_says(store: Store) -> None:
    """Each complaint of a health message is one warning, and counts with the problems that last."""
    of_camera = {"name": "entrance", "seeing": False, "cause": "covered", "fps_milli": 0, "latency_ms": None}
    of_camera |= {"frames": 0, "dropped": 0, "reconnects": 0}
    told = {"cameras": [of_camera], "clock": "unsynced", "temperature_c": 80, "disk_free_mb": 499}
    told |= {"outbox_dropped": 1, "outbox_quarantined": 1, "publish_refused": 1, "provider_fell_back": True}
    device_id = store.device(DOOR, health=told)
    store.problem(device_id, "missing", "x")
    store.problem(device_id, "silent", "x", over_ago_s=5)
    assert only(store).warnings == tuple(DeviceWarning)
    assert only(store).worries == len(DeviceWarning) + 1


def test_a_message_of_another_version_is_no_crash(store: Store) -> None:
    """A state that this program cannot read leaves the device in the list, without what it says."""
    store.device(DOOR)
    with store.engine.begin() as connection:
        connection.execute(update(devices).values(state='{"schema":"footfall/v2/state"}', health="not JSON"))
    assert (only(store).birth, only(store).health, only(store).state) == (None, None, DeviceState.ONLINE)


def test_coverage_of_a_whole_day(store: Store) -> None:
    """Twenty-four hours that all came and were seen are all of the day."""
    device_id = store.device(DOOR)
    store.hours(device_id, DOOR, 30)
    assert only(store).coverage == Coverage(86_400, 86_400, 0)


def test_hours_that_never_came_are_not_seen(store: Store) -> None:
    """A device that was away for most of the day has not seen all of it just because what came was complete."""
    device_id = store.device(DOOR)
    store.hours(device_id, DOOR, 6)
    assert only(store).coverage == Coverage(86_400, 6 * 3600, 18 * 3600)
    assert only(store).coverage.share == 0.25


def test_a_new_device_owes_nothing_of_before(store: Store) -> None:
    """Hours before a device was first seen are not missing."""
    device_id = store.device(DOOR)
    store.hours(device_id, DOOR, 2)
    with store.engine.begin() as connection:
        connection.execute(update(devices).values(first_seen_s=NOW_S - 2 * 3600 - 300))
    assert only(store).coverage.share == 1.0


def test_a_day_has_24_hours_in_every_time_zone(store: Store) -> None:
    """Hours that begin at :00, :15, :30 or :45 UTC are 24 in a day, at whatever minute somebody looks."""
    for begins_min in (0, 15, 30, 45):
        path = f"shop/milano-01/door-{begins_min}"
        store.hours(store.device(path), path, 40, begins_min=begins_min)
    base_s = (NOW_S - 300) // 3600 * 3600 - 2 * 3600
    with store.engine.connect() as connection:
        for minute in range(0, 60, 3):
            found = read_devices(connection, base_s + minute * 60 + 7, 10_000)
            assert [device.coverage for device in found] == [Coverage(86_400, 86_400, 0)] * 4
