"""deploy/fleet-report.service and its timer, judged by systemd, and the command in them by the command line."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from support.needs import needs
from support.told_hours import Store

from edge_agent.cli import main

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
PROGRAM = "/opt/edge-agent/bin/edge-agent"


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """Only settings and values that systemd knows; the timer starts the service."""
    analyze = needs("systemd-analyze")
    for name in ("fleet-report.service", "fleet-report.timer"):
        text = (DEPLOY / name).read_text(encoding="utf-8").replace(PROGRAM, shutil.which("true") or sys.executable)
        (tmp_path / name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / name) for name in ("fleet-report.service", "fleet-report.timer")]
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_command_in_the_unit_works(store: Store, tmp_path: Path) -> None:
    """The command as it stands there, with the paths of this test, writes one page."""
    (command,) = re.findall(
        r"^ExecStart=(.*)$", (DEPLOY / "fleet-report.service").read_text(encoding="utf-8"), re.MULTILINE
    )
    settings = tmp_path / "fleet.toml"
    settings.write_text(f'[database]\nurl = "{store.engine.url}"\n', encoding="utf-8")
    (tmp_path / "out").mkdir()
    words = shlex.split(
        command.replace("/etc/edge-agent/fleet.toml", str(settings)).replace("/var/lib/fleet-report", f"{tmp_path}/out")
    )
    assert words[0] == PROGRAM
    done = CliRunner().invoke(main, words[1:])
    assert done.exit_code == 0, done.stderr
    (page,) = (tmp_path / "out").iterdir()
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
