"""Officers' work replayed on a labelled set: how many needles they find when the queue learns as they go.

The shipped score is never changed. A second, light model over the same hashed n-grams is fitted anew on what
was reviewed so far, and its margin is added to the shipped log-odds, more so the more needles were seen.
Half of every batch is read in that order, half in the shipped one.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from classifier.features import Matrix
from classifier.reading import count_texts
from classifier.scoring import Scorer
from classifier.sites import site_risk
from review_queue.categories import HARMS, Category

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

STATIC, LEARNING, RANDOM = "static", "learning", "random"
WANTED_RECALL: Final = 0.95

_BATCH_PAGES: Final = 200
_FEWEST_PAGES: Final = 3
_LARGEST_SHARE: Final = 0.5  # an n-gram in more pages than this is layout
# Chosen on development rows as a public web and with composed pages added, among fifteen combinations. The
# second model counts half as much as the first after this many needles.
_NEEDLES_TO_TRUST: Final = 20
# This much of every batch follows the shipped score alone, so that a kind nobody has met yet is not pushed
# down by what was learned of others: 95 % found after 191 reviews on average instead of 240, at worst 359
# instead of 580 (ten draws of benchmarks/queue_learning.py).
_BY_SHIPPED_SCORE: Final = 0.5
# Pages nobody has reviewed stand in for harmless ones (all but a few in a thousand are), at half weight:
# what was reviewed is all of the risky sort.
_BACKGROUND: Final = 300
_BACKGROUND_WEIGHT: Final = 0.5
_HARMLESS_PER_NEEDLE: Final = 3.0  # all needles together weigh a third of all harmless pages
_TINY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class JudgedPage:
    """A page of a labelled set; a site is a needle when one of its pages is."""

    site: str
    title: str
    text: str
    is_needle: bool
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the officers work: sites in a batch, batches between two fits, sites in all."""

    batch: int = 25
    reviews: int = 1_000
    retrain_every: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Sites:
    """A labelled set as the replay needs it: a row a site, no text."""

    risks: Floats
    vectors: Matrix
    is_needle: Flags
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """How many needles were found after each review of one order."""

    name: str
    found: tuple[float, ...]  # found[n] after n reviews

    def reviews_until(self, needles: int, share: float = WANTED_RECALL) -> int | None:
        """How many reviews it took to find `share` of the needles, None where it was not reached."""
        wanted = ceil(share * needles)
        return next((n for n, found in enumerate(self.found) if found >= wanted), None)


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay."""

    sites: int
    needles: int
    curves: tuple[Curve, ...]
    fits: int
    longest_fit_s: float
    kinds: dict[str, tuple[int, dict[str, int]]]  # needles in all, and found by each order

    def as_plain(self, every: int) -> dict[str, Any]:
        """For programs, with the numbers found after every `every` reviews."""
        last = len(self.curves[0].found) - 1
        at = sorted({*range(every, last + 1, every), last})
        return {
            "sites": self.sites,
            "needles": self.needles,
            "reviews": at,
            "found": {c.name: [round(c.found[n], 2) for n in at] for c in self.curves},
            "reviews_until_95_percent": {
                c.name: c.reviews_until(self.needles) for c in self.curves
            },
            "work_saved_at_95_percent": {c.name: self.work_saved(c) for c in self.curves},
            "found_by_kind": {
                kind: {"needles": there, **found} for kind, (there, found) in self.kinds.items()
            },
            "fits": self.fits,
            "longest_fit_s": round(self.longest_fit_s, 2),
        }

    def work_saved(self, curve: Curve) -> float | None:
        """Share of the sites nobody had to read for 95 % of the needles, beyond what luck would save."""
        read = curve.reviews_until(self.needles)
        return None if read is None else round(WANTED_RECALL - read / self.sites, 4)


def prepare(
    pages: Iterable[JudgedPage],
    scorer: Scorer,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Sites:
    """Every site with its riskiest page's score and n-grams; the texts themselves are let go."""
    blocks: list[tuple[Matrix, ...]] = []
    riskiest: dict[str, tuple[float, int]] = {}
    page_scores: dict[str, list[Mapping[Category, float]]] = {}
    kinds: dict[str, str] = {}
    needles: set[str] = set()
    row = 0
    for batch in _batches(pages):
        scores = scorer.score([(page.title, page.text) for page in batch])
        blocks.append(tuple(count_texts(f"{page.title}\n{page.text}" for page in batch)))
        for page, score in zip(batch, scores, strict=True):
            if page.is_needle:
                needles.add(page.site)
                kinds[page.site] = page.kind
            page_scores.setdefault(page.site, []).append(score.scores)
            known = riskiest.setdefault(page.site, (score.risk, row))
            if score.risk > known[0]:
                riskiest[page.site] = (score.risk, row)
            kinds.setdefault(page.site, page.kind)
            row += 1
        on_progress(len(batch))
    rows = np.array([at for _, at in riskiest.values()], np.int64)
    return Sites(
        np.array([_site_risk(page_scores[site]) for site in riskiest]),
        _vectors(blocks, rows),
        np.array([site in needles for site in riskiest], np.bool_),
        tuple(kinds[site] for site in riskiest),
    )


