"""Fragments put together as pages, in memory only: nothing here writes, logs or prints one.

Harmful and harmless pages are made by the same hand, with the same filler, number of fragments and
layouts, so that a model can only tell them apart by what the fragments say.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from classifier import layouts
from classifier.corpus import Corpus, Fragment, Part, WrittenPage
from classifier.examples import LANGUAGES, Example, HeldOut, Topic
from classifier.transliteration import kazakh_latin
from review_queue.categories import Stance
from review_queue.errors import CorporaError

SOURCE: Final = "written for Qalqan"
HARMLESS: Final = (Stance.SUPPORTS, Stance.REPORTS, Stance.OTHER)
# Shares of pages or sentences, drawn alike for harmful and harmless pages.
_BORROWED: Final = 0.5  # filler from public rows, which the written lines cannot vary
_FROM_PAGES: Final = 0.25  # filler from whole ordinary pages
_FRAMED: Final = 0.6  # pages with menu and footer, as crawled ones have
_LONG: Final = 0.1  # pages with much more filler than fragments
_LONG_FILLER: Final = (15, 45)
_SENTENCES_ALONE: Final = 0.5
_SHORTEST_ALONE: Final = 25  # characters; below it a sentence says nothing
_CONTRAST: Final = 0.15  # pages on a subject that also hold two sentences of a harmless one on it
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many pages of each kind to make, per language and topic, and of how many sentences."""

    promoting: int = 1_000
    harmless: int = 350  # of each of the three harmless stances
    distress: int = 450
    neither: int = (
        1_200  # without any fragment on a subject: else the look of a composed page is harm
    )
    fragments: tuple[int, int] = (1, 12)  # from one: a window of a page is scored like a page
    filler: tuple[int, int] = (0, 12)
    whole: int = 6  # times each whole harmless page is used; odd times only a part of it
    latin: float = 0.3  # Kazakh pages that are there in Latin letters as well
    angry: float = 0.25  # pages without a fragment whose filler comes from hateful forums
    alone: bool = True  # each fragment, and half of the sentences of whole pages, also by itself


