"""The last look at the lists of the web proxies: Squid, squidGuard, e2guardian.

One line too wide and a proxy blocks everything; one name above another and Squid does not start. So names stand in
order, none below a listed domain, and an expression is read back to the one URL it may match.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known, Names, Shape, lies_below, shape_of
from blocklist.lint_lines import WILDCARD, fault, text_of
from blocklist.lint_packets import Networks
from review_queue.categories import Scope

_LONGEST_LINE: Final = (
    2000  # bytes; Squid cuts at 2047 and reads the rest as an expression of its own
)
_WHOLE: Final = re.compile(r"\^http://(?:[^.^$*+?()\[\]{}|\\]|\\[.^$*+?()\[\]{}|\\])*+\$")
_ESCAPED: Final = re.compile(r"\\(.)")
_BYTE_OR_PRINTABLE: Final = re.compile(r"[ -~\udc80-\udcff]+\n")

_SQUID: Final = shape_of(r"(?P<wide>\.)?(?P<name>)\n")
_DOMAINS_ONLY: Final = shape_of(r"(?P<name>)(?P<wide>\n)")

_Numbered = Iterator[tuple[int, str]]


def check_squid_domains(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many names the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    return _check_names(lines, ".", _SQUID, known)


def check_domains_only(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many names a file of squidGuard or e2guardian blocks, where each line is a name and all below it.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    return _check_names(lines, "", _DOMAINS_ONLY, known)


def check_squid_urls(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many URLs the file blocks, once each line is known to match one URL and nothing else.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_heading(numbered)
    last = ""
    count = 0
    for number, line in numbered:
        if not _BYTE_OR_PRINTABLE.fullmatch(line):
            raise fault(number, "is cut off, blank or has control characters")
        text = line[:-1]
        if len(text) > _LONGEST_LINE:
            raise fault(number, "is so long that Squid would read its end as another expression")
        _check_url(number, text, known)
        if text <= last:
            raise fault(number, "repeats an expression or is out of order")
        last = text
        count += 1
    return count


def check_squid_addresses(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many addresses and networks the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_heading(numbered)
    networks = Networks(known)
    for number, line in numbered:
        networks.add(number, text_of(number, line))
    return networks.count


def check_e2guardian_addresses(
    lines: Iterable[str], _serial: int, _known: Known | None = None
) -> int:
    """How many literal IPv4 hosts the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_heading(numbered)
    networks = Networks()
    for number, line in numbered:
        text = text_of(number, line)
        if "/" in text:
            raise fault(number, "is a network, and these lists name hosts")
        networks.add(number, text, (4,))
    return networks.count


def _check_heading(numbered: _Numbered) -> None:
    number, line = next(numbered, (1, "\n"))
    if not text_of(number, line).startswith("# "):
        raise fault(number, "is not the heading")


def _check_names(lines: Iterable[str], below: str, shape: Shape, known: Known | None) -> int:
    """How many names there are, each in its place; `below` is how a line that covers what lies below begins."""
    numbered = enumerate(lines, start=1)
    _check_heading(numbered)
    found = Names(known)
    names: list[tuple[int, str]] = []
    # of the names in a batch that has passed none lies below a domain of the whole list
    domains = set(known.of(Scope.DOMAIN)) if known else set()
    for number, line in found.unknown(numbered, shape):
        text = text_of(number, line)
        name = text.removeprefix(below)
        found.add(number, name, wide=text.startswith(below))
        _check_bare(number, name)
        names.append((number, name))
        if text.startswith(below):
            domains.add(name)
    _check_apart(names, domains)
    return found.count


def _check_bare(number: int, name: str) -> None:
    if name.startswith(WILDCARD):
        raise fault(number, "has a star, which these lists have no use for")


def _check_apart(names: Iterable[tuple[int, str]], domains: set[str]) -> None:
    for number, name in names:
        if lies_below(name, domains):
            raise fault(number, "has a name below a listed domain, which stops Squid")


def _check_url(number: int, text: str, known: Known | None) -> None:
    if not _WHOLE.fullmatch(text):
        raise fault(number, "is not one whole http URL between its anchors")
    url = _ESCAPED.sub(r"\1", text[1:-1])
    if "%" in url:
        raise fault(number, "has an escape, which Squid has undone before it compares")
    escaped = re.sub(r"[ \"<>]|[\udc80-\udcff]", _escape, url)
    if known and escaped in known.of(Scope.URL):
        return
    reason = guards.refusal(Scope.URL, escaped)
    if reason:
        raise fault(number, f"has a URL that must not be listed: {reason}")


def _escape(found: re.Match[str]) -> str:
    (byte,) = found.group().encode("ascii", "surrogateescape")
    return f"%{byte:02X}"
