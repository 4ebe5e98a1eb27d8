"""Pages in, scores out, one JSON line each, without a store and in constant memory."""

import errno
import fcntl
import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final, NoReturn, Protocol, TextIO

from classifier.scoring import Scorer
from review_queue.errors import NO_ROOM, BadUrlError, DiskFullError, UnreadableInputError
from review_queue.hosts import parse_url
from review_queue.records import BadRow, PageScore

_BATCH: Final = 64
_LONGEST_LINE: Final = 32 * 1024 * 1024  # bytes; a line without end must not fill the memory
_PARTS: Final = f".qalqan-{'[0-9a-f]' * 16}.part"
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
        on_bad_row: called at once with each row that is left out, and with each empty page.
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
        if not (parsed.title or parsed.text).strip():
            on_bad_row(BadRow(number, "empty page, scored as one without words"))
        batch.append(parsed)
        if len(batch) == _BATCH:
            scored += _flush(batch, out, scorer)
            batch = []
    return ClassifyReport(scored + _flush(batch, out, scorer), left_out)


def classify_file(
    source: str, target: str, scorer: Scorer, extract: Extract, on_bad_row: OnBadRow
) -> ClassifyReport:
    """The scores of the pages in `source` are in `target`, whole or not at all; "-" is a pipe.

    A link is followed and a device or a FIFO written straight to; a file changes only once all is written.

    Raises:
        UnreadableInputError: a file cannot be read or written, or holds no row that can be scored.
        DiskFullError: there is no room for the scores.
    """
    with _opened(source) as rows, _written(target) as out:
        report = classify(rows, out, scorer, extract, on_bad_row)
        if not report.scored:
            raise UnreadableInputError(
                f"no page could be scored in {'standard input' if source == STANDARD else source}: "
                'give JSON lines with "url" and "html" or "text"'
            )
    return report


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if source == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115  # closed below; an error of the block is not one of opening
    except OSError as error:
        raise UnreadableInputError(
            f"cannot read {source}: {error.strerror}; check the name and its rights"
        ) from error
    with file:
        yield file


@contextmanager
def _written(target: str) -> Iterator[TextIO]:
    try:
        if target in (STANDARD, "/dev/stdout"):
            with _standard_output() as out:
                yield out
        elif not target or Path(target).is_dir():
            raise UnreadableInputError(f"{target or '.'} is a folder; name a file to write to")
        elif Path(target).exists() and not stat.S_ISREG(Path(target).stat().st_mode):
            with Path(target).open("w", encoding="utf-8", newline="\n") as out:
                yield out
        else:
            with _replaced(_followed(target)) as out:
                yield out
    except BrokenPipeError:
        raise  # the reader of our output is gone: nothing is wrong with the files
    except OSError as error:
        _explain(target, error)


def _followed(target: str) -> Path:
    try:
        return Path(target).resolve()
    except RuntimeError:  # so Python before 3.13 says that links lead in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    if isinstance(sys.stdout, TextIOWrapper):  # the result must not depend on the locale
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError:
        # what cannot be written must not be tried again, and told of again, when the process ends
        with suppress(OSError):
            sys.stdout.close()
        raise


@contextmanager
def _replaced(path: Path) -> Iterator[TextIO]:
    """A new file that takes the place, and the rights, of `path` when the block ends well."""
    _sweep(path.parent)
    part = path.with_name(f".qalqan-{secrets.token_hex(8)}.part")
    try:
        with _held(part) as file:
            if path.exists():
                part.chmod(stat.S_IMODE(path.stat().st_mode))
            yield file
            file.flush()
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _held(part: Path) -> TextIO:
    """The new file `part`, locked until it is closed: so others see that its writer lives."""
    while True:
        file = part.open("x", encoding="utf-8", newline="\n")
        with suppress(
            OSError
        ):  # a file system without locks: nobody can take it for left behind there
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        file.close()  # another run swept it away before it was locked


def _sweep(folder: Path) -> None:
    """What runs that were killed left in `folder` is gone; what a living one writes stays."""
    for part in folder.glob(_PARTS):
        with suppress(OSError):  # of another user, or gone by itself
            held = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink()
            finally:
                os.close(held)


def _explain(target: str, error: OSError) -> NoReturn:
    name = "standard output" if target == STANDARD else target
    if error.errno in NO_ROOM:
        raise DiskFullError(
            f"no room left to write {name}; free some space and run the same command again"
        ) from error
    if error.errno == errno.ENOENT:
        raise UnreadableInputError(
            f"cannot write {name}: its folder does not exist; make it or name another file"
        ) from error
    raise UnreadableInputError(
        f"cannot write {name}: {error.strerror}; check the rights of its folder or name another file"
    ) from error


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
        "moves": list(score.moves),
        "disguised": score.disguised,
    }
    return json.dumps(shown, ensure_ascii=False) + "\n"


def _lines(rows: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := _next(rows):
        number += 1
        yield number, line
        while len(line) > _LONGEST_LINE and not line.endswith(b"\n"):
            line = _next(rows)


def _next(rows: BinaryIO) -> bytes:
    try:
        return rows.readline(_LONGEST_LINE + 1)
    except OSError as error:
        raise UnreadableInputError(
            f"the pages cannot be read to their end: {error.strerror}; copy them and try again"
        ) from error


def _too_long(line: bytes) -> str:
    limit = _LONGEST_LINE // (1024 * 1024)
    return f"longer than {limit} MB" if len(line) > _LONGEST_LINE else ""


def _parsed(line: bytes, extract: Extract) -> _Row | str:
    """The row, or why it is none."""
    try:
        row = json.loads(line)
    except UnicodeDecodeError:
        return "not UTF-8"
    except json.JSONDecodeError:
        return "not JSON"
    except RecursionError:
        return "JSON nested too deep to be read"
    except ValueError:
        return f"a number of more than {sys.get_int_max_str_digits():,} digits"
    if not isinstance(row, dict):
        return "not a JSON object"
    url, html, text = row.get("url"), row.get("html"), row.get("text")
    if not isinstance(url, str):
        return 'no "url"'
    url = _clean(url).strip()
    try:
        site = parse_url(url).host.site
    except BadUrlError as error:
        return str(error)
    if isinstance(html, str):
        page = extract(_clean(html).encode(), "text/html; charset=utf-8")
        return _Row(url, site, page.title, page.text)
    if isinstance(text, str):
        return _Row(url, site, "", _clean(text))
    return 'neither "html" nor "text" with text in it'


def _clean(text: str) -> str:
    # JSON may hold half a surrogate pair, which no output encoding can carry.
    return text.encode("utf-8", "replace").decode()
