"""Certificates are made once, with the commands of deploy/mosquitto/README.md."""

import pytest
from support.broker import Certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority, a broker's certificate for localhost, and the counter's for the name door-1."""
    return Certificates(tmp_path_factory.mktemp("certificates"))
