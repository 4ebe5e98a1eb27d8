"""A block that was lifted as wrong does not come back by way of an import, whatever the file calls it."""

import pytest

from review_queue import decisions, entries, imports, lifts, staging
from review_queue.categories import Category, Scope
from review_queue.errors import RefusedError
from review_queue.lifts import LiftReason
from review_queue.records import BadRow, Entry, Reviewer
from review_queue.store import Store
from tests.builders import a_case, a_draft

ALIYA, BERIK = (Reviewer(name, name.title(), "senior") for name in ("aliya", "berik"))


def a_row(
    number: str,
    scope: Scope = Scope.HOST,
    category: Category = Category.VIOLENCE,
    name: str = "n1.zz-qalqan.kz",
) -> tuple[int, Entry]:
    policy = "VI-1" if category is Category.VIOLENCE else "SH-1"
    return 1, Entry(
        number, scope, name, name, category, "", (), 2, policy, 1, "SAMPLE-1", 1,
        "2026-01-01T00:00:00.000Z", papers=("Order 1",),
    )  # fmt: skip


def prepared(
    store: Store, row: tuple[int, Entry], digit: str, told: list[BadRow] | None = None
) -> int:
    bad = told if told is not None else []
    return imports.prepare(
        store, source="R", file_sha256=digit * 64, rows=[row], person=ALIYA, on_bad=bad.append
    )


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


@pytest.mark.parametrize(
    ("scope", "name", "wider", "above"),
    [
        (Scope.HOST, "www.n1.zz-qalqan.kz", Scope.DOMAIN, "n1.zz-qalqan.kz"),
        (Scope.DOMAIN, "www.n1.zz-qalqan.kz", Scope.DOMAIN, "zz-qalqan.kz"),
        (Scope.URL, "http://n1.zz-qalqan.kz/a", Scope.HOST, "n1.zz-qalqan.kz"),
        (Scope.URL, "http://n1.zz-qalqan.kz:8080/a", Scope.DOMAIN, "zz-qalqan.kz"),
        (Scope.URL, "http://203.0.113.7/a", Scope.CIDR, "203.0.113.0/24"),
        (Scope.HOST, "[2001:db8::7]", Scope.IP, "2001:db8::7"),
        (Scope.IP, "203.0.113.7", Scope.CIDR, "203.0.113.0/29"),
        (Scope.IP, "2001:db8::7", Scope.CIDR, "2001:db8::/48"),
        (Scope.CIDR, "203.0.113.0/29", Scope.CIDR, "203.0.113.0/28"),
    ],
)
def test_a_wider_block_does_not_bring_a_lifted_one_back(
    store: Store, scope: Scope, name: str, wider: Scope, above: str
) -> None:
    imports.sign(store, prepared(store, a_row("a", scope, name=name), "a"), BERIK)
    waiting = prepared(store, a_row("b", wider, Category.SELF_HARM, name=above), "b")
    lifts.lift(store, "a", BERIK, LiftReason.APPEAL)

    with pytest.raises(RefusedError, match="in it was lifted here at"):
        imports.sign(store, waiting, BERIK)
    told: list[BadRow] = []
    with pytest.raises(RefusedError, match="no row"):
        prepared(store, a_row("c", wider, name=above), "c", told)
    assert [row.line for row in told] == [1]
    assert told[0].reason.startswith(f"{name} in it was lifted here at ")


def test_a_narrower_block_or_one_beside_it_is_taken_over_after_a_lift(store: Store) -> None:
    imports.sign(store, prepared(store, a_row("a", Scope.DOMAIN), "a"), BERIK)
    lifts.lift(store, "a", BERIK, LiftReason.MISTAKE)
    rows = (
        (Scope.HOST, "n1.zz-qalqan.kz"),
        (Scope.DOMAIN, "a.n1.zz-qalqan.kz"),
        (Scope.DOMAIN, "n2.zz-qalqan.kz"),
        (Scope.URL, "http://n1.zz-qalqan.kz/a"),
    )

    for number, (scope, name) in enumerate(rows):
        waiting = prepared(store, a_row(f"b{number}", scope, name=name), str(number))
        imports.sign(store, waiting, BERIK)
    assert len(list(entries.live(store))) == len(rows)


@pytest.mark.parametrize("scope", [Scope.HOST, Scope.DOMAIN])
def test_what_was_lifted_while_an_import_waited_is_not_signed_even_past_the_program(
    store: Store, scope: Scope
) -> None:
    imports.sign(store, prepared(store, a_row("a"), "a"), BERIK)
    waiting = prepared(store, a_row("b", scope, Category.SELF_HARM), "b")
    lifts.lift(store, "a", BERIK, LiftReason.APPEAL)

    assert len(staging.lifted_since(store, waiting)) == 1
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
