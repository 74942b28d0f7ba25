"""`edge-agent`: the command line. Each command is a file in `commands/`; this one mounts them."""

import click

from edge_agent import __version__
from edge_agent.commands.bench import bench
from edge_agent.commands.check import check
from edge_agent.commands.models import models
from edge_agent.commands.replay import replay
from edge_agent.commands.run import run
from edge_agent.commands.version import version


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edge-agent")
def main() -> None:
    """Count people where the camera is; publish anonymous numbers over MQTT."""


for command in (run, replay, check, bench, models, version):
    main.add_command(command)
