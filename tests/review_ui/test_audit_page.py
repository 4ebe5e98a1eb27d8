"""The page of the audit log."""

import sqlite3

from review_queue import audit
from review_queue.store import Store
from review_ui.deciding import Officer, record
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_waiting_case

Staff = dict[Role, Officer]


def test_an_auditor_reads_who_did_what(store: Store, staff: Staff, signed_in: SignedIn) -> None:
    case = a_waiting_case(store, "bad.example")
    record(store, staff[Role.REVIEWER], a_block(case))

    page = signed_in(Role.AUDITOR).get("/audit/").content.decode()

    assert "The chain holds: 3 rows" in page
    assert "Ms Reviewer" in page
    assert "verdict: violates" in page
    assert "bad[.]example" in page
    assert "bad.example" not in page
    assert audit.verify(store).hash in page


def test_a_supervisor_who_has_still_to_decide_is_kept_blind_here_too(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    record(store, staff[Role.REVIEWER], a_block(case))
    client = signed_in(Role.SUPERVISOR)

    page = client.get("/audit/").content.decode()
    assert "Ms Reviewer" not in page
    assert "violates" not in page
    assert page.count(case.ref) == 1  # that it was opened says nothing of what was concluded

    record(store, staff[Role.SUPERVISOR], a_block(case))
    assert "Ms Reviewer" in client.get("/audit/").content.decode()


def test_a_broken_chain_is_said_aloud(store: Store, signed_in: SignedIn) -> None:
    a_waiting_case(store)
    with sqlite3.connect(store.path) as raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    raw.close()

    page = signed_in(Role.AUDITOR).get("/audit/").content.decode()

    assert "The chain is broken" in page
    assert "The chain holds" not in page


def test_a_long_log_is_paged(store: Store, signed_in: SignedIn) -> None:
    for n in range(60):
        audit.append(store, actor="test", action="counted", subject=f"row-{n}", detail={})
    client = signed_in(Role.AUDITOR)

    first, second = (client.get(f"/audit/?from={n}").content.decode() for n in (0, 50))

    assert "row-59<" in first
    assert "row-9<" not in first
    assert "row-9<" in second
    assert "?from=50" in first
    assert "?from=100" not in second
