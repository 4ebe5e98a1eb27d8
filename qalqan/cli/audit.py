"""`qalqan audit`: who did what, and whether the log still holds."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, limit_option
from review_queue import audit as log
from review_queue.store import open_store


@click.group()
def audit() -> None:
    """Read and verify the audit log."""


@audit.command()
@data_option
@click.option(
    "--head", metavar="SEQ:HASH", help="A head noted earlier: it must still be in the log."
)
@json_option
def verify(data: Path, head: str | None, as_json: bool) -> None:
    """Check that no row of the log was changed, removed or inserted.

    Note the printed head somewhere else: with --head it shows later whether the log's end was cut off.

    \b
    Example:
      qalqan audit verify --data /srv/qalqan
    """
    noted = _head(head) if head else None
    with open_store(data, create=False, for_reading=True) as store:
        last = log.verify(store, head=noted)
    if as_json:
        click.echo(json.dumps(asdict(last)))
    else:
        click.echo(f"the log holds: {last.seq} rows, head {last.seq}:{last.hash}")


@audit.command("list")
@data_option
@limit_option(50)
@json_option
def list_(data: Path, limit: int, as_json: bool) -> None:
    """List the newest rows of the log.

    \b
    Example:
      qalqan audit list --data /srv/qalqan --limit 10
    """
    with open_store(data, create=False, for_reading=True) as store:
        rows = log.rows(store, limit)
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row.seq:>6}  {row.at}  {row.actor:<20}  {row.action:<15}  {row.subject}")


def _head(text: str) -> log.Head:
    seq, _, digest = text.partition(":")
    if not seq.isdecimal() or len(digest) != len(log.GENESIS):
        raise click.BadParameter(
            "write it as the verify command prints it, SEQ:HASH", param_hint="--head"
        )
    return log.Head(int(seq), digest)
