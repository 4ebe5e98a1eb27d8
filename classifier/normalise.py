"""One spelling for one word: what an author hides or dresses up must not change the features.

`normalise` is what features are made of. `align` does the same step by step and keeps, for every
character of the result, where it stood in the original, and how many characters were changed and how.
folding.py skips all this for plain text with one table look-up per character (`folding_table`) and comes
here only for the words that look disguised.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from classifier.lookalikes import (
    CYRILLIC_TO_LATIN,
    FOLDED,
    LATIN_TO_CYRILLIC,
    LEET_CYRILLIC,
    LEET_LATIN,
    LEET_SYMBOLS,
    OTHER_TO_CYRILLIC,
    OTHER_TO_LATIN,
    Kind,
    read_as,
    script,
)

_CYRILLIC: Final = 2
_EMOJI: Final = range(0x1F300, 0x1FB00)
_TABLE_SIZE: Final = _EMOJI.stop + 1
_COMBINING_BREVE: Final = 0x306
_LETTER: Final = r"[^\W\d_]"
_UNUSUAL: Final = re.compile("[^\x00-\x7f\u0401\u0410-\u044f\u0451]+")
_REVERSED: Final = re.compile("\u202e[^\\s\u202a-\u202e\u2066-\u2069]+")
_BREVE: Final = re.compile("[иИ]\u0306")
_JOINED: Final = re.compile(rf"{_LETTER}+(?:[.·•*]{_LETTER}+)+")
_CHUNKED: Final = re.compile(rf"(?<!\w){_LETTER}{{1,2}}(?:[-_~.·•*]{_LETTER}{{1,2}}){{2,}}(?!\w)")
_LEET: Final = re.compile(rf"[\w{re.escape(LEET_SYMBOLS)}]*{_LETTER}[\w{re.escape(LEET_SYMBOLS)}]*")
_LEET_WITHIN: Final = re.compile(
    rf"(?<={_LETTER})[\d{re.escape(LEET_SYMBOLS)}]+(?={_LETTER})|^[034$](?={_LETTER}{{3,}})"
)
_MIXED_WORD: Final = re.compile(
    rf"{_LETTER}*(?:[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]){_LETTER}*"
)
_LETTERS: Final = re.compile(rf"{_LETTER}+")
_EDGES: Final = re.compile(rf"(?<={_LETTER})(?=0)|(?<=0)(?={_LETTER})")
_RUNS: Final = re.compile(r" +|00+")
_TRIPLES: Final = re.compile(rf"({_LETTER})\1\1+")
_SINGLES: Final = re.compile(rf"(?<!\S){_LETTER}(?: {_LETTER}){{2,}}(?!\S)")
# A sentence may hold three words of one letter in a row; joined they would be a new word.
_ONE_LETTER_WORDS: Final = frozenset("aiавикосуяо ")
_DOMAIN_NAMES: Final = (
    "com ru kz org net info edu gov io me su ua by uz kg рф қаз html htm php pdf jpg png"
)
_DOMAINS: Final = frozenset(_DOMAIN_NAMES.split())

_MARK: Final = re.compile(r"[-_~.·•*]")
_DISGUISED_LETTER: Final = re.compile(rf"[\d{re.escape(LEET_SYMBOLS)}]")
_NOT_CYRILLIC: Final = re.compile(r"[^\W\d_\u0400-\u052f]")

Picks = Sequence[int]
Rewrite = Callable[[str], tuple[str, Picks] | None]


@dataclass(frozen=True, slots=True)
class Aligned:
    """A normalised text, where each of its characters stood, and the characters changed by kind."""

    text: str
    origin: tuple[int, ...]
    changed: Mapping[Kind, int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the normalised characters `start` to `end` (at least one) stand in the original."""
        return min(self.origin[start:end]), max(self.origin[start:end]) + 1


