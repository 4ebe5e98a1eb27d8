"""A dump in XML as other countries' registries hand it out, so that what providers have written for those reads it.

The consumers are providers' own scripts; the grammar is `entries.xsd` beside this file. The words are those of known
dumps: a `content` an entry, whose `entryType` says what its one name is: `default` a URL, `domain` that exact host,
`domain-mask` a name and everything below it, `ip` an address, `ipSubnet` a network.

The file is ASCII, which is UTF-8 as well: all other characters stand as references. XML 1.0 has no way to write some
characters at all; such a one, and U+FFFD itself, stands as U+FFFD with the four hexadecimal digits of its code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from blocklist.rendering import Capability, Format, Heading, View
from review_queue.categories import Scope
from review_queue.records import Entry

CAPABILITY: Final = Capability(
    scopes=frozenset(Scope),
    addresses=True,
    a_line_means="a `content` is one entry; its entryType says how much it blocks",
)
_KINDS: Final[Mapping[Scope, tuple[str, str]]] = {
    Scope.URL: ("default", "url"),
    Scope.HOST: ("domain", "domain"),
    Scope.DOMAIN: ("domain-mask", "domain"),
    Scope.IP: ("ip", "ip"),
    Scope.CIDR: ("ipSubnet", "ipSubnet"),
}
_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,:;/_?%#~*=+@()-]*")
_UNSAYABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffd\ufffe\uffff]")
_ODD: Final = re.compile("[&<>\"'\t\n\r\x7f]")


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    sayable = _UNSAYABLE.sub(lambda found: f"\ufffd{ord(found[0]):04x}", value)
    escaped = _ODD.sub(lambda found: f"&#{ord(found[0])};", sayable)
    return escaped.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _optional(attribute: str, value: str, say: Callable[[str], str] = _text) -> str:
    return f' {attribute}="{say(value)}"' if value else ""


def _registry(heading: Heading) -> str:
    return (
        f'<registry serial="{heading.serial}" created="{_text(heading.created)}"'
        f"{_optional('not_after', heading.not_after)}{_optional('appeal', heading.appeal)}>"
    )


def _content(entry: Entry) -> str:
    kind, tag = _KINDS[entry.scope]
    texts = (
        entry.id,
        entry.listed_at,
        entry.review_at,
        entry.expires_at,
        entry.name,
        entry.unicode_name,
        entry.policy_code,
        entry.legal_ground_code,
        entry.case_ref,
        *entry.decision_ids,
        *entry.papers,
        *entry.overrides,
    )
    # one look at all texts and not one at each
    say = str if _PLAIN.fullmatch("".join(texts)) else _text
    return "".join(
        (
            f'<content id="{say(entry.id)}" entryType="{kind}"',
            f' includeTime="{say(entry.listed_at)}"',
            _optional("reviewTime", entry.review_at, say),
            _optional("expiryTime", entry.expires_at, say),
            f' category="{entry.category}" people="{entry.people}">',
            f"<{tag}>{say(entry.name)}</{tag}>",
            f"<unicodeName>{say(entry.unicode_name)}</unicodeName>",
            f'<reason version="{entry.policy_version}">{say(entry.policy_code)}</reason>',
            f'<legalGround version="{entry.legal_ground_version}">',
            f"{say(entry.legal_ground_code)}</legalGround>",
            f"<case>{say(entry.case_ref)}</case>",
            *(f"<decision>{say(each)}</decision>" for each in entry.decision_ids),
            *(f"<paper>{say(each)}</paper>" for each in entry.papers),
            *(f"<override>{say(each)}</override>" for each in entry.overrides),
            "</content>",
        )
    )


def _lines(view: View) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield _registry(view.heading)
    yield from map(_content, view.records())
    yield "</registry>"


FORMAT: Final = Format("xml", {"xml-entries.xml": _lines}, CAPABILITY, whole_entries=True)
