"""`qalqan guards`: the data by which blocks are stopped, their dates, and newer ones."""

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import click

from blocklist import guard_data
from blocklist.guard_data import STALE_AFTER_DAYS, Kind, Source, Taken
from blocklist.judging import judge_of
from blocklist.suffixes import suffixes
from qalqan.cli.options import data_option, json_option, login
from review_queue import audit
from review_queue.categories import Scope
from review_queue.errors import StoreMissingError
from review_queue.store import open_store
from review_ui.hostile import one_line

_MOST_BAD_ROWS = 20


@click.group()
def guards() -> None:
    """See and renew the lists that stop a block: much-used sites, delivery networks, what is never blocked."""


@guards.command()
@data_option
@json_option
def show(data: Path, *, as_json: bool) -> None:
    """Show which data the guards have, of which date and how many rows; warns of old ones.

    \b
    Example:
      qalqan guards show --data /srv/qalqan
    """
    today = _today()
    sources = [*guard_data.load(data).sources, _suffix_list()]
    if as_json:
        rows = [
            {**asdict(one), "age_days": one.age_days(today), "is_stale": one.is_stale(today)}
            for one in sources
        ]
        click.echo(json.dumps(rows, ensure_ascii=False))
    else:
        for one in sources:
            origin = "with the program" if one.is_ours else click.format_filename(one.path)
            click.echo(f"{one.kind:14} {one.dated} {one.rows:>8} rows  {origin}")
    for one in sources:
        if one.is_stale(today):
            click.echo(
                f"Warning: {one.kind} of {one.dated} is {one.age_days(today)} days old (more than"
                f" {STALE_AFTER_DAYS}); {_remedy(one)}",
                err=True,
            )


@guards.command()
@click.argument("scope", type=click.Choice([scope.value for scope in Scope]))
@click.argument("name")
@data_option
@json_option
def check(scope: str, name: str, data: Path, *, as_json: bool) -> None:
    """Say what would stop a block of NAME with this SCOPE; the exit code is 1 where something does.

    Knows the overrides and the captures of the store. Nothing is written, and nobody on the network is asked.

    \b
    Example:
      qalqan guards check domain shop-qalqan.kz --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        refusal = judge_of(store).refusal(Scope(scope), name)
    if as_json:
        click.echo(json.dumps(asdict(refusal) if refusal else None, ensure_ascii=False))
    elif refusal is None:
        click.echo("no guard stops it")
    else:
        way_out = " (two people can override it)" if refusal.can_override else ""
        click.echo(f"{refusal.guard}: {one_line(refusal.message)}{way_out}")
    if refusal:
        sys.exit(1)


@guards.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in Kind]),
    required=True,
    help="What the rows are. rank and cdn take the place of the program's own; the others add to it.",
)
@click.option(
    "--dated",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="Of which day the data are, as YYYY-MM-DD.",
)
@click.option(
    "--smaller",
    is_flag=True,
    help="The file is whole, though it has less than half the rows of before.",
)
@data_option
@json_option
def update(
    file: Path, kind: str, dated: datetime, data: Path, *, smaller: bool, as_json: bool
) -> None:
    """Take newer data from FILE, a name or an address a row; what this folder had of the kind before is gone.

    A rank list may be as Tranco, CrUX and others hand it out. Rows that cannot be used are named and left out.

    \b
    Example:
      qalqan guards update --kind rank tranco.csv --dated 2026-11-20 --data /srv/qalqan
    """
    taken = guard_data.update(
        data, Kind(kind), file, dated.date(), today=_today(), may_shrink=smaller
    )
    _log(data, taken)
    if as_json:
        told = {**asdict(taken.source), "bad": [asdict(row) for row in taken.bad]}
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        left = f", {len(taken.bad)} left out" if taken.bad else ""
        click.echo(f"{taken.source.kind} of {taken.source.dated}: {taken.source.rows} rows{left}")
    for row in taken.bad[:_MOST_BAD_ROWS]:
        click.echo(f"line {row.line}: {one_line(row.reason)}", err=True)
    if len(taken.bad) > _MOST_BAD_ROWS:
        click.echo(f"... and {len(taken.bad) - _MOST_BAD_ROWS} more; --json has all", err=True)


def _log(data: Path, taken: Taken) -> None:
    """The audit log of the store there, if there is one, says who gave the guards other data."""
    with suppress(StoreMissingError), open_store(data, create=False) as store:
        digest = hashlib.sha256(Path(taken.source.path).read_bytes()).hexdigest()
        detail = {
            "dated": taken.source.dated,
            "rows": taken.source.rows,
            "left_out": len(taken.bad),
            "sha256": digest,
        }
        audit.append(
            store,
            actor=f"cli:{login()}",
            action="guards.updated",
            subject=taken.source.kind,
            detail=detail,
        )


def _suffix_list() -> Source:
    found = suffixes()
    rows = len(found.exact) + len(found.parents) + len(found.exceptions)
    return Source("public_suffix", found.dated, rows, "publicsuffixlist", is_ours=True)


def _remedy(source: Source) -> str:
    if source.kind not in set(Kind):
        return "update this program"
    return f"qalqan guards update --kind {source.kind} FILE --dated DATE"


def _today() -> date:
    return datetime.now(UTC).date()
