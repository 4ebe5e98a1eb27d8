"""What officers settled, as training texts: a model made with them is the unit's own and is named apart."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifier.artefacts import Model
from classifier.examples import Example, Source, Topic, Use
from classifier.languages import calibrated_as, detect
from classifier.scoring import Scorer
from review_queue.categories import HARMS, Category, Stance
from review_queue.labels import LabelledPage

SOURCE: Final = "officers' decisions"
CARD_KEY: Final = "officers_decisions"
NAME_SUFFIX: Final = "-officers"
# A settled page is read closely by people who know the law; a public row has at best one hasty label.
WEIGHT_A_PERSON: Final = 2.0
_MOST_PEOPLE: Final = 3
_HELD_OUT_PART: Final = 5
_TOPICS: Final[Mapping[Category, Topic]] = {
    Category.SELF_HARM: Topic.SELF_HARM,
    Category.VIOLENCE: Topic.VIOLENCE,
    Category.DISTRESS: Topic.SELF_HARM,
}


@dataclass(frozen=True, slots=True)
class Taught:
    """Settled pages parted by site into those to learn from and those that only measure."""

    examples: tuple[Example, ...]
    held_out: tuple[Example, ...]
    pages: tuple[LabelledPage, ...]

    @property
    def source(self) -> Source:
        """What the model card says of where these texts came from."""
        return Source(SOURCE, Use.RESTRICTED, "the unit's own data, not to be given on")


def taught(pages: Sequence[LabelledPage]) -> Taught:
    """The pages as examples; a fifth of the sites, told by a hash of the name, is never trained on."""
    return Taught(
        tuple(_example(page) for page in pages if not is_held_out(page.site)),
        tuple(_example(page) for page in pages if is_held_out(page.site)),
        tuple(pages),
    )


def is_held_out(site: str) -> bool:
    """Whether pages of the site may only measure; the same today and in a year."""
    return hashlib.sha256(site.encode()).digest()[0] % _HELD_OUT_PART == 0


def card_part(made: Taught, model: Model) -> dict[str, Any]:
    """What the card says: how many decisions of which days taught how much; no text, site or person.

    `held_out_above` is how many of the held-out pages the model puts above the threshold of a harm. Empty
    where no decision taught anything.
    """
    if not made.pages:
        return {}
    decided = {decision for page in made.pages for decision in page.decision_ids}
    return {
        CARD_KEY: {
            "decisions": len(decided),
            "first_decided": min(page.first_decided_at for page in made.pages)[:10],
            "last_decided": max(page.last_decided_at for page in made.pages)[:10],
            "pages": len(made.pages),
            "trained_on": _by_stance(made.examples),
            "held_out": _by_stance(made.held_out),
            "held_out_above": _by_stance(_above(made.held_out, model)),
            "decisions_digest": hashlib.sha256("\n".join(sorted(decided)).encode()).hexdigest(),
        }
    }


def readme_part(card: Mapping[str, Any]) -> str:
    """What `card_part` gave, for people, in Markdown."""
    if CARD_KEY not in card:
        return ""
    part = card[CARD_KEY]
    rows = sorted(part["trained_on"].keys() | part["held_out"].keys())
    return "\n".join(
        [
            "",
            "## Officers' decisions",
            "",
            (
                f"{part['decisions']} confirmed decisions on {part['pages']} pages, made from "
                f'{part["first_decided"]} to {part["last_decided"]}. Skips, "cannot tell" and cases on which '
                "people disagree or that wait for somebody are not among them. A fifth, told by the site's name, "
                "was not learned from, and neither set the calibration nor the thresholds: officers see "
                "what an earlier model put first, which is not what the web is like."
            ),
            "",
            "| concluded | learned from | held out | of these above a harm's threshold |",
            "| --- | --- | --- | --- |",
            *(
                f"| {row} | {part['trained_on'].get(row, 0)} | {part['held_out'].get(row, 0)} "
                f"| {part['held_out_above'].get(row, 0)} |"
                for row in rows
            ),
            "",
        ]
    )


def _example(page: LabelledPage) -> Example:
    text = f"{page.title}\n{page.text}".strip()
    # That a page is harmless says nothing of what it is about.
    topic = _TOPICS[page.category] if page.stance in {Stance.PROMOTES, Stance.DISTRESS} else None
    label = f"officers_{topic.value}_{page.stance.value}" if topic else f"officers_{page.stance}"
    weight = WEIGHT_A_PERSON * min(page.people, _MOST_PEOPLE)
    lang = calibrated_as(detect(text), text)
    return Example(text, lang, topic, page.stance, SOURCE, label, weight)


def _above(examples: Sequence[Example], model: Model) -> list[Example]:
    scores = Scorer(model).score([("", example.text) for example in examples])
    return [
        example
        for example, score in zip(examples, scores, strict=True)
        if any(score.scores[harm] >= model.thresholds[harm] for harm in HARMS)
    ]


def _by_stance(examples: Sequence[Example]) -> dict[str, int]:
    counts = Counter(example.label.removeprefix("officers_") for example in examples)
    return dict(sorted(counts.items()))
