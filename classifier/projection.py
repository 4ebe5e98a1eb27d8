"""Linear scores of windows and pages from one sort of their n-grams.

A page is scored three times: by window, by its worst windows, as a whole. Each time an n-gram counts
1 + log(times) * idf in a row of length one per block, times its weights. Sorting the n-grams of a batch
once by page, bin and window gives all three, and the weights of a bin are fetched once per page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifier.features import BITS
from classifier.model import PAIRS, STANCES, TOPICS, Weights, log_promoted
from classifier.reading import Reading, owners_of
from review_queue.categories import Category

Floats = npt.NDArray[np.float64]
Weighed = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_BLOCKS: Final = 2  # characters, words
_LEAST: Final = -20.0  # log probability


@dataclass(frozen=True, slots=True)
class Projector:
    """What turns n-grams into scores: for each kept bin its idf and its weight for each output."""

    column: npt.NDArray[np.int32]  # of every bin, characters before words; -1 where it is not kept
    idf: Weighed
    weights: Weighed  # a row per kept bin, a column per output
    intercept: Weighed
    edge: int  # columns before it are of characters
    topics: tuple[str, ...]  # the outputs in order: topics, stances, pairs
    stances: tuple[str, ...]
    pairs: tuple[str, ...]

    def log_topic(self, outputs: Floats) -> Floats:
        """Log probability of each of `TOPICS`, a column each."""
        return _log_probabilities(outputs[:, : len(self.topics)], self.topics, TOPICS)

    def log_stance(self, outputs: Floats) -> Floats:
        """Log probability of each of `STANCES`, a column each."""
        first = len(self.topics)
        return _log_probabilities(
            outputs[:, first : first + len(self.stances)], self.stances, STANCES
        )

    def log_promoted(self, outputs: Floats) -> dict[Category, Floats]:
        """Log probability that a harm is what the text is about and promotes, of the pairs alone."""
        first = len(self.topics) + len(self.stances)
        return log_promoted(_log_probabilities(outputs[:, first:], self.pairs, PAIRS))

    def grouped(self, reading: Reading) -> "Grouped":
        """The n-grams of `reading` that are kept, sorted."""
        windows = owners_of(reading.window_edges)
        shift = len(reading.window_edges).bit_length()
        bits = len(self.idf).bit_length()
        pages = owners_of(reading.page_edges).astype(np.int64)
        place = pages << (bits + shift) | windows
        keys = []
        for found, offset in ((reading.chars, 0), (reading.words, 1 << BITS)):
            columns = self.column.take(found.bins + np.int32(offset))
            kept = np.flatnonzero(columns >= 0)
            owners = place.take(found.rows.take(kept))
            keys.append(owners | columns.take(kept).astype(np.int64) << shift)
        joined = np.concatenate(keys)
        joined.sort()
        first = _firsts(joined)
        times = np.diff(first, append=len(joined)).astype(np.float32)
        joined = joined.take(first)
        group = joined >> shift
        starts = _firsts(group)
        group = group.take(starts)
        columns = group & ((1 << bits) - 1)
        return Grouped(
            self,
            starts,
            times,
            (joined & ((1 << shift) - 1)).astype(np.int32),
            (group >> bits).astype(np.int32),
            (columns >= self.edge).astype(np.int32),
            self.idf.take(columns),
            self.weights.take(columns, axis=0),
            len(reading.window_edges) - 1,
            len(reading.page_edges) - 1,
        )

    def occurrences(self, reading: Reading, rows: Ints) -> "Occurrences":
        """Each kept n-gram of some sentences read together, with its part of their feature row."""
        places, columns, values = [], [], []
        for found, offset in zip(reading.of(rows), (0, 1 << BITS), strict=True):
            own = self.column.take(found.bins + np.int32(offset))
            kept = np.flatnonzero(own >= 0)
            known, group, times = np.unique(own.take(kept), return_inverse=True, return_counts=True)
            whole = (1 + np.log(times)) * self.idf.take(known)
            length = float(np.sqrt((whole**2).sum())) or 1.0
            places.append(found.rows.take(kept))
            columns.append(own.take(kept))
            values.append((whole / times / length).take(group))
        return Occurrences(np.concatenate(places), np.concatenate(columns), np.concatenate(values))


@dataclass(frozen=True, slots=True)
class Occurrences:
    """N-grams one by one: the sentence each stands in, its column, and its part of the feature row."""

    places: Rows
    columns: Rows
    values: Floats


@dataclass(frozen=True, slots=True)
class Grouped:
    """The n-grams of a batch of pages: one group per page and bin, one entry per window in it."""

    projector: Projector
    starts: Ints  # of the groups among the entries
    times: Weighed
    window: Rows  # of each entry
    page: Rows  # of each group
    block: Rows
    idf: Weighed
    weights: Weighed
    n_windows: int
    n_pages: int

    def windows(self) -> Floats:
        """Scores of each window, a column per output."""
        sizes = np.diff(self.starts, append=len(self.times))
        values = (1 + np.log(self.times)) * np.repeat(self.idf, sizes)
        rows = self.window * np.int32(_BLOCKS) + np.repeat(self.block, sizes)
        edges = np.append(self.starts, len(self.times))
        return self._scores(values, rows, edges, self.n_windows)

    def pages(self, chosen: Mask | None = None) -> Floats:
        """Scores of each page, of the windows chosen or of all, a column per output."""
        if not len(self.starts):
            return np.tile(self.projector.intercept.astype(np.float64), (self.n_pages, 1))
        times = self.times if chosen is None else self.times * chosen.take(self.window)
        total = np.add.reduceat(times, self.starts)
        values = (1 + np.log(np.maximum(total, 1))) * self.idf * (total > 0)
        rows = self.page * np.int32(_BLOCKS) + self.block
        return self._scores(values, rows, np.arange(len(values) + 1), self.n_pages)

    def _scores(self, values: Weighed, rows: Rows, edges: Ints, height: int) -> Floats:
        lengths = np.sqrt(np.bincount(rows, values * values, height * _BLOCKS))
        shape = (height * _BLOCKS, len(edges) - 1)
        entries = sparse.csc_matrix((values, rows, edges.astype(np.int32)), shape=shape)
        raw = np.asarray(entries @ self.weights, np.float64)
        raw /= np.where(lengths > 0, lengths, 1.0)[:, None]
        found: Floats = raw.reshape(height, _BLOCKS, -1).sum(axis=1) + self.projector.intercept
        return found


def _firsts(keys: Ints) -> Ints:
    """Where each run of equal `keys` begins."""
    if not len(keys):
        return np.zeros(0, np.int64)
    return np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1))


def projector(weights: Weights) -> Projector:
    """The projector of fitted weights; making it costs as much as scoring some pages."""
    blocks = (weights.chars, weights.words)
    column = np.full(_BLOCKS << BITS, -1, np.int32)
    first = 0
    for offset, block in enumerate(blocks):
        column[block.bins + (offset << BITS)] = np.arange(first, first + len(block.bins))
        first += len(block.bins)
    heads = [_outputs(head) for head in (weights.topic, weights.stance, weights.pair)]
    return Projector(
        column,
        np.concatenate([block.tfidf.idf_ for block in blocks]).astype(np.float32),
        np.ascontiguousarray(np.concatenate([coef for coef, _ in heads]).T, np.float32),
        np.concatenate([intercept for _, intercept in heads]).astype(np.float32),
        len(weights.chars.bins),
        tuple(map(str, weights.topic.classes_)),
        tuple(map(str, weights.stance.classes_)),
        tuple(map(str, weights.pair.classes_)),
    )


def _outputs(head: LogisticRegression) -> tuple[Weighed, Weighed]:
    if len(head.classes_) == 2:  # noqa: PLR2004 - one output says both
        return np.vstack((0 * head.coef_, head.coef_)), np.append(0.0, head.intercept_)
    return head.coef_, head.intercept_


def _log_probabilities(outputs: Floats, known: Sequence[str], names: Sequence[str]) -> Floats:
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    found = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_p = np.full((len(outputs), len(names)), _LEAST)
    for column, name in enumerate(names):
        if name in known:
            log_p[:, column] = np.maximum(found[:, known.index(name)], _LEAST)
    return log_p


def worst_windows(windows_of_page: Ints, badness: Floats, number: int) -> Mask:
    """Which windows are among the `number` worst of their page."""
    chosen = np.zeros(len(badness), np.bool_)
    for low, high in pairwise(windows_of_page.tolist()):
        if high - low <= number:
            chosen[low:high] = True
        else:
            order = np.argsort(-badness[low:high], kind="stable")[:number]
            chosen[low + order] = True
    return chosen
