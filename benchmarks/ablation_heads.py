"""What the ablations vary: features, heads, learners; everything fitted stays linear."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from ablation_pages import Counts, Matrix, Pages
from ablation_structure import rates
from scipy import sparse
from scipy.special import log_expit, logsumexp
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from classifier.examples import LANGUAGES, Example, Topic
from classifier.model import pair_of, promoted
from classifier.projection import worst_windows
from review_queue.categories import HARMS, Category, Stance

Floats = npt.NDArray[np.float64]
Names = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]

HEADS: Final = ("topic", "stance", "pair")
_WORST: Final = 4
_WHOLE: Final = 0.3
_PLATT: Final = 2.0  # usual slope from a margin to log-odds
_LEAST: Final = -20.0


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to build the model; the defaults are the shipped one."""

    name: str
    blocks: tuple[str, ...] = ("chars", "words")
    bins: tuple[int, int] = (60_000, 20_000)  # kept per language, of characters and of words
    fewest: int = 3  # texts a bin must occur in
    dense: tuple[str, ...] = ()
    dense_scale: float = 0.05  # of a standard deviation, beside rows of length one
    heads: tuple[str, ...] = HEADS
    topic_share: float = 1.0  # how much the topic's log probability counts beside the others
    learner: str = "logistic"
    inverse_penalty: float = 8.0
    bags: tuple[int, ...] = (0,)  # which training sets; the weights of several are averaged

    @property
    def features(self) -> tuple[object, ...]:
        """Variants with equal ones share their vectors."""
        return (self.blocks, self.bins, self.fewest, self.dense, self.dense_scale)


@dataclass(frozen=True, slots=True)
class Block:
    """Kept bins of one kind of n-gram and their weights."""

    source: str
    bins: npt.NDArray[np.int64]
    tfidf: TfidfTransformer

    def vectors(self, counts: Counts) -> Matrix:
        return self.tfidf.transform(_counted(counts, self.source)[:, self.bins], copy=False)


@dataclass(frozen=True, slots=True)
class Space:
    """From counts to feature rows."""

    blocks: tuple[Block, ...]
    dense: tuple[str, ...]
    scale: float
    mean: Floats
    spread: Floats

    def vectors(self, counts: Counts) -> Matrix:
        parts = [block.vectors(counts) for block in self.blocks]
        if self.dense:
            scaled = (_dense(counts, self.dense) - self.mean) / self.spread
            clipped = self.scale * np.clip(scaled, -3, 3)
            parts.append(sparse.csr_matrix(clipped.astype(np.float32)))
        return sparse.hstack(parts, "csr")


@dataclass(frozen=True, slots=True)
class Head:
    """A linear choice between classes."""

    classes: tuple[str, ...]
    weights: Floats  # a column per class
    offsets: Floats
    is_joint: bool  # one choice among all, rather than a yes or no for each

    def log_p(self, vectors: Matrix) -> Floats:
        margins = vectors @ self.weights + self.offsets
        if not self.is_joint:
            margins = log_expit(margins)
        found: Floats = np.maximum(margins - logsumexp(margins, axis=1, keepdims=True), _LEAST)
        return found


@dataclass(frozen=True, slots=True)
class Fitted:
    """A variant ready to score."""

    space: Space
    heads: Mapping[str, Head]
    topic_share: float


@dataclass(frozen=True, slots=True)
class Training:
    """One set of training texts, counted."""

    examples: Sequence[Example]
    counts: Counts


