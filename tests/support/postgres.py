"""A real PostgreSQL of a test's own, in a folder of its own, that may be killed and started again."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

import psutil
import pytest
from support.broker import PATIENCE_S, free_port
from support.needs import needs

_CONFIG: Final = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=128MB",
    "max_wal_size=1GB",
    "log_min_messages=warning",
)
"""fsync stays on: what a commit promises is what the tests are about."""


class Postgres:
    """A PostgreSQL server on the loopback. Its files lie in a folder of its own under `folder`.

    It refuses to run as root, so there it runs as the user `postgres`, in a folder that this user can reach.
    """

    def __init__(self, folder: Path | None = None, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self._bin = _programs()
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        # pytest's folders are closed to other users, so as root the files lie beside them, and go with them.
        self._temporary = TemporaryDirectory(prefix="fleet-postgres-", dir=None if os.geteuid() == 0 else folder)
        self._folder = Path(self._temporary.name)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", self._data, "-U", "fleet", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._temporary.cleanup()

    @property
    def url(self) -> str:
        """Its address, for `open_store`."""
        return f"postgresql://fleet@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = [part for setting in (*_CONFIG, f"port={self.port}") for part in ("-c", setting)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._as_user("postgres", "-D", self._data, *settings),
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        deadline_s = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline_s, self.log
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill all of its processes with -9, and wait until they are gone."""
        if self._process is None:
            return
        # Each of its processes leads a group of its own, and those that are left would keep the shared memory.
        server = psutil.Process(self._process.pid)
        everybody = [server, *server.children(recursive=True)]
        for process in everybody:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        psutil.wait_procs(everybody, PATIENCE_S)
        self._process = None

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement, and return what it prints."""
        command = ["psql", "-qAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "fleet", "-d", database]
        return self._run(*command, "-v", "ON_ERROR_STOP=1", "-c", statement).strip()

    def database(self, name: str) -> str:
        """Make an empty database in it, in place of one of that name, and return its address."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.sql(f'CREATE DATABASE "{name}"')
        return f"postgresql://fleet@127.0.0.1:{self.port}/{name}"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    def _answers(self) -> bool:
        command = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "fleet"]
        return subprocess.run(command, check=False, cwd="/").returncode == 0

    def _as_user(self, program: str, *arguments: object) -> Sequence[str]:
        command = [str(self._bin / program), *map(str, arguments)]
        if os.geteuid() != 0:
            return command
        return [needs("setpriv"), "--reuid", self._user, "--regid", self._user, "--init-groups", *command]

    def _run(self, program: str, *arguments: object) -> str:
        done = subprocess.run(
            self._as_user(program, *arguments), capture_output=True, text=True, check=False, cwd=self._folder
        )
        assert done.returncode == 0, f"{program}: {done.stderr}{done.stdout}"
        return done.stdout


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for a session of tests; each takes a database of its own from it, and nobody kills it."""
    with Postgres() as server:
        yield server


def _programs() -> Path:
    """Where Debian keeps the newest server's programs; elsewhere, where PATH has them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else Path(needs("initdb")).parent
