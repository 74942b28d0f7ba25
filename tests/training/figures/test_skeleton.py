"""Turning bones and sending hands to places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.figures.skeleton import Rig, forward, frame_of, reach, turn, vertex_normals
from training.figures.solids import rounded
from training.scene import Part

_RIG = Rig.reduce(["root", "pelvis.L", "upperleg01.L", "lowerleg01.L"], [-1, 0, 1, 2])
_JOINTS = np.array([[0, 0, 1], [0.1, 0, 0.9], [0.1, 0, 0.5]], np.float32)
_NEAR = st.floats(-0.4, 0.4)


def test_a_bone_that_is_not_kept_moves_with_the_one_above() -> None:
    """What hangs on a dropped bone is carried by its nearest kept ancestor."""
    assert _RIG.names == ("root", "upperleg01.L", "lowerleg01.L")
    assert _RIG.parents == (-1, 0, 1)
    assert _RIG.reduced == (0, 0, 1, 2)


def test_no_turn_is_the_rest_pose() -> None:
    """Without turns every point stays where it is at rest."""
    posture = forward(_RIG, _JOINTS, {})
    points = np.array([[0.2, 0.3, 0.4], [0, 0, 0]], np.float32)
    weights = np.array([[0.5, 0.25, 0.25], [0, 0, 1]], np.float32)
    np.testing.assert_allclose(posture.skin(points, weights), points, atol=1e-6)


def test_a_hip_that_bends_brings_the_knee_to_the_front() -> None:
    """A right angle at the hip puts the knee as far before it as the thigh is long; the hip itself stays."""
    posture = forward(_RIG, _JOINTS, {"upperleg01.L": turn("x", -90)})
    np.testing.assert_allclose(posture.point("upperleg01.L"), _JOINTS[1], atol=1e-6)
    np.testing.assert_allclose(posture.point("lowerleg01.L"), [0.1, -0.4, 0.9], atol=1e-6)


@given(x=_NEAR, y=_NEAR, z=_NEAR)
def test_a_hand_comes_to_its_place_where_the_arm_is_long_enough(x: float, y: float, z: float) -> None:
    """Both bones keep their lengths and end at the target, or as near as the arm reaches."""
    upper, lower, target = np.array([0, 0, -0.3]), np.array([0, 0, -0.25]), np.array([x, y, z])
    first, second = reach(upper, lower, target, np.array([0.3, 0.5, -1.0]))
    distance = float(np.linalg.norm(target))
    end = first * 0.3 + second * 0.25
    if 0.1 < distance < 0.54:
        np.testing.assert_allclose(end, target, atol=1e-4)
    else:
        assert np.linalg.norm(end) <= 0.55 + 1e-4


def test_a_frame_is_orthonormal() -> None:
    """The frame of two directions is a rotation whose first axis is the first of them."""
    frame = frame_of(np.array([0, 0, -2.0]), np.array([1.0, 0, 0.5]))
    np.testing.assert_allclose(frame.T @ frame, np.eye(3), atol=1e-6)
    assert np.linalg.det(frame) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(frame[:, 0], [0, 0, -1], atol=1e-6)


def test_normals_point_outwards() -> None:
    """The normals of a closed solid point away from its middle and have unit length."""
    solid = rounded((1.0, 0.6, 0.8), (0, 0, 0), Part.CARRIED)
    normal = vertex_normals(solid.vertices, solid.faces)
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-4)
    assert (np.einsum("ij,ij->i", normal, solid.vertices) > 0).all()
