"""`edge-agent fleet`: the other side of the wire. Each command is a file here."""

import click

from edge_agent.commands.failure import Failure
from edge_agent.commands.lazy import LazyGroup


class _Fleet(LazyGroup):
    """The fleet's: a device has none of the packages that they need."""

    names = ("devices", "discover", "export", "ingest", "report", "serve", "simulate", "user")

    def load(self, name: str) -> click.Command:
        try:
            return _load(name)
        except ModuleNotFoundError as error:
            raise Failure(
                f"fleet: the package {error.name} is not installed; install with: pip install 'edge-agent[fleet]'"
            ) from None


def _load(name: str) -> click.Command:
    command: click.Command
    match name:
        case "devices":
            from edge_agent.commands.fleet.devices import devices as command  # noqa: PLC0415 - only when it is asked for
        case "discover":
            from edge_agent.commands.fleet.discover import discover as command  # noqa: PLC0415 - only when it is asked for
        case "export":
            from edge_agent.commands.fleet.export import export as command  # noqa: PLC0415 - only when it is asked for
        case "ingest":
            from edge_agent.commands.fleet.ingest import ingest as command  # noqa: PLC0415 - only when it is asked for
        case "report":
            from edge_agent.commands.fleet.report import report as command  # noqa: PLC0415 - only when it is asked for
        case "serve":
            from edge_agent.commands.fleet.serve import serve as command  # noqa: PLC0415 - only when it is asked for
        case "simulate":
            from edge_agent.commands.fleet.simulate import simulate as command  # noqa: PLC0415 - only when it is asked for
        case "user":
            from edge_agent.commands.fleet.user import user as command  # noqa: PLC0415 - only when it is asked for
        case _:
            raise AssertionError(name)
    return command


@click.group(cls=_Fleet)
def fleet() -> None:
    """Store, sum up and show what the devices publish."""
