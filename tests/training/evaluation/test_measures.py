from collections.abc import Callable
from pathlib import Path

import pytest
from training.evaluation.matching import Tally
from training.evaluation.measures import (
    THRESHOLDS,
    agreement,
    count_error,
    false_boxes,
    int8_loss,
    presence,
    visit_error,
)
from training.evaluation.networks import Network
from training.evaluation.pictures import Clip, Indoor

MakeNetwork = Callable[..., Network]
_DARK, _GREY, _BRIGHT = 0, 120, 255  # scores of 0 (below all thresholds), .43 (the preset is .50) and .99


def test_presence_is_judged_by_the_highest_score(make_network: MakeNetwork, make_indoor: Callable[..., Path]) -> None:
    """A network that is surer of people than of empty rooms has AUC 1; the preset finds those above it."""
    indoor = Indoor.of(make_indoor([_BRIGHT, _BRIGHT, _GREY, _GREY], [_DARK, _DARK]))
    found = presence(make_network(), indoor)
    assert (found.people, found.empty, found.auc.value) == (4, 2, 1.0)
    assert (found.recall, found.accuracy) == (1.0, 1.0)
    assert (found.preset_recall, found.preset_alarms) == (0.5, 0.0)


def test_int8_loses_nothing_where_it_sees_the_same(make_network: MakeNetwork, make_indoor: Callable[..., Path]) -> None:
    """The AUC lost between two files that see the same is 0, with an interval of 0."""
    network, indoor = make_network(), Indoor.of(make_indoor([_BRIGHT, _GREY], [_GREY, _DARK]))
    loss = int8_loss(network, network, indoor)
    assert (loss.value, loss.low, loss.high) == (0.0, 0.0, 0.0)


def test_agreement_is_at_the_preset_and_without_what_trained(
    make_network: MakeNetwork, make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """Clips that trained are counted apart; the others are pooled, at the card's threshold."""
    known = Clip(make_clip("known.mp4", [_BRIGHT] * 3), 1)
    new = Clip(make_clip("new.mp4", [_BRIGHT, _DARK, _BRIGHT, _GREY]), 1)
    smaller = make_network("smaller", half=15.0)
    result = agreement(smaller, make_network(), [known, new], trained_on=["known.mp4"], cache=tmp_path / "seen")
    assert result.trained_on == ("known.mp4",)
    assert result.clips["known.mp4"] == Tally(3, 0, 0)
    # The frame at .43 is above the reference's .40, so somebody is there, and below this network's preset.
    assert result.pooled == result.clips["new.mp4"] == Tally(2, 0, 1)
    assert len(result.curve) == len(THRESHOLDS)
    assert max(result.curve) == 1.0


def test_boxes_elsewhere_are_false_and_people_missed(
    make_network: MakeNetwork, make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """A box of a quarter of the reference's area is a false one beside a missed person."""
    clip = Clip(make_clip("one.mp4", [_BRIGHT]), 1)
    result = agreement(make_network("half", half=8.0), make_network(), [clip], trained_on=[], cache=tmp_path / "seen")
    assert result.pooled == Tally(hits=0, false=1, missed=1)


def test_false_boxes_are_those_at_the_preset(make_network: MakeNetwork, make_clip: Callable[..., Path]) -> None:
    """Every box at or above the preset is false where nobody is; the step decides which frames are looked at."""
    clip = Clip(make_clip("empty.mp4", [_BRIGHT, _BRIGHT, _GREY, _BRIGHT, _BRIGHT, _BRIGHT]), 2)
    found = false_boxes(make_network(), clip)
    assert (found.frames, found.boxes, found.frames_with) == (3, 2, 2)
    assert found.per_frame == pytest.approx(2 / 3)
    assert found.highest > 0.9


def test_a_count_error_is_a_mean_of_differences() -> None:
    """Too many and too few are both errors, and do not make up for each other."""
    error = count_error([0, 2, 1, 1], [0, 1, 2, 1])
    assert (error.frames, error.mean, error.right) == (4, 0.5, 0.5)


def test_frames_near_a_coming_or_going_are_left_out(make_network: MakeNetwork, make_clip: Callable[..., Path]) -> None:
    """Six frames before and after the first and the last frame of a visit, any count is right."""
    levels = [_DARK] * 20 + [_BRIGHT] * 20 + [_DARK] * 20
    clip = Clip(make_clip("visit.mp4", levels), 1)
    right = visit_error(make_network(), clip, [(20, 39)])
    assert (right.frames, right.mean) == (60 - 2 * 13, 0.0)
    assert visit_error(make_network(), clip, [(25, 34)]).mean == 0.0
    assert visit_error(make_network(), clip, [(0, 59)]).mean > 0.5
