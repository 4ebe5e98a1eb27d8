"""Whose turn a site is: one crawl asks it at a time, and the next one keeps the pause its hosts are owed."""

import pytest

from review_queue import frontier, seeds, turns
from review_queue.records import Claim, Outcome, Seed
from review_queue.store import Store
from tests.conftest import TickingClock

DELAY_S = 30.0


@pytest.fixture
def round_id(store: Store) -> int:
    """A round over one site with four waiting pages, and over one with a single page."""
    urls = [*(f"http://a.kz/{n}" for n in range(4)), "http://b.kz/"]
    seeds.add(store, [Seed(url) for url in urls])
    return frontier.open_round(store, sites=["a.kz", "b.kz"], policy={}, max_pages=9)


def claimed(store: Store, round_id: int, owner: str, per_site: int = 2) -> list[Claim]:
    return frontier.claim(
        store, round_id, count=9, owner=owner, lease_s=3600, per_site=per_site, delay_s=DELAY_S
    )


def settle(store: Store, round_id: int, *claims: Claim) -> None:
    outcomes = [Outcome(claim, error="dns") for claim in claims]
    frontier.acknowledge(store, round_id, outcomes, revisit_s=86400, max_depth=1)


def sites(claims: list[Claim]) -> list[str]:
    return [claim.site for claim in claims]


def test_a_site_of_which_one_crawl_holds_rows_is_no_others(store: Store, round_id: int) -> None:
    first = claimed(store, round_id, "one", per_site=1)

    assert sites(first) == ["a.kz", "b.kz"]
    assert claimed(store, round_id, "two") == []
    assert sites(claimed(store, round_id, "one")) == ["a.kz"]


def test_after_its_last_request_a_site_has_its_pause_before_another_crawl_asks_it(
    store: Store, clock: TickingClock, round_id: int
) -> None:
    held = claimed(store, round_id, "one")
    clock.move(seconds=500)
    settle(store, round_id, *held)

    clock.move(seconds=DELAY_S - 1)
    assert claimed(store, round_id, "two") == []
    clock.move(seconds=1)
    assert sites(claimed(store, round_id, "two")) == ["a.kz", "a.kz"]


def test_the_crawl_whose_turn_it_is_goes_on_without_a_pause_of_the_store(
    store: Store, round_id: int
) -> None:
    settle(store, round_id, *claimed(store, round_id, "one"))

    assert sites(claimed(store, round_id, "one")) == ["a.kz", "a.kz"]


def test_what_a_dead_crawl_held_may_have_been_asked_until_it_is_given_back(
    store: Store, clock: TickingClock, round_id: int
) -> None:
    claimed(store, round_id, "dead")
    clock.move(seconds=500)
    frontier.release(store, lambda _: False)

    assert claimed(store, round_id, "two") == []
    assert turns.are_awaited(store, round_id, owner="two", delay_s=DELAY_S)
    clock.move(seconds=DELAY_S)
    assert sites(claimed(store, round_id, "two")) == ["a.kz", "a.kz", "b.kz"]


def test_leases_that_ran_out_are_treated_likewise(
    store: Store, clock: TickingClock, round_id: int
) -> None:
    claimed(store, round_id, "hung")
    clock.move(seconds=3601)
    assert frontier.release(store, lambda _: True) == 3

    assert claimed(store, round_id, "two") == []
    clock.move(seconds=DELAY_S)
    assert claimed(store, round_id, "two")


def test_only_anothers_turn_is_waited_for(store: Store, clock: TickingClock, round_id: int) -> None:
    def awaited(owner: str) -> bool:
        return turns.are_awaited(store, round_id, owner=owner, delay_s=DELAY_S)

    assert not awaited("two")
    held = claimed(store, round_id, "one")
    assert awaited("two")
    assert not awaited("one")
    settle(store, round_id, *held)
    assert awaited("two")
    settle(store, round_id, *claimed(store, round_id, "one"))
    clock.move(seconds=1)
    assert not awaited("two"), "all rows are done"


def test_a_page_another_crawl_holds_may_lead_to_more(store: Store, round_id: int) -> None:
    def awaited() -> bool:
        return turns.are_awaited(store, round_id, owner="two", delay_s=0.0)

    held = claimed(store, round_id, "one", per_site=9)
    assert not store.value("SELECT count(*) FROM next_rows"), "no row is left to wait for"

    assert awaited()
    settle(store, round_id, *held)
    assert not awaited()


def test_a_clock_that_is_put_back_holds_up_nothing(
    store: Store, clock: TickingClock, round_id: int
) -> None:
    settle(store, round_id, *claimed(store, round_id, "one"))
    clock.move(hours=-5)

    assert sites(claimed(store, round_id, "two")) == ["a.kz", "a.kz"]
