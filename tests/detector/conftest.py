"""Bundles are made once per session: loading and hashing them is most of the time of these tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from detector.networks import public_bundle

from edge_agent.detector.bundle import Bundle

BundleOf = Callable[[str], Bundle]


@pytest.fixture(scope="session")
def bundle_of(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> BundleOf:
    """Gives the bundle around a public network by its name."""
    made: dict[str, Bundle] = {}

    def get(name: str) -> Bundle:
        if name not in made:
            made[name] = public_bundle(shared, tmp_path_factory.mktemp(name), name)
        return made[name]

    return get
