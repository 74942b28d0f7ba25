"""The attribute training: it learns, it goes on exactly where it stopped, and it comes to rest."""

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training.attributes import train as training
from training.attributes.data import Split, read_faces
from training.attributes.network import DESIGNS, Read, Reader
from training.attributes.terms import AGES, BAND_OF, BANDS
from training.attributes.train import Options, State, band_probabilities, network_of, train, watch
from training.runs import FINISHED


@pytest.fixture
def options(folder: Path, tmp_path: Path) -> Options:
    """A tiny training; its second half has a teacher."""
    return Options(
        folder, tmp_path / "run", size="q", pictures=64, cooldown=32, warmup=16, batch=8, taught_from=0.5, trust=0.5
    )


def _weights(state: State) -> torch.Tensor:
    both = [*state.network.state_dict().values(), *state.average.state.values()]
    return torch.cat([value.float().flatten() for value in both])


def test_a_training_goes_on_as_if_it_had_not_stopped(options: Options) -> None:
    """Asked to stop half-way and resumed, all weights are those of a training in one piece, bit for bit."""
    whole = train(replace(options, out=options.out.with_name("whole")))
    real, calls = training.step, []

    def step(*arguments: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "step", step)
        assert train(options).seen == 24
    assert not (options.out / FINISHED).exists()
    resumed = train(replace(options, resume=True))
    assert resumed.seen == whole.seen == 64
    assert (options.out / FINISHED).exists()
    assert torch.equal(_weights(resumed), _weights(whole))


def test_it_learns(options: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some steps the network is less wrong, and the validation split is looked at in the end."""
    monkeypatch.setattr(training, "LOG_EVERY", 10)
    train(replace(options, pictures=480, cooldown=240, batch=12))
    with (options.out / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["pictures"] for row in rows] == ["120", "240", "360", "480"]
    for head in ("sex_loss", "readable_loss"):
        assert float(rows[-1][head]) < float(rows[0][head])
    with (options.out / "validation.csv").open() as file:
        assert [row["pictures"] for row in csv.DictReader(file)] == ["480"]


def test_it_comes_to_rest(options: Options) -> None:
    """The rate is full until the cool-down and nothing at the end."""
    factors = [options.schedule.factor(seen) for seen in (16, 32, 48, 64)]
    assert factors == [1, 1, 0.5, 0]


def test_the_average_is_what_is_shipped(options: Options) -> None:
    """A checkpoint's network is its average, ready to read."""
    state = train(options)
    network = network_of(options.out / "checkpoint.pt")
    assert not network.training
    for name, value in network.state_dict().items():
        assert torch.equal(value, state.average.state[name])


def test_validation_is_a_share(folder: Path) -> None:
    """Of the validation split the shares of right sexes and bands lie between nothing and all."""
    sex, age = watch(Reader("q").eval(), read_faces(folder, Split.VALIDATION), 24)
    assert 0 <= sex <= 1
    assert 0 <= age <= 1


def test_labels_ages_add_up_to_bands() -> None:
    """A band's probability is the sum of those of its labels, and all bands together are certain."""
    read = Read(torch.zeros(3, 2), torch.randn(3, len(AGES)), torch.zeros(3))
    ages, bands = torch.softmax(read.age, 1), band_probabilities(read)
    assert bands.shape == (3, len(BANDS))
    assert torch.allclose(bands.sum(1), torch.ones(3))
    assert torch.allclose(bands[:, 0], ages[:, :3].sum(1))
    assert torch.allclose(bands[:, 5], ages[:, 7:].sum(1))
    assert list(BAND_OF) == sorted(BAND_OF)


@pytest.mark.parametrize("size", DESIGNS)
def test_the_network_answers_for_each_picture(size: str) -> None:
    """Two sexes, nine ages and one readable logit per picture."""
    read = Reader(size).eval()(torch.rand(2, 3, 64, 64))
    assert [tuple(part.shape) for part in read] == [(2, 2), (2, len(AGES)), (2,)]


def test_an_unknown_size_is_refused() -> None:
    """The error names the sizes that there are."""
    with pytest.raises(ValueError, match="there are: s, q"):
        Reader("xl")
