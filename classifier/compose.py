"""Fragments put together as pages, in memory only: nothing here writes, logs or prints one.

Harmful and harmless pages are made by the same hand, with the same filler, number of fragments and
layout, so that a model can only tell them apart by what the fragments say.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from classifier.corpus import Corpus, Fragment
from classifier.examples import LANGUAGES, Example, HeldOut, Topic
from review_queue.categories import Stance

SOURCE: Final = "written for Qalqan"
HARMLESS: Final = (Stance.SUPPORTS, Stance.REPORTS, Stance.OTHER)
_PARAGRAPH: Final = (1, 4)
_BORROWED: Final = (
    0.6  # share of filler that comes from public rows, which the written 36 cannot vary
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pages of each kind to make, per language and topic, and of how many sentences."""

    promoting: int = 400
    harmless: int = 140  # of each of the three harmless stances
    distress: int = 400
    neither: int = 900  # filler alone: with fewer the look of a composed page itself counts as harm
    fragments: tuple[int, int] = (1, 9)  # from one: a window of a page is scored like a page
    filler: tuple[int, int] = (0, 12)


TRAINING_PLAN: Final = Plan()
DEVELOPMENT_PLAN: Final = Plan(
    promoting=60, harmless=40, distress=60, neither=40, fragments=(3, 9), filler=(2, 12)
)


def training_pages(
    corpus: Corpus, borrowed: Mapping[str, Sequence[str]], seed: int, plan: Plan = TRAINING_PLAN
) -> list[Example]:
    """Pages made from the fragments that may be trained on; `borrowed` is public filler by language."""
    return list(_pages(corpus, borrowed, seed, plan, development=False))


def development_pages(
    corpus: Corpus, borrowed: Mapping[str, Sequence[str]], seed: int, plan: Plan = DEVELOPMENT_PLAN
) -> HeldOut:
    """Pages made from the development fifth alone."""
    return HeldOut(tuple(_pages(corpus, borrowed, seed, plan, development=True)))


def filler_sentences(rows: Sequence[Example]) -> dict[str, list[str]]:
    """Short harmless texts of public rows by language, to stand between fragments."""
    found: dict[str, list[str]] = {lang: [] for lang in LANGUAGES}
    for row in rows:
        if row.topic is Topic.NEITHER and row.label in {"news", "benign_other"}:
            first = row.text.strip().split("\n", maxsplit=1)[0]
            if 20 <= len(first) <= 250:  # noqa: PLR2004 - about a sentence
                found.setdefault(row.lang, []).append(first)
    return found


def _pages(
    corpus: Corpus,
    borrowed: Mapping[str, Sequence[str]],
    seed: int,
    plan: Plan,
    *,
    development: bool,
) -> Iterator[Example]:
    rng = random.Random(f"{seed}-{development}")
    for lang in LANGUAGES:
        maker = _Maker(corpus, plan, lang, borrowed.get(lang, ()), rng)
        for topic in (Topic.SELF_HARM, Topic.VIOLENCE):
            for stance, number in _kinds(topic, plan):
                pool = [
                    f
                    for f in corpus.fragments
                    if (f.lang, f.topic, f.stance) == (lang, topic, stance)
                    and f.is_development == development
                ]
                if pool:
                    for _ in range(number):
                        yield maker.example(pool, topic, stance)
        for _ in range(plan.neither):
            yield maker.example([], Topic.NEITHER, Stance.OTHER)


def _kinds(topic: Topic, plan: Plan) -> list[tuple[Stance, int]]:
    kinds = [(Stance.PROMOTES, plan.promoting), *((stance, plan.harmless) for stance in HARMLESS)]
    return [*kinds, (Stance.DISTRESS, plan.distress)] if topic is Topic.SELF_HARM else kinds


class _Maker:
    """Makes pages of one language."""

    def __init__(
        self,
        corpus: Corpus,
        plan: Plan,
        lang: str,
        borrowed: Sequence[str],
        rng: random.Random,
    ) -> None:
        self._corpus, self._plan, self._lang = corpus, plan, lang
        self._borrowed, self._rng = borrowed, rng

    def example(self, pool: Sequence[Fragment], topic: Topic, stance: Stance) -> Example:
        rng = self._rng
        wanted = min(rng.randint(*self._plan.fragments), len(pool))
        sentences = [self._filled(fragment) for fragment in rng.sample(pool, wanted)]
        sentences += [self._filler() for _ in range(rng.randint(*self._plan.filler))]
        rng.shuffle(sentences)
        paragraphs = []
        while sentences:
            size = rng.randint(*_PARAGRAPH)
            paragraphs.append(" ".join(sentences[:size]))
            sentences = sentences[size:]
        label = f"written_{topic.value}_{stance.value}"
        return Example("\n".join(paragraphs), self._lang, topic, stance, SOURCE, label)

    def _filled(self, fragment: Fragment) -> str:
        text = fragment.text
        for slot in ("act", "group"):
            words = self._corpus.slots[self._lang, slot, fragment.topic]
            text = text.replace(f"{{{slot}}}", self._rng.choice(words))
        return text[:1].upper() + text[1:]

    def _filler(self) -> str:
        if self._borrowed and self._rng.random() < _BORROWED:
            return self._rng.choice(self._borrowed)
        return self._rng.choice(self._corpus.filler[self._lang])
