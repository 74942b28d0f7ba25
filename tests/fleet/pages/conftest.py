"""What the tests of the pages share: servers over a made-up fleet, and a browser."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from playwright.sync_api import Browser
from support.browser import chromium
from support.pages import PATIENT, Pages, Store, every_state, open_folder

from edge_agent.cli import main

PASSWORD = "correct horse battery"  # noqa: S105 - of users that the tests make


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The pages without sign-in, over a device in every state."""
    folder = tmp_path_factory.mktemp("open")
    engine = open_folder(folder)
    every_state(Store(engine, int(time.time())))
    engine.dispose()
    with Pages(folder, settings=f"[pages]\n{PATIENT}") as started:
        yield started


@pytest.fixture(scope="session")
def add_user() -> Callable[..., Result]:
    """Runs `edge-agent fleet user` on a file, with a password on standard input."""

    def run(file: Path, *arguments: str, password: str = PASSWORD) -> Result:
        return CliRunner().invoke(main, ["fleet", "user", *arguments, "--file", str(file)], input=f"{password}\n")

    return run


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory, add_user: Callable[..., Result]) -> Iterator[Pages]:
    """The pages with sign-in: users ada and bob."""
    folder = tmp_path_factory.mktemp("guarded")
    engine = open_folder(folder)
    every_state(Store(engine, int(time.time())))
    engine.dispose()
    for name in ("ada", "bob"):
        assert add_user(folder / "users", name).exit_code == 0
    with Pages(folder, settings=f'users_file = "users"\n{PATIENT}') as started:
        yield started
