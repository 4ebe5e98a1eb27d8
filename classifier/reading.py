"""A batch of pages read once: n-grams by sentence, put together for windows and pages when needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.features import Matrix, Tokens, matrix, tokens
from classifier.segments import Span, sentences, windows

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """The n-grams of the sentences of some pages, title first, with where each sentence stands.

    A page's rows are `page_edges[i]:page_edges[i + 1]` of the counts, its windows likewise in
    `window_edges`. `spans` are offsets into the page's text; the title's is (0, 0). `changed` has a row
    per sentence and a column per kind of disguise: how many characters were undone.
    """

    chars: Tokens
    words: Tokens
    spans: tuple[Span, ...]
    page_edges: Ints
    window_edges: Ints
    windows_of_page: Ints
    changed: npt.NDArray[np.float32]

    def windows(self) -> tuple[Matrix, Matrix]:
        """Counts per window, in page order."""
        return self._summed(self.window_edges, None)

    def pages(self, rows: Mask | None = None) -> tuple[Matrix, Matrix]:
        """Counts per page, of the rows chosen or of all."""
        return self._summed(self.page_edges, rows)

    def of(self, rows: Ints) -> tuple[Tokens, Tokens]:
        """The n-grams of some sentences, whose `rows` are ascending; theirs are places among them."""
        place = np.full(len(self.spans), -1, np.int32)
        place[rows] = np.arange(len(rows))
        low, high = (int(rows[0]), int(rows[-1])) if len(rows) else (0, -1)
        return _chosen(self.chars, place, low, high), _chosen(self.words, place, low, high)

    def worst(self, badness: Floats, windows: int) -> Mask:
        """Which rows lie in the `windows` worst windows of their page."""
        chosen = np.zeros(len(self.spans), np.bool_)
        for low, high in pairwise(self.windows_of_page.tolist()):
            order = np.argsort(-badness[low:high], kind="stable")[:windows]
            for window in (order + low).tolist():
                chosen[self.window_edges[window] : self.window_edges[window + 1]] = True
        return chosen

    def _summed(self, edges: Ints, chosen: Mask | None) -> tuple[Matrix, Matrix]:
        owners = owners_of(edges)
        if chosen is not None:
            owners[~chosen] = -1
        height = len(edges) - 1
        return _counted(self.chars, owners, height), _counted(self.words, owners, height)


def owners_of(edges: Ints) -> npt.NDArray[np.int32]:
    """For each row the stretch between two edges that it lies in."""
    return np.repeat(np.arange(len(edges) - 1, dtype=np.int32), np.diff(edges))


def read(pages: Sequence[tuple[str, str]]) -> Reading:
    """The sentences of `pages`, each a title and a text, taken apart in one pass."""
    texts: list[str] = []
    spans: list[Span] = []
    page_edges, window_edges, windows_of_page = [0], [0], [0]
    for title, text in pages:
        found = sentences(text)
        texts.append(title)
        spans.append((0, 0))
        texts += [text[start:end] for start, end in found]
        spans += found
        first = page_edges[-1] + 1
        window_edges.append(first)
        window_edges += [first + end for _, end in windows(found)]
        page_edges.append(len(texts))
        windows_of_page.append(len(window_edges) - 1)
    counted = tokens(texts)
    return Reading(
        counted.chars,
        counted.words,
        tuple(spans),
        np.array(page_edges),
        np.array(window_edges),
        np.array(windows_of_page),
        counted.changed,
    )


def count_texts(texts: Iterable[str], batch: int = 1_000) -> tuple[Matrix, Matrix]:
    """Counts of whole texts, made from their sentences as pages are when they are scored."""
    chars: list[Any] = []
    words: list[Any] = []
    held = list(texts)
    for low, high in pairwise([*range(0, len(held), batch), len(held)]):
        c, w = read([("", text) for text in held[low:high]]).pages()
        chars.append(c)
        words.append(w)
    return sparse.vstack(chars, "csr"), sparse.vstack(words, "csr")


def _chosen(found: Tokens, place: npt.NDArray[np.int32], low: int, high: int) -> Tokens:
    near = np.flatnonzero((found.rows >= low) & (found.rows <= high))
    places = place.take(found.rows.take(near))
    kept = np.flatnonzero(places >= 0)
    return Tokens(found.bins.take(near.take(kept)), places.take(kept))


def _counted(found: Tokens, owners: npt.NDArray[np.int32], height: int) -> Matrix:
    rows = owners[found.rows]
    used = rows >= 0
    return matrix(Tokens(found.bins[used], rows[used]), height)
