"""What the owner of a site may be told of one name they ask about: whether it is listed, since when and why.

Only exact questions are answered: there is no way here to ask for names, or for what begins like one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review_queue import entries
from review_queue.categories import Scope
from review_queue.policies import LANGUAGES
from review_queue.records import Entry
from review_queue.store import Store
from review_queue.wider import Block

_TITLES: Final = ", ".join(f"title_{language}" for language in LANGUAGES)


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry as its reader is told of it.

    Attributes:
        lifted_at: when it was lifted, or ended by itself; "" while it holds.
        is_over: it holds no longer; `lifted_at` is "" where only the decisions it rested on were withdrawn.
        reason, ground: the titles of its policy and its legal ground, by language.
    """

    entry: Entry
    lifted_at: str
    is_over: bool
    reason: Mapping[str, str]
    ground: Mapping[str, str]


def asked(store: Store, blocks: Collection[Block]) -> list[Listing]:
    """The entries of exactly these scopes and names: first those that hold, then those that did, the newest first."""
    found = [one for entry_id in _ids(store, blocks) if (one := of_id(store, entry_id))]
    return sorted(found, key=lambda one: (one.is_over, _backwards(one.entry.listed_at)))


def of_id(store: Store, entry_id: str) -> Listing | None:
    """The entry of this id, whether it holds or did; None where there is none that ever did."""
    entry = entries.find(store, entry_id)
    if entry is None or not _was_ever_live(store, entry):
        return None
    is_live = _is_live(store, entry)
    ended = "" if is_live else _ended_at(store, entry)
    return Listing(
        entry,
        ended,
        not is_live,
        _titles(store, "policies", entry.policy_code, entry.policy_version),
        _titles(store, "legal_grounds", entry.legal_ground_code, entry.legal_ground_version),
    )


def _ids(store: Store, blocks: Collection[Block]) -> Sequence[str]:
    """The ids of all entries there ever were of these scopes and names."""
    wanted = set(blocks)
    names = sorted({name for _, name in wanted})
    marks = ", ".join("?" * len(names))
    rows = store.rows(
        f"SELECT id, scope, name FROM entries WHERE name IN ({marks})"
        f" UNION ALL SELECT id, scope, name FROM imported_entries WHERE name IN ({marks})",
        [*names, *names],
    )
    return [row["id"] for row in rows if (Scope(row["scope"]), row["name"]) in wanted]


def _is_live(store: Store, entry: Entry) -> bool:
    """Whether it holds now. Asked by its id, which the store finds at once; by its name it would go through all."""
    if entry.expires_at and entry.expires_at <= store.now():
        return False
    return bool(
        store.value(
            "SELECT EXISTS (SELECT 1 FROM live_entries WHERE id = :id) OR EXISTS (SELECT 1 FROM imported_entries e"
            " JOIN live_imports i ON i.id = e.import_id WHERE e.id = :id"
            " AND NOT EXISTS (SELECT 1 FROM lifts l WHERE l.entry_id = e.id))",
            {"id": entry.id},
        )
    )


def _was_ever_live(store: Store, entry: Entry) -> bool:
    """Whether it was ever on the list: of what was taken over, once two people signed the import."""
    if entry.case_ref:
        return True
    return bool(
        store.value(
            "SELECT count(*) >= 2 FROM imported_entries e JOIN import_signatures s ON s.import_id = e.import_id"
            " WHERE e.id = ?",
            [entry.id],
        )
    )


def _ended_at(store: Store, entry: Entry) -> str:
    said = store.value(
        "SELECT coalesce((SELECT lifted_at FROM lifts WHERE entry_id = :id), (SELECT w.withdrawn_at"
        " FROM import_withdrawals w JOIN imported_entries e ON e.import_id = w.import_id WHERE e.id = :id))",
        {"id": entry.id},
    )
    if said:
        return str(said)
    return entry.expires_at if entry.expires_at and entry.expires_at <= store.now() else ""


def _titles(store: Store, table: str, code: str, version: int) -> dict[str, str]:
    row = store.row(
        f"SELECT {_TITLES} FROM {table} WHERE code = ? AND version = ?", [code, version]
    )
    return {language: row[f"title_{language}"] if row else "" for language in LANGUAGES}


def _backwards(moment: str) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in moment)
