"""A process that counts, stores and sends until it is killed: `uplink_driver.py FILE URL BUCKETS [CRASH_POINT NTH]`.

It closes BUCKETS buckets in all, over all its lives, sends them, and ends by itself once the fleet has confirmed each.
With a crash point it kills itself there, the NTH time.
"""

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

from support.broker import until
from support.chain import draft
from support.uplink_rig import BASE, state

from edge_agent.clock import SystemClock
from edge_agent.config.schema import BrokerConfig
from edge_agent.outbox import Outbox
from edge_agent.uplink import Uplink


def main() -> None:
    """Run until everything is confirmed, or killed."""
    path, url, buckets = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    point, nth = (sys.argv[4], int(sys.argv[5])) if len(sys.argv) > 4 else ("", 0)
    passed: Counter[str] = Counter()

    def at(name: str) -> None:
        passed[name] += 1
        if name == point and passed[name] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    outbox = Outbox(path, max_mb=64, clock=SystemClock(), at=at)
    uplink = Uplink(
        broker=BrokerConfig.model_validate({"url": url, "drain_per_s": 1000}),
        outbox=outbox,
        base=BASE,
        client_id="door-1",
        birth=lambda session: state("online", session),
        will=lambda session: state("offline", session),
        clock=SystemClock(),
        resend_after_s=1.0,
        at=at,
    )
    stop = threading.Event()
    thread = threading.Thread(target=uplink.run, args=(stop,))
    thread.start()
    bucket = int(outbox.checkpoints().get("camera", b"1"))
    while bucket <= buckets:
        drafts = [draft(2 * bucket - 1), draft(2 * bucket, leaf="hours")]
        bucket += 1
        outbox.append(drafts, checkpoint=("camera", str(bucket).encode()))
        uplink.wake()
    until(lambda: outbox.stats().rows == 0)
    stop.set()
    uplink.wake()
    thread.join()
    outbox.close()


if __name__ == "__main__":
    main()
