"""The focus of a crawl, on a real store: which rows are claimed first, which sites join, what is set aside."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from crawler.ledger import Ledger
from crawler.links import words_of_site
from crawler.plan import Budget, CrawlPlan, FocusMode, Scoring
from review_queue import frontier, links, seeds
from review_queue.categories import Category, Stance
from review_queue.records import Claim, Link, ModelId, Outcome, Page, PageScore, Seed
from review_queue.store import Store

CUTS = {Category.SELF_HARM: 0.4, Category.VIOLENCE: 0.8, Category.DISTRESS: 0.9}
MODEL = ModelId("test", "1", "a" * 64)


def _nothing() -> None:
    raise NotImplementedError


def plan_of(focus: FocusMode, **changes: object) -> CrawlPlan:
    plan = CrawlPlan(
        budget=Budget(max_pages=40, max_depth=9),
        scoring=Scoring(_nothing, MODEL, CUTS),  # type: ignore[arg-type]  # the reader's part, which no ledger calls
        focus=focus,
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # the tests name its fields


def ledger_of(
    store: Store, plan: CrawlPlan, *sites: str, priorities: Mapping[str, int] | None = None
) -> Ledger:
    ranks = priorities or {}
    seeds.add(store, [Seed(f"http://{site}/", priority=ranks.get(site, 0)) for site in sites])
    round_id = frontier.open_round(
        store, sites=sites, policy=plan.policy(), max_pages=plan.budget.max_pages
    )
    ledger = Ledger(store, round_id, plan, "1:1")
    ledger.discover_known()
    return ledger


def scored(kind: str) -> PageScore:
    violence, other = {"harm": (0.95, 0.02), "near": (0.1, 0.05), "far": (0.0, 0.98)}[kind]
    stance = {Stance.PROMOTES: 1 - other, Stance.OTHER: other}
    return PageScore("en", {Category.SELF_HARM: 0.0, Category.VIOLENCE: violence}, stance, violence)


def link(url: str, anchor: str = "") -> Link:
    site = url.split("/")[2]
    return Link(url, site, anchor, words_of_site(url, anchor))


def fetched(claim: Claim, kind: str, *urls: str | Link) -> Outcome:
    """The claim's page, of that kind, with those links."""
    found = [one if isinstance(one, Link) else link(one) for one in urls]
    page = Page(claim.url, claim.site, claim.site, "2026-11-01T09:00:00.000Z", 200, "", "", "",
                hashlib.sha256(claim.url.encode()).hexdigest(), b"body")  # fmt: skip
    own = tuple(one for one in found if one.site == claim.site)
    return Outcome(
        claim, page, own, tuple(one for one in found if one.site != claim.site), score=scored(kind)
    )


def step(
    ledger: Ledger, kinds: Mapping[str, tuple[str, Sequence[str | Link]]], count: int = 1
) -> list[str]:
    """The next claims, answered as `kinds` says for their addresses."""
    claims = ledger.claims(count)
    for claim in claims:
        kind, urls = kinds.get(claim.url, ("far", ()))
        ledger.record(fetched(claim, kind, *urls))
    return [claim.url for claim in claims]


def test_links_of_a_harmful_page_come_before_those_of_others_and_seeds_before_all(
    store: Store,
) -> None:
    ledger = ledger_of(store, plan_of(FocusMode.SOFT), "a.kz", "b.kz", "c.kz")
    answers = {
        "http://a.kz/": ("far", ["http://a.kz/1"]),
        "http://b.kz/": ("harm", ["http://b.kz/1", "http://b.kz/2"]),
    }

    order = [url for _ in range(6) for url in step(ledger, answers)]

    assert order == [
        "http://a.kz/", "http://b.kz/", "http://c.kz/", "http://b.kz/1", "http://b.kz/2", "http://a.kz/1",
    ]  # fmt: skip


def test_without_a_focus_links_come_as_they_were_found(store: Store) -> None:
    ledger = ledger_of(store, plan_of(FocusMode.OFF), "a.kz", "b.kz")
    answers = {
        "http://a.kz/": ("far", ["http://a.kz/1"]),
        "http://b.kz/": ("harm", ["http://b.kz/1"]),
    }

    assert [url for _ in range(4) for url in step(ledger, answers)] == [
        "http://a.kz/", "http://b.kz/", "http://a.kz/1", "http://b.kz/1",
    ]  # fmt: skip
    assert store.value("SELECT count(*) FROM leads") == 0


