"""The linear model: topic, stance, and the two together, each a logistic regression over hashed n-grams.

Two axes learn from every row, also from one that shows only its topic or only its stance; the pair tells a
subject that is promoted from the very same subject narrated or reported.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from classifier.examples import LANGUAGES, Example, Topic
from classifier.features import Matrix
from classifier.reading import count_texts
from review_queue.categories import HARMS, Category, Stance
from review_queue.errors import CorporaError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOPICS: Final = tuple(Topic)
STANCES: Final = tuple(Stance)
_PROMOTED: Final = "{} promoted"
# Threats in public chat posts are so unlike promotion written as such that one class for both serves neither:
# average precision of English violence against hard pages was .73 with one and .82 with two (development).
_THREATENED: Final = "violence threatened"
_THREAT_LABEL: Final = "violence_promotion"
PAIRS: Final = (*TOPICS, *(_PROMOTED.format(harm.value) for harm in HARMS), _THREATENED)

# Chosen as a set on the development haystack. Bins kept per language, so that the language with most
# text does not crowd out the others; seen in fewer texts than this is noise; inverse regularisation.
_CHAR_BINS: Final = 60_000
_WORD_BINS: Final = 20_000
_FEWEST_TEXTS: Final = 3
_INVERSE_PENALTY: Final = 8.0
_ITERATIONS: Final = 40
_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Block:
    """The kept bins of one kind of n-gram and how their counts are weighted."""

    bins: Ints
    tfidf: TfidfTransformer

    def vectors(self, counts: Matrix) -> Matrix:
        """Weighted rows of length one over the kept bins."""
        return self.tfidf.transform(counts[:, self.bins], copy=False)


@dataclass(frozen=True, slots=True)
class MoveHead:
    """What names the move of a sentence, see moves.py; its columns are places in the feature row."""

    names: tuple[str, ...]
    columns: Ints
    coef: npt.NDArray[np.float32]  # a row per name
    intercept: npt.NDArray[np.float32]
    cut: float  # the least probability a name is given at


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was fitted on training rows."""

    chars: Block
    words: Block
    topic: LogisticRegression
    stance: LogisticRegression
    pair: LogisticRegression
    moves: MoveHead | None = None

    def vectors(self, counts: tuple[Matrix, Matrix]) -> Matrix:
        """One feature row per row of counts."""
        chars, words = counts
        return sparse.hstack([self.chars.vectors(chars), self.words.vectors(words)], "csr")

    def log_topic(self, vectors: Matrix) -> Floats:
        """Log probability of each of `TOPICS`, a column each."""
        return _log_probabilities(self.topic, vectors, TOPICS)

    def log_stance(self, vectors: Matrix) -> Floats:
        """Log probability of each of `STANCES`, a column each."""
        return _log_probabilities(self.stance, vectors, STANCES)

    def log_promoted(self, vectors: Matrix) -> dict[Category, Floats]:
        """Log probability that a harm is what the text is about and promotes, of the pairs alone."""
        return log_promoted(_log_probabilities(self.pair, vectors, PAIRS))


def pair_of(example: Example) -> str | None:
    """The subject, and whether it is promoted; None where a label leaves one of the two open."""
    topic, stance = example.topic, example.stance
    if topic is None or (stance is None and topic is not Topic.NEITHER):
        return None
    if example.label == _THREAT_LABEL:
        return _THREATENED
    is_promoted = stance is Stance.PROMOTES and topic is not Topic.NEITHER
    return _PROMOTED.format(topic.value) if is_promoted else topic.value


def promoted(category: Category) -> tuple[str, ...]:
    """The classes of the pairs in which a harm is promoted."""
    own = (_PROMOTED.format(category.value),)
    return (*own, _THREATENED) if category is Category.VIOLENCE else own


def log_promoted(log_pair: Floats) -> dict[Category, Floats]:
    """Log probability of each harm promoted in whichever way, from those of `PAIRS`, a column each."""
    return {
        harm: np.logaddexp.reduce(
            log_pair[:, [PAIRS.index(name) for name in promoted(harm)]], axis=1
        )
        for harm in HARMS
    }


