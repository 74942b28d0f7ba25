"""The scripts of the repository: sound shell, one-line errors, and a CI that lets nothing be left out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in [*(REPO / "scripts").iterdir(), REPO / ".ci" / "run"] if path.is_file())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_sound(script: Path) -> None:
    """A script leaves shellcheck nothing to say, and it can be started."""
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("needs shellcheck; scripts/test installs it where it may")
    done = subprocess.run([shellcheck, "-x", script], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert os.access(script, os.X_OK) or script.name == "lib.sh"


@pytest.mark.parametrize("script", ["demo", "check", "build-arm64"])
def test_a_wrong_option_is_one_line_and_status_2(script: str) -> None:
    """An option that does not exist is answered in one line, before anything is set up."""
    done = subprocess.run([f"scripts/{script}", "--nonsense"], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--nonsense" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_demo_says_what_it_needs(tmp_path: Path) -> None:
    """In a checkout that lacks the clip the demo says so in one line, sets nothing up and fails."""
    shutil.copytree(REPO / "scripts", tmp_path / "repo" / "scripts")
    done = subprocess.run(["repo/scripts/demo"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not in this checkout" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in (tmp_path / "repo").iterdir()) == ["scripts"]


def judged(results: Path) -> subprocess.CompletedProcess[str]:
    """What CI's judge says about a results file."""
    command = [sys.executable, str(REPO / ".ci" / "judge.py"), str(results)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


PASSES = "def test_a() -> None:\n    assert True\n"
SKIPS = "import pytest\ndef test_b() -> None:\n    pytest.skip('no broker here')\n"
FAILS = "def test_c() -> None:\n    assert False\n"
BREAKS = "import does_not_exist\n"
SKIPS_ALL = "import pytest\npytest.skip('no clips here', allow_module_level=True)\n"


@pytest.mark.parametrize(
    ("source", "status", "words"),
    [
        (PASSES, 0, "1 passed, 0 failed, 0 skipped"),
        (PASSES + SKIPS, 1, "no broker here"),
        (PASSES + FAILS, 1, "1 passed, 1 failed, 0 skipped"),
        (BREAKS, 1, "0 passed, 1 failed, 0 skipped"),
        (SKIPS_ALL, 1, "no clips here"),
        ("", 1, "no test ran"),
    ],
    ids=["passes", "skips", "fails", "does not import", "skips the file", "has none"],
)
def test_ci_lets_no_test_be_left_out(tmp_path: Path, source: str, status: int, words: str) -> None:
    """CI's judge, given what a real run of pytest wrote, passes only when there were tests and all of them ran."""
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    results = tmp_path / "results.xml"
    pytest_run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={results}", "."]
    subprocess.run(pytest_run, cwd=tmp_path, capture_output=True, check=False)
    done = judged(results)
    assert done.returncode == status, done.stdout
    assert words in done.stdout


def test_ci_fails_when_the_tests_left_no_results(tmp_path: Path) -> None:
    """A test run that was killed before it wrote its results is a failure."""
    done = judged(tmp_path / "none.xml")
    assert done.returncode == 1
    assert "no results" in done.stdout


@pytest.mark.soak
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("apt-get"), reason="needs root on a Debian machine")
def test_installing_packages_leaves_the_service_policy_as_it_was() -> None:
    """Installing Debian packages puts policy-rc.d back, and nothing of its own stays beside it."""
    policy = Path("/usr/sbin/policy-rc.d")
    before = policy.read_bytes() if policy.exists() else None
    subprocess.run([REPO / "scripts" / "apt-install", "openssl"], check=True, capture_output=True)
    assert (policy.read_bytes() if policy.exists() else None) == before
    assert list(policy.parent.glob("policy-rc.d.*")) == []
