"""How boxes move: a Kalman filter with time in seconds, vectorised over all tracks.

Each of the four coordinates of a box (centre x, centre y, width, height) is a filter of its own with two states,
position and velocity. The 8x8 covariance of DeepSORT (Wojke et al. 2017) and ByteTrack (Zhang et al. 2022) never
couples coordinates either, so four 2x2 blocks hold all of it. As there, noise is proportional to the box's height.

Three departures from those papers, because a device sees 5 to 30 uneven frames a second:

- Noise is a density over time, integrated over the step, instead of an amount per frame. Two steps of 0.1 s
  predict exactly what one step of 0.2 s predicts.
- Velocity fades with a time constant instead of lasting for ever (an integrated Ornstein-Uhlenbeck process):
  nobody who is hidden walks straight on for two seconds, and a width that was shrinking must not pass zero.
  This also replaces ByteTrack's zeroing of the height's velocity in lost tracks.
- Width instead of aspect ratio (as BoT-SORT, Aharon et al. 2022), so that all four are pixels.
"""

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

State = Floats
"""(4, n, 6): coordinate, track, and position, velocity, their variances and covariance (see below), scale².

The scale, the height in pixels when last seen, is the unit of the noise. Carrying its square along makes one time
step a linear map of the six numbers, variances included: one small matrix product moves all tracks.
"""

# Columns of the state.
_POSITION: Final = 0
_VELOCITY: Final = 1
_VAR_POSITION: Final = 2
_COVARIANCE: Final = 3
_VAR_VELOCITY: Final = 4
_SCALE2: Final = 5

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


def _by_coordinate(centre: float, size: float) -> Floats:
    return np.array(((centre,), (centre,), (size,), (size,)))


_NOISE: Final = _by_coordinate(_CENTRE_NOISE**2, _SIZE_NOISE**2)
_FIRST: Final = _by_coordinate(_CENTRE_FIRST**2, _SIZE_FIRST**2)


def _transition(dt_s: float, fades_s: float, wander: float) -> list[list[float]]:
    """The map of one coordinate's six numbers over `dt_s`, for `row @ map`.

    The exact solution of x' = v, v' = -v / fades + white noise of density wander² scale².
    """
    u = dt_s / fades_s
    gone = -math.expm1(-u)
    kept = 1 - gone
    reach = fades_s * gone
    density = wander * wander
    # The closed form of the position's variance cancels to nothing for small steps: its series takes over.
    spread = u**3 / 3 - u**4 / 4 + 7 * u**5 / 60 if u < 0.01 else u - 2 * gone - math.expm1(-2 * u) / 2
    return [
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [reach, kept, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 2 * reach, kept, 0.0, 0.0],
        [0.0, 0.0, reach * reach, reach * kept, kept * kept, 0.0],
        [
            0.0,
            0.0,
            density * fades_s**3 * spread,
            density * reach * reach / 2,
            density * fades_s * -math.expm1(-2 * u) / 2,
            1.0,
        ],
    ]


@lru_cache(maxsize=32)
def _transitions(dt_s: float) -> Floats:
    centre = _transition(dt_s, _CENTRE_FADES_S, _CENTRE_WANDER)
    size = _transition(dt_s, _SIZE_FADES_S, _SIZE_WANDER)
    return np.array((centre, size)).repeat(2, axis=0)


def measured(xyxy: NDArray[np.float32]) -> Floats:
    """Centre x, centre y, width, height (4, n) of boxes x1 y1 x2 y2 (n, 4)."""
    corners = xyxy.T.astype(np.float64)
    low, high = corners[:2], corners[2:]
    return np.concatenate(((low + high) * 0.5, high - low))


def born(position: Floats) -> State:
    """Filters that begin at `position` (4, n), at rest but with any velocity that a person may have."""
    scale2 = np.maximum(position[3], _MIN_PX) ** 2
    state = np.zeros((*position.shape, 6))
    state[..., _POSITION] = position
    state[..., _VAR_POSITION] = scale2 * _NOISE
    state[..., _VAR_VELOCITY] = scale2 * _FIRST
    state[..., _SCALE2] = scale2
    return state


def predicted(state: State, dt_s: float) -> State:
    """The state when `dt_s` >= 0 seconds have passed."""
    return state @ _transitions(round(dt_s, 6))  # a file's equal steps differ in the last bits


def corrected(state: State, position: Floats) -> State:
    """The state when a detection was found at `position` (4, n)."""
    scale2 = np.maximum(position[3], _MIN_PX) ** 2
    noise = scale2 * _NOISE
    total = state[..., _VAR_POSITION] + noise
    gain = state[..., _VAR_POSITION:_VAR_VELOCITY] / total[..., None]
    after = state.copy()
    after[..., :_VAR_POSITION] += gain * (position - state[..., _POSITION])[..., None]
    after[..., _VAR_POSITION:_VAR_VELOCITY] = gain * noise[..., None]
    after[..., _VAR_VELOCITY] -= gain[..., 1] * state[..., _COVARIANCE]
    after[..., _SCALE2] = scale2
    return after


def boxes(state: State) -> Floats:
    """Boxes x1 y1 x2 y2 (n, 4) at the estimated positions, at least a pixel wide and high."""
    position = state[..., _POSITION]
    half = np.maximum(position[2:], _MIN_PX) * 0.5
    return np.concatenate((position[:2] - half, position[:2] + half)).T


def uncertainty(state: State) -> Floats:
    """Variance (n,) in px² of where the next detection's centre will be, along either axis."""
    return np.asarray(state[0, :, _VAR_POSITION] + state[0, :, _SCALE2] * _CENTRE_NOISE**2)