def replay(sites: Sites, plan: Plan, on_progress: Callable[[int], None] = lambda _: None) -> Replay:
    """What officers find in `plan.reviews` reviews in the shipped order, in one that learns, and at random."""
    reviews = min(plan.reviews, len(sites.risks))
    shipped = np.argsort(-sites.risks, kind="stable")[:reviews]
    learned, seconds = _learning(sites, plan, reviews, on_progress)
    expected = sites.is_needle.mean() if reviews else 0.0
    curves = (
        Curve(STATIC, _found(sites, shipped)),
        Curve(LEARNING, _found(sites, learned)),
        Curve(RANDOM, tuple(float(expected * n) for n in range(reviews + 1))),
    )
    kinds = _by_kind(sites, {STATIC: shipped, LEARNING: learned})
    return Replay(
        len(sites.risks),
        int(sites.is_needle.sum()),
        curves,
        len(seconds),
        max(seconds, default=0.0),
        kinds,
    )


def _learning(
    sites: Sites, plan: Plan, reviews: int, on_progress: Callable[[int], None]
) -> tuple[Ints, list[float]]:
    """The sites in the order they were reviewed, and how long each fit took."""
    prior = _standardised(_log_odds(sites.risks))
    background = np.random.default_rng(plan.seed).permutation(len(prior))
    reviewed = np.zeros(len(prior), np.bool_)
    order = np.zeros(0, np.int64)
    current, seconds, batches = prior, list[float](), 0
    while len(order) < reviews:
        left = np.flatnonzero(~reviewed)
        size = min(plan.batch, reviews - len(order))
        by_shipped = _riskiest(prior, left, round(size * _BY_SHIPPED_SCORE))
        others = np.setdiff1d(left, by_shipped, assume_unique=True)
        taken = np.concatenate([by_shipped, _riskiest(current, others, size - len(by_shipped))])
        reviewed[taken] = True
        order = np.concatenate([order, taken])
        batches += 1
        on_progress(len(taken))
        if batches % plan.retrain_every == 0 and sites.is_needle[order].any():
            began = time.perf_counter()
            unread = background[~reviewed[background]][:_BACKGROUND]
            current = _informed(sites, prior, order, unread)
            seconds.append(time.perf_counter() - began)
    return order, seconds


def _riskiest(values: Floats, among: Ints, count: int) -> Ints:
    return among[np.argsort(-values[among], kind="stable")][:count]


def _informed(sites: Sites, prior: Floats, reviewed: Ints, unread: Ints) -> Floats:
    """What the queue is ordered by once these sites were reviewed."""
    rows = np.concatenate([reviewed, unread])
    labels = np.concatenate([sites.is_needle[reviewed], np.zeros(len(unread), np.bool_)])
    if labels.all():
        return prior
    weight = np.ones(len(rows))
    weight[len(reviewed) :] = _BACKGROUND_WEIGHT
    needles = int(labels.sum())
    weight[labels] *= weight[~labels].sum() / needles / _HARMLESS_PER_NEEDLE
    vectors = sites.vectors[rows]
    # an n-gram of a single page says nothing of another; without them a fit takes a third of the time
    shared = np.flatnonzero(np.bincount(vectors.indices, minlength=vectors.shape[1]) > 1)
    head = LogisticRegression(max_iter=300, tol=1e-3)
    head.fit(vectors[:, shared], labels, sample_weight=weight)
    margins = np.zeros(vectors.shape[1])
    margins[shared] = head.coef_[0]
    learned = _standardised(np.asarray(sites.vectors @ margins))
    return prior + needles / (needles + _NEEDLES_TO_TRUST) * learned


def _site_risk(pages: Sequence[Mapping[Category, float]]) -> float:
    return max(site_risk(scores[harm] for scores in pages) for harm in HARMS)


def _found(sites: Sites, order: Ints) -> tuple[float, ...]:
    return (0.0, *(float(n) for n in np.cumsum(sites.is_needle[order])))


def _by_kind(sites: Sites, orders: dict[str, Ints]) -> dict[str, tuple[int, dict[str, int]]]:
    needles = np.flatnonzero(sites.is_needle)
    there = Counter(sites.kinds[i] for i in needles)
    found = {
        name: Counter(sites.kinds[i] for i in order if sites.is_needle[i])
        for name, order in orders.items()
    }
    return {
        kind: (n, {name: counts[kind] for name, counts in found.items()})
        for kind, n in sorted(there.items())
    }


def _vectors(blocks: Sequence[tuple[Matrix, ...]], rows: Ints) -> Matrix:
    """Weighted rows of the n-grams that are neither rare nor everywhere, each kind of length one."""
    parts = []
    for block in zip(*blocks, strict=True):
        counts = sparse.vstack(block, "csr")[rows]
        pages = np.bincount(counts.indices, minlength=counts.shape[1])
        kept = np.flatnonzero((pages >= _FEWEST_PAGES) & (pages <= _LARGEST_SHARE * len(rows)))
        if len(kept):
            parts.append(TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, kept]))
    return sparse.hstack(parts, "csr") if parts else sparse.csr_matrix((len(rows), 1))


def _batches(pages: Iterable[JudgedPage]) -> Iterable[list[JudgedPage]]:
    batch: list[JudgedPage] = []
    for page in pages:
        batch.append(page)
        if len(batch) == _BATCH_PAGES:
            yield batch
            batch = []
    if batch:
        yield batch


def _log_odds(risks: Floats) -> Floats:
    kept = np.clip(risks, _TINY, 1 - _TINY)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _standardised(values: Floats) -> Floats:
    spread = float(values.std()) if len(values) else 0.0
    shown: Floats = (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
    return shown
