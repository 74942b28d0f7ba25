"""Shares: over thousands of simulated hours with known truth, the interval holds it as often as it says."""

from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from anonymise.plans import AGE_CONFUSION, SEX_CONFUSION
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.anonymise.noise import variance
from edge_agent.anonymise.shares import class_shares, female_share, mostly
from edge_agent.config import DemographicsConfig
from edge_agent.detector.attributes_card import VisitorConfusion, load_attributes_card
from edge_agent.detector.card import CARD_FILE
from edge_agent.message import Share

MODELS = Path(__file__).resolve().parents[2] / "models"
SEEDS = [1, 2]
SEX_RATES = np.array(SEX_CONFUSION) / np.sum(SEX_CONFUSION, axis=1, keepdims=True)
AGE_RATES = np.array(AGE_CONFUSION) / np.sum(AGE_CONFUSION, axis=1, keepdims=True)


def measured(rng: np.random.Generator, rates: np.ndarray, of: int) -> tuple[tuple[int, ...], ...]:
    """Return what a test of the network on so many pictures per class would have put on its card."""
    return tuple(tuple(int(n) for n in rng.multinomial(of, row)) for row in rates)


def holds(share: Share, truth: float) -> bool:
    """Whether the interval of a share, in whole thousandths, holds the truth."""
    return share.low_milli - 0.5 <= 1000 * truth <= share.high_milli + 0.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("read", [20, 50, 143, 600])
def test_the_share_of_women_keeps_what_its_interval_says(read: int, seed: int) -> None:
    """With any truth, and a card that is itself a sample: 93 to 97 of 100 intervals hold it."""
    rng = np.random.default_rng(seed)
    held, corrected, raw, hours = 0, 0.0, 0.0, 4000
    for truth in rng.random(hours):
        women = int(rng.binomial(read, truth * SEX_RATES[0, 0] + (1 - truth) * SEX_RATES[1, 0]))
        share = female_share(women, read - women, measured(rng, SEX_RATES, 1500))
        assert share is not None
        held += holds(share, truth)
        corrected += abs(share.share_milli / 1000 - truth)
        raw += abs(women / read - truth)
    assert 0.93 <= held / hours <= 0.97
    assert corrected < raw or read < 50


@pytest.mark.parametrize("truth", [0.0, 0.02, 0.1, 0.5, 0.61, 0.9, 0.98, 1.0])
@pytest.mark.parametrize("read", [20, 60, 200])
def test_it_holds_at_the_edges_too(truth: float, read: int) -> None:
    """For every single truth, shares near 0 and 1 and few visitors included: 92 to 99 of 100 (counts are whole)."""
    rng = np.random.default_rng(read)
    chance = truth * SEX_RATES[0, 0] + (1 - truth) * SEX_RATES[1, 0]
    hours = 2000
    held = 0
    for women in rng.binomial(read, chance, hours):
        share = female_share(int(women), read - int(women), measured(rng, SEX_RATES, 1500))
        assert share is not None
        held += holds(share, truth)
    assert 0.92 <= held / hours <= 0.99


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_is_in_the_interval(seed: int) -> None:
    """With counts that carry noise the interval is wider, and holds the truth as often."""
    rng = np.random.default_rng(seed)
    epsilon, read, hours, held = 0.25, 200, 3000, 0
    ratio = np.exp(-epsilon)
    for truth in rng.uniform(0.2, 0.8, hours):
        women = rng.binomial(read, truth * SEX_RATES[0, 0] + (1 - truth) * SEX_RATES[1, 0])
        noise = rng.geometric(1 - ratio, 2) - rng.geometric(1 - ratio, 2)  # their difference is discrete Laplace
        noisy = np.maximum(0, [women + noise[0], read - women + noise[1]])
        share = female_share(
            int(noisy[0]), int(noisy[1]), measured(rng, SEX_RATES, 1500), noise_variance=variance(Fraction(epsilon))
        )
        assert share is not None
        held += holds(share, truth)
    assert 0.93 <= held / hours <= 0.97


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("read", [20, 50, 143, 600])
def test_the_shares_of_age_bands_keep_what_their_intervals_say(read: int, seed: int) -> None:
    """With any mixture of ages: 93 to 97 of 100 intervals hold the truth, and the shares are closer than the counts."""
    rng = np.random.default_rng(seed)
    held, corrected, raw, hours = 0, 0.0, 0.0, 700
    for truth in rng.dirichlet(np.ones(6), hours):
        counts = rng.multinomial(read, truth @ AGE_RATES)
        shares = class_shares([int(n) for n in counts], measured(rng, AGE_RATES, 600))
        assert shares is not None
        held += sum(holds(share, part) for share, part in zip(shares, truth, strict=True))
        corrected += float(sum(abs(s.share_milli / 1000 - part) for s, part in zip(shares, truth, strict=True)))
        raw += float(np.abs(counts / read - truth).sum())
    assert 0.93 <= held / (6 * hours) <= 0.97
    assert corrected < raw or read < 50


