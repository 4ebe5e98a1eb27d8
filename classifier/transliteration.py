"""Kazakh and Russian in Latin letters: the official Kazakh alphabet of 2021 and the ways people write.

Public text in Kazakh Latin hardly exists, so training and evaluation text is made from Cyrillic. A seed
picks one habit for a whole text, as one author has one; the same seed gives the same spelling.
"""

import random
from collections.abc import Mapping
from typing import Final

Table = dict[str, str]

_SHARED: Final = dict(zip("абвгдезклмнопрстуфэ", "abvgdezklmnoprstufe", strict=True))
# https://adilet.zan.kz/kaz/docs/U1700000569: the alphabet as it was approved on 28 January 2021; letters
# of loan words that it leaves out are written as its drafts had them.
KAZAKH_OFFICIAL: Final[Table] = _SHARED | {
    "ә": "ä", "ғ": "ğ", "ж": "j", "и": "i", "й": "i", "қ": "q", "ң": "ñ", "ө": "ö", "ұ": "ū",
    "ү": "ü", "х": "h", "һ": "h", "ш": "ş", "ы": "y", "і": "ı", "ё": "io", "ц": "ts", "ч": "tş",
    "щ": "ştş", "ю": "iu", "я": "ia", "ъ": "", "ь": "",
}  # fmt: skip
_ACUTE: Final[Table] = KAZAKH_OFFICIAL | {
    "ә": "á", "ғ": "ǵ", "й": "ı", "ң": "ń", "ө": "ó", "у": "ý", "ұ": "u", "ү": "ú", "ш": "sh",
    "ч": "ch", "і": "i", "и": "ı", "щ": "shch", "ю": "ıý", "я": "ıa",
}  # fmt: skip
# What is typed without a Kazakh keyboard: each letter one of these, the same all through a text.
_TYPED: Final[Mapping[str, tuple[str, ...]]] = {
    "ә": ("a", "a", "ae", "e"), "ғ": ("g", "g", "gh"), "ж": ("zh", "j", "zh"), "и": ("i", "i"),
    "й": ("i", "y", "y"), "қ": ("k", "q", "k"), "ң": ("n", "ng", "n"), "ө": ("o", "o", "oe"),
    "у": ("u", "u", "w"), "ұ": ("u", "u"), "ү": ("u", "u", "ue"), "х": ("h", "kh", "x"),
    "һ": ("h",), "ш": ("sh", "sh", "w"), "ы": ("y", "i", "y"), "і": ("i", "i"), "ё": ("yo",),
    "ц": ("ts", "c"), "ч": ("ch",), "щ": ("sh",), "ю": ("yu", "iu", "u"), "я": ("ya", "ia"),
    "ъ": ("",), "ь": ("",),
}  # fmt: skip
_RUSSIAN: Final[Mapping[str, tuple[str, ...]]] = {
    "ё": ("yo", "e", "jo"), "ж": ("zh", "j"), "и": ("i",), "й": ("y", "j", "i"),
    "х": ("h", "kh", "x"), "ц": ("ts", "c"), "ч": ("ch", "4"), "ш": ("sh",), "щ": ("sch", "shch"),
    "ъ": ("", "'"), "ы": ("y", "i"), "ь": ("", "'"), "ю": ("yu", "ju", "iu"), "я": ("ya", "ja"),
}  # fmt: skip


def official(text: str) -> str:
    """Kazakh `text` in the official Latin alphabet of 2021."""
    return _written(text, KAZAKH_OFFICIAL)


def kazakh_latin(text: str, seed: int | str) -> str:
    """Kazakh `text` in Latin letters, in the official, the acute or one of the typed ways, by seed."""
    rng = random.Random(seed)
    way = rng.random()
    if way < 0.3:  # noqa: PLR2004 - about what is seen: most people type without diacritics
        return _written(text, KAZAKH_OFFICIAL)
    if way < 0.4:  # noqa: PLR2004
        return _written(text, _ACUTE)
    return _written(text, _picked(_TYPED, rng))


def russian_latin(text: str, seed: int | str) -> str:
    """Russian `text` in Latin letters, in one of the ways people type it, by seed."""
    return _written(text, _picked(_RUSSIAN, random.Random(seed)))


def _picked(ways: Mapping[str, tuple[str, ...]], rng: random.Random) -> Table:
    return _SHARED | {letter: rng.choice(choices) for letter, choices in ways.items()}


def _written(text: str, table: Table) -> str:
    capitals = {letter.upper(): latin[:1].upper() + latin[1:] for letter, latin in table.items()}
    # A dotted and a dotless i: the capitals are not those of Python.
    if table.get("і") == "ı":
        capitals |= {"І": "I", "И": "İ", "Й": "İ"}
    letters: dict[str, str | int | None] = {**table, **capitals}
    return text.translate(str.maketrans(letters))
