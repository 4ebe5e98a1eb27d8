"""A list at every step of its life, so that each page about it has something to show."""

from datetime import timedelta

from review_queue import (
    cases,
    entries,
    lifts,
    overrides,
    proposals,
    rechecks,
    renewals,
)
from review_queue.categories import Scope
from review_queue.clock import system_clock
from review_queue.lifts import LiftReason
from review_queue.overrides import Guard
from review_queue.rechecks import Found, Recheck
from review_queue.store import Store, open_store
from tests.builders import came_from
from tests.review_queue.lives import BERIK, DANA, an_import, taken_over
from tests.review_queue.takers import DIGEST, a_pull, a_receipt, a_token


def list_pages(store: Store) -> list[str]:
    """Entries, imports, overrides and providers are in the store; returns the pages that show them."""
    with open_store(
        store.path.parent, clock=lambda: system_clock() - timedelta(hours=50)
    ) as before:
        token = a_token(before, "north-net").token
        rows = [taken_over(f"n{n}.example", entry_id=f"e{n}") for n in range(4)]
        url = "http://blogs.example/users/one/a-rather-long-name-of-a-page.html"
        rows += [
            taken_over(url, entry_id="url", scope=Scope.URL),
            taken_over("a.kz", entry_id="new"),
        ]
        number = an_import(before, *rows)
        entries.record_export(before, serial=1, actor="t", manifest_sha256=DIGEST, counts={})
        a_pull(before, token, 1)
        a_receipt(before, token, 1, "refused", detail="no room")
    an_import(store, taken_over("b.kz"), people=1, sha256="b" * 64)
    lifts.lift(store, "e1", DANA, LiftReason.COURT, "No. 7")
    proposals.propose(store, "new", LiftReason.CONTENT_GONE, "gone", actor="recheck")
    proposals.propose(store, "new", LiftReason.EXPIRED, "its date", actor="recheck")
    rechecks.record(store, Recheck("new", Found.GONE, error="http_404"))
    renewals.sign(store, "new", DANA, "Same.")
    asked = overrides.ask(store, Guard.RANK, "host", "a.kz", DANA, "All of it sells it.")
    done = overrides.ask(store, Guard.SHARED_ADDRESS, "ip", "93.184.216.34", DANA, "Alone there.")
    overrides.sign(store, done, BERIK)
    for case in cases.waiting(store, limit=1):
        came_from(store, case.page_id, "93.184.216.34")
    return [
        "/entries/?q=",
        *(f"/entries/{entry}/" for entry in ("new", "e1")),
        *("/imports/", f"/imports/{number}/", f"/imports/{number + 1}/"),
        *("/overrides/", f"/overrides/{asked}/", f"/overrides/{done}/"),
        *("/providers/", "/providers/north-net/"),
    ]
