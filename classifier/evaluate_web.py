"""The haystack: a web of development rows built by an outside script, read from it through pipes.

The composed pages among its rows reach the script and come back through pipes, so that none is ever on disk.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from review_queue.errors import CorporaError

SCRIPT: Final = "haystack.py"
_OUTPUTS: Final = ("pages.jsonl", "truth.jsonl", "seeds.txt")
_ALL: Final = "1000000"  # needles: every one there is; how many a year has is drawn afterwards
_TWICE: Final = "2000000"
_WAIT_S: Final = 0.2


class Titled(Protocol):
    """What is used of an extracted page."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...


Extract = Callable[[bytes, str], Titled]


@dataclass(frozen=True, slots=True)
class Site:
    """One site of the web with what is known of it."""

    title: str
    text: str
    lang: str
    label: str
    source: str
    is_needle: bool


def build(
    script: Path, corpora_dir: Path, rows: Iterable[Mapping[str, Any]], extract: Extract
) -> list[Site]:
    """The web of the development rows in `corpora_dir` and of `rows`, read as the crawler reads pages."""
    paths = sorted(map(str, corpora_dir.glob("train.*.jsonl.gz")))
    if not paths:
        raise CorporaError(
            f"no train.LANG.jsonl.gz in {corpora_dir}: name the folder that has them"
        )
    with tempfile.TemporaryDirectory() as folder:
        for name in (*_OUTPUTS, "rows.jsonl"):
            os.mkfifo(Path(folder) / name)
        command = [sys.executable, str(script), folder, *paths, str(Path(folder) / "rows.jsonl")]
        with subprocess.Popen(  # noqa: S603 - the script named by the person at the keyboard
            [*command, "--dev", "--needles", _ALL, "--sites", _TWICE],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            pages, truth = _carried(process, Path(folder), rows)
            complaint = process.stderr.read().strip() if process.stderr else ""
        if process.returncode:
            last = complaint.splitlines()[-1] if complaint else f"exit code {process.returncode}"
            raise CorporaError(f"{script} failed: {last}")
    return [_site(page, known, extract) for page, known in zip(pages, truth, strict=True)]


def _carried(
    process: subprocess.Popen[str], folder: Path, rows: Iterable[Mapping[str, Any]]
) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """The lines of both outputs, while the rows are written to the script."""
    found: dict[str, bytes] = {}

    def collect(name: str) -> None:
        found[name] = _read(folder / name, process)

    threads = [threading.Thread(target=collect, args=(name,)) for name in _OUTPUTS]
    threads.append(threading.Thread(target=_write, args=(folder / "rows.jsonl", process, rows)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found["pages.jsonl"].splitlines(), found["truth.jsonl"].splitlines()


def _read(path: Path, process: subprocess.Popen[str]) -> bytes:
    """All that is written to the pipe, b"" where the process ends without opening it."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not selector.select(_WAIT_S):
            # Asked once more: it may have written and ended between the two questions.
            if process.poll() is not None and not selector.select(0):
                return b""
        os.set_blocking(fd, True)
        return pipe.read()


def _write(path: Path, process: subprocess.Popen[str], rows: Iterable[Mapping[str, Any]]) -> None:
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    ended = threading.Event()
    while not ended.wait(_WAIT_S):
        try:
            fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            if process.poll() is not None:
                return
            continue
        os.set_blocking(fd, True)
        try:
            with os.fdopen(fd, "wb") as pipe:
                pipe.write(lines)
        except BrokenPipeError:
            return  # its exit code says why
        ended.set()


def _site(page: bytes, truth: bytes, extract: Extract) -> Site:
    html, known = json.loads(page)["html"], json.loads(truth)
    read = extract(html.encode("utf-8", "replace"), "text/html; charset=utf-8")
    return Site(
        read.title,
        read.text,
        str(known["lang"]),
        str(known["kinds"][0]),
        str(known["source"]),
        bool(known["needle"]),
    )
