"""CPU outside the network, per frame: this agent beside OpenCV + supervision + trackers, interleaved in one run.

Both sides count one-by-one.mp4 with yolox_nano on one thread: one line, one zone, people. What is inside the ONNX
session is left out, on both sides. The environment of the other side is that of `benchmarks/tracker.py`:

    python3 -m venv .cache/bench-venv
    .cache/bench-venv/bin/pip install --upgrade pip && .cache/bench-venv/bin/pip install --group bench
    .venv/bin/edge-agent models add ../shared/models/yolox_nano.onnx --decoder yolox --classes coco \
        --to .cache/bundles/yolox_nano
    .venv/bin/python benchmarks/pipeline.py [ROUNDS]

The last line is the peak memory of `run` on the same clip (with a broker address where nobody listens).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

import tomli_w

_ROOT: Final = Path(__file__).resolve().parents[1]
_SHARED: Final = _ROOT.parent / "shared"
_CLIP: Final = _SHARED / "clips" / "one-by-one.mp4"
_CONFIG: Final = _SHARED / "contract" / "one-by-one.toml"
_BUNDLE: Final = _ROOT / ".cache" / "bundles" / "yolox_nano"
_AGENT: Final = [sys.executable, "-m", "edge_agent"]
_THEIRS: Final = [
    str(_ROOT / ".cache" / "bench-venv" / "bin" / "python"),
    str(Path(__file__).with_name("supervision_side.py")),
]


def _run(command: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result


def outside_ms(result: dict[str, Any]) -> float:
    """CPU milliseconds per frame outside the ONNX session."""
    return 1000.0 * (float(result["cpu_s"]) - float(result["model_cpu_s"])) / int(result["frames"])


def peak_mb() -> float:
    """Peak resident memory of `run` on the clip, as the kernel accounts for a child that has ended."""
    with tempfile.TemporaryDirectory() as folder:
        config = tomllib.loads(_CONFIG.read_text())
        config["broker"]["url"] = "mqtt://127.0.0.1:9"
        config["camera"][0]["source"] = str(_CLIP)
        config["storage"] = {"folder": folder}
        path = Path(folder) / "config.toml"
        path.write_text(tomli_w.dumps(config))
        process = subprocess.Popen(
            [*_AGENT, "run", "--config", str(path), "--bundle", str(_BUNDLE)], stderr=subprocess.DEVNULL
        )
        _, _, usage = os.wait4(process.pid, 0)
        return usage.ru_maxrss / 1024


def main(rounds: int) -> None:
    """Run both sides in turn and print the table."""
    ours = [*_AGENT, "replay", str(_CLIP), "--config", str(_CONFIG), "--bundle", str(_BUNDLE), "--json"]
    theirs = [*_THEIRS, str(_SHARED / "models" / "yolox_nano.onnx"), str(_CLIP)]
    rows: dict[str, list[dict[str, Any]]] = {"edge-agent": [], "supervision + trackers": []}
    for _ in range(rounds):
        rows["edge-agent"].append(_run(ours))
        rows["supervision + trackers"].append(_run(theirs))
    print(f"{'side':<24}{'outside the model, ms/frame':>30}{'model, ms/frame':>18}{'exit in/out':>14}")
    for name, results in rows.items():
        outside = statistics.median(map(outside_ms, results))
        model = statistics.median(1000.0 * r["model_cpu_s"] / r["frames"] for r in results)
        line = results[0]["lines"]["exit"]
        print(f"{name:<24}{outside:>30.2f}{model:>18.2f}{line['in']:>9}/{line['out']}")
    mine, other = (statistics.median(map(outside_ms, results)) for results in rows.values())
    print(f"ratio {mine / other:.2f} (median of {rounds} interleaved rounds)")
    print(f"peak memory of run: {peak_mb():.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
