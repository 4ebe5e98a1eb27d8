"""The written texts: short fragments, whole harmless pages, balanced, no two alike, two sides apart."""

import re
from collections import Counter
from pathlib import Path

import pytest

from classifier import corpus
from classifier.corpus import FRAGMENT_RUN, MAX_WORDS, MOVES, PAGE_RUN, load, runs
from classifier.examples import LANGUAGES, Topic
from review_queue.categories import Stance
from review_queue.errors import CorporaError

CORPUS = load()


def test_no_fragment_is_longer_than_allowed() -> None:
    assert max(len(fragment.text.split()) for fragment in CORPUS.fragments) <= MAX_WORDS


def test_no_fragment_occurs_twice() -> None:
    bare = [re.sub(r"\W+", " ", fragment.text.lower()) for fragment in CORPUS.fragments]

    assert len(bare) == len(set(bare))


def test_every_move_of_the_table_is_there_in_every_language() -> None:
    found = Counter(
        (f.lang, f.topic, f.move) for f in CORPUS.fragments if f.stance is Stance.PROMOTES
    )
    wanted = {(lang, topic, m) for lang in LANGUAGES for topic, ms in MOVES.items() for m in ms}

    assert set(found) == wanted
    assert min(found.values()) >= 15


def test_languages_are_balanced_and_harmless_fragments_at_least_as_many() -> None:
    per_language = Counter(f.lang for f in CORPUS.fragments)
    harmful = Counter(f.lang for f in CORPUS.fragments if f.stance is Stance.PROMOTES)

    assert min(per_language.values()) > 0.95 * max(per_language.values())
    assert min(harmful.values()) > 0.95 * max(harmful.values())
    assert all(2 * harmful[lang] <= per_language[lang] for lang in LANGUAGES)


def test_whole_pages_are_many_and_of_a_page_s_length() -> None:
    words = [len(page.text.split()) for page in CORPUS.pages]
    per_language = Counter(page.lang for page in CORPUS.pages)

    assert len(CORPUS.pages) >= 240
    assert min(words) >= 80
    assert max(words) <= 250
    assert min(per_language.values()) >= 80


def test_no_whole_page_is_harmful_or_occurs_twice() -> None:
    assert Stance.PROMOTES not in {page.stance for page in CORPUS.pages}
    assert len({page.text for page in CORPUS.pages}) == len(CORPUS.pages)
    assert len({(page.lang, page.theme) for page in CORPUS.pages}) == len(CORPUS.pages)


def test_whole_pages_show_every_harmless_stance_in_every_language() -> None:
    found = Counter((page.lang, page.stance) for page in CORPUS.pages)

    assert min(found[lang, s] for lang in LANGUAGES for s in Stance if s != Stance.PROMOTES) >= 8
    hard = Counter(page.lang for page in CORPUS.pages if page.topic is not Topic.NEITHER)
    assert min(hard.values()) >= 40


def test_development_texts_share_no_wording_with_training() -> None:
    for texts, length in ((CORPUS.fragments, FRAGMENT_RUN), (CORPUS.pages, PAGE_RUN)):
        sides: dict[bool, set[tuple[str, ...]]] = {True: set(), False: set()}
        for text in texts:
            sides[text.is_development] |= {(text.lang, *run) for run in runs(text.text, length)}
        # Counted, not shown: a failing test must not print the corpus.
        assert len(sides[True] & sides[False]) == 0


def test_only_known_slots_are_used_and_each_has_words() -> None:
    used = {slot for f in CORPUS.fragments for slot in re.findall(r"\{(\w*)\}", f.text)}
    filled = {key: words for key, words in CORPUS.slots.items() if len(words) >= 5}

    assert used == {"act", "group"}
    assert set(filled) == {
        (lang, slot, topic)
        for lang in LANGUAGES
        for slot in used
        for topic in (Topic.SELF_HARM, Topic.VIOLENCE)
    }


def test_the_harmful_side_holds_no_numbers_and_no_addresses() -> None:
    promoting = [f.text for f in CORPUS.fragments if f.stance is Stance.PROMOTES]

    assert not any(re.search(r"\d|@|https?:|www\.", text) for text in promoting)


def test_about_a_fifth_of_every_section_is_for_development() -> None:
    sections = Counter((f.lang, f.topic, f.stance, f.move) for f in CORPUS.fragments)
    held_out = Counter(
        (f.lang, f.topic, f.stance, f.move) for f in CORPUS.fragments if f.is_development
    )

    assert set(held_out) == set(sections)
    assert 0.18 <= sum(held_out.values()) / sum(sections.values()) <= 0.22
    pages = [page.is_development for page in CORPUS.pages]
    assert 0.17 <= sum(pages) / len(pages) <= 0.23


def test_filler_is_there_in_every_language() -> None:
    assert min(len(CORPUS.filler[lang]) for lang in LANGUAGES) >= 150


@pytest.mark.parametrize(
    ("line", "message"),
    [("[only]", "is not a heading"), ("word " * (MAX_WORDS + 1), "more than 25 words")],
)
def test_a_broken_fragment_file_is_refused(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "fragments.txt"
    path.write_text(f"[self_harm supports prevention]\n{line}\n", encoding="utf-8")

    with pytest.raises(CorporaError, match=message):
        list(corpus.fragments_in(path, "en"))


def test_a_missing_fragment_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorporaError, match="install the program again"):
        list(corpus.fragments_in(tmp_path / "nothing.txt", "en"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[violence promotes news a]\nTitle\nText.\n", "only fragments may be harmful"),
        ("Text without heading.\n", "starts without a heading"),
    ],
)
def test_a_broken_page_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "pages.txt"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(CorporaError, match=message):
        list(corpus.pages_in(path, "en"))
