"""Evidence stands where its offsets say, and taking it away lowers the score."""

from collections.abc import Sequence

import numpy as np

from classifier import compose, corpus
from classifier.corpus import Part
from classifier.scoring import Scorer
from classifier.segments import sentences
from review_queue.categories import Category, Stance
from tests.classifier.conftest import SMALL

PAGES = [
    e
    for e in compose.held_out_pages(corpus.load(Part.CHECK), {}, 3, SMALL[1]).examples
    if e.stance in {Stance.PROMOTES, Stance.DISTRESS}
]


def test_evidence_is_cut_from_the_page_itself(scorer: Scorer) -> None:
    scores = scorer.score([("A title", page.text) for page in PAGES])
    evidence = [(e, page) for s, page in zip(scores, PAGES, strict=True) for e in s.evidence]

    assert len(evidence) > 50
    # Compared, not shown: a failing test must not print a page.
    assert all((e.text == page.text[e.start : e.end]) is True for e, page in evidence)


def test_weights_are_shares_heaviest_first(scorer: Scorer) -> None:
    for score in scorer.score([("", page.text) for page in PAGES]):
        for category in Category:
            weights = [e.weight for e in score.evidence if e.category is category]
            assert weights == sorted(weights, reverse=True)
            assert sum(weights) <= 1.001
            assert len(weights) <= 3


def test_removing_the_evidence_lowers_the_score_more_than_removing_other_sentences(
    shipped: Scorer,
) -> None:
    rng = np.random.default_rng(4)
    with_evidence, with_random, harms = [], [], []
    for page, score in zip(PAGES, shipped.score([("", p.text) for p in PAGES]), strict=True):
        harm = max(score.scores, key=lambda c: score.scores[c])
        found = [(e.start, e.end) for e in score.evidence if e.category is harm]
        is_case = page.stance is Stance.PROMOTES and score.scores[harm] >= shipped.thresholds[harm]
        if found and is_case:
            spans = sentences(page.text)
            drawn = [spans[i] for i in rng.permutation(len(spans))[: len(found)]]
            with_evidence.append(("", _without(page.text, found)))
            with_random.append(("", _without(page.text, drawn)))
            harms.append(harm)

    without = zip(shipped.score(with_evidence), shipped.score(with_random), harms, strict=True)
    lower = [mine.scores[harm] <= other.scores[harm] for mine, other, harm in without]

    assert len(lower) > 20
    assert sum(lower) / len(lower) >= 0.8


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return text


def test_pages_in_distress_say_why_they_were_taken_for_it(shipped: Scorer) -> None:
    pages = [("", p.text) for p in PAGES if p.stance is Stance.DISTRESS]

    explained = [
        s for s in shipped.score(pages) if any(e.category is Category.DISTRESS for e in s.evidence)
    ]

    assert len(explained) * 2 > len(pages)
