"""Links on their way: queued with how they were found, kept as prospects, set aside; in a real store."""

import pytest

from review_queue import frontier, links, seeds
from review_queue.links import Lead, Prospect, Trail, Wanted
from review_queue.records import Link, Seed
from review_queue.store import Store

SITE = "one.example"


def a_round(store: Store, *sites: str) -> int:
    seeds.add(store, [Seed(f"http://{site}/") for site in sites or (SITE,)])
    return frontier.open_round(store, sites=sites or (SITE,), policy={}, max_pages=40)


def wanted(path: str, priority: int, lead: Lead | None = None, shape: str = "") -> Wanted:
    link = Link(f"http://{SITE}/{path}", SITE, shape=shape)
    return Wanted(link, priority, lead or Lead(1, 8, 1, (3, 65_535)))


def waiting(store: Store) -> dict[str, int]:
    rows = store.rows("SELECT url, priority FROM frontier WHERE state = 'waiting'")
    return {row["url"].removeprefix(f"http://{SITE}/"): row["priority"] for row in rows}


def id_of(store: Store, path: str) -> int:
    return int(store.value("SELECT id FROM frontier WHERE url = ?", [f"http://{SITE}/{path}"]))


def test_a_link_found_again_keeps_the_higher_priority_and_the_lead_it_came_with(
    store: Store,
) -> None:
    a_round(store)
    better = Lead(1, 30, 0, (5,))
    links.queue_wanted(store, [wanted("a", -500)], depth=1, max_pages=40)
    links.queue_wanted(store, [wanted("a", -100, better)], depth=1, max_pages=40)
    links.queue_wanted(store, [wanted("a", -900)], depth=1, max_pages=40)

    assert waiting(store) == {"": 0, "a": -100}
    trail = links.trails(store, [id_of(store, "a"), 10**6])[id_of(store, "a")]
    assert trail == Trail(id_of(store, "a"), SITE, SITE, better, None)


def test_a_seed_is_not_pushed_below_by_a_link_to_it(store: Store) -> None:
    a_round(store)

    links.queue_wanted(store, [wanted("", -1)], depth=1, max_pages=40)

    assert waiting(store) == {"": 0}


def test_what_a_lead_was_worth_is_kept_newest_first(store: Store) -> None:
    a_round(store)
    links.queue_wanted(
        store, [wanted("a", -5), wanted("b", -5), wanted("c", -5)], depth=1, max_pages=40
    )

    links.settle(store, [(id_of(store, "a"), 0.0), (id_of(store, "b"), 0.4)])

    found = list(links.known_trails(store, 10))
    assert [(trail.id, trail.worth) for trail in found] == [
        (id_of(store, "b"), 0.4),
        (id_of(store, "a"), 0.0),
    ]
    assert len(list(links.known_trails(store, 1))) == 1


def test_a_sites_rows_are_ranked_anew_and_claimed_in_the_new_order(store: Store) -> None:
    round_id = a_round(store)
    links.queue_wanted(store, [wanted("a", -100), wanted("b", -200)], depth=1, max_pages=40)

    links.rerank(
        store, SITE, lambda trail: -300 if trail.id == id_of(store, "a") else -50, limit=10
    )

    assert waiting(store) == {"": 0, "a": -300, "b": -50}
    claims = frontier.claim(store, round_id, count=9, owner="me", lease_s=60, per_site=9)
    assert [claim.url[-1] for claim in claims] == ["/", "b", "a"]


@pytest.mark.parametrize(("part", "most"), [("4", 10), ("2", 20), ("1", 40)])
def test_addresses_of_one_shape_get_their_part_of_a_sites_pages(
    store: Store, part: str, most: int
) -> None:
    a_round(store)
    trap = [wanted(f"c?month={i}&year=1", -9, shape=f"{part} /c?") for i in range(100)]

    links.queue_wanted(store, trap, depth=1, max_pages=40)
    links.queue(store, [one.link for one in trap], depth=1, found_on=1, max_pages=40)
    links.queue_wanted(store, [wanted("other", -9)], depth=1, max_pages=40)

    assert len(waiting(store)) == 1 + most + 1


def test_a_prospect_is_its_best_link_and_counts_the_near_ones(store: Store) -> None:
    round_id = a_round(store)

    def prospect(path: str, priority: int, near: int) -> Prospect:
        link = Link(f"http://new.example/{path}", "new.example")
        return Prospect(link, priority, Lead(1, 8, 0, (priority + 1000,)), near)

    for one in (prospect("a", -700, 1), prospect("b", -300, 1), prospect("c", -800, 0)):
        links.put_prospects(store, round_id, [one])

    ((found, sender),) = links.best_prospects(store, round_id, 9)
    assert (found.link.url, found.priority, found.lead.words, found.links, sender) == (
        "http://new.example/b", -300, (700,), 2, SITE,
    )  # fmt: skip
    links.rank_prospects(store, [("new.example", -10)])
    assert links.best_prospects(store, round_id, 9)[0][0].priority == -10
    links.drop_prospect(store, "new.example")
    assert links.best_prospects(store, round_id, 9) == []


def test_a_site_that_is_known_is_no_prospect_and_one_is_adopted_by_a_later_round(
    store: Store,
) -> None:
    first = a_round(store)
    new = Prospect(Link("http://new.example/", "new.example"), -5, Lead())
    links.put_prospects(store, first, [Prospect(Link(f"http://{SITE}/x", SITE), -5, Lead()), new])

    second = a_round(store)

    assert links.best_prospects(store, second, 9) == []
    assert links.adopt_prospects(store, second, ["new.example", "never.example"]) == {"new.example"}
    assert [one.link.site for one, _ in links.best_prospects(store, second, 9)] == ["new.example"]


def test_what_was_set_aside_comes_back_with_its_lead(store: Store) -> None:
    round_id = a_round(store)
    far = [wanted("a", -800), wanted("b", -700), wanted("", -1)]
    links.set_aside(store, far, depth=2, reason="far")
    links.queue_wanted(store, [wanted("b", -100)], depth=1, max_pages=40)
    assert links.count_set_aside(store) == 2
    assert store.value("SELECT count(*) FROM set_aside WHERE reason = 'far'") == 2

    assert links.take_back(store, round_id, max_depth=1) == 0
    assert links.take_back(store, round_id, max_depth=3) == 1

    assert waiting(store) == {"": 0, "a": -800, "b": -100}
    assert links.trails(store, [id_of(store, "a")])[id_of(store, "a")].lead.words == (3, 65_535)
    assert links.count_set_aside(store) == 0
