"""The mean of checkpoints."""

from pathlib import Path

import pytest
import torch
from training.network import Detector
from training.optimiser import Average, Schedule, optimisers
from training.soup import mean_of
from training.train import State, read_checkpoint


def checkpoint(path: Path, seed: int, size: str = "s") -> Path:
    """A fresh network of that seed, saved."""
    torch.manual_seed(seed)
    network = Detector(size)
    State(network, Average(network), optimisers(network, "muon", 1e-3), Schedule(1, 0), [1e-3]).save(path)
    return path


def test_the_mean_lies_in_the_middle(tmp_path: Path) -> None:
    """Every weight is the mean of those that went in, and the result is a checkpoint like them."""
    paths = [checkpoint(tmp_path / f"{seed}.pt", seed) for seed in (1, 2)]
    mean_of(paths, tmp_path / "mean.pt")
    one, two, mean = (read_checkpoint(path)["ema"] for path in (*paths, tmp_path / "mean.pt"))
    name = "stem.0.conv.weight"
    torch.testing.assert_close(mean[name], (one[name] + two[name]) / 2)
    Detector("s").load_state_dict(mean)


def test_networks_of_different_shapes_have_no_mean(tmp_path: Path) -> None:
    """Two sizes, or a checkpoint alone, are refused in one line."""
    small, middle = checkpoint(tmp_path / "s.pt", 1), checkpoint(tmp_path / "m.pt", 1, "m")
    with pytest.raises(ValueError, match="different shapes"):
        mean_of([small, middle], tmp_path / "out.pt")
    with pytest.raises(ValueError, match="two checkpoints or more"):
        mean_of([small], tmp_path / "out.pt")
