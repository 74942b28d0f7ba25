"""`edge-agent verify-anon`: whether captured traffic is within the contract."""

import json
from pathlib import Path

import click

from edge_agent.commands.failure import Misuse
from edge_agent.verify_anon import examine


@click.command("verify-anon")
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
@click.option("--all", "show_all", is_flag=True, help="List the messages that are within the contract, too.")
def verify_anon(files: tuple[Path, ...], *, as_json: bool, show_all: bool) -> None:
    """Say for each message in captured traffic whether it is within the contract, and why not.

    FILE is what `mosquitto_sub -v -t '#'` or `mosquitto_sub -F %j -t '#'` printed, or a pcap or pcapng file of MQTT
    without TLS, such as `tcpdump -i any -s 0 -w FILE port 1883` writes. What several files hold counts as one capture.

    Exit status: 0 all messages are within the contract, 1 something is not or cannot be read, 2 wrong usage.
    """
    try:
        report = examine(list(files), keep_good=show_all)
    except OSError as error:
        raise Misuse(f"{error.filename}: {error.strerror or error}") from None
    if as_json:
        click.echo(json.dumps(report.plain(), indent=2))
    else:
        for line in report.lines():
            click.echo(line)
        for line in report.summary():
            click.echo(line)
    if not report.ok:
        raise click.exceptions.Exit(1)
