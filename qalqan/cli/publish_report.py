"""What `qalqan publish` says of what it did: for people a line a check, for programs one JSON object."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from blocklist import gate
from blocklist.gate import Proof
from blocklist.publication import Outcome, Publication, Verify
from blocklist.removals import reason_of
from review_ui.hostile import address, one_line


def tell(
    done: Publication, out: Path, verify: Verify, warnings: Sequence[str], *, as_json: bool
) -> None:
    """What was published is printed, what somebody should see to on standard error."""
    for line in (*done.told, *warnings, *_empty(done), *_unproved(done, verify)):
        click.echo(f"Warning: {one_line(line)}", err=True)
    for block in done.admitted.refused:
        click.echo(
            f"refused {block.case_ref} {address(block.name)}: {one_line(block.told)}", err=True
        )
    if as_json:
        click.echo(json.dumps(_as_json(done, verify), ensure_ascii=False))
        return
    for proof in done.proofs:
        click.echo(_line(proof))
    click.echo(_outcome(done, out))


def tell_failed(proofs: Sequence[Proof]) -> None:
    """What each consumer made of a list that is not published is printed on standard error."""
    for proof in proofs:
        click.echo(_line(proof), err=True)


def _empty(done: Publication) -> list[str]:
    """That clients keep the list they have: to them an empty one looks like a fault."""
    if not _is_new(done) or done.manifest.entries:
        return []
    return ["the list is empty: providers' clients go on with the last one unless ALLOW_EMPTY=yes"]


def _is_new(done: Publication) -> bool:
    """Whether another list is served than before."""
    return done.outcome in (Outcome.PUBLISHED, Outcome.REMOVALS)


def _unproved(done: Publication, verify: Verify) -> list[str]:
    """What of the list was not proved, and why."""
    if not _is_new(done):
        return []
    if verify is Verify.NONE:
        return ["no format was proved: --verify none was asked for"]
    missing = {
        each.consumer: each.told for each in done.proofs if each.outcome is gate.Outcome.NOT_HERE
    }
    found = [f"{name} was not asked: {reason}" for name, reason in missing.items()]
    unproved = gate.unproved(done.manifest, done.proofs)
    return [*found, *([f"not proved: {', '.join(unproved)}"] if unproved else [])]


def _as_json(done: Publication, verify: Verify) -> dict[str, object]:
    return {
        "outcome": done.outcome,
        "serial": done.serial,
        "not_after": done.not_after,
        "verify": verify,
        "checks": gate.as_json(done.proofs),
        "not_proved": gate.unproved(done.manifest, done.proofs),
        "warnings": list(done.told),
        "entries": done.manifest.entries,
        "formats": {
            name: {"entries": each.entries, "skipped": each.skipped}
            for name, each in done.manifest.formats.items()
        },
        "admitted": len(done.admitted.admitted),
        "refused": [each.as_json() for each in done.admitted.refused],
        "lifted": [asdict(each) for each in done.lifted],
        "held": reason_of(done.held) if done.held else "",
        "removed": done.gone,
    }


def _outcome(done: Publication, out: Path) -> str:
    match done.outcome:
        case Outcome.PUBLISHED:
            return (
                f"serial {done.serial} is published in {click.format_filename(out)}: {done.manifest.entries}"
                f" entries, {len(done.admitted.admitted)} newly approved; {len(done.lifted)} expired; good until"
                f" {done.not_after}"
            )
        case Outcome.HEARTBEAT:
            return (
                f"nothing has changed: serial {done.serial} stays, and a new heartbeat says so until"
                f" {done.not_after}"
            )
        case Outcome.UNCHANGED:
            return (
                f"nothing has changed: serial {done.serial} stays until {done.not_after}; there is no key to sign"
                " a heartbeat with"
            )
        case Outcome.REMOVALS:
            return (
                f"removals only: serial {done.serial} is published in {click.format_filename(out)}: the list before"
                f" without {done.gone} of its entries, which no longer hold; {done.manifest.entries} stay, nothing is"
                f" new; good until {done.not_after}"
            )
        case Outcome.HELD:
            return f"nothing was lifted: serial {done.serial} stays, and a new heartbeat says so until {done.not_after}"


def _line(proof: Proof) -> str:
    where = f"{proof.part}/" if proof.part else ""
    head = f"{proof.outcome:8} {where + proof.file:26} {proof.consumer} {proof.version}".rstrip()
    if proof.outcome is gate.Outcome.PROVED:
        counts = f"{proof.blocked} listed, {proof.open} left alone"
        return f"{head}: {counts}, {proof.seconds:.1f} s"
    return f"{head}: {one_line(proof.told)}"
