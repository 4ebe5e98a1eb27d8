"""What a sentence does to its reader: the head that names a rhetorical move, fitted on written fragments.

It is asked about evidence sentences alone. Where it is unsure it names nothing: a wrong name misleads the
people who read it more than none.
"""

import random
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.corpus import MOVES, Corpus, Fragment, Part
from classifier.examples import Topic
from classifier.features import BITS
from classifier.model import Floats, Ints, MoveHead, Weights, fitted_head
from classifier.projection import Projector
from classifier.reading import Reading, count_texts
from classifier.transliteration import kazakh_latin
from review_queue.categories import HARMS, Category, Stance
from review_queue.errors import CorporaError
from review_queue.records import Evidence

NONE: Final = "none"
# The cut is the lowest from which on so many of the promoting held-out fragments that get a name get the
# right one; fewer named ones prove nothing.
PRECISION: Final = 0.7
FEWEST_NAMED: Final = 10
# Chosen as a set, by how many fragments of the development part got a name at that precision: half of 430
# promoting ones; a tenth with a third of the training text. Fillings of the slots per fragment, pairs of
# one move per fragment, sentences per harmless page, inverse regularisation; features in fewer rows that
# have a move are left out.
_FILLINGS: Final = 3
_PAIRS: Final = 1
_OF_A_PAGE: Final = 4
_INVERSE_PENALTY: Final = 8.0
_FEWEST_ROWS: Final = 5
_MOST_COLUMNS: Final = 60_000  # which keeps the head below a third of the file
_CUTS: Final = tuple(round(0.2 + i / 100, 2) for i in range(76))
_NEVER: Final = 2.0
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])\s+")


@dataclass(frozen=True, slots=True)
class Row:
    """A text with what it does: one of the moves of its topic, or none."""

    text: str
    topic: Topic
    move: str


