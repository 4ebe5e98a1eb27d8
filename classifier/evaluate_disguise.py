"""How much is missed when the telling words of a page are disguised, and how much more is alarmed for nothing.

Telling words are those that stand in harmful development pages far more often than in harmless ones: a
property of the texts, so that every model is measured on the same disguised words.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifier.disguises import TRANSFORMS, Transform, disguise
from classifier.evaluate_pages import opened
from classifier.evaluate_rows import Written
from classifier.intervals import Measured, clopper_pearson
from classifier.scoring import Scorer
from review_queue.categories import Category

SHARES: Final = (0.3, 0.9)
PAGES_EACH: Final = 20  # harmful pages of a language and harm
HARMLESS_EACH: Final = 30  # harmless pages of a language
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_ODDS: Final = 1.0
_FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Disguised:
    """What one transform did to the pages at the threshold."""

    found: Mapping[float, Measured]  # by share of telling words disguised
    alarmed: Mapping[float, Measured]
    clean_found: Measured
    clean_alarmed: Measured

    def drop(self, share: float) -> float:
        """By how much less is found."""
        return (self.clean_found.value or 0.0) - (self.found[share].value or 0.0)

    def rise(self, share: float) -> float:
        """By how much more harmless pages open a review."""
        return (self.alarmed[share].value or 0.0) - (self.clean_alarmed.value or 0.0)

    def as_plain(self) -> dict[str, Any]:
        """The figures for programs."""
        plain: dict[str, Any] = {
            "found clean": self.clean_found.as_plain(),
            **{f"found {share:.0%}": self.found[share].as_plain() for share in SHARES},
            "alarms clean": self.clean_alarmed.as_plain(),
            **{f"alarms {share:.0%}": self.alarmed[share].as_plain() for share in SHARES},
        }
        return plain


def telling_words(pages: Sequence[Written]) -> dict[str, frozenset[str]]:
    """By language, the words of harmful pages that harmless pages use far more rarely."""
    seen: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for page in pages:
        seen[page.lang, page.is_harmful].update({w.lower() for w in _WORD.findall(page.text)})
    found = {}
    for lang in {page.lang for page in pages}:
        harmful, harmless = seen[lang, True], seen[lang, False]
        size = {
            side: sum(p.lang == lang and p.is_harmful is side for p in pages) + 1
            for side in (True, False)
        }
        found[lang] = frozenset(
            word
            for word, n in harmful.items()
            if n >= _FEWEST
            and math.log((n + 0.5) / size[True]) - math.log((harmless[word] + 0.5) / size[False])
            > _ODDS
        )
    return found


def measure(
    scorer: Scorer,
    pages: Sequence[Written],
    transforms: Mapping[str, Transform] = TRANSFORMS,
    seed: int = 7,
) -> dict[str, Disguised]:
    """What each transform does to what is found and alarmed, on the same pages throughout."""
    words = telling_words(pages)
    chosen = _chosen(pages)
    clean = _opened(scorer, chosen, [page.text for page in chosen])
    found = {}
    for name, transform in transforms.items():
        after = {}
        for share in SHARES:
            texts = [
                disguise(
                    page.text, words[page.lang], share, transform, f"{seed}-{name}-{share}-{i}"
                )
                for i, page in enumerate(chosen)
            ]
            after[share] = _opened(scorer, chosen, texts)
        found[name] = Disguised(
            {share: hits[0] for share, hits in after.items()},
            {share: hits[1] for share, hits in after.items()},
            *clean,
        )
    return found


def summary(found: Mapping[str, Disguised]) -> dict[str, float]:
    """Mean and worst drop at 30 % of the words, transliteration apart, and the largest rise of false alarms."""
    if not found:
        return {}
    ordinary = {name: d for name, d in found.items() if "translit" not in name}
    drops = [d.drop(SHARES[0]) for d in ordinary.values()]
    return {
        "mean_drop_30": sum(drops) / len(drops),
        "worst_drop_30": max(drops),
        "mean_drop_90": sum(d.drop(SHARES[1]) for d in ordinary.values()) / len(drops),
        "worst_rise_of_false_alarms": max(d.rise(s) for d in found.values() for s in SHARES),
    }


def _chosen(pages: Sequence[Written]) -> list[Written]:
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for page in sorted(pages, key=lambda page: page.kind):
        cell = (page.lang, str(page.topic) if page.is_harmful else "harmless")
        most = PAGES_EACH if page.is_harmful else HARMLESS_EACH
        if (page.is_harmful or page.is_hard) and taken[cell] < most:
            taken[cell] += 1
            chosen.append(page)
    return chosen


def _opened(
    scorer: Scorer, pages: Sequence[Written], texts: Sequence[str]
) -> tuple[Measured, Measured]:
    """The share of harmful pages that open a review, and that of harmless ones."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    scores = scorer.score([("", text) for text in texts])
    for page, score in zip(pages, scores, strict=True):
        due = {*opened(score, scorer.thresholds)} - {Category.DISTRESS}
        hits[page.is_harmful].append(bool(due))
    found, alarmed = (clopper_pearson(sum(h), len(h)) for h in (hits[True], hits[False]))
    return found, alarmed
