"""Whole figures out of the real assets, and the poses that they take."""

from pathlib import Path

import numpy as np
import pytest
from training.figures import poses
from training.figures.__main__ import build
from training.figures.body import BodyModel, median_height, sample_build
from training.figures.library import batch_folder
from training.figures.maker import FigureMaker
from training.scene import HEAD_PARTS, Figure, Part

_COUNT = 16


@pytest.fixture(scope="module")
def maker(shared: Path) -> FigureMaker:
    """All assets, loaded once."""
    if not (shared / "data" / "humans").is_dir():
        pytest.skip(f"needs the MakeHuman assets in {shared / 'data' / 'humans'}")
    pytest.importorskip("anny", reason="needs the training's packages")
    return FigureMaker(shared / "data")


@pytest.fixture(scope="module")
def figures(maker: FigureMaker) -> list[Figure]:
    """Some people of one seed."""
    rng = np.random.default_rng(3)
    return [maker.figure(rng) for _ in range(_COUNT)]


def test_figures_stand_on_the_floor(figures: list[Figure]) -> None:
    """The lowest point is the floor, and nobody is taller than the body or floats beside the origin."""
    for figure in figures:
        person = figure.mesh.position[~np.isin(figure.mesh.part, (Part.CARRIED, Part.WHEELS))]
        assert person[:, 2].min() == pytest.approx(0.11 if figure.wheelchair else 0, abs=0.01)
        assert person[:, 2].max() < figure.height * 1.35
        if figure.pose in {"walk", "stand"}:
            assert person[:, 2].max() > figure.height * 0.9
        assert np.abs(person[:, :2].mean(axis=0)).max() < 0.5  # of vertices: face and hands weigh most


def test_meshes_are_sound(figures: list[Figure]) -> None:
    """Numbers are finite, normals of unit length, all vertices used, and there are not too many of them."""
    for figure in figures:
        mesh = figure.mesh
        assert 4000 < len(mesh.position) < 17000
        assert np.isfinite(mesh.position).all()
        assert np.isfinite(mesh.rest).all()
        assert set(np.unique(mesh.faces)) == set(range(len(mesh.position)))
        lengths = np.linalg.norm(mesh.normal, axis=1)
        assert (np.abs(lengths - 1) < 0.01).mean() > 0.99
        assert np.isin(HEAD_PARTS, mesh.part).any()


def test_cloth_is_not_torn(figures: list[Figure]) -> None:
    """Hardly any edge of a person's mesh is longer than a hand: no vertex was left behind by a pose."""
    for figure in figures:
        worn = ~np.isin(figure.mesh.part, (Part.CARRIED, Part.WHEELS))
        faces = figure.mesh.faces[worn[figure.mesh.faces].all(axis=1)]
        edge = np.linalg.norm(figure.mesh.position[faces[:, 0]] - figure.mesh.position[faces[:, 1]], axis=1)
        assert (edge > 0.2).mean() < 0.002


def test_those_who_sit_have_a_seat(figures: list[Figure]) -> None:
    """Only who sits has a seat, at a chair's height."""
    for figure in figures:
        if figure.pose in {"sit", "wheelchair"}:
            assert 0.15 < figure.seat < 0.7
        else:
            assert figure.seat == 0


def test_the_same_seed_gives_the_same_people(maker: FigureMaker, figures: list[Figure]) -> None:
    """A figure depends on nothing but the generator that is passed in."""
    again = maker.figure(np.random.default_rng(3))
    np.testing.assert_array_equal(again.mesh.position, figures[0].mesh.position)
    assert again.dress == figures[0].dress


def test_batches_that_are_there_are_kept(tmp_path: Path) -> None:
    """Building again does nothing where all batches are: not even the assets are looked at."""
    folder = batch_folder(tmp_path, 0)
    folder.mkdir()
    build(tmp_path, 1, 1, tmp_path / "no data")
    assert list(folder.iterdir()) == []


def test_heights_are_peoples() -> None:
    """Grown men are 1.76 m in the mean and women 1.63; children are as tall as their age."""
    rng = np.random.default_rng(0)
    builds = [sample_build(rng) for _ in range(4000)]
    grown = [build for build in builds if 20 < build.age < 60]
    men = [build.height for build in grown if not build.female]
    women = [build.height for build in grown if build.female]
    assert np.mean(men) == pytest.approx(1.76, abs=0.01)
    assert np.mean(women) == pytest.approx(1.63, abs=0.01)
    assert 0.05 < np.std(men) < 0.09
    assert median_height(4, female=True) == pytest.approx(1.02, abs=0.01)
    assert 0.1 < np.mean([build.age < 14 for build in builds]) < 0.2


@pytest.mark.parametrize("age", [6.0, 35.0, 80.0])
def test_joints_stay_within_their_limits(age: float) -> None:
    """No knee bends backwards or past the calf, no hip past the belly, no head past the shoulder."""
    rng = np.random.default_rng(0)
    seen: set[str] = set()
    for _ in range(600):
        pose = poses.sample_pose(age, rng)
        seen.add(pose.name)
        for leg in pose.legs.values():
            assert -5 <= leg.knee <= 150
            assert -35 <= leg.hip <= 125
        assert abs(pose.look) <= 65
        assert -30 < pose.bend + pose.pelvis < 100
    assert {"walk", "stand", "reach", "sit", "carry"} <= seen


def test_the_rig_has_the_bones_that_poses_turn() -> None:
    """Trunk, limbs, feet and fingers are kept when the rig is reduced."""
    pytest.importorskip("anny", reason="needs the training's packages")
    names = set(BodyModel().rig.names)
    assert {"root", "spine01", "head", "wrist.L", "finger3-2.R", "upperleg01.L", "foot.R"} <= names
