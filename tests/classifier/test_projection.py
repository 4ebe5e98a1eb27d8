"""The fast way to linear scores gives what scikit-learn gives."""

import numpy as np

from classifier import artefacts
from classifier.projection import projector, worst_windows
from classifier.reading import read
from tests.classifier.conftest import SENTENCES

PAGES = [
    ("Title", " ".join(SENTENCES["en"] * 8)),
    ("", ""),
    ("Тақырып", "\n".join(SENTENCES["kk"] * 5)),
    ("Заголовок", " ".join(SENTENCES["ru"][:2])),
]


def test_windows_pages_and_chosen_windows_score_as_in_scikit_learn() -> None:
    weights = artefacts.load(artefacts.default_models_dir()).weights
    linear = projector(weights)
    reading = read(PAGES)
    grouped = linear.grouped(reading)
    chosen = np.arange(len(reading.window_edges) - 1) % 3 != 1
    rows = np.repeat(chosen, np.diff(reading.window_edges))

    for found, counts in (
        (grouped.windows(), reading.windows()),
        (grouped.pages(), reading.pages()),
        (grouped.pages(chosen), reading.pages(rows)),
    ):
        vectors = weights.vectors(counts)
        assert np.allclose(linear.log_topic(found), weights.log_topic(vectors), atol=1e-4)
        assert np.allclose(linear.log_stance(found), weights.log_stance(vectors), atol=1e-4)


def test_pages_without_any_known_word_have_the_scores_of_an_empty_one() -> None:
    linear = projector(artefacts.load(artefacts.default_models_dir()).weights)

    nothing = linear.grouped(read([("", ""), ("", "\u200b")]))

    assert np.allclose(nothing.pages(), linear.intercept)
    assert np.allclose(nothing.windows(), linear.intercept)


def test_the_worst_windows_are_chosen_within_each_page() -> None:
    chosen = worst_windows(np.array([0, 3, 3, 5]), np.array([1.0, 3.0, 2.0, 5.0, 9.0]), 2)

    assert chosen.tolist() == [False, True, True, True, True]
