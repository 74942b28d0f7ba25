"""What all tests share: where the clips and public networks are, if they are here."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_SHARED = Path(__file__).resolve().parents[2] / "shared"


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
