"""Kazakh in Latin letters told from other languages in them, by three-letter sequences.

No language library knows it. The table is counted from the texts written for the project: Kazakh ones in every Latin
habit against English and Latin Russian. It is shipped, since counting takes a second of every reader's start;
`python -m classifier.latin_kazakh` counts it anew, and a test tells when that is due.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from classifier import corpus
from classifier.transliteration import kazakh_latin, russian_latin

TABLE: Final = Path(__file__).with_name("latin_kazakh.tsv")
_WORDS: Final = re.compile(r"[^\W\d_]+")
_MARKS: Final = str.maketrans("äğıñöūüşáǵńóúýḱ", "agınouusagnouuk".replace("ı", "i"))
_SIZE: Final = 3
_CLEAR: Final = (
    0.2  # mean log-odds of a sequence: 98.5 % of Kazakh rows, no Latin Russian, no English
)
# Commonest words of the Turkic neighbours that Kazakh does not have.
_NEIGHBOURS: Final = re.compile(
    r"\b(?:ve|için|va|uchun|bilan|bo'l\w*|ham|yoki|və|üçün|olan|olarak|we|üçin|bolan|hem|menen)\b",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 4


def is_latin_kazakh(text: str) -> bool:
    """Whether most of `text` is Kazakh written in Latin letters."""
    words = _WORDS.findall(text.lower())
    if len(words) < _FEW_WORDS or len(_NEIGHBOURS.findall(text)) * 20 > len(words):
        return False
    weights = _weights()
    found = [weights.get(sequence, 0.0) for sequence in _sequences(words)]
    return sum(found) > _CLEAR * len(found)


def _sequences(words: Iterable[str]) -> list[str]:
    shown = [f" {word.translate(_MARKS)} " for word in words]
    return [word[i : i + _SIZE] for word in shown for i in range(len(word) - _SIZE + 1)]


@cache
def _weights() -> Mapping[str, float]:
    pairs = (line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines())
    return {sequence: float(weight) for sequence, weight in pairs}


def counted() -> Mapping[str, float]:
    """The table as today's training texts give it: how much a sequence speaks for Kazakh, as log-odds."""
    texts = corpus.load(corpus.Part.TRAINING)
    kazakh: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for number, (lang, text) in enumerate(_texts(texts)):
        if lang == "kk":
            for habit in range(3):
                spelled = kazakh_latin(text, f"{number}-{habit}")
                kazakh.update(_sequences(_WORDS.findall(spelled.lower())))
        else:
            spelled = russian_latin(text, number) if lang == "ru" else text
            others.update(_sequences(_WORDS.findall(spelled.lower())))
    return _log_odds(kazakh, others)


def _texts(texts: corpus.Corpus) -> Iterable[tuple[str, str]]:
    for lang, sentences in texts.filler.items():
        yield lang, "\n".join(sentences)
    for fragment in texts.fragments:
        yield fragment.lang, fragment.text.replace("{act}", "").replace("{group}", "")
    for page in texts.pages:
        yield page.lang, page.text


def _log_odds(wanted: Counter[str], others: Counter[str]) -> Mapping[str, float]:
    known = wanted.keys() | others.keys()
    more, less = wanted.total() + len(known), others.total() + len(known)
    return {
        sequence: math.log((wanted[sequence] + 1) / more) - math.log((others[sequence] + 1) / less)
        for sequence in sorted(known)
    }


if __name__ == "__main__":
    TABLE.write_text(
        "".join(f"{sequence}\t{weight!r}\n" for sequence, weight in counted().items()),
        encoding="utf-8",
    )
