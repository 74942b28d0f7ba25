"""`edge-agent fleet report` and `fleet export`, as somebody types them."""

import csv
import io
import json
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support.told_hours import Store

from edge_agent.cli import main
from edge_agent.commands.fleet.report import whole
from edge_agent.fleet.figures import Period

DAYS = ("--from", "2026-11-28", "--to", "2026-11-28")


@pytest.fixture
def database(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The address of a store with one hour; the working directory is a folder of its own."""
    store.hour("2026-11-28T10", entered=7)
    monkeypatch.chdir(tmp_path)
    return str(store.engine.url)


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(main, ["fleet", *arguments])


def test_the_page_in_each_language(database: str, tmp_path: Path) -> None:
    """HTML is the default, English without a word, into a file or to standard output."""
    done = run("report", "--database", database, "--site", "milano-01", *DAYS)
    assert done.exit_code == 0
    assert "7 people came in." in done.stdout
    done = run("report", "--database", database, "--all", *DAYS, "--lang", "it", "-o", "report.html")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "Sono entrate 7 persone." in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".html" or path.name.startswith(".")] == [
        "report.html"
    ]


def test_the_language_of_the_settings(database: str, tmp_path: Path) -> None:
    """Who set the pages to Italian gets Italian reports."""
    settings = tmp_path / "fleet.toml"
    settings.write_text(f'[database]\nurl = "{database}"\n[pages]\nlanguage = "it"\n', encoding="utf-8")
    done = run("report", "--config", str(settings), "--tenant", "demo", *DAYS)
    assert '<html lang="it">' in done.stdout


def test_numbers_for_programs(database: str) -> None:
    """JSON has all figures, CSV a row per hour, and the missing seconds stand beside."""
    told = json.loads(run("report", "--database", database, "--all", *DAYS, "--format", "json").stdout)
    assert told["total"]["entered"] == 7
    rows = list(
        csv.DictReader(io.StringIO(run("report", "--database", database, "--all", *DAYS, "--format", "csv").stdout))
    )
    assert [row["entered"] for row in rows if row["local_hour"] == "10"] == ["7"]
    assert {row["not_received_s"] for row in rows if row["local_hour"] != "10"} == {"3600"}


def test_exports_go_to_files_and_to_standard_output(database: str, tmp_path: Path) -> None:
    """CSV may go anywhere, Parquet into a file."""
    done = run("export", "--database", database, *DAYS, "--table", "hours")
    assert done.stdout.splitlines()[1].startswith("demo,milano-01,milano-01,,door-1,entrance,")
    for kind in ("csv", "parquet"):
        done = run("export", "--database", database, *DAYS, "--table", "days", "--format", kind, "-o", f"days.{kind}")
        assert done.exit_code == 0
        assert (tmp_path / f"days.{kind}").stat().st_size
    assert run("export", "--database", database, *DAYS, "--table", "days", "--format", "parquet").exit_code == 2


@pytest.mark.parametrize(
    ("recent", "today", "first", "last"),
    [
        ("day", date(2026, 3, 1), date(2026, 2, 28), date(2026, 2, 28)),
        ("week", date(2026, 11, 30), date(2026, 11, 23), date(2026, 11, 29)),
        ("week", date(2026, 11, 29), date(2026, 11, 16), date(2026, 11, 22)),
        ("month", date(2026, 1, 31), date(2025, 12, 1), date(2025, 12, 31)),
    ],
)
def test_the_last_whole_one(recent: str, today: date, first: date, last: date) -> None:
    """On Monday the last week is the one that ended yesterday; on Sunday it is not the one that runs."""
    assert whole(recent, today) == Period(first, last)


def test_a_folder_gets_a_name_of_its_own(database: str, tmp_path: Path) -> None:
    """A timer that runs every week writes a file for each."""
    done = run("report", "--database", database, "--all", "--last", "week", "-o", str(tmp_path))
    assert done.exit_code == 0
    week = whole("week", datetime.now().astimezone().date())
    assert (tmp_path / f"all-{week.first}-{week.last}.html").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", *DAYS), "say whose report"),
        (("report", "--all"), "say which days"),
        (("report", "--all", *DAYS, "--last", "week"), "say which days"),
        (("report", "--all", "--site", "x", *DAYS), "say whose report"),
        (("report", "--site", "roma", *DAYS), "site roma: not known; there are demo/milano-01"),
        (("report", "--site", "roma", *DAYS, "--format", "csv"), "site roma: not known"),
        (("export", "--region", "Nord", *DAYS, "--table", "hours"), "region Nord: has no site"),
        (("report", "--all", "--from", "2026-11-28", "--to", "2026-11-27"), "--to 2026-11-27: is before --from"),
        (("report", "--all", "--from", "yesterday", "--to", "2026-11-27"), "yesterday"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(database: str, arguments: tuple[str, ...], says: str) -> None:
    """Exit status 2, nothing on standard output, the reason on standard error."""
    done = run(arguments[0], "--database", database, *arguments[1:])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert says in done.stderr


def test_a_file_that_fails_half_way_is_not_left(database: str, tmp_path: Path) -> None:
    """A folder that is not there is said; nothing half is left anywhere."""
    done = run("report", "--database", database, "--all", *DAYS, "-o", "nowhere/report.html")
    assert done.exit_code == 1
    assert "nowhere" in done.stderr
    (tmp_path / "days.csv").write_text("before", encoding="utf-8")
    assert (
        run("export", "--database", database, "--site", "x", *DAYS, "--table", "days", "-o", "days.csv").exit_code == 2
    )
    assert (tmp_path / "days.csv").read_text(encoding="utf-8") == "before"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