@dataclass(frozen=True, slots=True)
class Figure:
    """How one move was named among held-out fragments: how many there are, got its name, and rightly so."""

    move: str
    fragments: int
    named: int
    right: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the head names among held-out fragments; the harmless ones should get no name."""

    cut: float
    moves: tuple[Figure, ...]
    harmless: int
    harmless_named: int


def taught(weights: Weights, training: Corpus, held_out: Corpus, seed: int = 0) -> Weights:
    """The weights with a head for moves: fitted on `training` alone, its cut chosen on `held_out`."""
    if training.part is not Part.TRAINING or held_out.part is Part.TRAINING:
        raise CorporaError("moves are learned from the training part and cut on another")
    rows = list(_rows(training, seed))
    known = np.array([row.move for row in rows])
    vectors = weights.vectors(count_texts(row.text for row in rows))
    texts = np.bincount(vectors[known != NONE].indices, minlength=vectors.shape[1])
    order = np.argsort(-texts, kind="stable")[:_MOST_COLUMNS]
    columns = np.sort(order[texts[order] >= _FEWEST_ROWS])
    times = Counter(known.tolist())
    share = np.array([1 / times[move] for move in known])
    head = fitted_head(
        vectors[:, columns], known, share * len(share) / share.sum(), _INVERSE_PENALTY
    )
    names = tuple(map(str, head.classes_))
    made = MoveHead(names, columns, head.coef_, head.intercept_, _NEVER)
    return replace(weights, moves=replace(made, cut=_cut(replace(weights, moves=made), held_out)))


def measured(weights: Weights, held_out: Corpus, seed: int = 0) -> Figures | None:
    """How the fragments of a part that was not trained on are named; None of a model without the head."""
    if weights.moves is None:
        return None
    rows = _single(held_out, seed)
    names, chances = told(weights, rows)
    given = [
        name if p >= weights.moves.cut else NONE for name, p in zip(names, chances, strict=True)
    ]
    pairs = Counter(zip((row.move for row in rows), given, strict=True))
    figures = [
        Figure(
            move,
            sum(n for (own, _), n in pairs.items() if own == move),
            sum(n for (own, name), n in pairs.items() if name == move and own != NONE),
            pairs[move, move],
        )
        for move in sorted({move for of_topic in MOVES.values() for move in of_topic})
    ]
    harmless = [name for row, name in zip(rows, given, strict=True) if row.move == NONE]
    named = sum(name != NONE for name in harmless)
    return Figures(weights.moves.cut, tuple(figures), len(harmless), named)


@dataclass(frozen=True, slots=True)
class Namer:
    """Names the moves of evidence sentences."""

    head: MoveHead
    place: npt.NDArray[
        np.int32
    ]  # of each kept column among those of the head, -1 where it has none
    weights: npt.NDArray[np.float32]  # a row per column of the head

    def named(
        self, linear: Projector, reading: Reading, pages: Sequence[Sequence[Evidence]]
    ) -> list[tuple[Evidence, ...]]:
        """The evidence of each page read, with the move of each sentence of a harm that makes a clear one."""
        row_of = {
            (page, item.start): self._row(reading, page, item)
            for page, found in enumerate(pages)
            for item in found
            if item.category in HARMS
        }
        # All at once: looking through the n-grams of a batch costs more than the few that are wanted.
        rows = np.unique(np.array([*row_of.values()], np.int64))
        outputs = self._outputs(linear, reading, rows) if len(rows) else np.zeros((0, 0))
        at = dict(zip(row_of, np.searchsorted(rows, [*row_of.values()]).tolist(), strict=True))
        return [
            tuple(
                replace(item, move=self._move(outputs[at[page, item.start]], item.category))
                if item.category in HARMS
                else item
                for item in found
            )
            for page, found in enumerate(pages)
        ]

    @staticmethod
    def _row(reading: Reading, page: int, item: Evidence) -> int:
        low, high = int(reading.page_edges[page]) + 1, int(reading.page_edges[page + 1])
        return bisect_left(reading.spans, (item.start, 0), low, high)

    def _move(self, outputs: Floats, category: Category) -> str:
        name, chance = _likeliest(self.head.names, outputs[None, :], Topic(category.value))
        return "" if name == NONE or chance < self.head.cut else name

    def _outputs(self, linear: Projector, reading: Reading, rows: Ints) -> Floats:
        outputs = np.tile(self.head.intercept.astype(np.float64), (len(rows), 1))
        width = len(self.place)
        for found, offset in zip(reading.of(rows), (0, 1 << BITS), strict=True):
            columns = linear.column.take(found.bins + np.int32(offset))
            kept = np.flatnonzero(columns >= 0)
            keys = found.rows.take(kept).astype(np.int64) * width + columns.take(kept)
            keys, times = np.unique(keys, return_counts=True)
            places, columns = keys // width, keys % width
            values = (1 + np.log(times)) * linear.idf.take(columns)
            lengths = np.sqrt(np.bincount(places, values * values, len(rows)))
            own = self.place.take(columns)
            used = np.flatnonzero(own >= 0)
            places, parts = places.take(used), (values / lengths.take(places)).take(used)
            edges = np.searchsorted(places, np.arange(len(rows) + 1)).astype(np.int32)
            # In single precision, as the weights are: else all of them are copied each time.
            entries = (parts.astype(np.float32), own.take(used), edges)
            outputs += sparse.csr_matrix(entries, (len(rows), len(self.weights))) @ self.weights
        return outputs


def namer(weights: Weights) -> Namer | None:
    """What names moves with these weights; None where they were fitted without that head."""
    if weights.moves is None:
        return None
    place = np.full(len(weights.chars.bins) + len(weights.words.bins), -1, np.int32)
    place[weights.moves.columns] = np.arange(len(weights.moves.columns))
    return Namer(weights.moves, place, np.ascontiguousarray(weights.moves.coef.T))


def _rows(corpus: Corpus, seed: int) -> Iterator[Row]:
    rng = random.Random(f"moves-{seed}")
    for lang, row in _written(corpus, rng):
        yield row
        if lang == "kk":
            yield replace(row, text=kazakh_latin(row.text, rng.randrange(1_000_000)))


def _written(corpus: Corpus, rng: random.Random) -> Iterator[tuple[str, Row]]:
    alike: dict[tuple[str, Topic, str], list[Fragment]] = {}
    for fragment in corpus.fragments:
        move = _move_of(fragment)
        if move != NONE:
            alike.setdefault((fragment.lang, fragment.topic, move), []).append(fragment)
        for _ in range(1 if move == NONE else _FILLINGS):
            yield fragment.lang, Row(corpus.filled(fragment, rng), fragment.topic, move)
    for (lang, topic, move), pool in alike.items():
        for _ in range(_PAIRS * len(pool) if len(pool) > 1 else 0):
            text = " ".join(corpus.filled(one, rng) for one in rng.sample(pool, 2))
            yield lang, Row(text, topic, move)
    for lang, lines in corpus.filler.items():
        for line in lines:
            yield lang, Row(line, Topic.NEITHER, NONE)
    for page in corpus.pages:
        sentences = _SENTENCE_END.split(" ".join(page.text.split("\n")[1:]))
        for sentence in rng.sample(sentences, min(_OF_A_PAGE, len(sentences))):
            yield page.lang, Row(sentence, page.topic, NONE)


def _single(corpus: Corpus, seed: int) -> list[Row]:
    """Each fragment on a harm once, Kazakh in Latin letters as well."""
    rng = random.Random(f"moves-{seed}-single")
    rows: list[Row] = []
    for fragment in corpus.fragments:
        if fragment.topic in MOVES:
            text = corpus.filled(fragment, rng)
            rows.append(Row(text, fragment.topic, _move_of(fragment)))
            if fragment.lang == "kk":
                rows.append(replace(rows[-1], text=kazakh_latin(text, rng.randrange(1_000_000))))
    return rows


def _move_of(fragment: Fragment) -> str:
    return fragment.move if fragment.stance is Stance.PROMOTES else NONE


def told(weights: Weights, rows: Sequence[Row]) -> tuple[list[str], list[float]]:
    """The likeliest move of each row, none among them, and its probability."""
    head = weights.moves
    if head is None or not rows:
        return [], []
    vectors = weights.vectors(count_texts(row.text for row in rows))[:, head.columns]
    outputs = np.asarray(vectors @ head.coef.T, np.float64) + head.intercept
    told = [_likeliest(head.names, outputs[i : i + 1], row.topic) for i, row in enumerate(rows)]
    return [name for name, _ in told], [chance for _, chance in told]


def _likeliest(names: Sequence[str], outputs: Floats, topic: Topic) -> tuple[str, float]:
    """The likeliest of the moves of the topic, and how likely it is among them and none."""
    possible = [i for i, name in enumerate(names) if name == NONE or name in MOVES[topic]]
    odds = np.exp(outputs[0, possible] - outputs[0, possible].max())
    best = int(odds.argmax())
    return names[possible[best]], float(odds[best] / odds.sum())


def _cut(weights: Weights, held_out: Corpus) -> float:
    rows = [row for row in _single(held_out, 0) if row.move != NONE]
    names, found = told(weights, rows)
    chances = np.array(found)
    is_named = np.array([name != NONE for name in names], np.bool_)
    right = np.array([name == row.move for name, row in zip(names, rows, strict=True)], np.bool_)
    chosen = _NEVER
    for cut in reversed(_CUTS):
        named = is_named & (chances >= cut)
        if named.sum() < FEWEST_NAMED:
            continue
        if right[named].mean() < PRECISION:
            break
        chosen = cut
    return chosen
