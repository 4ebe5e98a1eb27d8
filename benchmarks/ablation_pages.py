"""Texts and pages counted once for all ablations: n-grams, structure and disguise, numbers only."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from ablation_structure import table
from scipy import sparse

from classifier import features
from classifier.reading import Reading, read
from classifier.segments import MAX_CHARS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Matrix = Any  # scipy.sparse.csr_matrix, untyped upstream

_BATCH: Final = 200
_MAX_TITLE: Final = 300
_LONGEST_HEADING: Final = 120


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of some texts, a row each; a row may be a window, a page or a training text."""

    chars: Matrix
    words: Matrix
    more: Matrix  # characters of other sizes than the model's, where they were asked for
    structure: Floats
    changed: Floats  # characters that were disguised, by kind, and the characters read

    def summed(self, by: Matrix) -> "Counts":
        """The rows added up as the 0/1 matrix `by` says."""
        return Counts(
            by @ self.chars, by @ self.words, by @ self.more, by @ self.structure, by @ self.changed
        )


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages taken apart: counts per window, and which windows are whose."""

    windows: Counts
    of_page: Ints  # edges: the windows of page i are of_page[i]:of_page[i + 1]
    spans: tuple[tuple[int, int], ...]  # of each window in its page's text; (0, 0) for the title

    def added(self, chosen: npt.NDArray[np.bool_] | None = None) -> Matrix:
        """The matrix that adds up windows, the chosen ones or all, page by page."""
        sizes = np.diff(self.of_page)
        rows = np.repeat(np.arange(len(sizes)), sizes)
        kept = np.flatnonzero(chosen) if chosen is not None else np.arange(len(rows))
        values = np.ones(len(kept), np.float32)
        return sparse.csr_matrix((values, (rows[kept], kept)), (len(sizes), len(rows)))


@dataclass(frozen=True, slots=True)
class Held:
    """Pages that are scored, counted, with the language each is calibrated as."""

    texts: Sequence[tuple[str, str]]
    langs: Sequence[str]
    pages: Pages


def count_texts(texts: Sequence[str], sizes: Sequence[int]) -> Counts:
    """Counts of whole texts, one row each."""
    parts = []
    for low in range(0, len(texts), _BATCH):
        pages = count_pages([("", text) for text in texts[low : low + _BATCH]], sizes)
        parts.append(pages.windows.summed(pages.added()))
    return _stacked(parts)


def count_pages(pages: Sequence[tuple[str, str]], sizes: Sequence[int]) -> Pages:
    """Counts of the windows of `pages`; `sizes` are those of further character n-grams."""
    parts: list[Counts] = []
    edges, spans = [np.zeros(1, np.int64)], []
    for low in range(0, len(pages), _BATCH):
        batch = [(t[:_MAX_TITLE], text[:MAX_CHARS]) for t, text in pages[low : low + _BATCH]]
        reading = read(batch)
        chars, words = reading.windows()
        more = sparse.csr_matrix(chars.shape, dtype=np.float32)
        if sizes:
            with _sizes(sizes):
                more, _ = read(batch).windows()
        sentences, titles = _sentences(reading, batch)
        width = np.array([[len(text)] for text in sentences], np.float64)
        starts = reading.window_edges[:-1]
        parts.append(
            Counts(
                chars,
                words,
                more,
                np.add.reduceat(table(sentences, titles), starts),
                np.add.reduceat(np.hstack([reading.changed, width]), starts),
            )
        )
        edges.append(reading.windows_of_page[1:] + edges[-1][-1])
        spans += _spans(reading)
    return Pages(_stacked(parts), np.concatenate(edges), tuple(spans))


@contextmanager
def _sizes(sizes: Sequence[int]) -> Iterator[None]:
    usual = features.CHAR_SIZES
    vars(features)["CHAR_SIZES"] = tuple(sizes)
    try:
        yield
    finally:
        vars(features)["CHAR_SIZES"] = usual


def _sentences(
    reading: Reading, batch: Sequence[tuple[str, str]]
) -> tuple[list[str], frozenset[int]]:
    """Every sentence, title first, and the places of the headings: the title, or a short first line."""
    sentences: list[str] = []
    headings = set()
    for (title, text), (low, high) in zip(
        batch, pairwise(reading.page_edges.tolist()), strict=True
    ):
        sentences.append(title)
        sentences += [text[start:end] for start, end in reading.spans[low + 1 : high]]
        if title:
            headings.add(low)
        elif high > low + 1 and len(sentences[low + 1]) <= _LONGEST_HEADING:
            headings.add(low + 1)
    return sentences, frozenset(headings)


def _spans(reading: Reading) -> list[tuple[int, int]]:
    return [
        (reading.spans[low][0], reading.spans[high - 1][1])
        for low, high in pairwise(reading.window_edges.tolist())
    ]


def _stacked(parts: Sequence[Counts]) -> Counts:
    return Counts(
        sparse.vstack([part.chars for part in parts], "csr"),
        sparse.vstack([part.words for part in parts], "csr"),
        sparse.vstack([part.more for part in parts], "csr"),
        np.vstack([part.structure for part in parts]),
        np.vstack([part.changed for part in parts]),
    )
