"""A place while it is being furnished: things are put on a plan, which is then turned and moved before the camera."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.places import shapes
from training.places.layers import Layers
from training.places.materials import Surfaces
from training.places.piece import Piece
from training.scene import Instance, Mesh, Spot

BODY: Final = 0.25  # metres that a person needs around the spot's middle
TALL: Final = 1.5  # metres, what may hide the view from a camera beside it
Point = tuple[float, float, float]
Stock = Mapping[str, Sequence[Piece]]


class Stage:
    """The plan of a place. Its axes are the room's and its origin is the camera's foot.

    aim: radians by which the camera looks to the left of the plan's +y.
    """

    def __init__(self, rng: np.random.Generator, layers: Layers, stock: Stock, aim: float) -> None:
        self.rng, self.layers, self.stock = rng, layers, stock
        self.things: list[Instance] = []
        self.spots: list[Spot] = []
        self.look(aim)
        self._taken: list[tuple[float, float, float, float, float]] = []  # x, y, half x, half y, turn
        self.walkable: list[tuple[float, float, float, float]] = []  # x0, y0, x1, y1 on the plan
        self._ahead = 0.0

    def look(self, aim: float) -> None:
        """Turn the camera on the plan; before anything is put there."""
        self.aim = aim
        self._frame = shapes.transform(turn=-aim)

    def advance(self, metres: float) -> None:
        """Move the camera straight ahead; after everything was put there."""
        self._ahead += metres
        back = np.asarray(shapes.transform((0.0, -metres, 0.0)), np.float32)
        self.things = [replace(thing, place=back @ thing.place) for thing in self.things]
        self.spots = [replace(spot, y=spot.y - metres) for spot in self.spots]

    def any(self, name: str) -> Piece:
        """One of the pieces of that name."""
        pieces = self.stock[name]
        return pieces[int(self.rng.integers(len(pieces)))]

    def put(
        self,
        what: Piece,
        x: float,
        y: float,
        turn: float = 0.0,
        *,
        z: float = 0.0,
        scale: Point = (1.0, 1.0, 1.0),
        surfaces: Surfaces | None = None,
    ) -> None:
        """Stand a piece on the plan; with `surfaces` it looks like its neighbour, else as its finish draws."""
        look = what.dress(self.rng, self.layers) if surfaces is None else surfaces
        mesh = what.mesh if what.far is None or np.hypot(x, y) < what.near else what.far
        self.add(mesh, look, (x, y, z), turn, scale)
        if z < 1.6:
            self.block(x, y, what.half[0] * scale[0], what.half[1] * scale[1], turn)

    @staticmethod
    def before_lens(what: Piece, x: float, y: float) -> bool:
        """Whether a tall piece would stand so close to the camera that it hides nearly everything."""
        points = what.mesh.position
        reach = float(np.abs(points[:, :2]).max())
        return bool(points[:, 2].max() > TALL and np.hypot(x, y) < 1.5 + reach)

    def sit(self, what: Piece, x: float, y: float, turn: float = 0.0, z: float = 0.0) -> None:
        """Spots for the seats of a piece that was put there."""
        cos, sin = np.cos(turn), np.sin(turn)
        for seat in what.seats:
            spot = (x + cos * seat.x - sin * seat.y, y + sin * seat.x + cos * seat.y)
            self.spot(*spot, heading=turn + seat.heading, seat=z + seat.z)

    def add(self, mesh: Mesh, surfaces: Surfaces, at: Point, turn: float = 0.0, scale: Point = (1.0, 1.0, 1.0)) -> None:
        """Draw a mesh at a point of the plan, without keeping the floor under it free."""
        place = np.asarray(self._frame @ shapes.transform(at, turn, scale), np.float32)
        self.things.append(Instance(mesh, place, surfaces))

    def block(self, x: float, y: float, half_x: float, half_y: float, turn: float = 0.0) -> None:
        """Nobody stands in this rectangle."""
        self._taken.append((x, y, half_x, half_y, turn))

    def spot(self, x: float, y: float, heading: float | None = None, seat: float | None = None) -> None:
        """Somebody may be here, at a point of the plan; with `seat` sitting at that height."""
        world = self._frame @ np.array([x, y, 0.0, 1.0])
        turned = None if heading is None else float(heading - self.aim)
        self.spots.append(Spot(float(world[0]), float(world[1]), turned, seat is not None, seat or 0.0))

    def plan_of(self, world: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points of the plan (n, 2) for points before the camera (n, 2)."""
        cos, sin = np.cos(self.aim), np.sin(self.aim)
        from_foot = world + np.array([0.0, self._ahead])
        return np.asarray(from_foot @ np.array([[cos, sin], [-sin, cos]]), np.float64)

    def free(self, points: NDArray[np.float64], margin: float = BODY) -> NDArray[np.bool_]:
        """Which points of the plan (n, 2) are walkable and not taken."""
        inside = np.zeros(len(points), bool)
        for x0, y0, x1, y1 in self.walkable:
            inside |= (points > (x0, y0)).all(axis=1) & (points < (x1, y1)).all(axis=1)
        if not self._taken:
            return inside
        taken = np.asarray(self._taken)
        cos, sin = np.cos(taken[:, 4]), np.sin(taken[:, 4])
        offset = points[:, None] - taken[None, :, :2]
        along = np.abs(offset[..., 0] * cos + offset[..., 1] * sin) < taken[:, 2] + margin
        across = np.abs(offset[..., 1] * cos - offset[..., 0] * sin) < taken[:, 3] + margin
        return np.asarray(inside & ~(along & across).any(axis=1), np.bool_)
