"""Scoring the store: each page once, each site its cases, distress apart and shielding nobody."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from classifier import artefacts
from classifier.scoring import Scorer
from crawler.surroundings import surroundings
from qalqan.cycle import ScoreReport, score_store
from qalqan.scoring import thresholds_in_use
from review_queue import audit, cases, decisions, pages, scored, scores, thresholds
from review_queue.categories import CaseState, Category, Lane, Verdict
from review_queue.records import Page, Reviewer
from review_queue.store import Store, open_store
from tests.builders import a_draft, a_page, fetch
from tests.qalqan.kept import an_exchange, crawl

MODEL = artefacts.load(artefacts.default_models_dir())
DANA = Reviewer("dana", "Dana", "senior")
NEVER = 1.1
PAIN = "I am so tired and alone, I do not want to live any more. Please, somebody help me."


def _scorer(self_harm: float = NEVER, violence: float = NEVER, distress: float = NEVER) -> Scorer:
    """The shipped model with thresholds of the test's choosing."""
    thresholds: Mapping[Category, float] = {
        Category.SELF_HARM: self_harm,
        Category.VIOLENCE: violence,
        Category.DISTRESS: distress,
    }
    return Scorer(replace(MODEL, thresholds=thresholds))


def _score(store: Store, scorer: Scorer) -> ScoreReport:
    return score_store(store, scorer, surroundings)


def _html(url: str, text: str) -> Page:
    return replace(a_page(url, text), body=f"<h1>Heading</h1><p>{text}</p>".encode())


def test_every_page_is_scored_once_and_the_row_names_the_model(store: Store) -> None:
    (page_id,) = fetch(store, a_page())
    scorer = _scorer()

    assert _score(store, scorer) == ScoreReport(1, 0, 0)
    assert _score(store, scorer) == ScoreReport(0, 0, 0)
    latest = scores.latest(store, page_id)
    assert latest is not None
    assert latest[0] == MODEL.id
    assert pages.count_unscored(store, MODEL.id) == 0


def test_a_page_that_was_not_found_is_not_scored(store: Store) -> None:
    fetch(store, a_page(status=404))

    assert _score(store, _scorer(violence=0.0)) == ScoreReport(0, 0, 0)


def test_a_site_has_one_case_for_each_harm_above_its_threshold(store: Store) -> None:
    fetch(store, a_page("http://one.example/", "First."), a_page("http://one.example/2", "Second."))

    assert _score(store, _scorer(self_harm=0.0, violence=0.0)) == ScoreReport(2, 2, 0)
    assert {case.category for case in cases.waiting(store)} == {
        Category.SELF_HARM,
        Category.VIOLENCE,
    }


def test_a_page_that_opened_a_case_has_its_surroundings_and_no_other(store: Store) -> None:
    missing = replace(_html("http://two.example/", "Other."), status=404)
    first, second = fetch(store, _html("http://one.example/", "First words."), missing)
    _score(store, _scorer())
    assert cases.surroundings(store, first) is None
    _score_again(store, _scorer(violence=0.0), first)
    shape = cases.surroundings(store, first)

    assert shape is not None
    assert (shape.headings, shape.blocks) == (("Heading",), ("First words.",))
    assert cases.surroundings(store, second) is None


def test_a_page_kept_in_a_warc_file_has_its_surroundings_too(store: Store) -> None:
    html = b"<h1>Heading</h1><p>First words.</p>"
    (page_id,) = crawl(store, (an_exchange("http://one.example/", html, packed=True), html))
    _score(store, _scorer(violence=0.0))
    shape = cases.surroundings(store, page_id)

    assert shape is not None
    assert (shape.headings, shape.blocks) == (("Heading",), ("First words.",))


def test_pages_that_a_crawl_scored_get_their_cases_once(store: Store) -> None:
    page = a_page("http://one.example/")
    (page_id,) = fetch(store, page)
    scorer = _scorer(violence=0.0)
    scores.save(store, MODEL.id, [(page_id, scorer.score([(page.title, page.text)])[0])])

    assert _score(store, scorer) == ScoreReport(0, 1, 0)
    assert _score(store, scorer) == ScoreReport(0, 0, 0)
    assert cases.surroundings(store, page_id) is not None


def test_a_page_above_a_threshold_is_not_looked_at_again_when_its_case_is_there(
    store: Store,
) -> None:
    fetch(store, _html("http://one.example/", "First words."))
    scorer = _scorer(violence=0.0)
    _score(store, scorer)

    again = list(scored.pages_above(store, MODEL.id, scorer.thresholds, 10, is_fresh=True))
    assert again == []
    assert len(list(scored.pages_above(store, MODEL.id, scorer.thresholds, 10))) == 1


def _score_again(store: Store, scorer: Scorer, page_id: int) -> None:
    store.run("DELETE FROM scores WHERE page_id = ?", [page_id])
    _score(store, scorer)


def test_distress_opens_a_referral_and_nothing_else(store: Store) -> None:
    fetch(store, a_page("http://pain.example/", PAIN))
    report = _score(store, _scorer(self_harm=0.0, violence=0.0, distress=0.01))

    assert report == ScoreReport(1, 0, 1)
    (referral,) = cases.waiting(store)
    assert (referral.lane, referral.category) == (Lane.REFERRAL, Category.DISTRESS)


