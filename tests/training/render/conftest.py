"""A renderer for the tests of this folder."""

import os

import pytest
from training.render import Renderer

os.environ.setdefault("LP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """One for all tests; they are skipped on a machine without OpenGL."""
    try:
        return Renderer()
    except RuntimeError as error:
        pytest.skip(str(error))
