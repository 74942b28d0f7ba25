"""A piece: a thing made once as a mesh that gets its materials anew wherever it stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from training.places import shapes
from training.places.layers import Layers
from training.places.materials import Surfaces
from training.scene import Mesh, Part, Surface

Finish = Callable[[np.random.Generator, Layers], Surface]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody sits on a piece: its middle, its height and where the sitter looks, as in scene.Spot."""

    x: float
    y: float
    z: float
    heading: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """mesh: its front looks along -y; finish: how each slot is coloured; half: half of its footprint in metres."""

    mesh: Mesh
    finish: Mapping[Part, Finish]
    half: tuple[float, float]
    seats: tuple[Seat, ...] = field(default=())
    far: Mesh | None = None  # a simpler mesh of the same slots, for more than `near` metres from the camera
    near: float = 6.0

    def dress(self, rng: np.random.Generator, layers: Layers) -> Surfaces:
        """Materials for all its slots."""
        return {part: finish(rng, layers) for part, finish in self.finish.items()}


def piece(meshes: Mapping[Part, list[Mesh]], finish: Mapping[Part, Finish], *seats: Seat) -> Piece:
    """A piece out of the meshes of each slot; its footprint is what lies under 1.8 m."""
    mesh = shapes.joined(shapes.of(part, slot) for slot, parts in meshes.items() for part in parts)
    low = mesh.position[mesh.position[:, 2] < 1.8]
    reach = np.abs(low[:, :2] if len(low) else mesh.position[:, :2]).max(axis=0)
    return Piece(mesh, {slot: finish[slot] for slot in meshes}, (float(reach[0]), float(reach[1])), seats)