def fit(examples: Sequence[Example]) -> Weights:
    """Weights fitted on `examples` and nothing else."""
    chars, words = count_texts(example.text for example in examples)
    langs = np.array([example.lang for example in examples])
    char_block = _block(chars, langs, _CHAR_BINS)
    word_block = _block(words, langs, _WORD_BINS)
    vectors = sparse.hstack([char_block.vectors(chars), word_block.vectors(words)], "csr")
    return Weights(
        char_block,
        word_block,
        _head(vectors, examples, [example.topic for example in examples], "topic"),
        _head(vectors, examples, [example.stance for example in examples], "stance"),
        _head(vectors, examples, [pair_of(example) for example in examples], "subject and stance"),
    )


def direction(head: LogisticRegression, *values: str) -> Floats:
    """How far each feature speaks for `values` rather than for the others, each side on average."""
    classes = [str(name) for name in head.classes_]
    own = [i for i, name in enumerate(classes) if name in values]
    others = [i for i, name in enumerate(classes) if name not in values]
    if not own:
        return np.zeros(head.coef_.shape[1])
    margin: Floats = head.coef_[own].mean(axis=0) - head.coef_[others].mean(axis=0)
    return margin


def _block(counts: Matrix, langs: npt.NDArray[np.str_], per_language: int) -> Block:
    kept: set[int] = set()
    for lang in LANGUAGES:
        texts = np.bincount(counts[langs == lang].indices, minlength=counts.shape[1])
        order = np.argsort(-texts, kind="stable")[:per_language]
        kept.update(int(i) for i in order[texts[order] >= _FEWEST_TEXTS])
    if not kept:
        raise CorporaError("too little training text: no n-gram occurs in three texts")
    bins = np.array(sorted(kept))
    tfidf = TfidfTransformer(sublinear_tf=True)
    tfidf.fit(counts[:, bins])
    tfidf.idf_ = tfidf.idf_.astype(np.float32)
    return Block(bins, tfidf)


def _head(
    vectors: Matrix, examples: Sequence[Example], values: Sequence[Any], axis: str
) -> LogisticRegression:
    known = np.array([i for i, value in enumerate(values) if value is not None], np.int64)
    names = np.array([str(values[i]) for i in known])
    if len(set(names)) < 2:  # noqa: PLR2004 - a choice needs two
        raise CorporaError(f"the training rows show fewer than two kinds of {axis}")
    cells = Counter((examples[i].lang, str(values[i])) for i in known)
    # The root evens out languages and classes half-way: full balance lets 5 rows shout down 5,000.
    share = [examples[i].weight / cells[examples[i].lang, str(values[i])] ** 0.5 for i in known]
    weight = np.array(share) * len(share) / sum(share)
    return fitted_head(vectors[known], names, weight, _INVERSE_PENALTY)


def fitted_head(
    vectors: Matrix, names: npt.NDArray[np.str_], weight: Floats, inverse_penalty: float
) -> LogisticRegression:
    """A logistic regression of `names`, its numbers in half precision."""
    head = LogisticRegression(C=inverse_penalty, max_iter=_ITERATIONS, tol=_TOLERANCE)
    with (
        warnings.catch_warnings()
    ):  # stopped early on purpose: more rounds only sharpen training rows
        warnings.simplefilter("ignore", ConvergenceWarning)
        head.fit(vectors, names, sample_weight=weight)
    # Half precision is enough to rank by, halves the file, and hides the last bits of the solver.
    head.coef_ = head.coef_.astype(np.float16).astype(np.float32)
    head.intercept_ = head.intercept_.astype(np.float16).astype(np.float32)
    return head


def _log_probabilities(head: LogisticRegression, vectors: Matrix, names: Sequence[str]) -> Floats:
    fitted = {str(name): i for i, name in enumerate(head.classes_)}
    found = head.predict_log_proba(vectors)
    log_p = np.full((vectors.shape[0], len(names)), -20.0)
    for column, name in enumerate(names):
        if name in fitted:
            log_p[:, column] = np.maximum(found[:, fitted[name]], -20.0)
    return log_p
