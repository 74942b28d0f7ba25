"""The pairing with the greatest total weight."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.tracker.assignment import assign, best_pairs

Weights = NDArray[np.float64]


@st.composite
def weights(draw: st.DrawFn) -> Weights:
    """Small matrices, half of them full of ties and forbidden pairs."""
    shape = draw(st.tuples(st.integers(0, 5), st.integers(0, 5)))
    value = draw(
        st.sampled_from([st.integers(-1, 3).map(float), st.floats(-1, 1, allow_nan=False, allow_subnormal=False)])
    )
    flat = draw(st.lists(value, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    return np.array(flat, dtype=np.float64).reshape(shape)


def best_total(weight: Weights) -> float:
    """Try everything."""
    gain = np.maximum(weight, 0.0)
    gain = gain if gain.shape[0] <= gain.shape[1] else gain.T
    rows, columns = gain.shape
    return max(float(sum(gain[i, j] for i, j in enumerate(chosen))) for chosen in permutations(range(columns), rows))


@given(weights())
def test_the_total_is_the_best_there_is(weight: Weights) -> None:
    """No other pairing has a greater total weight than the one that is made."""
    assert sum(weight[pair] for pair in assign(weight)) == pytest.approx(best_total(weight), abs=1e-9)


@given(weights())
def test_pairs_are_allowed_and_exclusive(weight: Weights) -> None:
    """No row or column is in two pairs, no pair has a weight of zero or less, and rows ascend."""
    pairs = assign(weight)
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    assert len(set(columns)) == len(columns)
    assert rows == sorted(set(rows))
    assert all(weight[pair] > 0 for pair in pairs)


@pytest.mark.parametrize("shape", [(64, 64), (40, 64), (64, 40)])
def test_crowds_are_paired_optimally(shape: tuple[int, int]) -> None:
    """Products are greatest when large meets large (rearrangement inequality), for 64 people too."""
    random = np.random.default_rng(7)
    a, b = random.random(shape[0]) + 0.01, random.random(shape[1]) + 0.01
    few = min(shape)
    expected = float(np.sort(a)[-few:] @ np.sort(b)[-few:])
    weight = np.outer(a, b)
    pairs = assign(weight)
    assert len(pairs) == few
    assert sum(weight[pair] for pair in pairs) == pytest.approx(expected, rel=1e-12)


@given(weights())
def test_links_are_paired_as_well_as_the_whole_matrix(weight: Weights) -> None:
    """Leaving out what may not be paired loses nothing, and rows and columns keep their numbers."""
    links = [(i, j, float(weight[i, j])) for i, j in np.argwhere(weight > 0).tolist()]
    pairs = best_pairs(links)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(weight[pair] > 0 for pair in pairs)
    assert sum(weight[pair] for pair in pairs) == pytest.approx(best_total(weight), abs=1e-9)
