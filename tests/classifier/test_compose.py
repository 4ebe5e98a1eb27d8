"""Composed pages: made in memory, from the right side of the split, alike but for what they say."""

from collections import Counter
from statistics import mean

from classifier import compose, corpus
from classifier.compose import SOURCE, Plan, development_pages, training_pages
from classifier.examples import LANGUAGES, Example, Topic
from review_queue.categories import Stance

CORPUS = corpus.load()
PLAN = Plan(promoting=60, harmless=60, distress=60, neither=20)


def _stems(*, development: bool) -> set[str]:
    """The longest piece of each fragment that holds no slot."""
    return {
        max(f.text.replace("{group}", "{act}").split("{act}"), key=len).strip()
        for f in CORPUS.fragments
        if f.is_development == development
    }


def test_training_pages_hold_no_development_fragment_and_the_other_way_round() -> None:
    training = "\n".join(e.text for e in training_pages(CORPUS, {}, 1, PLAN)).lower()
    held_out = "\n".join(e.text for e in development_pages(CORPUS, {}, 1, PLAN).examples).lower()
    only_training = _stems(development=False) - _stems(development=True)
    only_held_out = _stems(development=True) - _stems(development=False)

    # Counted, not shown: a failing test must not print a page.
    assert sum(stem.lower() in training for stem in only_held_out if len(stem) > 15) == 0
    assert sum(stem.lower() in held_out for stem in only_training if len(stem) > 15) == 0
    assert sum(stem.lower() in training for stem in only_training) > 300


def test_every_language_topic_and_stance_is_composed() -> None:
    cells = Counter((e.lang, e.topic, e.stance) for e in training_pages(CORPUS, {}, 1, PLAN))

    for lang in LANGUAGES:
        assert cells[lang, Topic.SELF_HARM, Stance.PROMOTES] == 60
        assert cells[lang, Topic.VIOLENCE, Stance.PROMOTES] == 60
        assert cells[lang, Topic.SELF_HARM, Stance.DISTRESS] == 60
        assert cells[lang, Topic.VIOLENCE, Stance.REPORTS] == 60
        assert cells[lang, Topic.NEITHER, Stance.OTHER] == 20


def test_harmful_and_harmless_pages_are_of_like_length() -> None:
    pages = training_pages(CORPUS, {}, 1, PLAN)
    harmful = [len(e.text) for e in pages if e.stance is Stance.PROMOTES]
    harmless = [len(e.text) for e in pages if e.stance in compose.HARMLESS and e.topic]

    assert 0.7 < mean(harmful) / mean(harmless) < 1.5


def test_no_slot_is_left_unfilled() -> None:
    pages = training_pages(CORPUS, {}, 1, PLAN)

    assert sum("{" in e.text for e in pages) == 0
    assert {e.source for e in pages} == {SOURCE}


def test_the_same_seed_gives_the_same_pages() -> None:
    assert training_pages(CORPUS, {}, 5, PLAN) == training_pages(CORPUS, {}, 5, PLAN)
    assert training_pages(CORPUS, {}, 5, PLAN) != training_pages(CORPUS, {}, 6, PLAN)


def test_filler_is_borrowed_from_harmless_rows_alone() -> None:
    rows = [
        Example(
            "A calm sentence of news.\nMore.", "en", Topic.NEITHER, Stance.REPORTS, "s", "news"
        ),
        Example(
            "Angry words about them all.", "en", Topic.NEITHER, Stance.OTHER, "s", "hostile_other"
        ),
        Example("Short.", "en", Topic.NEITHER, Stance.OTHER, "s", "benign_other"),
    ]

    borrowed = compose.filler_sentences(rows)

    assert borrowed == {"kk": [], "ru": [], "en": ["A calm sentence of news."]}
    pages = training_pages(CORPUS, borrowed, 1, Plan(0, 0, 0, 30))
    assert sum("A calm sentence of news." in e.text for e in pages if e.lang == "en") > 5
