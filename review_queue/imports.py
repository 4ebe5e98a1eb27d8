"""Entries taken over from an older registry: they rest on papers, and on two people who sign the import as a whole."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from review_queue import audit, entries, staging
from review_queue.errors import QalqanError, RefusedError
from review_queue.records import BadRow, Entry, Reviewer
from review_queue.store import Store

_PEOPLE: Final = 2


class UnknownImportError(QalqanError):
    """No import has this number."""


@dataclass(frozen=True, slots=True)
class Import:
    """One file of decided entries: where it is from, who signed for it and whether somebody took that back."""

    id: int
    source: str
    file_name: str
    file_sha256: str
    rows: int
    left_out: int  # bad rows of the file
    prepared_at: str
    signers: tuple[Reviewer, ...]
    withdrawn_at: str = ""
    withdrawn_because: str = ""

    @property
    def is_live(self) -> bool:
        """Its entries are on the list, as far as none was lifted."""
        return len(self.signers) >= _PEOPLE and not self.withdrawn_at


def prepare(
    store: Store,
    *,
    source: str,
    file_sha256: str,
    rows: Iterable[tuple[int, Entry] | BadRow],
    person: Reviewer,
    file_name: str = "",
    on_bad: Callable[[BadRow], None] = lambda _: None,
) -> int:
    """The rows wait for a second person, `person` has signed for them; returns the number of the import.

    A bad row, and one that the store has reason to refuse, is told to `on_bad` and left out. An entry without dates
    gets those of its category's term. Nothing is kept where the rows end with an error.

    Args:
        store: the store.
        source: which registry they are from, in one line.
        file_sha256: of the file that holds them.
        rows: each entry with its line in the file, or why the line is none; as many as there are, one by one.
        person: who answers for it.
        file_name: of the file, for people.
        on_bad: is told of each row that is left out.

    Raises:
        RefusedError: the file was imported before, no row is left, or the source is not one line.
        StoreBusyError: another import is being prepared.
    """
    if not source.strip() or not source.isprintable():
        raise RefusedError("an import names its source in one line, such as the registry's name")
    check_new(store, file_sha256)
    with staging.alone(store), staging.staged(store, rows) as table:
        left_out = table.check(on_bad)
        if not table.count:
            raise RefusedError("no row of the file can be imported")
        number = _begin(
            store, source.strip(), file_sha256, file_name, table.count, left_out, person
        )
        table.move_to(number)
        with store.atomic():
            _sign(store, number, person)
            audit.append(
                store,
                actor=person.id,
                action="import.prepared",
                subject=f"import {number}",
                detail={"source": source.strip(), "sha256": file_sha256, "rows": table.count,
                        "left_out": left_out},
            )  # fmt: skip
    return number


def check_new(store: Store, file_sha256: str) -> None:
    """No import that stands is of this file.

    Raises:
        RefusedError: one is; the message says which.
    """
    for one in _imports(store, "WHERE i.file_sha256 = ?", [file_sha256]):
        if one.signers and not one.withdrawn_at:
            state = (
                f"is on the list; where it should not be: qalqan entries withdraw {one.id}"
                if one.is_live
                else f"waits for a second person: qalqan entries sign {one.id}"
            )
            raise RefusedError(
                f"this very file was imported before, as import {one.id} at {one.prepared_at}, which {state}"
            )


def sign(store: Store, import_id: int, person: Reviewer) -> Import:
    """The person has signed for the import; with the second one its entries are on the list.

    Raises:
        UnknownImportError: no import has this number.
        RefusedError: the same person signed before, it has its two signatures or was withdrawn, or some of its
            blocks were lifted since it was prepared.
    """
    with store.atomic():
        found = get(store, import_id)
        if found.withdrawn_at:
            raise RefusedError(f"import {import_id} was withdrawn at {found.withdrawn_at}")
        if found.is_live:
            raise RefusedError(f"import {import_id} has its two signatures")
        if person.id.lower() in {one.id.lower() for one in found.signers}:
            raise RefusedError("you have signed this import; it takes a second, different person")
        for row in staging.lifted_since(store, import_id):
            raise RefusedError(
                f"{row.reason}, since it was prepared; withdraw import {import_id} and import the file without"
                f" line {row.line}"
            )
        _sign(store, import_id, person)
        audit.append(store, actor=person.id, action="import.signed", subject=f"import {import_id}",
                     detail={"rows": found.rows, "sha256": found.file_sha256})  # fmt: skip
        return get(store, import_id)


def withdraw(store: Store, import_id: int, person: Reviewer, reason: str) -> Import:
    """None of the import's entries is on the list any more; one person is enough.

    Where it never was, its rows are gone as well, so that a mended file may have them.

    Raises:
        UnknownImportError: no import has this number.
        RefusedError: it was withdrawn before, or the reason is not one line of text.
    """
    if not reason.strip() or not reason.isprintable():
        raise RefusedError("an import is withdrawn with a reason, in one line")
    with store.atomic():
        found = get(store, import_id)
        if found.withdrawn_at:
            raise RefusedError(f"import {import_id} was withdrawn at {found.withdrawn_at}")
        store.run(
            "INSERT INTO import_withdrawals(import_id, person_id, person_name, person_role, reason, withdrawn_at)"
            " VALUES (?,?,?,?,?,?)",
            [import_id, person.id, person.name, person.role, reason.strip(), store.now()],
        )
        audit.append(store, actor=person.id, action="import.withdrawn", subject=f"import {import_id}",
                     detail={"reason": reason.strip(), "was_live": found.is_live})  # fmt: skip
    if not found.is_live:
        staging.drop(store, import_id)
    return get(store, import_id)


def get(store: Store, import_id: int) -> Import:
    """The import of this number.

    Raises:
        UnknownImportError: there is none.
    """
    for found in _imports(store, "WHERE i.id = ?", [import_id]):
        if found.signers:
            return found
    raise UnknownImportError(
        f"no import has the number {import_id}; `qalqan entries imports` shows them"
    )


def all_of(store: Store) -> list[Import]:
    """Every import there ever was, oldest first."""
    return [one for one in _imports(store, "", []) if one.signers]


def pending(store: Store) -> list[Import]:
    """The imports that wait for a second person, oldest first."""
    return [one for one in all_of(store) if not one.is_live and not one.withdrawn_at]


def rows_of(store: Store, import_id: int) -> Iterator[Entry]:
    """The entries of the import by name, whether they are live or not."""
    return entries.of_import(store, import_id)


def _begin(
    store: Store, source: str, sha256: str, file_name: str, rows: int, left_out: int, person: Reviewer
) -> int:  # fmt: skip
    with store.atomic():
        number = int(store.value("SELECT coalesce(max(id), 0) + 1 FROM imports"))
        store.run(
            "INSERT INTO imports(id, source, file_name, file_sha256, rows, left_out, person_id, person_name,"
            " person_role, prepared_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            [number, source, file_name, sha256, rows, left_out, person.id, person.name, person.role, store.now()],
        )  # fmt: skip
    return number


def _sign(store: Store, import_id: int, person: Reviewer) -> None:
    store.run(
        "INSERT INTO import_signatures(import_id, person_id, person_name, person_role, signed_at) VALUES (?,?,?,?,?)",
        [import_id, person.id, person.name, person.role, store.now()],
    )


def _imports(store: Store, where: str, params: list[str | int]) -> Iterator[Import]:
    rows = store.rows(
        "SELECT i.*, w.withdrawn_at, w.reason FROM imports i"
        f" LEFT JOIN import_withdrawals w ON w.import_id = i.id {where} ORDER BY i.id",
        params,
    )
    for row in list(rows):
        yield _import(row, _signers(store, row["id"]))


def _signers(store: Store, import_id: int) -> tuple[Reviewer, ...]:
    rows = store.rows(
        "SELECT * FROM import_signatures WHERE import_id = ? ORDER BY signed_at, person_id",
        [import_id],
    )
    return tuple(Reviewer(row["person_id"], row["person_name"], row["person_role"]) for row in rows)


def _import(row: dict[str, Any], signers: tuple[Reviewer, ...]) -> Import:
    return Import(
        id=row["id"],
        source=row["source"],
        file_name=row["file_name"],
        file_sha256=row["file_sha256"],
        rows=row["rows"],
        left_out=row["left_out"],
        prepared_at=row["prepared_at"],
        signers=signers,
        withdrawn_at=row["withdrawn_at"] or "",
        withdrawn_because=row["reason"] or "",
    )