class _Line:
    """A text on its way to be normalised; `origin` is None where nobody wants to know."""

    def __init__(self, text: str, *, tracked: bool) -> None:
        self.text = text
        self.origin: list[int] | None = list(range(len(text))) if tracked else None
        self.changed: Counter[Kind] = Counter()

    def rewrite(self, pattern: re.Pattern[str], new: Rewrite, kind: Kind | None = None) -> None:
        """Each match gives way to what `new` says: a text, and for each character its place in the match."""
        parts: list[str] = []
        origin: list[int] = []
        last = 0
        for match in pattern.finditer(self.text):
            found = match.group()
            made = new(found)
            if made is None:
                continue
            start = match.start()
            parts += [self.text[last:start], made[0]]
            if self.origin is not None:
                origin += self.origin[last:start]
                # Between letters (an empty match) the new blank belongs to what follows.
                origin += [self.origin[start + pick] for pick in made[1]]
            if kind is not None:
                self.changed[kind] += _differing(found, made[0])
            last = match.end()
        if not parts:
            return
        parts.append(self.text[last:])
        if self.origin is not None:
            self.origin = origin + self.origin[last:]
        self.text = "".join(parts)


def _differing(old: str, new: str) -> int:
    if len(old) != len(new):
        return abs(len(old) - len(new))
    return sum(a != b for a, b in zip(old, new, strict=True))


def normalise(text: str) -> str:
    """Lower-case words of one script each, parted by single spaces, runs of digits as `0`."""
    return _normalised(text, tracked=False).text


def align(text: str) -> Aligned:
    """What `normalise` gives, with the place of each character in `text` and what was undone."""
    line = _normalised(text, tracked=True)
    return Aligned(line.text, tuple(line.origin or ()), dict(line.changed))


def repaired(text: str) -> tuple[str, Mapping[Kind, int]]:
    """What `normalise` gives, and how many characters were changed by kind."""
    line = _normalised(text, tracked=False)
    return line.text, line.changed


@lru_cache(maxsize=8192)
def repaired_word(word: str) -> tuple[str, Mapping[Kind, int]]:
    """`repaired`, for a word whose neighbours are not known: single letters stay as they are."""
    line = _normalised(word, tracked=False, spelled=False)
    return line.text, line.changed


def mild(text: str) -> str:
    """`text` without invisible and styled characters, its case, digits and alphabets kept.

    Kazakh and Russian stay as different as they were: this is what languages are told from.
    """
    if text.isascii():
        return text
    line = _Line(text, tracked=False)
    _undress(line)
    line.rewrite(_MIXED_WORD, _one_script_any_case)
    return line.text


@cache
def folding_table() -> npt.NDArray[np.uint16]:
    """For every code point up to the emoji the one it is counted as.

    1 stands for what is not seen: nothing beside a blank, to be taken out between letters. 0 stands for
    what `normalise` has to look at; the last place is that of every code point behind the table.
    """
    table = np.zeros(_TABLE_SIZE, np.uint16)
    for code in (*range(1, 0x3400), *range(0xA640, 0xAC00), *range(0xFE00, 0xFE10), *_EMOJI):
        seen, kind = read_as(chr(code))
        if not seen and code != _COMBINING_BREVE:
            table[code] = 1
        elif len(seen) == 1 and kind is None:
            table[code] = ord(_folded(seen))
        elif seen and kind is None and not any(map(str.isalnum, seen)):
            table[code] = 32
    for low, high in ((0x3400, 0xA000), (0xAC00, 0xD7A4)):
        table[low:high] = np.arange(low, high)
        table[[code for code in range(low, high) if not chr(code).isalnum()]] = 32
    return table


def _normalised(text: str, *, tracked: bool, spelled: bool = True) -> _Line:
    # Each step is asked for by a cheap look first: most words need one of them or none.
    line = _Line(text, tracked=tracked)
    _undress(line)
    if _MARK.search(line.text):
        line.rewrite(_JOINED, _without_dots, Kind.SPLIT)
        line.rewrite(_CHUNKED, _letters_only, Kind.SPLIT)
    low = line.text.lower()
    is_simple = len(low) == len(line.text) and "\u03a3" not in line.text
    line.text = low if is_simple else "".join(map(_lowered, line.text))
    if _DISGUISED_LETTER.search(line.text):
        line.rewrite(_LEET, _without_leet, Kind.LEET)
    _settle(line)
    if "0" in line.text:
        line.rewrite(_EDGES, lambda _: (" ", (0,)))
    if "00" in line.text or "  " in line.text:
        line.rewrite(_RUNS, lambda run: (run[0], (0,)) if len(run) > 1 else None)
    _strip(line)
    if spelled and " " in line.text:
        line.rewrite(_SINGLES, _joined_singles, Kind.SPACED)
    return line


