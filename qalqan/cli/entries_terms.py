"""`qalqan entries terms`: when somebody looks at an entry again and when it ends by itself."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, reason_option
from qalqan.cli.signing import sign_in, signed
from review_queue.categories import HARMS, Category
from review_queue.store import open_store
from review_queue.terms import Term, current, history, set_term
from review_ui.hostile import one_line


@click.group()
def terms() -> None:
    """See and set how long entries hold."""


@terms.command()
@data_option
@json_option
def show(data: Path, *, as_json: bool) -> None:
    """Show how long entries of each category hold, who set it and why.

    \b
    Example:
      qalqan entries terms show --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        now, before = current(store), history(store)
    if as_json:
        rows = {
            "terms": [asdict(one) for one in now.values()],
            "history": [asdict(one) for one in before],
        }
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for one in now.values():
        click.echo(_line(one))


@terms.command("set")
@data_option
@signed
@click.option(
    "--category",
    type=click.Choice([category.value for category in HARMS]),
    required=True,
    help="Whose term.",
)
@click.option(
    "--review-days",
    type=click.IntRange(min=1),
    required=True,
    help="After so many days somebody looks whether the block is still right.",
)
@click.option(
    "--expiry-days",
    type=click.IntRange(min=1),
    help="After so many days it ends by itself.",
)
@click.option("--no-expiry", is_flag=True, help="It does not end by itself.")
@reason_option
def set_(
    data: Path,
    username: str,
    password_file: Path | None,
    category: str,
    review_days: int,
    expiry_days: int | None,
    reason: str,
    *,
    no_expiry: bool,
) -> None:
    """Set the term of what is listed or renewed from now on; what is listed already keeps its dates.

    \b
    Example:
      qalqan entries terms set --category violence --review-days 90 --expiry-days 365 --reason "order 12" --as dana
    """
    if no_expiry == (expiry_days is not None):
        raise click.UsageError("say either --expiry-days or --no-expiry")
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        made = set_term(
            store,
            Category(category),
            review_days=review_days,
            expiry_days=expiry_days,
            person=person,
            reason=reason,
        )
    click.echo(_line(made))


def _line(term: Term) -> str:
    end = f"ends after {term.expiry_days}" if term.expiry_days else "does not end by itself"
    who = f"; set by {term.actor} at {term.set_at}: {one_line(term.reason)}" if term.actor else ""
    return f"{term.category.value:<9}  looked at again after {term.review_days} days, {end}{who}"
