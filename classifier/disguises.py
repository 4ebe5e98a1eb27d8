"""Ways in which words are disguised, for measuring what they cost and for training against them.

Each takes a word and a source of randomness and gives the word disguised; a way that does not exist in
the word's alphabet leaves it as it is. Always the same word for the same seed.
"""

import random
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from classifier.lookalikes import FOLDED, LEET_CYRILLIC, LEET_LATIN
from classifier.transliteration import kazakh_latin, russian_latin

Transform = Callable[[str, random.Random], str]

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_TWINS: Final = dict(zip("aceopxykiACEOPXYKMTBHI", "асеорхукіАСЕОРХУКМТВНІ", strict=True))
_BACK: Final = {cyrillic: latin for latin, cyrillic in _TWINS.items()}
_CONFUSABLE: Final[Mapping[str, str]] = {
    "a": "αɑаå", "b": "ƅвḅ", "c": "ϲсċ", "d": "ԁḍđ", "e": "еεé", "g": "ɡġ", "h": "һհḥ", "i": "іıɩ",
    "j": "јյ", "k": "κкĸ", "l": "ӏłḷ", "m": "мṃ", "n": "ոηñ", "o": "оοօø", "p": "рρṗ", "q": "ԛզ",
    "r": "гṛ", "s": "ѕṡş", "t": "тτţ", "u": "υսü", "v": "ѵνṿ", "w": "ԝωẇ", "x": "хχẋ", "y": "уүγý",
    "z": "ᴢżẓ",
    "а": "aαɑӑ", "в": "ʙβ", "г": "rɼ", "е": "eёѐ", "и": "ѝӥӣ", "к": "kκқ", "м": "mᴍ", "н": "ʜңӈ",
    "о": "oοօө", "п": "nπո", "р": "pρ", "с": "cϲҫ", "т": "tτᴛ", "у": "yγүұ", "х": "xχҳ", "ж": "ӂӝ",
    "з": "ӟҙ", "э": "ӭ", "ы": "ӹ", "ә": "ӛ", "і": "iıї", "ө": "ӫ", "қ": "κҝk",
}  # fmt: skip
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_COMBINING: Final = "\u0301\u0307\u0308\u0323\u0332\u0336"
_BIDI_MARKS: Final = "\u200e\u200f\u2069"
_LEET_BACK: Final = {
    letter: mark
    for table in (LEET_LATIN, LEET_CYRILLIC)
    for mark, letter in table.items()
    if mark not in "+£€!|"
}


def lookalike(word: str, rng: random.Random) -> str:
    """Half of the letters that have a twin in the other alphabet are that twin, at least one."""
    return _some(word, rng, lambda char: _TWINS.get(char) or _BACK.get(char), share=0.5)


def confusable(word: str, rng: random.Random) -> str:
    """A third of the letters are like ones of any script, or carry a mark of their own."""
    return _some(
        word,
        rng,
        lambda char: rng.choice(_CONFUSABLE[char]) if char in _CONFUSABLE else None,
        share=0.35,
    )


def zero_width(word: str, rng: random.Random) -> str:
    """Invisible characters stand between some letters."""
    return _between(word, rng, lambda: rng.choice(_INVISIBLE), share=0.4)


def combining(word: str, rng: random.Random) -> str:
    """Some letters carry combining marks."""
    return _between(word, rng, lambda: rng.choice(_COMBINING), share=0.4)


def bidi_marks(word: str, rng: random.Random) -> str:
    """Marks of writing direction stand between some letters."""
    return _between(word, rng, lambda: rng.choice(_BIDI_MARKS), share=0.4)


def bidi_reversed(word: str, _: random.Random) -> str:
    """The word is stored backwards and shown forwards."""
    return f"\u202e{word[::-1]}\u202c"


def leet(word: str, rng: random.Random) -> str:
    """Half of the letters that a digit or sign resembles are that sign, at least one."""
    return _some(word, rng, lambda char: _LEET_BACK.get(char.lower()), share=0.5)


def spaced(word: str, _: random.Random) -> str:
    """A space stands between all letters."""
    return " ".join(word)


def dotted(word: str, _: random.Random) -> str:
    """A dot stands between all letters."""
    return ".".join(word)


