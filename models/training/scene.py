"""What a picture is rendered from: meshes, how their parts look, where they stand, the camera and the light.

Units are metres and radians; the world's z points up and its floor is z = 0. A figure's mesh stands on z = 0 above
the origin and looks along -y. Colours are linear-light red, green, blue in 0..1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
NOBODY = 0


class Part(IntEnum):
    """The parts of a figure; a mesh names one for each vertex. HEAD_PARTS make up the head's box."""

    FACE = 0
    SCALP = 1
    HAIR = 2
    HAT = 3
    MASK = 4  # over mouth and nose
    SCARF = 5  # hijab, hood, shawl: covers the head
    NECK = 6
    TORSO = 7  # bare skin
    ARM = 8
    HAND = 9
    LEG = 10
    FOOT = 11
    TOP = 12
    SLEEVE = 13
    BOTTOM = 14  # trousers, shorts, tights
    SKIRT = 15
    COAT = 16
    APRON = 17
    VEST = 18
    SHOE = 19
    CARRIED = 20  # bag, phone, basket: in the picture, not in the person's box
    WHEELS = 21  # wheelchair, pram, trolley
    TRIM = 22  # collar, belt, reflective stripe
    THING = 23  # everything that is not a figure


HEAD_PARTS = (Part.FACE, Part.SCALP, Part.HAIR, Part.HAT, Part.MASK, Part.SCARF)
NOT_PERSON_PARTS = (Part.CARRIED, Part.WHEELS)


class Pattern(IntEnum):
    """What varies a part's colour, in the mesh's rest coordinates, so that it stays on the cloth."""

    PLAIN = 0
    RINGS = 1  # stripes around the body
    STRIPES = 2  # upright
    CHECKS = 3
    BLOTCHES = 4
    SPECKLES = 5
    PRINT = 6  # a patch on the chest


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles. position, normal, rest: (n, 3); uv: (n, 2); part: (n,); faces: (m, 3)."""

    position: Floats
    normal: Floats
    uv: Floats
    rest: Floats
    part: NDArray[np.uint8]
    faces: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Surface:
    """How a part looks."""

    colour: tuple[float, float, float]
    second: tuple[float, float, float] = (0.0, 0.0, 0.0)
    pattern: Pattern = Pattern.PLAIN
    frequency: float = 8.0  # of the pattern, per metre
    strength: float = 0.0  # of the pattern, 0 to 1
    gloss: float = 0.0  # 0 matt to 1 polished
    grain: float = 0.1  # of fine irregularity, 0 to 1
    inflate: float = 0.0  # metres outwards along the normal: a loose coat over a tight mesh
    texture: int = -1  # layer of the texture array; multiplies `colour`
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """A mesh in the world. `owner` is the number of the person whose pixels these are (1, 2, …) or NOBODY.

    Of a figure only the parts outside NOT_PERSON_PARTS count as the person. Of a thing (NOBODY) any part may be used:
    there they are only slots for its materials. A texture's row 0 is v = 0, it repeats, and its bytes are sRGB.
    """

    mesh: Mesh
    place: Floats  # (4, 4)
    surfaces: Mapping[Part, Surface]
    owner: int = NOBODY


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole with a radial distortion: a point at tangent (u, v) from the axis is drawn at (u, v)(1 + k1 r²)."""

    height: float  # metres over the floor
    pitch: float  # radians below the horizon
    roll: float
    fov: float  # horizontal, radians, of the undistorted picture
    k1: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)  # of the principal point, in half pictures
    # It stands at (0, 0, height) and looks towards +y.


@dataclass(frozen=True, slots=True)
class Light:
    """One sun or lamp with a soft sky and floor around."""

    direction: tuple[float, float, float]  # towards the light, unit length
    colour: tuple[float, float, float]
    sky: tuple[float, float, float]
    floor: tuple[float, float, float]
    shadows: bool = True


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where a person may be: on the floor at (x, y) looking along `heading`; sitting where `sitting`."""

    x: float
    y: float
    heading: float | None = None  # radians, 0 looks along -y (towards the camera); None: any
    sitting: bool = False
    seat: float = 0.0  # metres, height of the seat where sitting


@dataclass(frozen=True, slots=True)
class Place:
    """A shop, a hall, a street: what stands there, where people may stand, and the picture behind all."""

    camera: Camera
    light: Light
    things: tuple[Instance, ...]
    spots: tuple[Spot, ...]
    backdrop: NDArray[np.uint8] | None = None  # (h, w, 3) RGB, seen behind everything; None: `light.sky`
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One dressed, posed person out of the library, before it is placed."""

    mesh: Mesh
    pose: str
    female: bool
    age: float  # years
    height: float  # metres, of the upright body
    seat: float = 0.0  # metres from the floor to the seat where the pose sits, else 0
    wheelchair: bool = False
    dress: Mapping[str, Any] = field(default_factory=dict)  # what `surfaces` needs to know of the outfit
