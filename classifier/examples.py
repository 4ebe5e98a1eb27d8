"""Training texts: what a labelled row says about its topic and its stance, and which rows may be used.

A row whose id ends in `e` or `f` is a development row. It is never trained on: `training_rows` cannot
yield one, `development_rows` yields nothing else.
"""

import gzip
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from review_queue.categories import Stance
from review_queue.errors import CorporaError

LANGUAGES: Final = ("kk", "ru", "en")
_DEVELOPMENT_ENDS: Final = frozenset("ef")


class Topic(StrEnum):
    """What a text is about; the first axis of the classifier."""

    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    NEITHER = "neither"


class Use(StrEnum):
    """What the licence of a source allows, see `sources.json` of the corpora."""

    SHIP = "ship"
    RESTRICTED = "restricted"
    EVALUATE = "evaluate"


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what is known of it; None where the label leaves an axis open."""

    text: str
    lang: str
    topic: Topic | None
    stance: Stance | None
    source: str
    label: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows came from, for the attribution that the model card owes them."""

    name: str
    use: Use
    licence: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pages no model was trained on: made by `held_out_pages` and the composer's development side."""

    examples: tuple[Example, ...]


# None: the label does not tell. Of the Russian rows on a topic next to none promotes it, but next to
# none is not none, so their stance is left open.
MEANING: Final[Mapping[str, tuple[Topic | None, Stance | None]]] = {
    "violence_promotion": (Topic.VIOLENCE, Stance.PROMOTES),
    "self_harm_promotion": (Topic.SELF_HARM, Stance.PROMOTES),
    "violence_topic": (Topic.VIOLENCE, None),
    "self_harm_topic": (Topic.SELF_HARM, None),
    "distress": (Topic.SELF_HARM, Stance.DISTRESS),
    "prevention_support": (None, Stance.SUPPORTS),
    "sensitive_topic_neutral": (None, Stance.OTHER),
    "hate_nonviolent": (Topic.NEITHER, Stance.OTHER),
    "hostile_other": (Topic.NEITHER, Stance.OTHER),
    "news": (Topic.NEITHER, Stance.REPORTS),
    "benign_other": (Topic.NEITHER, Stance.OTHER),
}


def sources(corpora_dir: Path) -> dict[str, Source]:
    """Every source the corpora name, with what its licence allows."""
    path = corpora_dir / "sources.json"
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Source(name, Use(entry["use"]), str(entry["licence"]))
            for name, entry in listed.items()
        }
    except OSError as error:
        raise CorporaError(
            f"{path} cannot be read ({error.strerror}): name the folder of the labelled texts"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorporaError(
            f"{path} is not a list of sources with use and licence: {error}"
        ) from error


def training_rows(corpora_dir: Path, uses: Iterable[Use]) -> Iterator[Example]:
    """The labelled rows of sources with one of `uses`, development rows left out."""
    return _rows(corpora_dir, frozenset(uses), development=False)


def development_rows(corpora_dir: Path, uses: Iterable[Use]) -> Iterator[Example]:
    """The development rows alone, of sources with one of `uses`."""
    return _rows(corpora_dir, frozenset(uses), development=True)


def held_out_pages(rows: Iterable[Example], seed: int) -> HeldOut:
    """Development rows put together as pages of one to three texts of one source and label."""
    rng = random.Random(seed)
    groups: dict[tuple[str, str, str], list[Example]] = {}
    for row in rows:
        groups.setdefault((row.lang, row.label, row.source), []).append(row)
    pages: list[Example] = []
    for _, members in sorted(groups.items()):
        rng.shuffle(members)
        at = 0
        while at < len(members):
            size = rng.choice((1, 1, 2, 3))
            texts = [member.text for member in members[at : at + size]]
            pages.append(replace(members[at], text="\n".join(texts)))
            at += size
    return HeldOut(tuple(pages))


def is_development(row_id: str) -> bool:
    """Whether the row may only measure and calibrate."""
    return row_id[-1:] in _DEVELOPMENT_ENDS


def _rows(corpora_dir: Path, uses: frozenset[Use], *, development: bool) -> Iterator[Example]:
    known = sources(corpora_dir)
    paths = [p for lang in LANGUAGES if (p := corpora_dir / f"train.{lang}.jsonl.gz").is_file()]
    if not paths:
        raise CorporaError(
            f"no train.LANG.jsonl.gz in {corpora_dir}: name the folder that has them"
        )
    for path in paths:
        for number, line in enumerate(_lines(path), 1):
            try:
                row = json.loads(line)
                row_id, label, source = row["id"], row["label"], known.get(row["source"])
                text, lang = str(row["text"]), str(row["lang"])
            except (ValueError, KeyError, TypeError) as error:
                raise CorporaError(
                    f"{path}, line {number} is not a labelled row: {error}"
                ) from error
            use = source.use if source else Use.EVALUATE
            if label in MEANING and use in uses and is_development(row_id) == development:
                topic, stance = MEANING[label]
                yield Example(
                    text, lang.split("-", maxsplit=1)[0], topic, stance, row["source"], label
                )


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise CorporaError(f"{path} cannot be read: {error}") from error
