"""`scripts/demo` as the first thing that anybody runs."""

import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def test_the_demo_shows_counted_against_true(shared: Path) -> None:
    """Without options the demo counts the rendered clip, shows its counts beside the true ones and ends with 0."""
    done = subprocess.run(["scripts/demo"], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    table = done.stdout.partition("models/demo/entrance.truth.json")[2]
    assert "counted     true" in table
    assert [line.split()[1] for line in table.splitlines() if line.startswith("line")] == ["door:", "door:"]
    assert "all counts are right" in table or "differ from the truth" in table
