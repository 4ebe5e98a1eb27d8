"""`qalqan entries`: what is listed, and how it is lifted, renewed and taken over from an older registry."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Final

import click

from blocklist.canonical import line_of
from qalqan.cli.entries_figures import figures
from qalqan.cli.entries_import import import_, imports_, sign, withdraw
from qalqan.cli.entries_proposals import proposals_, settle, still_blocked, warn_of
from qalqan.cli.entries_terms import terms
from qalqan.cli.options import data_option, json_option
from qalqan.cli.signing import sign_in, signed
from review_queue import audit, entries, entry_search, imports, lifts, proposals, renewals
from review_queue.errors import QalqanError
from review_queue.lifts import Lift, LiftReason, UnknownEntryError
from review_queue.records import Entry
from review_queue.store import Store, open_store
from review_ui.hostile import address, one_line

_STATES: Final = ("live", "lifted", "pending")
# an entry expires by itself; a person says why
_REASONS: Final = [reason.value for reason in LiftReason if reason is not LiftReason.EXPIRED]
_AFTERWARDS: Final = "; `qalqan publish` takes it off the lists"


@click.group("entries")
def entries_() -> None:
    """What is listed: look it up, lift it, renew it, take it over from an older registry."""


for command in (import_, sign, withdraw, imports_, proposals_, settle, terms, figures):
    entries_.add_command(command)


@entries_.command("list")
@data_option
@click.option(
    "--state",
    type=click.Choice(_STATES),
    default="live",
    show_default=True,
    help="Listed now; no longer listed; or of an import that waits for a second person.",
)
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line for programs.")
def list_(data: Path, state: str, limit: int | None, *, as_json: bool) -> None:
    """List entries by name.

    \b
    Example:
      qalqan entries list --data /srv/qalqan
      qalqan entries list --state lifted --json --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        for entry in islice(_of_state(store, state), limit):
            lifted = lifts.of(store, entry.id) if state == "lifted" else None
            if as_json:
                click.echo(json.dumps(_as_json(entry, state, lifted)))
            else:
                click.echo(_line(entry, lifted))


@entries_.command()
@click.argument("entry_id", metavar="ID")
@data_option
@json_option
def show(entry_id: str, data: Path, *, as_json: bool) -> None:
    """Show what one entry rests on and what became of it; ID as `list` shows it.

    \b
    Example:
      qalqan entries show 019abc0123456789abcdef01 --data /srv/qalqan
    """
    with open_store(data, create=False, for_reading=True) as store:
        entry = entries.find(store, entry_id)
        if entry is None:
            raise UnknownEntryError(
                f"no entry has the id {entry_id[:100]!a}; `qalqan entries list` shows them"
            )
        if as_json:
            click.echo(json.dumps(_whole(store, entry)))
        else:
            for line in _told(store, entry):
                click.echo(line)


@entries_.command()
@click.argument("entry_ids", metavar="ID...", nargs=-1, required=True)
@data_option
@signed
@click.option("--reason", type=click.Choice(_REASONS), required=True, help="Why.")
@click.option("--note", default="", help="More of it, in one line; name no private persons.")
@json_option
def lift(
    entry_ids: tuple[str, ...],
    data: Path,
    username: str,
    password_file: Path | None,
    reason: str,
    note: str,
    *,
    as_json: bool,
) -> None:
    """Lift entries at once; one person is enough. What was lifted does not come back unless people decide anew.

    \b
    Example:
      qalqan entries lift 019abc0123456789abcdef01 --as dana --reason appeal --note "letter 17 of the owner"
    """
    person = sign_in(data, username, password_file)
    done, failed = [], []
    with open_store(data, create=False) as store:
        for entry_id in entry_ids:
            try:
                done.append(lifts.lift(store, entry_id, person, LiftReason(reason), note))
            except QalqanError as error:
                failed.append({"id": entry_id, "error": str(error)})
        still = {each.entry_id: still_blocked(store, each.entry_id) for each in done}
    if as_json:
        rows = [{**asdict(each), "still_blocked_by": still[each.entry_id]} for each in done]
        click.echo(json.dumps({"lifted": rows, "failed": failed}))
    else:
        for each in done:
            click.echo(f"lifted {each.entry_id} ({each.reason}){_AFTERWARDS}")
            warn_of(still[each.entry_id])
        for one in failed:
            click.echo(f"not lifted {one_line(one['id'])}: {one_line(one['error'])}", err=True)
    if failed:
        sys.exit(1)