def test_distress_on_one_page_does_not_shield_the_others(store: Store) -> None:
    fetch(
        store,
        a_page("http://one.example/", PAIN),
        a_page("http://one.example/2", "A recipe for bread with flour, water and salt."),
    )
    _score(store, _scorer(violence=0.0, distress=0.01))

    assert {case.lane for case in cases.waiting(store)} == {Lane.REVIEW, Lane.REFERRAL}


def test_distress_below_its_threshold_is_an_ordinary_page(store: Store) -> None:
    fetch(store, a_page("http://pain.example/", PAIN))

    assert _score(store, _scorer(self_harm=0.0)) == ScoreReport(1, 1, 0)


def test_progress_counts_every_page(store: Store) -> None:
    fetch(store, *[a_page(f"http://one.example/{n}") for n in range(3)])
    seen: list[int] = []
    score_store(store, _scorer(), surroundings, seen.append)

    assert sum(seen) == 3


@pytest.mark.parametrize("broken", [b"", b"\x00\xff\xfe", b"<" * 10_000])
def test_a_broken_body_does_not_stop_the_scoring(store: Store, broken: bytes) -> None:
    fetch(store, replace(a_page(), body=broken))

    assert _score(store, _scorer(violence=0.0)).cases_opened == 1


def test_a_site_with_more_risky_pages_stands_higher_than_one_with_one(store: Store) -> None:
    pages_of_two = [_html(f"http://two.example/{i}", "The same words.") for i in range(2)]
    fetch(store, _html("http://one.example/0", "The same words."), *pages_of_two)

    _score(store, _scorer(violence=0.0))

    risks = {case.site: case.risk for case in cases.waiting(store)}
    assert 0 < risks["one.example"] < risks["two.example"]


def _set(store: Store, value: float | None, category: Category = Category.VIOLENCE) -> None:
    thresholds.set_threshold(
        store, category, value, person=DANA, model=MODEL.id, reason="Two more people."
    )


def test_a_threshold_the_unit_set_comes_before_the_models_own(store: Store) -> None:
    _set(store, 1.0)
    fetch(store, a_page())

    assert _score(store, _scorer(self_harm=0.0, violence=0.0)) == ScoreReport(1, 1, 0)
    assert [case.category for case in cases.waiting(store)] == [Category.SELF_HARM]
    assert thresholds_in_use(store, MODEL.thresholds, MODEL.id) == {
        **MODEL.thresholds,
        Category.VIOLENCE: 1.0,
    }


def test_a_lowered_threshold_opens_cases_for_pages_scored_before_once(store: Store) -> None:
    (first, _, _) = fetch(store, *[_html(f"http://{n}.example/", "Words.") for n in range(3)])
    assert _score(store, _scorer()) == ScoreReport(3, 0, 0)
    _set(store, 1e-9)

    assert _score(store, _scorer()) == ScoreReport(0, 3, 0)
    assert cases.surroundings(store, first) is not None
    before = (cases.waiting(store), audit.verify(store))
    assert _score(store, _scorer()) == ScoreReport(0, 0, 0)
    assert (cases.waiting(store), audit.verify(store)) == before


def test_catching_up_gives_the_cases_and_risks_that_scoring_would_have_given(
    store: Store, tmp_path: Path
) -> None:
    there = [
        _html(f"http://{site}.example/{n}", f"Words number {n * site}.")
        for site in range(1, 4)
        for n in range(site)
    ]
    fetch(store, *there)
    _score(store, _scorer())
    _set(store, 1e-9)
    _score(store, _scorer())
    with open_store(tmp_path / "other") as other:
        fetch(other, *there)
        _set(other, 1e-9)
        _score(other, _scorer())
        at_once = {case.site: (case.risk, case.page_id) for case in cases.waiting(other)}

    assert {case.site: (case.risk, case.page_id) for case in cases.waiting(store)} == at_once
    assert len(at_once) == 3


def test_a_settled_case_is_not_opened_anew_by_a_lower_threshold(store: Store) -> None:
    fetch(store, a_page())
    _score(store, _scorer(violence=0.0))
    (case,) = cases.waiting(store)
    decisions.decide(store, a_draft(case, "aliya", Verdict.DOES_NOT_VIOLATE))
    _set(store, 1e-9)

    assert _score(store, _scorer()) == ScoreReport(0, 0, 0)
    assert cases.get(store, case.ref).state is CaseState.DISMISSED


def test_a_raised_threshold_keeps_the_cases_there_are_and_a_reset_brings_back_the_models_own(
    store: Store,
) -> None:
    fetch(store, a_page("http://one.example/"))
    _score(store, _scorer(violence=0.0))
    _set(store, 1.0)
    fetch(store, a_page("http://two.example/"))

    assert _score(store, _scorer(violence=0.0)) == ScoreReport(1, 0, 0)
    assert [case.site for case in cases.waiting(store)] == ["one.example"]
    _set(store, None)
    assert _score(store, _scorer(violence=0.0)) == ScoreReport(0, 1, 0)
    assert len(cases.waiting(store)) == 2


def test_a_lowered_threshold_for_distress_refers_pages_scored_before(store: Store) -> None:
    fetch(store, a_page("http://pain.example/", PAIN))
    assert _score(store, _scorer()) == ScoreReport(1, 0, 0)
    _set(store, 0.01, Category.DISTRESS)

    assert _score(store, _scorer(self_harm=0.0, violence=0.0)) == ScoreReport(0, 0, 1)
