"""What both make commands do with their steps: run them, and tell how that ended."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from edge_agent.commands.failure import Failure
from training.make.steps import Step, StepError, StoppedError, run_steps

_INTERRUPTED: Final = 130


def carry_out(context: click.Context, steps: Sequence[Step], *, out: Path, work: Path, report: str) -> None:
    """Run what is not done of the steps in `work`; end with 130 when stopped, and in one line when one failed.

    Args:
        context: of the command.
        steps: in order.
        out: what comes of them.
        work: folder for everything on the way.
        report: where the figures are, to be told at the end.
    """
    started = time.monotonic()
    try:
        done = run_steps(steps, work, lambda what: click.echo(what, err=True))
    except StoppedError as error:
        click.echo(str(error), err=True)
        context.exit(_INTERRUPTED)
    except StepError as error:
        raise Failure(str(error)) from None
    took = f"{done} steps in {(time.monotonic() - started) / 60:.1f} minutes" if done else "nothing was left to do"
    click.echo(f"{out}: {took}; {report}")
