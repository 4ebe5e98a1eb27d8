"""`qalqan users`: the people who may sign in to the review pages."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option
from qalqan.cli.signing import STDIN, asked_password, password_in, password_option
from review_ui.config import LANGUAGES, ServeConfig
from review_ui.roles import Role


@click.group()
def users() -> None:
    """Add, list and disable the people who may sign in."""


@users.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="What the person may do; an admin takes no part in cases.",
)
@data_option
@click.option("--full-name", help="As decisions remember it. Without it: NAME.")
@click.option(
    "--language",
    type=click.Choice([code for code, _ in LANGUAGES]),
    default="ru",
    show_default=True,
    help="Language of the pages.",
)
@password_option
@click.option("--password-stdin", is_flag=True, help="The same as --password-file -.")
def add(
    name: str,
    role: str,
    data: Path,
    full_name: str | None,
    language: str,
    password_file: Path | None,
    *,
    password_stdin: bool,
) -> None:
    """Let a new person sign in as NAME; asks for a password of at least 12 characters.

    NAME has Latin letters, digits and . _ - only, so that no two names look alike; the first person
    added makes the folder of --data.

    \b
    Example:
      qalqan users add aigul --role reviewer --full-name "Aigul S." --language kk
      qalqan users add dana --role senior --password-file dana.password
    """
    from review_ui.accounts import add_user

    if password_stdin and password_file:
        raise click.UsageError("say either --password-file or --password-stdin")
    file = STDIN if password_stdin else password_file
    password = password_in(file) if file else asked_password("Password", twice=True)
    person = add_user(
        ServeConfig(data), name, password, role=role, full_name=full_name or name, language=language
    )
    click.echo(f"added {person.username}, {person.role}")


@users.command("list")
@data_option
@json_option
def list_(data: Path, *, as_json: bool) -> None:
    """Show everyone who has or had an account.

    \b
    Example:
      qalqan users list
    """
    from review_ui.accounts import list_users

    people = list_users(ServeConfig(data))
    if as_json:
        click.echo(json.dumps([asdict(person) for person in people], ensure_ascii=False))
        return
    for person in people:
        state = "" if person.is_active else "  disabled"
        click.echo(
            f"{person.username:20} {person.role:10} {person.language}  {person.full_name}{state}"
        )


@users.command()
@click.argument("name")
@data_option
def disable(name: str, data: Path) -> None:
    """End NAME's sessions and refuse further sign-ins; the person's decisions stay.

    \b
    Example:
      qalqan users disable aigul
    """
    from review_ui.accounts import disable_user

    person = disable_user(ServeConfig(data), name)
    click.echo(f"disabled {person.username}")
