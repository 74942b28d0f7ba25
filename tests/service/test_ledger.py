"""The ledger of a device, from its real configuration, its gates and the history of its switch."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest
from anonymise.plans import READING, T0, camera, visitors

from edge_agent.anonymise import Gate, exact_epsilon
from edge_agent.clock import ManualClock
from edge_agent.config import Config
from edge_agent.message import Privacy
from edge_agent.outbox import read_switches
from edge_agent.outbox.switches import FILE_NAME
from edge_agent.service.ledger import Ledger
from edge_agent.terms import GapCause

LINE = {"name": "door", "from": [0.5, 0.1], "to": [0.5, 0.9], "inside": [0.1, 0.5]}


def config(*, on: bool, epsilon: float | None = None) -> Config:
    """Return a device with a camera at the door, whose switch is given, and one in the stockroom, which is off."""
    door: dict[str, Any] = {"name": "door", "source": "synthetic:", "line": [LINE], "demographics": on}
    if on:
        door["notice_date"] = "2026-06-01"
    return Config.model_validate_json(
        json.dumps(
            {
                "site": {"tenant": "t", "site": "s", "device": "d", "time_zone": "Europe/Rome"},
                "broker": {"url": "mqtt://127.0.0.1:1"},
                "camera": [door, {"name": "stock", "source": "synthetic:", "line": [{**LINE, "name": "back"}]}],
                "privacy": {} if epsilon is None else {"epsilon_per_day": epsilon},
            }
        )
    )


def told(ledger: Ledger, *gates: tuple[str, Gate | None]) -> Privacy:
    """Return the message, read as anybody would."""
    return Privacy.model_validate_json(ledger.payload(gates))


def test_the_ledger_says_what_is_on_and_since_when(tmp_path: Path) -> None:
    """Attributes, notice and first day of the camera that reads; nothing but its name of the one that does not."""
    clock = ManualClock(0.0, T0)
    Ledger(config(on=False), tmp_path, clock)
    clock.advance(86_400)
    Ledger(config(on=True), tmp_path, clock)
    clock.advance(86_400)
    privacy = told(Ledger(config(on=True), tmp_path, clock))
    assert (privacy.day, privacy.k, privacy.unit, privacy.epsilon_budget_milli) == ("2026-06-12", 5, "visit", None)
    door, stock = privacy.cameras
    assert (door.attributes, door.notice, door.since, door.spent_milli) == (
        ("sex", "age"),
        "2026-06-01",
        "2026-06-11",
        None,
    )
    assert (stock.attributes, stock.notice, stock.since, stock.spent_milli) == ((), None, None, None)
    off = told(Ledger(config(on=False), tmp_path, clock)).cameras[0]
    assert (off.attributes, off.since) == ((), None)
    assert [(s.at[:10], s.on) for s in read_switches(tmp_path).switches] == [
        ("2026-06-11", True),
        ("2026-06-12", False),
    ]


def test_the_ledger_adds_up_what_noise_has_cost_today(tmp_path: Path) -> None:
    """Nothing before the first hour, half the budget after it and however many follow, all after the day, then anew."""
    clock = ManualClock(0.0, T0)
    reading = replace(READING, epsilon_per_day=exact_epsilon(1.0), draw=Random(1).randrange)
    shop = camera(clock, reading=reading)
    ledger = Ledger(config(on=True, epsilon=1.0), tmp_path, clock)
    spent = [told(ledger, ("door", None), ("stock", None)).cameras[0].spent_milli]
    for _ in range(13):
        shop.gate.frame(visitors(clock.monotonic(), (40, 30, 20), (10, 20, 20, 10, 10, 10, 10)))
        shop.miss(3600, GapCause.STALLED)
        privacy = told(ledger, ("door", shop.gate), ("stock", None))
        assert privacy.epsilon_budget_milli == 1000
        spent.append(privacy.cameras[0].spent_milli)
    assert spent == [0, *[500] * 11, 0, 500]
    assert shop.gate.spent_micro(date(2026, 6, 10)) == 1_000_000


def test_a_tenth_is_a_tenth() -> None:
    """A budget is what stands in the file, not the nearest binary fraction to it."""
    assert exact_epsilon(0.1) == Fraction(1, 10)
    assert exact_epsilon(None) is None


def test_a_history_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The agent counts, the log says what is missing, and the ledger leaves out since when."""
    (tmp_path / FILE_NAME).mkdir()
    ledger = Ledger(config(on=True), tmp_path, ManualClock(0.0, T0))
    assert told(ledger).cameras[0].since is None
    assert "history of demographics cannot be written" in caplog.text
