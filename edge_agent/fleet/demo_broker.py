"""A broker for the demo where no Mosquitto is: `python -m edge_agent.fleet.demo_broker [PORT]`. For nothing else.

It speaks MQTT 3.1.1 only, keeps nothing on a disk, and lets everybody on this machine in. Prints its address, and ends
with SIGTERM or Ctrl-C.
"""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from amqtt.broker import Broker  # type: ignore[import-untyped] # it has no types

_HOST: Final = "127.0.0.1"


@asynccontextmanager
async def running(port: int = 0) -> AsyncIterator[int]:
    """Run the broker within the block.

    Args:
        port: where to listen on the loopback; 0: any that is free.

    Yields:
        The port.
    """
    chosen = port or _free_port()
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{_HOST}:{chosen}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    await broker.start()
    try:
        yield chosen
    finally:
        await broker.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(port) as chosen:
        sys.stdout.write(f"mqtt://{_HOST}:{chosen}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
