"""What a model is held against: the keyword list in use today, and ASReview's published recipe."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

# Words of the subject, as word beginnings; what a rule of today's practice looks for, no more.
KEYWORDS: Final = (
    "suicid",
    "self-harm",
    "kill",
    "murder",
    "terror",
    "bomb",
    "attack",
    "massacre",
    "extremis",
    "jihad",
    "суицид",
    "самоубийств",
    "самоповрежд",
    "убив",
    "убить",
    "убийств",
    "террор",
    "бомб",
    "взрыв",
    "экстремис",
    "джихад",
    "өзіне қол жұмса",
    "суицид",
    "өлтір",
    "кісі өлім",
    "террор",
    "жарылыс",
    "лаңкес",
    "зорлық",
)
_PATTERN: Final = re.compile("|".join(rf"\b{re.escape(word)}" for word in dict.fromkeys(KEYWORDS)))
_RATIO: Final = 9.8
_C: Final = 0.11
_RANDOM: Final = 0.05
_GROWTH: Final = (
    12  # refitted after each twelfth more read, not after each: a hundredth of the time
)


def keyword_risks(texts: Sequence[str]) -> list[float]:
    """How many words of the list a text has, each place counted; more hits come first."""
    return [float(len(_PATTERN.findall(text.lower()))) for text in texts]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as the recipe sees them; made once, read from by every draw."""

    vectors: Any


def prepared(texts: Sequence[str]) -> Texts:
    """TF-IDF of words and pairs of words, sublinear."""
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32)
    return Texts(vectoriser.fit_transform(texts))


def reading_order(
    texts: Texts, chosen: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_], seed: int
) -> list[int]:
    """The places of `chosen` in the order the recipe reads them, told after each batch what was wanted.

    One wanted and one other text, drawn by `seed`, are known before the first is read and come first.
    """
    rng = np.random.default_rng(seed)
    vectors = texts.vectors[chosen]
    order = [int(rng.choice(np.flatnonzero(wanted))), int(rng.choice(np.flatnonzero(~wanted)))]
    unread = np.ones(len(chosen), np.bool_)
    unread[order] = False
    while unread.any():
        if wanted[order].sum() == wanted.sum():
            order += [int(i) for i in rng.permutation(np.flatnonzero(unread))]
            break
        model = LinearSVC(C=_C, class_weight={True: _RATIO, False: 1.0}, random_state=seed)
        model.fit(vectors[order], wanted[order])
        left = np.flatnonzero(unread)
        ranked = left[np.argsort(-model.decision_function(vectors[left]), kind="stable")]
        for _ in range(min(len(left), max(1, len(order) // _GROWTH))):
            is_random = rng.random() < _RANDOM
            pool = np.flatnonzero(unread) if is_random else ranked[unread[ranked]][:1]
            pick = int(rng.choice(pool))
            order.append(pick)
            unread[pick] = False
    return order
