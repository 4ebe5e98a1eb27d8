"""Figures of single pages, on scores set by hand."""

from dataclasses import replace

import pytest

from classifier import corpus, evaluate_pages, evaluate_rows
from classifier.compose import SOURCE
from classifier.corpus import Part
from classifier.evaluate_rows import Written
from classifier.evaluate_web import Site
from classifier.examples import Example, Topic
from review_queue.categories import Category, Stance
from review_queue.records import PageScore

HELD = corpus.load(Part.CHECK)
CUTS = {Category.SELF_HARM: 0.5, Category.VIOLENCE: 0.6, Category.DISTRESS: 0.4}


def _score(
    self_harm: float = 0.0, violence: float = 0.0, stance: Stance = Stance.OTHER
) -> PageScore:
    scores = {Category.SELF_HARM: self_harm, Category.VIOLENCE: violence}
    return PageScore("en", scores, {s: 0.9 if s is stance else 0.02 for s in Stance}, 0.0)


def _page(topic: Topic, stance: Stance, kind: str = "promotes", *, whole: bool = False) -> Written:
    return Written("", "en", topic, stance, kind, whole)


def _site(label: str, source: str = "public", *, needle: bool = False) -> Site:
    return Site("", "", "en", label, source, needle)


def test_a_page_in_distress_opens_a_referral_and_nothing_else() -> None:
    assert evaluate_pages.opened(_score(0.9, 0.9, Stance.DISTRESS), CUTS) == (Category.DISTRESS,)
    assert evaluate_pages.opened(_score(0.5, 0.5), CUTS) == (Category.SELF_HARM,)


def test_false_alarms_are_counted_by_kind_and_language() -> None:
    sites = [
        _site("news"),
        _site("news"),
        _site("prevention_support", f"{SOURCE}/whole/self_harm/prevention"),
        _site("violence_promotion", needle=True),
    ]
    scores = [_score(0.9), _score(), _score(0.9, stance=Stance.DISTRESS), _score(0.9)]

    found = evaluate_pages.alarms(sites, scores, CUTS)

    assert found["public news"]["en"].value == found["public news"]["all"].value == 0.5
    assert found["written prevention"]["en"].value == 0.0  # referred, not opened for review
    assert set(found) == {"public news", "written prevention"}


def test_each_public_source_has_its_own_shares() -> None:
    sites = [_site("news", "a"), _site("news", "a"), _site("violence_promotion", "a", needle=True)]
    written = _site("news", f"{SOURCE}/whole/violence/news")

    found = evaluate_pages.by_source(
        [*sites, written], [_score(0.9), _score(), _score(0.9), _score(0.9)], CUTS
    )

    assert list(found) == ["a"]
    assert found["a"]["harmless"].value == 0.5
    assert found["a"]["harmful"].value == 1.0


def test_recall_precision_and_f1_stand_at_the_threshold() -> None:
    sites = [_site("violence_promotion", needle=True) for _ in range(4)] + [_site("news")]
    scores = [_score(violence=v) for v in (0.9, 0.7, 0.6, 0.1, 0.8)]

    row = evaluate_pages.at_threshold(sites, scores, CUTS)["en violence"]

    assert row["recall"]["value"] == row["precision"]["value"] == 0.75
    assert row["f1"] == 0.75


def test_average_precision_is_of_a_harms_own_pages_against_harmless_whole_ones() -> None:
    pages = [
        _page(Topic.VIOLENCE, Stance.PROMOTES),
        _page(Topic.SELF_HARM, Stance.PROMOTES),
        _page(Topic.VIOLENCE, Stance.REPORTS, "news", whole=True),
        _page(Topic.VIOLENCE, Stance.REPORTS, "court"),
    ]
    scores = [_score(violence=v) for v in (0.5, 0.9, 0.4, 0.8)]

    assert evaluate_pages.told_apart(pages, scores)["en violence"].value == 1.0
    assert evaluate_pages.told_apart(pages, scores, whole_only=False)["en violence"].value == 0.5


