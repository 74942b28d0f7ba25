"""Figures on the disk and the colours that they get."""

from pathlib import Path

import numpy as np
import pytest
from training.figures import FigureLibrary, dress
from training.figures.library import batch_folder, write_batch
from training.figures.solids import rounded
from training.scene import Figure, Mesh, Part, Pattern


def _figure(seed: int, *, age: float = 30.0, female: bool = False, **words: object) -> Figure:
    solid = rounded((0.4, 0.3, 1.7), (0, 0, 0.85), Part.TOP, steps=6 + seed)
    count = len(solid.vertices)
    part = np.arange(count, dtype=np.uint8) % 23
    zeros = np.zeros((count, 2), np.float32)
    normal = np.tile(np.array([[0, 0.6, -0.8]], np.float32), (count, 1))
    mesh = Mesh(solid.vertices, normal, zeros, solid.vertices - np.float32(1.7), part, solid.faces)
    return Figure(mesh, "sit", female, age, 1.7, 0.45, wheelchair=seed == 1, dress=dict(words))


def test_a_figure_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Meshes come back within millimetres, all else as it was, over more than one batch."""
    figures = [_figure(0, top="suit"), _figure(1), _figure(2, hair="bald")]
    write_batch(batch_folder(tmp_path, 0), figures[:2])
    write_batch(batch_folder(tmp_path, 1), figures[2:])
    library = FigureLibrary(tmp_path)
    assert len(library) == 3
    for index, figure in enumerate(figures):
        read = library.figure(index)
        np.testing.assert_allclose(read.mesh.position, figure.mesh.position, atol=0.002)
        np.testing.assert_allclose(read.mesh.rest, figure.mesh.rest, atol=0.002)
        np.testing.assert_allclose(read.mesh.normal, figure.mesh.normal, atol=0.01)
        np.testing.assert_array_equal(read.mesh.faces, figure.mesh.faces)
        np.testing.assert_array_equal(read.mesh.part, figure.mesh.part)
        assert (read.pose, read.female, read.seat, read.wheelchair) == ("sit", False, 0.45, index == 1)
        assert read.dress == figure.dress
        assert library.about(index)["dress"] == figure.dress


def test_a_batch_cut_off_is_not_seen(tmp_path: Path) -> None:
    """What a crash left half written is no part of the library."""
    write_batch(batch_folder(tmp_path, 0), [_figure(0)])
    batch_folder(tmp_path, 1).with_suffix(".part").mkdir()
    assert len(FigureLibrary(tmp_path)) == 1


def test_no_library_says_how_to_make_one(tmp_path: Path) -> None:
    """An empty folder is refused with the command that fills it."""
    with pytest.raises(FileNotFoundError, match=r"python -m training\.figures"):
        FigureLibrary(tmp_path)


def test_a_figure_outside_is_refused(tmp_path: Path) -> None:
    """Numbers run from 0 to the length."""
    write_batch(batch_folder(tmp_path, 0), [_figure(0)])
    with pytest.raises(IndexError, match="figure 1 of 1"):
        FigureLibrary(tmp_path).figure(1)


def test_every_part_gets_a_surface() -> None:
    """A figure's every part has a colour in 0..1 whatever it wears, and the same seed gives the same look."""
    tops = ("tee", "suit", "overall", "dungarees", "dress", "puffy coat", "hoodie")
    for seed, top in enumerate(tops * 5):
        figure = _figure(0, age=5.0 + 2 * seed, female=seed % 2 == 0, top=top, headscarf=seed % 3 == 0)
        look = dress(figure, np.random.default_rng(seed))
        assert look == dress(figure, np.random.default_rng(seed))
        assert set(look.surfaces) >= set(Part) - {Part.THING}
        for surface in look.surfaces.values():
            assert all(0 <= value <= 1 for value in (*surface.colour, *surface.second, surface.gloss, surface.grain))


def test_skin_is_as_light_as_it_says() -> None:
    """Over many people the face's lightness falls with `skin`, which covers nearly all of 0..1."""
    rng = np.random.default_rng(0)
    looks = [dress(_figure(0, female=True), rng) for _ in range(300)]
    skin = np.array([look.skin for look in looks])
    light = np.array([sum(look.surfaces[Part.FACE].colour) for look in looks])
    assert skin.min() < 0.1
    assert skin.max() > 0.9
    assert np.corrcoef(skin, light)[0, 1] < -0.9


def test_clothes_are_mostly_quiet() -> None:
    """Most tops are of one colour and of little saturation, as in the street, but not all."""
    rng = np.random.default_rng(0)
    tops = [dress(_figure(0, top="tee"), rng).surfaces[Part.TOP] for _ in range(400)]
    spread = np.array([max(top.colour) - min(top.colour) for top in tops])
    assert 0.4 < (spread < 0.12).mean() < 0.85
    assert 0.55 < np.mean([top.pattern == Pattern.PLAIN for top in tops]) < 0.85


def test_old_hair_is_grey() -> None:
    """At eighty most hair is light and without colour; at twenty hardly any is."""
    rng = np.random.default_rng(0)

    def grey(age: float) -> float:
        hair = [dress(_figure(0, age=age), rng).surfaces[Part.HAIR].colour for _ in range(100)]
        return float(np.mean([min(colour) > 0.15 for colour in hair]))

    assert grey(80) > 0.7
    assert grey(20) < 0.1
