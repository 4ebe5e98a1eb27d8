"""Which listed sites are due for a look, what is asked of them, and what follows from what was found."""

from datetime import timedelta

import pytest

from review_queue import decisions, entries, frontier, rechecks, scores
from review_queue.categories import Scope
from review_queue.errors import RefusedError
from review_queue.rechecks import Found, Recheck
from review_queue.records import Entry
from review_queue.store import Store
from tests.builders import MODEL, a_case, a_draft, a_page, a_score, fetch
from tests.conftest import TickingClock


def listed(
    store: Store, url: str = "http://one.example/bad", scope: Scope = Scope.HOST, name: str = ""
) -> Entry:
    """An entry for the host of `url` that three people decided on for what stands at `url`."""
    case = a_case(store, url)
    for person in ("aliya", "berik", "dana"):
        decisions.decide(store, a_draft(case, person, scope=scope, name=name or case.site))
    return next(entries.add(store, block) for block in entries.approved(store))


def found(
    store: Store, clock: TickingClock, entry: Entry, *outcomes: Found, days: float
) -> list[Recheck]:
    """The looks at the entry after each outcome was found, so many days apart."""
    for outcome in outcomes:
        clock.move(days=days)
        page = store.value("SELECT max(id) FROM pages")
        rechecks.record(store, Recheck(entry.id, outcome, page))
    return rechecks.of(store, entry.id)


def due(store: Store, within: timedelta = timedelta()) -> list[str]:
    return [one.entry.name for one in rechecks.due(store, within=within)]


def test_an_entry_is_due_until_somebody_looked_and_again_after_its_interval(
    store: Store, clock: TickingClock
) -> None:
    entry = listed(store)
    assert due(store) == ["one.example"]
    found(store, clock, entry, Found.STILL_THERE, days=1)

    assert due(store) == []
    clock.move(days=29)
    assert due(store) == []
    assert due(store, timedelta(days=2)) == ["one.example"]
    clock.move(days=1)
    assert due(store) == ["one.example"]


@pytest.mark.parametrize("outcome", [Found.GONE, Found.CHANGED, Found.UNREACHABLE])
def test_where_no_harm_was_found_the_next_look_comes_in_a_week(
    store: Store, clock: TickingClock, outcome: Found
) -> None:
    entry = listed(store)
    found(store, clock, entry, outcome, days=1)
    clock.move(days=6)
    assert due(store) == []
    clock.move(days=1)

    assert due(store) == ["one.example"]


def test_the_entries_longest_due_come_first(store: Store, clock: TickingClock) -> None:
    first = listed(store)
    clock.move(days=1)
    listed(store, "http://two.example/")
    found(store, clock, first, Found.GONE, days=0)
    clock.move(days=8)

    assert due(store) == ["two.example", "one.example"]
    assert [one.entry.name for one in rechecks.due(store, limit=1)] == ["two.example"]


def test_an_entry_that_is_not_live_is_not_due(store: Store) -> None:
    entry = listed(store)
    for old in decisions.of_case(store, entry.case_ref)[:2]:
        decisions.decide(
            store,
            a_draft(a_case(store, "http://one.example/bad"), old.reviewer.id, scope=Scope.URL,
                    name="http://one.example/x", supersedes=old.id),
        )  # fmt: skip

    assert due(store) == []


def test_an_address_has_no_page_to_look_at(store: Store) -> None:
    listed(store, scope=Scope.IP, name="203.0.113.7")

    assert due(store) == []
    assert [entry.name for entry in rechecks.not_checkable(store)] == ["203.0.113.7"]


def test_a_look_rests_on_a_page_or_on_an_error(store: Store) -> None:
    entry = listed(store)
    with pytest.raises(RefusedError):
        rechecks.record(store, Recheck(entry.id, Found.CHANGED))
    with pytest.raises(RefusedError):
        rechecks.record(store, Recheck(entry.id, Found.STILL_THERE, error="timeout"))

    assert rechecks.of(store, entry.id) == []


def test_what_people_decided_on_is_asked_first_then_the_front_page_then_the_worst(
    store: Store,
) -> None:
    entry = listed(store, "https://one.example:8443/bad")
    urls = [f"https://one.example:8443/{n}" for n in range(3)]
    for number, page_id in enumerate(fetch(store, *map(a_page, urls))):
        scores.save(store, MODEL, [(page_id, a_score(self_harm=0.0, violence=0.1 * number))])
    fetch(store, a_page("http://sub.one.example/"))

    assert rechecks.addresses(store, entry, 4) == [
        "https://one.example:8443/bad", "https://one.example:8443/", urls[2], urls[1],
    ]  # fmt: skip


def test_a_domain_has_the_pages_below_it_and_a_host_has_not(store: Store) -> None:
    host = listed(store, "http://one.example/bad")
    page_id = fetch(store, a_page("http://sub.one.example/worse"))[0]
    scores.save(store, MODEL, [(page_id, a_score(violence=0.99))])
    domain = listed(store, "http://sub.two.example/bad", Scope.DOMAIN, "two.example")

    assert "http://sub.one.example/worse" not in rechecks.addresses(store, host, 5)
    asked = rechecks.addresses(store, domain, 5)
    assert asked[0] == "http://sub.two.example/bad"
    assert "http://two.example/" in asked


def test_a_url_is_asked_alone(store: Store) -> None:
    entry = listed(store, scope=Scope.URL, name="http://one.example/bad?b=2&a=1")

    assert rechecks.addresses(store, entry, 5) == ["http://one.example/bad?a=1&b=2"]


def test_in_a_round_of_looks_the_addresses_come_first_however_lately_they_were_asked(
    store: Store,
) -> None:
    fetch(store, *[a_page(f"http://one.example/{n}") for n in range(3)])
    store.run(
        "INSERT INTO frontier(url, site, depth, priority, state, due_at)"
        " VALUES ('http://one.example/waits', 'one.example', 0, 7, 'waiting', '2026')"
    )
    round_id = frontier.open_round(store, sites=["one.example"], policy={}, max_pages=2)
    wanted = ["http://one.example/1", "http://one.example/2"]
    rechecks.line_up(store, round_id, wanted, {"one.example": 2})

    claims = frontier.claim(store, round_id, count=9, owner="me", lease_s=60, per_site=9)
    assert [claim.url for claim in claims] == wanted
    assert rechecks.finished_sites(store, round_id) == set()
    assert not any(one.is_done for one in rechecks.asked(store, round_id, wanted))


def test_without_it_pages_fetched_lately_take_all_of_a_small_budget(store: Store) -> None:
    fetch(store, *[a_page(f"http://one.example/{n}") for n in range(3)])
    round_id = frontier.open_round(store, sites=["one.example"], policy={}, max_pages=2)

    assert frontier.claim(store, round_id, count=9, owner="me", lease_s=60, per_site=9) == []
