"""Programs that a test needs: absent on a developer's machine the test is skipped, on the build server it fails."""

import os
import shutil
from typing import NoReturn

import pytest


def needs(program: str) -> str:
    """Return the path of the program; skip the test, saying so, where it is not installed."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        lacks(f"needs the program '{program}'")
    return path


def lacks(reason: str) -> NoReturn:
    """Skip the test because something is not installed here; on the build server, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; install it on the build server")
    pytest.skip(reason)
