"""The list as keyed hashes, for readers who must not hold a directory of harmful sites.

The idea is Safe Browsing's: a reader makes the expressions that could list a URL, hashes each, and compares. Two things
differ. Safe Browsing's hosts and paths stand for all that lies below them; here an expression names its scope, so an
exact host is never widened. And names are easily guessed, so a plain hash hides nothing: each provider has a key of its
own, and the hash is HMAC-SHA-256 under it, of which the list has the first bytes.

The grammar of the file: one head line, one lower-case hexadecimal prefix a line, sorted, each once, and one end line
with their number, so that a file cut off shows.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from blocklist.rendering import Heading, View
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadUrlError, ExportError
from review_queue.hosts import Host, parse_url

# 8 bytes: among 1,000,000 entries a look-up of 10 expressions hits by chance once in 1.8 * 10**12
SHORTEST: Final = 8
LONGEST: Final = 32
PREFIX_BYTES: Final = 16
_VERSION: Final = 1
_HEAD: Final = re.compile(
    r"# qalqan hashes 1, serial ([0-9]+), made ([^ ,]+), not after ([^ ,]*), hmac-sha256,"
    r" ([0-9]+) bytes, key ([0-9a-f]{16})"
)
_END: Final = re.compile(r"# end, ([0-9]+) hashes")


@dataclass(frozen=True, slots=True)
class Hashed:
    """A list of hashes as a reader holds it."""

    serial: int
    created: str
    not_after: str
    prefix_bytes: int
    key_id: str
    prefixes: frozenset[bytes] = field(repr=False)


def key_id(key: bytes) -> str:
    """By which a reader sees that a list was made under the key it holds; says nothing of the key."""
    return _hmac(key, "key id")[:8].hex()


def lines(view: View, key: bytes, prefix_bytes: int = PREFIX_BYTES) -> Iterator[str]:
    """The lines of the file for the holder of `key`."""
    return lines_of(view.heading, prefixes(view.names, key, prefix_bytes), key, prefix_bytes)


def prefixes(
    names: Mapping[Scope, Iterable[str]], key: bytes, prefix_bytes: int = PREFIX_BYTES
) -> set[bytes]:
    """What stands in the file for these names.

    Raises:
        ExportError: a prefix of so many bytes is too short or too long.
    """
    if not SHORTEST <= prefix_bytes <= LONGEST:
        raise ExportError(
            f"a prefix of {prefix_bytes} bytes cannot be used, choose {SHORTEST} to {LONGEST}:"
            " a shorter one would block by chance what nobody decided about"
        )
    return {
        _hmac(key, f"{scope} {name}")[:prefix_bytes]
        for scope, several in names.items()
        for name in several
    }


def lines_of(
    heading: Heading, found: Collection[bytes], key: bytes, prefix_bytes: int
) -> Iterator[str]:
    """The lines of the file with these prefixes, which are of that key and size."""
    yield (
        f"# qalqan hashes {_VERSION}, serial {heading.serial}, made {heading.created},"
        f" not after {heading.not_after}, hmac-sha256, {prefix_bytes} bytes, key {key_id(key)}"
    )
    for prefix in sorted(found):
        yield prefix.hex()
    yield f"# end, {len(found)} hashes"


def read(text: Iterable[str]) -> Hashed:
    """The list that stands in the lines, each with its end, known to be whole.

    Raises:
        ExportError: it is cut off, or a line is anything else.
    """
    rows = iter(text)
    head = _HEAD.fullmatch(_row(1, next(rows, "\n")))
    if head is None:
        raise ExportError("line 1 of the hashes is not their head; fetch the file again")
    size = int(head[4])
    prefixes: list[bytes] = []
    end = None
    for number, line in enumerate(rows, start=2):
        row = _row(number, line)
        if end is not None:
            raise ExportError(f"line {number} of the hashes stands after their end")
        end = _END.fullmatch(row)
        if end is None:
            prefixes.append(_prefix(number, row, size, prefixes[-1] if prefixes else b""))
    if end is None or int(end[1]) != len(prefixes):
        raise ExportError("the hashes are cut off; fetch the file again")
    return Hashed(int(head[1]), head[2], head[3], size, head[5], frozenset(prefixes))


def expressions(url: str) -> list[str]:
    """Everything that could list this URL: itself, its host, the names its host lies below, its address.

    Raises:
        BadUrlError, BadHostError: it is no http or https URL.
    """
    host = parse_url(url).host
    try:
        whole = [f"{Scope.URL} {normal(Scope.URL, url)}"]
    except BadUrlError:
        whole = []  # longer than any listed URL: only its host can be listed
    return [*whole, f"{Scope.HOST} {host.name}", *_around(host)]


def address_expressions(address: str) -> list[str]:
    """Everything that could list an address: itself and each network around it.

    Raises:
        BadHostError: it is no address.
    """
    name = normal(Scope.IP, address)
    longest = ipaddress.ip_address(name).max_prefixlen
    networks = (
        ipaddress.ip_network((name, length), strict=False) for length in range(longest - 1, 0, -1)
    )
    return [f"{Scope.IP} {name}", *(f"{Scope.CIDR} {network}" for network in networks)]


def matches(url: str, key: bytes, hashed: Hashed) -> bool:
    """Whether the list blocks this URL.

    Raises:
        BadUrlError, BadHostError: it is no http or https URL.
        ExportError: the list was made under another key.
    """
    return _any_listed(expressions(url), key, hashed)


def matches_address(address: str, key: bytes, hashed: Hashed) -> bool:
    """Whether the list blocks this address.

    Raises:
        BadHostError: it is no address.
        ExportError: the list was made under another key.
    """
    return _any_listed(address_expressions(address), key, hashed)


def _around(host: Host) -> Iterator[str]:
    if host.is_ip:
        yield from address_expressions(host.name)
        return
    labels = host.name.split(".")
    for first in range(len(labels)):
        yield f"{Scope.DOMAIN} {'.'.join(labels[first:])}"


def _any_listed(texts: Iterable[str], key: bytes, hashed: Hashed) -> bool:
    if not hmac.compare_digest(key_id(key), hashed.key_id):
        raise ExportError(f"the hashes were made under another key, {hashed.key_id}")
    return any(_hmac(key, text)[: hashed.prefix_bytes] in hashed.prefixes for text in texts)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _row(number: int, line: str) -> str:
    if not line.endswith("\n"):
        raise ExportError(f"line {number} of the hashes is cut off; fetch the file again")
    return line[:-1]


def _prefix(number: int, row: str, size: int, last: bytes) -> bytes:
    found = bytes.fromhex(row) if re.fullmatch("[0-9a-f]+", row) and not len(row) % 2 else b""
    if len(found) != size or found <= last:
        raise ExportError(f"line {number} of the hashes is no hash of {size} bytes in its order")
    return found
