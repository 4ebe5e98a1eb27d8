"""A dump in XML as other countries' registries hand it out, so that what providers have written for those reads it.

The consumers are providers' own scripts; the grammar is `entries.xsd` beside this file. The words are those of known
dumps: a `content` an entry, whose `entryType` says what its one name is: `default` a URL, `domain` that exact host,
`domain-mask` a name and everything below it, `ip` an address, `ipSubnet` a network.

The file is ASCII, which is UTF-8 as well: all other characters stand as references. XML 1.0 has no way to write some
characters at all; such a one, and U+FFFD itself, stands as U+FFFD with the four hexadecimal digits of its code.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
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


def _optional(attribute: str, value: str) -> str:
    return f' {attribute}="{_text(value)}"' if value else ""


def _registry(heading: Heading) -> str:
    return (
        f'<registry serial="{heading.serial}" created="{_text(heading.created)}"'
        f"{_optional('not_after', heading.not_after)}{_optional('appeal', heading.appeal)}>"
    )


def _content(entry: Entry) -> str:
    kind, tag = _KINDS[entry.scope]
    return "".join(
        (
            f'<content id="{_text(entry.id)}" entryType="{kind}"',
            f' includeTime="{_text(entry.listed_at)}"',
            _optional("reviewTime", entry.review_at),
            _optional("expiryTime", entry.expires_at),
            f' category="{entry.category}" people="{entry.people}">',
            f"<{tag}>{_text(entry.name)}</{tag}>",
            f"<unicodeName>{_text(entry.unicode_name)}</unicodeName>",
            f'<reason version="{entry.policy_version}">{_text(entry.policy_code)}</reason>',
            f'<legalGround version="{entry.legal_ground_version}">',
            f"{_text(entry.legal_ground_code)}</legalGround>",
            f"<case>{_text(entry.case_ref)}</case>",
            *(f"<decision>{_text(each)}</decision>" for each in entry.decision_ids),
            *(f"<paper>{_text(each)}</paper>" for each in entry.papers),
            *(f"<override>{_text(each)}</override>" for each in entry.overrides),
            "</content>",
        )
    )


def _plain_content(entry: Entry) -> str:
    """The element of an entry whose texts are all plain."""
    kind, tag = _KINDS[entry.scope]
    review = f' reviewTime="{entry.review_at}"' if entry.review_at else ""
    expiry = f' expiryTime="{entry.expires_at}"' if entry.expires_at else ""
    shown = entry.unicode_name if entry.unicode_name == entry.name else _text(entry.unicode_name)
    return (
        f'<content id="{entry.id}" entryType="{kind}" includeTime="{entry.listed_at}"{review}{expiry}'
        f' category="{entry.category}" people="{entry.people}"><{tag}>{entry.name}</{tag}>'
        f'<unicodeName>{shown}</unicodeName><reason version="{entry.policy_version}">'
        f'{entry.policy_code}</reason><legalGround version="{entry.legal_ground_version}">'
        f"{entry.legal_ground_code}</legalGround><case>{entry.case_ref}</case>"
        f"{_each('decision', entry.decision_ids)}{_each('paper', entry.papers)}"
        f"{_each('override', entry.overrides)}</content>"
    )


def _each(tag: str, plain: Sequence[str]) -> str:
    inside = f"</{tag}><{tag}>".join(plain)
    return f"<{tag}>{inside}</{tag}>" if plain else ""


def _lines(view: View) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield _registry(view.heading)
    for entry, is_plain in view.records():
        yield _plain_content(entry) if is_plain else _content(entry)
    yield "</registry>"


FORMAT: Final = Format("xml", {"xml-entries.xml": _lines}, CAPABILITY, whole_entries=True)
