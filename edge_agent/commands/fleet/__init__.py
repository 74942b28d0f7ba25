"""`edge-agent fleet`: the other side of the wire. Each command is a file here."""

from typing import Final

import click

from edge_agent.commands.failure import Failure

_COMMANDS: Final = ("devices", "export", "ingest", "report", "serve", "simulate", "user")


class _Fleet(click.Group):
    """Loads a command when it is asked for: a device has none of the packages that they need."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        if cmd_name not in _COMMANDS:
            return None
        try:
            return _load(cmd_name)
        except ModuleNotFoundError as error:
            raise Failure(
                f"fleet: the package {error.name} is not installed; install with: pip install 'edge-agent[fleet]'"
            ) from None


def _load(name: str) -> click.Command:
    match name:
        case "ingest":
            from edge_agent.commands.fleet.ingest import ingest  # noqa: PLC0415 - loaded when it is asked for

            return ingest
        case "devices":
            from edge_agent.commands.fleet.devices import devices  # noqa: PLC0415

            return devices
        case _:
            raise AssertionError(name)


@click.group(cls=_Fleet)
def fleet() -> None:
    """Store, sum up and show what the devices publish."""
