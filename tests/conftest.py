"""What all tests share: where the clips and public networks are, if they are here."""

from pathlib import Path

import pytest
from hypothesis import settings

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of clips, public networks and data beside the checkout; skips the test where it is absent."""
    if not _SHARED.is_dir():
        pytest.skip(f"needs the shared test material in {_SHARED}")
    return _SHARED


# A deadline for one example would be a timing assertion; the suite's own time-out is enough.
settings.register_profile("counted", deadline=None)
settings.load_profile("counted")
