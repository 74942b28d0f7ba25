"""What the shaders need to know of each instance, packed for the uniform block of instance.glsl."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.scene import HEAD_PARTS, NOT_PERSON_PARTS, Instance, Part, Surface

FLOATS: Final = 4 * (4 + 1 + 4 * len(Part))
STRIDE: Final = -(-FLOATS * 4 // 256) * 256  # bytes; cards want blocks to begin at multiples of 256
_SKIN: Final = (Part.FACE, Part.SCALP, Part.NECK, Part.TORSO, Part.ARM, Part.HAND, Part.LEG, Part.FOOT)
_CLOTH: Final = (Part.SCARF, Part.TOP, Part.SLEEVE, Part.BOTTOM, Part.SKIRT, Part.COAT, Part.APRON, Part.VEST)
_FOLDS: Final = {**dict.fromkeys(_CLOTH, 1.0), Part.COAT: 1.3, Part.HAIR: 0.8, Part.HAT: 0.3, Part.MASK: 0.4}
_WRAP: Final = {**dict.fromkeys(_SKIN, 0.35), **dict.fromkeys(_CLOTH, 0.15), Part.HAIR: 0.2}
_PLAIN: Final = Surface(colour=(0.5, 0.5, 0.5))


def packed(instances: Sequence[Instance]) -> NDArray[np.float32]:
    """(n, STRIDE / 4) floats, one row per instance."""
    rows = np.zeros((len(instances), STRIDE // 4), np.float32)
    for row, instance in zip(rows, instances, strict=True):
        row[:16] = np.asarray(instance.place, np.float32).T.ravel()  # GLSL counts columns first
        row[16] = instance.owner
        parts = row[20:FLOATS].reshape(len(Part), 16)
        if not instance.surfaces:
            parts[:] = _look(Part.THING, _PLAIN, instance.owner)
        for part, surface in instance.surfaces.items():
            parts[part] = _look(part, surface, instance.owner)
    return rows


def _look(part: Part, surface: Surface, owner: int) -> tuple[float, ...]:
    return (
        *surface.colour, surface.gloss,
        *surface.second, surface.strength,
        float(surface.pattern) if surface.strength else 0.0, surface.frequency, surface.grain, float(surface.texture),
        surface.inflate, _FOLDS.get(part, 0.0), _WRAP.get(part, 0.0), _code(part, owner),
    )  # fmt: skip


def _code(part: Part, owner: int) -> float:
    if not owner or part in NOT_PERSON_PARTS:
        return 0.0
    return 2.0 if part in HEAD_PARTS else 1.0
