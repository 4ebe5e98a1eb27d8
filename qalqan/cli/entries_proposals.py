"""`qalqan entries proposals` and `settle`: what a look at a listed site proposes to lift."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option
from qalqan.cli.signing import sign_in, signed
from review_queue import entries, proposals
from review_queue.store import Store, open_store
from review_ui.hostile import address, one_line


@click.command("proposals")
@data_option
@json_option
def proposals_(data: Path, *, as_json: bool) -> None:
    """List what it is proposed to lift and nobody has settled.

    \b
    Example:
      qalqan entries proposals --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        found = [(one, entries.find(store, one.entry_id)) for one in proposals.open_ones(store)]
    if as_json:
        rows = [{**asdict(one), "name": entry.name if entry else ""} for one, entry in found]
        click.echo(json.dumps(rows))
        return
    for one, entry in found:
        name = address(entry.name) if entry else ""
        click.echo(f"{one.id}  {one.entry_id}  {name}  {one.reason}  {one_line(one.note)}".rstrip())


@click.command()
@click.argument("number", metavar="PROPOSAL", type=click.IntRange(min=1))
@data_option
@signed
@click.option("--lift", "outcome", flag_value="lift", help="Lift the entry at once.")
@click.option("--keep", "outcome", flag_value="keep", help="The entry stays.")
@click.option("--note", default="", help="Why, in one line; name no private persons.")
def settle(
    number: int,
    data: Path,
    username: str,
    password_file: Path | None,
    outcome: str | None,
    note: str,
) -> None:
    """Settle a proposal: the entry is lifted at once, or stays.

    \b
    Example:
      qalqan entries settle 4 --lift --as dana --data /srv/qalqan
    """
    if outcome is None:
        raise click.UsageError("say either --lift or --keep")
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        made = proposals.settle(store, number, person, lift=outcome == "lift", note=note)
        still = still_blocked(store, made.entry_id) if made else []
    click.echo(
        f"lifted {made.entry_id} ({made.reason}); `qalqan publish` takes it off the lists"
        if made
        else f"proposal {number} is settled: the entry stays"
    )
    warn_of(still)


def still_blocked(store: Store, entry_id: str) -> list[str]:
    """The ids of the entries that block the same as the one that was lifted."""
    from blocklist.still_blocked import still_blocking

    entry = entries.find(store, entry_id)
    return [each.id for each in still_blocking(store, entry)] if entry else []


def warn_of(entry_ids: Iterable[str]) -> None:
    """Who lifted an entry is told of those that still block the same."""
    for entry_id in entry_ids:
        click.echo(
            f"Warning: the same is still blocked by the entry {entry_id}; if that is wrong too, lift it as well",
            err=True,
        )
