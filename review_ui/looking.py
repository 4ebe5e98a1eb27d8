"""Settles a page that no program could read: a person looked at its beginning, and it is nothing or a case."""

from review_queue import audit, cases, unread
from review_queue.categories import Category
from review_queue.records import Case
from review_queue.store import Store
from review_ui.deciding import MAX_REASON, Officer, Problem, UndecidableError
from review_ui.roles import Capability, may


def settle(
    store: Store, officer: Officer, page_id: int, category: Category | None, note: str
) -> Case | None:
    """The page waits no more; returns the case that is about its site now, None where there is nothing for one.

    Raises:
        UndecidableError: this person decides nothing, or wrote no note.
        RefusedError: the page does not wait for a look.
    """
    if not may(officer.role, Capability.DECIDE):
        raise UndecidableError(Problem.ROLE)
    if not note.strip():
        raise UndecidableError(Problem.REASON)
    state = unread.CASE if category else unread.NOTHING
    with store.atomic():
        found = unread.settle(
            store, page_id, state, looked_by=officer.id, note=note.strip()[:MAX_REASON]
        )
        case = None
        if category:
            case, _ = cases.open_by_hand(store, found.page, category, actor=officer.id)
        # as with a decision, the note stays out of the log: it may name persons
        audit.append(
            store,
            actor=officer.id,
            action="unread.settled",
            subject=found.page.url[:200],
            detail={"page": page_id, "state": state, "category": category or "",
                    "case": case.ref if case else ""},
        )  # fmt: skip
    return case
