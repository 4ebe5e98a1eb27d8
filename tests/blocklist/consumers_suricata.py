"""Suricata as `blocklist.consumers` runs it, with the files of a test; a test skips where it is not installed."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from blocklist.consumers import programs
from blocklist.consumers.questions import Run
from blocklist.consumers.suricata import BINARY, FILES, PACKAGE, Ask, hello, over_quic, page, states
from blocklist.formats import FORMATS
from review_queue.records import Entry
from tests.blocklist.consumers_proxy import path_of
from tests.blocklist.samples import lines_of, passed

__all__ = [
    "FILES",
    "RULES",
    "SET",
    "Ask",
    "asked_for",
    "files",
    "found",
    "hello",
    "over_quic",
    "page",
    "ways",
]

RULES, SET = FORMATS["suricata"].files
_START_S: Final = 60.0


def files(*entries: Entry) -> dict[str, list[str]]:
    """The files of a list, their last checks passed."""
    return {name: passed("suricata", lines_of("suricata", entries, name), name) for name in FILES}


def found(lists: Mapping[str, Iterable[str]], asks: Sequence[Ask], end: str = "\n") -> list[str]:
    """What becomes of each connection with these lists, whose last line ends in `end`."""
    path_of(BINARY, PACKAGE)
    with programs.own_folder() as folder:
        written(folder / "lists", lists, end)
        told = states(asks, folder / "lists", Run(folder, time.monotonic() + _START_S))
    return [state for state, _ in told]


def written(folder: Path, lists: Mapping[str, Iterable[str]], end: str = "\n") -> None:
    """The new folder has the files."""
    folder.mkdir()
    for name, lines in lists.items():
        text = "".join(f"{line}\n" for line in lines)
        (folder / name).write_text(text if end else text[:-1], encoding="utf-8")


def asked_for(name: str) -> tuple[Ask, ...]:
    """What clients send for the name: browsers write it small, others as it was typed, and with a dot behind it."""
    return (
        hello(name),
        hello(name.upper()),
        hello(f"{name}."),
        hello(name, 8443),
        over_quic(name),
        over_quic(name.upper()),
        over_quic(f"{name}."),
        page(name),
        page(f"{name}:80"),
        page(f"{name.upper()}:8080", "/some/page?q", 8080),
        page(f"{name}."),
        page(f"{name}.:80"),
    )


def ways(name: str) -> tuple[Ask, ...]:
    """The three ways in which a browser asks for the name."""
    return hello(name), over_quic(name), page(name)
