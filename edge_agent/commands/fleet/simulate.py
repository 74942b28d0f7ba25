"""`edge-agent fleet simulate`: shops that are not there, with a truth to compare reports with."""

import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from edge_agent.commands.failure import Failure, Misuse, told
from edge_agent.commands.fleet.options import opened, settings_of, settings_options
from edge_agent.fleet.broker import BrokerError
from edge_agent.fleet.settings import Broker
from edge_agent.fleet.simulate import Shop, fill, shops, truth
from edge_agent.fleet.simulate.publish import Fleet, Plan, Progress

_MOST_THROUGH_OUTBOX = 50
_FILES = 100
_FILES_PER_DEVICE = 4


@click.command()
@click.option("--devices", type=click.IntRange(1, 100_000), default=10, show_default=True, help="How many shops.")
@click.option("--days", type=click.IntRange(1, 3660), default=7, show_default=True, help="How many local days.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last of them; yesterday unless given.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same shops.")
@settings_options
@click.option("--backlog", is_flag=True, help="All devices send all they have at once, as after an outage.")
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), help="Messages a second over all devices, at most."
)
@click.option("--confirmed", is_flag=True, help="Go on until the fleet has confirmed every message by base/ack.")
@click.option(
    "--follow",
    is_flag=True,
    help="Send nothing of these days, but what comes after them, each message when it is due, until stopped: to go on "
    "from what --database filled with the same options.",
)
@click.option(
    "--through",
    type=click.Choice(["messages", "outbox"]),
    default="messages",
    show_default=True,
    help=f"The messages as they are, or the device's own outbox and uplink (at most {_MOST_THROUGH_OUTBOX} devices).",
)
@click.option("--payloads/--no-payloads", default=True, help="With --database: whether the messages are kept too.")
@click.option("--truth", "truth_file", type=click.Path(path_type=Path), help="Write what really was to this JSON file.")
def simulate(  # noqa: PLR0917 - as click calls it
    devices: int,
    days: int,
    until: datetime | None,
    seed: int,
    config: Path | None,
    database: str | None,
    broker: str | None,
    *,
    backlog: bool,
    follow: bool,
    rate: float | None,
    confirmed: bool,
    through: str,
    payloads: bool,
    truth_file: Path | None,
) -> None:
    """Publish what the devices of simulated shops would have sent, or with --database put it straight into a store.

    Opening hours, seasons, weather, outages, clock faults and lost messages are made up from the seed; what really was
    is known. In the order in which it was counted, unless --backlog is given. Ctrl-C ends it.
    """
    settings = settings_of(config, database, broker)
    last = until.date() if until else datetime.now(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    fleet = shops(devices, seed)
    if database is not None and (backlog or follow or rate or confirmed or through != "messages" or broker):
        raise Misuse("--database: no broker is asked; --broker, --backlog, --follow and the like do not fit")
    if follow and (backlog or through != "messages"):
        raise Misuse("--follow: each message goes out when it is due; --backlog and --through outbox do not fit")
    if truth_file is not None:
        _write_truth(truth_file, fleet, first, last)
    if database is not None:
        with opened(settings) as engine, _bar(len(fleet), "shops") as bar:
            fill(engine, fleet, first, last, payloads=payloads, done=lambda _: bar.update(1))
        return
    if through == "outbox":
        if devices > _MOST_THROUGH_OUTBOX:
            raise Misuse(f"--through outbox: at most {_MOST_THROUGH_OUTBOX} devices")
        _through_outbox(settings.broker, fleet, (first, last), confirmed=confirmed)
        return
    _publish(settings.broker, fleet, (first, last), Plan(backlog, rate, confirmed, follow))


def _allow_connections(devices: int) -> None:
    """Let this process have as many open files as that needs; a shell's usual limit is 1024.

    Raises:
        Failure: the system does not allow it.
    """
    needed = _FILES + _FILES_PER_DEVICE * devices
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if needed > hard != resource.RLIM_INFINITY:
        raise Failure(f"--devices {devices}: needs {needed} open files, and the system allows {hard}; see ulimit -Hn")
    if needed > soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _publish(broker: Broker, fleet: Sequence[Shop], span: tuple[date, date], plan: Plan) -> None:
    _allow_connections(len(fleet))
    sent = Progress(0, 0, 0)

    def show(now: Progress) -> None:
        nonlocal sent
        sent = now
        bar.update((now.confirmed if plan.confirmed else now.acknowledged) - bar.pos)

    expected = 1 if plan.follow else _expected(fleet, span)
    try:
        with _bar(expected, "making") as bar:
            devices = Fleet(broker, fleet, *span, plan=plan, prepared=lambda made: bar.update(made - bar.pos))
        with _bar(expected, "sending") as bar:
            sent = devices.run(show)
    except BrokerError as error:
        raise Failure(str(error)) from None
    except KeyboardInterrupt:
        if plan.follow:
            return
        raise Failure(f"stopped after {sent.acknowledged} messages") from None
    by_fleet = f", {sent.confirmed} confirmed by the fleet" if plan.confirmed else ""
    click.echo(f"{sent.acknowledged} messages acknowledged by the broker{by_fleet}")
    if sent.refused:
        raise Failure(f"{broker.url}: refused {sent.refused} messages; check its access list and its log")


def _through_outbox(broker: Broker, fleet: Sequence[Shop], span: tuple[date, date], *, confirmed: bool) -> None:
    from edge_agent.service.rehearsal import send_through_outbox  # noqa: PLC0415 - the whole device comes with it

    def show(stored: int, acknowledged: int) -> None:
        bar.length = max(1, 2 * stored)
        bar.update(stored + acknowledged - bar.pos)

    try:
        with _bar(2 * _expected(fleet, span), "sending") as bar, TemporaryDirectory() as folder:
            sent = send_through_outbox(broker, fleet, *span, Path(folder), confirmed=confirmed, progress=show)
    except KeyboardInterrupt:
        raise Failure("stopped before all was sent") from None
    click.echo(f"{sent} messages went through the outbox and were acknowledged")


def _expected(fleet: Sequence[Shop], span: tuple[date, date]) -> int:
    """About how many messages that makes: days of 24 hours, and nothing lost."""
    return 120 * ((span[1] - span[0]).days + 1) * sum(len(shop.cameras) for shop in fleet)


def _write_truth(path: Path, fleet: Sequence[Shop], first: date, last: date) -> None:
    """One shop a line, so that a large file can be read a piece at a time."""
    with told(), path.open("w", encoding="utf-8") as file:
        file.write(f'{{"first": "{first}", "last": "{last}", "shops": [\n')
        for place, shop in enumerate(fleet):
            names = {"tenant": shop.tenant, "site": shop.site, "device": shop.device, "tz": shop.tz}
            hours = [asdict(hour) for hour in truth(shop, first, last)]
            file.write(json.dumps({**names, "hours": hours}) + (",\n" if place + 1 < len(fleet) else "\n"))
        file.write("]}\n")


def _bar(length: int, label: str) -> Any:  # noqa: ANN401 - click's class has no public name
    return click.progressbar(length=length, label=label, file=sys.stderr, update_min_steps=max(1, length // 500))
