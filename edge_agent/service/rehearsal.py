"""Simulated devices that send through the device's own outbox and uplink: a rehearsal of the real thing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path
from threading import Event
from typing import Final

from edge_agent.clock import Clock, SystemClock
from edge_agent.config.schema import BrokerConfig
from edge_agent.fleet.settings import Broker
from edge_agent.fleet.simulate import Sealed, Shop, sealed
from edge_agent.fleet.simulate.birth import birth, ledger
from edge_agent.message import base_topic
from edge_agent.outbox import Draft, Outbox
from edge_agent.service.threads import Supervised
from edge_agent.uplink import Uplink

_PER_S: Final = 1000.0
_MAX_MB: Final = 512.0
_LEAVE_S: Final = 10.0
_LOOK_S: Final = 0.05


def send_through_outbox(
    broker: Broker,
    shops: Sequence[Shop],
    first: date,
    last: date,
    folder: Path,
    *,
    confirmed: bool,
    progress: Callable[[int, int], None] = lambda _stored, _acknowledged: None,
) -> int:
    """Store the messages of each shop in an outbox of its own, send them, and return how many.

    Args:
        broker: where to.
        shops: whose; each has a thread.
        first: local day.
        last: local day; it is included.
        folder: where the outboxes are.
        confirmed: wait until the fleet's watermark has emptied them, not only for the broker's acknowledgement.
        progress: called with the numbers of messages stored and acknowledged so far.

    Raises:
        GiveUp: an uplink fails again and again.
    """
    clock, stored = SystemClock(), 0
    with ExitStack() as stack:
        devices = [stack.enter_context(_device(broker, shop, folder, clock)) for shop in shops]
        for place, shop in enumerate(shops):
            outbox, uplink, _ = devices[place]
            uplink.publish_kept("privacy", ledger(shop, last).payload())
            for _, messages in groupby(sealed(shop, first, last), key=lambda sent: sent.model.end):
                drafts = [_draft(sent) for sent in messages]
                outbox.append(drafts)
                stored += len(drafts)
                uplink.wake()
            progress(stored, sum(uplink.counters.acked for _, uplink, _ in devices))
        while left := sum(_left(outbox, confirmed=confirmed) for outbox, _, _ in devices):
            for _, _, thread in devices:
                thread.check()
            progress(stored, stored - left)
            time.sleep(_LOOK_S)
        progress(stored, stored)
    return stored


@contextmanager
def _device(broker: Broker, shop: Shop, folder: Path, clock: Clock) -> Iterator[tuple[Outbox, Uplink, Supervised]]:
    """An outbox and a running uplink, as a device has them."""
    with Outbox(folder / f"{shop.site}.sqlite", max_mb=_MAX_MB, clock=clock) as outbox:
        uplink = Uplink(
            broker=_settings(broker),
            outbox=outbox,
            base=base_topic(shop.tenant, shop.site, shop.device),
            client_id=f"simulated-{shop.site}",
            birth=lambda session: birth(shop, outbox.stats().epoch, session=session).payload(),
            will=lambda session: birth(shop, outbox.stats().epoch, session=session, status="offline").payload(),
            clock=clock,
        )
        stop = Event()
        thread = Supervised(f"uplink-{shop.site}", lambda: uplink.run(stop), clock)
        thread.start()
        try:
            yield outbox, uplink, thread
        finally:
            stop.set()
            uplink.wake()
            thread.join(_LEAVE_S)


def _settings(broker: Broker) -> BrokerConfig:
    """Return the fleet's broker as the device's settings say it."""
    same = broker.model_dump(exclude_none=True)
    return BrokerConfig.model_validate({**same, "drain_per_s": _PER_S})


def _draft(sent: Sealed) -> Draft:
    """Give a message to the outbox, which sets its key and its link to the one before."""

    def seal(epoch: str, seq: int, prev_hash: str) -> bytes:
        key = {"epoch": epoch, "seq": seq, "prev_hash": prev_hash}
        return sent.model.model_copy(update=key).payload()

    return sent.leaf, seal


def _left(outbox: Outbox, *, confirmed: bool) -> int:
    stats = outbox.stats()
    return stats.rows if confirmed else stats.unsent
