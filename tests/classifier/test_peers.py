"""What the model is held against does what its publication says."""

import numpy as np

from classifier import peers


def test_the_keyword_list_counts_its_words_in_three_languages() -> None:
    assert peers.keyword_risks(["A bomb, a BOMB.", "Суицид", "Терроризм", "bread", ""]) == [
        2.0,
        1.0,
        1.0,
        0.0,
        0.0,
    ]


def test_every_keyword_begins_a_word() -> None:
    assert peers.keyword_risks(["overkill skill"]) == [0.0]


def test_the_recipe_reads_everything_once_and_finds_what_is_alike_early() -> None:
    rng = np.random.default_rng(5)
    rare = ["storm warning coast ship harbour wind"] * 6
    common = [f"bread recipe oven flour day {i % 7}" for i in range(194)]
    texts = np.array([*rare, *common])[rng.permutation(200)]
    wanted = np.array(["storm" in text for text in texts])

    order = peers.reading_order(peers.prepared(list(texts)), np.arange(200), wanted, seed=1)

    assert sorted(order) == list(range(200))
    assert wanted[order[:20]].sum() == 6


def test_the_recipe_reads_in_the_same_order_for_the_same_seed() -> None:
    texts = [f"word{i % 9} other{i % 4} text" for i in range(60)]
    wanted = np.array([i % 20 == 0 for i in range(60)])
    made = peers.prepared(texts)

    first = peers.reading_order(made, np.arange(60), wanted, seed=2)

    assert first == peers.reading_order(made, np.arange(60), wanted, seed=2)
