"""How long the networks take, in one interleaved run on one thread.

They take turns (A B C, C B A, …) on the same pictures, so that heat and other programs hit all of them alike; what
counts is the ratio within a round, and CPU time of the thread, which leaves out the time that others had the processor.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from edge_agent.detector.session import Detector
from edge_agent.detector.verdict import Ratio, ratio_of
from edge_agent.records import Image
from training.evaluation.networks import Network

_RUNS_PER_TURN: Final = 5
_FEWEST_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Speed:
    """CPU time per picture on one thread, and times as long as the reference network.

    Attributes:
        detect_ms: median of the whole `detect`: resize, network, decoding, suppression.
        network_ms: median inside ONNX Runtime.
        detect_ratio: to the reference network's, median over rounds with its 95 % interval.
        network_ratio: the same inside ONNX Runtime.
    """

    detect_ms: float
    network_ms: float
    detect_ratio: Ratio
    network_ratio: Ratio


@dataclass(slots=True)
class _Runner:
    """A network as the agent would load it, and its times per picture by round."""

    detector: Detector
    detect_s: list[float] = field(default_factory=list)
    network_s: list[float] = field(default_factory=list)

    def turn(self, pictures: Sequence[Image]) -> None:
        self.detector.detect(pictures[0])  # not timed: another network has just had the caches
        whole, inside = [], []
        for picture in pictures:
            before, before_inside = time.thread_time(), self.detector.model_cpu_s
            self.detector.detect(picture)
            whole.append(time.thread_time() - before)
            inside.append(self.detector.model_cpu_s - before_inside)
        self.detect_s.append(median(whole))
        self.network_s.append(median(inside))


def speeds(
    networks: Sequence[Network],
    reference: Network,
    pictures: Sequence[Image],
    *,
    seconds: float,
    progress: Callable[[], None] = lambda: None,
) -> dict[str, Speed]:
    """Measure networks against the reference network.

    Args:
        networks: to be measured; `reference` is measured whether it is among them or not.
        reference: the unit.
        pictures: what they look at; at least one.
        seconds: how long to measure; never less than _FEWEST_ROUNDS rounds.
        progress: called after each round.

    Returns:
        by the networks' labels.
    """
    all_of_them = {network.label: network for network in (*networks, reference)}
    runners = {label: _Runner(_as_shipped(network)) for label, network in all_of_them.items()}
    started, rounds = time.monotonic(), 0
    while rounds < _FEWEST_ROUNDS or time.monotonic() - started < seconds:
        first = rounds * _RUNS_PER_TURN
        shown = [pictures[index % len(pictures)] for index in range(first, first + _RUNS_PER_TURN)]
        in_turn = list(runners.values())
        for runner in in_turn if rounds % 2 == 0 else reversed(in_turn):
            runner.turn(shown)
        rounds += 1
        progress()
    unit = runners[reference.label]
    return {
        label: Speed(
            detect_ms=median(runner.detect_s) * 1e3,
            network_ms=median(runner.network_s) * 1e3,
            detect_ratio=ratio_of(runner.detect_s, unit.detect_s),
            network_ratio=ratio_of(runner.network_s, unit.network_s),
        )
        for label, runner in runners.items()
    }


def _as_shipped(network: Network) -> Detector:
    """The same file with the card's own thresholds: those of the other measures let many more boxes through."""
    detector = Detector(network.bundle, precision=network.precision.value, classes_wanted=["person"])
    detector.warm_up()
    return detector
