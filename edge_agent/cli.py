"""`edge-agent`: the command line. Each command is a file in `commands/`; this one mounts them."""

import click

from edge_agent import __version__
from edge_agent.commands.failure import Failure
from edge_agent.commands.lazy import LazyGroup
from edge_agent.memory import leave_no_core_file


class _Commands(LazyGroup):
    """The agent's: a report needs no camera."""

    names = (
        "run",
        "replay",
        "check",
        "bench",
        "models",
        "describe",
        "verify-anon",
        "compliance",
        "fleet",
        "version",
    )

    def load(self, name: str) -> click.Command:
        return _load(name)

    def invoke(self, ctx: click.Context) -> object:
        """Say in one line that the output cannot be written, to a full disk for example; `| head` stays quiet."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click ends on it without a word
        except OSError as error:
            if error.filename is not None:
                raise  # not the output: a command forgot to tell it
            raise Failure(f"the output cannot be written: {error.strerror or error}") from None


def _load(name: str) -> click.Command:  # noqa: C901 - a case for each command
    command: click.Command
    match name:
        case "bench":
            from edge_agent.commands.bench import bench as command  # noqa: PLC0415 - only when it is asked for
        case "check":
            from edge_agent.commands.check import check as command  # noqa: PLC0415 - only when it is asked for
        case "compliance":
            from edge_agent.commands.compliance import compliance as command  # noqa: PLC0415 - only when it is asked for
        case "describe":
            from edge_agent.commands.describe_faces import describe as command  # noqa: PLC0415 - only when it is asked for
        case "fleet":
            from edge_agent.commands.fleet import fleet as command  # noqa: PLC0415 - only when it is asked for
        case "models":
            from edge_agent.commands.models import models as command  # noqa: PLC0415 - only when it is asked for
        case "replay":
            from edge_agent.commands.replay import replay as command  # noqa: PLC0415 - only when it is asked for
        case "run":
            from edge_agent.commands.run import run as command  # noqa: PLC0415 - only when it is asked for
        case "verify-anon":
            from edge_agent.commands.verify_anon import verify_anon as command  # noqa: PLC0415 - only when it is asked for
        case "version":
            from edge_agent.commands.version import version as command  # noqa: PLC0415 - only when it is asked for
        case _:
            raise AssertionError(name)
    return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edge-agent")
def main() -> None:
    """Count people where the camera is; publish anonymous numbers over MQTT."""
    leave_no_core_file()
