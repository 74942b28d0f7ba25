"""deploy/edge-agent.service, judged by systemd itself."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "edge-agent.service"
PROGRAM = "/opt/edge-agent/bin/edge-agent"
EXPOSURE_TENTHS = 22
"""`systemd-analyze security`, in tenths: 0 is locked up, 100 open. 20 with systemd 252; versions differ a little."""


@pytest.fixture
def analyze() -> str:
    """The program systemd-analyze, which comes with Debian's systemd."""
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("needs systemd-analyze; scripts/test installs it where it may")
    return found


def said(*command: str) -> tuple[int, str]:
    """Exit status and all output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def settings() -> dict[str, list[str]]:
    """Every setting of the unit with its values, as they stand."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def test_systemd_accepts_the_unit(analyze: str, tmp_path: Path) -> None:
    """The unit has only settings and values that systemd knows, and its program is found."""
    installed = tmp_path / UNIT.name
    program = Path(sys.executable).parent / "edge-agent"
    installed.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, str(program)), encoding="utf-8")
    assert said(analyze, "verify", "--man=no", str(installed)) == (0, "")


def test_a_wrong_unit_is_not_accepted(analyze: str, tmp_path: Path) -> None:
    """The check above can fail: a misspelt setting is reported."""
    broken = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true")
    broken.write_text(text.replace("WatchdogSec", "WatchdogSecs"), encoding="utf-8")
    assert "WatchdogSecs" in said(analyze, "verify", "--man=no", str(broken))[1]


def test_the_sandbox_is_tight(analyze: str) -> None:
    """The sandbox is rated by systemd itself at 2.2 of 10 or better."""
    status, text = said(
        analyze, "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE_TENTHS}", str(UNIT)
    )
    assert status == 0, text


def test_the_unit_starts_the_agent_as_it_is_called() -> None:
    """The command of the unit is one that the agent has, with the options that it knows."""
    program, *arguments = settings()["ExecStart"][0].split()
    assert program == PROGRAM
    options = [argument for argument in arguments if argument.startswith("-")]
    status, text = said(sys.executable, "-m", "edge_agent", arguments[0], "--help")
    assert status == 0, text
    assert [option for option in options if option not in text] == []


def test_nothing_in_the_sandbox_breaks_inference_or_the_clock() -> None:
    """ONNX Runtime keeps its executable mappings and /proc/cpuinfo, and the clock may be asked whether it is set."""
    unit = settings()
    for breaking in ("MemoryDenyWriteExecute", "ProcSubset", "ProtectClock", "PrivateDevices"):
        assert breaking not in unit
    allowed: set[str] = set()
    for line in unit["SystemCallFilter"]:
        names = set(line.removeprefix("~").split())
        allowed = allowed - names if line.startswith("~") else allowed | names
    assert "adjtimex" in allowed
    assert "@resources" not in " ".join(line for line in unit["SystemCallFilter"] if line.startswith("~"))


def test_no_picture_reaches_a_disk_by_a_back_door() -> None:
    """Memory that holds a picture is neither swapped out nor dumped when the process dies."""
    unit = settings()
    assert unit["LimitCORE"] == ["0"]
    assert unit["MemorySwapMax"] == ["0"]
