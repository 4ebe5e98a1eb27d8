"""The model card: what a model was made from, what it gave, what it must not be used for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifier import card_text
from classifier.calibration import PRIOR, Calibration, as_plain
from classifier.evaluation import Cell
from classifier.examples import Source
from classifier.moves import Figures
from classifier.thresholds import ENOUGH, HARD_BUDGET, REVIEW_BUDGET, Threshold
from review_queue.categories import Category
from review_queue.records import ModelId

RESTRICTED_NOTE: Final = "not for distribution under Apache-2.0"


@dataclass(frozen=True, slots=True)
class Facts:
    """What one training run used and found."""

    seed: int
    restricted: bool
    sources: Mapping[Source, int]
    rows: Counter[tuple[str, str]]
    held_out: Counter[tuple[str, str]]
    calibration: Calibration
    thresholds: Mapping[Category, Threshold]
    cells: Sequence[Cell]
    moves: Figures | None = None


def as_json(identity: ModelId, facts: Facts) -> dict[str, Any]:
    """The card as a program reads it."""
    return {
        "name": identity.name,
        "version": identity.version,
        "digest": identity.digest,
        "licence": RESTRICTED_NOTE if facts.restricted else "Apache-2.0",
        "seed": facts.seed,
        "sources": [
            {"name": source.name, "licence": source.licence, "rows": rows}
            for source, rows in facts.sources.items()
        ],
        "training_rows": _nested(facts.rows),
        "held_out_pages": _nested(facts.held_out),
        "calibration": as_plain(facts.calibration),
        "thresholds": {category.value: cut.value for category, cut in facts.thresholds.items()},
        "threshold_figures": {
            category.value: {
                "review_budget": REVIEW_BUDGET,
                "hard_budget": HARD_BUDGET,
                "found": cut.found,
                "found_low": cut.found_low,
                "found_high": cut.found_high,
                "false_alarms": cut.false_alarms,
                "hard_false_alarms": cut.hard_false_alarms,
                "harmful_pages": cut.harmful_pages,
                "harmless_pages": cut.harmless_pages,
                "hard_pages": cut.hard_pages,
            }
            for category, cut in facts.thresholds.items()
        },
        "held_out_figures": [
            {
                "lang": cell.lang,
                "category": cell.category.value,
                "harmful_pages": cell.harmful,
                "harmless_pages": cell.harmless,
                "average_precision": cell.average_precision,
                "average_precision_low": cell.low,
                "average_precision_high": cell.high,
                "average_precision_against_hard": cell.against_hard,
            }
            for cell in facts.cells
        ],
        "moves": _plain_moves(facts.moves) if facts.moves else {},
        "use": list(card_text.USE),
        "people_concerned": list(card_text.PEOPLE),
        "privacy": list(card_text.PRIVACY),
        "known_failures": known_failures(facts),
    }


def as_readme(identity: ModelId, facts: Facts) -> str:
    """The card as people read it, in Markdown."""
    licence = RESTRICTED_NOTE if facts.restricted else "Apache-2.0"
    lines = [
        f"# {identity.name} {identity.version}",
        "",
        "Written by `qalqan train`; edit nothing here by hand.",
        "",
        (
            "Scores a page for two harms (self-harm, violence) from what it is about and what it does with "
            "it. Linear model over hashed character and word n-grams; no text is stored in it."
        ),
        "",
        f"- Licence of the weights: {licence}",
        f"- SHA-256 of model.skops: `{identity.digest}`",
        f"- Seed: {facts.seed}",
        "",
        *_words("Use", card_text.USE),
        *_words("People concerned", card_text.PEOPLE),
        *_words("Privacy", card_text.PRIVACY),
        "## Made by",
        "",
        (
            f"`qalqan train --corpora corpora --seed {facts.seed}` with the packages of requirements.lock; the "
            "same texts, seed and packages give the same SHA-256."
        ),
        "",
        "## Trained on",
        "",
        "| source | licence | texts or composed pages |",
        "| --- | --- | --- |",
        *(f"| {s.name} | {s.licence} | {rows} |" for s, rows in facts.sources.items()),
        "",
        card_text.RIGHTS,
        "",
        *_counts("Training texts", facts.rows),
        *_counts("Held-out pages (calibration and thresholds only)", facts.held_out),
        *_thresholds(facts),
        *_cells(facts),
        *(_moves(facts.moves) if facts.moves else ()),
        "## Known failures",
        "",
        *(f"- {failure}" for failure in known_failures(facts)),
        "",
    ]
    return "\n".join(lines)


def _thresholds(facts: Facts) -> list[str]:
    return [
        "## Calibration and thresholds",
        "",
        (
            f"Scores read as probabilities where {PRIOR:.0%} of the pages of every language are harmful: "
            "they order the queue and say nothing of the open web. A threshold starts as the lowest cut with "
            f"about {REVIEW_BUDGET:.0%} of the ordinary harmless held-out pages and at most {HARD_BUDGET:.0%} "
            "of the hard ones (written, on the same subject) above it; where that is below the cut that finds "
            f"{ENOUGH:.0%} of the harmful pages, it is put half-way between the two. It is chosen on the pages "
            "it is reported on: the figures of the check part, below, are the ones to rely on."
        ),
        "",
        "| category | threshold | harmful found | ordinary above | hard above | pages (harmful, ordinary, hard) |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {category.value} | {cut.value} | {_share(cut.found)}"
            f"{_between(cut.found_low, cut.found_high)} | {_share(cut.false_alarms)} "
            f"| {_share(cut.hard_false_alarms)} "
            f"| {cut.harmful_pages}, {cut.harmless_pages}, {cut.hard_pages} |"
            for category, cut in facts.thresholds.items()
        ),
        "",
    ]


def _cells(facts: Facts) -> list[str]:
    return [
        "## Held-out figures",
        "",
        (
            "Average precision against all harmless held-out pages of the language, and of composed pages "
            "against the hard ones alone; in brackets the 95 % interval. Held-out pages also set the "
            "calibration."
        ),
        "",
        "| language | category | harmful | harmless | AP | AP against hard |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {cell.lang} | {cell.category.value} | {cell.harmful} | {cell.harmless} "
            f"| {_figure(cell.average_precision)}{_between(cell.low, cell.high)} "
            f"| {_figure(cell.against_hard)} |"
            for cell in facts.cells
        ),
        "",
    ]


def _plain_moves(figures: Figures) -> dict[str, Any]:
    return {
        "least_probability": figures.cut,
        "fragments": [
            {
                "move": figure.move,
                "fragments": figure.fragments,
                "named": figure.named,
                "right": figure.right,
            }
            for figure in figures.moves
        ],
        "harmless_fragments": figures.harmless,
        "harmless_fragments_named": figures.harmless_named,
    }


def _moves(figures: Figures) -> list[str]:
    return [
        "## Moves named",
        "",
        (
            "The model also names what a sentence of the evidence does (its rhetorical move) where it is at "
            f"least {figures.cut:.0%} sure: a hint, no finding. Measured on single held-out fragments, Kazakh "
            f"in both alphabets; the cut was chosen on them too. The table's precision is among promoting "
            f"fragments alone; of {figures.harmless} harmless ones on the same subjects "
            f"{figures.harmless_named} got a name, and counting them {_right(figures)} of the names are right."
            if any(figure.named for figure in figures.moves)
            else "No move is named: none was told from the others well enough on held-out fragments."
        ),
        "",
        "| move | fragments | named so | precision | recall |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {figure.move} | {figure.fragments} | {figure.named} "
            f"| {_share_of(figure.right, figure.named)} | {_share_of(figure.right, figure.fragments)} |"
            for figure in figures.moves
        ),
        "",
    ]


def _right(figures: Figures) -> str:
    named = sum(figure.named for figure in figures.moves) + figures.harmless_named
    return f"{sum(figure.right for figure in figures.moves) / max(1, named):.0%}"


def _words(title: str, paragraphs: Sequence[str]) -> list[str]:
    return [f"## {title}", "", *(line for words in paragraphs for line in (words, ""))]


def _share_of(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "none there"


def known_failures(facts: Facts) -> list[str]:
    """What is known to go wrong: what holds for every model of this kind, and what this run showed."""
    weakest = sorted(
        (cell for cell in facts.cells if cell.average_precision is not None),
        key=lambda cell: cell.average_precision or 0.0,
    )[:2]
    shown = [
        f"Weakest on held-out pages: {cell.lang} {cell.category.value}, average precision "
        f"{_figure(cell.average_precision)}{_between(cell.low, cell.high)}."
        for cell in weakest
    ]
    unproven = [f"{c.lang} {c.category.value}" for c in facts.cells if not c.harmful]
    if unproven:
        shown.append(
            f"No harmful page was held out, so nothing is known, for: {', '.join(unproven)}."
        )
    shown += [
        f"{cut.hard_false_alarms:.1%} of the {cut.hard_pages} hard harmless held-out pages open a "
        f"{'referral' if category is Category.DISTRESS else f'case of {category.value}'} for nothing."
        for category, cut in facts.thresholds.items()
        if cut.hard_false_alarms
    ]
    return [*card_text.KNOWN_FAILURES, *shown]


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (lang, label), n in sorted(counts.items()):
        nested.setdefault(lang, {})[label] = n
    return nested


def _counts(title: str, counts: Counter[tuple[str, str]]) -> list[str]:
    rows = [f"| {lang} | {label} | {n} |" for (lang, label), n in sorted(counts.items())]
    return [f"## {title}", "", "| language | label | number |", "| --- | --- | --- |", *rows, ""]


def _share(value: float | None) -> str:
    return "none there" if value is None else f"{value:.1%}"


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{low:.2f}, {high:.2f}]"


def _figure(value: float | None) -> str:
    return "none there" if value is None else f"{value:.2f}"