def answers(attribute: Literal["sex", "age"]) -> VisitorConfusion:
    """Return what the shipped card says of the votes on visitors."""
    card = load_attributes_card(MODELS / "face-attributes" / CARD_FILE)
    table = card.attributes.visitors_of(attribute, DemographicsConfig().crops, card.file[0].precision)
    assert table is not None
    return table


def another_card(rng: np.random.Generator, table: VisitorConfusion) -> tuple[tuple[int, ...], ...]:
    """Return the counts of a card that was measured with as many visitors of each class, by the same network."""
    rows = [(*row, none) for row, none in zip(table.counts, table.unknown, strict=True)]
    drawn = [rng.multinomial(sum(row), np.array(row) / sum(row))[:-1] for row in rows]
    return tuple(tuple(int(n) for n in row) for row in drawn)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("attribute", "visitors"), [("sex", 60), ("sex", 400), ("age", 60), ("age", 400)])
def test_the_shares_of_visits_as_the_shipped_card_has_them(
    attribute: Literal["sex", "age"], visitors: int, seed: int
) -> None:
    """Visitors are taken for what the card says, the unknown among them: 93 to 97 of 100 intervals hold the truth.

    The truth is the mixture of those who were read; any clientele, and a card that is itself a sample.
    """
    rng, table, hours = np.random.default_rng(seed), answers(attribute), 4000 if attribute == "sex" else 700
    rows = np.array([(*row, none) for row, none in zip(table.counts, table.unknown, strict=True)], float)
    rates = rows / rows.sum(axis=1, keepdims=True)
    held, corrected, raw = 0, 0.0, 0.0
    for clientele in rng.dirichlet(np.ones(len(rates)), hours):
        counts = [int(n) for n in rng.multinomial(visitors, clientele @ rates)[:-1]]
        truth = clientele * rates[:, :-1].sum(axis=1)
        truth /= truth.sum()
        card = another_card(rng, table)
        shares = (female_share(counts[0], counts[1], card),) if attribute == "sex" else class_shares(counts, card)
        for share, part, count in zip(shares or (), truth, counts, strict=False):
            assert share is not None
            held += holds(share, part)
            corrected += abs(share.share_milli / 1000 - part)
            raw += abs(count / sum(counts) - part)
    assert 0.93 <= held / (hours * (1 if attribute == "sex" else 6)) <= 0.97
    assert corrected < raw


@given(st.lists(st.integers(0, 400), min_size=6, max_size=6), st.floats(0, 500))
def test_shares_are_always_shares(counts: list[int], noise: float) -> None:
    """Together 1000 thousandths, each within its interval, none below zero, whatever was counted."""
    shares = class_shares(counts, AGE_CONFUSION, noise_variance=noise)
    if not any(counts):
        assert shares is None
        return
    assert shares is not None
    assert sum(share.share_milli for share in shares) == 1000
    assert all(0 <= s.low_milli <= s.share_milli <= s.high_milli <= 1000 for s in shares)


@given(st.integers(0, 3000), st.integers(0, 3000), st.floats(0, 500))
def test_the_share_of_women_is_always_a_share(female: int, male: int, noise: float) -> None:
    """Within its interval and between 0 and 1000; the word that goes with it follows from the interval."""
    share = female_share(female, male, SEX_CONFUSION, noise_variance=noise)
    if female + male == 0:
        assert share is None
        return
    assert share is not None
    assert 0 <= share.low_milli <= share.share_milli <= share.high_milli <= 1000
    word = mostly(share)
    assert (word == "female") == (share.low_milli > 500)
    assert (word == "male") == (share.high_milli < 500)


@pytest.mark.parametrize("useless", [(), ((1, 1), (1, 1)), ((0, 0), (5, 5)), ((9, 1),), ((1, 9), (9, 1))])
def test_no_share_without_a_network_that_tells(useless: tuple[tuple[int, ...], ...]) -> None:
    """A card without a matrix, or with one that tells nothing apart, gives no share rather than a made-up one."""
    assert female_share(10, 10, useless) is None


def test_no_ages_without_a_network_that_tells() -> None:
    """The same for age: bands that are read alike cannot be told apart by any arithmetic."""
    assert class_shares([10] * 6, ()) is None
    assert class_shares([10] * 6, ((1,) * 6,) * 6) is None
    assert class_shares([10] * 6, ((0,) * 6,) * 6) is None


def test_the_best_known_number_is_as_expected() -> None:
    """A network that errs in 10 of 100 either way and reads 58 of 100 as women: 60 women, and why that is not sure."""
    share = female_share(58, 42, ((9000, 1000), (1000, 9000)))
    assert share is not None
    assert share.share_milli == 600
    assert (share.low_milli, share.high_milli) == (478, 715)
