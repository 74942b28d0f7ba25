from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from training.evaluation.networks import public_network
from training.evaluation.pictures import Clip
from training.samples import Shard
from training.teacher import TEST_CLIPS, Labeller, main


def test_labels_are_the_teachers_boxes(shared: Path, tmp_path: Path) -> None:
    """Frames are fitted as the agent fits them; sure boxes are people, doubtful ones ignored, owners unknown."""
    teacher = public_network("yolox_person_192", models=shared / "models", bundles=tmp_path)
    frame = Clip(shared / "clips" / "classroom.gif", 1).image(0)
    seen = teacher.look(frame)
    sample = Labeller(teacher, doubtful=0.1).sample(frame)
    assert sample.picture.shape == (224, 384, 3)
    assert (sample.picture[216:] == 114).all()  # 480x270 becomes 384x216
    assert not sample.owner.any()
    labelled = int((seen.score >= 0.1).sum())
    assert len(sample.people) == labelled > 0
    np.testing.assert_allclose(sample.people["box"], seen.xyxy[:labelled] * 0.8, rtol=1e-6)
    assert sample.people["ignore"].tolist() == (seen.score[:labelled] < 0.45).tolist()
    assert {True, False} == set(sample.people["ignore"].tolist())


def test_each_clip_is_a_shard(shared: Path, tmp_path: Path) -> None:
    """The command writes an ordinary shard for every clip."""
    clip = shared / "clips" / "doorway.gif"
    result = CliRunner().invoke(main, ["--clips", str(clip), "--out", str(tmp_path), "--step", "8"])
    assert result.exit_code == 0, result.output
    assert len(Shard(tmp_path / "doorway.npz")) == 3


@pytest.mark.parametrize("name", TEST_CLIPS)
def test_clips_that_test_do_not_train(name: str, tmp_path: Path) -> None:
    """A clip that is kept for tests is refused in one line, before anything is read."""
    result = CliRunner().invoke(main, ["--clips", f"somewhere/{name}", "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert name in result.output
    assert not (tmp_path / "out").exists()
