"""Who may open the pages: the files of users and tokens, and the command that makes them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from edge_agent.fleet.pages.users import Users, UsersError, hash_password, key_file, put, signing_key, tokens_file

Add = Callable[..., Result]


def test_the_command_keeps_a_hash_and_no_password(tmp_path: Path, add_user: Add) -> None:
    """A password comes from standard input; only its argon2id hash is in the file, which others cannot read."""
    done = add_user(tmp_path / "users", "ada", password="correct horse battery")  # noqa: S106
    assert (done.exit_code, done.stdout) == (0, ""), done.stderr
    kept = (tmp_path / "users").read_text()
    assert kept.startswith("ada:$argon2id$v=19$m=65536,")
    assert "horse" not in kept
    assert (tmp_path / "users").stat().st_mode & 0o777 == 0o600
    assert Users(tmp_path / "users").verify("ada", "correct horse battery")


def test_a_short_password_and_a_strange_name_are_refused(tmp_path: Path, add_user: Add) -> None:
    """A wrong use is told in one line with exit status 2, and no file is made."""
    for arguments, password in ((("ada",), "short"), (("a:b",), "long enough to be one"), (("ada",), "")):
        done = add_user(tmp_path / "users", *arguments, password=password)
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_a_token_is_shown_once_and_kept_as_its_hash(tmp_path: Path, add_user: Add) -> None:
    """The token is the only line of standard output; the file cannot give it back."""
    (tmp_path / "users").write_text("")
    done = add_user(tmp_path / "users", "--token", "prometheus")
    token = done.stdout.strip()
    assert len(token) == 43
    assert token not in tokens_file(tmp_path / "users").read_text()
    users = Users(tmp_path / "users")
    assert users.has_token(token)
    assert not users.has_token(token[:-1])
    assert add_user(tmp_path / "users", "--token", "--remove", "prometheus").exit_code == 0
    assert not users.has_token(token)


def test_a_second_password_takes_the_place_of_the_first(tmp_path: Path) -> None:
    """A name is in the file once, and what a session carries of it changes with the password."""
    file = tmp_path / "users"
    put(file, "ada", hash_password("the first one"))
    users = Users(file)
    before = users.mark("ada")
    assert put(file, "ada", hash_password("the second one"))
    assert file.read_text().count("ada:") == 1
    assert not users.verify("ada", "the first one")
    assert users.verify("ada", "the second one")
    assert users.mark("ada") not in (None, before)
    put(file, "ada", None)
    assert users.mark("ada") is None
    assert not users.verify("ada", "the second one")


def test_an_unknown_name_takes_as_long_as_a_known_one(tmp_path: Path) -> None:
    """Nobody can tell from the time whether a name is there: an unknown one is hashed as well."""
    file = tmp_path / "users"
    put(file, "ada", hash_password("the first one"))
    users = Users(file)
    cpu_s = []
    for name in ("ada", "nobody"):
        begin_s = time.process_time()
        assert not users.verify(name, "wrong password")
        cpu_s.append(time.process_time() - begin_s)
    assert min(cpu_s) > 0.5 * max(cpu_s)


@pytest.mark.parametrize("text", ["ada", "ada:", ":hash", "a b:hash", "ok:hash\nbad line\n"])
def test_a_wrong_line_is_told_with_its_number(tmp_path: Path, text: str) -> None:
    """A file that cannot be understood stops the start, and says where."""
    (tmp_path / "users").write_text(text)
    with pytest.raises(UsersError, match=rf"users:{len(text.splitlines())}: not name:hash"):
        Users(tmp_path / "users")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A users_file that is not there keeps everybody out at the start, not at the first sign-in."""
    with pytest.raises(UsersError, match="there is no such file"):
        Users(tmp_path / "users")


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    """The key of the sessions survives a restart; one that others may read is refused."""
    file = tmp_path / "users"
    key = signing_key(file)
    assert len(key) == 64
    assert signing_key(file) == key
    assert key_file(file).stat().st_mode & 0o777 == 0o600
    key_file(file).chmod(0o644)
    with pytest.raises(UsersError, match="others may read it"):
        signing_key(file)
    os.truncate(key_file(file), 0)
    key_file(file).chmod(0o600)
    with pytest.raises(UsersError, match="too short"):
        signing_key(file)
