"""Clothes that hang on the base mesh, and coarser meshes."""

from pathlib import Path

import numpy as np
import pytest
from training.figures.garments import read_garment
from training.figures.simplify import coarser
from training.figures.solids import rounded
from training.scene import Part

_BASE = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, -1, 0]], np.float32)
_HEADER = "obj_file cloth.obj\nx_scale 0 1 1.0\ny_scale 0 2 1.0\nz_scale 0 3 1.0\n"
_VERTICES = "verts 0\nmaterial cloth.mhmat\n0 1 2 0.5 0.25 0.25 0.0 0.1 0.0\n1\n"


def _written(folder: Path, text: str) -> Path:
    (folder / "cloth.obj").write_text("v 0 0 0\nv 0 0 0\nf 1 2 1 2\n")
    path = folder / "cloth.mhclo"
    path.write_text(text)
    return path


def test_a_garment_follows_the_body(tmp_path: Path) -> None:
    """A vertex lies at its share of three body vertices, moved by an offset that grows with the body."""
    garment = read_garment(_written(tmp_path, _HEADER + _VERTICES))
    np.testing.assert_allclose(garment.fitted(_BASE), [[0.25, 0.0, 0.25 + 0.1], [1.0, 0.0, 0.0]], atol=1e-6)
    np.testing.assert_allclose(garment.fitted(_BASE * 2), [[0.5, 0.0, 0.5 + 0.2], [2.0, 0.0, 0.0]], atol=1e-6)


def test_a_garment_is_skinned_like_what_it_hangs_on(tmp_path: Path) -> None:
    """Weights are blended by the same shares, and sum to one."""
    garment = read_garment(_written(tmp_path, _HEADER + _VERTICES))
    weights = garment.weights(np.array([[1, 0], [0, 1], [0, 1], [1, 0]], np.float32))
    np.testing.assert_allclose(weights, [[0.5, 0.5], [0.0, 1.0]], atol=1e-6)


def test_what_a_garment_hides_is_read_as_ranges(tmp_path: Path) -> None:
    """`3 - 6` in delete_verts means 3, 4, 5 and 6."""
    garment = read_garment(_written(tmp_path, _HEADER + _VERTICES + "delete_verts\n1 3 - 6\n9\n"))
    assert garment.hides.tolist() == [1, 3, 4, 5, 6, 9]


def test_a_file_without_vertices_is_named(tmp_path: Path) -> None:
    """An asset that is broken is refused in one line that names it."""
    with pytest.raises(ValueError, match=r"cloth\.mhclo: no obj_file or no verts"):
        read_garment(_written(tmp_path, "obj_file cloth.obj\n"))


def test_a_coarser_mesh_keeps_its_shape() -> None:
    """Fewer faces use some of the same vertices, and reach as far in every direction as a cell allows."""
    solid = rounded((1.0, 1.0, 1.0), (0, 0, 0), Part.CARRIED, sharp=2, steps=40)
    faces = coarser(solid.vertices, solid.faces, 0.1)
    assert len(faces) < len(solid.faces) / 3
    used = solid.vertices[np.unique(faces)]
    assert np.abs(np.abs(used).max(axis=0) - 0.5).max() < 0.1
    assert (np.sort(faces, axis=1)[:, :2] != np.sort(faces, axis=1)[:, 1:]).all()  # no face has lost its area
