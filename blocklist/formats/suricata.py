"""Rules and a set of hosts for Suricata 7 in its inline mode: connections to what is listed are dropped.

The grammar is that of Suricata's user guide. A domain is matched in the name a TLS client asks for, over TCP and over
QUIC, and in the host of an http request: `dotprefix` puts a dot before it, so `.name` at its end is the name and all
below it. Exact hosts are one `dataset`, a file of base64 strings. A path is matched byte for byte with `bsize`, on its
own port, in clear http.

Suricata 7.0.10 leaves a host in capitals where a port follows it, and all buffers have the dot that Chromium sends
behind a name that was typed with one; so each is put in lower case and may end in a dot. `pcrexform` takes the dot away
for the set alone: it makes a buffer of each rule, and 600 such rules took 0.5 GB. Suricata loads 14,000 rules in 4 s of
one core and 100,000 in half a minute, so there are no more than that.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

from blocklist import coverage
from blocklist.rendering import Capability, Format, View
from review_queue.categories import Scope

MOST_DOMAINS: Final = 4_000  # three rules each
MOST_URLS: Final = 1_998  # one rule each; three more are for all hosts
_FIRST_SID: Final = 1_700_000  # of the numbers set aside for local rules
_LARGEST_CONTENT: Final = 255
_END: Final = r'pcre:"/^\.?$/R";'  # after the content before it
_NO_DOT: Final = r'to_lowercase; pcrexform:"^(.*?)\.?$";'
_IN_TCP: Final = "flow:established,to_server;"
_BUFFERS: Final = (
    ("tls", f"{_IN_TCP} tls.sni;"),
    ("http", f"{_IN_TCP} http.host;"),
    ("quic", "flow:to_server; quic.sni;"),  # the name comes before the server has answered
)
_HASH_SIZES: Final = (1024, 262_144)  # what the hash of a dataset may be set to here
_TO_HEX: Final = re.compile(r"[^A-Za-z0-9/._-]+")
_URL: Final = re.compile(r"http://([a-z0-9._-]+)(?::(\d+))?(/.*)")


def _against(name: str) -> str:
    if not name.startswith("http://"):
        return "of an https request only the host can be seen on the wire"
    found = _URL.fullmatch(name)
    if found is None:
        return "its host is an IPv6 address or no name of the DNS, which these rules do not say"
    if len(found[3]) > _LARGEST_CONTENT:
        return f"what follows the host is longer than {_LARGEST_CONTENT} bytes"
    return ""


CAPABILITY: Final = Capability(
    scopes=frozenset({Scope.HOST, Scope.DOMAIN, Scope.URL}),
    addresses=False,
    a_line_means=(
        "a rule is a domain with all below it or one http URL, the set has exact hosts;"
        " addresses are better dropped by a packet filter"
    ),
    against={Scope.URL: _against},
    at_most={Scope.DOMAIN: MOST_DOMAINS, Scope.URL: MOST_URLS},
)


def _rules(view: View) -> Iterator[str]:
    heading = view.heading
    yield f"# {heading.title}"
    for place, (proto, port, what) in enumerate(_matches(view)):
        yield (
            f'drop {proto} any any -> any {port} (msg:"Qalqan block list";'
            f" {what} sid:{_FIRST_SID + place}; rev:{heading.serial};)"
        )


def _matches(view: View) -> Iterator[tuple[str, str, str]]:
    """Protocol, port and what is matched, for each rule."""
    for name in coverage.domains(view):
        for proto, buffer in _BUFFERS:
            yield proto, "any", f'{buffer} to_lowercase; dotprefix; content:".{name}"; {_END}'
    if hosts := sum(1 for _ in coverage.exact_hosts(view)):
        size = min(max(hosts, _HASH_SIZES[0]), _HASH_SIZES[1])
        options = f"type string,load suricata-hosts.lst,hashsize {size}"
        for proto, buffer in _BUFFERS:
            yield proto, "any", f"{buffer} {_NO_DOT} dataset:isset,qalqan-hosts,{options};"
    for url in view.of(Scope.URL):
        found = _URL.fullmatch(url)
        if found:
            host, port, path = found.groups()
            content = _TO_HEX.sub(_in_hex, path)
            what = f'{_IN_TCP} http.host; to_lowercase; content:"{host}"; startswith; {_END}'
            page = f'http.uri.raw; content:"{content}"; bsize:{len(path)};'
            yield "http", port or "80", f"{what} {page}"


def _in_hex(found: re.Match[str]) -> str:
    return f"|{found.group().encode('ascii').hex(' ').upper()}|"


def _hosts(view: View) -> Iterator[str]:
    for name in coverage.exact_hosts(view):
        yield base64.b64encode(name.encode("ascii")).decode("ascii")


FORMAT: Final = Format(
    "suricata", {"suricata.rules": _rules, "suricata-hosts.lst": _hosts}, CAPABILITY
)
