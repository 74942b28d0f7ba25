"""`/metrics`: every name is documented, and what it says is true."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from support.pages import Pages

_OPS = Path(__file__).resolve().parents[3] / "docs" / "ops.md"


def test_metrics_are_those_of_the_page_for_ops(pages: Pages) -> None:
    """docs/ops.md lists exactly the metrics that there are."""
    listed = set(re.findall(r"`(footfall_fleet_\w+)`", _OPS.read_text(encoding="utf-8")))
    assert {family.name for family in text_string_to_metric_families(pages.get("/metrics").body)} == listed


def test_metrics_tell_the_state_of_the_fleet(pages: Pages) -> None:
    """Counts by state, problems by kind, and of a device what it said last; of an absent one nothing."""
    found = {
        (sample.name.removeprefix("footfall_fleet_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(pages.get("/metrics").body)
        for sample in family.samples
    }
    states = {"online": 2, "offline": 1, "silent": 1, "quarantined": 1, "never_seen": 1}
    assert {state: found["devices", state] for state in states} == states
    assert (found["problems_open", "missing"], found["problems_open", "silent"]) == (1, 1)
    assert (found["dead_letters",], found["quarantine_messages",], found["broker_connected",]) == (2, 1, 0)
    assert found["device_temperature_celsius", "door-1", "shop", "torino-02"] == 84
    assert found["device_outbox_rows", "door-1", "shop", "torino-02"] == 1234
    assert 23 / 24 <= found["device_coverage_ratio", "door-1", "milano-01", "shop"] <= 1  # an hour may end meanwhile
    assert found["device_messages_waiting", "door-9", "nowhere", "other"] == 1
    assert ("device_temperature_celsius", "door-1", "roma-03", "shop") not in found
    assert ("device_last_seen_age_seconds", "door-1", "pisa-05", "shop") not in found
    assert 7200 <= found["device_last_seen_age_seconds", "door-1", "roma-03", "shop"] < 7200 + 3600
