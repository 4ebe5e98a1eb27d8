"""The last look at the lists of the name servers that have no zone file: Unbound, dnsmasq, AdGuard.

Each is a configuration language, in which one line more than a name can do anything. So a line is one of two or three
shapes, the name in it is a name, and nothing else passes.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known, Names, shape_of
from blocklist.lint_lines import fault, text_of
from review_queue.categories import Scope

_NAME: Final = r"([^ \"/,|^]*)"
_UNBOUND_DOMAIN: Final = re.compile(rf'local-zone: "{_NAME}" always_nxdomain')
_UNBOUND_HOST: Final = re.compile(rf'local-zone: "{_NAME}" transparent')
_UNBOUND_ADDRESSES: Final = ("A 0.0.0.0", "AAAA ::")
_DNSMASQ_DOMAIN: Final = re.compile(rf"address=/{_NAME}/")
_ADGUARD_NAME: Final = re.compile(rf"\|\|?{_NAME}\^")
_ADGUARD_V4: Final = re.compile(r"\|([0-9.]+)\^")
_ADGUARD_V6: Final = re.compile(r"\|([0-9a-f:]+)\|")

_UNBOUND: Final = shape_of(
    r'local-zone: "(?P<name>)" (?:(?P<wide>always_nxdomain)\n'
    r'|transparent\nlocal-data: "(?P=name) 300 IN A 0\.0\.0\.0"\n'
    r'local-data: "(?P=name) 300 IN AAAA ::"\n)',
    continues=("local-data",),
)
_DNSMASQ: Final = shape_of(r"address=/(?P<name>)(?P<wide>/)\n")
_ADGUARD: Final = shape_of(r"\|(?P<wide>\|)?(?P<name>)\^\n")

_Numbered = Iterator[tuple[int, str]]


def check_unbound(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many names the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_heading(numbered, "# ")
    number, line = next(numbered, (2, "\n"))
    if text_of(number, line) != "server:":
        raise fault(number, "is not the `server:` all other lines belong to")
    names = Names(known)
    unknown = names.unknown(numbered, _UNBOUND)
    for number, line in unknown:
        text = text_of(number, line)
        host = _UNBOUND_HOST.fullmatch(text)
        found = host or _UNBOUND_DOMAIN.fullmatch(text)
        if found is None:
            raise fault(number, "is not a local zone of NXDOMAIN or of one exact host")
        names.add(number, found[1], wide=not host)
        _check_bare(number, found[1])
        if host:
            _check_unbound_data(unknown, number, host[1])
    return names.count


def check_dnsmasq(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many names the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_heading(numbered, "# ")
    names = Names(known)
    for number, line in names.unknown(numbered, _DNSMASQ):
        text = text_of(number, line)
        found = _DNSMASQ_DOMAIN.fullmatch(text)
        if found is None:
            raise fault(number, "is not `address=/NAME/`")
        names.add(number, found[1], wide=True)
        _check_bare(number, found[1])
    return names.count


def check_adguard(lines: Iterable[str], _serial: int, known: Known | None = None) -> int:
    """How many names and addresses the file blocks, once every line is known to be harmless.

    Raises:
        ExportError: a line that is anything else, by number.
    """
    numbered = enumerate(lines, start=1)
    _check_heading(numbered, "! ")
    names = Names(known)
    last_address = ""
    addresses = 0
    for number, line in names.unknown(numbered, _ADGUARD):
        text = text_of(number, line)
        address = _ADGUARD_V4.fullmatch(text) or _ADGUARD_V6.fullmatch(text)
        name = _ADGUARD_NAME.fullmatch(text)
        if address:
            last_address = _address_of(number, address[1], last_address, known)
            addresses += 1
            names.end()
        elif name and not last_address:
            names.add(number, name[1], wide=text.startswith("||"))
            _check_bare(number, name[1])
        else:
            raise fault(number, "is not a rule for one name, or for one address after the names")
    return names.count + addresses


def _check_heading(numbered: _Numbered, mark: str) -> None:
    number, line = next(numbered, (1, "\n"))
    if not text_of(number, line).startswith(mark):
        raise fault(number, "is not the heading")


def _check_bare(number: int, name: str) -> None:
    if name.startswith("*"):
        raise fault(number, "has a star, which these lists have no use for")


def _check_unbound_data(numbered: _Numbered, zone: int, name: str) -> None:
    for data in _UNBOUND_ADDRESSES:
        number, line = next(numbered, (zone, "\n"))
        if text_of(number, line) != f'local-data: "{name} 300 IN {data}"':
            raise fault(number, f"is not the {data.split()[0]} record of the exact host above it")


def _address_of(number: int, address: str, last: str, known: Known | None) -> str:
    is_known = known and address in known.of(Scope.IP)
    if not is_known and (reason := guards.refusal(Scope.IP, address)):
        raise fault(number, f"has an address that must not be listed: {reason}")
    if address <= last:
        raise fault(number, "repeats an address or is out of order")
    return address
