"""`qalqan entries figures`: how much was listed, lifted and overridden in a year."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option
from review_queue.store import open_store
from review_queue.yearly import Figures
from review_queue.yearly import figures as figures_of


@click.command()
@data_option
@click.option("--year", type=click.IntRange(1970, 9999), help="Of UTC.  [default: this one]")
@json_option
def figures(data: Path, year: int | None, *, as_json: bool) -> None:
    """Show what was listed, lifted, renewed and overridden in a year; no name stands in it.

    \b
    Example:
      qalqan entries figures --year 2026 --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        found = figures_of(store, year or store.clock().year)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: Figures) -> Iterator[str]:
    yield f"{found.year}, by the clock of UTC"
    yield f"  decided on a case     {_of(found.decided)}"
    yield f"  taken over            {_of(found.taken_over)}"
    yield f"  lifted                {_of(found.lifted)}"
    yield f"  of withdrawn imports  {found.withdrawn}"
    yield f"  renewed               {found.renewed}"
    yield f"  overrides of guards   {_of(found.overrides)}; {found.overrides_withdrawn} withdrawn"
    yield f"  lists made            {found.lists}"
    yield f"on the list now: {found.listed_now}"


def _of(counts: Mapping[str, int]) -> str:
    each = ", ".join(f"{what} {number}" for what, number in counts.items())
    return f"{sum(counts.values())} ({each})" if counts else "0"
