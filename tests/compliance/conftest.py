"""Configurations with everything on and everything off, and a controller who has said everything."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import tomli_w

from edge_agent.compliance.controller import Controller

TODAY: Final = date(2026, 11, 29)

DOOR: Final = {"name": "door", "from": [0.3, 0.5], "to": [0.7, 0.5], "inside": [0.5, 0.8]}
STREET: Final = {"name": "street", "role": "pass_by", "from": [0.1, 0.5], "to": [0.2, 0.5], "inside": [0.15, 0.8]}
TILL: Final = {"name": "till", "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}


def configuration(folder: Path, cameras: list[dict[str, Any]], **tables: dict[str, Any]) -> Path:
    """Write a configuration file."""
    site = {"tenant": "demo", "site": "milano-01", "device": "door-1", "time_zone": "Europe/Rome"}
    named = [{"source": "synthetic:", **camera} for camera in cameras]
    text = tomli_w.dumps({"site": site, "broker": {"url": "mqtts://broker.example"}, "camera": named, **tables})
    path = folder / "site.toml"
    path.write_text(text)
    return path


@pytest.fixture
def all_on(tmp_path: Path) -> Path:
    """Lines, zones, and demographics with noise."""
    camera = {
        "name": "entrance",
        "line": [DOOR, STREET],
        "zone": [TILL],
        "demographics": True,
        "notice_date": date(2026, 11, 1),
    }
    return configuration(tmp_path, [camera], privacy={"k": 7, "epsilon_per_day": 1.5})


@pytest.fixture
def all_off(tmp_path: Path) -> Path:
    """One line and nothing else."""
    broker = {"url": "mqtt://127.0.0.1", "live": False}
    return configuration(tmp_path, [{"name": "entrance", "line": [DOOR]}], broker=broker)


@pytest.fixture
def controller() -> Controller:
    """Nothing is left out."""
    return Controller(
        name="Esempio S.p.A.",
        address="Via Roma 1, 20121 Milano",
        contact="privacy@esempio.it",
        dpo="dpo@esempio.it",
        url="https://www.esempio.it/privacy/conteggio",
        retention="24 mesi",
        processors="Servizi S.r.l.",
        servers="Italia",
        objection="rivolgersi alla cassa",
    )
