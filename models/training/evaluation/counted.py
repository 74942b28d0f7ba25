"""What the whole agent counts on clips, by its own command `replay`, against the truth of these clips."""

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tomli_w

from training.evaluation.networks import Network
from training.evaluation.pictures import NOBODY_CLIPS, ONE_BY_ONE

_LINE: Final = "exit"
_ZONE: Final = "table"
_NOBODY: Final = {
    "line": [{"name": "middle", "from": [0.5, 0.0], "to": [0.5, 1.0], "inside": [0.1, 0.5], "classes": ["person"]}],
    "zone": [
        {"name": "all", "polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], "classes": ["person"]},
    ],
}
"""For clips that show nobody: whatever is counted anywhere in the picture is wrong."""


@dataclass(frozen=True, slots=True)
class Visits:
    """Crossings and stays of ONE_BY_ONE, and what they should be.

    Attributes:
        out: crossings outwards; `true_out` of the truth.
        back: crossings inwards; the truth has `true_back`.
        dwell_s: how long each stay was, in order.
        true_dwell_s: the same of the truth.
        tolerance_s: within which a stay is right.
    """

    out: int
    true_out: int
    back: int
    true_back: int
    dwell_s: tuple[float, ...]
    true_dwell_s: tuple[float, ...]
    tolerance_s: float

    @property
    def stays_right(self) -> int:
        """How many stays have the right length; 0 where their number is wrong."""
        if len(self.dwell_s) != len(self.true_dwell_s):
            return 0
        off = (abs(a - b) for a, b in zip(self.dwell_s, self.true_dwell_s, strict=True))
        return sum(each <= self.tolerance_s for each in off)


@dataclass(frozen=True, slots=True)
class Phantoms:
    """What was counted where nobody is; all of it should be 0.

    Attributes:
        crossings: of a line across the middle, both ways.
        stays: in the whole picture.
        highest: occupancy.
        mean: occupancy over the clip.
    """

    crossings: int
    stays: int
    highest: int
    mean: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What the agent made of the clips with one network."""

    visits: Visits
    phantoms: dict[str, Phantoms]


def counted(network: Network, *, clips: Path, contract: Path) -> Counted:
    """Replay the clips.

    Args:
        network: which file of which bundle.
        clips: folder of the clips and truth.json.
        contract: folder of the configurations that belong to them.

    Raises:
        RuntimeError: `replay` failed; its own words.
        OSError: clips or configurations are missing.
    """
    config = tomllib.loads((contract / f"{Path(ONE_BY_ONE).stem}.toml").read_text(encoding="utf-8"))
    truth = json.loads((clips / "truth.json").read_text(encoding="utf-8"))[ONE_BY_ONE]
    camera = config["camera"][0]
    empty = config | {"camera": [{"name": camera["name"], "source": camera["source"], **_NOBODY}]}
    return Counted(
        visits=_visits(_replay(network, clips / ONE_BY_ONE, config), truth),
        phantoms={name: _phantoms(_replay(network, clips / name, empty)) for name in NOBODY_CLIPS},
    )


def _replay(network: Network, clip: Path, config: dict[str, Any]) -> dict[str, Any]:
    """What `edge-agent replay` prints about a clip."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        # Named, because 'auto' would take what a bench on this machine has found.
        config = config | {"detector": {"precision": network.precision.value}}
        file.write_text(tomli_w.dumps(config), encoding="utf-8")
        bundle = network.bundle.folder.resolve()
        command = [sys.executable, "-m", "edge_agent", "replay", str(clip.resolve()), "--json"]
        command += ["--config", str(file), "--bundle", str(bundle)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)
    if done.returncode != 0:
        raise RuntimeError(f"{clip.name}: replay failed: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _visits(result: dict[str, Any], truth: dict[str, Any]) -> Visits:
    line, zone = result["lines"][_LINE], result["zones"][_ZONE]
    return Visits(
        out=line["out"],
        true_out=truth["line"]["crossings_left_to_right"],
        back=line["in"],
        true_back=truth["line"]["crossings_right_to_left"],
        dwell_s=tuple(zone["dwell_s"]),
        true_dwell_s=tuple(truth["zone"]["dwell_s"]),
        tolerance_s=truth["zone"]["tolerance_s"],
    )


def _phantoms(result: dict[str, Any]) -> Phantoms:
    (line,), (zone,) = result["lines"].values(), result["zones"].values()
    occupancy = zone["occupancy"]
    return Phantoms(line["in"] + line["out"], zone["stays"], occupancy["max"], occupancy["mean"])
