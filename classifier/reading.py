"""A batch of pages read once: n-gram counts per sentence, summed into windows and pages when needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.features import Matrix, count
from classifier.segments import Span, sentences, windows

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts of the sentences of some pages, title first, with where each sentence stands.

    A page's rows are `page_edges[i]:page_edges[i + 1]` of the counts, its windows likewise in
    `window_edges`. `spans` are offsets into the page's text; the title's is (0, 0).
    """

    chars: Matrix
    words: Matrix
    spans: tuple[Span, ...]
    page_edges: Ints
    window_edges: Ints
    windows_of_page: Ints

    def windows(self) -> tuple[Matrix, Matrix]:
        """Counts per window, in page order."""
        everything = np.ones(len(self.spans), np.bool_)
        return self._summed(self.window_edges, everything)

    def pages(self, rows: Mask | None = None) -> tuple[Matrix, Matrix]:
        """Counts per page, of the rows chosen or of all."""
        chosen = np.ones(len(self.spans), np.bool_) if rows is None else rows
        return self._summed(self.page_edges, chosen)

    def worst(self, badness: Floats, windows: int) -> Mask:
        """Which rows lie in the `windows` worst windows of their page."""
        chosen = np.zeros(len(self.spans), np.bool_)
        for low, high in pairwise(self.windows_of_page):
            order = np.argsort(-badness[low:high], kind="stable")[:windows]
            for window in order + low:
                chosen[self.window_edges[window] : self.window_edges[window + 1]] = True
        return chosen

    def _summed(self, edges: Ints, chosen: Mask) -> tuple[Matrix, Matrix]:
        lengths = np.diff(edges)
        owners = np.repeat(np.arange(len(lengths)), lengths)[chosen]
        ones = np.ones(len(owners), np.float32)
        shape = (len(lengths), len(self.spans))
        adding = sparse.csr_matrix((ones, (owners, np.flatnonzero(chosen))), shape=shape)
        return adding @ self.chars, adding @ self.words


def read(pages: Sequence[tuple[str, str]]) -> Reading:
    """The sentences of `pages`, each a title and a text, counted in one pass."""
    texts: list[str] = []
    spans: list[Span] = []
    page_edges, window_edges, windows_of_page = [0], [0], [0]
    for title, text in pages:
        found = sentences(text)
        texts.append(title)
        spans.append((0, 0))
        texts.extend(text[start:end] for start, end in found)
        spans.extend(found)
        window_edges.append(page_edges[-1] + 1)
        window_edges.extend(page_edges[-1] + 1 + end for _, end in windows(found))
        page_edges.append(len(texts))
        windows_of_page.append(len(window_edges) - 1)
    chars, words = count(texts)
    return Reading(
        chars,
        words,
        tuple(spans),
        np.array(page_edges),
        np.array(window_edges),
        np.array(windows_of_page),
    )


def count_texts(texts: Iterable[str], batch: int = 1_000) -> tuple[Matrix, Matrix]:
    """Counts of whole texts, made from their sentences as pages are when they are scored."""
    chars, words = [], []
    held = list(texts)
    for low, high in pairwise([*range(0, len(held), batch), len(held)]):
        c, w = read([("", text) for text in held[low:high]]).pages()
        chars.append(c)
        words.append(w)
    return sparse.vstack(chars, "csr"), sparse.vstack(words, "csr")
