"""From checkpoint to bundle: the score's rule, the card's tables and sentences, and the bundle itself."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from support.shards import write_shards
from training.evaluation.evaluate import REPOSITORY
from training.evaluation.holdout import GROUPS, HEIGHTS, VISIBLE, Group, Holdout, Rendered
from training.evaluation.matching import Matched, Tally
from training.evaluation.measures import CountError
from training.evaluation.networks import networks_of
from training.evaluation.statistics import Interval, Share
from training.make import bundle, provenance, threshold
from training.make.bundle import main
from training.make.measured import _ends
from training.make.provenance import Seen, data_of
from training.make.threshold import LEAST_PRECISION, best_score, choose, lowest_score
from training.make.weaknesses import ALWAYS, EVERYTHING, by_light, weaknesses
from training.network import Detector
from training.optimiser import Average, Schedule, optimisers
from training.train import State

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import CARD_FILE, Precision, load_card
from edge_agent.detector.errors import DetectorError

COMMIT = "0123abc"


def matched(*boxes: tuple[float, bool], missed: int = 0) -> Matched:
    """A picture's boxes as (score, is somebody), and people whom none of them found."""
    score = np.array([score for score, _ in boxes], np.float32)
    hit = np.array([somebody for _, somebody in boxes], np.bool_)
    found_at = np.concatenate([score[hit], np.zeros(missed, np.float32)])
    return Matched(score, hit, np.zeros(len(boxes), np.bool_), found_at)


def test_the_score_is_the_best_among_the_precise_ones() -> None:
    """A lower score with a better F1 is not taken where too many of its boxes are nobody."""
    sure, unsure = [matched((0.81, True))] * 20, [matched((0.41, True), (0.41, False))] * 10
    score, found = best_score([*sure, *unsure])
    assert 0.41 < score <= 0.81
    assert (found.precision, found.missed) == (1.0, 10)
    few_false = [matched((0.41, True))] * 9 + [matched((0.41, False))]
    score, found = best_score([*sure, *few_false])
    assert score <= 0.41
    assert LEAST_PRECISION <= found.precision < 1.0


def test_equal_scores_are_decided_for_the_higher() -> None:
    """Between the last miss and the first hit nothing changes: the highest score there is taken."""
    score, _ = best_score([matched((0.7, True), (0.2, False))])
    assert score == pytest.approx(0.69) or score == pytest.approx(0.7)


def test_a_network_without_precision_has_a_score_all_the_same() -> None:
    """Where no score is precise enough, the best F1 decides."""
    _, found = best_score([matched((0.6, True), (0.6, False), (0.6, False))])
    assert found == Tally(1, 2, 0)


def test_a_track_lives_on_boxes_that_are_somebody_as_often_as_not() -> None:
    """The low score is the lowest at which half of the boxes are people, and the operating score where none is."""
    boxes = [matched((0.81, True), (0.61, True), (0.61, False), (0.31, False), (0.31, False))]
    assert 0.31 < lowest_score(boxes, 0.8) <= 0.61
    assert lowest_score([matched((0.6, False), (0.9, True), (0.3, False), (0.3, False))], 0.9) <= 0.6
    assert lowest_score([matched((0.6, False), (0.6, False))], 0.7) == pytest.approx(0.61)
    assert lowest_score([matched((0.7, False), (0.7, False))], 0.5) == 0.5


def rendered(*, clear: Share, child: Share | None = None, small: Share | None = None) -> Rendered:
    """Results that are the same everywhere but for children and for small people."""
    groups = {name: Group(clear, clear) for name in GROUPS}
    groups["age: child, to 12"] = Group(child or clear, child or clear)
    heights = dict.fromkeys(HEIGHTS[:-1], clear) | ({24.0: small} if small else {})
    visible = dict.fromkeys(VISIBLE[:-1], clear)
    poses = {
        "walk": Group(clear, clear),
        "sit": Group(Share(10, 40), Share(10, 40)),
        "bend": Group(Share(0, 3), Share(0, 3)),
    }
    return Rendered(9, Tally(90, 5, 10), 0.5, heights, visible, groups, poses, CountError(9, 0.5, 0.5))


def test_weaknesses_are_what_was_measured() -> None:
    """Small people, poses, light and groups are named with their figures, each only where it is worse than usual."""
    clear = Share(90, 100)
    light = {EVERYTHING: clear, "dark pictures": Share(60, 100), "grey pictures": Share(88, 100), "rare": Share(0, 3)}
    found = weaknesses(rendered(clear=clear, child=Share(50, 100), small=Share(1, 10)), light, None)
    text = "\n".join(found)
    assert "Nobody has measured it on real pictures." in found
    assert "sit 0.25" in text
    assert "In dark pictures it finds 0.60" in text
    assert "'age: child, to 12' less often (0.50)" in text
    assert not any(name in text for name in ("bend", "grey pictures", "rare", "sex", "24 to 32"))
    assert found[-len(ALWAYS) :] == ALWAYS
    assert any("60 degrees" in each for each in found)
    assert any("'ceiling' alone" in each for each in weaknesses(rendered(clear=clear), light, None, "ceiling"))
    small = weaknesses(rendered(clear=clear, small=Share(30, 100)), light, None)
    assert any(each.startswith("Small people") and "24 to 32: 0.30" in each for each in small)


def test_an_interval_holds_its_value_after_rounding() -> None:
    """Ends are rounded outwards, so that the card accepts them."""
    assert _ends(Interval(0.123449, 0.123449, 0.123451)) == (0.1234, 0.1235)
    low, high = _ends(Interval(1.0, 0.96341, 1.0))
    assert (low, high) == (0.9634, 1.0)


