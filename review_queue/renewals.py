"""A block that goes on after its term: two different people say so, within a month of each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from review_queue import audit, entries, lifts, terms
from review_queue.errors import RefusedError
from review_queue.life_tables import RENEWAL_OPEN_FOR
from review_queue.lifts import UnknownEntryError
from review_queue.records import Entry, Reviewer
from review_queue.store import Store

_PEOPLE: Final = 2


@dataclass(frozen=True, slots=True)
class Renewal:
    """Who signed that an entry goes on; the dates are empty while one more person has to."""

    entry_id: str
    turn: int
    signers: tuple[Reviewer, ...]
    note: str  # of who signed first
    signed_at: str  # for the first time
    review_at: str = ""
    expires_at: str = ""

    @property
    def is_done(self) -> bool:
        """Two people have signed."""
        return len(self.signers) >= _PEOPLE


def sign(store: Store, entry_id: str, person: Reviewer, note: str) -> Renewal:
    """The person has signed; with the second one the entry holds for its category's term from now on.

    A signature that nobody followed for 30 days is void, and this one is a first again.

    Raises:
        UnknownEntryError: no entry has this id.
        RefusedError: the entry is not live, the same person signed before, or the note is not one line of text.
    """
    if not note.strip() or not note.isprintable():
        raise RefusedError("whoever renews an entry says why it is still right, in one line")
    with store.atomic():
        entry = _live(store, entry_id)
        before = of(store, entry_id)
        waiting = before[-1] if before and is_waiting(store, before[-1]) else None
        if waiting and waiting.signers[0].id.lower() == person.id.lower():
            raise RefusedError("you have signed this renewal; it takes a second, different person")
        turn = waiting.turn if waiting else (before[-1].turn + 1 if before else 1)
        start, term = store.clock(), terms.current(store)[entry.category]
        dates = (term.review_at(start), term.expires_at(start)) if waiting else ("", "")
        store.run(
            "INSERT INTO renewals(id, entry_id, turn, person_id, person_name, person_role, note, signed_at, review_at,"
            " expires_at) SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM renewals",
            [entry_id, turn, person.id, person.name, person.role, note.strip(), store.now(), *dates],
        )  # fmt: skip
        audit.append(
            store,
            actor=person.id,
            action="entry.renewed" if waiting else "entry.renewal_signed",
            subject=entry_id,
            detail={"turn": turn, "review_at": dates[0], "expires_at": dates[1]},
        )
        return of(store, entry_id)[-1]


def of(store: Store, entry_id: str) -> list[Renewal]:
    """Every renewal of the entry, the void ones too, oldest first."""
    return _renewals(store, "WHERE entry_id = ?", entry_id)


def pending(store: Store) -> list[Renewal]:
    """The renewals that wait for a second person, oldest first."""
    return [one for one in _renewals(store, "WHERE ? = ''", "") if is_waiting(store, one)]


def is_waiting(store: Store, renewal: Renewal) -> bool:
    """Whether a second person may still sign it: not for ever, as the site may be another by then."""
    age = store.clock() - datetime.fromisoformat(renewal.signed_at)
    return not renewal.is_done and age <= RENEWAL_OPEN_FOR


def _live(store: Store, entry_id: str) -> Entry:
    entry = entries.find(store, entry_id)
    if entry is None:
        raise UnknownEntryError(
            f"no entry has the id {entry_id[:100]!a}; `qalqan entries list` shows them"
        )
    lifted = lifts.of(store, entry_id)
    if lifted:
        raise RefusedError(
            f"it was lifted at {lifted.lifted_at} ({lifted.reason}); it is decided anew, not renewed"
        )
    if not entries.is_live(store, entry_id):
        raise RefusedError("it is not live: it ended, or those who decided it no longer agree")
    return entry


def _renewals(store: Store, where: str, entry_id: str) -> list[Renewal]:
    found: dict[tuple[str, int], Renewal] = {}
    for row in store.rows(f"SELECT * FROM renewals {where} ORDER BY id", [entry_id]):
        key = (row["entry_id"], row["turn"])
        found[key] = _joined(found.get(key), row)
    return list(found.values())


def _joined(before: Renewal | None, row: dict[str, Any]) -> Renewal:
    person = Reviewer(row["person_id"], row["person_name"], row["person_role"])
    return Renewal(
        row["entry_id"],
        row["turn"],
        (*before.signers, person) if before else (person,),
        before.note if before else row["note"],
        before.signed_at if before else row["signed_at"],
        row["review_at"],
        row["expires_at"],
    )
