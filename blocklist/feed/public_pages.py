"""The public pages as HTML: what was asked is escaped, shown in isolation and never a link.

A page is as long whether something is listed or not, so that its size on the wire tells nothing; for the same reason it
is never compressed.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Final

from blocklist.feed.answers import Answer
from blocklist.feed.notices import Notices
from blocklist.feed.questions import Found
from blocklist.feed.wording import LANGUAGE_NAMES, WORDS, day
from review_queue.policies import LANGUAGES

ROOM: Final = (
    16 * 1024
)  # bytes for what is told of an address; four entries with long titles take 9 KB
STEP: Final = 4 * 1024
_SHOWN_CHARS: Final = 300
_STYLE: Final = (
    ":root{color-scheme:light dark}*{box-sizing:border-box}h1{font-size:1.5rem;line-height:1.25}"
    "body{font:1rem/1.5 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}"
    "dt{font-weight:bold}dd{margin:0 0 .5rem}input,button{font:inherit;padding:.4rem .8rem}"
    "input{width:100%;margin:.3rem 0 .6rem}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HEADERS: Final = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Vary", "Accept-Language"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Robots-Tag", "noindex"),
    ("Content-Security-Policy", _POLICY),
)


def language_of(asked: str, accepted: str) -> str:
    """The language of the page: the one asked for, else the first one of ours the browser takes, else Kazakh."""
    for text in (asked, *accepted.split(",")):
        code = text.strip()[:2].lower()
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]


def lookup_page(
    language: str, text: str, found: Sequence[Found] | None, notices: Notices
) -> Answer:
    """The answer about `text`; the form alone where it is empty, a word about its form where `found` is None."""
    words = WORDS[language]
    told = ""
    status = HTTPStatus.OK
    if text and found is None:
        status, told = HTTPStatus.BAD_REQUEST, _line(words["bad"])
    elif text and found is not None:
        told = _told(language, found)
    asked = f"<p>{words['asked']}: <bdi>{shown(text)}</bdi></p>" if text else ""
    form = (
        f'<form action="/lookup"><label for="name">{words["ask"]}</label>'
        f'<input id="name" name="name" maxlength="2048" autocomplete="off">'
        f'<input type="hidden" name="lang" value="{language}"><button>{words["button"]}</button></form>'
    )
    return _page(
        language, words["title"], f"{form}{asked}", told, _appeal(language, notices), status
    )


def why_page(language: str, found: Found | None, notices: Notices) -> Answer:
    """Why the entry is there, for a block page; without the name it is about."""
    words = WORDS[language]
    told = _line(words["unknown"])
    if found:
        told = _state(language, found) + _entry(language, found)
    return _page(language, words["why"], "", told, _appeal(language, notices), HTTPStatus.OK)


def shown(text: str) -> str:
    """What a stranger wrote as HTML text, without what hides or turns round other text."""
    cut = text[:_SHOWN_CHARS] + ("…" if len(text) > _SHOWN_CHARS else "")
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in cut))


def _told(language: str, found: Sequence[Found]) -> str:
    words = WORDS[language]
    if not found:
        return _line(words["not_listed"])
    return _state(language, found[0]) + "".join(
        _line(words["exact" if each.is_exact else "wider"]) + _entry(language, each)
        for each in found
    )


def _state(language: str, found: Found) -> str:
    return _line(WORDS[language]["lifted" if found.listing.is_over else "listed"])


def _entry(language: str, found: Found) -> str:
    words, listing = WORDS[language], found.listing
    entry = listing.entry
    rows = [
        ("entry", entry.id),
        ("since", day(language, entry.listed_at)),
        ("category", words[entry.category]),
        ("reason", f"{entry.policy_code}: {listing.reason[language]}"),
        ("ground", listing.ground[language]),
    ]
    if listing.is_over:
        rows.append(("until", day(language, listing.lifted_at) or "—"))
    else:
        rows += [
            ("review", day(language, entry.review_at) or words["none"]),
            ("expiry", day(language, entry.expires_at) or words["none"]),
        ]
    inner = "".join(f"<dt>{words[name]}</dt><dd>{escape(text)}</dd>" for name, text in rows)
    return f"<dl>{inner}</dl>"


def _appeal(language: str, notices: Notices) -> str:
    words = WORDS[language]
    rows = ("authority", notices.authority), ("appeal", notices.appeal), ("how", notices.how)
    inner = "".join(
        f"<dt>{words[name]}</dt><dd>{escape(texts[language])}</dd>" for name, texts in rows
    )
    return f"<dl>{inner}</dl>"


def _page(  # the parts of one page
    language: str, title: str, before: str, told: str, after: str, status: HTTPStatus
) -> Answer:
    head = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
    )
    links = " ".join(
        f'<a href="?lang={code}" hreflang="{code}" lang="{code}">{name}</a>'
        for code, name in LANGUAGE_NAMES.items()
    )
    tail = f"{after}<p>{links}</p></body></html>"
    fixed = len(f"{head}{before}{tail}".encode())
    told_bytes = told.encode()
    size = -(-(fixed + max(ROOM, len(told_bytes))) // STEP) * STEP
    body = f"{head}{before}{told}{tail}".encode()
    body += b"\n" * (size - len(body))
    return Answer(status, (*_HEADERS, ("Content-Length", str(len(body)))), body)


def _line(text: str) -> str:
    return f"<p><strong>{escape(text)}</strong></p>"