@entries_.command()
@click.argument("entry_id", metavar="ID")
@data_option
@signed
@click.option("--note", required=True, help="Why it is still right, in one line.")
@json_option
def renew(
    entry_id: str,
    data: Path,
    username: str,
    password_file: Path | None,
    note: str,
    *,
    as_json: bool,
) -> None:
    """Sign that an entry goes on; with a second person within 30 days it holds for a new term.

    \b
    Example:
      qalqan entries renew 019abc0123456789abcdef01 --as dana --note "looked at it today, it is still there"
    """
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        made = renewals.sign(store, entry_id, person, note)
    if as_json:
        click.echo(json.dumps({**asdict(made), "is_done": made.is_done}))
    elif made.is_done:
        until = made.expires_at or "it is lifted"
        click.echo(f"renewed {made.entry_id} until {until}, to be looked at on {made.review_at}")
    else:
        click.echo(f"signed; a second person runs: qalqan entries renew {made.entry_id} --as USER")


def _of_state(store: Store, state: str) -> Iterator[Entry]:
    if state == "live":
        yield from entries.live(store)
    elif state == "lifted":
        for each in lifts.since(store, ""):
            entry = entries.find(store, each.entry_id)
            if entry:
                yield entry
    else:
        for one in imports.pending(store):
            yield from imports.rows_of(store, one.id)


def _line(entry: Entry, lifted: Lift | None) -> str:
    end = entry.expires_at[:10] or "-"
    state = f"lifted {lifted.lifted_at[:10]} {lifted.reason}" if lifted else f"until {end:10}"
    return f"{entry.id:24}  {entry.scope:6}  {entry.category:9}  {state}  {address(entry.name)}"


def _as_json(entry: Entry, state: str, lifted: Lift | None) -> dict[str, object]:
    return {
        **json.loads(line_of(entry)),
        "state": state,
        "lift": asdict(lifted) if lifted else None,
    }


def _state_of(store: Store, entry: Entry) -> str:
    if lifts.of(store, entry.id):
        return "lifted"
    return "live" if entries.is_live(store, entry.id) else "not live"


def _whole(store: Store, entry: Entry) -> dict[str, object]:
    lifted = lifts.of(store, entry.id)
    return {
        **json.loads(line_of(entry)),
        "state": _state_of(store, entry),
        "lift": asdict(lifted) if lifted else None,
        "renewals": [asdict(one) for one in renewals.of(store, entry.id)],
        "proposals": [asdict(one) for one in proposals.open_ones(store, entry.id)],
        "log": [
            {"at": row.at, "actor": row.actor, "action": row.action, "detail": row.detail}
            for row in audit.of_subject(store, entry.id)
        ],
    }


def _told(store: Store, entry: Entry) -> Iterator[str]:
    lifted = lifts.of(store, entry.id)
    yield f"{entry.id}  {_state_of(store, entry)}"
    yield f"  {entry.scope} {address(entry.name)}"
    if entry.unicode_name != entry.name:
        yield f"  as people write it: {address(entry.unicode_name)}"
    yield f"  {entry.category}, {entry.policy_code} version {entry.policy_version}"
    yield f"  {entry.legal_ground_code} version {entry.legal_ground_version}"
    end = entry.expires_at or "not by itself"
    yield f"  listed {entry.listed_at}, to be looked at {entry.review_at}, ends {end}"
    if entry.case_ref:
        yield f"  decided by {entry.people} people on the case {entry.case_ref}"
    if number := entry_search.import_of(store, entry.id):
        yield f"  taken over with import {number}, which {entry.people} people signed"
    for paper in entry.papers:
        yield f"  paper: {one_line(paper)}"
    for override in entry.overrides:
        yield f"  over a guard: {override}"
    if lifted:
        why = f"{lifted.reason} {one_line(lifted.note)}".rstrip()
        yield f"  lifted {lifted.lifted_at} by {one_line(lifted.person.name)}: {why}"
    for one in renewals.of(store, entry.id):
        names = " and ".join(one_line(person.name) for person in one.signers)
        yield f"  renewal signed {one.signed_at} by {names}: {one_line(one.note)}"
    for proposal in proposals.open_ones(store, entry.id):
        yield f"  proposed to be lifted ({proposal.id}): {proposal.reason} {one_line(proposal.note)}".rstrip()