def test_data_are_named_with_licences_and_shares(tmp_path: Path) -> None:
    """The shares add up to one, pictures are counted, and every entry says whom to thank."""
    write_shards(tmp_path / "shards", 2)
    write_shards(tmp_path / "real", 1)
    (tmp_path / "shelves").mkdir()
    (tmp_path / "shelves/1.jpg").touch()
    seen = Seen([tmp_path / "shards"], [tmp_path / "shelves"], 0.06, tmp_path / "real", 0.1)
    data = data_of(seen, ["classroom.gif"])
    assert sum(each.share or 0 for each in data) == pytest.approx(1.0)
    assert [each.pictures for each in data if each.pictures] == [12, 1, 6]
    assert all(each.licence and each.attribution for each in data)
    assert "classroom.gif" in data[-1].name
    person_s = REPOSITORY / "models/person-s"
    further = data_of(replace(seen, start=person_s), ["classroom.gif"])
    card = load_card(person_s / CARD_FILE)
    assert card.training is not None
    before = {each.name for each in card.training.data}
    named = [each.name for each in further]
    assert f"person-s {card.version}" in named
    assert before <= set(named)
    assert len(set(named)) == len(named)
    assert sum(each.share or 0 for each in further) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="name its clips"):
        data_of(seen)
    with pytest.raises(ValueError, match="no shards"):
        data_of(Seen([tmp_path / "shelves"]))


def test_without_real_frames_none_are_named(tmp_path: Path) -> None:
    """What did not train is not in the card, whatever lies beside it."""
    write_shards(tmp_path / "shards", 1)
    write_shards(tmp_path / "real", 1)
    data = data_of(Seen([tmp_path / "shards"], real=tmp_path / "real"))
    assert not any("clips" in each.name for each in data)
    assert data[0].share == 1.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder with shards, a hold-out and a checkpoint, and the result of the command on them."""
    folder = tmp_path_factory.mktemp("made")
    write_shards(folder / "shards", 1)
    write_shards(folder / "holdout", 1, start=7, samples=8)
    torch.manual_seed(1)
    network = Detector("s")
    State(network, Average(network), optimisers(network, "muon", 1e-3), Schedule(1), [1e-3]).save(folder / "c.pt")
    return folder, CliRunner().invoke(main, arguments(folder))


def arguments(folder: Path, *more: str) -> list[str]:
    named = {"checkpoint": "c.pt", "shards": "shards", "holdout": "holdout", "out": "person-s", "report": "report"}
    given = [word for name, path in named.items() for word in (f"--{name}", str(folder / path))]
    words = ["--command", "make it", "--commit", COMMIT, "--calibration", "4", "--no-real-pictures", *more]
    return [*given, *words]


def test_a_checkpoint_becomes_a_bundle(made: tuple[Path, Any]) -> None:
    """The bundle loads in the agent: both files, int8 the smaller, and a card that tells how it came about."""
    folder, result = made
    assert result.exit_code == 0, result.output
    card = Bundle.load(folder / "person-s").card
    assert [file.precision for file in card.file] == [Precision.INT8, Precision.FP32]
    assert card.file[0].size_bytes < card.file[1].size_bytes / 3
    assert card.training is not None
    assert (card.training.command, card.training.commit) == ("make it", COMMIT)
    assert card.thresholds.chosen is not None
    assert "no real picture had a say" in card.thresholds.chosen
    assert {each.precision for each in card.measured.accuracy} == {Precision.INT8, Precision.FP32}
    assert set(ALWAYS) <= set(card.weaknesses)
    assert card.thresholds.chosen in (folder / "report/report.txt").read_text()


def test_a_bundle_that_is_there_is_replaced_whole(made: tuple[Path, Any]) -> None:
    """Made again, the bundle is the new one and nothing of the old one stays; what is no bundle is left alone."""
    folder, _ = made
    again = folder / "again"
    again.mkdir()
    (again / "holiday.txt").touch()
    staged = Bundle.load(folder / "person-s")
    copy = folder / ".again.partial"
    copy.mkdir()
    for path in staged.folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    with pytest.raises(DetectorError):
        bundle._replace(copy, again)
    assert [path.name for path in again.iterdir()] == ["holiday.txt"]
    bundle._replace(copy, folder / "person-s")
    assert Bundle.load(folder / "person-s").card == staged.card
    assert not list(folder.glob(".*"))


def test_doubles_are_suppressed_as_little_as_pays(made: tuple[Path, Any]) -> None:
    """A fresh network finds nobody at any overlap: the lowest is kept, and the score is one that the card allows."""
    choice = choose(made[0] / "person-s", Precision.INT8, Holdout.of(made[0] / "holdout"))
    assert choice.thresholds.nms_iou == threshold.OVERLAPS[0]
    assert choice.thresholds.low <= choice.thresholds.score < 1


def test_light_is_told_from_the_pictures(made: tuple[Path, Any]) -> None:
    """Clear people are counted under what their picture looks like: these pictures are neither dark nor grey."""
    network = networks_of(made[0] / "person-s")[0]
    found = by_light(network, Holdout.of(made[0] / "holdout"))
    assert found[EVERYTHING].whole == 7
    assert sum(share.whole for share in found.values()) == 7


def test_a_missing_hold_out_is_told_in_a_line(made: tuple[Path, Any], tmp_path: Path) -> None:
    """Nothing is made, and the message says what to do."""
    result = CliRunner().invoke(main, [*arguments(made[0]), "--holdout", str(tmp_path), "--out", str(tmp_path / "b")])
    assert result.exit_code == 1
    assert "generate some" in result.output
    assert not (tmp_path / "b").exists()


def test_the_commit_is_that_of_the_checkout(tmp_path: Path) -> None:
    """A folder that git does not know needs --commit."""
    with pytest.raises(Exception, match="--commit"):
        provenance.commit_of(tmp_path)
