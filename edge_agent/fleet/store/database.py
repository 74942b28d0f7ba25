"""Opens the store: one SQLite file with nothing to set up, or PostgreSQL by its address."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from edge_agent.fleet.store.bulk import begin_writing
from edge_agent.fleet.store.tables import VERSION, about, metadata
from edge_agent.fleet.store.views import make_views, use_timescale

BUSY_S: Final = 30.0  # how long a writer waits for another one's transaction in SQLite
_SCHEMES: Final = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


class StoreError(ValueError):
    """The store cannot be used; the message says where and what to do."""


class StoreAway(StoreError):  # noqa: N818 - as OutboxFull is one
    """Nobody answers at the database's address, now; a program that is to run for long may wait for it."""


def open_store(address: str, password_file: Path | None = None) -> Engine:
    """Open the store and make its tables where they are not there yet.

    Args:
        address: `sqlite:///file`, `sqlite:////absolute/file` or `postgresql://user@host/database`.
        password_file: holds PostgreSQL's password and nothing else.

    Raises:
        StoreError: the address cannot be used, nobody answers there, or the tables are of another version.
    """
    url = _url(address, password_file)
    where = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url, **_options(url))
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
        with engine.begin() as connection:
            _one_at_a_time(connection)
            metadata.create_all(connection)
            version = connection.scalar(select(about.c.value).where(about.c.key == "version"))
            if version is None:
                use_timescale(connection)
                connection.execute(insert(about).values(key="version", value=str(VERSION)))
            make_views(connection)
    except OperationalError as error:
        kind = StoreError if url.get_backend_name() == "sqlite" else StoreAway
        raise kind(f"{where}: cannot be opened: {first_line(error)}") from None
    except DBAPIError as error:
        raise StoreError(f"{where}: {first_line(error)}") from None
    if version not in (None, str(VERSION)):
        engine.dispose()
        raise StoreError(
            f"{where}: tables of version {version}; this program has {VERSION}, use the one that made them"
        )
    return engine


def _url(address: str, password_file: Path | None) -> URL:
    try:
        url = make_url(address)
        scheme = _SCHEMES[url.get_backend_name()]
    except (ArgumentError, NoSuchModuleError, KeyError):
        raise StoreError("database: not an address; write sqlite:///file or postgresql://user@host/name") from None
    if url.password is not None:
        raise StoreError("database: no password in the address; put it into a file and name that as password_file")
    url = url.set(drivername=scheme)
    if password_file is not None:
        try:
            url = url.set(password=password_file.read_text(encoding="utf-8").rstrip("\r\n"))
        except OSError as error:
            raise StoreError(f"{password_file}: {error.strerror}; it should hold the database's password") from None
    return url


def _options(url: URL) -> dict[str, object]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": BUSY_S}}
    # A connection that died with a database that was restarted is noticed before it is used.
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10, "application_name": "edge-agent fleet"}}


def _set_up_sqlite(connection: object, _: ConnectionPoolEntry) -> None:
    """Readers beside a writer; a commit is on the disk (FACTS R16: 0.3 ms); what is deleted is overwritten."""
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _one_at_a_time(connection: Connection) -> None:
    """Workers that start together do not make the tables twice."""
    begin_writing(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7306938)"))


def first_line(error: BaseException) -> str:
    """What went wrong, in one line: what the database said, where it said something."""
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
