"""Labelled sets read for a replay: JSON lines of one's own, or a folder that a haystack was built into."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from classifier.simulation import JudgedPage
from qalqan.classify import Extract, OnBadRow
from review_queue.errors import BadHostError, BadUrlError, UnreadableInputError
from review_queue.hosts import parse_host, parse_url
from review_queue.records import BadRow

PAGES_FILE: Final = "pages.jsonl"
TRUTH_FILE: Final = "truth.jsonl"
Row = dict[str, Any]


def labelled_set(path: Path, extract: Extract, on_bad_row: OnBadRow) -> Iterator[JudgedPage]:
    """Each good row of the file as a page; bad ones are told of and left out."""
    for number, row in _rows(path, on_bad_row):
        page = _page(row, row, extract)
        if isinstance(page, str):
            on_bad_row(BadRow(number, page))
        else:
            yield page


def haystack(folder: Path, extract: Extract, on_bad_row: OnBadRow) -> Iterator[JudgedPage]:
    """Each page of a folder with `pages.jsonl` and `truth.jsonl`; the kind is language and label."""
    truth = {
        row.get("site"): row for _, row in _rows(folder / TRUTH_FILE, on_bad_row) if "site" in row
    }
    for number, row in _rows(folder / PAGES_FILE, on_bad_row):
        site = _site(row)
        known = truth.get(site)
        if known is None:
            on_bad_row(BadRow(number, f"{site or 'a page without a site'} is not in {TRUTH_FILE}"))
            continue
        kinds = known.get("kinds")
        words = [str(known.get("lang", "")), *(kinds if isinstance(kinds, list) else [])]
        kind = " ".join(str(word) for word in words).strip()
        page = _page(row, {"needle": known.get("needle"), "kind": kind}, extract)
        if isinstance(page, str):
            on_bad_row(BadRow(number, page))
        else:
            yield page


def _page(row: Row, truth: Row, extract: Extract) -> JudgedPage | str:
    """The page, or why the row is none."""
    site = _site(row)
    if not site:
        return 'neither "site" nor "url" names a site'
    if not isinstance(truth.get("needle"), bool):
        return 'no "needle" that is true or false'
    html, text = row.get("html"), row.get("text")
    kind = str(truth.get("kind", ""))
    if isinstance(html, str):
        page = extract(html.encode("utf-8", "replace"), "text/html; charset=utf-8")
        return JudgedPage(site, page.title, page.text, truth["needle"], kind)
    if isinstance(text, str):
        return JudgedPage(site, "", text, truth["needle"], kind)
    return 'neither "html" nor "text" with text in it'


def _site(row: Row) -> str:
    try:
        if isinstance(row.get("site"), str):
            return parse_host(row["site"]).site
        return parse_url(row["url"]).host.site if isinstance(row.get("url"), str) else ""
    except (BadHostError, BadUrlError):
        return ""


def _rows(path: Path, on_bad_row: OnBadRow) -> Iterator[tuple[int, Row]]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    on_bad_row(BadRow(number, "not JSON"))
                    continue
                if isinstance(row, dict):
                    yield number, row
                else:
                    on_bad_row(BadRow(number, "not a JSON object"))
    except OSError as error:
        raise UnreadableInputError(f"{path}: {error.strerror}") from error
