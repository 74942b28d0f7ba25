"""deploy/edge-agent.service run by a real systemd, sandbox and all, in a container over this machine's own files."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
UNIT = REPO / "deploy" / "edge-agent.service"
PROGRAM = "/opt/edge-agent/bin/edge-agent"
WATCHED_S = 40
"""Longer than the unit's WatchdogSec: an agent that does not feed the watchdog is restarted in this time."""

DROP_IN = f"""
[Service]
Environment=PYTHONPATH=/opt/edge-agent/source:/opt/edge-agent/packages LD_LIBRARY_PATH=/opt/edge-agent/python/lib
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStart=
ExecStart=/opt/edge-agent/python/bin/python{sys.version_info.major}.{sys.version_info.minor} -m edge_agent ARGUMENTS
StandardOutput=file:/out/log
StandardError=inherit
"""

PROBE = f"""
[Unit]
After=edge-agent.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'show() {{ systemctl show edge-agent -p ActiveState,SubState,NRestarts,Result > /out/$1; }}; \
show started; sleep {WATCHED_S}; show later; stat -c "%%a %%n" /var/lib/private/edge-agent/* > /out/files; \
systemctl stop edge-agent; show stopped; systemctl poweroff --force --force'
"""

TARGET = """
[Unit]
Requires=basic.target
Wants=edge-agent.service probe.service
"""

BOOT = """
set -e
root=$1 units=$2 etc=$3
shift 3
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/all"
mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/all"
cp -r "$units/." "$root/all/etc/systemd/system/"
mkdir -p "$root/all/etc/edge-agent"
cp -r "$etc/." "$root/all/etc/edge-agent/"
exec systemd-nspawn --quiet --directory="$root/all" --private-network --register=no --keep-unit "$@" \
    --boot systemd.unit=probe.target
"""


def read(path: Path) -> dict[str, str]:
    """What `systemctl show` wrote."""
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE))


def boot(tmp_path: Path, shared: Path) -> Path:
    """Boot a container whose only job is the unit, and return the folder of what was seen in it."""
    units, etc, out, root = (tmp_path / name for name in ("units", "etc", "out", "root"))
    for folder in (units / "edge-agent.service.d", etc, out, root):
        folder.mkdir(parents=True)
    start = re.search(rf"^ExecStart={PROGRAM} (.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert start
    arguments = f"{start[1]} --realtime --bundle /opt/edge-agent/bundle"
    (units / "edge-agent.service").write_bytes(UNIT.read_bytes())
    (units / "edge-agent.service.d" / "here.conf").write_text(DROP_IN.replace("ARGUMENTS", arguments), encoding="utf-8")
    (units / "probe.service").write_text(PROBE, encoding="utf-8")
    (units / "probe.target").write_text(TARGET, encoding="utf-8")
    config = (shared / "contract" / "one-by-one.toml").read_text(encoding="utf-8")
    clip = "/opt/edge-agent/shared/clips/one-by-one.mp4"
    (etc / "config.toml").write_text(config.replace("one-by-one.mp4", clip, 1), encoding="utf-8")
    bundle = tmp_path / "bundle"
    add = ["models", "add", str(shared / "models" / "yolox_nano.onnx"), "--decoder", "yolox", "--classes", "coco"]
    subprocess.run([sys.executable, "-m", "edge_agent", *add, "--to", str(bundle)], check=True, capture_output=True)
    binds = {sys.base_prefix: "python", REPO: "source", sysconfig.get_path("purelib"): "packages"}
    binds |= {shared: "shared", bundle: "bundle"}
    mounts = [f"--bind={out}:/out", *(f"--bind-ro={here}:/opt/edge-agent/{there}" for here, there in binds.items())]
    script = ["unshare", "--mount", "bash", "-c", BOOT, "boot", str(root), str(units), str(etc), *mounts]
    done = subprocess.run(script, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (out / "stopped").is_file(), done.stdout + done.stderr
    return out


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.skipif(os.geteuid() != 0, reason="booting a container needs root")
@pytest.mark.skipif(shutil.which("systemd-nspawn") is None, reason="needs systemd-nspawn; scripts/test installs it")
def test_the_agent_lives_in_its_sandbox(tmp_path: Path, shared: Path) -> None:
    """Under the unit as it ships, the agent gets ready, feeds the watchdog, keeps its state to itself and stops."""
    out = boot(tmp_path, shared)
    log = (out / "log").read_text(encoding="utf-8")
    running = {"ActiveState": "active", "SubState": "running", "NRestarts": "0", "Result": "success"}
    assert read(out / "started") == running, log
    assert read(out / "later") == running, log
    assert read(out / "stopped") == running | {"ActiveState": "inactive", "SubState": "dead"}, log
    modes = [line.split(" ", 1) for line in (out / "files").read_text(encoding="utf-8").splitlines()]
    assert "/var/lib/private/edge-agent/outbox.db" in [name for _, name in modes]
    assert {mode for mode, _ in modes} == {"600"}
