"""The written texts: short fragments, whole harmless pages, balanced, no two alike, two sides apart."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from classifier import corpus
from classifier.corpus import (
    FRAGMENT_RUN,
    MAX_WORDS,
    MOVES,
    PAGE_RUN,
    Corpus,
    Fragment,
    Part,
    WrittenPage,
    load,
    runs,
)
from classifier.examples import LANGUAGES, Topic
from review_queue.categories import Stance
from review_queue.errors import CorporaError

PARTS = {part: load(part) for part in Part}
FRAGMENTS = [f for part in PARTS.values() for f in part.fragments]
PAGES = [p for part in PARTS.values() for p in part.pages]
each_part = pytest.mark.parametrize("part", PARTS.values(), ids=[*PARTS])


def test_no_fragment_is_longer_than_allowed() -> None:
    assert max(len(fragment.text.split()) for fragment in FRAGMENTS) <= MAX_WORDS


def test_no_fragment_occurs_twice() -> None:
    bare = [re.sub(r"\W+", " ", fragment.text.lower()) for fragment in FRAGMENTS]

    assert len(bare) == len(set(bare))


@each_part
def test_every_move_of_the_table_is_there_in_every_language(part: Corpus) -> None:
    found = Counter(
        (f.lang, f.topic, f.move) for f in part.fragments if f.stance is Stance.PROMOTES
    )
    wanted = {(lang, topic, m) for lang in LANGUAGES for topic, ms in MOVES.items() for m in ms}

    assert set(found) == wanted
    assert min(found.values()) >= (15 if part.part is Part.TRAINING else 3)


@each_part
def test_languages_are_balanced_and_harmless_fragments_at_least_as_many(part: Corpus) -> None:
    per_language = Counter(f.lang for f in part.fragments)
    harmful = Counter(f.lang for f in part.fragments if f.stance is Stance.PROMOTES)

    assert min(per_language.values()) > 0.85 * max(per_language.values())
    assert min(harmful.values()) > 0.85 * max(harmful.values())
    assert all(2 * harmful[lang] <= per_language[lang] for lang in LANGUAGES)


@each_part
def test_whole_pages_are_many_and_of_a_page_s_length(part: Corpus) -> None:
    words = [len(page.text.split()) for page in part.pages]
    per_language = Counter(page.lang for page in part.pages)

    assert min(words) >= 80
    assert max(words) <= 250
    assert min(per_language.values()) >= (80 if part.part is Part.TRAINING else 40)


def test_no_whole_page_is_harmful_or_occurs_twice() -> None:
    assert Stance.PROMOTES not in {page.stance for page in PAGES}
    assert len({page.text for page in PAGES}) == len(PAGES)
    assert len({(page.lang, page.theme) for page in PAGES}) == len(PAGES)


@each_part
def test_whole_pages_show_every_harmless_stance_in_every_language(part: Corpus) -> None:
    found = Counter((page.lang, page.stance) for page in part.pages)

    least = min(found[lang, s] for lang in LANGUAGES for s in Stance if s != Stance.PROMOTES)
    assert least >= (8 if part.part is Part.TRAINING else 1)
    hard = Counter(page.lang for page in part.pages if page.topic is not Topic.NEITHER)
    assert min(hard.values()) >= 30


def test_no_part_shares_wording_with_another() -> None:
    # Counted, not shown: a failing test must not print the corpus.
    assert _shared({part: texts.fragments for part, texts in PARTS.items()}, FRAGMENT_RUN) == 0
    assert _shared({part: texts.pages for part, texts in PARTS.items()}, PAGE_RUN) == 0


def _shared(texts: Mapping[Part, Sequence[Fragment | WrittenPage]], length: int) -> int:
    """How many runs of words stand in more than one part."""
    owners: dict[tuple[str, ...], set[Part]] = {}
    for part, own in texts.items():
        for text in own:
            for run in runs(text.text, length):
                owners.setdefault((text.lang, *run), set()).add(part)
    return len([parts for parts in owners.values() if len(parts) > 1])


@each_part
def test_only_known_slots_are_used_and_each_has_words(part: Corpus) -> None:
    used = {slot for f in part.fragments for slot in re.findall(r"\{(\w*)\}", f.text)}
    filled = {key: words for key, words in part.slots.items() if len(words) >= 5}

    assert used == {"act", "group"}
    assert set(filled) == {
        (lang, slot, topic)
        for lang in LANGUAGES
        for slot in used
        for topic in (Topic.SELF_HARM, Topic.VIOLENCE)
    }


def test_the_harmful_side_holds_no_numbers_and_no_addresses() -> None:
    promoting = [f.text for f in FRAGMENTS if f.stance is Stance.PROMOTES]

    assert not any(re.search(r"\d|@|https?:|www\.", text) for text in promoting)


def test_about_a_fifth_of_what_is_written_is_held_out() -> None:
    size = {
        part: sum(len(f.text) for f in texts.fragments) + sum(len(p.text) for p in texts.pages)
        for part, texts in PARTS.items()
    }

    assert 0.17 <= 1 - size[Part.TRAINING] / sum(size.values()) <= 0.25
    assert 0.8 <= size[Part.DEVELOPMENT] / size[Part.CHECK] <= 1.25


def test_filler_is_there_in_every_language() -> None:
    assert min(len(PARTS[Part.TRAINING].filler[lang]) for lang in LANGUAGES) >= 100
    assert all(len(texts.filler[lang]) >= 25 for texts in PARTS.values() for lang in LANGUAGES)


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
