import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from support.solids import at, box, joined
from training.figures.solids import rounded
from training.generate import clutter, posters
from training.generate.__main__ import main
from training.generate.arms import reaching
from training.generate.compose import COUNTS, TOGETHER, Doubles, Floor, Stand, drawn_box, footprints, how_many, relit
from training.generate.mannequins import mannequin, plastic
from training.generate.studio import Studio
from training.generate.worker import Order, make_shard
from training.render import Renderer
from training.render.projection import project
from training.samples import Sample, Shard
from training.scene import NOBODY, Camera, Figure, Instance, Light, Mesh, Part, Place, Spot, Surface

os.environ.setdefault("LP_NUM_THREADS", "1")
SIZE = (384, 224)
CAMERA = Camera(height=2.6, pitch=0.35, roll=0.0, fov=1.3, k1=-0.05)
LIGHT = Light((0.3, -0.4, 0.866), (0.7, 0.7, 0.7), (0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
NOWHERE: Doubles = np.zeros((0, 4, 2))


class Shop:
    """One room with a shelf, a chair and free floor; only the camera's height changes."""

    def __init__(self) -> None:
        self._textures = np.full((2, 32, 32, 3), 200, np.uint8)

    def textures(self) -> NDArray[np.uint8]:
        """Two plain layers."""
        return self._textures

    def make(self, rng: np.random.Generator) -> Place:
        """The room with other spots."""
        grey = {Part.THING: Surface((0.5, 0.5, 0.5))}
        things = (Instance(box((12, 14, 0.02)), at(0, 6, -0.02), grey), Instance(box((2, 0.5, 1.4)), at(-2, 6), grey))
        spots = [Spot(float(x), float(y)) for x, y in rng.uniform((-1.5, 2), (2.5, 8), (20, 2))]
        camera = Camera(float(rng.uniform(2.2, 3.2)), 0.35, 0.0, 1.3, -0.05)
        return Place(camera, LIGHT, things, (*spots, Spot(1.0, 5.0, 0.0, sitting=True, seat=0.6)))


class Dolls:
    """People made of boxes: grown, small, sitting."""

    def __len__(self) -> int:
        return 3

    def figure(self, index: int) -> Figure:
        """One of three."""
        tall = (1.7, 1.1, 1.3)[index]
        mesh = box((0.42, 0.25, tall), Part.TOP, Part.FACE)
        return Figure(mesh, ("stand", "walk", "sit")[index], index == 0, 30.0, tall, seat=0.45 if index == 2 else 0.0)


@pytest.fixture(scope="module")
def studio() -> Studio:
    """A studio that draws dolls in a shop; skipped on a machine without OpenGL."""
    try:
        return Studio(Renderer(), Shop(), Dolls())
    except RuntimeError as error:
        pytest.skip(str(error))


def place_with(*spots: Spot) -> Place:
    return Place(CAMERA, LIGHT, (), spots)


def same(one: Sample, other: Sample) -> bool:
    return bool(
        (one.picture == other.picture).all() and (one.owner == other.owner).all() and (one.people == other.people).all()
    )


def test_the_numbers_of_people_have_their_shares() -> None:
    """Empty, single, few, many and crowded pictures come as often as the table says."""
    rng = np.random.default_rng(1)
    drawn = np.array([how_many(rng) for _ in range(4000)])
    for share, fewest, most in COUNTS:
        assert np.mean((drawn >= fewest) & (drawn <= most)) == pytest.approx(share, abs=0.03)


def test_people_never_stand_in_each_other_or_in_things() -> None:
    """Whoever comes alone or joins a group keeps the distance, and nobody stands in a shelf."""
    shop = Shop().make(np.random.default_rng(2))
    blocked = footprints(shop)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        floor, stands = Floor(shop, blocked, SIZE), list[Stand]()
        for number in range(10):
            stand = floor.beside(stands, rng, 1.7) if number % 2 and stands else floor.spot(rng, 1.7)
            if stand is not None:
                floor.take(stand)
                stands.append(stand)
        assert len(stands) >= 5
        at_ = np.array([(stand.x, stand.y) for stand in stands])
        apart = np.hypot(*(at_[:, None] - at_).T) + np.eye(len(at_)) * 9
        assert apart.min() >= TOGETHER
        assert not ((np.abs(at_[:, 0] + 2) < 1.0) & (np.abs(at_[:, 1] - 6) < 0.25)).any()


def test_a_shelf_has_a_footprint_and_the_floor_has_none() -> None:
    """Only what stands in the way of people blocks them."""
    prints = footprints(Shop().make(np.random.default_rng(1)))
    assert prints.shape == (1, 4, 2)
    np.testing.assert_allclose(prints[0].min(axis=0), (-3, 5.75))
    np.testing.assert_allclose(prints[0].max(axis=0), (-1, 6.25))


def test_nobody_is_put_out_of_view() -> None:
    """A spot behind the camera or far beside the picture is not taken."""
    floor = Floor(place_with(Spot(0.0, -3.0), Spot(30.0, 4.0)), NOWHERE, SIZE)
    rng = np.random.default_rng(1)
    assert all(floor.spot(rng, 1.7) is None for _ in range(20))


def test_somebody_close_fills_the_picture_with_the_head_in_it() -> None:
    """A close person is taller in the picture than half of it, and the head is inside."""
    low = Place(Camera(1.7, 0.1, 0.0, 1.3), LIGHT, (), (Spot(0, 3),))
    rng = np.random.default_rng(1)
    for _ in range(20):
        stand = Floor(low, NOWHERE, SIZE).close(rng, 1.7)
        assert stand is not None
        seen = drawn_box(low.camera, stand, 1.7, SIZE)
        assert seen is not None
        assert seen[3] - seen[1] > SIZE[1] / 2
        assert -40 < seen[1] < SIZE[1]


def test_seats_are_for_those_who_sit() -> None:
    """The sitter is lifted to the seat's height, and a seat is taken once."""
    floor = Floor(place_with(Spot(0.0, 5.0, 0.0, sitting=True, seat=0.6)), NOWHERE, SIZE)
    rng = np.random.default_rng(1)
    stand = floor.seat(rng)
    assert stand is not None
    assert stand.matrix(Dolls().figure(2))[2, 3] == pytest.approx(0.15)
    floor.take(stand)
    assert floor.seat(rng) is None
    assert floor.spot(rng, 1.7) is None


def test_mannequins_are_nobody() -> None:
    """A mannequin has no owner, no hair and no skin; a dark one has no head either; its plate is under its feet."""
    surfaces = {part: Surface((0.4, 0.3, 0.2)) for part in Part}
    tones = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        look = plastic(surfaces, rng)
        assert look[Part.HAIR].hidden
        assert look[Part.HAND].colour != surfaces[Part.HAND].colour
        assert look[Part.TOP] == surfaces[Part.TOP]
        tones.add((look[Part.HAND].colour[0] < 0.5, look[Part.FACE].hidden))
    assert tones == {(True, True), (False, True), (False, False)}
    parts = mannequin(Dolls().figure(0), Stand(1.0, 3.0, 0.0), np.random.default_rng(1))
    assert all(part.owner == NOBODY for part in parts)
    assert parts[0].place[2, 3] == pytest.approx(parts[1].mesh.position[:, 2].max())


def test_another_light_is_still_a_light() -> None:
    """A relit place has a lamp above the horizon, of unit length, and no negative colours."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        light = relit(LIGHT, rng)
        assert np.linalg.norm(light.direction) == pytest.approx(1.0)
        assert light.direction[2] > 0.1
        assert min(light.colour) > 0


def test_samples_hold_their_truth(studio: Studio) -> None:
    """Boxes lie around the owners' pixels, rows and owner numbers agree, and people vary from none to several."""
    rng = np.random.default_rng(3)
    samples = [sample for _ in range(8) for sample in studio.samples(rng)]
    for sample in samples:
        assert sample.picture.shape == (224, 384, 3)
        assert sample.owner.max() == len(sample.people)
        for number, row in enumerate(sample.people, 1):
            ys, xs = np.nonzero(sample.owner == number)
            x0, y0, x1, y1 = row["box"]
            inside = (xs >= x0) & (xs < x1) & (ys >= y0) & (ys < y1)
            assert inside.mean() > 0.98
            assert 0 < row["visible"] <= 1
    counts = [len(sample.people) for sample in samples]
    assert min(counts) == 0
    assert max(counts) >= 3


def test_a_shard_follows_from_its_seed_and_number(studio: Studio, tmp_path: Path) -> None:
    """Made twice, in another order, a shard is the same; another number or seed is another shard."""
    orders = [
        Order(tmp_path / name, seed, tmp_path, tmp_path, tmp_path, shard=4)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    told = list[int]()
    for order, numbers in zip(orders, ((0, 1), (1, 0), (0,)), strict=True):
        for number in numbers:
            make_shard(studio, order, number, lambda: told.append(1), lambda: False)
    assert len(told) == 20
    first, again, other_seed = (Shard(order.path(0)) for order in orders)
    assert len(first) == 4
    assert all(same(first.sample(i), again.sample(i)) for i in range(4))
    assert not any((first.picture(i) == other_seed.picture(i)).all() for i in range(4))
    second = Shard(orders[0].path(1))
    assert not any((first.picture(i) == second.picture(i)).all() for i in range(4))


def test_a_stopped_shard_is_not_written(studio: Studio, tmp_path: Path) -> None:
    """What was begun when the stop came leaves no file."""
    order = Order(tmp_path, 1, tmp_path, tmp_path, tmp_path)
    make_shard(studio, order, 0, lambda: None, lambda: True)
    assert not list(tmp_path.iterdir())


def test_posters_show_people(studio: Studio) -> None:
    """The named layers become pictures that differ from each other, the others stay."""
    assert studio
    layers = np.full((4, 64, 64, 3), 7, np.uint8)
    posters.fill(layers, (1, 3), Dolls(), np.random.default_rng(1))
    assert (layers[[0, 2]] == 7).all()
    assert layers[1].std() > 10
    assert all((one != other).any() for one, other in pairwise(layers[[1, 3]]))


def test_shards_that_are_there_are_kept(tmp_path: Path) -> None:
    """When nothing is missing no worker is started and nothing is touched."""
    for number in range(2):
        (tmp_path / f"005-{number:05d}.npz").write_bytes(b"done")
    told = CliRunner().invoke(main, ["--out", str(tmp_path), "--pictures", "600", "--seed", "5"])
    assert told.exit_code == 0, told.output
    assert [path.read_bytes() for path in sorted(tmp_path.iterdir())] == [b"done", b"done"]


def test_a_missing_library_is_said_in_one_line(tmp_path: Path) -> None:
    """The error of a worker reaches the user: what is missing and what to run."""
    arguments = ["--out", str(tmp_path / "out"), "--pictures", "1", "--workers", "1"]
    for name in ("figures", "places", "data"):
        arguments += [f"--{name}", str(tmp_path / name)]
    told = CliRunner().invoke(main, arguments)
    assert told.exit_code == 1
    assert str(tmp_path) in told.output
    assert "Traceback" not in told.output


def limb(centre: tuple[float, float, float], size: tuple[float, float, float], part: Part) -> Mesh:
    solid = rounded(size, centre, part)
    position = np.asarray(solid.vertices, np.float32)
    count = len(position)
    flat, parts = np.zeros((count, 2), np.float32), np.full(count, part, np.uint8)
    return Mesh(position, np.ones_like(position), flat, position, parts, np.asarray(solid.faces, np.int32))


def test_an_arm_that_reaches_in_is_nobodys_and_only_an_arm() -> None:
    """Of a figure one arm is drawn, without an owner, its hand in front of the camera and in view."""
    body = box((0.3, 0.25, 1.7), Part.TOP, Part.FACE)
    arm = joined(limb((0.45, 0, 1.3), (0.5, 0.1, 0.1), Part.SLEEVE), limb((0.75, 0, 1.3), (0.15, 0.1, 0.1), Part.HAND))
    figure = Figure(joined(body, arm), "reach", female=False, age=30.0, height=1.7)
    rng = np.random.default_rng(4)
    drawn = [things for things in (reaching(figure, CAMERA, rng) for _ in range(20)) if things]
    assert 3 <= len(drawn) <= 17  # the other side has no arm
    for things in drawn:
        assert all(thing.owner == NOBODY for thing in things)
        mesh = things[0].mesh
        assert set(np.unique(mesh.part)) == {Part.SLEEVE, Part.HAND}
        hand = mesh.position[mesh.part == Part.HAND].mean(axis=0)
        world = things[0].place[:3, :3] @ hand + things[0].place[:3, 3]
        pixel, depth = project(CAMERA, world[None].astype(np.float64), *SIZE)
        assert depth[0] > 0.2
        assert ((pixel[0] > -20) & (pixel[0] < np.array(SIZE) + 20)).all()


def test_upright_things_are_nobodys_and_stand_where_nobody_does() -> None:
    """Bottles, tables and lamps have no owner, take the floor they stand on, and are of life's size."""
    rng = np.random.default_rng(6)
    place = place_with(*(Spot(float(x), float(y)) for x, y in rng.uniform((-1.5, 2), (1.5, 8), (40, 2))))
    count = 0
    for _ in range(60):
        floor = Floor(place, NOWHERE, SIZE)
        found = clutter.things(floor, rng)
        count += len(found)
        for thing in found:
            mesh = thing.mesh
            assert thing.owner == NOBODY
            assert {Part(part) for part in np.unique(mesh.part)} <= set(thing.surfaces)
            assert 0.15 < np.ptp(mesh.position[:, 2]) < 2.0
            assert np.isfinite(mesh.normal).all()
            x, y = thing.place[:2, 3]
            assert floor.spot(rng, 1.7) is None or all(
                np.hypot(stand.x - x, stand.y - y) > TOGETHER
                for stand in filter(None, (floor.spot(rng, 1.7) for _ in range(3)))
            )
    assert count > 60
