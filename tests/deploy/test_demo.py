"""`scripts/demo` as the first thing that anybody runs."""

import json
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from support.broker import until

REPO = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0


def demo(*options: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(["scripts/demo", *options], cwd=REPO, capture_output=True, text=True, check=False)


def fetched(address: str) -> str:
    """What is to be read there."""
    with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310 - the demo's own address
        return str(answer.read(), "utf-8")


def entered(live_page: str) -> int:
    """Whom the demo camera has counted at its door since it was started."""
    found = re.search(r'data-key="demo/shop-01/door-1/door/in">(\d+)<', live_page)
    return int(found[1]) if found else 0


def processes_of(address: str) -> list[str]:
    """Who still listens at an address."""
    port = int(address.rstrip("/").rpartition(":")[2])
    listening = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return [row[1] for row in listening if row[1].endswith(f":{port:04X}") and row[3] == "0A"]


def test_the_demo_shows_counted_against_true_and_ends_with_an_address(shared: Path) -> None:
    """Without options, on no terminal: counts beside the true ones, a page that answers, and nothing left behind."""
    done = demo()
    assert done.returncode == 0, done.stderr
    table = done.stdout.partition("models/demo/entrance.truth.json")[2]
    assert "counted     true" in table
    assert [line.split()[1] for line in table.splitlines() if line.startswith("line")] == ["door:", "door:"]
    assert "all counts are right" in table or "differ from the truth" in table
    address = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/?", address)
    assert processes_of(address) == []


def test_the_demo_without_pages_ends_after_the_counts(shared: Path) -> None:
    """With `--no-pages` no address is given, and nothing is started."""
    done = demo("--no-pages")
    assert done.returncode == 0, done.stderr
    assert "models/demo/entrance.truth.json" in done.stdout
    assert "http://" not in done.stdout + done.stderr


def test_the_demo_stays_with_live_counts_beside_history(shared: Path) -> None:
    """With `--stay` and the embedded broker: history of weeks, the camera's live counts; Ctrl-C ends all of it."""
    command = ["scripts/demo", "--stay", "--embedded"]
    with subprocess.Popen(
        command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        address = next(line.strip() for line in process.stdout if line.startswith("http://"))
        try:
            until(lambda: entered(fetched(f"{address}live")), patience_s=PATIENCE_S, why="nobody was counted live")
            hours = json.loads(fetched(f"{address}api/v1/hours?site=milano-0001&limit=10"))
            assert hours["items"]
        finally:
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert processes_of(address) == []
