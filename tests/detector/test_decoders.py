"""The decoders on made-up outputs: what no picture of ours happens to contain."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pytest
from detector import reference
from detector.reference import Box
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_agent.detector.card import Decoder as Spec
from edge_agent.detector.card import FastestdetDecoder, NanodetDecoder, YoloxDecoder, YunetDecoder
from edge_agent.detector.decoders import make_decoder
from edge_agent.detector.decoders.base import MAX_CANDIDATES, Needs, Shape
from edge_agent.detector.errors import BundleError

_SIZE = 64
_CELLS = (64, 16, 4)  # at strides 8, 16, 32


class Family(NamedTuple):
    """A decoder, the shapes it reads at 64x64 pixels, and the obvious implementation of it."""

    spec: Spec
    classes: int
    shapes: Mapping[str, Shape]
    reference: Callable[[reference.Outputs, int], Iterator[Box]]


_FAMILIES = {
    "yolox": Family(YoloxDecoder(), 3, {"output": (1, 84, 8)}, reference.yolox),
    "nanodet": Family(
        NanodetDecoder(),
        3,
        {f"cls{n}": (1, n, 3) for n in _CELLS} | {f"dis{n}": (1, n, 32) for n in _CELLS},
        reference.nanodet,
    ),
    "fastestdet": Family(FastestdetDecoder(), 3, {"map": (1, 8, 4, 4)}, reference.fastestdet),
    "yunet": Family(
        YunetDecoder(),
        1,
        {f"{what}{n}": (1, n, width) for what, width in (("cls", 1), ("obj", 1), ("box", 4)) for n in _CELLS},
        reference.yunet,
    ),
}


def _needs(family: Family, wanted: list[int] | None = None) -> Needs:
    chosen = list(range(family.classes)) if wanted is None else wanted
    return Needs(_SIZE, _SIZE, family.classes, np.array(chosen, dtype=np.int64))


def _outputs(family: Family, seed: int) -> list[NDArray[np.float32]]:
    """Numbers in 0..1: valid as scores, offsets and logarithms of sizes alike."""
    rng = np.random.default_rng(seed)
    return [rng.random(shape, dtype=np.float32) for shape in family.shapes.values()]


@pytest.mark.parametrize("name", _FAMILIES)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), low=st.floats(0.3, 0.9))
def test_any_outputs_are_read_as_the_definition_says(name: str, seed: int, low: float) -> None:
    """For any numbers in the outputs, cells, classes, scores and boxes are those of the obvious implementation."""
    family = _FAMILIES[name]
    outputs = _outputs(family, seed)
    decoder = make_decoder(family.spec, _needs(family), family.shapes)
    found = decoder(outputs, low)
    wanted = [box for box in family.reference(outputs, _SIZE) if box.score >= low]
    assert abs(len(found.score) - len(wanted)) <= 1  # one may lie on the threshold itself
    rows = np.column_stack([found.class_id, found.score, found.xyxy]).astype(np.float64)
    for box in wanted:
        if box.score > low + 1e-5:
            assert np.abs(rows - np.array(box)).max(axis=1).min() < 1e-2


@pytest.mark.parametrize("name", ["yolox", "nanodet", "fastestdet"])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), wanted=st.sets(st.integers(0, 2), max_size=3))
def test_wanting_fewer_classes_only_leaves_boxes_out(name: str, seed: int, wanted: set[int]) -> None:
    """The boxes of a class do not depend on which other classes are asked for."""
    family = _FAMILIES[name]
    outputs = _outputs(family, seed)
    everything = make_decoder(family.spec, _needs(family), family.shapes)(outputs, 0.5)
    some = make_decoder(family.spec, _needs(family, sorted(wanted)), family.shapes)(outputs, 0.5)
    keep = np.isin(everything.class_id, list(wanted))
    assert sorted(map(tuple, some.xyxy.tolist())) == sorted(map(tuple, everything.xyxy[keep].tolist()))
    assert sorted(some.score.tolist()) == sorted(everything.score[keep].tolist())


@pytest.mark.parametrize("name", _FAMILIES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_broken_numbers_are_bounded(name: str, value: float) -> None:
    """NaN, infinities and huge numbers neither raise nor become scores that are not numbers, nor too many boxes."""
    family = _FAMILIES[name]
    outputs = [np.full(shape, value, dtype=np.float32) for shape in family.shapes.values()]
    with np.errstate(over="ignore", invalid="ignore"):
        found = make_decoder(family.spec, _needs(family), family.shapes)(outputs, 0.5)
    assert not np.isnan(found.score).any()
    assert len(found.score) <= MAX_CANDIDATES


@pytest.mark.parametrize("name", _FAMILIES)
def test_nothing_above_the_threshold_is_an_empty_answer(name: str) -> None:
    """Outputs of zeros give no box at all, in arrays of the right shape."""
    family = _FAMILIES[name]
    outputs = [np.zeros(shape, dtype=np.float32) for shape in family.shapes.values()]
    found = make_decoder(family.spec, _needs(family), family.shapes)(outputs, 0.5)
    assert found.xyxy.shape == (0, 4)
    assert found.score.shape == found.class_id.shape == (0,)


def test_a_flood_of_boxes_is_cut_to_the_best() -> None:
    """However many cells fire, only the best few hundred boxes go on to suppression."""
    needs = Needs(416, 416, 1, np.array([0]))
    outputs = [np.ones((1, 3549, 6), dtype=np.float32)]
    outputs[0][0, :, 5] = np.linspace(0.2, 1.0, 3549)
    found = make_decoder(YoloxDecoder(), needs, {"output": (1, 3549, 6)})(outputs, 0.1)
    assert len(found.score) == MAX_CANDIDATES
    assert found.score.min() >= np.sort(outputs[0][0, :, 5])[-MAX_CANDIDATES]


@pytest.mark.parametrize("name", _FAMILIES)
@pytest.mark.parametrize("other", _FAMILIES)
def test_outputs_of_another_family_are_refused_in_one_line(name: str, other: str) -> None:
    """A decoder takes only its own family's outputs; the error says what was expected and what was found."""
    if name == other:
        return
    family = _FAMILIES[name]
    with pytest.raises(BundleError) as caught:
        make_decoder(family.spec, _needs(family), _FAMILIES[other].shapes)
    message = str(caught.value)
    assert "\n" not in message
    assert f"decoder {name}" in message
    assert "x".join(map(str, next(iter(_FAMILIES[other].shapes.values())))) in message
