"""Libraries report nothing to their makers, and leave nothing that tells this device from another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


def loaded(home: Path, code: str, **environment: str) -> set[str]:
    """Everything that a fresh interpreter leaves in an empty home folder after running the code."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "ORT_", "CI"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPO,
        env=clean | {"HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {str(path.relative_to(home)) for path in home.rglob("*")}


@pytest.mark.parametrize("first", ["edge_agent.cli", "edge_agent.detector.network", "edge_agent.commands.version"])
def test_onnx_runtime_does_not_report(tmp_path: Path, first: str) -> None:
    """Whatever part of the agent is imported first, ONNX Runtime writes no device number and queues no report."""
    assert loaded(tmp_path, f"import {first}, onnxruntime") == set()


def test_the_switch_is_one_that_onnx_runtime_obeys(tmp_path: Path) -> None:
    """The variable that deploy/edge-agent.service and Dockerfile.arm64 set is enough on its own."""
    assert loaded(tmp_path, "import onnxruntime", ORT_DISABLE_TELEMETRY="1") == set()
    for file in ("deploy/edge-agent.service", "Dockerfile.arm64"):
        assert "ORT_DISABLE_TELEMETRY=1" in (REPO / file).read_text(encoding="utf-8")
