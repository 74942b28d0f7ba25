"""kill -9: no closed bucket is lost or doubled, at any moment."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.chain import assert_chained, contents

from edge_agent.clock import SystemClock
from edge_agent.outbox import Outbox

DRIVER = Path(__file__).resolve().parents[1] / "support" / "outbox_driver.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def start(path: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(DRIVER), str(path), *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def check(path: Path, claimed: int) -> int:
    """Everything that was claimed is there, once, in order, and the checkpoint fits; returns the last bucket."""
    with Outbox(path, max_mb=64, clock=SystemClock()) as outbox:
        rows = outbox.pending(0, 10**6)
        buckets = len(rows) // 2
        assert contents(rows) == list(range(1, 2 * buckets + 1))
        assert_chained(rows)
        assert buckets >= claimed
        if rows:
            assert int(outbox.checkpoints()["camera"]) == buckets + 1
        assert outbox.stats().quarantined == 0
        return buckets


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_ten_random_moments(tmp_path: Path, seed: int) -> None:
    """After each of fifty kills every bucket whose append had returned is stored exactly once."""
    path = tmp_path / "outbox.sqlite"
    random_ = random.Random(seed)
    claimed = 0
    for _ in range(10):
        process = start(path)
        assert process.stdout is not None
        first = process.stdout.readline()  # it is at work; from here on any moment will do
        time.sleep(random_.uniform(0, 0.05))  # the random moment itself, not a wait for something
        process.kill()
        lines = [first, *process.communicate()[0].splitlines(keepends=True)]
        claimed = max(int(line) for line in lines if line.endswith("\n"))
        assert check(path, claimed) - claimed <= 1


@pytest.mark.parametrize("nth", [1, 2, 3, 6])
@pytest.mark.parametrize("point", ["outbox.before_commit", "outbox.after_commit"])
def test_killed_at_each_crash_point(tmp_path: Path, point: str, nth: int) -> None:
    """Before the commit nothing of the bucket is there, after it all of it is; then the next process goes on."""
    path = tmp_path / "outbox.sqlite"
    process = start(path, point, nth)
    claimed = len(process.communicate()[0].splitlines())
    assert process.returncode == -9
    after = check(path, claimed)
    # Writes alternate between bucket and checkpoint, so the nth write belongs to bucket (nth + 1) // 2.
    before_this = nth // 2
    assert after == (before_this if point == "outbox.before_commit" else (nth + 1) // 2)
    process = start(path)
    assert process.stdout is not None
    assert int(process.stdout.readline()) == after + 1
    process.kill()
    process.communicate()
    check(path, after + 1)