@dataclass
class Bench:
    """Fits variants, keeping vectors and heads that several of them share."""

    sets: Sequence[Training]
    spaces: dict[tuple[object, ...], Space] = field(default_factory=dict)
    vectors: dict[tuple[object, ...], Matrix] = field(default_factory=dict)
    heads: dict[tuple[object, ...], Head] = field(default_factory=dict)

    def fit(self, variant: Variant) -> Fitted:
        """The variant fitted on its training sets."""
        key = variant.features
        if key not in self.spaces:
            self.vectors.clear()  # neighbours in the list share them; memory is short
            self.spaces[key] = _space(variant, self.sets[0])
        heads = {}
        for name in variant.heads:
            each = [self._head(variant, name, bag) for bag in variant.bags]
            heads[name] = Head(
                each[0].classes,
                np.mean([head.weights for head in each], axis=0),
                np.mean([head.offsets for head in each], axis=0),
                each[0].is_joint,
            )
        return Fitted(self.spaces[key], heads, variant.topic_share)

    def _head(self, variant: Variant, name: str, bag: int) -> Head:
        key = (variant.features, variant.learner, variant.inverse_penalty, name, bag)
        if key not in self.heads:
            place = (variant.features, bag)
            if place not in self.vectors:
                self.vectors[place] = self.spaces[variant.features].vectors(self.sets[bag].counts)
            self.heads[key] = _fitted(variant, name, self.vectors[place], self.sets[bag].examples)
        return self.heads[key]


def raw_scores(fitted: Fitted, pages: Pages) -> dict[Category, Floats]:
    """Raw scores of pages, from their worst windows and the whole, as the shipped model has them."""
    chosen = worst(fitted, pages, _WORST)
    of_worst, _ = _raw(fitted, pages.windows.summed(pages.added(chosen)))
    whole, _ = _raw(fitted, pages.windows.summed(pages.added()))
    return {harm: _WHOLE * whole[harm] + (1 - _WHOLE) * of_worst[harm] for harm in HARMS}


def worst(fitted: Fitted, pages: Pages, number: int) -> npt.NDArray[np.bool_]:
    """Which windows are among the worst of their page."""
    return worst_windows(pages.of_page, window_badness(fitted, pages), number)


def window_badness(fitted: Fitted, pages: Pages) -> Floats:
    """How bad each window is, distress included."""
    harms, distress = _raw(fitted, pages.windows)
    badness: Floats = np.max([*harms.values(), distress], axis=0)
    return badness


def labels(examples: Sequence[Example], head: str) -> list[str | None]:
    """What a head learns of each example, None where its label does not tell."""
    of = {"topic": lambda e: e.topic, "stance": lambda e: e.stance, "pair": pair_of}[head]
    return [None if (value := of(e)) is None else str(value) for e in examples]


def row_weights(examples: Sequence[Example], names: Sequence[str]) -> Floats:
    """The shipped model's weights: languages and classes evened out half-way."""
    cells = Counter((e.lang, name) for e, name in zip(examples, names, strict=True))
    share = np.array([cells[e.lang, n] ** -0.5 for e, n in zip(examples, names, strict=True)])
    weights: Floats = share / share.mean()
    return weights


def _raw(fitted: Fitted, counts: Counts) -> tuple[dict[Category, Floats], Floats]:
    vectors = fitted.space.vectors(counts)
    log_p = {name: head.log_p(vectors) for name, head in fitted.heads.items()}

    def of(head: str, *values: str) -> Floats:
        if head not in log_p:
            return np.zeros(vectors.shape[0])
        places = [i for i, name in enumerate(fitted.heads[head].classes) if name in values]
        total: Floats = np.logaddexp.reduce(log_p[head][:, places], axis=1)
        return total

    harms = {
        harm: (
            fitted.topic_share * of("topic", Topic(harm.value))
            + of("stance", Stance.PROMOTES)
            + of("pair", *promoted(harm))
        )
        / 2
        for harm in HARMS
    }
    distress = of("stance", Stance.DISTRESS)
    return harms, distress if "stance" in log_p else harms[HARMS[0]]


