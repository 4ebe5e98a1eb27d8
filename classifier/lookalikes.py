"""What a character is read as: letters dressed up as others, invisible ones, digits that stand for letters.

Two confusables packages were looked at. `confusable-homoglyphs` 3.3.1 (January 2024, 145 KB, no types)
reads a megabyte of JSON when imported; `confusables` 1.2.0 (March 2021, 268 KB) is older still. Both
fold everything towards Latin, so that a plain Russian word turns into a Latin-Cyrillic mixture. Here the
Unicode database that comes with Python says what styled letters stand for, and a small table says which
letters share a shape; in which direction is settled per word (normalise.py).
"""

import re
import unicodedata
from enum import StrEnum
from functools import cache
from typing import Final


class Kind(StrEnum):
    """How a character was disguised."""

    INVISIBLE = "invisible"
    BIDI = "bidi"
    COMBINING = "combining"
    STYLED = "styled"
    LOOKALIKE = "lookalike"
    LEET = "leet"
    SPLIT = "split"
    SPACED = "spaced"
    REPEATED = "repeated"


# Kazakh letters are often typed on a Russian keyboard; both spellings have to meet. The Ukrainian and
# Belarusian letters share the row because a look-alike of Latin i is one of them.
FOLDED: Final = dict(
    zip("әғқңөұүһіёїєґўςј", "агкноуухиеиегуσj", strict=True),
)
# A Latin h stands for the Russian capital it is drawn like more often than for the rare Kazakh letter.
_PAIRS: Final = dict(zip("aceopxyktmbhinurw", "асеорхуктмвніпигш", strict=True))
LATIN_TO_CYRILLIC: Final = str.maketrans(_PAIRS)
_TO_LATIN: Final = dict(zip("асеорхуктмвһіпгѕјԛԝԁӏүньѵ", "aceopxyktmbhinrsjqwdlyhbv", strict=True))
# A letter without a Latin twin goes by the one it is folded to, now or when it is read a second time.
CYRILLIC_TO_LATIN: Final = str.maketrans(
    {**{a: _TO_LATIN[b] for a, b in FOLDED.items() if b in _TO_LATIN}, **_TO_LATIN}
)
# Small letters of other scripts beside Latin ones; looked at only in a word that mixes scripts.
_GREEK: Final = dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "abydeznoiklmvxoppootufxww", strict=True))
_ARMENIAN: Final = dict(zip("աբգեզթիհյնոպսվցւփքօֆձղ", "wpqtqpphjunwuyguhpofdn", strict=True))
_CHEROKEE: Final = dict(
    zip("ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏒᏚᎢᏙᎳᎩᏃᎡ", "abcdegһijklmprstvwyzr".replace("һ", "h"), strict=True)
)
OTHER_TO_LATIN: Final = str.maketrans({**_GREEK, **_ARMENIAN, **_CHEROKEE})
OTHER_TO_CYRILLIC: Final = str.maketrans(
    {
        **dict(zip("αβγεκλνορπτυφχημι", "авгекллорптуфхнмі", strict=True)),
        **dict(zip("օսոՕ", "оипо", strict=True)),
    }
)
_OTHER: Final = frozenset([*_GREEK, *_ARMENIAN, *_CHEROKEE, "Ο"])

LEET_SYMBOLS: Final = "@$!|€£+"
LEET_LATIN: Final = dict(zip("013456789@$!|€£+", "oieasgtbgasilelt", strict=True))
LEET_CYRILLIC: Final = dict(zip("0134689@$!|€", "оизчбвдасиле", strict=True))

# Cyrillic letters of Kazakh, Russian and their neighbours; another one is read as what it is made from.
_OURS: Final = frozenset([*map(chr, range(0x410, 0x450)), *"ЁёӘәҒғҚқҢңӨөҰұҮүҺһІіЇїЄєҐґЎўЈјѕԁԛԝѵӏ"])
_FORMS: Final = {
    "ϲ": "c",
    "ɑ": "a",
    "ɩ": "i",
    "ĸ": "k",
    "ѐ": "е",
    "ѝ": "и",
    "ҝ": "к",
    "ӏ": "l",
    "Ӏ": "l",
}

_BIDI: Final = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5")
_NAMED: Final = re.compile(
    r"(?:LATIN|CYRILLIC)(?: (?:SMALL|CAPITAL))? LETTER (?:SMALL CAPITAL |TURNED |REVERSED |OPEN |"
    r"DOTLESS |SCRIPT |INSULAR |BARRED |SIDEWAYS )*"
    r"(?P<letter>[A-Z]{1,9})(?: WITH [A-Z ]+)?\Z"
)
_BADGE: Final = re.compile(r"(?:SQUARED|CIRCLED|INDICATOR|TAG) .*LETTER (?P<letter>[A-Z])\Z")


def script(char: str) -> int:
    """1 for a Latin letter, 2 for a Cyrillic one, 4 for one of another script that resembles them."""
    if "a" <= char <= "z":
        return 1
    if "\u0400" <= char <= "\u052f":
        return 2
    return 4 if char in _OTHER else 0


@cache
def read_as(char: str) -> tuple[str, Kind | None]:
    """What `char` is read as, "" where it is not seen at all, and which disguise that is, if any."""
    if char.isascii() or char in _OURS or char in _FORMS:
        return _FORMS.get(char, char), None
    if char in _BIDI:
        return "", Kind.BIDI
    category = unicodedata.category(char)
    if category in {"Mn", "Me"}:
        # A variation selector belongs to an emoji more often than to a letter.
        return "", None if "\ufe00" <= char <= "\ufe0f" else Kind.COMBINING
    if category in {"Cf", "Co", "Cn", "Cs"} or char in _BLANKS:
        return "", Kind.INVISIBLE
    return _compatible(char)


def _compatible(char: str) -> tuple[str, Kind | None]:
    plain = unicodedata.normalize("NFKD", char)
    is_compatible = unicodedata.decomposition(char).startswith("<")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    if plain == char:
        plain = _base(char)
        # Flags are written with regional letters; phonetic letters are next to never text.
        is_flag = "\U0001f1e6" <= char <= "\U0001f1ff"
        is_letter = char.isalpha() and not ("\u0250" <= char <= "\u02af" or char >= "\u1d00")
        styled = plain != char and not is_flag and not is_letter
    else:
        styled = is_compatible and plain.isalnum() and len(plain) == 1 and ord(char) > 0x2000  # noqa: PLR2004
    return plain, Kind.STYLED if styled else None


def _base(char: str) -> str:
    name = unicodedata.name(char, "")
    if badge := _BADGE.search(name):
        return badge["letter"].lower()
    named = _NAMED.match(name)
    if named is None:
        return char
    letter = named["letter"]
    if name.startswith("LATIN"):
        return letter.lower() if len(letter) == 1 else char
    try:
        return unicodedata.lookup(f"CYRILLIC SMALL LETTER {letter}")
    except KeyError:
        return char
