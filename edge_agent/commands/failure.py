"""How commands fail: one line per problem on standard error, nothing on standard output, the right exit status."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click


class Failure(click.ClickException):
    """A command failed while running: exit status 1."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the bare lines, as `check` does; click would put 'Error:' before the first one only."""
        click.echo(self.message, file=file, err=file is None)


class Misuse(Failure):
    """A command was used wrongly, or its configuration is wrong: exit status 2."""

    exit_code = 2


@contextmanager
def told(kind: type[Failure] = Failure) -> Iterator[None]:
    """Turn the errors that people can do something about into a `Failure`; anything else is a bug and stays one.

    Args:
        kind: what the detector's errors become; a wrong configuration is always `Misuse`.
    """
    try:
        yield
    except Exception as error:
        failure = _explained(error, kind)
        if failure is None:
            raise
        raise failure from None


def _explained(error: Exception, kind: type[Failure]) -> Failure | None:
    # Imported when something has failed: most commands have nothing to do with cameras and networks.
    from edge_agent.camera.source import SourceError  # noqa: PLC0415
    from edge_agent.config import ConfigError  # noqa: PLC0415
    from edge_agent.detector.errors import DetectorError, UnknownBundleError  # noqa: PLC0415

    match error:
        case ConfigError() | UnknownBundleError():
            return Misuse(str(error))
        case DetectorError():
            return kind(str(error))
        case SourceError():
            return Failure(str(error))
        case OSError():
            where = f"{error.filename}: " if error.filename is not None else ""
            return Failure(f"{where}{error.strerror or error}")
    return None