TRAINING_PLAN: Final = Plan()
DEVELOPMENT_PLAN: Final = Plan(
    promoting=80,
    harmless=40,
    distress=60,
    neither=60,
    fragments=(3, 10),
    filler=(0, 14),
    whole=2,
    latin=0.0,
    alone=False,
)


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Sentences of public rows to stand between fragments, by language."""

    calm: Mapping[str, Sequence[str]]
    angry: Mapping[str, Sequence[str]]


def training_pages(
    corpus: Corpus,
    borrowed: Mapping[str, Sequence[str]],
    seed: int,
    plan: Plan = TRAINING_PLAN,
    angry: Mapping[str, Sequence[str]] | None = None,
) -> list[Example]:
    """Pages made from the part that may be trained on; `borrowed` is public filler by language."""
    if corpus.part is not Part.TRAINING:
        raise CorporaError(f"the {corpus.part} part is never trained on")
    return list(_pages(corpus, Borrowed(borrowed, angry or {}), seed, plan))


def held_out_pages(
    corpus: Corpus,
    borrowed: Mapping[str, Sequence[str]],
    seed: int,
    plan: Plan = DEVELOPMENT_PLAN,
    angry: Mapping[str, Sequence[str]] | None = None,
) -> HeldOut:
    """Pages made from a part that only calibrates and measures."""
    if corpus.part is Part.TRAINING:
        raise CorporaError("the training part measures nothing: a model knows it by heart")
    return HeldOut(tuple(_pages(corpus, Borrowed(borrowed, angry or {}), seed, plan)))


def filler_sentences(
    rows: Sequence[Example], labels: frozenset[str] = frozenset({"news", "benign_other"})
) -> dict[str, list[str]]:
    """Short harmless texts of public rows by language, to stand between fragments."""
    found: dict[str, list[str]] = {lang: [] for lang in LANGUAGES}
    for row in rows:
        if row.topic is Topic.NEITHER and row.label in labels:
            first = row.text.strip().split("\n", maxsplit=1)[0]
            if 20 <= len(first) <= 250:  # noqa: PLR2004 - about a sentence
                found.setdefault(row.lang, []).append(first)
    return found


def angry_sentences(rows: Sequence[Example]) -> dict[str, list[str]]:
    """Short hateful or angry texts of public rows that call for nothing."""
    return filler_sentences(rows, frozenset({"hate_nonviolent", "hostile_other"}))


def _pages(corpus: Corpus, borrowed: Borrowed, seed: int, plan: Plan) -> Iterator[Example]:
    rng = random.Random(f"{seed}-{corpus.part}")
    for lang in LANGUAGES:
        maker = _Maker(corpus, plan, lang, borrowed, rng)
        for example in maker.examples():
            yield example
            if lang == "kk" and plan.latin and rng.random() < plan.latin:
                yield replace(example, text=kazakh_latin(example.text, rng.randrange(1_000_000)))


def _kinds(topic: Topic, plan: Plan) -> list[tuple[Stance, int]]:
    kinds = [(Stance.PROMOTES, plan.promoting), *((stance, plan.harmless) for stance in HARMLESS)]
    # Victims of violence ask for help more rarely than people who think of suicide.
    distress = plan.distress if topic is Topic.SELF_HARM else plan.distress // 4
    return [*kinds, (Stance.DISTRESS, distress)]


class _Maker:
    """Makes pages of one language, of one part of the corpus."""

    def __init__(
        self, corpus: Corpus, plan: Plan, lang: str, borrowed: Borrowed, rng: random.Random
    ) -> None:
        self._corpus, self._plan, self._lang, self._rng = corpus, plan, lang, rng
        self._calm, self._angry = borrowed.calm.get(lang, ()), borrowed.angry.get(lang, ())
        self._fragments = [f for f in corpus.fragments if f.lang == lang]
        self._whole = [p for p in corpus.pages if p.lang == lang]
        self._ordinary = [
            s for p in self._whole if p.topic is Topic.NEITHER for s in sentences_of(p)
        ]
        self._contrast = [
            sentence
            for page in self._whole
            if page.topic is not Topic.NEITHER and page.stance in {Stance.OTHER, Stance.REPORTS}
            for sentence in sentences_of(page)
        ]

    def examples(self) -> Iterator[Example]:
        """Every page of the plan."""
        for topic in (Topic.SELF_HARM, Topic.VIOLENCE):
            for stance, number in _kinds(topic, self._plan):
                pool = [f for f in self._fragments if (f.topic, f.stance) == (topic, stance)]
                if pool:
                    for _ in range(number):
                        yield self._example(pool, topic, stance)
        everyday = [f for f in self._fragments if f.topic is Topic.NEITHER]
        for i in range(self._plan.neither):
            # A third holds everyday rhetoric and complaint, which is no harm and no referral.
            yield self._example(everyday if i % 3 == 0 else [], Topic.NEITHER, Stance.OTHER)
        for page in self._whole:
            if page.stance is not Stance.DISTRESS or self._plan.distress:
                for i in range(self._plan.whole):
                    yield self._of_whole(page, is_part=i % 2 == 1)
        if self._plan.alone:
            yield from self._alone()

    def _example(self, pool: Sequence[Fragment], topic: Topic, stance: Stance) -> Example:
        rng = self._rng
        wanted = min(rng.randint(*self._plan.fragments), len(pool))
        sentences = [
            self._corpus.filled(fragment, self._rng) for fragment in rng.sample(pool, wanted)
        ]
        if topic is not Topic.NEITHER and self._contrast and rng.random() < _CONTRAST:
            sentences += rng.sample(self._contrast, min(2, len(self._contrast)))
        is_angry = topic is Topic.NEITHER and not pool and rng.random() < self._plan.angry
        sentences += [self._filler(is_angry=is_angry) for _ in range(self._filler_number(wanted))]
        rng.shuffle(sentences)
        return self._made(sentences, topic, stance)

    def _alone(self) -> Iterator[Example]:
        for fragment in self._fragments:
            yield self._labelled(
                self._corpus.filled(fragment, self._rng), fragment.topic, fragment.stance
            )
        for page in self._whole:
            for sentence in sentences_of(page):
                if len(sentence) > _SHORTEST_ALONE and self._rng.random() < _SENTENCES_ALONE:
                    yield self._labelled(sentence, page.topic, page.stance)

    def _of_whole(self, page: WrittenPage, *, is_part: bool) -> Example:
        rng = self._rng
        text = page.text
        if is_part:
            sentences = _SENTENCE_END.split(" ".join(text.split("\n")[1:]))
            size = rng.randint(1, min(8, len(sentences)))
            start = rng.randint(0, len(sentences) - size)
            chosen = sentences[start : start + size]
            return self._made(chosen, page.topic, page.stance)
        if rng.random() < _FRAMED:
            text = layouts.framed(text, self._lang, rng)
        return self._labelled(text, page.topic, page.stance)

    def _made(self, sentences: Sequence[str], topic: Topic, stance: Stance) -> Example:
        text = layouts.laid_out(sentences, self._lang, self._rng)
        if self._rng.random() < _FRAMED:
            text = layouts.framed(text, self._lang, self._rng)
        return self._labelled(text, topic, stance)

    def _labelled(self, text: str, topic: Topic, stance: Stance) -> Example:
        label = f"written_{topic.value}_{stance.value}"
        return Example(text, self._lang, topic, stance, SOURCE, label)

    def _filler_number(self, fragments: int) -> int:
        rng = self._rng
        if rng.random() < _LONG:
            return rng.randint(*_LONG_FILLER)
        number = rng.randint(*self._plan.filler)
        return number if fragments else max(1, number)

    def _filler(self, *, is_angry: bool) -> str:
        draw = self._rng.random()
        if is_angry and self._angry and draw < _BORROWED + _FROM_PAGES:
            return self._rng.choice(self._angry)
        if self._calm and draw < _BORROWED:
            return self._rng.choice(self._calm)
        if self._ordinary and draw < _BORROWED + _FROM_PAGES:
            return self._rng.choice(self._ordinary)
        return self._rng.choice(self._corpus.filler[self._lang])


def sentences_of(page: WrittenPage) -> list[str]:
    """The sentences of a whole page, its title among them."""
    return [s for line in page.text.split("\n") for s in _SENTENCE_END.split(line)]
