"""How a box moves: a Kalman filter with time in seconds.

Each of the four coordinates of a box (centre x, centre y, width, height) is a filter of its own with two states,
position and velocity. The 8x8 covariance of DeepSORT (Wojke et al. 2017) and ByteTrack (Zhang et al. 2022) never
couples coordinates either, so a 2x2 block each holds all of it. As there, noise is proportional to the box's height;
so x and y, which have the same noise, always have the same block, and so do width and height: two blocks a track.

Three departures from those papers, because a device sees 5 to 30 uneven frames a second:

- Noise is a density over time, integrated over the step, instead of an amount per frame. Two steps of 0.1 s
  predict exactly what one step of 0.2 s predicts.
- Velocity fades with a time constant instead of lasting for ever (an integrated Ornstein-Uhlenbeck process):
  nobody who is hidden walks straight on for two seconds, and a width that was shrinking must not pass zero.
  This also replaces ByteTrack's zeroing of the height's velocity in lost tracks.
- Width instead of aspect ratio (as BoT-SORT, Aharon et al. 2022), so that all four are pixels.

Plain floats, track by track: a frame of a shop has 0 to 8 people, and each of numpy's calls costs as much as a person
(some 5 µs where the network has just emptied the caches).
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

Box = tuple[float, float, float, float]
"""x1 y1 x2 y2 in pixels."""

# Tuned on the hand-annotated tracks that benchmarks/tracker.py names; switches of identity change little within
# half to double of each. Lengths are heights of the box: a person is 1.7 m tall and walks at 0.8 heights a second.
_CENTRE_FADES_S: Final = 1.5  # time constant of a walker's velocity
_SIZE_FADES_S: Final = 0.5  # sizes change because limbs move and boxes are cut off, which does not go on
_CENTRE_WANDER: Final = 1.0  # standard deviation of the velocity gained in one second
_SIZE_WANDER: Final = 0.5
_CENTRE_FIRST: Final = 1.0  # standard deviation of the velocity per second when seen once
_SIZE_FIRST: Final = 0.3
_CENTRE_NOISE: Final = 0.05  # standard deviation of a detected centre, 1/20 as in DeepSORT
_SIZE_NOISE: Final = 0.08

_MIN_PX: Final = 1.0


class _Step(NamedTuple):
    """What some seconds do to a coordinate: the exact solution of x' = v, v' = -v / fades + white noise.

    Attributes:
        reach: by how many velocities the position moves.
        kept: share of the velocity that is left.
        var_position: variance that the noise adds, in units of scale².
        covariance: likewise.
        var_velocity: likewise.
    """

    reach: float
    kept: float
    var_position: float
    covariance: float
    var_velocity: float


def _step(dt_s: float, fades_s: float, wander: float) -> _Step:
    """The step of `dt_s` where velocity fades in `fades_s` and the noise has the density wander² scale²."""
    u = dt_s / fades_s
    gone = -math.expm1(-u)
    reach = fades_s * gone
    density = wander * wander
    # The closed form of the position's variance cancels to nothing for small steps: its series takes over.
    spread = u**3 / 3 - u**4 / 4 + 7 * u**5 / 60 if u < 0.01 else u - 2 * gone - math.expm1(-2 * u) / 2
    return _Step(
        reach,
        1 - gone,
        density * fades_s**3 * spread,
        density * reach * reach / 2,
        density * fades_s * -math.expm1(-2 * u) / 2,
    )


@lru_cache(maxsize=32)
def _steps(dt_s: float) -> tuple[_Step, _Step]:
    return _step(dt_s, _CENTRE_FADES_S, _CENTRE_WANDER), _step(dt_s, _SIZE_FADES_S, _SIZE_WANDER)


@dataclass(slots=True)
class Twins:
    """Two coordinates with the same noise, and so with the same variances."""

    a: float
    b: float
    var_position: float
    var_velocity: float
    speed_a: float = 0.0
    speed_b: float = 0.0
    covariance: float = 0.0

    def predict(self, step: _Step, scale2: float) -> None:
        """Let time pass."""
        reach, kept, var_position, covariance, var_velocity = step
        self.a += reach * self.speed_a
        self.b += reach * self.speed_b
        self.speed_a *= kept
        self.speed_b *= kept
        moved = self.covariance + reach * self.var_velocity
        self.var_position += reach * (self.covariance + moved) + var_position * scale2
        self.covariance = kept * moved + covariance * scale2
        self.var_velocity = kept * kept * self.var_velocity + var_velocity * scale2

    def correct(self, a: float, b: float, noise: float) -> None:
        """Take a detection with the variance `noise`."""
        total = self.var_position + noise
        gain, gain_speed = self.var_position / total, self.covariance / total
        off_a, off_b = a - self.a, b - self.b
        self.a += gain * off_a
        self.b += gain * off_b
        self.speed_a += gain_speed * off_a
        self.speed_b += gain_speed * off_b
        self.var_velocity -= gain_speed * self.covariance
        self.var_position = gain * noise
        self.covariance = gain_speed * noise


class Motion:
    """The filter of one track.

    Attributes:
        centre: x and y.
        size: width and height.
        scale2: the square of the height in pixels when last seen, the unit of the noise.
    """

    __slots__ = ("centre", "scale2", "size")

    def __init__(self, box: Box) -> None:
        """Begin at a detection, at rest but with any velocity that a person may have."""
        x, y, width, height = measured(box)
        self.scale2 = scale2 = max(height, _MIN_PX) ** 2
        self.centre = Twins(x, y, scale2 * _CENTRE_NOISE**2, scale2 * _CENTRE_FIRST**2)
        self.size = Twins(width, height, scale2 * _SIZE_NOISE**2, scale2 * _SIZE_FIRST**2)

    def predict(self, dt_s: float) -> None:
        """Let `dt_s` >= 0 seconds pass."""
        centre, size = _steps(round(dt_s, 6))  # a file's equal steps differ in the last bits
        self.centre.predict(centre, self.scale2)
        self.size.predict(size, self.scale2)

    def correct(self, box: Box) -> None:
        """Take a detection."""
        x, y, width, height = measured(box)
        self.scale2 = scale2 = max(height, _MIN_PX) ** 2
        self.centre.correct(x, y, scale2 * _CENTRE_NOISE**2)
        self.size.correct(width, height, scale2 * _SIZE_NOISE**2)

    def box(self) -> Box:
        """The box at the estimated position, at least a pixel wide and high."""
        x, y = self.centre.a, self.centre.b
        half_width, half_height = max(self.size.a, _MIN_PX) * 0.5, max(self.size.b, _MIN_PX) * 0.5
        return x - half_width, y - half_height, x + half_width, y + half_height

    def uncertainty(self) -> float:
        """Variance in px² of where the next detection's centre will be, along either axis."""
        return self.centre.var_position + self.scale2 * _CENTRE_NOISE**2


def measured(box: Box) -> tuple[float, float, float, float]:
    """Centre x, centre y, width, height of a box."""
    x1, y1, x2, y2 = box
    return (x1 + x2) * 0.5, (y1 + y2) * 0.5, x2 - x1, y2 - y1
