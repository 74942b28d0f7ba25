"""`edge-agent version`: what runs here, for a bug report."""

import platform

import click

from edge_agent import __version__


@click.command()
def version() -> None:
    """Print the versions of the agent and of what counts in it."""
    import cv2  # noqa: PLC0415 - these two take most of the start-up time, and only this command names them
    import onnxruntime  # noqa: PLC0415

    click.echo(f"edge-agent {__version__}")
    click.echo(f"python {platform.python_version()} on {platform.machine()}")
    click.echo(f"onnxruntime {onnxruntime.__version__}, providers: {', '.join(onnxruntime.get_available_providers())}")
    click.echo(f"opencv {cv2.__version__}")