def hyphenated(word: str, _: random.Random) -> str:
    """A hyphen stands between all letters."""
    return "-".join(word)


def dot_within(word: str, rng: random.Random) -> str:
    """One dot or star stands within the word."""
    place = rng.randrange(1, len(word))
    return f"{word[:place]}{rng.choice('.·*')}{word[place:]}"


def masked(word: str, rng: random.Random) -> str:
    """One letter within the word is a star."""
    place = rng.randrange(1, len(word) - 1) if len(word) > 2 else 0  # noqa: PLR2004
    return f"{word[:place]}*{word[place + 1 :]}"


def russian_keyboard(word: str, _: random.Random) -> str:
    """Kazakh letters are their Russian neighbours."""
    return "".join(
        FOLDED.get(char, char) if char.islower() else FOLDED.get(char.lower(), char.lower()).upper()
        for char in word
    )


def transliterated(word: str, rng: random.Random) -> str:
    """A Cyrillic word is in Latin letters."""
    seed = rng.randrange(1_000)
    is_kazakh = any(char in FOLDED for char in word.lower())
    return kazakh_latin(word, seed) if is_kazakh else russian_latin(word, seed)


def swapped(word: str, rng: random.Random) -> str:
    """Two neighbouring letters within the word have changed places."""
    if len(word) < 4:  # noqa: PLR2004 - nothing within
        return word
    place = rng.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def fullwidth(word: str, _: random.Random) -> str:
    """Latin letters are full-width ones."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in word)


def styled(word: str, rng: random.Random) -> str:
    """Latin letters are mathematical or circled ones."""
    first = rng.choice((0x1D41A, 0x1D5BA, 0x1D68A, 0x24D0))
    return "".join(chr(first + ord(c) - 97) if "a" <= c <= "z" else c for c in word.lower())


def alternating_case(word: str, _: random.Random) -> str:
    """Every other letter is a capital."""
    return "".join(char.upper() if i % 2 else char.lower() for i, char in enumerate(word))


def repeated(word: str, rng: random.Random) -> str:
    """One letter is there three to six times."""
    place = rng.randrange(len(word))
    return word[:place] + word[place] * rng.randint(3, 6) + word[place + 1 :]


TRANSFORMS: Final[Mapping[str, Transform]] = {
    "lookalike": lookalike,
    "confusable": confusable,
    "zero_width": zero_width,
    "combining": combining,
    "bidi_marks": bidi_marks,
    "bidi_reversed": bidi_reversed,
    "leet": leet,
    "spaced": spaced,
    "dotted": dotted,
    "hyphenated": hyphenated,
    "dot_within": dot_within,
    "masked": masked,
    "russian_keyboard": russian_keyboard,
    "transliterated": transliterated,
    "swapped": swapped,
    "fullwidth": fullwidth,
    "styled": styled,
    "alternating_case": alternating_case,
    "repeated": repeated,
}


def disguise(
    text: str,
    words: Collection[str] | None,
    share: float,
    transform: Transform,
    seed: int | str,
) -> str:
    """`text` with about `share` of the places of `words` (lower case; None is every word) disguised."""
    rng = random.Random(seed)

    def one(match: re.Match[str]) -> str:
        word = match.group()
        if words is not None and word.lower() not in words:
            return word
        return transform(word, rng) if rng.random() < share else word

    return _WORD.sub(one, text)


def _some(word: str, rng: random.Random, twin: Callable[[str], str | None], *, share: float) -> str:
    twins = [twin(char) for char in word]
    places = [i for i, other in enumerate(twins) if other]
    if not places:
        return word
    chosen = set(rng.sample(places, max(1, round(len(places) * share))))
    return "".join(
        other if other and i in chosen else char
        for i, (char, other) in enumerate(zip(word, twins, strict=True))
    )


def _between(word: str, rng: random.Random, mark: Callable[[], str], *, share: float) -> str:
    number = max(1, round((len(word) - 1) * share))
    places = set(rng.sample(range(1, len(word)), min(number, len(word) - 1)))
    return "".join(f"{mark()}{char}" if i in places else char for i, char in enumerate(word))
