"""What all tests share: where the clips and public networks are, if they are here."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_TESTS = Path(__file__).resolve().parent
_SHARED = _TESTS.parents[1] / "shared"
_LONG = ("service", "replay", "training", "fleet", "deploy", "uplink", "models", "privacy")
"""Folders whose files take long, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the long files begin first: one of them at the end would leave all processes but its own idle."""
    items.sort(key=lambda item: _LONG.index(folder) if (folder := _folder(item)) in _LONG else len(_LONG))


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of clips, public networks and data beside the checkout; skips the test where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip(f"needs the shared test material in {_SHARED}")
    return _SHARED


# How long an example takes, to run or to make up, would be a timing assertion; the suite's own time-out is enough. CI
# tries the same examples each time, so that a change is judged by what it changed; a developer's runs go on searching.
settings.register_profile(
    "counted", deadline=None, derandomize=os.environ.get("CI") == "true", suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("counted")
