import numpy as np
import pytest
from support.solids import at, box, joined
from training.render import Renderer
from training.render.projection import project
from training.scene import NOBODY, Camera, Instance, Light, Part, Surface

CAMERA = Camera(height=1.0, pitch=0.0, roll=0.0, fov=1.2)
LIGHT = Light((0.0, -0.6, 0.8), (0.5, 0.5, 0.5), (0.4, 0.4, 0.4), (0.2, 0.2, 0.2))
PERSON = {
    Part.TOP: Surface((0.6, 0.1, 0.1)),
    Part.FACE: Surface((0.5, 0.4, 0.3)),
    Part.CARRIED: Surface((0.1, 0.1, 0.6)),
}
THING = {Part.THING: Surface((0.5, 0.5, 0.5))}
FLOOR = Instance(box((12.0, 12.0, 0.01)), at(0, 4, -0.01), THING)


def person(x: float, y: float, owner: int = 1) -> Instance:
    return Instance(box((0.4, 0.2, 1.6), Part.TOP, Part.FACE), at(x, y), PERSON, owner)


def corners(
    x: float, y: float, z: float, size: tuple[float, float, float]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    offsets = np.array([(a, b, c) for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (0, 1)])
    return offsets * size + [x, y, z]


def bounds(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


@pytest.mark.parametrize(
    "camera", [CAMERA, Camera(3.0, 0.5, 0.1, 1.4, -0.12, (0.04, -0.03)), Camera(2.0, 0.2, 0, 1.0, 0.05)]
)
def test_people_are_drawn_where_the_camera_model_says(renderer: Renderer, camera: Camera) -> None:
    """The pixels of an owner fill the box that scene.Camera's formula gives, to within a pixel and a half."""
    picture = renderer.draw([FLOOR, person(0.5, 4.0)], camera, LIGHT)
    pixels, _ = project(camera, corners(0.5, 4.0, 0, (0.4, 0.2, 1.6)), renderer.width, renderer.height)
    expected = [*pixels.min(axis=0), *pixels.max(axis=0)]
    np.testing.assert_allclose(bounds(picture.owner == 1), expected, atol=1.5)


def test_a_head_is_a_part_of_its_owner(renderer: Renderer) -> None:
    """Head pixels belong to the person and lie in the head's fifth."""
    picture = renderer.draw([FLOOR, person(0.0, 4.0)], CAMERA, LIGHT)
    assert (picture.owner[picture.head] == 1).all()
    pixels, _ = project(CAMERA, corners(0, 4, 1.28, (0.4, 0.2, 0.32)), renderer.width, renderer.height)
    np.testing.assert_allclose(bounds(picture.head), [*pixels.min(axis=0), *pixels.max(axis=0)], atol=1.5)


def test_what_stands_before_a_person_takes_their_pixels_but_not_their_whole(renderer: Renderer) -> None:
    """A box before half of a person hides that half; what nothing would hide stays as it was."""
    open_view = renderer.draw([FLOOR, person(0.0, 5.0)], CAMERA, LIGHT)
    hidden = renderer.draw(
        [FLOOR, person(0.0, 5.0), Instance(box((1.0, 0.5, 2.5)), at(0.5, 3.0), THING)], CAMERA, LIGHT
    )
    alone = float((open_view.owner == 1).sum())
    assert open_view.whole[1].area == pytest.approx(alone, rel=0.05)
    assert hidden.whole[1].area == open_view.whole[1].area
    assert 0.3 * alone < (hidden.owner == 1).sum() < 0.6 * alone


def test_the_whole_reaches_out_of_the_picture(renderer: Renderer) -> None:
    """Of a person cut by the picture's edge the whole box and area are those of the person in full."""
    picture = renderer.draw([person(2.25, 3.0)], CAMERA, LIGHT)
    pixels, _ = project(CAMERA, corners(2.25, 3.0, 0, (0.4, 0.2, 1.6)), renderer.width, renderer.height)
    np.testing.assert_allclose(picture.whole[1].box, [*pixels.min(axis=0), *pixels.max(axis=0)], atol=2.5)
    assert picture.whole[1].area > 1.5 * (picture.owner == 1).sum() > 0


def test_a_bag_is_in_the_picture_but_not_the_person(renderer: Renderer) -> None:
    """What is carried has no owner, and it does not hide its bearer in what nothing would hide."""
    bag = box((0.5, 0.4, 0.5), Part.CARRIED)
    one = joined(box((0.4, 0.2, 1.6), Part.TOP), bag)
    with_bag = renderer.draw([Instance(one, at(0, 4), PERSON, 1)], CAMERA, LIGHT)
    without = renderer.draw([Instance(box((0.4, 0.2, 1.6), Part.TOP), at(0, 4), PERSON, 1)], CAMERA, LIGHT)
    assert (with_bag.owner == 1).sum() < 0.75 * (without.owner == 1).sum()
    assert with_bag.whole[1].area == pytest.approx(without.whole[1].area)
    blue = with_bag.light[..., 2] > 2 * with_bag.light[..., 0]
    assert blue.sum() > 50


def test_hidden_parts_are_not_drawn(renderer: Renderer) -> None:
    """A part whose surface is hidden leaves no pixel."""
    surfaces = {**PERSON, Part.FACE: Surface((0.5, 0.4, 0.3), hidden=True)}
    one = Instance(box((0.4, 0.2, 1.6), Part.TOP, Part.FACE), at(0, 4), surfaces, 1)
    picture = renderer.draw([one], CAMERA, LIGHT)
    assert not picture.head.any()
    assert (picture.owner == 1).any()


def test_a_person_throws_a_shadow(renderer: Renderer) -> None:
    """The floor on the side away from the lamp is darker than on the other side, and without shadows it is not."""
    camera = Camera(height=3.0, pitch=0.6, roll=0.0, fov=1.2)
    lamp = Light((-0.7, 0.0, 0.714), (1.0, 1.0, 1.0), (0.3, 0.3, 0.3), (0.2, 0.2, 0.2))
    bare = Light(lamp.direction, lamp.colour, lamp.sky, lamp.floor, shadows=False)
    places = np.array([(0.9, 4.0, 0.0), (-0.9, 4.0, 0.0)])
    pixels, _ = project(camera, places, renderer.width, renderer.height)
    sides = {}
    for name, light in (("shadows", lamp), ("bare", bare)):
        bright = renderer.draw([FLOOR, person(0, 4)], camera, light).light.mean(axis=2)
        sides[name] = [float(bright[round(y), round(x)]) for x, y in pixels]
    assert sides["shadows"][0] < 0.6 * sides["shadows"][1]
    assert sides["bare"][0] == pytest.approx(sides["bare"][1], rel=0.1)


def test_the_backdrop_is_behind_everything(renderer: Renderer) -> None:
    """Where nothing stands the backdrop is seen, its first row on top, as linear light."""
    backdrop = np.zeros((40, 60, 3), np.uint8)
    backdrop[:20, :, 0] = 188  # sRGB 188 is half the light
    picture = renderer.draw([person(0, 4)], CAMERA, LIGHT, backdrop)
    assert picture.light[5, 5, 0] == pytest.approx(0.5, abs=0.01)
    assert picture.light[-5, 5, 0] == pytest.approx(0.0, abs=0.01)
    assert (picture.owner == 1).sum() > 100


def test_textures_are_read_as_srgb(renderer: Renderer) -> None:
    """A surface with a texture layer has the layer's colour times its own."""
    renderer.use_textures(np.stack([np.full((8, 8, 3), 255, np.uint8), np.full((8, 8, 3), 188, np.uint8)]))
    seen = []
    for layer in (0, 1):
        wall = Instance(
            box((4.0, 0.1, 3.0)), at(0, 3), {Part.THING: Surface((0.6, 0.6, 0.6), grain=0.0, texture=layer)}
        )
        seen.append(renderer.draw([wall], CAMERA, LIGHT).light[100:120, 180:200].mean())
    assert seen[1] / seen[0] == pytest.approx(0.5, abs=0.06)  # the sheen is the same on both


def test_the_same_scene_gives_the_same_picture(renderer: Renderer) -> None:
    """Drawing is a function of what is drawn, whatever was drawn before."""
    scene = [FLOOR, person(0.3, 3.0, 1), person(-0.5, 5.0, 2)]
    first = renderer.draw(scene, CAMERA, LIGHT)
    renderer.draw([person(0, 2)], Camera(2.0, 0.3, 0.1, 1.5), LIGHT)
    again = renderer.draw(scene, CAMERA, LIGHT)
    np.testing.assert_array_equal(first.light, again.light)
    np.testing.assert_array_equal(first.owner, again.owner)
    assert set(np.unique(first.owner)) == {NOBODY, 1, 2}


def test_numbers_that_cannot_be_told_apart_are_refused(renderer: Renderer) -> None:
    """More people than there are squares to draw them alone in is an error, not a wrong label."""
    with pytest.raises(ValueError, match="over 16"):
        renderer.draw([person(0, 4, 17)], CAMERA, LIGHT)


def test_people_and_things_behind_the_camera_leave_no_trace(renderer: Renderer) -> None:
    """What is behind the camera is not drawn, nor does a floor that passes under it break."""
    floor = Instance(box((12.0, 30.0, 0.01)), at(0, 0, -0.01), THING)
    picture = renderer.draw([floor, person(0, -3.0), person(0.3, 4.0, 2)], CAMERA, LIGHT)
    assert set(np.unique(picture.owner)) == {NOBODY, 2}
    below = picture.light[-20:].mean(axis=2)
    assert below.std() < 0.15 * below.mean()


def test_nobody_and_nothing_is_the_light_of_the_sky(renderer: Renderer) -> None:
    """An empty world is drawn, not an error."""
    picture = renderer.draw([], CAMERA, LIGHT)
    np.testing.assert_allclose(picture.light, 0.4, atol=1e-3)
    assert not picture.whole
