"""The written fragments: short, balanced, no two alike, slots only where known."""

import re
from collections import Counter
from pathlib import Path

import pytest

from classifier import corpus
from classifier.corpus import MAX_WORDS, MOVES, load
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
    assert min(found.values()) >= 6


def test_languages_are_equal_and_harmless_fragments_at_least_as_many() -> None:
    per_language = Counter(f.lang for f in CORPUS.fragments)
    harmful = Counter(f.lang for f in CORPUS.fragments if f.stance is Stance.PROMOTES)

    assert len(set(per_language.values())) == 1
    assert all(2 * harmful[lang] <= per_language[lang] for lang in LANGUAGES)


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
    assert 0.15 <= sum(held_out.values()) / sum(sections.values()) <= 0.22


def test_filler_is_there_in_every_language() -> None:
    assert min(len(CORPUS.filler[lang]) for lang in LANGUAGES) >= 30


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
