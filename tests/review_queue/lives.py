"""Entries at every step of their life, put into a real store, and what is kept of it for good."""

from review_queue import entries, imports, lifts, proposals, renewals, terms
from review_queue.categories import Category, Scope
from review_queue.lifts import LiftReason
from review_queue.records import BadRow, Entry, Reviewer
from review_queue.store import Store
from tests.builders import a_decided_case

DANA, BERIK, ERLAN = (
    Reviewer(name, name.title(), "supervisor") for name in ("dana", "berik", "erlan")
)


def listed(store: Store, *people: str, scope: Scope = Scope.HOST) -> Entry:
    """An entry that so many people decided, two where none is named."""
    a_decided_case(store, *(people or ("aliya", "berik")), scope=scope)
    return entries.add(store, entries.approved(store)[0])


def taken_over(name: str, *, entry_id: str = "", scope: Scope = Scope.HOST) -> Entry:
    """An entry as a file of another registry has it."""
    return Entry(
        id=entry_id or f"old-{scope}-{abs(hash(name))}",
        scope=scope,
        name=name,
        unicode_name=name,
        category=Category.VIOLENCE,
        case_ref="",
        decision_ids=(),
        people=0,
        policy_code="VI-1",
        policy_version=1,
        legal_ground_code="SAMPLE-1",
        legal_ground_version=1,
        listed_at="2026-01-31T08:00:00.000Z",
        papers=("Order 7 of 2026-01-31",),
    )


def an_import(store: Store, *rows: Entry, people: int = 2, sha256: str = "a" * 64) -> int:
    """The number of an import of these rows, signed by so many people."""
    number = imports.prepare(
        store,
        source="The older registry",
        file_sha256=sha256,
        rows=enumerate(rows, start=1),
        person=DANA,
        on_bad=_refuse,
    )
    if people > 1:
        imports.sign(store, number, BERIK)
    return number


def _refuse(row: BadRow) -> None:
    raise AssertionError(f"line {row.line}: {row.reason}")


KEPT: dict[str, tuple[str, str]] = {
    "editing a term": ("UPDATE terms SET review_days = 1", "terms_no_update"),
    "deleting a term": ("DELETE FROM terms", "terms_no_delete"),
    "editing an import": ("UPDATE imports SET source = 'x'", "imports_no_update"),
    "deleting an import": ("DELETE FROM imports", "imports_no_delete"),
    "editing an imported entry": (
        "UPDATE imported_entries SET name = 'x.example'",
        "imported_entries_no_update",
    ),
    "deleting an imported entry": ("DELETE FROM imported_entries", "imported_entries_no_delete"),
    "editing a signature under an import": (
        "UPDATE import_signatures SET person_name = 'x'",
        "import_signatures_no_update",
    ),
    "deleting a signature under an import": (
        "DELETE FROM import_signatures",
        "import_signatures_no_delete",
    ),
    "editing an import's withdrawal": (
        "UPDATE import_withdrawals SET reason = 'x'",
        "import_withdrawals_no_update",
    ),
    "putting a withdrawn import back": (
        "DELETE FROM import_withdrawals",
        "import_withdrawals_no_delete",
    ),
    "editing a lift": ("UPDATE lifts SET reason = 'mistake'", "lifts_no_update"),
    "taking a lift back": ("DELETE FROM lifts", "lifts_no_delete"),
    "editing a proposal": ("UPDATE proposals SET note = 'x'", "proposals_no_update"),
    "deleting a proposal": ("DELETE FROM proposals", "proposals_no_delete"),
    "editing what became of a proposal": (
        "UPDATE proposal_ends SET note = 'x'",
        "proposal_ends_no_update",
    ),
    "deleting what became of a proposal": ("DELETE FROM proposal_ends", "proposal_ends_no_delete"),
    "prolonging by hand": (
        "UPDATE renewals SET expires_at = '2999-01-01T00:00:00.000Z'",
        "renewals_no_update",
    ),
    "deleting a renewal": ("DELETE FROM renewals", "renewals_no_delete"),
}
KEPT_TABLES = (
    "import_signatures", "import_withdrawals", "imported_entries", "imports", "lifts", "proposal_ends", "proposals",
    "renewals", "terms",
)  # fmt: skip
BY_NAME = {
    "imports_once": "imported before",
    "imported_entries_unsigned": "somebody signed",
    "imported_entries_new_id": "has this id already",
    "entries_new_id": "has this id already",
    "import_signatures_whole": "all its rows",
    "lifts_known": "no entry has this id",
    "proposals_known": "only an entry that was not lifted",
    "proposal_ends_lifted": "the entry was not lifted",
    "renewals_by_two": "two different people to renew",
    "entries_dated": "looks at it again",
    "entries_decided_since": "must decide anew",
}


def keep_all(store: Store) -> None:
    """Every table of an entry's life has a row."""
    terms.set_term(
        store, Category.VIOLENCE, review_days=90, expiry_days=365, person=DANA, reason="Shorter."
    )
    number = an_import(store, taken_over("a.example", entry_id="a"), taken_over("b.example"))
    for person in (DANA, BERIK):
        renewals.sign(store, "a", person, "It is still there.")
    proposal = proposals.propose(store, "a", LiftReason.CONTENT_GONE)
    proposals.settle(store, proposal, DANA, lift=False, note="It is not gone.")
    lifts.lift(store, "a", DANA, LiftReason.APPEAL, "The owner is right.")
    imports.withdraw(store, number, DANA, "It was another list.")
