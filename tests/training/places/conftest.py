from pathlib import Path

import pytest
from training.places import Places

_CACHE = Path(__file__).resolve().parents[3] / ".cache" / "training" / "places"


@pytest.fixture(scope="session")
def places(shared: Path) -> Places:
    """All assets; textures once made are found again by the next run, under a name that changes with the code."""
    return Places(shared / "data", _CACHE)
