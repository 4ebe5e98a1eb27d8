"""Whole entries as hostile as they may be, for the formats that carry more than names."""

from dataclasses import replace

from hypothesis import strategies as st

from blocklist import guards
from review_queue.blocks import normal
from review_queue.categories import Category, Scope
from review_queue.errors import QalqanError
from review_queue.records import Entry
from tests.blocklist.samples import entry, ordered

INJECTIONS = (
    "",
    "=1+1",
    "  =1+1",
    "+7 700",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "'=1+1",
    "''",
    "；＝1",
    "a;=1+1",
    'a; "=1+1',
    'a"',
    'a",\r\n"E-9","subtree","kz"',
    '"',
    "\\",
    '\\"',
    "\\u003b\\",
    "a\nb",
    "]]><content id='x'/>",
    "<!--",
    "--><!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "&amp;",
    "&#0;",
    "\x00\x07\x1b[2J\x7f\x85",
    "\ufffe\uffff\ufeff",
    "\ud800",
    "🙂 Қазақша",
    "' OR url:value LIKE '%",
    "\\' OR x",
    "  two  spaces  ",
    "\u2028\u202e",
    "=cmd|' /C calc'!A0",
)
NAMES = (
    (Scope.HOST, "shop.mixed.example"),
    (Scope.HOST, "a_b.mixed.example"),
    (Scope.HOST, "203.0.113.66"),
    (Scope.HOST, "xn--80aodfsg.example"),
    (Scope.DOMAIN, "bad.example"),
    (Scope.DOMAIN, "shop.mixed.example"),
    (Scope.DOMAIN, "a_b.example"),
    (Scope.URL, "http://platform.example/users/evil/page.html"),
    (Scope.URL, "https://platform.example/a'b;=1?q='%20\\&x=<y>\"z\""),
    (Scope.URL, "https://platform.example/қазақ?т=\"'"),
    (Scope.URL, "https://platform.example/%00?a=]&b=[&c=\\\\'"),
    (Scope.IP, "192.88.99.66"),
    (Scope.IP, "2620:4f:8000::66"),
    (Scope.CIDR, "192.88.99.0/24"),
    (Scope.CIDR, "2620:4f:8000::/48"),
)
SAFE = tuple((scope, normal(scope, name)) for scope, name in NAMES)
_TAILS = st.text(min_size=1, max_size=20)


def _url(tail: str) -> tuple[Scope, str] | None:
    try:
        name = normal(Scope.URL, f"https://platform.example/{tail}")
    except QalqanError:
        return None
    return None if guards.refusal(Scope.URL, name) else (Scope.URL, name)


WORDS = st.sampled_from(INJECTIONS) | st.text(max_size=20)
TIMES = st.sampled_from(("", "2027-01-31T08:00:00.000Z"))
PLACES = st.sampled_from(SAFE) | _TAILS.map(_url).filter(bool)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Entries in the order of the list, their texts as odd as texts may be, each id once."""
    found = []
    for number, place in enumerate(draw(st.lists(PLACES, max_size=5))):
        assert place
        scope, name = place
        texts = draw(st.lists(WORDS, min_size=4, max_size=4))
        many = draw(st.lists(st.lists(WORDS, max_size=2).map(tuple), min_size=3, max_size=3))
        found.append(
            replace(
                entry(name, scope, case_ref=texts[0]),
                id=f"{texts[1]}{number}".replace("\ud800", ""),
                unicode_name=texts[2] or name,
                category=draw(st.sampled_from([Category.VIOLENCE, Category.SELF_HARM])),
                policy_code=texts[3],
                legal_ground_code=texts[0],
                policy_version=draw(st.integers(1, 10**6)),
                decision_ids=many[0],
                papers=many[1],
                overrides=many[2],
                review_at=draw(TIMES),
                expires_at=draw(TIMES),
            )
        )
    return ordered(found)
