r"""Lists for Squid, each a file for an `acl`: names for `dstdomain -n`, URLs for `url_regex`, addresses for `dst`.

The grammar is that of squid.conf(5) and of Squid 5.7's sources. `.name` is the name and everything below it. A URL
is one anchored POSIX expression. Squid undoes the escapes of a request once before it compares
(`rfc1738_unescape`), so an expression is written for the text without them; a URL whose escapes stand for a
character that means something else bare (`%2F`) is left out, since it would become another page's address. Only the
bytes of letters outside ASCII are not printable ASCII in that file. Of https a proxy sees the host alone.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from blocklist import coverage
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

LONGEST_LINE: Final = (
    2000  # Squid reads a longer one (CONFIG_LINE_LIMIT, 2048) as two, the second without an anchor
)
_SPECIAL: Final = re.compile(r"[.^$*+?()\[\]{}|\\]")
# what an escape may stand for and still be the same address: what needs no escape (RFC 3986, 2.3) and what never
# stands bare in a URL
_SAME_BARE: Final = re.compile(rb"[A-Za-z0-9._~ \"<>\x80-\xff-]")
_PERCENT: Final = re.compile(r"%(?:[0-9A-Fa-f]{2})?")


def _against(name: str) -> str:
    if not name.startswith("http://"):
        return "of an https request a proxy sees only the host"
    if "%" in name and not all(map(_is_same_bare, _PERCENT.findall(name))):
        return "it has a percent sign or an escape that Squid cannot tell from another address"
    # each character takes two at the most
    if 2 * len(name) + 2 > LONGEST_LINE and len(_expression(name)) > LONGEST_LINE:
        return (
            f"its expression is longer than {LONGEST_LINE} characters, which Squid would cut in two"
        )
    return ""


def _is_same_bare(escape: str) -> bool:
    return len(escape) > 1 and bool(_SAME_BARE.fullmatch(unquote_to_bytes(escape)))


CAPABILITY: Final = Capability(
    scopes=frozenset(Scope),
    addresses=False,
    a_line_means=(
        "`name` is that exact host, `.name` also everything below it; an expression is one http URL;"
        " an address or network is whatever is reached there"
    ),
    against={Scope.URL: _against},
)


def _domains(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield from (f".{name}" if is_domain else name for name, is_domain in coverage.covering(view))


def _urls(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield from sorted({_expression(url) for url in view.of(Scope.URL)})


def _addresses(view: View) -> Iterator[str]:
    yield f"# {view.heading.title}"
    yield from coverage.networks(view)


def _expression(url: str) -> str:
    """The expression that matches this URL, as Squid has it once its escapes are undone, and no other."""
    bare = unquote_to_bytes(url).decode("ascii", "surrogateescape") if "%" in url else url
    return "^" + _SPECIAL.sub(r"\\\g<0>", bare) + "$"


FORMAT: Final = Format(
    "squid",
    {"squid-dstdomain.txt": _domains, "squid-url.txt": _urls, "squid-dst.txt": _addresses},
    CAPABILITY,
)
