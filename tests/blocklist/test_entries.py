import pytest

from blocklist.entries import admit
from blocklist.judging import Judge, Refusal
from review_queue import audit, entries
from review_queue.categories import Scope
from review_queue.overrides import Guard
from review_queue.store import Store
from tests.blocklist.approvals import agree, approve, case_of, lift


def test_an_approved_block_becomes_an_entry_once(store: Store) -> None:
    approve(store, "casino.example")

    first, second = admit(store), admit(store)

    assert [entry.name for entry in first.admitted] == ["casino.example"]
    assert second.admitted == ()
    assert [entry.name for entry in entries.live(store)] == ["casino.example"]


def test_a_block_one_person_wants_is_not_an_entry(store: Store) -> None:
    case = case_of(store, "casino.example")
    agree(store, case, "casino.example", Scope.HOST, people=1)

    assert admit(store).admitted == ()


def test_a_domain_two_people_want_is_not_an_entry(store: Store) -> None:
    case = case_of(store, "casino.example")
    agree(store, case, "casino.example", Scope.DOMAIN, people=2)

    assert admit(store).admitted == ()


@pytest.mark.parametrize("scope", [Scope.HOST, Scope.DOMAIN])
def test_an_approved_public_suffix_is_refused_returned_and_logged(
    store: Store, scope: Scope
) -> None:
    (case,) = approve(store, "github.io", scope=scope)
    approve(store, "casino.example")

    report = admit(store)

    assert [entry.name for entry in report.admitted] == ["casino.example"]
    ((ref, name, reason, guard, can_override, _),) = report.refused
    assert (ref, name) == (case.ref, "github.io")
    assert (guard, can_override) == ("shared_platform", True)
    assert "shared platform" in reason
    logged = [row for row in audit.rows(store) if row.action == "block.refused"]
    assert [row.subject for row in logged] == [case.ref]
    assert logged[0].detail == {
        "scope": scope,
        "name": "github.io",
        "reason": reason,
        "guard": "shared_platform",
    }


def test_a_refused_block_is_not_forgotten(store: Store) -> None:
    approve(store, "github.io")

    assert admit(store).refused == admit(store).refused != ()


def _logged(store: Store) -> list[str]:
    rows = [row for row in audit.rows(store) if row.action == "block.refused"]
    return [f"{row.detail['name']} {row.detail['reason']}" for row in reversed(rows)]


def test_a_refused_block_is_logged_again_only_for_another_reason(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(store, "github.io", "gitlab.io")
    reasons = ["first", "first", "second", "first"]

    for reason in reasons:
        refusal = Refusal(Guard.RANK, reason, can_override=True)
        monkeypatch.setattr(Judge, "refusal", lambda *_args, found=refusal: found)
        assert len(admit(store).refused) == 2

    assert _logged(store) == [
        f"{name} {reason}"
        for reason in ("first", "second", "first")
        for name in ("github.io", "gitlab.io")
    ]


def test_an_entry_that_lost_a_person_comes_back_when_another_agrees(store: Store) -> None:
    case = case_of(store, "casino.example")
    made = agree(store, case, "casino.example", Scope.HOST, people=2)
    admit(store)

    lift(store, made[0])

    assert list(entries.live(store)) == []
    assert admit(store).admitted == ()


def test_a_block_the_store_refuses_meanwhile_is_returned_and_logged(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(store, "casino.example")
    made = agree(store, case, "casino.example", Scope.HOST, people=2)
    seen = entries.approved(store)
    lift(store, made[0])
    monkeypatch.setattr(entries, "approved", lambda _store: seen)

    report = admit(store)

    assert report.admitted == ()
    assert "two different people" in report.refused[0].reason
    assert audit.rows(store, limit=1)[0].action == "block.refused"
