"""Pages in, scores out, one JSON line each, without a store and in constant memory."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, Protocol, TextIO

from classifier.scoring import Scorer
from review_queue.errors import BadUrlError, UnreadableInputError
from review_queue.hosts import parse_url
from review_queue.records import BadRow, PageScore

_BATCH: Final = 64
_LONGEST_LINE: Final = 32 * 1024 * 1024  # bytes; a line without end must not fill the memory
STANDARD: Final = "-"


class Titled(Protocol):
    """What is used of an extracted page."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...


Extract = Callable[[bytes, str], Titled]
OnBadRow = Callable[[BadRow], None]


@dataclass(frozen=True, slots=True)
class ClassifyReport:
    """How many rows were scored and how many were left out."""

    scored: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Row:
    url: str
    site: str
    title: str
    text: str


def classify(
    rows: BinaryIO, out: TextIO, scorer: Scorer, extract: Extract, on_bad_row: OnBadRow
) -> ClassifyReport:
    """Every good row of `rows` has its line in `out`, in the order they came; bad ones are told of.

    Args:
        rows: JSON lines with "url" and either "html" or "text".
        out: where the lines are written.
        scorer: the model.
        extract: title and text of an HTML body and its content type.
        on_bad_row: called at once with each row that is left out.
    """
    scored = left_out = 0
    batch: list[_Row] = []
    for number, line in _lines(rows):
        if not line.strip():
            continue
        parsed = _too_long(line) or _parsed(line, extract)
        if isinstance(parsed, str):
            left_out += 1
            on_bad_row(BadRow(number, parsed))
            continue
        batch.append(parsed)
        if len(batch) == _BATCH:
            scored += _flush(batch, out, scorer)
            batch = []
    return ClassifyReport(scored + _flush(batch, out, scorer), left_out)


def classify_file(
    source: str, target: str, scorer: Scorer, extract: Extract, on_bad_row: OnBadRow
) -> ClassifyReport:
    """The scores of the pages in `source` are in `target`, whole or not at all; "-" is a pipe.

    Raises:
        UnreadableInputError: a file cannot be opened or written, or holds no row that can be scored.
    """
    try:
        with _opened(source) as rows, _written(target) as out:
            report = classify(rows, out, scorer, extract, on_bad_row)
            if not report.scored:
                raise UnreadableInputError(
                    f"no page could be scored in {'standard input' if source == STANDARD else source}: "
                    'give JSON lines with "url" and "html" or "text"'
                )
    except BrokenPipeError:
        raise  # the reader of our output is gone: nothing is wrong with the files
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnreadableInputError(f"{error.filename or target}: {reason}") from error
    return report


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == STANDARD:
        yield sys.stdin.buffer
        return
    with Path(source).open("rb") as file:
        yield file


@contextmanager
def _written(target: str) -> Iterator[TextIO]:
    if target == STANDARD:
        if isinstance(sys.stdout, TextIOWrapper):  # the result must not depend on the locale
            sys.stdout.reconfigure(encoding="utf-8")
        yield sys.stdout
        return
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _flush(batch: Sequence[_Row], out: TextIO, scorer: Scorer) -> int:
    scores = scorer.score([(row.title, row.text) for row in batch])
    out.writelines(_line(row, score) for row, score in zip(batch, scores, strict=True))
    return len(batch)


def _line(row: _Row, score: PageScore) -> str:
    shown = {
        "url": row.url,
        "site": row.site,
        "lang": score.lang,
        "scores": {harm.value: p for harm, p in score.scores.items()},
        "stance": {stance.value: p for stance, p in score.stance.items()},
        "risk": score.risk,
        "evidence": [sentence.text for sentence in score.evidence],
    }
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _lines(rows: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := rows.readline(_LONGEST_LINE + 1):
        number += 1
        yield number, line
        while len(line) > _LONGEST_LINE and not line.endswith(b"\n"):
            line = rows.readline(_LONGEST_LINE + 1)


def _too_long(line: bytes) -> str:
    limit = _LONGEST_LINE // (1024 * 1024)
    return f"longer than {limit} MB" if len(line) > _LONGEST_LINE else ""


def _parsed(line: bytes, extract: Extract) -> _Row | str:
    """The row, or why it is none."""
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        return "not UTF-8"
    except (ValueError, RecursionError):
        return "not JSON"
    if not isinstance(row, dict):
        return "not a JSON object"
    url, html, text = row.get("url"), row.get("html"), row.get("text")
    if not isinstance(url, str):
        return 'no "url"'
    try:
        site = parse_url(url).host.site
    except BadUrlError as error:
        return str(error)
    if isinstance(html, str):
        page = extract(_clean(html).encode(), "text/html; charset=utf-8")
        return _Row(_clean(url), site, page.title, page.text)
    if isinstance(text, str):
        return _Row(_clean(url), site, "", _clean(text))
    return 'neither "html" nor "text" with text in it'


def _clean(text: str) -> str:
    # JSON may hold half a surrogate pair, which no output encoding can carry.
    return text.encode("utf-8", "replace").decode()
