"""The last look at a response policy zone: four head lines, then names in order, then triggers on addresses."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from blocklist import guards
from blocklist.lint_known import Known, Names, Shape, shape_of
from blocklist.lint_lines import LONGEST_NAME, WILDCARD, fault, text_of
from review_queue.categories import Scope

# An owner name, a dot and the provider's zone name of up to 63 characters must stay within that.
_LONGEST_OWNER: Final = LONGEST_NAME - 1 - 63
_SOA: Final = re.compile(r"@ SOA localhost\. nobody\.invalid\. ([1-9][0-9]{0,9})( [1-9][0-9]*){4}")
_HEAD: Final = (
    ("the heading", re.compile(r"; [ -~]*")),
    ("the $TTL", re.compile(r"\$TTL [1-9][0-9]{0,5}")),
    ("the SOA record", _SOA),
    ("the NS record", re.compile(r"@ NS localhost\.")),
)
_LARGEST_SERIAL: Final = 2**32 - 1
_TRIGGER: Final = ".rpz-ip"
_V4_PARTS: Final = 4


def _shape(action: str) -> Shape:
    rest = f" {re.escape(action)}\\n"
    return shape_of(
        rf"(?P<name>){rest}(?P<wide>\*\.(?P=name){rest})?",
        continues=(WILDCARD,),
        wild_lines=True,
    )


_NXDOMAIN: Final = "CNAME ."
_GARDEN: Final = "CNAME blocked.qalqan.invalid."
_SHAPES: Final = {action: _shape(action) for action in (_NXDOMAIN, _GARDEN)}


def check_nxdomain(lines: Iterable[str], serial: int, known: Known | None = None) -> int:
    """How many owner names the zone has, once every line is known to be harmless.

    Raises:
        ExportError: a line that some resolver would choke on, by number.
    """
    return _check_zone(lines, serial, _NXDOMAIN, known)


def check_garden(lines: Iterable[str], serial: int, known: Known | None = None) -> int:
    """How many owner names the zone has, once each is known to lead to the block page's name alone.

    Raises:
        ExportError: a line that some resolver would choke on, by number.
    """
    return _check_zone(lines, serial, _GARDEN, known)


def _check_zone(lines: Iterable[str], serial: int, action: str, known: Known | None) -> int:
    numbered = enumerate(lines, start=1)
    _check_head(numbered, serial)
    names = Names(known, _LONGEST_OWNER)
    last_network = ""
    networks = 0
    for number, line in names.unknown(numbered, _SHAPES[action]):
        owner, _, rest = text_of(number, line).partition(" ")
        if rest != action:
            raise fault(number, f"is not a name followed by `{action}`")
        if owner.endswith(_TRIGGER):
            last_network = _network_of(number, owner, last_network, known)
            networks += 1
            names.end()
        elif last_network:
            raise fault(number, "has a name after the rules on addresses")
        else:
            names.add(number, owner)
    return names.count + networks


def _check_head(numbered: Iterator[tuple[int, str]], serial: int) -> None:
    for what, pattern in _HEAD:
        number, line = next(numbered, (0, "\n"))
        found = pattern.fullmatch(text_of(number, line))
        if found is None:
            raise fault(number, f"is not {what}")
        if pattern is _SOA and not int(found[1]) == serial <= _LARGEST_SERIAL:
            raise fault(number, f"does not have the serial {serial} of this export")


def _network_of(number: int, owner: str, last: str, known: Known | None) -> str:
    """The address or network the trigger stands for, which must come after `last`."""
    text = _written_forwards(owner.removesuffix(_TRIGGER))
    name = _known_network(text, known) or _guarded_network(number, text)
    if name <= last:
        raise fault(number, "repeats a network or is out of order")
    return name


def _known_network(text: str, known: Known | None) -> str:
    """The name of an address or a network of the canonical list; empty where it is in none."""
    if not known:
        return ""
    if text in known.of(Scope.CIDR):
        return text
    address, _, length = text.partition("/")
    is_one = length == ("128" if ":" in address else "32")
    return address if is_one and address in known.of(Scope.IP) else ""


def _guarded_network(number: int, text: str) -> str:
    """The name of an address or a network that may be listed."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise fault(
            number,
            "has a rule on addresses that is not a prefix length, an address backwards and rpz-ip;"
            " without the length PowerDNS Recursor does not start",
        ) from None
    if text != str(network):
        raise fault(number, f"has a rule on addresses not in its normal form, which is {network}")
    is_one = network.prefixlen == network.max_prefixlen
    name = str(network.network_address) if is_one else text
    reason = guards.refusal(Scope.IP if is_one else Scope.CIDR, name)
    if reason:
        raise fault(number, f"has a network that must not be listed: {reason}")
    return name


def _written_forwards(trigger: str) -> str:
    prefix, *labels = trigger.split(".")
    labels.reverse()
    if "" in labels:  # two dots: no name, though it would read as `::`
        return ""
    if len(labels) == _V4_PARTS and "".join(labels).isdecimal():
        return f"{'.'.join(labels)}/{prefix}"
    text = f":{':'.join(labels)}:".replace(":zz:", "::")
    start = labels[:1] != ["zz"]
    end = len(text) - (labels[-1:] != ["zz"])
    return f"{text[start:end]}/{prefix}"