def _undress(line: _Line) -> None:
    if line.text.isascii():
        return
    line.rewrite(_REVERSED, lambda run: _as_shown(run, line.changed))
    line.rewrite(_BREVE, lambda found: ("й" if found[0] == "и" else "Й", (0,)))
    line.rewrite(_UNUSUAL, lambda run: _undressed(run, line.changed))


def _as_shown(run: str, changed: Counter[Kind]) -> tuple[str, Picks]:
    changed[Kind.BIDI] += 1
    return run[:0:-1], range(len(run) - 1, 0, -1)


def _undressed(run: str, changed: Counter[Kind]) -> tuple[str, Picks]:
    shown: list[str] = []
    picks: list[int] = []
    for i, char in enumerate(run):
        seen, kind = read_as(char)
        shown.append(seen)
        picks += [i] * len(seen)
        if kind is not None:
            changed[kind] += 1
    return "".join(shown), picks


def _without_dots(word: str) -> tuple[str, Picks] | None:
    chunks = re.split(r"[.·•*]", word)
    # "end.Next" is a missing space, and an address is no broken word.
    if chunks[-1].lower() in _DOMAINS:
        return None
    if any(b[0].isupper() and not a[-1].isupper() for a, b in pairwise(chunks)):
        return None
    return _letters_only(word)


def _letters_only(word: str) -> tuple[str, Picks]:
    picks = [i for i, char in enumerate(word) if char.isalpha()]
    return "".join(word[i] for i in picks), picks


def _without_leet(token: str) -> tuple[str, Picks] | None:
    if not _LEET_WITHIN.search(token):
        return None
    letters = [char for char in token if char.isalpha()]
    if len(letters) * 2 < len(token):
        return None
    cyrillic = sum(script(char) == _CYRILLIC for char in letters) * 2 >= len(letters)
    plain = LEET_CYRILLIC if cyrillic else LEET_LATIN
    made = "".join(plain.get(char, char) for char in token)
    return (made, range(len(token))) if made != token else None


def _one_script(word: str) -> tuple[str, Picks] | None:
    scripts = [script(char) for char in word]
    if len(set(scripts)) == 1:
        return None
    latin, cyrillic = scripts.count(1), scripts.count(_CYRILLIC)
    if latin > cyrillic or not cyrillic:
        made = word.translate(CYRILLIC_TO_LATIN).translate(OTHER_TO_LATIN) if latin else word
    else:
        made = word.translate(LATIN_TO_CYRILLIC).translate(OTHER_TO_CYRILLIC)
    return (made, range(len(word))) if made != word else None


def _one_script_any_case(word: str) -> tuple[str, Picks] | None:
    made = _one_script(word.lower()) if len(word.lower()) == len(word) else None
    if made is None:
        return None
    cased = zip(word, made[0], strict=True)
    return "".join(b.upper() if a.isupper() else b for a, b in cased), made[1]


def _joined_singles(run: str) -> tuple[str, Picks] | None:
    if _ONE_LETTER_WORDS.issuperset(run):
        return None
    word = _Line(run[::2], tracked=True)
    _settle(word)
    return word.text, [2 * place for place in word.origin or ()]


def _settle(line: _Line) -> None:
    """Each word is in one script and without long runs; a shorter word may have another majority."""
    before = ""
    while line.text != before:
        before = line.text
        if not line.text.isascii() and _NOT_CYRILLIC.search(line.text):
            line.rewrite(_LETTERS, _one_script, Kind.LOOKALIKE)
        line.text = "".join(map(_folded, line.text))
        line.rewrite(_TRIPLES, lambda run: (run[0], (0,)), Kind.REPEATED)


def _strip(line: _Line) -> None:
    start = len(line.text) - len(line.text.lstrip(" "))
    end = len(line.text.rstrip(" "))
    if line.origin is not None:
        line.origin = line.origin[start:end]
    line.text = line.text[start:end]


def _lowered(char: str) -> str:
    low = char.lower()
    return low if len(low) == 1 else low[0]


@cache
def _folded(char: str) -> str:
    if char.isdecimal():
        return "0"
    if not char.isalnum() or char > "\uffff":
        return " "
    low = _lowered(char)
    return FOLDED.get(low, low)
