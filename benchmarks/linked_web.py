"""A linked web with needles in it, made in memory from a seed and served on loopback, to measure focused crawls on.

    uv run python benchmarks/linked_web.py --seed 1            # what it holds
    uv run python benchmarks/linked_web.py --seed 1 --serve    # a plain HTTP proxy for all its host names

Sites: 5,000. Their number of pages is drawn from a Pareto law (shape 1.1, at least 2, at most 120; about 42,000 pages
in all). Kinds, with the share of sites: needle .6 % (half each harm), near 2 % (forums and link lists about the
subject), fringe 6 % (their words are ordinary, but they know near sites), farm 1 % (names, anchors and addresses that
promise much, pages that hold nothing), hub .4 %, the rest ordinary, in 60 communities with words of their own.

Pages: 70 % of a needle's pages promote a harm; 45 % of a near site's pages are on the subject (reports, support,
distress, talk), one in 300 ordinary pages too; all else is about neither. Texts are put together by
`classifier.compose` from the development part of the corpus, in memory only: nothing is written anywhere.

Links: a page has 4 to 9 links within its site (its home among them) and 0 to 4 to others (a hub's page 25). Where a
link to another site leads is drawn by `OUT`; inside a kind a site is drawn by a popularity of its own (Pareto, shape
1.2), which gives in-degrees by a power law. An off-site link leads to the home page in 6 of 10 cases. So needles link
to each other and are linked from pages on the subject, 200 times as often as from ordinary ones, and half of the
near sites are known to fringe sites alone.

Words: anchors and addresses are made of invented words, for the learner does not know languages either. 45 % of the
anchors and 25 % of the addresses of pages on a subject hold one of its 30 words, near and needle sites share half of
them; link farms use them in 90 %, and 2 % of ordinary anchors hold one. Other anchors say "next", "here" and the like.

Traps: 3 % of ordinary sites have a calendar without end, 3 % a list in 4,000 orders, 2 % paths that grow, with new
words each time. Farms are the fourth. Trap pages do not count as pages of the web.
"""

import argparse
import asyncio
import html
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from classifier import compose
from classifier.corpus import Part, load
from classifier.examples import Topic
from review_queue.categories import Stance

SITES = 5_000
SHARES = {"needle": 0.006, "near": 0.02, "fringe": 0.06, "farm": 0.01, "hub": 0.004}
COMMUNITIES = 60
# where off-site links of a page lead: by the kind of its site, and whether the page is on the subject
OUT: dict[tuple[str, bool], dict[str, float]] = {
    ("needle", True): {"needle": 0.20, "near": 0.20, "fringe": 0.15, "any": 0.45},
    ("needle", False): {"needle": 0.10, "near": 0.15, "fringe": 0.15, "any": 0.60},
    ("near", True): {"needle": 0.04, "near": 0.25, "fringe": 0.16, "any": 0.55},
    ("near", False): {"needle": 0.007, "near": 0.08, "fringe": 0.10, "any": 0.813},
    ("fringe", False): {"needle": 0.002, "near": 0.05, "fringe": 0.20, "any": 0.748},
    ("farm", False): {"farm": 0.85, "any": 0.15},
    ("hub", False): {"needle": 0.004, "near": 0.02, "fringe": 0.05, "any": 0.926},
    ("ordinary", True): {"needle": 0.004, "near": 0.05, "own": 0.45, "any": 0.496},
    ("ordinary", False): {
        "needle": 0.0002, "near": 0.0015, "fringe": 0.012, "farm": 0.006, "own": 0.60, "any": 0.3803,
    },
}  # fmt: skip
TRAPS = {"calendar": 0.03, "query": 0.03, "path": 0.02}
SEEDS = {"ordinary": 32, "fringe": 3, "near": 2, "hub": 3}
_IDLE = ("next", "here", "read on", "more", "link", "site", "page", "home", "12", "open")
_SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
_TALK = (Stance.REPORTS, Stance.SUPPORTS, Stance.DISTRESS, Stance.OTHER)
_MONTHS = 12


