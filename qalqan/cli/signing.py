"""The options by which a person signs a command, and the person they name."""

import sys
from pathlib import Path
from typing import Final

import click

from blocklist.key_files import secret
from qalqan.cli.options import Command
from review_queue.records import Reviewer
from review_ui.roles import Capability

_LONGEST_PASSWORD: Final = 4096  # bytes
STDIN: Final = Path("-")


password_option = click.option(
    "--password-file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Read the password from the first line of this file, - for standard input."
    " Without it: asked for.",
)


def signed(command: Command) -> Command:
    """The command takes `username` and `password_file`, for `sign_in`."""
    name = click.option(
        "--as", "username", metavar="USER", required=True, help="Your account; it signs for you."
    )
    return name(password_option(command))


def sign_in(
    data: Path, username: str, password_file: Path | None, needed: Capability = Capability.SIGN
) -> Reviewer:
    """The person of this account, whose password was asked for or read.

    Raises:
        AccountError: the name or the password is wrong, or the account is disabled or locked for a while.
        MayNotError: the role of the person does not allow it.
        BadKeyError: others than its owner may read the file of the password.
    """
    from qalqan.signing_in import person_of

    return person_of(data, username, _password(username, password_file), needed=needed)


def password_in(file: Path) -> str:
    """The password on the first line of the file, or of standard input for -.

    Raises:
        BadKeyError: others than its owner may read the file.
    """
    given = (
        sys.stdin.buffer.readline()
        if file == STDIN
        else secret(file, longest=_LONGEST_PASSWORD).partition(b"\n")[0]
    )
    try:
        return given.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.UsageError("the password is not UTF-8") from None


def asked_password(text: str, *, twice: bool = False) -> str:
    """The password that somebody at the terminal typed.

    Raises:
        UsageError: nobody is there, as under cron.
    """
    try:
        return str(click.prompt(text, hide_input=True, confirmation_prompt=twice, err=True))
    except click.Abort as stopped:
        if isinstance(stopped.__context__, EOFError):
            raise click.UsageError(
                "nobody is here to type the password; name a file of it with --password-file"
            ) from None
        raise


def _password(username: str, file: Path | None) -> str:
    return asked_password(f"Password of {username!a}") if file is None else password_in(file)
