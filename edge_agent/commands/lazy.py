"""A group of commands of which only the one that is asked for is loaded."""

import click


class LazyGroup(click.Group):
    """Knows the names of its commands; `load` imports one. To import all of them takes a second or more."""

    names: tuple[str, ...] = ()

    def load(self, name: str) -> click.Command:
        """Import the command of that name, one of `names`."""
        raise NotImplementedError

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as click calls it
        """Return the names, in the order in which help shows them."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        """Return the command; None where there is none of that name."""
        return self.load(cmd_name) if cmd_name in self.names else None
