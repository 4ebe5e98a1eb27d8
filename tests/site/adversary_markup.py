"""Hostility in markup: floods, depth, and texts where a careless reader does not look."""

from tests.site.adversary import SEEN, Kind, flood, html, page
from tests.site.adversary_words import MIB, PAGE, UNREAD

TEXT = SEEN.encode()
_P = b"<p>" + TEXT + b"</p>"
_XHTML = "Content-Type: application/xhtml+xml"

MARKUP = (
    Kind("attribute-2-mib", flood(b'<p title="', b"x", 2 * MIB, b'">' + TEXT), PAGE, shown=True),
    Kind("comments-million", flood(b"", b"<!---->", 700_000, _P), PAGE, shown=True),
    Kind("comments-bogus", flood(b"", b"<!x></x y><?z>", 350_000, _P), PAGE, shown=True),
    Kind(
        "cdata-million",
        flood(b"<svg>", b"<![CDATA[x]]>", 380_000, b"</svg>" + _P),
        PAGE,
        shown=True,
    ),
    Kind("cdata-open", html(_P + b"<svg><![CDATA[ never closed " + b"x" * MIB), PAGE, shown=True),
    Kind("instructions-million", flood(b"", b"<?a?>", 1_000_000, _P), PAGE, shown=True),
    Kind("entities-million", flood(_P, b"&#1;", 1_200_000), PAGE, shown=True),
    Kind("entities-long", flood(_P, b"&" + b"x" * 2_000 + b";", 2_400), PAGE, shown=True),
    Kind("entities-nested", html(_P + b"&amp;" * 999_999), PAGE, shown=True),
    Kind("svg-deep", flood(_P, b"<svg><g>", 600_000), UNREAD),
    Kind("math-deep", flood(_P, b"<math><mi><mglyph>", 250_000), UNREAD),
    Kind("template-deep", flood(_P, b"<template>", 500_000), UNREAD),
    Kind("tables-deep", flood(_P, b"<table><tr><td>", 330_000), UNREAD),
    Kind("tables-fostered", flood(b"<table>", b"<b>x", 900_000, _P), UNREAD),
    Kind("select-deep", flood(_P, b"<select><optgroup><option>", 190_000), UNREAD),
    Kind("anchors-deep", flood(_P, b"<a href=x>", 500_000), UNREAD),
    Kind("adopted", flood(_P, b"<a><b><i><p></a>", 310_000), UNREAD),
    Kind("noahs-ark", flood(_P, b"<b><i><u><p>", 400_000), UNREAD),
    Kind("buttons-nested", flood(_P, b"<button><form><label>", 240_000), UNREAD),
    Kind("lists-deep", flood(_P, b"<ul><li>", 600_000), UNREAD),
    Kind("headings-nested", flood(_P, b"<h1><h2>", 600_000), UNREAD),
    Kind("end-tags-million", flood(_P, b"</p></b>", 600_000), UNREAD),
    Kind("names-long", flood(_P, b"<" + b"n" * 9_000 + b">", 550), PAGE, shown=True),
    Kind("names-odd", flood(_P, "<қ:\0x/>".encode(), 400_000), PAGE, shown=True),
    Kind("attributes-without-end", flood(_P + b"<p ", b'a="', 1_500_000), PAGE, shown=True),
    Kind("doctype-4-mib", flood(b"<!DOCTYPE html ", b"x", 4 * MIB, b">" + _P), PAGE, shown=True),
    Kind(
        "doctype-entities",
        html(b'<!DOCTYPE html [<!ENTITY % a SYSTEM "http://127.0.0.1/">%a;]>' + _P, _XHTML),
        PAGE,
        shown=True,
    ),
    Kind("title-4-mib", flood(b"<title>", b"title ", 700_000, b"</title>" + _P), PAGE, shown=True),
    Kind("plaintext", html(b"<plaintext>" + TEXT + b"</plaintext><p>"), PAGE, shown=True),
    Kind("xmp", html(b"<xmp>" + TEXT + b"</xmp>"), PAGE, shown=True),
    Kind("listing", html(b"<listing>" + TEXT + b"</listing>"), PAGE, shown=True),
    Kind("in-textarea", html(b"<textarea>" + TEXT), PAGE, shown=True),
    Kind(
        "in-buttons",
        html(b"<button>" + TEXT + b"</button><select><option>x</select>"),
        PAGE,
        shown=True,
    ),
    Kind(
        "in-details",
        html(b"<details open><summary>" + TEXT + b"</summary></details>"),
        PAGE,
        shown=True,
    ),
    Kind("in-frameset-none", html(b"<p>a</p><marquee>" + TEXT + b"</marquee>"), PAGE, shown=True),
    Kind("in-ruby", html(b"<ruby>" + TEXT + b"<rt>x</rt></ruby>"), PAGE, shown=True),
    Kind("after-noscript", html(b"<noscript><p>no</noscript>" + _P), PAGE, shown=True),
    Kind("after-style", html(b"<style><!-- </style>" + _P), PAGE, shown=True),
    Kind(
        "after-script",
        html(b"<script><!--<script></script>x</script>--></script>" + _P),
        PAGE,
        shown=True,
    ),
    Kind("after-comment-trick", html(b"<!--> " + _P + b"<!-- -->"), PAGE, shown=True),
    Kind("after-comment-dash", html(b"<!--x--!>" + _P + b"<!-- -->"), PAGE, shown=True),
    Kind("after-body-end", html(b"<html><body>a</body></html>" + _P), PAGE, shown=True),
    Kind("two-documents", html(b"<html><body>a</body></html>" * 50_000 + _P), PAGE, shown=True),
    Kind("in-nobr-deep", flood(b"", b"<nobr>", 800_000, TEXT), UNREAD),
    Kind(
        "include",
        html(
            b'<p xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname"/>'
            + _P,
            _XHTML,
        ),
        PAGE,
        shown=True,
    ),
    Kind(
        "sheet",
        lambda a: [
            page(f'<?xml-stylesheet href="http://127.0.0.1:{a.canary}/"?>'.encode() + _P, _XHTML)
        ],
        PAGE,
        shown=True,
    ),
    Kind(
        "quadratic-entity",
        html(
            b'<!DOCTYPE html [<!ENTITY a "' + b"x" * 50_000 + b'">]><p>' + b"&a;" * 50_000 + _P,
            _XHTML,
        ),
        PAGE,
        shown=True,
    ),
    Kind(
        "plain-text",
        html(TEXT + b" <p>" * 99, "Content-Type: text/plain; charset=utf-8"),
        PAGE,
        shown=True,
    ),
    Kind("one-word-4-mib", flood(_P, b"x", 4 * MIB), PAGE, shown=True),
    Kind("no-spaces-cyrillic", flood(_P, "ж".encode(), 2 * MIB), PAGE, shown=True),
    Kind("digits", flood(_P, b"7", 4 * MIB), PAGE, shown=True),
    Kind("punctuation", flood(_P, b"?!.,", MIB), PAGE, shown=True),
    Kind("sentences-of-one-letter", flood(_P, b"a. ", 1_500_000), PAGE, shown=True),
    Kind(
        "words-all-different",
        lambda _: [page(_P + b" ".join(b"%x" % (n * 2654435761) for n in range(400_000)))],
        PAGE,
        shown=True,
    ),
)
