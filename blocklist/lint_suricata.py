"""The last look at the rules and the hosts for Suricata, where one rule too wide drops everybody's connections.

A rule has one of a few shapes with nothing of ours in it but a name or a URL; with an option more it is refused.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known
from blocklist.lint_lines import START, WILDCARD, Place, fault, place_of, text_of
from review_queue.categories import Scope

_MOST_RULES: Final = 14_001
_MOST_BYTES: Final = 255  # of a content
_FIRST_SID: Final = 1_700_000
_RULE: Final = re.compile(
    r"drop (tls|http|quic) any any -> any (any|\d{1,5})"
    r' \(msg:"Qalqan block list"; (.*;) sid:(\d+); rev:(\d+);\)'
)
_END: Final = r'pcre:"/\^\\\.\?\$/R";'
_IN_TCP: Final = "flow:established,to_server;"
_TLS: Final = re.compile(
    rf'{_IN_TCP} tls\.sni; to_lowercase; dotprefix; content:"\.([a-z0-9._-]+)"; {_END}'
)
_SET_TLS: Final = re.compile(
    rf'{_IN_TCP} tls\.sni; to_lowercase; pcrexform:"\^\(\.\*\?\)\\\.\?\$";'
    r" dataset:isset,qalqan-hosts,type string,load suricata-hosts\.lst,hashsize \d{1,6};"
)
_URL: Final = re.compile(
    rf'{_IN_TCP} http\.host; to_lowercase; content:"([a-z0-9._-]+)"; startswith; {_END}'
    r' http\.uri\.raw; content:"([^";\\:!]+)"; bsize:(\d+);'
)
_HEX: Final = re.compile(r"\|([0-9A-F]{2}(?: [0-9A-F]{2})*)\|")

_Rules = Iterator[tuple[int, str, str, str]]  # line, protocol, port, what it matches


def check_rules(lines: Iterable[str], serial: int, _known: Known | None = None) -> int:
    """How many rules the file has, once every one is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    number, line = next(numbered, (1, "\n"))
    if not text_of(number, line).startswith("# "):
        raise fault(number, "is not the heading")
    rules = _rules(numbered, serial)
    last = START
    last_url = ""
    count = 0
    for number, protocol, port, what in rules:
        if found := _TLS.fullmatch(what):
            last = place_of(number, found[1], last)
            _check_twins(rules, number, what, protocol)
        elif _SET_TLS.fullmatch(what):
            _check_twins(rules, number, what, protocol)
        elif (found := _URL.fullmatch(what)) and protocol == "http":
            last_url = _url_of(number, port, found, last_url)
            count += 1
            continue
        else:
            raise fault(number, "is not a rule for a domain, for the hosts or for a URL")
        if port != "any":
            raise fault(number, "names a port, so a name stays open on all others")
        count += 3
    return count


def check_hosts(lines: Iterable[str], _serial: int, _known: Known | None = None) -> int:
    """How many exact hosts the file has, each in base64 as Suricata reads it.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    last: Place = START
    count = 0
    for number, line in enumerate(lines, start=1):
        text = text_of(number, line)
        try:
            name = base64.b64decode(text, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise fault(number, "is not a name in base64") from None
        if base64.b64encode(name.encode()).decode() != text or name.startswith(WILDCARD):
            raise fault(number, "is not an exact name in plain base64")
        last = place_of(number, name, last)
        count += 1
    return count


def _rules(numbered: Iterable[tuple[int, str]], serial: int) -> _Rules:
    """The rules of the file, each known to have a number of its own and the serial of the list."""
    for place, (number, line) in enumerate(numbered):
        found = _RULE.fullmatch(text_of(number, line))
        if found is None:
            raise fault(number, "is not a rule that drops a connection to what is listed")
        if place >= _MOST_RULES:
            raise fault(number, "is a rule more than Suricata can load in a moment")
        if (int(found[4]), int(found[5])) != (_FIRST_SID + place, serial):
            raise fault(number, "has a number of another rule or the serial of another list")
        yield number, found[1], found[2], found[3]


def _check_twins(rules: _Rules, number: int, what: str, protocol: str) -> None:
    """The next rules say for http and for quic what this one says for tls."""
    _, _, rest = what.partition(" tls.sni; ")
    wanted = (
        ("http", "any", f"{_IN_TCP} http.host; {rest}"),
        ("quic", "any", f"flow:to_server; quic.sni; {rest}"),
    )
    if protocol != "tls":
        raise fault(number, "leaves a name open in tls")
    for each in wanted:
        twin = next(rules, (number, "", "", ""))
        if twin[1:] != each:
            raise fault(twin[0], f"leaves a name open in {each[0]}")


def _url_of(number: int, port: str, found: re.Match[str], last: str) -> str:
    host, content, size = found.groups()
    path = _HEX.sub(lambda each: bytes.fromhex(each[1]).decode("latin-1"), content)
    plain = _HEX.sub("", content)
    if "|" in plain or not path.isascii() or not path.startswith("/"):
        raise fault(number, "has a content that is no path")
    if int(size) != len(path) or len(path) > _MOST_BYTES:
        raise fault(number, "has a size that is not that of its content")
    url = f"http://{host}{'' if port == '80' else ':' + port}{path}"
    reason = guards.refusal(Scope.URL, url)
    if reason:
        raise fault(number, f"has a URL that must not be listed: {reason}")
    if url <= last:
        raise fault(number, "repeats a URL or is out of order")
    return url
