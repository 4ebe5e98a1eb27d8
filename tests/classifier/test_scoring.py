"""The scorer on a small real model: harm above harmless, distress apart, nothing breaks it."""

import pytest

from classifier import artefacts, compose, corpus
from classifier.corpus import Part
from classifier.examples import Topic
from classifier.scoring import Scorer, raw_of_texts
from classifier.segments import MAX_CHARS
from review_queue.categories import HARMS, Category, Stance
from tests.classifier.conftest import SENTENCES, SMALL

LANGUAGES = ("kk", "ru", "en")


def _held_out(stance: Stance, lang: str) -> list[tuple[str, str]]:
    pages = compose.held_out_pages(corpus.load(Part.CHECK), {}, 9, SMALL[1]).examples
    return [("", e.text) for e in pages if e.stance is stance and e.lang == lang]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_most_promoting_pages_score_above_most_harmless_ones(shipped: Scorer, lang: str) -> None:
    harmful = sorted(s.risk for s in shipped.score(_held_out(Stance.PROMOTES, lang)))
    harmless = sorted(s.risk for s in shipped.score(_held_out(Stance.REPORTS, lang)))

    assert harmful[len(harmful) // 4] > harmless[len(harmless) // 2]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_distress_is_the_likeliest_stance_of_most_pages_in_distress(
    shipped: Scorer, lang: str
) -> None:
    scores = shipped.score(_held_out(Stance.DISTRESS, lang))
    tops = [max(s.stance, key=lambda name: s.stance[name]) for s in scores]

    assert tops.count(Stance.DISTRESS) * 2 > len(tops)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_ordinary_pages_stay_below_every_threshold(shipped: Scorer, lang: str) -> None:
    (score,) = shipped.score([("Title", " ".join(SENTENCES[lang]))])

    assert score.lang == lang
    assert all(score.scores[harm] < shipped.thresholds[harm] for harm in HARMS)
    assert score.evidence == ()


def test_numbers_are_probabilities(scorer: Scorer) -> None:
    scores = scorer.score(_held_out(Stance.PROMOTES, "ru"))

    for score in scores:
        assert set(score.scores) == set(HARMS)
        assert all(0 <= p <= 1 for p in score.scores.values())
        assert sum(score.stance.values()) == pytest.approx(1, abs=1e-4)
        assert score.risk == max(score.scores.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\x00\x01",
        "\ud800",
        "\u200b" * 5_000,
        "😀🚀" * 50,
        "x" * 3_000,
        "١٢٣ 漢字 भाषा",
    ],
)
def test_odd_text_is_scored_like_any_other(scorer: Scorer, text: str) -> None:
    (score,) = scorer.score([(text, text)])

    assert 0 <= score.risk <= 1


def test_text_behind_the_cap_changes_nothing(scorer: Scorer) -> None:
    text = (SENTENCES["en"][0] + " ") * (MAX_CHARS // 30)

    short, long = scorer.score([("", text[:MAX_CHARS]), ("", text)])

    assert len(text) > MAX_CHARS
    assert short == long


def test_a_page_scores_the_same_alone_and_among_others(scorer: Scorer) -> None:
    pages = [("", text) for lang in LANGUAGES for text in SENTENCES[lang]] * 10

    together = scorer.score(pages)

    assert len(together) == 150
    assert together[:15] == [scorer.score([page])[0] for page in pages[:15]]


def _fragments(lang: str, topic: Topic, stance: Stance) -> list[str]:
    part = corpus.load(Part.DEVELOPMENT)
    return [
        f.text.replace("{act}", part.slots[lang, "act", topic][0]).replace(
            "{group}", part.slots[lang, "group", topic][0]
        )
        for f in part.fragments
        if (f.lang, f.topic, f.stance) == (lang, topic, stance)
    ]


@pytest.mark.parametrize("harm", HARMS)
def test_a_promoting_kazakh_paragraph_in_a_long_russian_page_is_read_as_kazakh(
    shipped: Scorer, harm: Category
) -> None:
    calm = corpus.load(Part.DEVELOPMENT).filler["ru"] * 4
    called = " ".join(_fragments("kk", Topic(harm.value), Stance.PROMOTES)[:8])
    lines = [*calm[:15], called, *calm[15:60]]
    page = ("", "\n".join(lines))
    model = artefacts.load(artefacts.default_models_dir())
    raw = raw_of_texts(model.weights, [page[1]])

    mixed, russian = shipped.score([page, ("", "\n".join(calm[:60]))])

    expected = {h: model.calibration["kk"][h].apply(raw.harms[h])[0] for h in HARMS}
    other = model.calibration["ru"][harm].apply(raw.harms[harm])[0]
    assert (mixed.lang, russian.lang) == ("ru", "ru")
    assert mixed.scores == pytest.approx(expected, abs=1e-5)
    assert abs(other - expected[harm]) > 1e-3  # the two lines tell the page apart
    raw = raw_of_texts(model.weights, ["\n".join(calm[:60])])
    assert russian.scores == pytest.approx(
        {h: model.calibration["ru"][h].apply(raw.harms[h])[0] for h in HARMS}, abs=1e-5
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_pages_in_one_language_are_read_with_its_line(shipped: Scorer, lang: str) -> None:
    pages = _held_out(Stance.PROMOTES, lang) + _held_out(Stance.REPORTS, lang)
    model = artefacts.load(artefacts.default_models_dir())
    raw = raw_of_texts(model.weights, [text for _, text in pages])

    scores = shipped.score(pages)

    own = [
        all(
            abs(model.calibration[lang][h].apply(raw.harms[h])[i] - score.scores[h]) < 1e-5
            for h in HARMS
        )
        for i, score in enumerate(scores)
    ]
    assert sum(own) >= 0.98 * len(own)


def test_the_share_of_disguised_letters_is_told(scorer: Scorer) -> None:
    plain = " ".join(SENTENCES["ru"])
    hidden = plain.replace("о", "o").replace("е", "e")  # Latin letters instead of Cyrillic ones
    drawn_out = "This was soooo good, I waaaant mooore of it."

    scores = scorer.score([("", plain), ("", hidden), ("", drawn_out)])

    assert [score.disguised for score in scores][::2] == [0.0, 0.0]
    assert 0.1 < scores[1].disguised <= 1.0


def test_no_pages_give_no_scores(scorer: Scorer) -> None:
    assert scorer.score([]) == []


def test_the_scorer_says_which_model_it_is_and_where_cases_open(scorer: Scorer) -> None:
    assert scorer.model_id.name == "topic-stance"
    assert len(scorer.model_id.digest) == 64
    assert set(scorer.thresholds) == set(Category)
