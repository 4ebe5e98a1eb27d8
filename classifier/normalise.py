"""One spelling for one word: what an author hides or dresses up must not change the features.

Lengths change here, so offsets are never taken from normalised text: a page is cut into windows first
(segments.py) and each window is normalised by itself.
"""

import re
import unicodedata
from typing import Final

# Letters that look alike in Latin and Cyrillic print. Kazakh i and h have a Latin twin too.
_LATIN_TO_CYRILLIC: Final = str.maketrans("aceopxyktmbhi", "асеорхуктмвһі")
_CYRILLIC_TO_LATIN: Final = str.maketrans("асеорхуктмвһі", "aceopxyktmbhi")
_CYRILLIC: Final = "\u0400-\u052f"
_MIXED: Final = re.compile(rf"[a-z][{_CYRILLIC}]|[{_CYRILLIC}][a-z]")
_LETTER_RUN: Final = re.compile(rf"[a-z{_CYRILLIC}]+")
_GAPS: Final = re.compile(r"[\W_]+")
_DIGITS: Final = re.compile(r"\d+")


def normalise(text: str) -> str:
    """Lower-case words of one script each, parted by single spaces, digits as `0`."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(c for c in text if not _is_invisible(c))
    text = text.lower()
    if not text.isascii() and _MIXED.search(text):
        text = _LETTER_RUN.sub(_one_script, text)
    return _GAPS.sub(" ", _DIGITS.sub("0", text)).strip()


def _is_invisible(char: str) -> bool:
    # Plain Cyrillic and Latin-1 never are; asking the database for each of them doubles the time.
    if char < "\u0300" and char != "\u00ad":
        return False
    if "\u0400" <= char <= "\u0482" or "\u048a" <= char <= "\u052f":
        return False
    return unicodedata.category(char) in {"Cf", "Mn", "Me", "Co", "Cn"}


def _one_script(match: re.Match[str]) -> str:
    run = match.group()
    latin = sum("a" <= c <= "z" for c in run)
    if latin in {0, len(run)}:
        return run
    if latin * 2 > len(run):
        return run.translate(_CYRILLIC_TO_LATIN)
    return run.translate(_LATIN_TO_CYRILLIC)
