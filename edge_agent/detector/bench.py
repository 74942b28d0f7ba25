"""Measure the files of a bundle on this device, side by side, and say which one to use.

The files take turns (A B, B A, A B …), so that heat, other programs and a changing clock rate hit all of them alike;
what is compared is the ratio within a round. A turn is several runs in a row, of which the first is not timed: on a
device one network has the caches to itself, and here another one has just had them.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

import numpy as np
import onnxruntime

from edge_agent.detector.bundle import Bundle
from edge_agent.detector.card import Precision
from edge_agent.detector.choice import processor_name
from edge_agent.detector.network import ProviderName
from edge_agent.detector.peak import peak_memory_mb
from edge_agent.detector.session import Detector
from edge_agent.detector.verdict import Agreement, Ratio, Verdict, agreement_of, judge, ratio_of, stated_difference
from edge_agent.records import Image

_RUNS_PER_TURN: Final = 5
_FEWEST_ROUNDS: Final = 6  # with less there is no 95 % interval of a median
_BUSY_BELOW: Final = 0.9  # CPU time over elapsed time of one thread
_DRIFT_ABOVE: Final = 1.1  # the last third of the rounds over the first


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file needs; times are of the whole `detect`: resize, network, decoding.

    Attributes:
        bundle: name on the card; the folder where two bundles of one name are compared.
        precision: of the file.
        sha256: of the file.
        runs: how many were timed.
        p50_ms: median elapsed time per picture.
        p95_ms: 95th percentile.
        cpu_ms: mean CPU time per picture, all threads.
        network_cpu_ms: the part of it inside ONNX Runtime.
        peak_memory_mb: of this process while no other file was loaded, interpreter and libraries included; None where
            the system does not tell.
    """

    bundle: str
    precision: Precision
    sha256: str
    runs: int
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    network_cpu_ms: float
    peak_memory_mb: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many times as long `file` takes as `base`."""

    file: str
    base: str
    ratio: Ratio


@dataclass(frozen=True, slots=True)
class Report:
    """The whole measurement.

    Attributes:
        processor: as the kernel names it.
        onnxruntime: its version.
        threads: of one inference.
        provider: that ran.
        compared: what the ratios are made of, 'CPU time' or 'elapsed time'.
        pictures: how many different ones were shown.
        rounds: how often the turns went round.
        files: the bundle's files, then those of the one it was held against.
        comparisons: between the bundle's files, and of each with each of the other bundle's.
        agreement: of int8 with fp32; None unless the bundle has both.
        verdict: which file to use.
        notes: what makes the figures less trustworthy.
    """

    processor: str
    onnxruntime: str
    threads: int
    provider: str
    compared: str
    pictures: int
    rounds: int
    files: tuple[FileResult, ...]
    comparisons: tuple[Comparison, ...]
    agreement: Agreement | None
    verdict: Verdict
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file to be measured, and how it is to run."""

    name: str
    bundle: Bundle
    precision: Precision
    provider: ProviderName
    threads: int

    def load(self) -> Detector:
        return Detector(self.bundle, precision=self.precision.value, provider=self.provider, threads=self.threads)

    def glance(self, pictures: Sequence[Image]) -> None:
        """Load it, look at a few pictures, and let it go."""
        detector = self.load()
        for picture in pictures[:_RUNS_PER_TURN]:
            detector.detect(picture)


class _Runner:
    """One file, loaded, and its times so far."""

    def __init__(self, candidate: _Candidate, peak_mb: float | None) -> None:
        self.candidate = candidate
        self.precision = candidate.precision
        self.label = f"{candidate.name} {candidate.precision}"
        self.peak_mb = peak_mb
        self.detector = candidate.load()
        self.detector.warm_up()
        one_thread = _is_one_thread(candidate.threads, candidate.provider)
        self.basis = time.thread_time if one_thread else time.perf_counter
        self.elapsed_s: list[float] = []
        self.turns_s: list[float] = []
        self.cpu_s = 0.0
        self.network_cpu_s = 0.0

    def turn(self, pictures: Sequence[Image]) -> None:
        """One untimed run, then the timed ones."""
        self.detector.detect(pictures[0])
        before, network_before = time.process_time(), self.detector.model_cpu_s
        compared = []
        for picture in pictures:
            started, started_basis = time.perf_counter(), self.basis()
            self.detector.detect(picture)
            compared.append(self.basis() - started_basis)
            self.elapsed_s.append(time.perf_counter() - started)
        self.cpu_s += time.process_time() - before
        self.network_cpu_s += self.detector.model_cpu_s - network_before
        self.turns_s.append(median(compared))

    def result(self) -> FileResult:
        runs = len(self.elapsed_s)
        p50, p95 = (float(value) * 1e3 for value in np.percentile(self.elapsed_s, (50, 95)))
        return FileResult(
            bundle=self.candidate.name,
            precision=self.precision,
            sha256=self.detector.model_sha256,
            runs=runs,
            p50_ms=p50,
            p95_ms=p95,
            cpu_ms=self.cpu_s / runs * 1e3,
            network_cpu_ms=self.network_cpu_s / runs * 1e3,
            peak_memory_mb=self.peak_mb,
        )


