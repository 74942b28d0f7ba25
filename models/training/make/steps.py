"""Commands one after the other, each done once: what was finished is skipped when the same is asked for again.

A step is a module of the training, run as a program of its own. When it has ended well, a small file says with which
arguments; the next start skips it if these are the same and its results are there. A step that was cut off is started
again and goes on by itself from what it has on the disk. Before a step runs, those after it count as not done.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.detector.install import write_durably
from training.evaluation.evaluate import REPOSITORY
from training.make.progress import Say

_PATIENCE_S: Final = 120.0  # for a step that was asked to end: it may be writing a shard or a checkpoint
# glibc gives large tensors back to the kernel and fetches them again at each step unless told otherwise: 15 % of it.
_KEEP_MEMORY: Final = ":".join(
    ["glibc.malloc.hugetlb=1", f"glibc.malloc.mmap_threshold={2**32}", f"glibc.malloc.trim_threshold={2**33}"]
)
_PR_SET_PDEATHSIG: Final = 1  # of Linux' prctl


class StepError(Exception):
    """A step failed; one line."""


class StoppedError(Exception):
    """Somebody asked the whole to stop; the step that ran has put what it had on the disk."""


@dataclass(frozen=True, slots=True)
class Step:
    """One program.

    Attributes:
        name: of the step, and of the file that says that it is done.
        says: in a few words what it does.
        module: of the training, to be run with -m.
        arguments: for it; other arguments are another step.
        results: files or folders that are there when it is done.
        goes_on: a file that says, where it is there, that the step was begun: `resume` is then added.
        resume: arguments that make it go on.
    """

    name: str
    says: str
    module: str
    arguments: tuple[str, ...]
    results: tuple[Path, ...]
    goes_on: Path | None = None
    resume: tuple[str, ...] = ()

    def command(self) -> list[str]:
        """The program and its arguments."""
        begun = self.goes_on is not None and self.goes_on.exists()
        return [sys.executable, "-m", self.module, *self.arguments, *(self.resume if begun else ())]


def run_steps(steps: Sequence[Step], work: Path, say: Say) -> int:
    """Run those that are not done; their number.

    Args:
        steps: in order.
        work: folder that keeps what is done, in done/.
        say: told what begins.

    Raises:
        StepError: one of them failed.
        StoppedError: SIGINT or SIGTERM came.
    """
    done = work / "done"
    done.mkdir(parents=True, exist_ok=True)
    with _alone(work, say) as lock:
        first = next((number for number, step in enumerate(steps) if not _is_done(done, step)), len(steps))
        for step in steps[first:]:
            _marker(done, step).unlink(missing_ok=True)
        for number, step in enumerate(steps):
            say(f"[{number + 1}/{len(steps)}] {step.says}" + ("" if number >= first else ": done before"))
            if number >= first:
                seconds = _run(step, lock)
                _finish(done, step, seconds)
    return len(steps) - first


def _marker(done: Path, step: Step) -> Path:
    return done / f"{step.name}.json"


def _is_done(done: Path, step: Step) -> bool:
    try:
        kept = json.loads(_marker(done, step).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    return kept["arguments"] == list(step.arguments) and all(path.exists() for path in step.results)


def _finish(done: Path, step: Step, seconds: float) -> None:
    missing = [path for path in step.results if not path.exists()]
    if missing:
        raise StepError(f"{step.name}: was ended early ({missing[0]} is not there); the same command goes on")
    kept = {"module": step.module, "arguments": step.arguments, "seconds": round(seconds, 1)}
    write_durably(_marker(done, step), (json.dumps(kept, indent=1) + "\n").encode())


@contextmanager
def _alone(work: Path, say: Say) -> Iterator[int]:
    """Hold the folder for this process and the step that it runs: an orphaned step is waited for."""
    with (work / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{work}: another command is at work there, or is just ending; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def _run(step: Step, lock: int) -> float:
    """Run one step to its end; how many seconds it took."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "models"), str(REPOSITORY), *_given_path()]),
        "PYTHONWARNINGS": "ignore",
        "GLIBC_TUNABLES": _KEEP_MEMORY,
    }
    started, parent = time.monotonic(), os.getpid()
    # A group of its own: Ctrl-C reaches only us, and we ask it to end as all steps understand it.
    with (
        _stop_on_signals(),
        subprocess.Popen(  # noqa: S603 - our own modules
            step.command(),
            env=environment,
            pass_fds=[lock],
            start_new_session=True,
            preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509 - this process has no other threads
        ) as process,
    ):
        try:
            code = process.wait()
        except KeyboardInterrupt:
            _end(process)
            raise StoppedError(f"stopped while {step.says}; the same command goes on") from None
    if code:
        raise StepError(f"{step.name}: ended with status {code}; the same command goes on once that is mended")
    return time.monotonic() - started


def _given_path() -> list[str]:
    return [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]


def _end_with(parent: int) -> None:
    """In the new process: be asked to end when the one that started it dies, even by SIGKILL."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE_S)
        return
    process.kill()


@contextmanager
def _stop_on_signals() -> Iterator[None]:
    """SIGTERM is as Ctrl-C; a shell's background job ignores Ctrl-C unless told."""
    both = (signal.SIGTERM, signal.SIGINT)
    before = {which: signal.signal(which, signal.default_int_handler) for which in both}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
