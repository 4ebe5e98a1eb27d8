"""The sample web's sites as they were written: one text file a site, read into plain values.

A file starts with `key: value` lines, an empty line ends them. Each page follows under `=== PATH | TITLE`.
In a page an empty line ends a block; `# ` starts a heading, `- ` a list item, `@NAME` alone on a line a forum
post; `[text](/path)` links within the site and `[text](host/path)` to another.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from review_queue.hosts import Host, parse_host

LANGUAGES: Final = ("kk", "ru", "en")
LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_PAGE_HEAD: Final = re.compile(r"^=== (/\S*) \| (.+)$", re.MULTILINE)


class Truth(StrEnum):
    """What a site is, by those who wrote it."""

    HARMLESS = "harmless"
    DISTRESS = "distress"
    SELF_HARM = "self_harm"
    VIOLENCE = "violence"


NEEDLES: Final = frozenset({Truth.SELF_HARM, Truth.VIOLENCE})
# harmless sites that speak of death and violence: what a list of keywords gets wrong
HARD_KINDS: Final = frozenset(
    {
        "bereavement support",
        "counter-extremism research",
        "court news",
        "crime fiction",
        "depression, medical",
        "film review",
        "hunting rules",
        "martial arts club",
        "metal music",
        "parents' forum",
        "self-defence class",
        "shooter game forum",
        "suicide prevention",
        "war history",
    }
)


@dataclass(frozen=True, slots=True)
class SamplePage:
    """One page of a sample site; `text` is in the markup of this module."""

    path: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class SampleSite:
    """One site: `host` as it is looked up, `lang` as the pages declare it."""

    host: Host
    name: str
    lang: str
    kind: str
    truth: Truth
    pages: tuple[SamplePage, ...]

    @property
    def is_needle(self) -> bool:
        """Whether the site promotes suicide or violence."""
        return self.truth in NEEDLES

    @property
    def is_hard(self) -> bool:
        """Whether the site is harmless and yet speaks of death or violence."""
        return self.kind in HARD_KINDS

    @property
    def language(self) -> str:
        """The language without its script: kk, ru or en."""
        return self.lang.partition("-")[0]


def written_sites() -> tuple[SampleSite, ...]:
    """The sites that stand in files, harmless ones and people in distress, in a fixed order."""
    folder = files(__package__) / "sites"
    return tuple(
        read_site(file.read_text(encoding="utf-8"))
        for language in LANGUAGES
        for file in _in_order((folder / language).iterdir())
        if file.name.endswith(".txt")
    )


def read_site(text: str) -> SampleSite:
    """The site that a file's text describes."""
    head, *parts = _PAGE_HEAD.split(text)
    said = dict(line.split(": ", 1) for line in head.splitlines() if line)
    pages = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return SampleSite(
        host=parse_host(said["host"]),
        name=said["name"],
        lang=said["lang"],
        kind=said["kind"],
        truth=Truth(said["truth"]),
        pages=tuple(SamplePage(path, title, body.strip()) for path, title, body in pages),
    )


def _in_order(found: Iterable[Traversable]) -> list[Traversable]:
    return sorted(found, key=lambda file: file.name)
