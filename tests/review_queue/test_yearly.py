"""What the year counts: each block once, from the moment two people stood behind it."""

from review_queue import imports, lifts, overrides, renewals
from review_queue.categories import Scope
from review_queue.lifts import LiftReason
from review_queue.overrides import LIST, Guard
from review_queue.store import Store
from review_queue.yearly import figures
from tests.conftest import TickingClock
from tests.review_queue.lives import BERIK, DANA, an_import, listed, taken_over


def test_a_year_counts_what_was_decided_taken_over_lifted_renewed_and_overridden(
    store: Store,
) -> None:
    year = store.clock().year
    entry = listed(store)
    rows = [taken_over(f"n{number}.zz-qalqan.kz", entry_id=f"n{number}") for number in range(4)]
    an_import(store, *rows[:3])
    wide = taken_over("zz2-qalqan.kz", entry_id="wide", scope=Scope.DOMAIN)
    withdrawn = an_import(store, wide, sha256="b" * 64)
    imports.withdraw(store, withdrawn, DANA, "another country's")
    an_import(store, rows[3], people=1, sha256="c" * 64)  # nobody else has signed it
    lifts.lift(store, "n0", DANA, LiftReason.APPEAL)
    lifts.lift(store, "n1", DANA, LiftReason.COURT)
    for person in (DANA, BERIK):
        renewals.sign(store, "n2", person, "still there")
    signed = overrides.ask(store, Guard.SIZE, LIST, "1-199", DANA, "A whole list.")
    overrides.sign(store, signed, BERIK)
    overrides.ask(store, Guard.SIZE, LIST, "2-199", DANA, "Waits.")
    overrides.withdraw(store, signed, DANA, "It was wrong.")

    found = figures(store, year)

    assert found.decided == {entry.category: 1}
    assert found.taken_over == {"violence": 4}
    assert found.lifted == {"appeal": 1, "court": 1}
    assert (found.withdrawn, found.renewed) == (1, 1)
    assert (found.overrides, found.overrides_withdrawn) == ({"size": 1}, 1)
    assert found.listed_now == 2


def test_another_year_has_none_of_it_and_an_import_counts_from_its_second_signature(
    store: Store, clock: TickingClock
) -> None:
    year = store.clock().year
    number = an_import(store, taken_over("n1.zz-qalqan.kz", entry_id="n1"), people=1)
    clock.move(days=366)
    imports.sign(store, number, BERIK)
    after = store.clock().year

    assert after > year
    assert figures(store, year).taken_over == {}
    assert figures(store, after).taken_over == {"violence": 1}
    assert figures(store, after).decided == {}
