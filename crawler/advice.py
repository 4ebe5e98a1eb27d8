"""What to tell a person of each kind of error: what it means, and what to do where something can be done."""

from typing import Final

_ADVICE: Final = {
    "address_refused": "a private or loopback address; if it is a test web, name it with --allow-address",
    "bad_encoding": "damaged or unknown compression",
    "bad_redirect": "redirects to something that is no web address",
    "bad_response": "not an HTTP answer",
    "connection_lost": "the server broke off; tried again on a later run",
    "dns": "unknown host; check the spelling, or the name server",
    "not_html": "not a page (a file, picture or data)",
    "proxy": "the proxy did not connect, or refused; check --proxy",
    "redirect_loop": "redirects without end",
    "redirect_offsite": "redirects to another site, kept as a candidate: qalqan seeds list --candidates",
    "refused": "nobody answers there; tried again on a later run",
    "robots": "forbidden by robots.txt; --robots ignore overrides it, and the round records that",
    "timeout": "no answer in time; tried again on a later run",
    "tls": "the secure connection failed",
    "too_large": "larger than the size cap",
    "unreachable": "no way to that address; tried again on a later run",
    "unreadable": "the page could not be read; see crawl.log in the data folder",
}


def advice_for(kind: str) -> str:
    """One line on an error kind."""
    if kind.startswith("http_"):
        return f"the server answered {kind.removeprefix('http_')}"
    return _ADVICE.get(kind, "the page could not be had; see crawl.log in the data folder")


def group_of(kind: str) -> str:
    """The kind itself, or what it is one of: there are few, whatever numbers servers answer with."""
    if kind.startswith("http_"):
        return f"{kind[:6]}xx"
    return kind if kind in _ADVICE else "other"
