"""What a disguise costs is measured on the same words of the same pages for every model."""

import pytest

from classifier import corpus, evaluate_disguise, evaluate_rows
from classifier.corpus import Part
from classifier.evaluate_disguise import Disguised
from classifier.evaluate_rows import Written
from classifier.examples import Topic
from classifier.intervals import clopper_pearson
from classifier.scoring import Scorer
from review_queue.categories import Stance


def _page(text: str, *, harmful: bool, lang: str = "en") -> Written:
    stance, kind = (Stance.PROMOTES, "promotes") if harmful else (Stance.REPORTS, "news")
    return Written(text, lang, Topic.VIOLENCE, stance, kind, is_whole=False)


def test_telling_words_are_frequent_in_harmful_pages_and_rare_in_harmless_ones() -> None:
    pages = [_page(f"smite them today bread{i}", harmful=True) for i in range(9)]
    pages += [_page("smithy bread oven today", harmful=False) for _ in range(9)]

    assert evaluate_disguise.telling_words(pages) == {"en": {"smite", "them"}}


def test_a_summary_leaves_transliteration_out_of_the_drops() -> None:
    def made(found: int, alarmed: int) -> Disguised:
        after, alarms = clopper_pearson(found, 10), clopper_pearson(alarmed, 10)
        clean = clopper_pearson(10, 10), clopper_pearson(1, 10)
        return Disguised({0.3: after, 0.9: after}, {0.3: alarms, 0.9: alarms}, *clean)

    found = {"spacing": made(8, 1), "leet": made(9, 2), "transliterated": made(1, 1)}

    assert evaluate_disguise.summary(found) == pytest.approx(
        {
            "mean_drop_30": 0.15,
            "worst_drop_30": 0.2,
            "mean_drop_90": 0.15,
            "worst_rise_of_false_alarms": 0.1,
        }
    )


def test_erasing_the_telling_words_costs_recall_and_doing_nothing_costs_none(
    shipped: Scorer,
) -> None:
    pages = evaluate_rows.written_pages(corpus.load(Part.CHECK), {})

    found = evaluate_disguise.measure(
        shipped, pages, {"nothing": lambda word, _: word, "erased": lambda _, __: "bread"}
    )

    assert found["nothing"].drop(0.9) == found["nothing"].rise(0.9) == 0.0
    assert found["erased"].drop(0.9) > 0.1
    assert found["erased"].as_plain()["found clean"]["n"] == 6 * evaluate_disguise.PAGES_EACH
