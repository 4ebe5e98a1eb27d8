"""A page read once gives counts of sentences, windows and pages that agree."""

from itertools import pairwise

import numpy as np

from classifier.reading import count_texts, read


def test_windows_add_up_to_pages() -> None:
    reading = read([("Title", "One day. " * 80), ("", ""), ("Other", "Two days.")])

    whole, _ = reading.pages()
    windows, _ = reading.windows()

    assert whole.shape[0] == 3
    edges = reading.windows_of_page
    sums = [windows[a:b].sum() for a, b in pairwise(edges)]
    assert np.allclose(np.asarray(whole.sum(axis=1)).ravel(), sums)


def test_a_page_without_text_has_its_title_alone() -> None:
    reading = read([("", "")])

    assert reading.spans == ((0, 0),)
    assert reading.pages()[0].nnz == 0


def test_the_worst_windows_are_chosen_within_each_page() -> None:
    reading = read([("t", "Ten chars. " * 100), ("t", "Ten chars. " * 100)])
    badness = np.arange(reading.windows_of_page[-1], dtype=np.float64)

    rows = reading.worst(badness, 1)

    first, second = rows[: reading.page_edges[1]], rows[reading.page_edges[1] :]
    assert first.sum() > 0
    assert (first == second).all()
    assert first[-1]
    assert not first[0]


def test_long_lists_of_texts_are_counted_in_batches() -> None:
    texts = [f"text number {'x' * (i % 7)}" for i in range(25)]

    small, _ = count_texts(texts, batch=4)
    large, _ = count_texts(texts, batch=100)

    assert (small != large).nnz == 0
