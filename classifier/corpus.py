"""The fragments written for the project: read, checked, and parted into training and development."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.examples import LANGUAGES, Topic
from review_queue.categories import Stance
from review_queue.errors import CorporaError

MAX_WORDS: Final = 25
MOVES: Final[Mapping[Topic, tuple[str, ...]]] = {
    Topic.SELF_HARM: (
        "glorifying",
        "isolating",
        "dismissing_prevention",
        "self_devaluing",
        "calling_to_act",
        "praising",
        "recruiting",
        "peer_pressure",
        "justifying",
    ),
    Topic.VIOLENCE: (
        "glorifying",
        "dismissing_prevention",
        "dehumanising",
        "calling_to_act",
        "praising",
        "recruiting",
        "peer_pressure",
        "threats",
        "justifying",
    ),
}
_HEADING: Final = re.compile(r"\[(\w+) (\w+)(?: (\w+))?\]\Z")
_DEVELOPMENT_PART: Final = 5


@dataclass(frozen=True, slots=True)
class Fragment:
    """One sentence with what it is: `move` is rhetorical for promoting ones, else the kind of page."""

    text: str
    lang: str
    topic: Topic
    stance: Stance
    move: str
    is_development: bool  # may only calibrate and measure


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything written for the project; `slots` is keyed by language, slot name and topic."""

    fragments: tuple[Fragment, ...]
    filler: Mapping[str, tuple[str, ...]]
    slots: Mapping[tuple[str, str, Topic], tuple[str, ...]]


def load() -> Corpus:
    """The corpus that ships with the package."""
    folder = Path(__file__).parent / "corpus"
    return Corpus(
        tuple(f for lang in LANGUAGES for f in fragments_in(folder / lang / "fragments.txt", lang)),
        {lang: tuple(_texts(folder / lang / "filler.txt")) for lang in LANGUAGES},
        {
            (lang, slot, Topic(topic)): tuple(words)
            for lang in LANGUAGES
            for (slot, topic, _), words in _sections(folder / lang / "slots.txt")
        },
    )


def fragments_in(path: Path, lang: str) -> Iterator[Fragment]:
    """The fragments of one file, a fifth of every section marked for development."""
    for (topic, stance, move), texts in _sections(path):
        # A fifth of every section, told by the text, so that the order of lines does not matter.
        held_out = set(sorted(texts, key=_digest)[: round(len(texts) / _DEVELOPMENT_PART)])
        for text in texts:
            if len(text.split()) > MAX_WORDS:
                raise CorporaError(f"{path}: a fragment has more than {MAX_WORDS} words")
            yield Fragment(text, lang, Topic(topic), Stance(stance), move, text in held_out)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sections(path: Path) -> Iterator[tuple[tuple[str, str, str], Sequence[str]]]:
    heading: tuple[str, str, str] | None = None
    texts: list[str] = []
    for line in _texts(path):
        if not line.startswith("["):
            texts.append(line)
            continue
        match = _HEADING.match(line)
        if match is None:
            raise CorporaError(f"{path}: {line} is not a heading such as [topic stance move]")
        if heading:
            yield heading, texts
        heading, texts = (match[1], match[2], match[3] or ""), []
    if heading:
        yield heading, texts


def _texts(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CorporaError(f"{path} cannot be read: install the program again") from error
    return (line.strip() for line in lines if line.strip())