@dataclass
class Site:
    """One site: what it is, how much it is linked to, and its pages' paths."""

    name: str
    kind: str
    subject: str  # a harm, or a community's number
    pull: float
    paths: list[str] = field(default_factory=list)
    trap: str = ""


@dataclass
class WebPage:
    """One page: what it is about, which text it shows, and its links as (URL, anchor)."""

    url: str
    site: Site
    about: tuple[Topic, Stance]
    text: int
    links: list[tuple[str, str]] = field(default_factory=list)

    @property
    def on_subject(self) -> bool:
        return self.about[0] is not Topic.NEITHER

    @property
    def is_needle(self) -> bool:
        return self.about[1] is Stance.PROMOTES


class LinkedWeb:
    """The whole web of one seed; the same seed gives the same web."""

    def __init__(self, seed: int, sites: int = SITES) -> None:
        self._rng = random.Random(f"linked web {seed}")
        self.texts = _texts(seed)
        self._words = {name: self._vocabulary(30) for name in self._subjects()}
        self._plain = self._vocabulary(400)
        self.sites = [self._site(i, kind) for i, kind in enumerate(self._kinds(sites))]
        self.by_host = {site.name: site for site in self.sites}
        self._pools = self._pools_of_sites()
        self.pages: dict[str, WebPage] = {}
        for site in self.sites:
            self._fill(site)
        for page in list(self.pages.values()):
            page.links = list(self._links(page))
        self.needles = {url for url, page in self.pages.items() if page.is_needle}

    def seeds(self) -> list[str]:
        """Home pages to start from: none of a needle or a farm."""
        rng = random.Random(f"seeds {self.sites[0].name}")
        return [
            f"http://{site.name}/"
            for kind, number in SEEDS.items()
            for site in rng.sample([s for s in self.sites if s.kind == kind], number)
        ]

    def body(self, url: str) -> bytes | None:
        """What the server answers with; None where there is nothing."""
        page = self.pages.get(url)
        if page is None:
            return self._trap_page(url)
        lines = self.texts[page.about][page.text].split("\n")
        return _html(lines, page.links)

    # the making of it

    @staticmethod
    def _subjects() -> list[str]:
        needles = [t.value for t in (Topic.SELF_HARM, Topic.VIOLENCE)]
        return [*needles, *(f"near {t}" for t in needles), *map(str, range(COMMUNITIES))]

    def _vocabulary(self, size: int) -> list[str]:
        rng = self._rng
        return ["".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))) for _ in range(size)]

    def _kinds(self, sites: int) -> list[str]:
        kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * sites))]
        kinds += ["ordinary"] * (sites - len(kinds))
        self._rng.shuffle(kinds)
        return kinds

    def _site(self, number: int, kind: str) -> Site:
        rng = self._rng
        subject = str(rng.randrange(COMMUNITIES))
        if kind in {"needle", "near", "farm"}:
            subject = rng.choice((Topic.SELF_HARM.value, Topic.VIOLENCE.value))
        words = self._telling(kind, subject) if rng.random() < 0.4 else self._plain
        name = f"{rng.choice(words)}-{number}.example"
        site = Site(name, kind, subject, rng.paretovariate(1.2))
        if kind == "ordinary":
            draw = rng.random()
            for trap, share in TRAPS.items():
                if 0 <= draw < share:
                    site.trap = trap
                draw -= share
        return site

    def _telling(self, kind: str, subject: str) -> Sequence[str]:
        """Words that tell what a site of this kind is about."""
        if kind == "near":  # half of them also stand for needles
            return [*self._words[f"near {subject}"][:15], *self._words[subject][:15]]
        return self._words[subject]

    def _pools_of_sites(self) -> dict[str, tuple[list[Site], list[float]]]:
        pools: defaultdict[str, list[Site]] = defaultdict(list)
        for site in self.sites:
            pools["any"].append(site)
            pools[f"own {site.subject}" if site.kind == "ordinary" else site.kind].append(site)
            if site.kind in {"needle", "near"}:
                pools[f"{site.kind} {site.subject}"].append(site)
        # half of the near sites are known to the fringe, to each other and to needles alone
        pools["known near"] = pools["near"][::2]
        # ordinary pages and portals lead to a needle only where OUT says so
        pools["any"] = [s for s in pools["any"] if s.kind in {"ordinary", "hub", "fringe"}]
        return {name: (sites, [s.pull for s in sites]) for name, sites in pools.items()}

    def _fill(self, site: Site) -> None:
        rng = self._rng
        size = min(120, max(2, int(2 * rng.paretovariate(1.1))))
        if site.kind in {"needle", "near", "fringe"}:
            size = min(60, max(6, size))
        for number in range(size):
            about = self._about(site)
            path = "/" if not number else self._path(site, number, about)
            url = f"http://{site.name}{path}"
            text = rng.randrange(len(self.texts[about]))
            site.paths.append(path)
            self.pages[url] = WebPage(url, site, about, text)

    def _about(self, site: Site) -> tuple[Topic, Stance]:
        rng = self._rng
        if site.kind == "needle" and rng.random() < 0.7:
            return Topic(site.subject), Stance.PROMOTES
        if site.kind == "near" and rng.random() < 0.45:
            return Topic(site.subject), rng.choice(_TALK)
        if site.kind == "ordinary" and rng.random() < 1 / 300:
            return rng.choice((Topic.SELF_HARM, Topic.VIOLENCE)), rng.choice(_TALK)
        return Topic.NEITHER, Stance.OTHER

    def _path(self, site: Site, number: int, about: tuple[Topic, Stance]) -> str:
        rng = self._rng
        share = 0.9 if site.kind == "farm" else 0.25
        telling = about[0] is not Topic.NEITHER or site.kind in {"farm", "ordinary"}
        if telling and rng.random() < share:
            return f"/{rng.choice(self._telling(site.kind, site.subject))}-{number}"
        if rng.random() < 0.3:
            return f"/{rng.choice(self._plain)}/{number}.html"
        return f"/?p={number}" if rng.random() < 0.3 else f"/p{number}"

    def _links(self, page: WebPage) -> Iterator[tuple[str, str]]:
        rng, site = self._rng, page.site
        for path in dict.fromkeys(["/", *rng.choices(site.paths, k=rng.randint(3, 8))]):
            yield self._link(self.pages[f"http://{site.name}{path}"])
        if page.url.endswith(site.name + "/"):
            here = f"http://{site.name}"
            for path in site.paths[1:30]:
                yield self._link(self.pages[here + path])
            if site.trap == "calendar":
                yield f"{here}/calendar?year=2026&month=1", "calendar"
            elif site.trap == "query":
                yield f"{here}/list?sort=0&from=0", "all"
            elif site.trap == "path":
                yield f"{here}/tree/{rng.choice(self._plain)}/", "tree"
        leads = OUT.get((site.kind, page.on_subject)) or OUT["ordinary", page.on_subject]
        for _ in range(25 if site.kind == "hub" else rng.randint(0, 4)):
            target = self._target(site, page, rng.choices(list(leads), list(leads.values()))[0])
            path = "/" if rng.random() < 0.6 else rng.choice(target.paths)
            yield self._link(self.pages[f"http://{target.name}{path}"])

    def _target(self, site: Site, page: WebPage, kind: str) -> Site:
        rng = self._rng
        pool = kind
        if kind == "own":
            pool = f"own {site.subject}"
        elif kind in {"needle", "near"}:
            harm = page.about[0].value if page.on_subject else site.subject
            if f"{kind} {harm}" in self._pools and rng.random() < 0.85:
                pool = f"{kind} {harm}"
            elif kind == "near" and site.kind in {"ordinary", "hub"}:
                pool = "known near"
        sites, pulls = self._pools.get(pool) or self._pools["any"]
        return rng.choices(sites, pulls)[0]

    def _link(self, target: WebPage) -> tuple[str, str]:
        rng, site = self._rng, target.site
        if site.kind == "farm":
            words, share = self._words[site.subject], 0.9
        elif target.on_subject or site.kind in {"needle", "near"}:
            words, share = self._telling(site.kind, site.subject), 0.45
            if site.kind == "ordinary":
                words = self._telling("near", target.about[0].value)
        elif rng.random() < 0.02:
            words, share = self._words[rng.choice(self._subjects())], 1.0
        else:
            words, share = self._words.get(site.subject, self._plain), 0.45
        if rng.random() < share:
            return target.url, f"{rng.choice(words)} {rng.choice(self._plain)}"
        return target.url, rng.choice(_IDLE)

    def _trap_page(self, url: str) -> bytes | None:
        parts = urlsplit(url)
        site = self.by_host.get(parts.netloc)
        if site is None or not site.trap:
            return None
        here = f"http://{site.name}"
        rng = random.Random(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        links = [(f"{here}/", "home")]
        if site.trap == "calendar" and parts.path == "/calendar":
            month = int(query["year"]) * _MONTHS + int(query["month"])
            for step, word in ((-1, "previous"), (1, "next")):
                year, index = divmod(month + step - 1, _MONTHS)
                links.append((f"{here}/calendar?year={year}&month={index + 1}", word))
        elif site.trap == "query" and parts.path == "/list":
            links += [
                (f"{here}/list?sort={rng.randrange(40)}&from={rng.randrange(100)}", "sort")
                for _ in range(8)
            ]
        elif site.trap == "path" and parts.path.startswith("/tree/"):
            links += [(f"{url}{word}/", word) for word in rng.sample(self._plain, 3)]
        else:
            return None
        text = self.texts[Topic.NEITHER, Stance.OTHER]
        return _html(rng.choice(text).split("\n"), links)


def _texts(seed: int) -> dict[tuple[Topic, Stance], list[str]]:
    plan = compose.Plan(
        promoting=80, harmless=50, distress=50, neither=200,
        fragments=(3, 10), filler=(0, 14), whole=1, latin=0.1, alone=False,
    )  # fmt: skip
    found: defaultdict[tuple[Topic, Stance], list[str]] = defaultdict(list)
    for example in compose.held_out_pages(load(Part.DEVELOPMENT), {}, seed, plan).examples:
        found[example.topic, example.stance].append(example.text)
    return found


def _html(lines: Sequence[str], links: Sequence[tuple[str, str]]) -> bytes:
    menu = "".join(
        f"<li><a href='{html.escape(url, quote=True)}'>{html.escape(anchor)}</a></li>"
        for url, anchor in links
    )
    text = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    title = html.escape(lines[0][:80]) if lines else ""
    return f"<!doctype html><meta charset=utf-8><title>{title}</title><body>{text}<ul>{menu}</ul>".encode()


class _Server(asyncio.Protocol):
    web: LinkedWeb

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._held = (self._held + data).split(b"\r\n\r\n")
        for head in heads:
            body = self.web.body(head.split(b" ", 2)[1].decode("latin-1"))
            status = b"404 Not Found" if body is None else b"200 OK"
            self._transport.write(
                b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                % (status, len(body or b""))
                + (body or b"")
            )


async def serve(web: LinkedWeb) -> None:
    """Print the port, then answer for ever, whatever the host's name."""
    _Server.web = web
    server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def describe(web: LinkedWeb) -> None:
    """Print what the web holds, and from where its needle sites are linked."""
    kinds = Counter(site.kind for site in web.sites)
    pages = Counter(page.site.kind for page in web.pages.values())
    print(f"{len(web.sites)} sites, {len(web.pages)} pages, {len(web.needles)} needle pages")
    for kind in kinds:
        own = [p for p in web.pages.values() if p.site.kind == kind]
        out = [web.pages[u] for p in own for u, _ in p.links if u in web.pages]
        away = [page for page in out if page.site.kind != kind or kind == "needle"]
        needles = sum(page.site.kind == "needle" for page in away)
        print(
            f"  {kind:9} {kinds[kind]:5} sites {pages[kind]:6} pages, {needles:5} links to needle sites"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", action="store_true")
    chosen = parser.parse_args()
    web = LinkedWeb(chosen.seed)
    if chosen.serve:
        asyncio.run(serve(web))
    else:
        describe(web)


if __name__ == "__main__":
    main()
