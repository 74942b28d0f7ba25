"""The command `edge-agent check`: what it prints where, and its exit status."""

import json
import ssl
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from edge_agent.commands.check import check
from edge_agent.config import json_schema, load

ZONE = '[[camera.zone]]\nname = "z"\npolygon = [[0, 0], [1, 0], [1, 1]]\n'


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `check` with these arguments."""
    result = CliRunner().invoke(check, [str(argument) for argument in arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_good_file_is_one_line(write: Callable[[str], Path], minimal: str) -> None:
    """The sizes are told on standard output, the exit status is 0."""
    path = write(minimal + ZONE)
    (path.parent / "clip.mp4").touch()
    assert run(path) == (0, f"{path}: ok: 1 camera, 0 lines, 1 zone\n", "")


def test_warnings_do_not_make_a_file_bad(write: Callable[[str], Path], minimal: str) -> None:
    """They go to standard error and leave the exit status alone."""
    path = write(minimal + ZONE)
    status, out, err = run(path)
    assert (status, out) == (0, f"{path}: ok: 1 camera, 0 lines, 1 zone\n")
    assert err.startswith(f'warning: {path}:12: camera[0].source: "clip.mp4": no such file or device; ')
    assert err.count("\n") == 1


def test_problems_go_to_standard_error(write: Callable[[str], Path], minimal: str) -> None:
    """One line each, nothing on standard output, exit status 2."""
    path = write(minimal.replace('"demo"', "3").replace("mqtt:", "tcp:"))
    status, out, err = run(path)
    assert (status, out) == (2, "")
    assert [line.split(": ")[:2] for line in err.splitlines()] == [
        [f"{path}:2", "site.tenant"],
        [f"{path}:8", "broker.url"],
    ]


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    """It is the user's mistake, and so exit status 2."""
    path = tmp_path / "no.toml"
    assert run(path) == (2, "", f"{path}: no such file; check the path\n")


def test_an_expired_certificate_is_one_line(
    write: Callable[[str], Path], minimal: str, openssl: Callable[..., None]
) -> None:
    """`check` goes by this machine's clock."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-out", "ca.pem", "-subj", "/CN=a")
    path = write(minimal.replace("mqtt:", "mqtts:").replace("[broker]", '[broker]\nca_file = "ca.pem"'))
    authority = path.parent / "ca.pem"
    der = ssl.PEM_cert_to_DER_cert(authority.read_text())
    begins = der.index(b"\x17\x0d") + 2  # the first UTCTime; the second follows its 13 characters and 2 of its own
    der = der[: begins + 15] + b"210101000000Z" + der[begins + 28 :]
    authority.write_text(ssl.DER_cert_to_PEM_cert(der))
    status, out, err = run(path)
    assert (status, out) == (2, "")
    assert err.startswith(f'{path}:8: broker.ca_file: "ca.pem": expired on 2021-01-01 00:00 UTC, and by this machine')
    assert err.count("\n") == 1


def test_json_tells_the_same_to_programs(write: Callable[[str], Path], minimal: str) -> None:
    """One object on standard output and nothing on standard error, good or bad."""
    path = write(minimal)
    status, out, err = run(path, "--json")
    result = json.loads(out)
    assert (status, err, result["ok"], result["cameras"], result["lines"]) == (0, "", True, 1, 0)
    assert [warning["key"] for warning in result["warnings"]] == ["camera[0]", "camera[0].source"]
    assert set(result["geometry"]) == {"entrance"}
    path = write(minimal.replace('"demo"', "3"))
    status, out, err = run(path, "--json")
    result = json.loads(out)
    assert (status, err, result["ok"]) == (2, "", False)
    (problem,) = result["problems"]
    assert (problem["line"], problem["key"], problem["value"]) == (2, "site.tenant", "3")
    assert set(problem) == {"file", "line", "key", "value", "allowed", "fix"}


def test_show_prints_the_settings_in_force(write: Callable[[str], Path], minimal: str) -> None:
    """Defaults are written out, the result loads as the same configuration, and it alone is on standard output."""
    path = write(minimal)
    expected = load(path)
    status, out, _ = run(path, "--show")
    assert status == 0
    assert "bucket_min = 15\n" in out
    assert load(write(out)) == expected


def test_show_names_secrets_by_their_path_alone(write: Callable[[str], Path], minimal: str) -> None:
    """Neither the content of a file nor a token in an address is printed."""
    path = write(
        minimal.replace("clip.mp4", "http://10.0.0.9/video?user=a&pwd=CANARY") + 'credentials_file = "login"\n'
    )
    login = path.parent / "login"
    login.write_text("user:CANARY\n")
    login.chmod(0o600)
    status, out, err = run(path, "--show")
    assert status == 0
    assert "CANARY" not in out + err
    assert f'credentials_file = "{login}"' in out
    assert 'source = "http://10.0.0.9/video?***"' in out
    assert "CANARY" not in run(path, "--json")[1]


def test_schema_needs_no_file() -> None:
    """It is what editors are given."""
    assert run("--schema") == (0, json_schema(), "")


def test_wrong_usage_is_exit_status_2(write: Callable[[str], Path], minimal: str) -> None:
    """No file, and two ways to print at once, are refused with a hint."""
    assert run()[0] == 2
    assert "name the configuration FILE" in run()[2]
    assert run(write(minimal), "--json", "--show")[0] == 2


def test_a_file_name_cannot_forge_a_line(tmp_path: Path, minimal: str) -> None:
    """A newline in the name of the file is shown as an escape."""
    path = tmp_path / "a\nb.toml"
    path.write_text(minimal + ZONE)
    status, out, err = run(path)
    assert status == 0
    assert out == f"{tmp_path}/a\\nb.toml: ok: 1 camera, 0 lines, 1 zone\n"
    assert err.count("\n") == 1