def _space(variant: Variant, training: Training) -> Space:
    langs = np.array([e.lang for e in training.examples])
    blocks = []
    for source in variant.blocks:
        counts = _counted(training.counts, source)
        limit = variant.bins[1] if source == "words" else variant.bins[0]
        kept: set[int] = set()
        for lang in LANGUAGES:
            texts = np.bincount(counts[langs == lang].indices, minlength=counts.shape[1])
            order = np.argsort(-texts, kind="stable")[:limit]
            kept.update(order[texts[order] >= variant.fewest].tolist())
        bins = np.array(sorted(kept))
        tfidf = TfidfTransformer(sublinear_tf=True).fit(counts[:, bins])
        tfidf.idf_ = tfidf.idf_.astype(np.float32)
        blocks.append(Block(source, bins, tfidf))
    dense = _dense(training.counts, variant.dense)
    spread = dense.std(axis=0) + 1e-6
    return Space(tuple(blocks), variant.dense, variant.dense_scale, dense.mean(axis=0), spread)


def _counted(counts: Counts, source: str) -> Matrix:
    if source == "chars and more":
        return sparse.hstack([counts.chars, counts.more], "csr")
    return {"chars": counts.chars, "words": counts.words, "more": counts.more}[source]


def _dense(counts: Counts, names: Sequence[str]) -> Floats:
    parts = [np.zeros((counts.structure.shape[0], 0))]
    if "structure" in names:
        parts.append(rates(counts.structure))
    if "changed" in names:
        width = np.maximum(counts.changed[:, -1:], 1.0)
        parts += [np.log1p(counts.changed[:, :-1]), np.sqrt(counts.changed[:, :-1] / width)]
    return np.hstack(parts)


def _fitted(variant: Variant, name: str, vectors: Matrix, examples: Sequence[Example]) -> Head:
    values = labels(examples, name)
    known = np.array([i for i, value in enumerate(values) if value is not None])
    names = np.array([str(values[i]) for i in known])
    weights = row_weights([examples[i] for i in known], names.tolist())
    learn = {"logistic": _logistic, "nb": _nb, "svm": _svm}[variant.learner]
    return learn(vectors[known], names, weights, variant.inverse_penalty)


def _logistic(vectors: Matrix, names: Names, weights: Floats, inverse_penalty: float) -> Head:
    head = _solved(vectors, names, weights, inverse_penalty)
    return Head(tuple(map(str, head.classes_)), head.coef_.T, head.intercept_, is_joint=True)


def _nb(vectors: Matrix, names: Names, weights: Floats, inverse_penalty: float) -> Head:
    """NBSVM: features times the log-count ratio of each class, one against the rest."""
    classes = tuple(sorted({*names.tolist()}))
    columns, offsets = [], []
    for value in classes:
        own = names == value
        for_it = np.asarray(vectors[own].T @ weights[own]).ravel() + 1.0
        against = np.asarray(vectors[~own].T @ weights[~own]).ravel() + 1.0
        ratio = np.log(for_it / for_it.sum()) - np.log(against / against.sum())
        scaled = vectors @ sparse.diags(ratio.astype(np.float32))
        head = _solved(sparse.csr_matrix(scaled), own, weights, inverse_penalty)
        columns.append(head.coef_[0] * ratio)
        offsets.append(head.intercept_[0])
    return Head(classes, np.array(columns).T, np.array(offsets), is_joint=False)


def _svm(vectors: Matrix, names: Names, weights: Floats, inverse_penalty: float) -> Head:
    machine = LinearSVC(C=inverse_penalty, max_iter=60, tol=1e-2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(vectors, names, sample_weight=weights)
    classes = tuple(map(str, machine.classes_))
    return Head(classes, _PLATT * machine.coef_.T, _PLATT * machine.intercept_, is_joint=False)


def _solved(
    vectors: Matrix, names: Names | Mask, weights: Floats, inverse_penalty: float
) -> LogisticRegression:
    head = LogisticRegression(C=inverse_penalty, max_iter=40, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        head.fit(vectors, names, sample_weight=weights)
    return head