def test_the_most_promising_sites_join_first_and_no_more_than_may(store: Store) -> None:
    ledger = ledger_of(store, plan_of(FocusMode.SOFT, discover=2), "a.kz", "b.kz")
    answers = {
        "http://a.kz/": ("far", ["http://x1.kz/", "http://x2.kz/", "http://x3.kz/"]),
        "http://b.kz/": ("harm", ["http://good1.kz/", "http://good2.kz/"]),
    }
    step(ledger, answers, count=2)

    assert set(step(ledger, {}, count=9)) == {"http://good1.kz/", "http://good2.kz/"}
    assert step(ledger, {}, count=9) == []
    assert ledger.close(stopped=False).discovered == 2


def test_a_site_joins_only_when_it_promises_more_than_what_waits(store: Store) -> None:
    ledger = ledger_of(store, plan_of(FocusMode.SOFT, discover=9), "a.kz")
    step(ledger, {"http://a.kz/": ("harm", ["http://a.kz/1", "http://x.kz/"])})
    step(ledger, {"http://a.kz/1": ("harm", ["http://a.kz/2"])})

    # by now the site's own pages have shown what they are worth, the other's have not
    assert step(ledger, {"http://a.kz/2": ("harm", ["http://a.kz/3"])}) == ["http://a.kz/2"]
    assert step(ledger, {}) == ["http://a.kz/3"]
    assert step(ledger, {}) == ["http://x.kz/"]


def test_a_page_that_led_to_harm_is_believed_more_in_what_else_it_led_to(store: Store) -> None:
    ledger = ledger_of(store, plan_of(FocusMode.SOFT, discover=9), "a.kz", "b.kz")
    answers = {
        "http://a.kz/": ("far", ["http://a.kz/list", "http://a.kz/old"]),
        "http://b.kz/": ("far", ["http://b.kz/list", "http://b.kz/old"]),
        "http://a.kz/list": ("far", ["http://n1.kz/", "http://n2.kz/"]),
        "http://b.kz/list": ("far", ["http://m1.kz/", "http://m2.kz/"]),
        "http://n1.kz/": ("harm", ()),
        "http://n2.kz/": ("harm", ()),
    }
    for _ in range(4):
        step(ledger, answers, count=2)
    seen = [url for _ in range(4) for url in step(ledger, answers, count=1)]

    trail = {one.id: one for one in links.known_trails(store, 99)}
    worth = {
        store.value("SELECT url FROM frontier WHERE id = ?", [i]): one.worth
        for i, one in trail.items()
    }
    assert (worth["http://a.kz/list"] or 0) > 0 == worth["http://b.kz/list"]
    assert "http://a.kz/old" not in seen or seen.index("http://a.kz/old") < seen.index(
        "http://b.kz/old"
    )


def test_what_one_crawl_learned_the_next_one_knows(store: Store) -> None:
    first = ledger_of(store, plan_of(FocusMode.SOFT), "a.kz")
    told = [link(f"http://a.kz/{i}", "dark") for i in range(8)]
    idle = [link(f"http://a.kz/x{i}", "light") for i in range(8)]
    answers = {"http://a.kz/": ("far", [*told, *idle]), **{one.url: ("harm", ()) for one in told}}
    while step(first, answers):
        pass
    first.close(stopped=False)

    second = ledger_of(store, plan_of(FocusMode.SOFT), "b.kz")
    step(
        second,
        {"http://b.kz/": ("far", [link("http://b.kz/u", "light"), link("http://b.kz/v", "dark")])},
    )

    assert step(second, {}) == ["http://b.kz/v"]


def test_a_hard_focus_stops_a_click_after_the_last_page_near_the_subject_and_says_why(
    store: Store,
) -> None:
    chain = {
        "http://a.kz/": ("near", ["http://a.kz/1"]),
        "http://a.kz/1": ("far", ["http://a.kz/2"]),
        "http://a.kz/2": ("far", ["http://a.kz/3", "http://x.kz/"]),
        "http://a.kz/3": ("far", ["http://a.kz/4"]),
    }
    hard = ledger_of(store, plan_of(FocusMode.HARD, discover=9), "a.kz")

    assert [url for _ in range(9) for url in step(hard, chain)] == [
        "http://a.kz/", "http://a.kz/1", "http://a.kz/2",
    ]  # fmt: skip
    hard.close(stopped=False)
    ((url, reason),) = [
        (r["url"], r["reason"]) for r in store.rows("SELECT url, reason FROM set_aside")
    ]
    assert url == "http://a.kz/3"
    assert "2 clicks" in reason


