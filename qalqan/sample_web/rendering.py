"""Makes real-looking HTML of a sample site's plain text."""

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from qalqan.sample_web.sites import LINK, SamplePage, SampleSite

_BLANK: Final = re.compile(r"\n\s*\n")
_NICKNAME: Final = re.compile(r"@(\S+)")
_FOOTER: Final = {
    "kk": "Барлық құқық қорғалған. Бізге жазыңыз:",
    "kk-Latn": "Barlyq quqyq qorǵalǵan. Bızge jazyŋyz:",
    "ru": "Все права защищены. Напишите нам:",
    "en": "All rights reserved. Write to us:",
}
_STYLE: Final = "body{max-width:46rem;margin:auto;font-family:sans-serif}nav li{display:inline}"


def html_of(site: SampleSite, page: SamplePage, port: int) -> bytes:
    """The page as a browser gets it; links to other sites carry the sample web's port."""
    menu = "".join(f'<li><a href="{p.path}">{escape(p.title)}</a></li>' for p in site.pages)
    body = "\n".join(_blocks(page.text, port))
    document = f"""<!doctype html>
<html lang="{site.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(page.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header><p class="name">{escape(site.name)}</p></header>
<nav><ul>{menu}</ul></nav>
<main><article>
<h1>{escape(page.title)}</h1>
{body}
</article></main>
<footer><p>&copy; {escape(site.name)}. {_FOOTER[site.lang]} post@{site.host.name}</p></footer>
</body>
</html>
"""
    return document.encode()


def _blocks(text: str, port: int) -> Iterator[str]:
    for block in _BLANK.split(text):
        lines = block.splitlines()
        nickname = _NICKNAME.fullmatch(lines[0])
        if nickname:
            said = _inline(" ".join(lines[1:]), port)
            yield f'<section class="post"><h3>{escape(nickname[1])}</h3><p>{said}</p></section>'
            continue
        if lines[0].startswith("# "):
            yield f"<h2>{escape(lines[0][2:])}</h2>"
            lines = lines[1:]
        if lines and all(line.startswith("- ") for line in lines):
            items = "".join(f"<li>{_inline(line[2:], port)}</li>" for line in lines)
            yield f"<ul>{items}</ul>"
        elif lines:
            yield f"<p>{'<br>'.join(_inline(line, port) for line in lines)}</p>"


def _inline(text: str, port: int) -> str:
    def link(match: re.Match[str]) -> str:
        target = match[2] if match[2].startswith("/") else _off_site(match[2], port)
        return f'<a href="{target}">{match[1]}</a>'

    return LINK.sub(link, escape(text, quote=False))


def _off_site(target: str, port: int) -> str:
    host, slash, path = target.partition("/")
    return f"http://{host}:{port}{slash}{path}"
