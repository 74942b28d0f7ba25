"""A process that fills an outbox until it is killed: `outbox_driver.py FILE [CRASH_POINT NTH]`.

It closes bucket after bucket. Each is two messages and the checkpoint that says which bucket is open now, and its
number is printed once `append` has returned. With a crash point the process kills itself there, the NTH time.
"""

import os
import signal
import sys
from collections import Counter
from pathlib import Path

from support.chain import draft

from edge_agent.clock import SystemClock
from edge_agent.outbox import Outbox


def main() -> None:
    """Run until killed."""
    path = Path(sys.argv[1])
    point, nth = (sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else ("", 0)
    passed: Counter[str] = Counter()

    def at(name: str) -> None:
        passed[name] += 1
        if name == point and passed[name] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    outbox = Outbox(path, max_mb=64, clock=SystemClock(), at=at)
    bucket = int(outbox.checkpoints().get("camera", b"1"))
    while True:
        drafts = [draft(2 * bucket - 1), draft(2 * bucket, leaf="hours")]
        outbox.append(drafts, checkpoint=("camera", str(bucket + 1).encode()))
        sys.stdout.write(f"{bucket}\n")
        sys.stdout.flush()
        bucket += 1
        outbox.save_checkpoint("camera", str(bucket).encode())


if __name__ == "__main__":
    main()
