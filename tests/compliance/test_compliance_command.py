"""`edge-agent compliance` as its user meets it."""

from pathlib import Path

import pytest
from compliance.pages import Page
from support.agent import edge_agent

EIGHT = sorted(
    f"{kind}.{language}.html" for kind in ("notice", "full-notice", "record", "dpia") for language in ("it", "en")
)


def test_all_pages_are_written_and_blanks_are_listed(all_on: Path, tmp_path: Path) -> None:
    """Eight files, their names on standard output; what nobody said on standard error, with its pages."""
    done = edge_agent("compliance", "all", "--config", all_on, "--to", tmp_path / "papers")
    assert done.status == 0, done.err
    assert sorted(path.name for path in (tmp_path / "papers").iterdir()) == EIGHT
    assert sorted(Path(line).name for line in done.out.splitlines()) == EIGHT
    assert "to fill in: dpo (contact of the data protection officer): notice.it.html" in done.err
    assert "have a lawyer confirm them" in done.err


def test_a_file_and_options_fill_the_blanks(all_on: Path, tmp_path: Path) -> None:
    """What the file of the controller and the options say stands in the page; an option comes first."""
    file = tmp_path / "controller.toml"
    file.write_text('name = "Esempio S.p.A."\naddress = "Via Roma 1"\ncontact = "a@b.it"\ndpo = "old@b.it"\n')
    arguments = ["--controller", file, "--dpo", "new@b.it", "--url", "https://www.b.it/privacy", "--language", "it"]
    done = edge_agent("compliance", "notice", "--config", all_on, "--to", tmp_path / "papers", *arguments)
    assert done.status == 0, done.err
    assert "to fill in" not in done.err
    (written,) = (tmp_path / "papers").iterdir()
    page = Page(written.read_text())
    assert "new@b.it" in page.text
    assert "old@b.it" not in page.text
    assert page.blanks() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not TOML"),
        ('nome = "x"', "nome: no such key; known are name, address"),
        ('name = ""', "name: one line of text, not empty"),
        ('url = "javascript:alert(1)"', "url: an address that begins with https://"),
        ("name = 7", "name: Input should be a valid string"),
    ],
)
def test_a_wrong_file_is_one_line_and_status_2(all_on: Path, tmp_path: Path, text: str, words: str) -> None:
    """What cannot be used is said with its key, and nothing is written."""
    file = tmp_path / "controller.toml"
    file.write_text(text)
    done = edge_agent("compliance", "notice", "--config", all_on, "--to", tmp_path / "papers", "--controller", file)
    assert (done.status, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "papers").exists()


def test_what_cannot_be_read_or_written_is_one_line(all_on: Path, tmp_path: Path) -> None:
    """A missing configuration, a missing file and a folder that is a file end with one line each."""
    missing = edge_agent("compliance", "all", "--config", tmp_path / "none.toml", "--to", tmp_path / "papers")
    assert (missing.status, len(missing.err.splitlines())) == (2, 1)
    no_file = ["--controller", tmp_path / "none.toml"]
    absent = edge_agent("compliance", "all", "--config", all_on, "--to", tmp_path / "papers", *no_file)
    assert (absent.status, len(absent.err.splitlines())) == (1, 1)
    blocked = edge_agent("compliance", "all", "--config", all_on, "--to", all_on)
    assert (blocked.status, len(blocked.err.splitlines())) == (1, 1)
