"""What a model is measured on: pages of a written part that is held out, none of them ever trained on.

Harmful and harmless pages are composed in memory by the composer that trained the model, from other
fragments; whole harmless pages stand as they were written. Nothing here writes or prints one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from classifier import compose
from classifier.corpus import Corpus
from classifier.examples import Topic
from classifier.transliteration import kazakh_latin
from review_queue.categories import Stance

LATIN: Final = "kk-Latn"
SEED: Final = 77  # not one that training composes with
HARMFUL_EACH: Final = 40  # pages of a language and harm
HARMLESS_EACH: Final = 6  # pages of a language, topic, stance and kind made from fragments
_HARMFUL: Final = replace(
    compose.DEVELOPMENT_PLAN, promoting=HARMFUL_EACH, harmless=0, distress=0, neither=0
)
_HARMLESS: Final = replace(
    compose.DEVELOPMENT_PLAN, promoting=0, harmless=HARMLESS_EACH, distress=HARMLESS_EACH, neither=0
)
_WHOLE: Final = "whole"
_NEITHER: Final = frozenset({"anger", "humour", "figurative", "rhetoric", "sport", "games"})
_GROUP: Final = {
    "reporting": "news",
    "helpline": "prevention",
    "counter_speech": "prevention",
    "figurative": "humour",
    "law": "court",
    "security": "self_defence",
    "army": "self_defence",
    "hunting": "self_defence",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A page of a held-out part with everything known of it."""

    text: str
    lang: str
    topic: Topic
    stance: Stance
    kind: str  # what a harmless page is (news, court, games); "promotes" for a harmful one
    is_whole: bool  # written as a page, not composed

    @property
    def is_harmful(self) -> bool:
        """Whether the page promotes a harm."""
        return self.stance is Stance.PROMOTES

    @property
    def is_hard(self) -> bool:
        """Whether the page is harmless and easily mistaken: on the subject, or angry or figurative."""
        return not self.is_harmful and (
            self.topic is not Topic.NEITHER or self.group in {"anger", "humour"}
        )

    @property
    def group(self) -> str:
        """The kind under the one name that figures are given by."""
        if self.topic is Topic.NEITHER and self.kind not in _NEITHER:
            return "ordinary"
        return _GROUP.get(self.kind, self.kind)

    @property
    def label(self) -> str:
        """The page's label among those of the public rows."""
        if self.is_harmful:
            return f"{self.topic.value}_promotion"
        if self.stance is Stance.DISTRESS:
            return "distress"
        if self.stance is Stance.SUPPORTS:
            return "prevention_support"
        return "sensitive_topic_neutral" if self.is_hard else "benign_other"


def written_pages(
    held: Corpus, filler: Mapping[str, Sequence[str]], seed: int = SEED
) -> list[Written]:
    """Composed and whole pages of a held-out part; `filler` is public sentences by language."""
    return [*_composed(held, filler, seed), *_whole(held)]


def in_latin(pages: Sequence[Written]) -> list[Written]:
    """The Kazakh pages once more in Latin letters, each in the habit of one author."""
    return [
        replace(page, lang=LATIN, text=kazakh_latin(page.text, f"{SEED}-{i}"))
        for i, page in enumerate(pages)
        if page.lang == "kk"
    ]


def as_rows(pages: Sequence[Written]) -> Iterator[dict[str, Any]]:
    """The pages as labelled rows of the haystack builder; ids end as those of development rows."""
    for i, page in enumerate(pages):
        made = _WHOLE if page.is_whole else "composed"
        yield {
            "id": f"written-{i:06}-e",
            "text": page.text,
            "lang": page.lang,
            "label": page.label,
            "source": f"{compose.SOURCE}/{made}/{page.topic.value}/{page.group}",
            "page": True,
        }


def _composed(held: Corpus, filler: Mapping[str, Sequence[str]], seed: int) -> Iterator[Written]:
    for example in compose.held_out_pages(_without_pages(held), filler, seed, _HARMFUL).examples:
        if example.topic and example.stance is Stance.PROMOTES:
            yield Written(
                example.text, example.lang, example.topic, example.stance, "promotes", False
            )
    kinds = sorted(
        {
            (f.topic, f.stance, f.move)
            for f in held.fragments
            if f.stance is not Stance.PROMOTES and f.topic is not Topic.NEITHER
        }
    )
    for kind in kinds:
        topic, stance, move = kind
        chosen = tuple(f for f in held.fragments if (f.topic, f.stance, f.move) == kind)
        only = replace(_without_pages(held), fragments=chosen)
        for example in compose.held_out_pages(only, filler, seed, _HARMLESS).examples:
            yield Written(example.text, example.lang, topic, stance, move, False)


def _whole(held: Corpus) -> Iterator[Written]:
    for page in held.pages:
        yield Written(page.text, page.lang, page.topic, page.stance, page.kind, True)


def _without_pages(held: Corpus) -> Corpus:
    # The composer may turn whole pages into parts of pages; here they are measured as they are.
    return replace(held, pages=())
