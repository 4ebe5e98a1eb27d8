"""The measured part of a model's README and folder: figures, intervals and plots of one evaluation."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from classifier import artefacts
from classifier.evaluate_run import KEYWORDS, OURS, Evaluation
from review_queue.errors import ModelDigestError

HEADING: Final = "## Measured by `qalqan evaluate`"
_READ: Final = ("1%", "2%", "5%")
_NOTE: Final = (
    "Public development rows, drawn 200 times as a web with 34 needles in about 7,700 sites, and the written "
    "{part} part, written apart from the training texts, with the filler lines that development and check share. "
    "Nothing here was trained on; the lines and thresholds "
    "rest on the public rows and the written development part, so figures of public sources are not "
    "independent, and {chosen} The needles are composed of short fragments: the open web is different. In "
    "brackets the 95 % interval."
)
_CHOSEN: Final = {
    "check": "no text, shape or line was chosen by the check part (earlier versions were read on it too).",
    "development": "so do all choices made in building the model: these figures flatter it.",
}


def keep(folder: Path, found: Evaluation) -> None:
    """The evaluation stands beside the model it is of: as JSON, as plots, and in its README."""
    digest = artefacts.card(folder.parent.parent, f"{folder.parent.name}/{folder.name}").get(
        "digest"
    )
    if digest != found.model.digest:
        raise ModelDigestError(f"{folder} is not the model that was measured: evaluate again")
    readme = (folder / artefacts.README_FILE).read_text(encoding="utf-8")
    plots = found.drawn()
    for name, svg in plots.items():
        artefacts.replace(folder / name, svg.encode())
    plain = found.as_plain()
    data = json.dumps(plain, ensure_ascii=False, indent=1) + "\n"
    artefacts.replace(folder / artefacts.MEASURED_FILE, data.encode())
    text = with_measured(readme, plain, list(plots))
    artefacts.replace(folder / artefacts.README_FILE, text.encode())


def with_measured(readme: str, plain: Mapping[str, Any], plots: list[str]) -> str:
    """The README with these figures in the place of any older ones."""
    kept = readme.split(HEADING, maxsplit=1)[0].rstrip()
    part = plain["written_part"]
    note = _NOTE.format(part=part, chosen=_CHOSEN[part])
    return "\n".join([kept, "", HEADING, "", note, "", *_sections(plain, plots)]) + "\n"


def _sections(plain: Mapping[str, Any], plots: list[str]) -> list[str]:
    lines: list[str] = []
    for name, queue in plain["haystack"].items():
        if name in {OURS, KEYWORDS}:
            lines += [f"### Found after reading 1 / 2 / 5 %: {name}", "", *_queue(queue), ""]
    lines += [f"![{name.removesuffix('.svg')}]({name})" for name in plots]
    for title, key in (
        (
            "Average precision, composed pages against whole harmless ones",
            "average_precision_pages",
        ),
        (
            "Average precision, fragments alone, against harmless ones",
            "average_precision_fragments",
        ),
        (
            "Average precision, fragments alone, sentences of harmless pages among the others",
            "average_precision_sentences",
        ),
        ("Prevention, distress and promotion told apart", "confusions"),
    ):
        rows = [(name, [_figure(row), str(row["n"])]) for name, row in plain[key].items()]
        lines += ["", f"### {title}", "", *_table(["what", "share", "pages"], rows)]
    lines += _distress(plain["public_distress"])
    lines += _at_threshold(plain["at_threshold"])
    lines += _of_web(plain)
    errors = [(name, [f"{row['ece']:.3f}"]) for name, row in plain["reliability"].items()]
    if errors:
        lines += ["", "### Calibration error (ECE)", "", *_table(["category", "error"], errors)]
    return lines + _of_disguises(plain)


def _of_web(plain: Mapping[str, Any]) -> list[str]:
    """What became of whole sites: harmless ones opened for nothing, those of each source, those above a cut."""
    lines: list[str] = []
    alarms = [
        (kind, [_figure(row.get(lang)) for lang in ("kk", "ru", "en", "all")])
        for kind, row in plain["false_alarms"].items()
    ]
    if alarms:
        lines += ["", "### Harmless sites that open a review for nothing", ""]
        lines += _table(["kind", "kk", "ru", "en", "all"], alarms)
        sources = [
            (source, [_figure(row.get(side)) for side in ("harmful", "harmless")])
            for source, row in plain["by_source"].items()
        ]
        lines += ["", "### Sites that open a review, by public source", ""]
        lines += _table(["source", "of harmful", "of harmless"], sources)
    budgets = [(share, [_figure(row)]) for share, row in plain["read_for_a_budget"].items()]
    if budgets:
        lines += [
            "",
            "### Sites above a cut chosen for a budget, fresh sites, as a share of the budget",
            "",
        ]
        lines += _table(["budget", "read / budget"], budgets)
    return lines


def _of_disguises(plain: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    disguised = [
        (name, [_figure(row[column]) for column in row]) for name, row in plain["disguises"].items()
    ]
    if disguised:
        columns = list(next(iter(plain["disguises"].values())))
        lines += ["", "### Disguised words", "", *_table(["way", *columns], disguised), ""]
    lines += [
        f"- {name.replace('_', ' ')}: {v:.3f}" for name, v in plain["disguises_summary"].items()
    ]
    return lines


def _distress(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not found:
        return []
    rows = [
        (name, [*(_figure(figure) for figure in row.values()), str(row["referred"]["n"])])
        for name, row in found.items()
    ]
    columns = ["source", "opened as harm", "referred", "nothing opened", "posts"]
    return ["", "### Public posts by people in distress", "", *_table(columns, rows)]


def _at_threshold(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not found:
        return []
    rows = [
        (cell, [_figure(row["recall"]), _figure(row["precision"]), f"{row['f1']:.2f}"])
        for cell, row in found.items()
    ]
    note = "Precision holds for this made-up web, whose harmful pages are far from rare; elsewhere it is lower."
    columns = ["language and harm", "recall", "precision", "F1"]
    return ["", "### At the thresholds", "", note, "", *_table(columns, rows)]


def _queue(queue: Mapping[str, Any]) -> list[str]:
    rows = [
        ("public web alone", queue["public_web"]),
        ("total", queue["total"]),
        ("mean over language and harm", queue["mean_over_language_and_harm"]),
        *queue["cells"].items(),
    ]
    shown = [(name, [_figure(found[share]) for share in _READ]) for name, found in rows]
    alarms = (
        f"above the cut that finds 80 %: hard written pages "
        f"{_figure(queue['hard_written_above_80_cut'])}, hard public sites "
        f"{_figure(queue['hard_public_above_80_cut'])}."
    )
    saved = f"Work saved at 95 %: {_figure(queue['work_saved_at_95'])}"
    precision = f"average precision {_figure(queue['average_precision'])}"
    return [*_table(["needles", *_READ], shown), "", f"{saved}; {precision}; {alarms}"]


def _table(columns: list[str], rows: list[tuple[str, list[str]]]) -> list[str]:
    head = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return [*head, *("| " + " | ".join([name, *cells]) + " |" for name, cells in rows)]


def _figure(row: Mapping[str, Any] | None) -> str:
    if row is None or row["value"] is None:
        return "none there"
    return f"{row['value']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
