"""Many texts normalised at once: one table look-up per character, repairs only where one is needed.

What comes out is, text by text, what `normalise` gives. Plain text costs about 20 ns a character; a word
in which anything looks disguised is normalised by itself, at about 10 us.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.lookalikes import LEET_SYMBOLS, Kind, script
from classifier.normalise import folding_table, repaired, repaired_word

Raw = npt.NDArray[np.uint32]
Codes = npt.NDArray[np.uint16]
Places = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

KINDS: Final = tuple(Kind)
_REVERSING: Final = 0x202E
_SPACE: Final = 32
_ZERO: Final = 48
_BREAK: Final = 10
# Classes of characters, see `_classes`.
_BLANK, _DOT, _DASH, _LATIN, _CYRILLIC, _OTHER, _LETTER, _DIGIT, _SYMBOL, _GONE, _SIZE = range(11)
_SUSPECT, _EDGE, _BROKEN = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Folded:
    """Normalised texts one after the other, a space before, between and after them.

    `rows` says whose each character is (a space between two belongs to the first); `changed` has a row
    per text and a column per member of `KINDS`: how many of its characters were disguised.
    """

    codes: npt.NDArray[np.uint64]
    rows: Rows
    changed: npt.NDArray[np.float32]


def fold(texts: Sequence[str]) -> Folded:
    """The normalised `texts`."""
    changed = np.zeros((len(texts), len(KINDS)), np.float32)
    if not texts:
        return Folded(np.zeros(0, np.uint64), np.zeros(0, np.int32), changed)
    joined = "\n" + "".join([f"{text}\n" for text in texts])
    lengths = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
    lengths[0] += 1
    raw = _raw(joined)
    edges = _edges(raw)
    suspects = _suspects(raw, edges)
    if len(suspects):
        joined, lengths = _mended(joined, raw, suspects, lengths, changed)
        raw = _raw(joined)
        edges = _edges(raw)
    codes = folding_table().take(raw)
    codes[codes <= 1] = _SPACE
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    places = np.flatnonzero(edges == _EDGE) + 1
    if len(places):
        codes = np.insert(codes, places, np.uint16(_SPACE))
        rows = np.insert(rows, places, rows.take(places))
    kept = _kept(codes)
    codes, rows = codes[kept], rows[kept]
    spelled = _singles(codes, rows)
    if len(spelled):
        codes, rows = _unspelled(codes, rows, np.unique(rows[spelled]), changed)
    return Folded(codes.astype(np.uint64), rows, changed)


def _raw(joined: str) -> Raw:
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.minimum(codes, len(folding_table()) - 1)


def _kept(codes: Codes) -> Mask:
    """The first of each run of spaces or zeros."""
    same = codes[1:] == codes[:-1]
    kept = np.ones(len(codes), np.bool_)
    kept[1:] = ~(same & ((codes[1:] == _SPACE) | (codes[1:] == _ZERO)))
    return kept


def _edges(raw: Raw) -> npt.NDArray[np.uint8]:
    """What two neighbours are to each other, see `_pair_kinds`."""
    classes = _classes().take(raw)
    edges: npt.NDArray[np.uint8] = _pair_kinds().take(classes[:-1] * np.uint8(_SIZE) + classes[1:])
    return edges


def _suspects(raw: Raw, edges: npt.NDArray[np.uint8]) -> Places:
    """Places where something looks disguised; every real disguise has one."""
    classes, is_letter = _classes().take(raw), _is_letter()
    codes = folding_table().take(raw)
    last = len(raw) - 1
    broken = np.flatnonzero(edges == _BROKEN)
    broken = broken[is_letter[classes[np.minimum(broken + 2, last)]]]
    third = classes[np.minimum(broken + 3, last)]
    fourth = classes[np.minimum(broken + 4, last)]
    is_short = _is_mark(third) | (is_letter[third] & _is_mark(fourth))
    same = codes[1:] == codes[:-1]
    triples = np.flatnonzero(same[1:] & same[:-1])
    return np.concatenate(
        [
            np.flatnonzero(codes == 0),
            np.flatnonzero(raw == _REVERSING),  # whatever follows it, a picture too
            np.flatnonzero(edges == _SUSPECT),
            broken[(classes[broken + 1] == _DOT) | is_short],
            triples[is_letter[classes[triples]]],
            _leet(classes),
        ]
    )


def _is_mark(classes: npt.NDArray[np.uint8]) -> Mask:
    marks: Mask = (classes == _DOT) | (classes == _DASH)
    return marks


def _leet(classes: npt.NDArray[np.uint8]) -> Places:
    """Runs of digits and symbols with a letter on both sides, or one such before three letters."""
    is_letter = _is_letter()
    leet = (classes == _DIGIT) | (classes == _SYMBOL)
    turns = (
        np.flatnonzero(leet[1:] != leet[:-1]) + 1
    )  # the joined text begins and ends with a break
    first, after = turns[::2], turns[1::2]
    before_letter = is_letter[classes[after]]
    first, after = first[before_letter], after[before_letter]
    last = len(classes) - 1
    within = is_letter[classes[first - 1]]
    leading = (after - first == 1) & is_letter[classes[np.minimum(after + 2, last)]]
    found: Places = first[within | leading]
    return found


def _mended(
    joined: str, raw: Raw, suspects: Places, lengths: Places, changed: npt.NDArray[np.float32]
) -> tuple[str, Places]:
    """The text with every suspicious word normalised, and the lengths of its parts."""
    gaps = np.flatnonzero((raw == _SPACE) | (raw == _BREAK))
    words = np.unique(np.searchsorted(gaps, suspects))
    starts, ends = (gaps[words - 1] + 1), gaps[words]
    owners = np.searchsorted(np.cumsum(lengths), starts, side="right")
    lengths = lengths.copy()
    parts: list[str] = []
    last = 0
    for start, end, row in zip(starts.tolist(), ends.tolist(), owners.tolist(), strict=True):
        word, kinds = repaired_word(joined[start:end])
        parts += [joined[last:start], word]
        lengths[row] += len(word) - (end - start)
        for kind, number in kinds.items():
            changed[row, KINDS.index(kind)] += number
        last = end
    parts.append(joined[last:])
    return "".join(parts), lengths


def _singles(codes: Codes, rows: Rows) -> Places:
    """Where three words of one letter stand in a row."""
    spaces = np.flatnonzero(codes == _SPACE)
    if len(spaces) < 4:  # noqa: PLR2004 - around three words
        return np.zeros(0, np.int64)
    is_single = (np.diff(spaces) == 2) & (codes[spaces[:-1] + 1] != _ZERO)  # noqa: PLR2004
    three = np.flatnonzero(is_single[:-2] & is_single[1:-1] & is_single[2:])
    first = spaces[three] + 1
    found: Places = first[rows[first] == rows[first + 4]]
    return found


def _unspelled(
    codes: Codes, rows: Rows, spelled: Iterable[np.int32], changed: npt.NDArray[np.float32]
) -> tuple[Codes, Rows]:
    """The texts `spelled` with their single letters joined where they make a word."""
    code_parts: list[Codes] = []
    row_parts: list[Rows] = []
    last = 0
    for row in spelled:
        start, end = (int(i) for i in np.searchsorted(rows, [row, row + 1]))
        text, kinds = repaired("".join(map(chr, codes[start:end].tolist())))
        # The space that parts it from the next text; the first text has one before it as well.
        shown = f" {text} " if start == 0 else f"{text} "
        own = np.frombuffer(shown.encode("utf-16-le", "surrogatepass"), np.uint16)
        code_parts += [codes[last:start], own]
        row_parts += [rows[last:start], np.full(len(own), row, np.int32)]
        for kind, number in kinds.items():
            changed[row, KINDS.index(kind)] += number
        last = end
    return np.concatenate([*code_parts, codes[last:]]), np.concatenate([*row_parts, rows[last:]])


@cache
def _classes() -> npt.NDArray[np.uint8]:
    table = folding_table()
    classes = np.zeros(len(table), np.uint8)
    for code in np.flatnonzero(table > _SPACE).tolist():
        if table[code] == _ZERO:
            classes[code] = _DIGIT
        else:
            kind = script(chr(table[code])) or script(chr(code).lower())
            classes[code] = {1: _LATIN, 2: _CYRILLIC, 4: _OTHER}.get(kind, _LETTER)
    classes[table == 1] = _GONE
    for chars, kind in ((LEET_SYMBOLS, _SYMBOL), (".·•*", _DOT), ("-_~", _DASH)):
        classes[[ord(char) for char in chars]] = kind
    return classes


@cache
def _is_letter() -> Mask:
    found = np.zeros(_SIZE, np.bool_)
    found[[_LATIN, _CYRILLIC, _OTHER, _LETTER]] = True
    return found


@cache
def _pair_kinds() -> npt.NDArray[np.uint8]:
    """Two neighbouring classes: suspicious, a letter beside a digit, a letter before a mark, or nothing."""
    is_letter = _is_letter()
    kinds = np.zeros(_SIZE * _SIZE, np.uint8)
    for first in range(_SIZE):
        for second in range(_SIZE):
            pair = first * _SIZE + second
            letters = is_letter[first] and is_letter[second]
            unseen = first == _GONE and second not in {_BLANK, _GONE}
            if (letters and first != second) or unseen:
                kinds[pair] = _SUSPECT
            elif (is_letter[first] and second == _DIGIT) or (first == _DIGIT and is_letter[second]):
                kinds[pair] = _EDGE
            elif is_letter[first] and second in {_DOT, _DASH}:
                kinds[pair] = _BROKEN
    return kinds
