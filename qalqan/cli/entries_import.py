"""`qalqan entries import`, `sign`, `withdraw` and `imports`: a list taken over from an older registry."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from qalqan.cli.options import data_option, json_option, reason_option
from qalqan.cli.signing import sign_in, signed
from review_queue import imports
from review_queue.errors import QalqanError
from review_queue.imports import Import
from review_queue.records import BadRow
from review_queue.store import open_store
from review_ui.hostile import one_line

_SHOWN: Final = 1000  # bad rows in a JSON answer; those after them are told on standard error


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@data_option
@click.option("--source", required=True, help="Which registry the entries are from, in one line.")
@signed
@json_option
def import_(
    file: Path,
    data: Path,
    source: str,
    username: str,
    password_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Take over decided entries: FILE is JSON Lines in the schema of entries.jsonl, with the decision papers named.

    Every field of every row is checked. A bad row is told with its line and left out. Nothing is listed before a
    second person signs.

    \b
    Example:
      qalqan entries import old.jsonl --source "the registry of 2019" --as dana --data /srv/qalqan
    """
    from blocklist.importing import take_over
    from blocklist.judging import judge_of

    person = sign_in(data, username, password_file)
    bad: list[BadRow] = []

    def tell(row: BadRow) -> None:
        if as_json and len(bad) < _SHOWN:
            bad.append(row)
        else:
            _tell(row)

    # an older registry may be the first thing a unit has; that the folder is theirs is known by the accounts in it
    with open_store(data) as store:
        try:
            taken = take_over(
                store, file, source=source, person=person, judge=judge_of(store), on_bad=tell
            )
        except QalqanError:
            for row in bad:  # there is no answer to name them in
                _tell(row)
            raise
    if as_json:
        click.echo(json.dumps({**asdict(taken), "bad_rows": [asdict(row) for row in bad]}))
        return
    click.echo(f"import {taken.import_id}: {taken.rows} rows, {taken.left_out} left out")
    click.echo(f"a second person signs it: qalqan entries sign {taken.import_id} --as USER")
    if taken.left_out:
        click.echo("what was left out can be mended and imported in a file of its own", err=True)


@click.command()
@click.argument("number", metavar="IMPORT", type=click.IntRange(min=1))
@data_option
@signed
@json_option
def sign(
    number: int, data: Path, username: str, password_file: Path | None, *, as_json: bool
) -> None:
    """Sign an import that another person prepared; with that its entries are on the list.

    `qalqan entries list --state pending` shows what you sign for.

    \b
    Example:
      qalqan entries sign 1 --as berik --data /srv/qalqan
    """
    with open_store(data, create=False) as store:
        if not as_json:
            click.echo(_told(imports.get(store, number)), err=True)
        person = sign_in(data, username, password_file)
        done = imports.sign(store, number, person)
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        click.echo(
            f"import {done.id} is signed: its {done.rows} entries are listed with the next `qalqan publish`"
        )


@click.command()
@click.argument("number", metavar="IMPORT", type=click.IntRange(min=1))
@data_option
@signed
@reason_option
@json_option
def withdraw(
    number: int,
    data: Path,
    username: str,
    password_file: Path | None,
    reason: str,
    *,
    as_json: bool,
) -> None:
    """Take a whole import off the list at once; one person is enough.

    \b
    Example:
      qalqan entries withdraw 1 --as dana --reason "it was the list of another country" --data /srv/qalqan
    """
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        done = imports.withdraw(store, number, person, reason)
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        click.echo(
            f"import {done.id} is withdrawn; `qalqan publish` takes its entries off the lists"
        )


@click.command("imports")
@data_option
@json_option
def imports_(data: Path, *, as_json: bool) -> None:
    """List the imports: where they are from, who signed, which wait for a second person.

    \b
    Example:
      qalqan entries imports --data /srv/qalqan
    """
    with open_store(data, create=False) as store:
        found = imports.all_of(store)
    if as_json:
        click.echo(json.dumps([{**asdict(one), "is_live": one.is_live} for one in found]))
        return
    for one in found:
        click.echo(_told(one))


def _tell(row: BadRow) -> None:
    click.echo(f"line {row.line}: {one_line(row.reason)}", err=True)


def _told(one: Import) -> str:
    state = (
        f"withdrawn {one.withdrawn_at}: {one_line(one.withdrawn_because)}"
        if one.withdrawn_at
        else "listed"
        if one.is_live
        else "waits for a second person"
    )
    names = " and ".join(one_line(person.name) for person in one.signers)
    return (
        f"import {one.id}: {one.rows} rows of {one_line(one.source)} ({one_line(one.file_name)}, SHA-256"
        f" {one.file_sha256}), {one.left_out} left out, signed by {names} from {one.prepared_at} on; {state}"
    )
