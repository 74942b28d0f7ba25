"""What the bench concludes from its figures: intervals that hold, boxes that pair up, and a choice that is cautious."""

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.detector.card import Accuracy, Measured, Precision
from edge_agent.detector.verdict import (
    ENOUGH_BOXES,
    TRUSTED_DIFFERENCE,
    Agreement,
    Ratio,
    agreement_of,
    judge,
    ratio_of,
    stated_difference,
)
from edge_agent.records import Detections

SAME = Agreement(boxes=40, other_boxes=40, matched=40)
times = st.floats(1e-4, 10.0)


def boxes(*rows: tuple[float, float, float, float], score: float = 0.9, kind: int = 0) -> Detections:
    n = len(rows)
    return Detections(
        np.array(rows, np.float32).reshape(n, 4), np.full(n, score, np.float32), np.full(n, kind, np.int64)
    )


@given(st.lists(st.tuples(times, times), min_size=1, max_size=60))
def test_the_median_lies_in_its_interval(rounds: list[tuple[float, float]]) -> None:
    """Whatever was measured, low <= median <= high, and all three are among the rounds' range."""
    ratios = [a / b for a, b in rounds]
    ratio = ratio_of([a for a, _ in rounds], [b for _, b in rounds])
    assert min(ratios) <= ratio.low <= ratio.median <= ratio.high <= max(ratios)


@given(st.lists(st.tuples(times, times), min_size=6, max_size=40))
def test_swapping_the_files_inverts_the_interval(rounds: list[tuple[float, float]]) -> None:
    """A over B and B over A tell the same story; neither side is favoured."""
    one, two = [a for a, _ in rounds], [b for _, b in rounds]
    there, back = ratio_of(one, two), ratio_of(two, one)
    assert there.low == pytest.approx(1.0 / back.high)
    assert there.high == pytest.approx(1.0 / back.low)


@given(st.lists(times, min_size=6, max_size=40), st.floats(0.1, 10.0))
def test_a_constant_ratio_is_found_exactly(base: list[float], factor: float) -> None:
    """Drift that hits both files alike cancels: the interval of a constant ratio has no width."""
    ratio = ratio_of([factor * each for each in base], base)
    assert ratio.low == pytest.approx(factor)
    assert ratio.high == pytest.approx(factor)


@pytest.mark.parametrize("rounds", [6, 9, 20, 51])
def test_the_interval_covers_as_often_as_it_says(rounds: int) -> None:
    """Over many simulated measurements with skewed noise the true median lies inside in at least 95 % (less 1.5)."""
    rng = random.Random(rounds)
    inside = 0
    for _ in range(2000):
        ratio = ratio_of([1.0 + rng.expovariate(1.0) for _ in range(rounds)], [1.0] * rounds)
        inside += ratio.low <= 1.0 + np.log(2.0) <= ratio.high
    assert inside >= 2000 * 0.935


@given(st.lists(st.tuples(*[st.floats(0, 500, width=32)] * 2, *[st.floats(1, 200, width=32)] * 2), max_size=12))
def test_a_file_agrees_with_itself(rows: list[tuple[float, float, float, float]]) -> None:
    """The same boxes pair up completely, however they lie."""
    seen = [boxes(*[(x, y, x + w, y + h) for x, y, w, h in rows])]
    agreement = agreement_of(seen, seen, 0.5)
    assert agreement == Agreement(len(rows), len(rows), len(rows))


@given(
    st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99), st.integers(0, 1)), max_size=8),
    st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99), st.integers(0, 1)), max_size=8),
)
def test_agreement_is_symmetric_and_bounded(
    one: list[tuple[float, float, int]], two: list[tuple[float, float, int]]
) -> None:
    """No box is paired twice, and it does not matter which file is asked first."""

    def seen(rows: list[tuple[float, float, int]]) -> list[Detections]:
        found = boxes(*[(x, y, x + 40.0, y + 40.0) for x, y, _ in rows])
        return [Detections(found.xyxy, found.score, np.array([kind for *_, kind in rows], np.int64))]

    there, back = agreement_of(seen(one), seen(two), 0.5), agreement_of(seen(two), seen(one), 0.5)
    assert there.matched == back.matched <= min(len(one), len(two))


def test_what_does_not_count_as_the_same() -> None:
    """Another class, less overlap than half, or a score below the threshold is no partner."""
    here = (0.0, 0.0, 100.0, 100.0)
    aside = (40.0, 0.0, 140.0, 100.0)  # intersection over union 60/140
    near = (30.0, 0.0, 130.0, 100.0)  # 70/130
    assert agreement_of([boxes(here)], [boxes(here, kind=1)], 0.5) == Agreement(1, 1, 0)
    assert agreement_of([boxes(here)], [boxes(aside)], 0.5) == Agreement(1, 1, 0)
    assert agreement_of([boxes(here)], [boxes(near)], 0.5) == Agreement(1, 1, 1)
    assert agreement_of([boxes(here)], [boxes(here, score=0.4)], 0.5) == Agreement(1, 0, 0)
    assert agreement_of([boxes(here, here)], [boxes(here)], 0.5) == Agreement(2, 1, 1)


