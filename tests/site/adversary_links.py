"""Links without end or into the inside, and odd hosts."""

from collections.abc import Iterator

from tests.site.adversary import BODY, SEEN, Asked, Kind, Part, fixed, html, page
from tests.site.adversary_words import PAGE

_P = f"<p>{SEEN}</p>".encode()


def _to_inside(asked: Asked) -> Iterator[Part]:
    there = f"127.0.0.1:{asked.canary}"
    yield page(
        f"<base href='http://{there}/'><base href='data:x'>{SEEN}"
        f"<a href=one>a</a><a href='//{there}'>b</a><a href='\\\\{there}'>c</a><a ping='http://{there}' href=/x>d</a>"
        f"<img src=x srcset='http://{there} 2x'><iframe src='http://{there}'></iframe>"
        f"<iframe srcdoc='<a href=//{there}>'>"
        f"<form action='http://{there}'><object data='http://{there}'></object><embed src='http://{there}'>"
        f"<link rel=stylesheet href='http://{there}'><link rel=canonical href='http://{there}/'>"
        f"<script src='http://{there}'></script><video poster='http://{there}'></video>"
        f"<meta http-equiv=refresh content='0;url=http://{there}'>"
        f"<area href='http://user:word@{there}/'><frame src='http://[::ffff:7f00:1]:{asked.canary}/'>".encode()
    )


def _variants(asked: Asked) -> Iterator[Part]:
    """A hundred thousand spellings of a few addresses."""
    if asked.path != "/":
        yield page(_P)
        return
    some = (
        f'<a href="{"/" * (n % 7 + 1)}.{"/%2e" * (n % 5)}/x?{"&" * (n % 9)}utm_source={n}#{n}">x</a>'
        for n in range(60_000)
    )
    yield page((SEEN + "".join(some)).encode())


def _odd(_: Asked) -> Iterator[Part]:
    links = [
        f'<a href="{chr(c)}http{chr(c)}://odd{chr(c)}.test/{chr(c)}">x</a>' for c in range(1, 160)
    ]
    links += [
        f'<a href="http://{"a." * 130}test/">x</a>',
        f'<a href="http://{"ж" * 300}.test/">x</a>',
    ]
    links += [f'<a href="/{"x" * 65_536}">x</a>', f'<a href="http://xn--{"a" * 59}.test/">x</a>']
    links += [f'<a href="http://{"1" * n}">x</a>' for n in range(1, 400)]
    yield page((SEEN + "".join(links)).encode())


def _wild(asked: Asked) -> Iterator[Part]:
    """Every link is a new name below the same site."""
    links = (
        f'<a href="http://n{n}x{len(asked.host)}.{asked.host}:{asked.port}/">x</a>'
        for n in range(300)
    )
    yield page((SEEN + "".join(links)).encode())


def _everywhere(asked: Asked) -> Iterator[Part]:
    """The same page at a site without end."""
    links = (
        f'<a href="http://e{n}.{hash(asked.host) % 9999}-everywhere.test:{asked.port}/">x</a>'
        for n in range(300)
    )
    yield page((SEEN + "".join(links)).encode())


def _map(asked: Asked) -> Iterator[Part]:
    """A map of maps, each of which lists itself and the next one."""
    n = len(asked.path)
    places = "".join(
        f"<loc>http://{asked.host}:{asked.port}/map{n}{i}.html</loc>" for i in range(99)
    )
    yield page(
        f"{SEEN}<urlset>{places}</urlset><a href='/map{n}.html'>x</a><a href='/?p={n}'>y</a>".encode()
    )


LINKS = (
    Kind("links-inside", _to_inside, PAGE, shown=True),
    Kind("links-variants", _variants, PAGE, shown=True),
    Kind("links-odd", _odd, PAGE, shown=True),
    Kind("wild", _wild, PAGE, shown=True),
    Kind("everywhere", _everywhere, PAGE, shown=True),
    Kind("maps", _map, PAGE, shown=True),
    Kind("six", html(), PAGE, shown=True, host="only.six.test"),
    Kind(
        "name-of-253-octets",
        html(),
        PAGE,
        shown=True,
        host=".".join(["a" * 60] * 3) + "." + "b" * 46 + ".{name}.test",
    ),
    Kind("xn--80ak6aa92e", fixed(page(BODY)), PAGE, shown=True, host="қазақ.{name}.test"),
    Kind("label-underscore", html(), PAGE, shown=True, host="_x_.{name}.test"),
)
