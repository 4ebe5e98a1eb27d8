"""What a model scored: the worst page of each site, and the pages above a cut, batch by batch."""

from dataclasses import replace

import pytest

from review_queue import decisions, scored, scores
from review_queue.categories import Category, Verdict
from review_queue.records import PageScore
from review_queue.store import Store
from tests.builders import MODEL, a_case, a_draft, a_page, a_score, fetch

OTHER = replace(MODEL, version="2", digest="b" * 64)
NEVER = dict.fromkeys(Category, 1.1)


def _scored(store: Store, found: dict[str, PageScore]) -> list[int]:
    ids = fetch(store, *[a_page(url) for url in found])
    scores.save(store, MODEL, list(zip(ids, found.values(), strict=True)))
    return ids


def test_a_site_is_as_risky_as_its_worst_page_of_each_harm(store: Store) -> None:
    _scored(
        store,
        {
            "http://one.example/1": a_score(self_harm=0.9, violence=0.2),
            "http://one.example/2": a_score(self_harm=0.1, violence=0.6),
            "http://two.example/": a_score(self_harm=0.3, violence=0.1),
        },
    )

    worst = scored.worst_of_sites(store, MODEL, distress_cut=0.5)

    assert worst["one.example"] == {
        Category.SELF_HARM: 0.9,
        Category.VIOLENCE: 0.6,
        Category.DISTRESS: 0.0,
    }
    assert worst["two.example"][Category.SELF_HARM] == 0.3
    assert scored.worst_of_sites(store, OTHER, distress_cut=0.5) == {}


def test_a_page_that_would_be_referred_counts_for_no_harm(store: Store) -> None:
    _scored(store, {"http://one.example/": a_score(0.9, 0.8, distress=0.7)})

    referred = scored.worst_of_sites(store, MODEL, distress_cut=0.7)["one.example"]
    ordinary = scored.worst_of_sites(store, MODEL, distress_cut=0.8)["one.example"]

    assert set(referred.values()) == {0.0, 0.7}
    assert ordinary[Category.SELF_HARM] == 0.9
    assert ordinary[Category.DISTRESS] == 0.7


def test_distress_that_is_not_the_likeliest_stance_is_none(store: Store) -> None:
    _scored(store, {"http://one.example/": a_score(0.9, 0.8, distress=0.4)})

    worst = scored.worst_of_sites(store, MODEL, distress_cut=0.3)["one.example"]

    assert (worst[Category.DISTRESS], worst[Category.SELF_HARM]) == (0.0, 0.9)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_pages_above_a_cut_come_once_each_in_batches_as_they_were_scored(
    store: Store, batch: int
) -> None:
    first, _, third, fourth = _scored(
        store,
        {
            "http://one.example/": a_score(violence=0.8),
            "http://two.example/": a_score(violence=0.4),
            "http://three.example/": a_score(violence=0.5),
            "http://four.example/": a_score(violence=0.1, distress=0.6),
        },
    )
    cuts = {**NEVER, Category.VIOLENCE: 0.5, Category.DISTRESS: 0.6}

    batches = list(scored.pages_above(store, MODEL, cuts, batch))

    assert max(map(len, batches)) <= batch
    found = [(page.id, score) for each in batches for page, score in each]
    assert found == [
        (first, a_score(violence=0.8)),
        (third, a_score(violence=0.5)),
        (fourth, a_score(violence=0.1, distress=0.6)),
    ]
    assert list(scored.pages_above(store, OTHER, cuts, batch)) == []


def test_a_site_was_first_decided_when_the_first_of_its_decisions_was_made(store: Store) -> None:
    case = a_case(store)
    a_case(store, "http://waits.example/")
    first = decisions.decide(store, a_draft(case, "aliya", Verdict.CANNOT_TELL))
    decisions.decide(store, a_draft(case, "berik"))

    assert scored.first_decided(store) == {case.site: first.decided_at}
