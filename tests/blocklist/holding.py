"""What holds a publication, made on purpose, and what a reader finds then."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from blocklist import sign
from blocklist.consumers.programs import DoesNotStartError
from blocklist.consumers.questions import (
    BLOCKED,
    NAMES,
    OPEN,
    Answers,
    Asked,
    Consumer,
    Question,
    Run,
    Use,
)
from blocklist.gate import Gate
from blocklist.publication import Publication, Verify, Wanted, publish
from blocklist.signers import Signers
from review_queue import entries, lifts
from review_queue.categories import Category
from review_queue.lifts import LiftReason
from review_queue.store import Store
from tests.blocklist.approvals import PEOPLE

UNPROVED = Wanted(("hosts", "rpz"), parts=(Category.VIOLENCE,), verify=Verify.NONE)
PROVED = replace(UNPROVED, verify=Verify.LOCAL)
PART = "part-violence"


def published(
    store: Store, out: Path, signers: Signers, wanted: Wanted = UNPROVED, gate: Gate | None = None
) -> Publication:
    """What a publication came to; proved on nothing where no gate is given."""
    return publish(store, out, wanted, actor="test", signers=signers, gate=gate or Gate({}))


def said(out: Path, signers: Signers, part: str = "", name: str = sign.HEARTBEAT_NAME) -> str:
    """Until when the signature says that the list that is served holds."""
    folder = out / "current" / part
    assert signers.minisign
    text, manifest = (folder / name).read_text(), (folder / "manifest.json").read_bytes()
    found = sign.verify_minisign(manifest, text, signers.minisign.public_key())
    return found.split("\t")[1].removeprefix("not_after:")


def damage(data: Path) -> Path:
    """A file of the unit's guard data is none any more; returns it."""
    path = data / "guards" / "rank.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("<html>")
    return path


def lifted(store: Store, name: str) -> str:
    """The entry of the name is lifted; returns its id."""
    (found,) = (each for each in entries.live(store) if each.name == name)
    lifts.lift(store, found.id, PEOPLE[0], LiftReason.APPEAL, "The holder was right.")
    return found.id


def names_in(out: Path, part: str = "") -> list[str]:
    """The names that the list, or a part of it, blocks in each of the formats that are looked at."""
    folder = out / "current" / part
    hosts = [line.split()[1] for line in (folder / "hosts.txt").read_text().splitlines()[1:]]
    listed = [json.loads(line)["name"] for line in _lines(folder / "entries.jsonl")]
    blocked = sorted({each for each in hosts if each.endswith(".kz")})
    assert blocked == listed
    return listed


def removed_in(out: Path, part: str = "") -> dict[str, str]:
    """What left the list with this serial, and why; nothing came in."""
    head, *rows = map(json.loads, _lines(out / "current" / part / "changes.jsonl"))
    assert head["added"] == 0
    return {row["removed"]: row["reason"] for row in rows}


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def picky(word: str) -> Gate:
    """A gate of a program that loads the hosts it is given, but none of a list with this word in it."""

    def answers(_use: Use, folder: Path, questions: Sequence[Question], _run: Run) -> Answers:
        text = (folder / "hosts.txt").read_text()
        if word in text:
            raise DoesNotStartError(f"bad line: {word}")
        blocked = {line.split()[1] for line in text.splitlines() if not line.startswith("#")}
        for question in questions:
            yield question, BLOCKED if question.what in blocked else OPEN

    uses = (Use("hosts", ("hosts.txt",), NAMES),)
    nothing, version = (lambda: ""), (lambda: "1.0")
    return Gate(
        {"picky": Consumer("picky", "Picky", "-", Asked.NAMES, uses, nothing, version, answers)}
    )
