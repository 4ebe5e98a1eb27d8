"""`qalqan keys`: makes the key the lists are signed with, and shows what the public needs of it."""

from pathlib import Path

import click

from blocklist import key_files, sign

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def keys() -> None:
    """Make the key the lists are signed with, show its public part."""


@keys.command()
@click.argument("file", type=_FILE)
def new(file: Path) -> None:
    """Write a new key for `qalqan publish --minisign-key` to FILE, and print its public part.

    Nobody but you may read FILE; it has no password, so keep it where only the publisher is. What stands there is
    never overwritten: a lost key means that every provider has to be told of a new one.

    \b
    Example:
      qalqan keys new list.key > list.pub
    """
    key_files.put_secret(file, sign.new_minisign_key())
    click.echo(sign.minisign_public(sign.minisign_key(file)), nl=False)


@keys.command()
@click.argument("file", type=_FILE)
def public(file: Path) -> None:
    """Print the public part of the key in FILE, as `minisign -p` reads it. Give it to the providers.

    \b
    Example:
      qalqan keys public list.key > list.pub
    """
    click.echo(sign.minisign_public(sign.minisign_key(file)), nl=False)
