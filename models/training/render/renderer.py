"""Draws instances as a camera sees them, with the truth of which pixel shows whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from training.render import placing, projection, shading
from training.render.ground import Ground, ground
from training.render.instances import STRIDE, packed
from training.render.meshes import MeshCache, OnCard, detail_of_person, detail_of_thing
from training.render.target import FINER, HEAD_BIT, TILE, TILES, Screen, Sheet, Whole
from training.scene import NOBODY, Camera, Floats, Instance, Light

SHADOW_SIDE: Final = 1024
MOST_PEOPLE: Final = TILES * TILES
_UNITS: Final = {"noise": 0, "textures": 1, "depth_map": 2, "ground": 3, "picture": 4}


@dataclass(frozen=True, slots=True)
class Picture:
    """What the renderer drew, and the truth of it.

    Attributes:
        light: (h, w, 3) linear red, green, blue before any exposure.
        owner: (h, w) uint8, NOBODY or the person's number.
        head: (h, w) bool, whether a person's head is seen there.
        whole: Of each person's number what nothing would hide.
    """

    light: Floats
    owner: NDArray[np.uint8]
    head: NDArray[np.bool_]
    whole: dict[int, Whole]


class Renderer:
    """A card and what stays on it. One per process; it may be used by the thread only that made it."""

    def __init__(self, width: int = 384, height: int = 224) -> None:
        self.width, self.height = width, height
        try:
            self._context = moderngl.create_context(standalone=True, backend="egl")  # type: ignore[arg-type]  # their stubs err
        except Exception as error:
            raise RuntimeError(f"no OpenGL by EGL ({error}); install Mesa's libegl1 and libgl1-mesa-dri") from error
        context = self._context
        self._programs = shading.programs(context)
        self._meshes = MeshCache(context, {name: self._programs[name] for name in ("picture", "depth", "alone")})
        self._screen, self._sheet = Screen(context, width, height), Sheet(context)
        self._looks = context.buffer(reserve=STRIDE * 512)
        self._corners = context.buffer(np.array([[-1, -1], [3, -1], [-1, 3]], np.float32).tobytes())
        self._backdrop = context.vertex_array(self._programs["backdrop"], [(self._corners, "2f", "corner")])
        self._prepare_textures()

    def _prepare_textures(self) -> None:
        context = self._context
        field = shading.noise()
        self._noise = context.texture3d(field.shape[:3], 4, field.tobytes())
        self._noise.use(_UNITS["noise"])
        self._depth = context.depth_texture((SHADOW_SIDE, SHADOW_SIDE))
        self._depth.compare_func = "<="
        self._depth.use(_UNITS["depth_map"])
        self._shadow = context.framebuffer(depth_attachment=self._depth)
        self._ground = context.texture((256, 256), 1)
        self._ground.repeat_x = self._ground.repeat_y = False
        self._ground.use(_UNITS["ground"])
        self._textures: moderngl.TextureArray | None = None
        self._textures_of: NDArray[np.uint8] | None = None
        self.use_textures(np.full((1, 2, 2, 3), 255, np.uint8))
        for program in self._programs.values():
            for name, unit in _UNITS.items():
                if name in program:
                    _set(program, name, unit)

    def release(self) -> None:
        """Give all of the card's memory back; the renderer cannot be used any more."""
        self._context.release()

    def use_textures(self, layers: NDArray[np.uint8]) -> None:
        """Take the texture array, (n, h, w, 3) sRGB, that `Surface.texture` counts in; it stays until the next."""
        if layers is self._textures_of:
            return
        if self._textures is not None:
            self._textures.release()
        count, height, width, _ = layers.shape
        self._textures = self._context.texture_array(
            (width, height, count), 3, np.ascontiguousarray(layers).tobytes(), alignment=1
        )
        self._textures.build_mipmaps()
        self._textures.use(_UNITS["textures"])
        self._textures_of = layers

    def draw(
        self,
        instances: Sequence[Instance],
        camera: Camera,
        light: Light,
        backdrop: NDArray[np.uint8] | None = None,
    ) -> Picture:
        """Draw the instances; people's numbers are 1 to MOST_PEOPLE.

        Args:
            instances: Things and people.
            camera: Where it is seen from.
            light: One lamp and what comes from around.
            backdrop: (h, w, 3) sRGB, seen behind everything; None: the light of the sky.

        Raises:
            ValueError: an owner's number is over MOST_PEOPLE.
        """
        if any(instance.owner > MOST_PEOPLE for instance in instances):
            raise ValueError(f"a person's number is over {MOST_PEOPLE}; number the people of a picture from 1")
        instances = sorted(instances, key=lambda instance: instance.owner == NOBODY)
        boxes = placing.boxes(instances, self._meshes)
        seen = placing.in_view(boxes, camera, self.width, self.height)
        lit = placing.light_frame(light, boxes, instances)
        order = placing.nearest_first(boxes, instances)
        drawn = [i for i in order if seen[i] or (light.shadows and lit.casts[i])]
        cards = {i: self._card(instances[i], boxes, i, camera) for i in drawn}
        self._upload(packed(instances))
        self._camera(camera)
        self._light(light, lit.matrix, ground(*placing.on_floor(instances, boxes)))
        if light.shadows:
            self._draw_shadows([i for i in cards if lit.casts[i]], cards)
        self._draw_picture([i for i in cards if seen[i]], cards, light, backdrop)
        radiance, codes = self._screen.read()
        whole = self._draw_alone(instances, cards, camera)
        return Picture(radiance, codes & np.uint8(HEAD_BIT - 1), codes >= HEAD_BIT, whole)

    def _card(self, instance: Instance, boxes: placing.Boxes, index: int, camera: Camera) -> OnCard:
        if instance.owner == NOBODY:
            return self._meshes.get(instance.mesh, instance.surfaces, detail_of_thing(boxes.scale[index]))
        away = np.linalg.norm(boxes.centre[index] - [0.0, 0.0, camera.height]) - boxes.radius[index] / 2
        pixel = max(float(away), 0.2) / (projection.focal(camera, self.width, self.height)[0] * self.width / 2 * FINER)
        return self._meshes.get(instance.mesh, instance.surfaces, detail_of_person(pixel))

    def _upload(self, rows: NDArray[np.float32]) -> None:
        if rows.nbytes > self._looks.size:
            self._looks.release()
            self._looks = self._context.buffer(reserve=2 * rows.nbytes)
        self._looks.write(rows.tobytes())

    def _camera(self, camera: Camera) -> None:
        for program in (self._programs["picture"], self._programs["alone"]):
            _set_matrix(program, "view", projection.view_matrix(camera))
            _set(program, "focal", projection.focal(camera, self.width, self.height))
            _set(program, "centre", camera.shift)
            _set(program, "distort", (camera.k1, projection.widest(camera)))
        _set(self._programs["picture"], "crop", (1.0, 1.0, 0.0, 0.0))
        _set(self._programs["picture"], "eye", (0.0, 0.0, camera.height))

    def _light(self, light: Light, matrix: NDArray[np.float64], floor: Ground) -> None:
        picture = self._programs["picture"]
        for program in (picture, self._programs["depth"]):
            _set_matrix(program, "light_view", matrix)
        _set(picture, "light_to", light.direction)
        _set(picture, "light_colour", light.colour)
        _set(picture, "sky", light.sky)
        _set(picture, "floor_light", light.floor)
        _set(picture, "shadows", float(light.shadows))
        _set(picture, "ground_at", (*floor.scale, *floor.offset))
        self._ground.write(floor.light.tobytes())

    def _draw_each(self, program: str, which: Sequence[int], cards: dict[int, OnCard]) -> None:
        for i in which:
            self._looks.bind_to_uniform_block(0, offset=i * STRIDE, size=STRIDE)
            cards[i].draw(program)

    def _draw_shadows(self, which: Sequence[int], cards: dict[int, OnCard]) -> None:
        self._shadow.use()
        self._context.enable_only(moderngl.DEPTH_TEST)
        self._shadow.clear(depth=1.0)
        self._draw_each("depth", which, cards)

    def _draw_picture(
        self, which: Sequence[int], cards: dict[int, OnCard], light: Light, backdrop: NDArray[np.uint8] | None
    ) -> None:
        self._screen.drawn.use()
        self._context.enable_only(moderngl.DEPTH_TEST)
        self._screen.drawn.clear(depth=1.0)
        self._draw_each("picture", which, cards)
        self._draw_behind(light, backdrop)

    def _draw_behind(self, light: Light, backdrop: NDArray[np.uint8] | None) -> None:
        """Fill what is still free; a clear would not do, it leaves codes (whole numbers) undefined."""
        shown = np.zeros((1, 1, 3), np.uint8) if backdrop is None else backdrop
        height, width, _ = shown.shape
        texture = self._context.texture((width, height), 3, np.ascontiguousarray(shown).tobytes(), alignment=1)
        texture.use(_UNITS["picture"])
        _set(self._programs["backdrop"], "plain", (*light.sky, float(backdrop is None)))
        self._context.depth_func = "<="
        self._backdrop.render()
        self._context.depth_func = "<"
        texture.release()

    def _draw_alone(self, instances: Sequence[Instance], cards: dict[int, OnCard], camera: Camera) -> dict[int, Whole]:
        people: dict[int, list[int]] = {}
        for i, instance in enumerate(instances):
            if instance.owner != NOBODY and i in cards:
                people.setdefault(instance.owner, []).append(i)
        if not people:
            return {}
        self._sheet.drawn.use()
        self._context.enable_only(moderngl.DEPTH_TEST)
        self._sheet.drawn.clear(depth=1.0)
        crops = {}
        for tile, (owner, parts) in enumerate(people.items()):
            box = placing.drawn_box([instances[i] for i in parts], camera, self.width, self.height)
            crops[owner] = placing.crop_of(box, TILE)
            _set(self._programs["alone"], "crop", crops[owner].shader_values(self.width, self.height))
            self._sheet.drawn.viewport = (*Sheet.corner(tile), TILE, TILE)
            self._draw_each("alone", parts, cards)
        self._sheet.drawn.viewport = (0, 0, TILE * TILES, TILE * TILES)
        squares = self._sheet.read()
        return {owner: crops[owner].whole(squares[tile]) for tile, owner in enumerate(people)}


def _set(program: moderngl.Program, name: str, value: object) -> None:
    uniform = program[name]
    assert isinstance(uniform, moderngl.Uniform)  # noqa: S101 - tells the type checker what the shader's text says
    uniform.value = value


def _set_matrix(program: moderngl.Program, name: str, matrix: NDArray[np.float64]) -> None:
    uniform = program[name]
    assert isinstance(uniform, moderngl.Uniform)  # noqa: S101 - as above
    uniform.write(np.ascontiguousarray(matrix.T, np.float32).tobytes())
