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
from edge_agent.detector.card import FastestdetDecoder, FcosDecoder, NanodetDecoder, YoloxDecoder, YunetDecoder
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
    "fcos": Family(FcosDecoder(), 3, {f"p{s}": (1, 7, _SIZE // s, _SIZE // s) for s in (8, 16, 32)}, reference.fcos),
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


@pytest.mark.parametrize("name", ["yolox", "nanodet", "fastestdet", "fcos"])
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
    """Outputs of zeros, which are at most a half when read as logits, give no box, in arrays of the right shape."""
    family = _FAMILIES[name]
    outputs = [np.zeros(shape, dtype=np.float32) for shape in family.shapes.values()]
    found = make_decoder(family.spec, _needs(family), family.shapes)(outputs, 0.6)
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


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.floats(0.1, 12.0), low=st.floats(0.0, 0.9), heads=st.booleans())
def test_fcos_reads_maps_that_are_no_squares(seed: int, spread: float, low: float, heads: bool) -> None:  # noqa: FBT001
    """On a 16:9 input, with logits and distances of any size, boxes are where the definition puts them."""
    rng = np.random.default_rng(seed)
    classes = 2 if heads else 1
    shapes = {f"p{stride}": (1, classes + 4, 64 // stride, 160 // stride) for stride in (8, 16, 32)}
    outputs = [rng.normal(-1.0, spread, shape).astype(np.float32) for shape in shapes.values()]
    needs = Needs(160, 64, classes, np.arange(classes))
    found = make_decoder(FcosDecoder(), needs, shapes)(outputs, low)
    wanted = sorted((box for box in reference.fcos(outputs, 0) if box.score >= low), key=lambda box: -box.score)
    certain = [box for box in wanted[:MAX_CANDIDATES] if box.score > low + 1e-6]
    rows = np.column_stack([found.class_id, found.score, found.xyxy])
    assert (found.score >= low).all()
    assert abs(len(rows) - min(len(wanted), MAX_CANDIDATES)) <= 1  # one may lie on the threshold itself
    for box in certain if len(wanted) <= MAX_CANDIDATES else certain[: MAX_CANDIDATES // 2]:
        assert np.abs(rows - np.array(box)).max(axis=1).min() < 1e-3


def test_fcos_in_numbers() -> None:
    """Cell (row 1, column 3) at stride 16 with distances 1, 2, 3 and 4 strides, worked out by hand."""
    shapes = {f"p{stride}": (1, 6, 64 // stride, 128 // stride) for stride in (8, 16, 32)}
    outputs = [np.full(shape, -9.0, dtype=np.float32) for shape in shapes.values()]
    outputs[1][0, :, 1, 3] = [-9.0, np.log(3.0), *np.log([1.0, 2.0, 3.0, 4.0])]  # sigmoid(log 3) = 3 / (3 + 1)
    found = make_decoder(FcosDecoder(), Needs(128, 64, 2, np.array([0, 1])), shapes)(outputs, 0.5)
    np.testing.assert_allclose(found.xyxy, [[56 - 16, 24 - 32, 56 + 48, 24 + 64]], rtol=1e-6)
    np.testing.assert_allclose(found.score, [0.75], rtol=1e-6)
    assert found.class_id.tolist() == [1]


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
