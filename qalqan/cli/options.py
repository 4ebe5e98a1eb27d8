"""Options and the progress bar that several commands share."""

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qalqan.settings import default_data_dir

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_data_dir,
    show_default="$QALQAN_DATA, else qalqan/ in your data folder",
    help="Folder of the store, accounts and lists.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
models_option = click.option(
    "--models",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of models.  [default: ours]",
)
model_option = click.option(
    "--model", "name", help="NAME or NAME/VERSION.  [default: the one in use]"
)
reason_option = click.option("--reason", required=True, help="Why, in one line.")
Command = TypeVar("Command", bound=Callable[..., Any])


def limit_option(default: int) -> Callable[[Command], Command]:
    """The command lists at most so many."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        help="At most so many.",
    )


def login() -> str:
    """The name of the account the program runs under."""
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a container's user may have a number only
        return str(user)


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for the block, advanced by the function it gives; silent where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(title, total=total)

        def advance(count: int) -> None:
            bar.advance(task, count)

        yield advance
