"""How well a page's evidence stands, from its record to its time-stamp."""

import pytest

from qalqan import evidence_manifest
from review_queue import captures, manifests, sealed
from review_queue.store import Store
from tests.builders import a_page, fetch
from tests.conftest import TickingClock
from tests.qalqan.kept import an_exchange, crawl, two_sealed_rounds


def _stamp(store: Store, seq: int) -> None:
    manifests.add_stamp(
        store, seq, authority="http://tsa.example", stamped_at="2026-11-02T00:00:00Z", token=b"1"
    )


def test_a_page_without_a_capture_has_no_record(store: Store) -> None:
    (page_id,) = fetch(store, a_page())

    assert sealed.of_page(store, page_id) is None


def test_a_page_is_sealed_by_the_first_manifest_that_stands_for_it(store: Store) -> None:
    case = two_sealed_rounds(store)
    first, second = manifests.all_of(store)
    newest = int(store.value("SELECT max(id) FROM pages"))

    old, new = sealed.of_page(store, case.page_id), sealed.of_page(store, newest)

    assert old
    assert new
    assert (old.sealed_at, new.sealed_at) == (first.made_at, second.made_at)
    assert (old.stamped_at, new.stamped_at) == ("", "")
    # the page was seen twice; the record named is the one that holds its body
    assert old.captures == 2
    assert old.capture == captures.of_page(store, case.page_id)[0]


@pytest.mark.parametrize("stamped", [1, 2])
def test_a_time_stamp_of_a_later_manifest_attests_the_earlier_ones(
    store: Store, stamped: int
) -> None:
    case = two_sealed_rounds(store)
    newest = int(store.value("SELECT max(id) FROM pages"))
    _stamp(store, stamped)

    old, new = sealed.of_page(store, case.page_id), sealed.of_page(store, newest)

    assert old
    assert new
    assert (old.stamped_at, old.authority) == ("2026-11-02T00:00:00Z", "http://tsa.example")
    assert bool(new.stamped_at) == (stamped == 2)


def test_a_page_fetched_since_the_last_manifest_is_in_none(store: Store) -> None:
    case = two_sealed_rounds(store)
    _stamp(store, 2)
    (page_id,) = crawl(store, (an_exchange("http://one.example/d", b"Late."), b"Late."))

    kept = sealed.of_page(store, page_id)

    assert kept
    assert (kept.sealed_at, kept.stamped_at) == ("", "")
    assert case.page_id != page_id


def test_the_right_one_of_many_manifests_is_found(store: Store, clock: TickingClock) -> None:
    two_sealed_rounds(store)
    ids = []
    for n in range(9):
        body = f"Number {n}.".encode()
        ids += crawl(store, (an_exchange(f"http://one.example/n{n}", body), body))
        clock.move(days=1)
        assert evidence_manifest.seal(store, actor="test")

    found = [sealed.of_page(store, page_id) for page_id in ids]

    made = [manifest.made_at for manifest in manifests.all_of(store)][2:]
    assert [kept.sealed_at for kept in found if kept] == made
