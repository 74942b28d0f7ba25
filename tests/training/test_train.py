"""The training: it learns, it goes on exactly where it stopped, and it comes to rest."""

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.shards import write_shards
from training import train as training
from training.network import Detector
from training.optimiser import Average, Schedule, orthogonal
from training.runs import FINISHED, read_checkpoint
from training.train import Options, State, main, train


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Options:
    """A tiny training in this process, on tiny inputs and with a checkpoint only at its end."""
    monkeypatch.setattr(training, "SMALL", (96, 64))
    write_shards(tmp_path / "shards", 1)
    (tmp_path / "run").mkdir()
    return Options(tmp_path / "shards", tmp_path / "run", pictures=8, batch=2, small=1000, warmup=4, workers=0)


def weights(state: State) -> torch.Tensor:
    """All of a network's numbers, and of its average's."""
    both = [*state.network.state_dict().values(), *state.average.state.values()]
    return torch.cat([value.float().flatten() for value in both])


def test_a_training_goes_on_as_if_it_had_not_stopped(options: Options) -> None:
    """Stopped half-way and resumed, all weights are those of a training in one piece, bit for bit."""
    whole = train(options)
    train(replace(options, pictures=4))
    resumed = train(replace(options, start=options.out / "checkpoint.pt"))
    assert resumed.seen == whole.seen == 8
    assert (options.out / FINISHED).exists()
    assert torch.equal(weights(resumed), weights(whole))


@pytest.mark.parametrize("optimiser", ["muon", "adamw"])
def test_the_loss_falls(options: Options, optimiser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some steps on a few pictures the network is less wrong about them."""
    monkeypatch.setattr(training, "LOG_EVERY", 4)
    train(replace(options, pictures=32, optimiser=optimiser, rate=0.004))
    with (options.out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["pictures"] for row in rows] == ["8", "16", "24", "32"]
    assert float(rows[-1]["box_loss"]) < float(rows[0]["box_loss"])
    assert float(rows[-1]["score_loss"]) < float(rows[0]["score_loss"])


def test_a_cooldown_ends_after_its_pictures(options: Options) -> None:
    """From any checkpoint the rate falls to nothing over the asked number of pictures, and there it ends."""
    train(options)
    rest = train(replace(options, start=options.out / "checkpoint.pt", cooldown=4))
    assert rest.seen == 12
    assert rest.schedule.factor(12) == 0


def test_a_request_to_end_writes_a_checkpoint(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM loses nothing: the step is finished and all is written."""
    step = training.step

    def last_step(*arguments: object) -> object:
        os.kill(os.getpid(), signal.SIGTERM)
        return step(*arguments)  # type: ignore[arg-type]

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(training, "step", last_step)
    try:
        train(options)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert read_checkpoint(options.out / "checkpoint.pt")["seen"] == 2
    assert not (options.out / FINISHED).exists()


def test_resuming_what_never_began_is_refused(tmp_path: Path) -> None:
    """Without a checkpoint --resume says which file is missing."""
    write_shards(tmp_path, 1)
    with pytest.raises(ValueError, match=r"checkpoint\.pt: no checkpoint there"):
        main(["--shards", str(tmp_path), "--out", str(tmp_path / "run"), "--resume"])


def test_a_broken_write_leaves_the_old_checkpoint(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails half-way, what was there before is still whole."""
    state = train(options)
    path = options.out / "checkpoint.pt"
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        state.save(path)
    assert path.read_bytes() == before


def test_the_rate_warms_up_stays_and_cools_down() -> None:
    """From next to nothing to all in the warm-up, then all, then in a straight line to none."""
    schedule = Schedule(warmup=100, cooldown=1000, cooldown_from=5000)
    factors = [schedule.factor(seen) for seen in (0, 49, 99, 4000, 5000, 5500, 6000, 7000)]
    assert factors == [0.01, 0.5, 1, 1, 1, 0.5, 0, 0]


def test_orthogonal_changes_move_all_directions_alike() -> None:
    """The singular values of what Muon steps along are near one, for wide and tall matrices."""
    for shape in ((8, 72), (72, 8)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(1))))
        assert 0.5 < values.min() <= values.max() < 1.4


def test_the_average_follows_the_network() -> None:
    """It starts as the network, and after many steps with the same weights it is those again."""
    network = Detector("s")
    average = Average(network, decay=0.5)
    with torch.no_grad():
        next(network.parameters()).add_(1.0)
    for _ in range(40):
        average.update(network)
    name, value = next(iter(network.state_dict().items()))
    assert torch.allclose(average.state[name], value)
