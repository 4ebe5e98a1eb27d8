"""Counting is the same for the same words, whatever stands beside them."""

import numpy as np

from classifier.features import count


def test_the_same_text_has_the_same_counts_in_any_company() -> None:
    alone, alone_words = count(["the cat sat"])
    among, among_words = count(["сәлем әлем", "the cat sat", "", "bread"])

    assert (alone[0] != among[1]).nnz == 0
    assert (alone_words[0] != among_words[1]).nnz == 0


def test_words_and_pairs_of_words_are_counted() -> None:
    _, words = count(["a rose is a rose"])

    assert sorted(words.data) == [1, 1, 1, 2, 2, 2]  # is; rose is, is a; a, rose, a rose


def test_pairs_do_not_reach_over_into_the_next_text() -> None:
    _, words = count(["one two", "three"])

    assert words[1].sum() == 1


def test_characters_are_counted_within_words_with_their_edges() -> None:
    chars, _ = count(["cat"])

    assert chars.sum() == 6  # " ca" "cat" "at " " cat" "cat " " cat "


def test_parts_of_a_text_add_up_to_it() -> None:
    whole, _ = count(["bread and salt"])
    parts, _ = count(["bread", "and salt"])

    assert np.allclose(whole.toarray().sum(axis=0), parts.toarray().sum(axis=0))


def test_texts_without_letters_have_no_counts() -> None:
    chars, words = count(["", " !? ", "\u200b"])

    assert chars.shape[0] == words.shape[0] == 3
    assert chars.nnz == words.nnz == 0


def test_a_word_longer_than_any_language_has_is_still_counted() -> None:
    _, words = count(["x" * 5_000])

    assert words.sum() == 1


def test_half_a_surrogate_pair_does_not_shift_the_counts() -> None:
    chars, _ = count(["cat \ud800 dog", "cat"])

    assert chars[1].sum() == 6
