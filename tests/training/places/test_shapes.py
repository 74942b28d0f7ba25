import numpy as np
import pytest
from training.places import shapes
from training.scene import Mesh, Part


def outward_share(mesh: Mesh, middle: tuple[float, float, float]) -> float:
    """Of the triangles' area, the share that is wound so that it faces away from a point inside."""
    corners = mesh.position[mesh.faces].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    outwards = (normal * (corners.mean(axis=1) - middle)).sum(axis=1) > 0
    return float(area[outwards].sum() / area.sum())


SOLIDS = {
    "box": (shapes.box((0.4, 0.6, 0.8)), 0.4),
    "fine box": (shapes.box((1.0, 1.5, 2.0), 0.5, 1.0), 1.0),
    "tube": (shapes.tube(0.3, 1.0), 0.5),
    "rod": (shapes.rod((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.1), 0.5),
    "blob": (shapes.blob((0.5, 0.5, 0.5), np.random.default_rng(1)), 0.0),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_solids_are_closed_to_the_outside(name: str) -> None:
    """Triangles and normals of solids face outwards, and normals have unit length."""
    mesh, middle = SOLIDS[name]
    assert outward_share(mesh, (0.0, 0.0, middle)) > 0.99
    np.testing.assert_allclose(np.linalg.norm(mesh.normal, axis=1), 1.0, atol=1e-3)
    assert ((mesh.normal * (mesh.position - (0, 0, middle))).sum(axis=1) > -1e-3).all()


def test_box_has_its_size_and_stands_on_the_floor() -> None:
    """A box stands on z = 0 in the middle."""
    mesh = shapes.box((0.4, 0.6, 0.8))
    np.testing.assert_allclose(mesh.position.min(axis=0), (-0.2, -0.3, 0.0), atol=1e-6)
    np.testing.assert_allclose(mesh.position.max(axis=0), (0.2, 0.3, 0.8), atol=1e-6)


def test_steps_bound_the_edges_of_panels() -> None:
    """No cell of a panel is wider or higher than its step."""
    mesh = shapes.panel(3.0, 2.5, 0.6)
    assert np.diff(np.unique(np.round(mesh.position[:, 0], 5))).max() <= 0.6 + 1e-5
    assert np.diff(np.unique(np.round(mesh.position[:, 2], 5))).max() <= 0.6 + 1e-5


def test_pictures_on_panels_stand_upright() -> None:
    """A panel shows its picture's first row above and, seen from the front, its first column on the left."""
    mesh = shapes.panel(2.0, 1.0)
    left_above = np.argmin(mesh.position[:, 0] - mesh.position[:, 2])
    np.testing.assert_allclose(mesh.uv[left_above], (0.0, 0.0), atol=1e-6)


def test_turning_and_moving() -> None:
    """A quarter turn to the left takes what looks along -y to +x."""
    mesh = shapes.at(shapes.panel(1.0, 1.0), 2.0, 3.0, 0.5, np.pi / 2)
    np.testing.assert_allclose(mesh.normal, np.tile((1.0, 0.0, 0.0), (len(mesh.normal), 1)), atol=1e-6)
    np.testing.assert_allclose(mesh.position.mean(axis=0), (2.0, 3.0, 1.0), atol=1e-6)


def test_normals_follow_stretching() -> None:
    """Normals stay square to a surface that is stretched along one axis."""
    flat = shapes.moved(shapes.panel(1.0, 1.0), shapes.tilted(0.5))
    mesh = shapes.moved(flat, shapes.transform(scale=(1.0, 1.0, 3.0)))
    edges = mesh.position[mesh.faces[:, 1]] - mesh.position[mesh.faces[:, 0]]
    np.testing.assert_allclose((edges * mesh.normal[mesh.faces[:, 0]]).sum(axis=1), 0.0, atol=1e-6)


def test_joining_keeps_slots_apart() -> None:
    """A joined mesh holds each piece with its own slot and its own triangles."""
    mesh = shapes.joined([shapes.of(shapes.box((1, 1, 1)), Part.TRIM), shapes.tube(0.1, 2.0)])
    assert set(mesh.part) == {Part.TRIM, Part.THING}
    assert (mesh.part[mesh.faces] == mesh.part[mesh.faces][:, :1]).all()
    assert mesh.faces.max() == len(mesh.position) - 1