@pytest.mark.parametrize("later", [FocusMode.SOFT, FocusMode.OFF])
def test_nothing_a_hard_focus_left_alone_is_lost_to_a_later_round(
    store: Store, later: FocusMode
) -> None:
    chain = {
        "http://a.kz/": ("far", ["http://a.kz/1"]),
        "http://a.kz/1": ("far", ["http://a.kz/2", "http://x.kz/"]),
    }
    hard = ledger_of(store, plan_of(FocusMode.HARD, discover=9), "a.kz")
    while step(hard, chain):
        pass
    hard.close(stopped=False)
    again = ledger_of(store, plan_of(FocusMode.HARD), "a.kz")
    assert step(again, chain) == []
    again.close(stopped=False)

    then = ledger_of(store, plan_of(later, discover=9), "a.kz")

    assert {url for _ in range(4) for url in step(then, {})} == {"http://a.kz/2", "http://x.kz/"}
    assert links.count_set_aside(store) == 0


@pytest.mark.parametrize("focus", list(FocusMode))
def test_a_round_takes_no_more_pages_than_its_budget(store: Store, focus: FocusMode) -> None:
    ledger = ledger_of(store, plan_of(focus, max_total_pages=3), "a.kz")
    answers = {"http://a.kz/": ("harm", [f"http://a.kz/{i}" for i in range(9)])}

    assert sum(len(step(ledger, answers, count=2)) for _ in range(9)) == 3


def test_links_of_a_seed_with_a_higher_priority_come_first_among_equals(store: Store) -> None:
    ledger = ledger_of(store, plan_of(FocusMode.SOFT), "a.kz", "b.kz", priorities={"b.kz": 5})
    answers = {f"http://{site}/": ("far", [f"http://{site}/1"]) for site in ("a.kz", "b.kz")}
    step(ledger, answers, count=2)

    assert step(ledger, {}) == ["http://b.kz/1"]


def test_a_crawl_that_is_killed_leaves_no_link_behind(store: Store) -> None:
    plan = plan_of(FocusMode.SOFT, discover=9)
    killed = ledger_of(store, plan, "a.kz")
    step(killed, {"http://a.kz/": ("harm", ["http://a.kz/1", "http://x.kz/"])})
    killed.flush()  # and then nothing more: no close

    frontier.release(store, lambda _: False)
    after = ledger_of(store, plan, "a.kz")

    assert {url for _ in range(3) for url in step(after, {})} == {"http://a.kz/1", "http://x.kz/"}


@pytest.mark.parametrize("focus", list(FocusMode))
def test_sites_that_a_killed_crawl_had_joined_are_gone_on_with(
    store: Store, focus: FocusMode
) -> None:
    plan = plan_of(focus, discover=9)
    answers = {
        "http://a.kz/": ("near", ["http://x.kz/"]),
        "http://x.kz/": ("near", ["http://x.kz/1", "http://y.kz/"]),
        "http://x.kz/1": ("far", ["http://x.kz/2"]),
    }
    killed = ledger_of(store, plan, "a.kz")
    before = [url for _ in range(3) for url in step(killed, answers)]
    assert killed.claims(9)  # and no end: those are leased by a crawl that is dead

    frontier.release(store, lambda _: False)
    after = ledger_of(store, plan, "a.kz")

    then = [url for _ in range(9) for url in step(after, answers)]
    assert sorted([*before, *then]) == [
        "http://a.kz/", "http://x.kz/", "http://x.kz/1", "http://x.kz/2", "http://y.kz/",
    ]  # fmt: skip


def test_sites_whose_budget_is_used_up_take_no_place_among_the_discovered(store: Store) -> None:
    plan = plan_of(FocusMode.SOFT, discover=1, budget=Budget(max_pages=2, max_depth=9))
    first = ledger_of(store, plan, "a.kz")
    answers = {
        "http://a.kz/": ("near", ["http://x.kz/", "http://y.kz/"]),
        "http://x.kz/": ("near", ["http://x.kz/1", "http://x.kz/2"]),
        "http://y.kz/": ("near", ["http://y.kz/1", "http://y.kz/2"]),
    }
    ended = {url.split("/")[2] for _ in range(9) for url in step(first, answers)} - {"a.kz"}
    first.close(stopped=False)

    second = ledger_of(store, plan, "a.kz")

    assert {url.split("/")[2] for _ in range(9) for url in step(second, answers)} == {
        "x.kz",
        "y.kz",
    } - ended
