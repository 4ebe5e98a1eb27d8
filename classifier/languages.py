"""Which language a text is in: Kazakh, Russian and English must never be taken for a neighbour.

Most pages are settled by their letters and commonest words; pycld2 is asked about the rest, and
py3langid only where that is unsure, for it takes half a second and a temporary file to load. Kazakh in
Latin letters, which none of them knows, is told by a small n-gram model (latin_kazakh.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pycld2

from classifier.latin_kazakh import is_latin_kazakh
from classifier.normalise import mild

# A sentence is enough (kk 99.8, ru 96.5, en 99.5 % on sentences, 100 % on documents); more costs time.
_SAMPLE_CHARS: Final = 1_200
_FEW_LETTERS: Final = 8
_ENOUGH_LETTERS: Final = 40
_UNREADABLE: Final = re.compile(r"[^\w .,!?'-]|[\d_]")
_CYRILLIC: Final = re.compile(r"[\u0400-\u052f]")
_INVISIBLE_OR_STYLED: Final = (
    (0xAD, 0xAD), (0x300, 0x36F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),
    (0x24B6, 0x24E9), (0xFEFF, 0xFEFF), (0xFF21, 0xFF5A), (0x1D400, 0x1D7FF),
)  # fmt: skip
_FIRST_ODD: Final = 0xAD
_LATIN_LETTERS: Final = 26
_CYRILLIC_LETTERS: Final = 32
Counts = npt.NDArray[np.intp]
CALIBRATED: Final = ("kk", "ru", "en")
LATIN: Final = "Latn"

_CODES: Final = 0x530
_RUSSIAN_LETTERS: Final = np.array([*range(0x430, 0x450), 0x451])
_KAZAKH_LETTERS: Final = np.array([ord(c) for c in "әғқңөұүһі"])
_ONLY_KAZAKH: Final = np.array([ord(c) for c in "құғ"])
_I: Final = ord("і")
_Y: Final = ord("ы")
_ENGLISH_WORDS: Final = (
    " the ",
    " and ",
    " of ",
    " to ",
    " in ",
    " is ",
    " for ",
    " you ",
    " that ",
)
_RUSSIAN_WORDS: Final = (
    " и ",
    " в ",
    " не ",
    " на ",
    " с ",
    " что ",
    " по ",
    " это ",
    " для ",
    " как ",
)
# Kazakh typed on a Russian keyboard.
_KAZAKH_WORDS: Final = (
    " мен ", " жане ", " ушин ", " бул ", " бар ", " деп ", " осы ", " жок ", " еди ", " кейин ", " емес ",
    " туралы ", " болып ", " да ", " ал ", " керек ", " екен ", " адам ", " оз ", " кун ", " бир ",
)  # fmt: skip
# A Turkic text without one letter of its own was typed on a Russian keyboard; in this country that is
# Kazakh.
_TURKIC: Final = frozenset({"ky", "uz", "tt", "ba", "tk", "az"})
_TURKIC_LETTERS: Final = np.array([*range(0x460, 0x530), _I])
_CLEAR_KAZAKH: Final = 0.06  # share of Kazakh letters; a clear page has .18
_CLEAR_WORDS: Final = 0.06  # share of the words above; a clear page has .15 to .25
_STRETCH: Final = (80, 2_000)  # characters, at least and at most


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a text in one language; `is_latin` where Kazakh is written in Latin letters."""

    start: int
    end: int
    lang: str
    is_latin: bool = False


def detect(text: str) -> str:
    """The ISO 639-1 code of the language most of `text` is in, "" where there is too little to tell.

    Kazakh in Latin letters is "kk" too; `detect_script` tells which letters.
    """
    return detect_script(text)[0]


def detect_script(text: str) -> tuple[str, str]:
    """The language most of `text` is in, and "Latn" for Kazakh in Latin letters, "" otherwise."""
    sample = _sample(text)
    lowered = f" {sample.lower()} "
    codes = _codes(lowered)
    if _is_disguised(codes):
        sample = mild(sample)
        lowered = f" {sample.lower()} "
        codes = _codes(lowered)
    counts = np.bincount(codes[codes < _CODES], minlength=_CODES)
    latin = int(counts[97:123].sum() + counts[0xC0:0x250].sum())
    cyrillic = int(counts[0x400:].sum())
    if cyrillic >= max(_ENOUGH_LETTERS, latin):
        clear = _clear_cyrillic(lowered, counts, cyrillic)
        if clear:
            return clear, ""
    elif latin >= _ENOUGH_LETTERS and _share(lowered, _ENGLISH_WORDS) >= _CLEAR_WORDS:
        return "en", ""
    readable = _UNREADABLE.sub(" ", sample)
    if sum(map(str.isalpha, readable)) < _FEW_LETTERS:
        return "", ""
    if latin > cyrillic and is_latin_kazakh(readable):
        return "kk", LATIN
    lang = _asked(readable)
    is_bare = cyrillic > latin and not counts[_TURKIC_LETTERS].sum()
    return ("kk" if is_bare and lang in _TURKIC else lang), ""


