"""Evidence stands where its offsets say, and taking it away lowers the score."""

from classifier import compose, corpus
from classifier.scoring import Scorer
from review_queue.categories import Category, Stance
from tests.classifier.conftest import SMALL

PAGES = [
    e
    for e in compose.development_pages(corpus.load(), {}, 3, SMALL[1]).examples
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


def test_removing_the_evidence_lowers_the_score(shipped: Scorer) -> None:
    lowered = total = 0
    for page, score in zip(PAGES, shipped.score([("", p.text) for p in PAGES]), strict=True):
        harm = max(score.scores, key=lambda c: score.scores[c])
        found = [e for e in score.evidence if e.category is harm]
        if found and page.stance is Stance.PROMOTES:
            text = page.text
            for e in sorted(found, key=lambda e: -e.start):
                text = text[: e.start] + text[e.end :]
            total += 1
            lowered += shipped.score([("", text)])[0].scores[harm] < score.scores[harm]

    assert total > 20
    assert lowered / total >= 0.8


def test_pages_in_distress_say_why_they_were_taken_for_it(shipped: Scorer) -> None:
    pages = [("", p.text) for p in PAGES if p.stance is Stance.DISTRESS]

    explained = [
        s for s in shipped.score(pages) if any(e.category is Category.DISTRESS for e in s.evidence)
    ]

    assert len(explained) * 2 > len(pages)
