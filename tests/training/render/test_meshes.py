import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.solids import box
from training.render.meshes import extent, merged, shown_faces, subdivided, vertices
from training.scene import Mesh, Part, Surface


def area(
    position: np.ndarray[tuple[int, ...], np.dtype[np.float32]], faces: np.ndarray[tuple[int, ...], np.dtype[np.int32]]
) -> float:
    a, b, c = (position[faces[:, k]].astype(np.float64) for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.floats(0.2, 9)] * 3), st.floats(0.4, 3))
def test_splitting_keeps_the_surface_and_shortens_its_edges(size: tuple[float, float, float], longest: float) -> None:
    """No edge is longer than asked for, the area stays, and corners keep their parts."""
    mesh = box(size, Part.COAT)
    table, faces = subdivided(vertices(mesh), mesh.faces, longest)
    corners = table["position"][faces]
    assert np.linalg.norm(corners[:, [1, 2, 0]] - corners, axis=2).max() <= longest * 1.0001
    assert np.isclose(area(table["position"], faces), area(mesh.position, mesh.faces), rtol=1e-4)
    assert (table["part"] == Part.COAT).all()


def test_splitting_leaves_no_gaps() -> None:
    """A halved edge is halved for both of its triangles: every inner edge is met twice, at the same points."""
    position = np.array([[0, 0, 0], [5, 0, 0], [5, 1, 0], [0, 3, 0]], np.float32)
    flat = Mesh(
        position, np.tile(np.array([[0, 0, 1]], np.float32), (4, 1)), position[:, :2].copy(), position,
        np.zeros(4, np.uint8), np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )  # fmt: skip
    table, faces = subdivided(vertices(flat), flat.faces, 0.8)
    edges: dict[tuple[bytes, bytes], int] = {}
    for face in faces:
        points = [np.round(table["position"][v], 4) + 0.0 for v in face]
        for one, other in zip(points, [*points[1:], points[0]], strict=True):
            key = tuple(sorted((one.tobytes(), other.tobytes())))
            edges[key[0], key[1]] = edges.get((key[0], key[1]), 0) + 1
    single = [key for key, count in edges.items() if count == 1]
    ends = np.array([[np.frombuffer(end, np.float32) for end in key] for key in single])
    rim = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).sum()
    expected = np.linalg.norm(position - np.roll(position, -1, axis=0), axis=1).sum()
    assert np.isclose(rim, expected, rtol=1e-3)


def test_merging_keeps_the_shape_with_fewer_triangles() -> None:
    """The box around a merged mesh is within a cell of the old one, no triangle is an edge, parts do not mix."""
    mesh = box((1.0, 0.6, 1.8), Part.TOP, Part.FACE)
    table, faces = subdivided(vertices(mesh), mesh.faces, 0.05)
    small, fewer = merged(table, faces, 0.2)
    assert len(fewer) < len(faces) / 4
    assert (np.abs(np.ptp(small["position"], axis=0) - np.ptp(mesh.position, axis=0)) < 0.4).all()
    assert ((fewer[:, 0] != fewer[:, 1]) & (fewer[:, 1] != fewer[:, 2]) & (fewer[:, 2] != fewer[:, 0])).all()
    assert (np.ptp(small["part"][fewer].astype(int), axis=1) == 0).all()


def test_hidden_parts_have_no_faces() -> None:
    """Only triangles of shown parts are left."""
    mesh = box((1.0, 1.0, 1.0), Part.TOP, Part.FACE)
    left = shown_faces(mesh, {Part.FACE: Surface((0, 0, 0), hidden=True)})
    assert set(mesh.part[left.ravel()]) == {int(Part.TOP)}


def test_an_extent_is_the_box_around() -> None:
    """Centre and half sides of a box are its own."""
    found = extent(box((2.0, 1.0, 3.0)))
    np.testing.assert_allclose(found.centre, [0, 0, 1.5], atol=1e-6)
    np.testing.assert_allclose(found.half, [1.0, 0.5, 1.5], atol=1e-6)
