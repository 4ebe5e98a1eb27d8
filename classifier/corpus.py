"""The texts written for the project: read, checked, and parted into training and development."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
_PAGE_HEADING: Final = re.compile(r"\[(\w+) (\w+) (\w+) (\w+)\]\Z")
_DEVELOPMENT_PART: Final = 5
# Words in a row that mark two texts as alike: such a text stays on the training side.
FRAGMENT_RUN: Final = 4
PAGE_RUN: Final = 7


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
class WrittenPage:
    """A whole page, always a harmless one; its first line is the title."""

    text: str
    lang: str
    topic: Topic
    stance: Stance
    kind: str
    theme: str
    is_development: bool


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything written for the project; `slots` is keyed by language, slot name and topic."""

    fragments: tuple[Fragment, ...]
    pages: tuple[WrittenPage, ...]
    filler: Mapping[str, tuple[str, ...]]
    slots: Mapping[tuple[str, str, Topic], tuple[str, ...]]


def load() -> Corpus:
    """The corpus that ships with the package."""
    folder = Path(__file__).parent / "corpus"
    return Corpus(
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
    """The fragments of one file, a fifth of every section marked for development."""
    sections = list(_sections(path))
    held_out = _held_out(((key, text) for key, texts in sections for text in texts), FRAGMENT_RUN)
    for (topic, stance, move), texts in sections:
        for text in texts:
            if len(text.split()) > MAX_WORDS:
                raise CorporaError(f"{path}: a fragment has more than {MAX_WORDS} words")
            yield Fragment(text, lang, Topic(topic), Stance(stance), move, text in held_out)


def pages_in(path: Path, lang: str) -> Iterator[WrittenPage]:
    """The whole pages of one file, a fifth of every topic and stance marked for development."""
    found: list[tuple[re.Match[str], list[str]]] = []
    for line in _texts(path):
        match = _PAGE_HEADING.match(line)
        if match:
            if match[2] == Stance.PROMOTES:
                raise CorporaError(
                    f"{path}: {line} is a harmful page; only fragments may be harmful"
                )
            found.append((match, []))
        elif found:
            found[-1][1].append(line)
        else:
            raise CorporaError(f"{path} starts without a heading [topic stance kind theme]")
    texts = ["\n".join(lines) for _, lines in found]
    keyed = [((m[1], m[2]), text) for (m, _), text in zip(found, texts, strict=True)]
    held_out = _held_out(keyed, PAGE_RUN)
    for (m, _), text in zip(found, texts, strict=True):
        yield WrittenPage(text, lang, Topic(m[1]), Stance(m[2]), m[3], m[4], text in held_out)


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    """Every `length` words in a row of the text, without case, marks and slots."""
    words = re.findall(r"\w+", re.sub(r"\{\w+\}", " ", text.lower()))
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def _held_out(keyed: Iterable[tuple[tuple[str, ...], str]], run: int) -> set[str]:
    # A fifth of every section, told by the text, so that the order of lines does not matter; a text that
    # shares a run of words with any other is never held out, so the two sides share no wording.
    texts_of: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key, text in keyed:
        texts_of[key].append(text)
    shared = Counter(r for texts in texts_of.values() for text in texts for r in runs(text, run))
    held_out: set[str] = set()
    for texts in texts_of.values():
        own = [text for text in texts if all(shared[r] == 1 for r in runs(text, run))]
        held_out.update(sorted(own, key=_digest)[: round(len(texts) / _DEVELOPMENT_PART)])
    return held_out


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
