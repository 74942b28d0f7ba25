"""How many messages a second the ingest commits: simulated devices with a backlog, all at once, through a real broker.

    python benchmarks/ingest.py --devices 1000 --days 1 --workers 2

Starts Mosquitto, PostgreSQL and the workers on this machine, sends every device's backlog at once, waits until each
device has been told that all of it is safe, and compares what is stored with what was sent. The devices, the broker,
the database and the workers share the machine's cores, so the figure is far below what the ingest does by itself.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import psutil
from sqlalchemy import func, select
from support.broker import Broker, free_port, until
from support.postgres import Postgres
from support.storm import Load, Storm

from edge_agent.fleet.simulate import sealed, shops
from edge_agent.fleet.store import open_store
from edge_agent.fleet.store.tables import messages

FIRST: Final = date(2026, 11, 3)


def loads(devices: int, days: int) -> list[Load]:
    """What the devices have to send."""
    result = []
    for shop in shops(devices, seed=1):
        found = list(sealed(shop, FIRST, FIRST + timedelta(days=days - 1)))
        if found:
            epoch = found[-1].model.epoch
            rows = [(each.model.seq, each.leaf, each.payload) for each in found if each.model.epoch == epoch]
            result.append(Load(found[0].topic.rpartition("/")[0], epoch, rows))
    return result


def broker_config(port: int) -> str:
    """Limits that lose nothing while a worker is slow (FACTS R1)."""
    return f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"


def main() -> None:
    """Run it, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sqlite", action="store_true", help="SQLite instead of PostgreSQL, with one worker.")
    chosen = parser.parse_args()
    todo = loads(chosen.devices, chosen.days)
    total = sum(len(load.messages) for load in todo)
    print(f"{len(todo)} devices, {total} messages", file=sys.stderr)
    port = free_port()
    with (
        TemporaryDirectory() as name,
        Broker(Path(name), broker_config(port), port=port) as broker,
        Postgres() as server,
    ):
        url = f"sqlite:///{name}/fleet.db" if chosen.sqlite else server.url
        command = [sys.executable, "-m", "edge_agent", "fleet", "ingest", "--database", url, "--broker", broker.url]
        log = Path(name, "workers.log")
        workers = []
        try:
            with log.open("wb") as file:
                for number in range(chosen.workers):
                    options = ["--worker", str(number), "--admit", "*/*/*"]
                    workers.append(subprocess.Popen([*command, *options], stderr=file))
            until(lambda: log.read_text().count("connected") == chosen.workers, patience_s=60)
            time.sleep(1)
            figures = measure(url, broker.port, todo, [worker.pid for worker in workers])
            print(json.dumps(figures | {"load_average": os.getloadavg()[0], "cores": os.cpu_count()}, indent=2))
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(10)


def cpu_s(workers: list[int]) -> dict[str, float]:
    """CPU time so far of the workers, the broker, the database, and the devices, which are this process."""
    used = {"workers": 0.0, "mosquitto": 0.0, "postgres": 0.0, "devices": 0.0}
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        times = process.cpu_times()
        name = process.name()
        who = "workers" if process.pid in workers else name if name in used else "devices"
        used[who] += times.user + times.system
    return used


def measure(url: str, port: int, todo: list[Load], workers: list[int]) -> dict[str, object]:
    """Send it all, and follow what is committed."""
    total = sum(len(load.messages) for load in todo)
    storm = Storm(port, todo, resend_s=60)
    thread = threading.Thread(target=storm.run)
    begun_s, used_s = time.monotonic(), cpu_s(workers)
    thread.start()
    engine = open_store(url)
    stored, stored_s = 0, begun_s
    with engine.connect() as connection:
        while thread.is_alive():
            time.sleep(0.5)
            now = connection.scalar(select(func.count()).select_from(messages)) or 0
            connection.rollback()
            if now != stored:
                stored, stored_s = now, time.monotonic()
        thread.join()
        safe_s = time.monotonic() - begun_s
        spent_s = {who: after_s - used_s[who] for who, after_s in cpu_s(workers).items()}
        kept = {row[0] for row in connection.execute(select(messages.c.payload))}
    engine.dispose()
    sent = {payload.decode() for load in todo for _, _, payload in load.messages}
    if kept != sent:
        raise SystemExit(f"{len(sent - kept)} are missing, {len(kept - sent)} were never sent")
    return {
        "messages": total,
        "committed_per_s": round(total / (stored_s - begun_s)),
        "all_confirmed_after_s": round(safe_s, 1),
        "published": storm.published,
        "cpu_us_per_message": {who: round(each_s / total * 1e6) for who, each_s in spent_s.items()},
        "cpu_us_per_message_in_all": round(sum(spent_s.values()) / total * 1e6),
    }


if __name__ == "__main__":
    main()