def bench(
    bundle: Bundle,
    pictures: Sequence[Image],
    *,
    against: Bundle | None = None,
    threads: int = 1,
    provider: ProviderName = "cpu",
    seconds: float = 10.0,
    progress: Callable[[float], None] = lambda _share: None,
) -> Report:
    """Measure every file of a bundle, and of a second one if there is one, in one interleaved run.

    Args:
        bundle: the verdict is about its files.
        pictures: what the networks look at, in turn; at least one.
        against: a bundle to compare speed with.
        threads: threads of one inference.
        provider: must be able to run all files.
        seconds: how long to measure; a slow device takes longer, for `_FEWEST_ROUNDS` rounds.
        progress: told the share of the work that is done, 0 to 1.

    Raises:
        DetectorError: a file does not run here.
    """
    bundles = (bundle,) if against is None else (bundle, against)
    twins = against is not None and against.card.name == bundle.card.name
    candidates = [
        _Candidate(str(each.folder) if twins else each.card.name, each, precision, provider, threads)
        for each in bundles
        for precision in each.precisions
    ]
    peaks = _peaks(candidates, pictures)
    runners = [_Runner(candidate, peak) for candidate, peak in zip(candidates, peaks, strict=True)]
    own = runners[: len(bundle.precisions)]
    rounds = _take_turns(runners, pictures, seconds, progress)
    agreement = _agreement(own, pictures)
    return Report(
        processor=processor_name(),
        onnxruntime=onnxruntime.__version__,
        threads=threads,
        provider=provider,
        compared="CPU time" if _is_one_thread(threads, provider) else "elapsed time",
        pictures=len(pictures),
        rounds=rounds,
        files=tuple(runner.result() for runner in runners),
        comparisons=_comparisons(own, runners[len(own) :]),
        agreement=agreement,
        verdict=_verdict(own, agreement, stated_difference(bundle.card.measured)),
        notes=tuple(_notes(runners, threads)),
    )


def _is_one_thread(threads: int, provider: ProviderName) -> bool:
    """Whether a run costs this thread's CPU time and nothing else.

    Then that is what is compared: it leaves out the time in which other programs had the processor.
    """
    return threads == 1 and provider == "cpu"


def _peaks(candidates: Sequence[_Candidate], pictures: Sequence[Image]) -> list[float | None]:
    """Each file's peak memory, one after the other, before any of them is loaded to stay."""
    candidates[0].glance(pictures)  # what the runtime sets up once is nobody's
    return [peak_memory_mb(partial(candidate.glance, pictures)) for candidate in candidates]


def _take_turns(
    runners: Sequence[_Runner], pictures: Sequence[Image], seconds: float, progress: Callable[[float], None]
) -> int:
    """Go round until time is up, every second round backwards; returns the number of rounds."""
    started = time.monotonic()
    rounds = 0
    while rounds < _FEWEST_ROUNDS or time.monotonic() - started < seconds:
        first = rounds * _RUNS_PER_TURN
        shown = [pictures[index % len(pictures)] for index in range(first, first + _RUNS_PER_TURN)]
        for runner in runners if rounds % 2 == 0 else reversed(runners):
            runner.turn(shown)
        rounds += 1
        progress(min(rounds / _FEWEST_ROUNDS, (time.monotonic() - started) / seconds, 1.0))
    return rounds


def _of(runners: Sequence[_Runner], precision: Precision) -> _Runner | None:
    return next((runner for runner in runners if runner.precision is precision), None)


def _agreement(own: Sequence[_Runner], pictures: Sequence[Image]) -> Agreement | None:
    fp32, int8 = _of(own, Precision.FP32), _of(own, Precision.INT8)
    if fp32 is None or int8 is None:
        return None
    seen, seen_by_int8 = ([runner.detector.detect(picture) for picture in pictures] for runner in (fp32, int8))
    return agreement_of(seen, seen_by_int8, fp32.detector.threshold)


def _verdict(own: Sequence[_Runner], agreement: Agreement | None, stated: float | None) -> Verdict:
    fp32, int8 = _of(own, Precision.FP32), _of(own, Precision.INT8)
    if fp32 is None or int8 is None or agreement is None:
        only = own[0].precision
        return Verdict(only, f"{only}: the bundle has no other file.")
    return judge(ratio_of(int8.turns_s, fp32.turns_s), agreement, stated)


def _comparisons(own: Sequence[_Runner], others: Sequence[_Runner]) -> tuple[Comparison, ...]:
    """int8 over fp32 within the bundle, then each of its files over each of the other bundle's."""
    fp32, int8 = _of(own, Precision.FP32), _of(own, Precision.INT8)
    pairs = [(int8, fp32)] if fp32 is not None and int8 is not None else []
    pairs += [(mine, theirs) for mine in own for theirs in others]
    return tuple(Comparison(a.label, b.label, ratio_of(a.turns_s, b.turns_s)) for a, b in pairs)


def _notes(runners: Sequence[_Runner], threads: int) -> list[str]:
    """What a reader must know before trusting the figures."""
    notes = []
    elapsed = sum(sum(runner.elapsed_s) for runner in runners)
    share = sum(runner.cpu_s for runner in runners) / elapsed
    if threads == 1 and share < _BUSY_BELOW:
        notes.append(
            f"only {share:.0%} of the time was spent on a processor: other programs ran too, the times are too long"
        )
    if threads > len(os.sched_getaffinity(0)):
        notes.append(f"{threads} threads on {len(os.sched_getaffinity(0))} processors: fewer threads may be faster")
    drift = median(median(late) / median(early) for early, late in map(_thirds, runners))
    if drift > _DRIFT_ABOVE:
        notes.append(f"the device became {drift - 1.0:.0%} slower while measuring: heat? Measure longer with --seconds")
    return notes


def _thirds(runner: _Runner) -> tuple[list[float], list[float]]:
    third = len(runner.turns_s) // 3
    return runner.turns_s[:third], runner.turns_s[-third:]
