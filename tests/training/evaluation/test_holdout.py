from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from training.evaluation.holdout import Holdout, Rendered, rendered
from training.evaluation.matching import Tally
from training.evaluation.networks import Network
from training.samples import PERSON, People, Sample, ShardWriter

MakeNetwork = Callable[..., Network]
_FOUND = (12.0, 12.0, 44.0, 44.0)  # where the made network sees somebody in a bright picture
_BRIGHT, _DARK = 255, 0


def _person(**facts: object) -> People:
    person = np.zeros(1, PERSON)
    known = {"box": _FOUND, "visible": 1.0, "female": 1, "age": 30.0, "skin": 0.5, "pose": "standing"} | facts
    for name, value in known.items():
        person[name] = value
    return person


def _rendered(network: Network, folder: Path, *pictures: tuple[int, Sequence[People]]) -> Rendered:
    writer = ShardWriter()
    for level, people in pictures:
        picture = np.full((64, 64, 3), level, np.uint8)
        everybody = np.concatenate([np.zeros(0, PERSON), *people])
        writer.add(Sample(picture, np.zeros((64, 64), np.uint8), everybody))
    writer.write(folder / "0.npz")
    return rendered(network, Holdout.of(folder), pixels_of=network)


def test_found_and_missed_by_group(make_network: MakeNetwork, tmp_path: Path) -> None:
    """Each person counts in the groups that they belong to, and unknown facts in none."""
    child = _person(age=8.0, female=0, skin=0.1)
    old = _person(age=70.0, skin=0.9, wheelchair=True, pose="seated")
    unknown = _person(female=-1, age=np.nan, skin=np.nan)
    result = _rendered(make_network(), tmp_path / "h", (_BRIGHT, [child]), (_DARK, [old]), (_BRIGHT, [unknown]))
    assert result.boxes == Tally(hits=2, false=0, missed=1)
    shares = {name: (group.counted.part, group.counted.whole) for name, group in result.by_group.items()}
    assert shares["age: child, to 12"] == shares["sex: male"] == shares["skin: lightest third"] == (1, 1)
    assert shares["age: from 65"] == shares["sex: female"] == shares["skin: darkest third"] == (0, 1)
    assert shares["in a wheelchair"] == (0, 1)
    assert shares["age: 13 to 64"] == shares["skin: middle third"] == (0, 0)
    assert (result.by_pose["standing"].counted.part, result.by_pose["seated"].counted.part) == (2, 0)


def test_who_is_hidden_may_be_found_or_not(make_network: MakeNetwork, tmp_path: Path) -> None:
    """People visible to less than COUNTED are neither missed nor false, nor in the count."""
    hidden = _person(visible=0.2)
    result = _rendered(make_network(), tmp_path / "h", (_BRIGHT, [hidden]), (_DARK, [hidden]))
    assert result.boxes == Tally(0, 0, 0)
    assert result.count.mean == 0.0
    assert (result.by_visible[0.15].part, result.by_visible[0.15].whole) == (1, 2)


def test_ignored_people_are_in_no_figure(make_network: MakeNetwork, tmp_path: Path) -> None:
    """Who is ignored in training is ignored here."""
    result = _rendered(make_network(), tmp_path / "h", (_BRIGHT, [_person(ignore=True)]))
    assert result.boxes == Tally(0, 0, 0)
    assert sum(share.whole for share in result.by_visible.values()) == 0


def test_false_boxes_and_errors_of_the_count(make_network: MakeNetwork, tmp_path: Path) -> None:
    """A box on nobody is false, and makes the count wrong by one."""
    result = _rendered(make_network(), tmp_path / "h", (_BRIGHT, []), (_BRIGHT, [_person()]), (_DARK, []))
    assert result.false_per_picture == pytest.approx(1 / 3)
    assert [result.count.mean, result.count.right] == pytest.approx([1 / 3, 2 / 3])


def test_heights_are_in_network_pixels(make_network: MakeNetwork, tmp_path: Path) -> None:
    """A person of 32 pixels in a picture of the network's size is in the range from 32."""
    result = _rendered(make_network(), tmp_path / "h", (_BRIGHT, [_person()]))
    assert (result.by_height[32.0].part, result.by_height[32.0].whole) == (1, 1)


def test_a_picture_is_found_by_its_number(make_network: MakeNetwork, tmp_path: Path) -> None:
    """Numbers go on from shard to shard."""
    for number, level in enumerate((10, 200)):
        writer = ShardWriter()
        writer.add(Sample(np.full((8, 8, 3), level, np.uint8), np.zeros((8, 8), np.uint8), np.zeros(0, PERSON)))
        writer.write(tmp_path / f"{number}.npz")
    holdout = Holdout.of(tmp_path)
    assert [int(holdout.image(number).mean()) for number in (0, 1)] == [10, 200]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """The error says what is missing."""
    with pytest.raises(FileNotFoundError, match="no shards"):
        Holdout.of(tmp_path)
