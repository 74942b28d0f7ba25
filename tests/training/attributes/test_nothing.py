"""Pictures of nothing to read: no face gets among them."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.solids import box
from training.attributes.backs import FROM_BEHIND, looks, stand_turned_away
from training.attributes.crops import Square, cut
from training.attributes.data import STORED
from training.attributes.nothing import Cut, around, bodies, goods, photographs, touches_head
from training.figures.skeleton import vertex_normals
from training.samples import PERSON, Sample, ShardWriter
from training.scene import Camera, Figure, Mesh, Part

PICTURE = np.random.default_rng(3).integers(0, 256, (80, 120, 3), np.uint8)


@given(x=st.floats(0, 120), y=st.floats(0, 80), side=st.floats(2, 200))
def test_a_square_is_cut_whole(x: float, y: float, side: float) -> None:
    """A square whose middle lies in the picture gives a stored picture, also where it sticks out."""
    assert cut(PICTURE, Square(x, y, side)).shape == (STORED, STORED, 3)


def test_a_square_shows_what_is_there() -> None:
    """A square of the stored size in the middle of a larger picture is that part, unchanged."""
    large = np.random.default_rng(4).integers(0, 256, (200, 200, 3), np.uint8)
    assert (cut(large, Square(100, 100, STORED)) == large[52:148, 52:148]).all()


def test_a_square_outside_is_refused() -> None:
    """A square that touches no pixel is an error."""
    with pytest.raises(ValueError, match="outside"):
        cut(PICTURE, Square(500, 40, 20))


def _white_heads(path: Path) -> None:
    """A shard of dark rooms in which somebody grey has a white head."""
    writer, rng = ShardWriter(), np.random.default_rng(1)
    for _ in range(6):
        picture, people = np.full((160, 240, 3), 40, np.uint8), np.zeros(1, PERSON)
        x = int(rng.integers(20, 180))
        picture[50:150, x : x + 40] = 110
        picture[20:50, x + 5 : x + 35] = 255
        people["box"], people["head"] = (x, 20, x + 40, 150), (x + 5, 20, x + 35, 50)
        writer.add(Sample(picture, np.zeros((160, 240), np.uint8), people))
    writer.write(path)


@pytest.mark.parametrize(("kind", "source"), [("bodies", bodies), ("around", around)])
def test_bodies_and_rooms_show_no_head(tmp_path: Path, kind: str, source: Callable[..., Iterator[Cut]]) -> None:
    """No square that is cut from rendered people shows more of a head than its very edge."""
    _white_heads(tmp_path / "1.npz")
    for picture, name, _ in islice(source([tmp_path / "1.npz"], np.random.default_rng(1)), 40):
        assert name == kind
        assert (picture > 180).mean() < 0.03


def test_a_head_is_touched_where_it_overlaps() -> None:
    """A square that overlaps a head touches it; beside it or where a head is not seen it does not."""
    people = np.zeros(2, PERSON)
    people["head"][0] = 40, 40, 60, 60
    assert touches_head(Square(70, 50, 30), people)
    assert not touches_head(Square(90, 50, 30), people)
    assert not touches_head(Square(5, 5, 10), people)


def test_goods_keep_to_one_split_each(tmp_path: Path) -> None:
    """All squares of a photograph are of the same split; without photographs the error names the folder."""
    with pytest.raises(ValueError, match="no photographs"):
        photographs(tmp_path)
    for number in range(30):
        cv2.imwrite(str(tmp_path / f"{number}.jpg"), np.full((60, 60, 3), 8 * number, np.uint8))
    found: dict[int, set[int]] = {}
    for picture, _, split in islice(goods(photographs(tmp_path), np.random.default_rng(1)), 300):
        found.setdefault(round(float(picture.mean()) / 8), set()).add(int(split))
    assert len(found) > 20
    assert all(len(splits) == 1 for splits in found.values())


def _figure(turned: float) -> Figure:
    """A box with a face on one side, which is turned by so many radians from looking along -y."""
    mesh = box((0.4, 0.3, 1.7), Part.TOP)
    face = mesh.normal[:, 1] < -0.9
    part = np.where(face, np.uint8(Part.FACE), mesh.part).astype(np.uint8)
    cos, sin = np.cos(turned), np.sin(turned)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], np.float32)
    position = mesh.position @ turn.T
    normal = mesh.normal @ turn.T
    moved = Mesh(position, normal.astype(np.float32), mesh.uv, mesh.rest, part, mesh.faces)
    assert vertex_normals(moved.position, moved.faces).shape == normal.shape
    return Figure(moved, "stand", True, 30.0, 1.7)


@given(seed=st.integers(0, 2**32), turned=st.floats(-3, 3), x=st.floats(-0.8, 0.8), height=st.floats(1.2, 3.2))
def test_heads_from_behind_look_away(seed: int, turned: float, x: float, height: float) -> None:
    """However a figure holds its head, the stand turns its face away from the camera, or there is none."""
    figure, camera = _figure(turned), Camera(height, 0.2, 0.0, 0.8)
    stand = stand_turned_away(figure, x, 2.5, camera, np.random.default_rng(seed))
    towards = looks(figure)
    assert towards is not None
    if stand is not None:
        turn = stand.matrix(figure)[:3, :3].astype(float)
        to_camera = np.array([-x, -2.5, height - 1.55])
        angle = np.arccos(np.clip((turn @ towards) @ to_camera / np.linalg.norm(to_camera), -1, 1))
        assert angle >= FROM_BEHIND - 1e-5


def test_a_figure_without_a_face_looks_nowhere() -> None:
    """Who wears a mask over all of the face cannot be turned by it."""
    mesh = box((0.4, 0.3, 1.7), Part.TOP)
    assert looks(Figure(mesh, "stand", True, 30.0, 1.7)) is None