def blocks(text: str) -> list[Block]:
    """The languages of a mixed page: stretches of lines, together all of `text`, in order."""
    found: list[Block] = []
    for low, end in _stretches(text):
        start, (lang, script) = low, detect_script(text[low:end])
        last = found[-1] if found else None
        if last and (
            not lang or not last.lang or (last.lang, last.is_latin) == (lang, script == LATIN)
        ):
            found.pop()
            start = last.start
            lang, script = (
                (last.lang, LATIN if last.is_latin else "") if not lang else (lang, script)
            )
        found.append(Block(start, end, lang, script == LATIN))
    return found


def main_language(parts: Sequence[Block]) -> str:
    """The language of most of a page's characters, "" where none is known."""
    sizes: dict[str, int] = {}
    for part in parts:
        if part.lang:
            sizes[part.lang] = sizes.get(part.lang, 0) + part.end - part.start
    return max(sizes, key=lambda lang: sizes[lang]) if sizes else ""


def calibrated_as(lang: str, text: str) -> str:
    """The one of kk, ru and en whose calibration fits: by script where the language is another."""
    if lang in CALIBRATED:
        return lang
    sample = text[:_SAMPLE_CHARS]
    letters = sum(map(str.isalpha, sample))
    return "ru" if len(_CYRILLIC.findall(sample)) * 2 > letters else "en"


def _sample(text: str) -> str:
    """Three pieces of a long text: its beginning is often a menu, its end a list of addresses."""
    if len(text) <= _SAMPLE_CHARS:
        return text
    piece = _SAMPLE_CHARS // 3
    middle, last = (len(text) - piece) // 2, len(text) - piece
    return " ".join((text[:piece], text[middle : middle + piece], text[last:]))


def _codes(lowered: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(lowered.encode("utf-32-le", "replace"), np.uint32)


def _is_disguised(codes: npt.NDArray[np.uint32]) -> bool:
    if codes.max() < _FIRST_ODD:
        return False
    latin, cyrillic = codes - ord("a") < _LATIN_LETTERS, codes - ord("а") < _CYRILLIC_LETTERS
    mixed = (latin[1:] & cyrillic[:-1]) | (cyrillic[1:] & latin[:-1])
    return bool(mixed.any() or _telltale().take(codes, mode="clip").any())


@cache
def _telltale() -> npt.NDArray[np.bool_]:
    found = np.zeros(0x1F100, np.bool_)  # emoji and what follows are no disguise of letters
    for low, high in _INVISIBLE_OR_STYLED:
        found[low : high + 1] = True
    return found


def _clear_cyrillic(lowered: str, counts: Counts, letters: int) -> str:
    kazakh = int(counts[_KAZAKH_LETTERS].sum())
    others = letters - kazakh - int(counts[_RUSSIAN_LETTERS].sum())
    if others:
        return ""
    # Its neighbours have either no Kazakh q, gh, u, or no i.
    if kazakh >= _CLEAR_KAZAKH * letters and counts[_ONLY_KAZAKH].sum() and counts[_I]:
        return "kk"
    if kazakh:
        return ""
    russian, typed = _share(lowered, _RUSSIAN_WORDS), _share(lowered, _KAZAKH_WORDS)
    if russian >= _CLEAR_WORDS and counts[_Y] and typed * 2 < russian:
        return "ru"
    return "kk" if typed >= _CLEAR_WORDS and russian * 2 < typed else ""


def _share(lowered: str, words: Sequence[str]) -> float:
    return sum(map(lowered.count, words)) / (lowered.count(" ") or 1)


def _asked(readable: str) -> str:
    try:
        reliable, _, details = pycld2.detect(readable.encode("utf-8", "ignore"), bestEffort=False)
    except pycld2.error:
        reliable, details = False, ()
    if reliable and details and details[0][1] != "un":
        return str(details[0][1])[:2]
    import py3langid  # noqa: PLC0415 - most runs never need it, and it is slow to load

    return str(py3langid.classify(readable)[0])


def _stretches(text: str) -> list[tuple[int, int]]:
    """Whole lines, short ones together, so that each stretch is long enough to be told."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = text.find("\n", min(start + _STRETCH[0], len(text)))
        end = len(text) if end < 0 else end + 1
        end = min(end, start + _STRETCH[1])
        found.append((start, end))
        start = end
    return found
