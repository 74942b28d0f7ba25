import logging
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from support.chain import assert_chained, contents, draft

from edge_agent.clock import ManualClock
from edge_agent.outbox import Mark, Outbox, OutboxError, OutboxTooNew, Row, database
from edge_agent.outbox.errors import Damage

CLOCK = ManualClock()
ROWS = 60


def open_outbox(path: Path, max_mb: float = 4) -> Outbox:
    return Outbox(path, max_mb=max_mb, clock=CLOCK)


def set_aside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.glob("*.corrupt-????"))


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Row]]:
    """A folder with an outbox that was closed, and its rows."""
    folder = tmp_path_factory.mktemp("rest")
    with open_outbox(folder / "outbox.sqlite") as outbox:
        for n in range(ROWS // 2):
            outbox.append([draft(n, padding=9 * n), draft(n)], checkpoint=("door", b"open" * n))
        outbox.acked(range(1, 20))
        outbox.forget_acks(0)
        return folder, set(outbox.pending(0, 1000))


@pytest.fixture(scope="module")
def in_use(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Row]]:
    """A folder as a power cut finds it: the database, and the log with what was not moved into it yet."""
    folder, cut = tmp_path_factory.mktemp("use"), tmp_path_factory.mktemp("cut")
    with open_outbox(folder / "outbox.sqlite") as outbox:
        for n in range(ROWS // 2):
            outbox.append([draft(n, padding=9 * n), draft(n)], checkpoint=("door", b"open" * n))
        shutil.copytree(folder, cut, dirs_exist_ok=True)
        return cut, set(outbox.pending(0, 1000))


def flip(path: Path, random_: random.Random) -> None:
    data = bytearray(path.read_bytes())
    kind = random_.choice(("bit", "bit", "bytes", "page", "cut", "header"))
    where = random_.randrange(len(data))
    if kind == "bit":
        data[where] ^= 1 << random_.randrange(8)
    elif kind == "bytes":
        data[where : where + 8] = random_.randbytes(8)
    elif kind == "page":
        where -= where % 4096
        data[where : where + 4096] = random_.choice((bytes(4096), random_.randbytes(4096)))
    elif kind == "header":
        data[random_.randrange(100)] = random_.randrange(256)
    else:
        del data[where:]
    path.write_bytes(data)


def assert_usable(path: Path, originals: set[Row]) -> None:
    """Whatever happened to the file: counting goes on, and nothing comes out that did not go in."""
    with open_outbox(path) as outbox:
        epoch = outbox.stats().epoch
        survivors = outbox.pending(0, 1000)
        assert set(survivors) <= originals
        outbox.checkpoints()
        last = outbox.append([draft("new")], checkpoint=("door", b"new"))
        assert contents(outbox.pending(last - 1, 10)) == ["new"]
        assert outbox.watermark(outbox.stats().epoch, last - 1) in (Mark.APPLIED, Mark.NOTHING_NEW)
        if set_aside(path):
            assert outbox.stats().quarantined == 1
            assert outbox.stats().unreported_rows >= 1
        if survivors:
            assert epoch == outbox.stats().epoch or set_aside(path)
    with open_outbox(path) as outbox:
        assert contents(outbox.pending(0, 1000)) == ["new"]
        assert outbox.checkpoints() == {"door": b"new"}
    assert len(set_aside(path)) <= 1, "one repair must be enough"


@pytest.mark.parametrize("seed", range(10))
def test_twenty_damaged_files_each_heal(at_rest: tuple[Path, set[Row]], tmp_path: Path, seed: int) -> None:
    """Flipped bits, overwritten pages, torn ends: never an exception, never a wrong payload, at most one repair."""
    folder, originals = at_rest
    for n in range(20):
        copy = tmp_path / str(n)
        shutil.copytree(folder, copy)
        flip(copy / "outbox.sqlite", random.Random(f"{seed} {n}"))
        assert_usable(copy / "outbox.sqlite", originals)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_log_heals(in_use: tuple[Path, set[Row]], tmp_path: Path, seed: int) -> None:
    """A log torn or altered by a power cut gives back a beginning of what was stored, never something else."""
    folder, originals = in_use
    for n in range(20):
        copy = tmp_path / str(n)
        shutil.copytree(folder, copy)
        flip(copy / "outbox.sqlite-wal", random.Random(f"{seed} {n}"))
        with open_outbox(copy / "outbox.sqlite") as outbox:
            assert_chained(outbox.pending(0, 1000))
        assert_usable(copy / "outbox.sqlite", originals)


def test_an_untouched_copy_loses_nothing(in_use: tuple[Path, set[Row]], tmp_path: Path) -> None:
    """The control of the tests above: without damage every row is there."""
    folder, originals = in_use
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    with open_outbox(tmp_path / "outbox.sqlite") as outbox:
        assert set(outbox.pending(0, 1000)) == originals
        assert len(originals) == ROWS


def test_damage_under_way_costs_the_file_and_not_the_bucket(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that breaks while it is open is replaced within the same append; numbers go on, losses are told."""
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        outbox.append([draft("lost", padding=900) for _ in range(10)])
        outbox.next_session()
        epoch = outbox.stats().epoch
        outbox._store._connection.execute("DROP TABLE message")  # type: ignore[union-attr] # it is open
        assert outbox.append([draft("kept")], checkpoint=("door", b"x")) == 11
        stats = outbox.stats()
        assert contents(outbox.pending(0, 10)) == ["kept"]
        assert_chained(outbox.pending(0, 10))
        assert stats.epoch != epoch
        assert (stats.quarantined, stats.dropped_rows, stats.unreported_rows) == (1, 10, 10)
        assert outbox.next_session() == 2
        outbox.append([draft("tells")], reported_rows=10)
        assert outbox.stats().unreported_rows == 0
    assert set_aside(path) == ["outbox.sqlite.corrupt-0001"]
    assert [r.levelno for r in caplog.records] == [logging.ERROR]


def test_only_the_newest_broken_files_are_kept(tmp_path: Path) -> None:
    """Repairs must not fill the disk: three files are kept, and their numbers tell how many there were."""
    path = tmp_path / "outbox.sqlite"
    for _ in range(5):
        path.write_bytes(b"\x00garbage" * 1000)
        with open_outbox(path) as outbox:
            outbox.append([draft("a")])
            stats = outbox.stats()
    assert stats.quarantined == 5
    assert set_aside(path) == [f"outbox.sqlite.corrupt-000{n}" for n in (3, 4, 5)]


def test_a_failure_that_is_not_the_files_fault_sets_one_file_aside_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a fresh file fails the same way, the error is raised, instead of setting aside for ever."""
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        outbox.append([draft("a")])
        monkeypatch.setattr(database, "write_books", lambda *_: (_ for _ in ()).throw(Damage("a bug")))
        for _ in range(3):
            with pytest.raises((OutboxError, Damage)):
                outbox.append([draft("b")])
    assert len(set_aside(path)) <= 3
    assert (path.parent / "outbox.sqlite.corrupt-0001").exists(), "the file with the rows is kept"


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    """After a downgrade the file is not touched: the newer agent will need it again."""
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        outbox.append([draft("a")])
    with sqlite3.connect(path) as connection:
        database.write_meta(connection, "schema", 2)
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(OutboxTooNew, match="schema 2, this edge-agent knows 1"):
        open_outbox(path)
    assert path.read_bytes() == before
    assert set_aside(path) == []


@pytest.mark.parametrize("content", [b"", b"text" * 2000])
def test_every_former_state_of_the_file_opens(tmp_path: Path, content: bytes) -> None:
    """An empty file, as a crash right after its creation leaves it, is filled; a foreign one is set aside."""
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(content)
    with open_outbox(path) as outbox:
        assert outbox.append([draft("a")]) == 1
    assert len(set_aside(path)) == bool(content)


def test_another_programs_database_is_kept(tmp_path: Path) -> None:
    """Pointed at somebody else's database by mistake, the agent moves it aside unharmed."""
    path = tmp_path / "outbox.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (x)")
    connection.close()
    with open_outbox(path) as outbox:
        outbox.append([draft("a")])
    with sqlite3.connect(tmp_path / "outbox.sqlite.corrupt-0001") as connection:
        assert connection.execute("SELECT count(*) FROM precious").fetchone() == (0,)
    connection.close()


def test_a_check_that_takes_too_long_is_cut_short(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Counting begins in time even where the file is large and the card slow; the log says what was skipped."""
    path = tmp_path / "outbox.sqlite"
    with open_outbox(path) as outbox:
        outbox.append([draft(n) for n in range(3000)])
    with Outbox(path, max_mb=4, clock=CLOCK, check_s=-1.0) as outbox:
        assert outbox.stats().rows == 3000
    assert "checked in full" in caplog.text
