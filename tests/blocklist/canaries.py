"""What every consumer of a list of names is asked: entries of each kind, and names that must go on resolving."""

from typing import Final

from tests.blocklist.samples import domain, entry

HOSTS: Final = (
    "shop.mixed.example",
    "xn--80aodfsg.kz",
    "under_score.example",
    "someone.github.io",
    "a-1--b.2.example",
)
DOMAINS: Final = (
    "casino.example",
    "deep.down.example",
    "b.covered.example",
    "xn--80aodfsg.example",
    "xn--p1ai-test.example",
    "sub.apart.example",
    "_dmarc.bad.example",
)
LONG: Final = ".".join(["a" * 61, "b" * 61, "c" * 55, "example"])  # the longest a zone has room for
# Covered by a wider entry: written out they could open a hole below themselves.
COVERED: Final = (
    entry("www.casino.example"),
    domain("x.y.z.casino.example"),
    entry("deep.down.example"),
)
# a listed host above a listed domain: what lies beside the domain stays open
ABOVE: Final = (entry("apart.example"),)
ENTRIES: Final = (*map(entry, HOSTS), *map(domain, (*DOMAINS, LONG)), *COVERED, *ABOVE)

BLOCKED: Final = (
    *HOSTS,
    *DOMAINS,
    *(f"{label}.{name}" for name in DOMAINS for label in ("a", "w" * 60)),
    LONG,
    f"a.{LONG}",
    "a.www.casino.example",
    "y.z.casino.example",
    "a.b.x.y.z.casino.example",
    "apart.example",
    "CASINO.example",
    "A.CaSiNo.ExAmPlE",
)
BELOW_HOSTS: Final = (*(f"a.{name}" for name in HOSTS), "a.b.shop.mixed.example", "b.apart.example")
MUST_RESOLVE: Final = (
    "egov.kz",
    "www.egov.kz",
    "example.com",
    "mixed.example",
    "other.mixed.example",
    "github.io",
    "someone-else.github.io",
    "kz",
    "io",
    "example",
    "down.example",
    "other.down.example",
    "covered.example",
    "c.covered.example",
    "notcasino.example",
    "casino.example.kz",
    "xn--80aodfsg.com",
    "score.example",
    "rpz-ip",
    "localhost.example",
)
EXPECTED: Final = {
    **dict.fromkeys(BLOCKED, "blocked"),
    **dict.fromkeys((*BELOW_HOSTS, *MUST_RESOLVE), "open"),
}
# a hosts file says the hosts and leaves the domains out
EXPECTED_OF_HOSTS: Final = {
    **dict.fromkeys((*HOSTS, "apart.example", "www.casino.example"), "blocked"),
    **dict.fromkeys(
        (*BELOW_HOSTS, *MUST_RESOLVE, "casino.example", "a.www.casino.example"), "open"
    ),
}
