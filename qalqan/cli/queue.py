"""`qalqan queue`: the cases that wait for somebody."""

import json
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option
from review_queue import cases
from review_queue.categories import Lane
from review_queue.hosts import defang
from review_queue.records import Case
from review_queue.store import open_store


@click.group()
def queue() -> None:
    """Look at the review queue."""


@queue.command("list")
@data_option
@click.option(
    "--lane",
    type=click.Choice([*(lane.value for lane in Lane), "all"]),
    default="all",
    show_default=True,
    help="Cases that may end in a block, or referrals, which never do.",
)
@click.option("--limit", type=click.IntRange(min=0), default=0, help="At most this many; 0 is all.")
@json_option
def list_(data: Path, lane: str, limit: int, as_json: bool) -> None:
    """List the waiting cases in the order they are reviewed: blocks first, then referrals.

    \b
    Example:
      qalqan queue list --data /srv/qalqan --limit 20
    """
    lanes = list(Lane) if lane == "all" else [Lane(lane)]
    with open_store(data, create=False, for_reading=True) as store:
        found = [case for each in lanes for case in cases.waiting(store, lane=each, limit=-1)]
    found = found[:limit] if limit else found
    if as_json:
        click.echo(json.dumps([_as_json(case) for case in found], ensure_ascii=False))
        return
    for case in found:
        click.echo(
            f"{case.ref}  {case.risk:.3f}  {case.lane:<8}  {case.category:<9}  {case.state:<15}  "
            f"{defang(case.site)}"
        )
    click.echo(f"{len(found)} cases", err=True)


def _as_json(case: Case) -> dict[str, object]:
    return {
        "ref": case.ref,
        "site": case.site,
        "category": case.category,
        "lane": case.lane,
        "state": case.state,
        "risk": case.risk,
        "opened_at": case.opened_at,
        "people": len(case.decided_by),
    }
