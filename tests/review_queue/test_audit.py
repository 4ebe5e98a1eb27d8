"""The audit log: every edit, removal, insertion and, with a noted head, every cut shows."""

import pytest

from review_queue import audit
from review_queue.errors import AuditBrokenError
from review_queue.store import Store

TAMPERING = {
    "an edited actor": "UPDATE audit SET actor = 'other' WHERE seq = 2",
    "an edited detail": "UPDATE audit SET detail = '{}' WHERE seq = 2",
    "a removed row": "DELETE FROM audit WHERE seq = 2",
    "a removed first row": "DELETE FROM audit WHERE seq = 1",
    "a renumbered row": "UPDATE audit SET seq = 9 WHERE seq = 3",
    "a swapped pair": "UPDATE audit SET actor = CASE seq WHEN 1 THEN 'p2' ELSE 'p1' END WHERE seq < 3",
}


@pytest.fixture
def log(store: Store) -> Store:
    for number in (1, 2, 3):
        audit.append(store, actor=f"p{number}", action="did", subject="x", detail={"n": number})
    return store


def _unguarded(store: Store) -> Store:
    for name in ("audit_no_update", "audit_no_delete"):
        store.run(f"DROP TRIGGER {name}")
    return store


def test_an_untouched_log_holds(log: Store) -> None:
    head = audit.verify(log)

    assert head.seq == 3
    assert audit.verify(log, head=head) == head
    assert [row.actor for row in audit.rows(log, limit=2)] == ["p3", "p2"]


def test_an_empty_log_holds(store: Store) -> None:
    assert audit.verify(store) == audit.Head(0, audit.GENESIS)


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found(log: Store, what: str) -> None:
    _unguarded(log).run(TAMPERING[what])
    with pytest.raises(AuditBrokenError):
        audit.verify(log)


def test_a_cut_off_tail_is_found_only_with_a_noted_head(log: Store) -> None:
    head = audit.verify(log)
    _unguarded(log).run("DELETE FROM audit WHERE seq = 3")

    assert audit.verify(log).seq == 2
    with pytest.raises(AuditBrokenError, match="cut off"):
        audit.verify(log, head=head)
