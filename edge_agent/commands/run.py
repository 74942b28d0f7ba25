"""`edge-agent run`: the service."""

import logging
import sys
from pathlib import Path
from typing import Final

import click

from edge_agent import __version__
from edge_agent.camera import prepare_opencv
from edge_agent.clock import Clock, SystemClock
from edge_agent.commands.failure import Failure, Misuse, told
from edge_agent.config import Config, verify
from edge_agent.memory import release_code_pages
from edge_agent.outbox import OutboxError
from edge_agent.pipeline import load_detector, load_faces
from edge_agent.service import GiveUp, Service

_log = logging.getLogger(__name__)

TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h: systemd is told to restart the service."""


@click.command()
@click.option("--config", "config_file", type=click.Path(path_type=Path), required=True, help="The configuration.")
@click.option("--bundle", help="Name or folder of a bundle, instead of the configured one.")
@click.option("--realtime", is_flag=True, help="Play clips at their own speed, instead of as fast as possible.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is of use when something is wrong.")
def run(config_file: Path, *, bundle: str | None, realtime: bool, verbose: bool) -> None:
    """Count until stopped: capture, detect, track, count, publish.

    Clips among the sources are counted as fast as possible; when only clips were configured and all are over, the
    command waits until the broker has taken their windows, and ends.
    """
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        stream=sys.stderr,
        format="%(levelname)s %(name)s: %(message)s",  # journald adds the time
    )
    prepare_opencv()
    folder = config_file.absolute().parent
    with told():
        clock = SystemClock()
        # A Raspberry Pi boots in the past: then every certificate would look as if it were not valid yet.
        verified = verify(config_file, now_s=clock.utc() if clock.is_synced() else None)
        for warning in verified.warnings:
            click.echo(f"warning: {warning}", err=True)
        config = verified.config
        release_code_pages()
        try:
            detector = load_detector(config, config_folder=folder, bundle=bundle)
            faces = load_faces(config, config_folder=folder)
        except ValueError as error:
            raise Misuse(f"{config_file}: {error}") from None
        release_code_pages()
        try:
            service = Service(config, detector, clock, config_folder=folder, realtime=realtime, faces=faces)
            announce(config, f"{bundle or config.detector.bundle} ({detector.precision.value})", clock)
            handed_over = service.run()
        except OutboxError as error:
            raise Failure(str(error)) from None
        except GiveUp as error:
            click.echo(str(error), err=True)
            raise click.exceptions.Exit(TRY_AGAIN) from None
    if not handed_over:
        raise Failure(
            f"{config.broker.host}:{config.broker.port}: the broker has not taken all windows;"
            " they are kept in the outbox and go out at the next start"
        )


def announce(config: Config, network: str, clock: Clock) -> None:
    """Say first what runs here, and why windows may be late."""
    site, cameras = config.site, ", ".join(camera.name for camera in config.camera)
    device = f"{site.tenant}/{site.site}/{site.device}"
    _log.info("edge-agent %s: %s; cameras: %s; network: %s", __version__, device, cameras, network)
    hold_min = config.clock.hold_min
    if hold_min and not clock.is_synced():
        _log.warning("the clock is not set: windows of live cameras wait, clock.hold_min = %g min at most", hold_min)
