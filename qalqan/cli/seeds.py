"""`qalqan seeds`: what we were given to look at, and what links suggest."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, limit_option
from review_queue import seeds as stored
from review_queue.hosts import defang
from review_queue.records import Candidate, Seed
from review_queue.store import open_store


@click.group()
def seeds() -> None:
    """Look at seeds and candidates."""


@seeds.command("list")
@data_option
@click.option("--candidates", is_flag=True, help="Sites seen through off-site links instead.")
@limit_option(1000)
@json_option
def list_(data: Path, candidates: bool, limit: int, as_json: bool) -> None:
    """List the seeds, or the sites that off-site links lead to and nobody has crawled.

    \b
    Example:
      qalqan seeds list --candidates --data /srv/qalqan
    """
    found: list[Seed] | list[Candidate]
    with open_store(data, create=False, for_reading=True) as store:
        found = stored.candidates(store, limit) if candidates else stored.listing(store)[:limit]
    if as_json:
        click.echo(json.dumps([asdict(row) for row in found], ensure_ascii=False))
        return
    for row in found:
        if isinstance(row, Candidate):
            click.echo(f"{defang(row.site)}  found on {defang(row.found_on)}  {row.anchor!r}")
        else:
            click.echo(f"{defang(row.url)}  priority {row.priority}  {row.source}")
    click.echo(f"{len(found)} {'candidates' if candidates else 'seeds'}", err=True)
