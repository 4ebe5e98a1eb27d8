"""A block that was lifted as wrong does not come back by way of an import, whatever the file calls it."""

import pytest

from review_queue import decisions, entries, imports, lifts, staging
from review_queue.categories import Category, Scope
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason
from review_queue.records import Entry, Reviewer
from review_queue.store import Store
from tests.builders import a_case, a_draft

ALIYA, BERIK = (Reviewer(name, name.title(), "senior") for name in ("aliya", "berik"))


def a_row(
    number: str, scope: Scope = Scope.HOST, category: Category = Category.VIOLENCE
) -> tuple[int, Entry]:
    policy = "VI-1" if category is Category.VIOLENCE else "SH-1"
    return 1, Entry(
        number, scope, "n1.zz-qalqan.kz", "n1.zz-qalqan.kz", category, "", (), 2, policy, 1, "SAMPLE-1", 1,
        "2026-01-01T00:00:00.000Z", papers=("Order 1",),
    )  # fmt: skip


def prepared(store: Store, row: tuple[int, Entry], digit: str) -> int:
    return imports.prepare(store, source="R", file_sha256=digit * 64, rows=[row], person=ALIYA)


@pytest.mark.parametrize(
    ("scope", "category"),
    [
        (Scope.HOST, Category.VIOLENCE),
        (Scope.HOST, Category.SELF_HARM),
        (Scope.DOMAIN, Category.VIOLENCE),
    ],
)
def test_a_lifted_block_is_not_imported_again_under_another_name(
    store: Store, scope: Scope, category: Category
) -> None:
    imports.sign(store, prepared(store, a_row("a"), "a"), BERIK)
    lifts.lift(store, "a", BERIK, LiftReason.APPEAL)

    with pytest.raises(RefusedError, match="no row"):
        prepared(store, a_row("b", scope, category), "b")


@pytest.mark.parametrize("scope", [Scope.HOST, Scope.DOMAIN])
def test_what_was_lifted_while_an_import_waited_is_not_signed_even_past_the_program(
    store: Store, scope: Scope
) -> None:
    imports.sign(store, prepared(store, a_row("a"), "a"), BERIK)
    waiting = prepared(store, a_row("b", scope, Category.SELF_HARM), "b")
    lifts.lift(store, "a", BERIK, LiftReason.APPEAL)

    assert len(list(staging.lifted_since(store, waiting))) == 1
    with pytest.raises(RefusedError, match="lifted"):
        imports.sign(store, waiting, BERIK)
    with pytest.raises(RefusedError, match="was lifted here"):
        store.run(
            "INSERT INTO import_signatures VALUES (?, 'berik', 'B', 'senior', ?)",
            [waiting, store.now()],
        )
    assert list(entries.live(store)) == []


def test_what_was_decided_before_an_imported_block_was_lifted_does_not_list_it_again(
    store: Store,
) -> None:
    case = a_case(store, "http://n1.zz-qalqan.kz/")
    for person in ("aliya", "berik"):
        decisions.decide(store, a_draft(case, person, name="n1.zz-qalqan.kz"))
    (block,) = entries.approved(store)  # and no list was made since
    imports.sign(store, prepared(store, a_row("a"), "a"), BERIK)
    lifts.lift(store, "a", BERIK, LiftReason.APPEAL)

    assert entries.approved(store) == []
    with pytest.raises(RefusedError, match="decide anew"):
        entries.add(store, block)
    for made in decisions.of_case(store, case.ref):
        again = a_draft(case, made.reviewer.id, name="n1.zz-qalqan.kz", supersedes=made.id)
        decisions.decide(store, again)
    (block,) = entries.approved(store)
    assert entries.add(store, block).name == "n1.zz-qalqan.kz"


def test_an_imported_block_that_only_ended_leaves_what_people_decided(store: Store) -> None:
    case = a_case(store, "http://n1.zz-qalqan.kz/")
    for person in ("aliya", "berik"):
        decisions.decide(store, a_draft(case, person, name="n1.zz-qalqan.kz"))
    imports.sign(store, prepared(store, a_row("a"), "a"), BERIK)
    lifts.lift(store, "a", BERIK, LiftReason.SUPERSEDED)

    assert len(entries.approved(store)) == 1
