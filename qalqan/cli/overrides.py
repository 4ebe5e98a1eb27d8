"""`qalqan overrides`: two people sign that one guard lets one very block through."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from qalqan.cli.options import data_option, json_option, reason_option
from qalqan.cli.signing import sign_in, signed
from review_queue import overrides as signatures
from review_queue.categories import Scope
from review_queue.errors import RefusedError
from review_queue.overrides import LIST, OVERRIDABLE, PEOPLE, Guard, Override
from review_queue.store import open_store
from review_ui.hostile import address, one_line

_GUARDS = click.Choice([guard.value for guard in Guard if guard in OVERRIDABLE])


@click.group()
def overrides() -> None:
    """Let a block through that a guard stops; it takes two different people, and a reason."""


@overrides.command()
@click.option("--guard", type=_GUARDS, required=True, help="The guard that stops it.")
@click.option(
    "--scope",
    type=click.Choice([*(scope.value for scope in Scope), LIST]),
    required=True,
    help="The scope of the block; list for the guard size.",
)
@click.option("--name", required=True, help="The very name, URL, address or network.")
@reason_option
@signed
@data_option
@json_option
def ask(
    guard: str,
    scope: str,
    name: str,
    reason: str,
    username: str,
    password_file: Path | None,
    data: Path,
    *,
    as_json: bool,
) -> None:
    """Ask for an override, as the first of the two people who sign it.

    `qalqan export` names the guard, and what to write where a list's size is held. Forms and reserved names
    nobody overrides.

    \b
    Example:
      qalqan overrides ask --guard rank --scope host --name popular-qalqan.kz --reason "Sells it openly." --as aigul
    """
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        try:
            override_id = signatures.ask(store, Guard(guard), scope, name, person, reason)
        except RefusedError as error:
            key = (guard, scope, name)
            for one in signatures.all_of(store):
                if (one.guard, one.scope, one.name) == key and not one.withdrawn:
                    raise RefusedError(f"{error}: {one.id}, which is {_state(one)}") from None
            raise
        _told(signatures.find(store, override_id), as_json=as_json)


@overrides.command()
@click.argument("override_id", metavar="ID")
@signed
@data_option
@json_option
def sign(
    override_id: str, username: str, password_file: Path | None, data: Path, *, as_json: bool
) -> None:
    """Sign what somebody else has asked for; from then on the guard lets it through.

    \b
    Example:
      qalqan overrides sign 019ac3f1a2b4c5d6e7f80912 --as berik
    """
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        _told(signatures.sign(store, override_id, person), as_json=as_json)


@overrides.command()
@click.argument("override_id", metavar="ID")
@reason_option
@signed
@data_option
@json_option
def withdraw(
    override_id: str,
    reason: str,
    username: str,
    password_file: Path | None,
    data: Path,
    *,
    as_json: bool,
) -> None:
    """Withdraw an override; one person is enough, and the next list leaves out what it let through.

    \b
    Example:
      qalqan overrides withdraw 019ac3f1a2b4c5d6e7f80912 --reason "A shop moved in." --as berik
    """
    person = sign_in(data, username, password_file)
    with open_store(data, create=False) as store:
        _told(signatures.withdraw(store, override_id, person, reason), as_json=as_json)


@overrides.command("list")
@click.option("--pending", is_flag=True, help="Only those that wait for a second person.")
@data_option
@json_option
def list_(data: Path, *, pending: bool, as_json: bool) -> None:
    """Show every override, who signed it, when and why.

    \b
    Example:
      qalqan overrides list --pending
    """
    with open_store(data, create=False, for_reading=True) as store:
        found = signatures.pending(store) if pending else signatures.all_of(store)
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found], ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))


def _told(one: Override, *, as_json: bool) -> None:
    click.echo(json.dumps(_as_json(one), ensure_ascii=False) if as_json else _line(one))


def _as_json(one: Override) -> dict[str, object]:
    return {**asdict(one), "state": _state(one)}


def _state(one: Override) -> str:
    if one.withdrawn:
        return "withdrawn"
    return "standing" if one.is_standing else "pending"


def _line(one: Override) -> str:
    people = ", ".join(one_line(each.reviewer_name) for each in one.signatures)
    name = one.name if one.scope == LIST else address(one.name)
    line = f"{one.id} {_state(one):9} {one.guard} {one.scope} {name}: {one_line(one.reason)} ({people})"
    if one.withdrawn:
        who = one_line(one.withdrawn.reviewer_name)
        return f"{line}; withdrawn by {who}: {one_line(one.withdrawn_because)}"
    missing = PEOPLE - len(one.signatures)
    if missing <= 0:
        return line
    return f"{line}; {missing} more must sign: qalqan overrides sign {one.id} --as USER"
