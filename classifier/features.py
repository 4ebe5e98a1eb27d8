"""Hashed character and word n-grams: numbers from text without a vocabulary that would repeat its words.

The n-grams are those of scikit-learn's `char_wb` (3 to 5) and word (1 to 2) analysers, hashed with
whole-array arithmetic over the codes that folding.py gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classifier.folding import fold

Matrix = Any  # scipy.sparse.csr_matrix, untyped upstream
Ids = npt.NDArray[np.uint64]
Bins = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

BITS: Final = 21  # bins per block before selection
CHAR_SIZES: Final = (3, 4, 5)
_PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_PAIR: Final = np.uint64(0x94D049BB133111EB)
_SHIFT: Final = np.uint64(31)
_SPACE: Final = ord(" ")
_LONGEST_WORD: Final = 40


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every n-gram of some texts: the bin it falls in and the text it stands in."""

    bins: Bins
    rows: Bins


@dataclass(frozen=True, slots=True)
class Counted:
    """All n-grams of some texts, and how many characters of each were disguised, by kind."""

    chars: Tokens
    words: Tokens
    changed: npt.NDArray[np.float32]


def tokens(texts: Sequence[str]) -> Counted:
    """The n-grams of `texts`, a kind at a time, in no order that anyone should rely on."""
    folded = fold(texts)
    spaces = np.flatnonzero(folded.codes == _SPACE)
    return Counted(
        _character_tokens(folded.codes, spaces, folded.rows),
        _word_tokens(folded.codes, spaces, folded.rows),
        folded.changed,
    )


def count(texts: Sequence[str]) -> tuple[Matrix, Matrix]:
    """How often each hashed n-gram occurs in each text: one matrix for characters, one for words."""
    counted = tokens(texts)
    return matrix(counted.chars, len(texts)), matrix(counted.words, len(texts))


def _character_tokens(codes: Ids, spaces: Places, rows: Bins) -> Tokens:
    if len(codes) < min(CHAR_SIZES):
        return Tokens(np.zeros(0, np.int32), np.zeros(0, np.int32))
    # For each character how many follow it up to the next space: an n-gram has no space inside.
    ahead = np.repeat(spaces, np.diff(spaces, prepend=-1)) - np.arange(len(codes))
    ids, owners = [], []
    rolling = codes
    with np.errstate(over="ignore"):
        for size in range(2, max(CHAR_SIZES) + 1):
            rolling = rolling[:-1] * _PRIME + codes[size - 1 :]
            if size in CHAR_SIZES and len(rolling):
                whole = np.flatnonzero(ahead[1 : len(rolling) + 1] >= size - 2)
                ids.append(rolling.take(whole) + np.uint64(size))
                owners.append(rows.take(whole + 1))
    return Tokens(_bins(np.concatenate(ids)), np.concatenate(owners))


def _word_tokens(codes: Ids, spaces: Places, rows: Bins) -> Tokens:
    lengths = np.diff(spaces) - 1
    filled = np.flatnonzero(lengths > 0)
    if not len(filled):
        return Tokens(np.zeros(0, np.int32), np.zeros(0, np.int32))
    lengths = lengths[filled]
    starts = spaces[filled] + 1
    first = np.cumsum(lengths) - lengths
    place = np.arange(int(lengths.sum())) - np.repeat(first, lengths)
    letters = place + np.repeat(starts, lengths)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(_LONGEST_WORD, _PRIME))
        weighted = codes.take(letters) * powers.take(np.minimum(place, _LONGEST_WORD - 1))
        words = np.add.reduceat(weighted, first)
        pairs = words[:-1] * _PAIR + words[1:]
    owners = rows[starts]
    same_text = owners[:-1] == owners[1:]
    return Tokens(
        _bins(np.concatenate((words, pairs[same_text]))),
        np.concatenate((owners, owners[:-1][same_text])),
    )


def _bins(ids: Ids) -> Bins:
    with np.errstate(over="ignore"):
        mixed = (ids ^ (ids >> _SHIFT)) * _MIX
    return (mixed >> np.uint64(64 - BITS)).astype(np.int32)


def matrix(found: Tokens, height: int, width: int = 1 << BITS) -> Matrix:
    """How often each bin occurs in each row, columns sorted within it."""
    keys = found.rows.astype(np.int64) << BITS | found.bins
    keys.sort()
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(first, append=len(keys)).astype(np.float32)
    keys = keys[first]
    rows = np.searchsorted(keys, np.arange(height + 1) << BITS).astype(np.int32)
    columns = (keys & ((1 << BITS) - 1)).astype(np.int32)
    return sparse.csr_matrix((counts, columns, rows), shape=(height, width))