def test_confusions_of_distress_prevention_and_promotion_are_shares_of_their_own() -> None:
    pages = [
        _page(Topic.SELF_HARM, Stance.DISTRESS),
        _page(Topic.SELF_HARM, Stance.SUPPORTS),
        _page(Topic.SELF_HARM, Stance.SUPPORTS),
        _page(Topic.SELF_HARM, Stance.PROMOTES),
    ]
    scores = [
        _score(0.9, stance=Stance.DISTRESS),
        _score(0.9),
        _score(),
        _score(0.9, stance=Stance.DISTRESS),
    ]

    found = {k: m.value for k, m in evaluate_pages.confusions(pages, scores, CUTS).items()}

    assert found["distress opened as harm"] == 0.0
    assert found["distress referred"] == 1.0
    assert found["prevention opened as harm"] == 0.5
    assert found["promotion referred as distress"] == 1.0
    assert found["promotion read as distress or prevention"] == 1.0


def test_public_posts_in_distress_are_counted_by_source() -> None:
    row = Example("", "en", Topic.SELF_HARM, Stance.DISTRESS, "a", "distress")
    scores = [_score(0.9), _score(stance=Stance.DISTRESS), _score(), _score()]

    found = evaluate_pages.distress([row, row, row, replace(row, source="b")], scores, CUTS)

    assert {name: [m.number for m in row.values()] for name, row in found.items()} == {
        "all": [4, 4, 4],
        "en a": [3, 3, 3],
        "en b": [1, 1, 1],
    }
    assert [m.value for m in found["all"].values()] == [0.25, 0.25, 0.5]


def test_scores_that_keep_their_promise_have_no_calibration_error() -> None:
    wanted = [_site("violence_promotion", needle=True) for _ in range(20)]
    other = [_site("news") for _ in range(80)]

    good = evaluate_pages.reliability([*wanted, *other], [_score(violence=0.2)] * 100)[1]
    bad = evaluate_pages.reliability([*wanted, *other], [_score(violence=0.9)] * 100)[1]

    assert good.error == pytest.approx(0.0)
    assert bad.error == pytest.approx(0.7)
    assert len(bad.as_plain()["bins_said_true_share"]) == 1


def test_without_harm_there_is_nothing_to_be_calibrated() -> None:
    assert evaluate_pages.reliability([_site("news")], [_score()])[0].bins == ()


def test_written_pages_are_of_every_language_and_harm() -> None:
    pages = evaluate_rows.written_pages(HELD, {})

    assert {page.text for page in pages if page.is_whole} == {page.text for page in HELD.pages}
    assert not any(page.is_harmful and page.is_whole for page in pages)
    for lang in ("kk", "ru", "en"):
        for topic in (Topic.SELF_HARM, Topic.VIOLENCE):
            own = [p for p in pages if (p.lang, p.topic) == (lang, topic)]
            assert sum(p.is_harmful for p in own) == evaluate_rows.HARMFUL_EACH
            assert len({p.group for p in own if p.is_hard}) >= 5


def test_rows_for_the_builder_are_development_rows_with_labels_of_the_corpora() -> None:
    rows = list(evaluate_rows.as_rows(evaluate_rows.written_pages(HELD, {})))

    assert all(row["id"].endswith("e") and row["page"] for row in rows)
    assert {row["label"] for row in rows} == {
        "self_harm_promotion",
        "violence_promotion",
        "distress",
        "prevention_support",
        "sensitive_topic_neutral",
        "benign_other",
    }


def test_kazakh_pages_stand_in_latin_letters_too() -> None:
    pages = evaluate_rows.written_pages(HELD, {})
    latin = evaluate_rows.in_latin(pages)

    assert len(latin) == sum(page.lang == "kk" for page in pages)
    assert {page.lang for page in latin} == {evaluate_rows.LATIN}
    assert not any("қ" in page.text for page in latin)
    assert latin == evaluate_rows.in_latin(pages)


def test_sentences_have_their_slots_filled() -> None:
    single = evaluate_pages.sentences(HELD, seed=1)

    assert not any("{" in one.text for one in single)
    assert any(one.is_harmful for one in single)
    assert all(one.is_whole for one in single if one.is_harmful)
    assert sum(not one.is_whole for one in single) > len(HELD.pages)
