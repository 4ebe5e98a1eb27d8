"""The texts written for the project: read and checked, each part by other hands than the others."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
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
_PAGE_HEADING: Final = re.compile(r"\[(\w+) (\w+) (\w+) (\w+)\]\Z")
# Words in a row that mark two texts as alike: no two parts share so many.
FRAGMENT_RUN: Final = 4
PAGE_RUN: Final = 7


class Part(StrEnum):
    """What written texts are for; a folder each, written by different people without sight of the others."""

    TRAINING = "training"
    DEVELOPMENT = "development"  # calibration, thresholds, and every comparison
    CHECK = "check"  # measures what was chosen; nothing is ever chosen by it


@dataclass(frozen=True, slots=True)
class Fragment:
    """One sentence with what it is: `move` is rhetorical for promoting ones, else the kind of page."""

    text: str
    lang: str
    topic: Topic
    stance: Stance
    move: str


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A whole page, always a harmless one; its first line is the title."""

    text: str
    lang: str
    topic: Topic
    stance: Stance
    kind: str
    theme: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """One part of what was written; `slots` is keyed by language, slot name and topic."""

    part: Part
    fragments: tuple[Fragment, ...]
    pages: tuple[WrittenPage, ...]
    filler: Mapping[str, tuple[str, ...]]
    slots: Mapping[tuple[str, str, Topic], tuple[str, ...]]

    def filled(self, fragment: Fragment, rng: random.Random) -> str:
        """The fragment's text with a general word in each slot, its first letter a capital."""
        text = fragment.text
        if fragment.topic is not Topic.NEITHER:
            for slot in ("act", "group"):
                words = self.slots[fragment.lang, slot, fragment.topic]
                text = text.replace(f"{{{slot}}}", rng.choice(words))
        return text[:1].upper() + text[1:]


def load(part: Part) -> Corpus:
    """The part of the corpus that ships with the package."""
    folder = Path(__file__).parent / "corpus" / part.value
    return Corpus(
        part,
        tuple(f for lang in LANGUAGES for f in fragments_in(folder / lang / "fragments.txt", lang)),
        tuple(p for lang in LANGUAGES for p in pages_in(folder / lang / "pages.txt", lang)),
        {lang: tuple(_texts(folder / lang / "filler.txt")) for lang in LANGUAGES},
        {
            (lang, slot, Topic(topic)): tuple(words)
            for lang in LANGUAGES
            for (slot, topic, _), words in _sections(folder / lang / "slots.txt")
        },
    )


def fragments_in(path: Path, lang: str) -> Iterator[Fragment]:
    """The fragments of one file."""
    for (topic, stance, move), texts in _sections(path):
        for text in texts:
            if len(text.split()) > MAX_WORDS:
                raise CorporaError(f"{path}: a fragment has more than {MAX_WORDS} words")
            yield Fragment(text, lang, Topic(topic), Stance(stance), move)


def pages_in(path: Path, lang: str) -> Iterator[WrittenPage]:
    """The whole pages of one file."""
    heading: re.Match[str] | None = None
    lines: list[str] = []
    for line in _texts(path):
        match = _PAGE_HEADING.match(line)
        if match is None and heading is None:
            raise CorporaError(f"{path} starts without a heading [topic stance kind theme]")
        if match is None:
            lines.append(line)
            continue
        if match[2] == Stance.PROMOTES:
            raise CorporaError(f"{path}: {line} is a harmful page; only fragments may be harmful")
        if heading:
            yield _page(heading, lines, lang)
        heading, lines = match, []
    if heading:
        yield _page(heading, lines, lang)


def _page(heading: re.Match[str], lines: Sequence[str], lang: str) -> WrittenPage:
    topic, stance, kind, theme = heading.groups()
    return WrittenPage("\n".join(lines), lang, Topic(topic), Stance(stance), kind, theme)


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Every `length` words in a row of the text, without case, marks and slots."""
    words = re.findall(r"\w+", re.sub(r"\{\w+\}", " ", text.lower()))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


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
