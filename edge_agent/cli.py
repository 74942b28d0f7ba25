"""`edge-agent`: the command line. Each command is a file in `commands/`; this one mounts them."""

import click

from edge_agent import __version__
from edge_agent.commands.bench import bench
from edge_agent.commands.check import check
from edge_agent.commands.compliance import compliance
from edge_agent.commands.describe_faces import describe
from edge_agent.commands.failure import Failure
from edge_agent.commands.fleet import fleet
from edge_agent.commands.models import models
from edge_agent.commands.replay import replay
from edge_agent.commands.run import run
from edge_agent.commands.verify_anon import verify_anon
from edge_agent.commands.version import version
from edge_agent.memory import leave_no_core_file


class _Commands(click.Group):
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


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edge-agent")
def main() -> None:
    """Count people where the camera is; publish anonymous numbers over MQTT."""
    leave_no_core_file()


for command in (run, replay, check, bench, models, describe, verify_anon, compliance, fleet, version):
    main.add_command(command)