def test_the_share_needs_boxes_to_be_judged() -> None:
    """A handful of boxes proves nothing; from enough on the share is the boxes that have a partner."""
    few = ENOUGH_BOXES - 1
    assert Agreement(few, few, few).share is None
    assert Agreement(ENOUGH_BOXES, 0, 0).share == 0.0
    assert Agreement(20, 10, 9).share == pytest.approx(18 / 30)


@pytest.mark.parametrize(
    ("ratio", "agreement", "choice", "because"),
    [
        (Ratio(0.6, 0.55, 0.65), SAME, Precision.INT8, "0.60 [0.55, 0.65] of fp32's time, and 100% of the boxes agree"),
        (Ratio(1.4, 1.3, 1.5), SAME, Precision.FP32, "int8 takes 1.40 [1.30, 1.50] times as long"),
        (Ratio(0.9, 0.8, 1.1), SAME, Precision.FP32, "equally fast here within noise"),
        (Ratio(0.98, 0.975, 0.985), SAME, Precision.FP32, "equally fast here within noise"),
        (Ratio(0.6, 0.55, 0.65), Agreement(40, 20, 20), Precision.FP32, "only 67% of the boxes agree"),
        (Ratio(0.6, 0.55, 0.65), Agreement(3, 3, 3), Precision.FP32, "3 boxes are too few to tell"),
    ],
)
def test_int8_must_earn_its_place(ratio: Ratio, agreement: Agreement, choice: Precision, because: str) -> None:
    """int8 is chosen only if it is faster beyond noise and was seen to see the same; the sentence says why."""
    verdict = judge(ratio, agreement)
    assert verdict.precision is choice
    assert because in verdict.reason
    assert verdict.reason.startswith(f"{choice}: ")
    assert verdict.reason.endswith(".")


def _measured(*values: tuple[str, str, float, Precision]) -> Measured:
    return Measured(
        accuracy=tuple(
            Accuracy(dataset=d, metric=m, value=value, precision=precision) for d, m, value, precision in values
        )
    )


def test_the_card_answers_for_int8_where_too_little_is_seen() -> None:
    """With too few boxes here, int8 is taken if the card's figures of both files are alike, and only then."""
    fast, few = Ratio(0.6, 0.55, 0.65), Agreement(3, 3, 3)
    verdict = judge(fast, few, 0.004)
    assert verdict.precision is Precision.INT8
    assert "no figure of the card differs by more than 0.004" in verdict.reason
    assert judge(fast, few, TRUSTED_DIFFERENCE + 0.001).precision is Precision.FP32
    assert judge(fast, Agreement(40, 20, 20), 0.0).precision is Precision.FP32
    assert judge(Ratio(1.4, 1.3, 1.5), few, 0.0).precision is Precision.FP32


def test_only_figures_of_the_same_thing_are_compared() -> None:
    """A figure counts if both files have it, on the same data and by the same measure; the worst one decides."""
    fp32, int8 = Precision.FP32, Precision.INT8
    assert stated_difference(_measured()) is None
    assert (
        stated_difference(_measured(("a", "AUC", 0.9, fp32), ("b", "AUC", 0.9, int8), ("a", "F1", 0.9, int8))) is None
    )
    both = (("a", "AUC", 0.95, fp32), ("a", "AUC", 0.94, int8), ("a", "F1", 0.80, int8), ("a", "F1", 0.75, fp32))
    assert stated_difference(_measured(*both)) == pytest.approx(0.05)


def test_no_measurement_escapes_judgement() -> None:
    """Any combination of figures gives one of the two files and a sentence of one line."""
    for median, spread, matched in product((0.01, 0.9, 1.0, 1.1, 50.0), (0.0, 0.02, 0.5), (0, 20, 40)):
        ratio = Ratio(median, median / (1 + spread), median * (1 + spread))
        verdict = judge(ratio, Agreement(40, 40, matched))
        assert "\n" not in verdict.reason
        if verdict.precision is Precision.INT8:
            assert ratio.high < 1.0
            assert matched == 40


def test_counted_things_do_not_speak_against_int8() -> None:
    """A crossing more or less on one clip is no share: only shares say whether int8 sees the same."""
    counts = tuple(
        Accuracy(dataset="a", metric="crossings", value=value, unit="count", precision=precision)
        for value, precision in ((6.0, Precision.FP32), (7.0, Precision.INT8))
    )
    assert stated_difference(Measured(accuracy=counts)) is None
