"""`edge-agent fleet user`: who may open the pages."""

import sys
from pathlib import Path

import click

from edge_agent.commands.failure import Misuse
from edge_agent.commands.fleet.options import settings_of
from edge_agent.fleet.pages.users import UsersError, hash_password, new_token, put, tokens_file


@click.command()
@click.argument("name")
@click.option("--config", type=click.Path(path_type=Path), help="The fleet's settings: their pages.users_file.")
@click.option("--file", "users_file", type=click.Path(path_type=Path), help="The file of users, instead of that.")
@click.option("--token", is_flag=True, help="Make a token for the API and /metrics, and print it once.")
@click.option("--remove", is_flag=True, help="Take the name out: its sessions, or its token, end at once.")
def user(name: str, *, config: Path | None, users_file: Path | None, token: bool, remove: bool) -> None:
    """Let NAME in: set a password, or a token for a program.

    The password is asked for, or read from standard input: its first line. What is kept of it is an argon2id hash.
    """
    file = users_file or settings_of(config).pages.users_file
    if file is None:
        raise Misuse("user: which file? Set pages.users_file in the settings, or name one with --file")
    try:
        _put(tokens_file(file) if token else file, name, token=token, remove=remove)
    except UsersError as error:
        raise Misuse(str(error)) from None


def _put(file: Path, name: str, *, token: bool, remove: bool) -> None:
    if remove:
        if not put(file, name, None):
            raise Misuse(f"{file}: {name} is not in it")
        click.echo(f"{file}: {name} removed", err=True)
    elif token:
        made, kept = new_token()
        put(file, name, kept)
        click.echo(made)
        click.echo(f"{file}: {name} added; the token is not kept and not shown again", err=True)
    else:
        was_there = put(file, name, hash_password(_password()))
        click.echo(f"{file}: {name} {'has a new password' if was_there else 'added'}", err=True)


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")
