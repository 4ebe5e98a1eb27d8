"""One crawl of a web in which nearly every site is hostile, judged by the store and by what the web saw."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Budget, CrawlPlan, CrawlReport, Network, Pace
from crawler.processes import peak_memory_mb
from crawler.run import crawl
from review_queue.records import Seed
from review_queue.store import open_store
from tests.crawler.conftest import no_language
from tests.site.hostile import HostileWeb, Kind, Served
from tests.site.hostile_protocol import KINDS

GOOD_PAGES = 12
LIMIT_S = 10.0
LIMIT_MB = 512.0
PARENT_MB = 100.0  # more than the command that waits for the crawl takes


# what a reader sees there, and none of these ways of sending it may hide
SEEN = {
    "текст, text": (
        "gzip-truncated gzip-then-garbage length-too-long charset-hex charset-escape charset-lie charset-endless"
        " charset-mixed utf-16 utf-32 headers-none header-folded type-nonsense to-with-user two-responses"
        " robots-huge robots-endless robots-private robots-mute robots-503"
    ),
    "deep": "nested-tags nested-formatting misnested",
    "seen": "open-comments open-script open-quotes refresh-of-spaces",
    "half": "reset-mid-body mute-in-body",
    "x": "slow-body length-astronomic",
    "ab": "nuls",
    "text": "attributes-same attributes-many attribute-long bom-trap",
}


@dataclass(frozen=True, slots=True)
class Crawled:
    """What is left of the crawl."""

    port: int
    report: CrawlReport
    memory_mb: float  # of the crawl's own process
    served: tuple[Served, ...]
    reached: tuple[str, ...]  # of the canary
    outcomes: dict[str, str]  # of each URL tried: "page", or the kind of its error
    texts: dict[str, str]  # of each host's pages


def plan_for(port: int) -> CrawlPlan:
    """A plan with short limits, in which the canary's port is what a private address is elsewhere."""
    overrides = (
        "*.test:127.0.0.1",
        "*.xip.test:127.0.0.2",
        "*.six.test:::1",
        "inside.mapped.test:::ffff:127.0.0.1",
    )
    return CrawlPlan(
        budget=Budget(max_pages=25, max_depth=8, max_seconds=60.0),
        # where coverage is measured, reading takes several times as long
        pace=Pace(delay_s=0.0, timeout_s=4.0, concurrency=8, read_s=8.0),
        network=Network(
            addresses=AddressPolicy((Allowance.parse(f"127.0.0.1/32:{port}"),)),
            overrides=tuple(map(Override.parse, overrides)),
        ),
        discover=20,
    )


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    data: Path = tmp_path_factory.mktemp("hostile") / "data"
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(1, GOOD_PAGES)).encode()
    good = {f"/{n or ''}": b"<title>good</title><p>text</p>" + links for n in range(GOOD_PAGES)}
    tests_mb = peak_memory_mb()  # counted into the report, which is of both processes
    with HostileWeb(KINDS, {"good": good}) as web:
        seeds = [Seed(kind.url(web.port)) for kind in KINDS]
        # in their midst, so that it is crawled while they do their worst
        seeds.insert(len(seeds) // 2, Seed(f"http://good.test:{web.port}/"))
        report = crawl(data, seeds, plan_for(web.port), detect_language=no_language)
        with open_store(data) as store:
            rows = store.rows(
                "SELECT f.url, f.last_error, f.state, EXISTS (SELECT 1 FROM pages p"
                " WHERE p.host = s.name OR p.site = s.name) AS paged"
                " FROM frontier f JOIN sites s ON s.name = f.site"
            )
            outcomes = {
                row["url"]: row["last_error"] or ("page" if row["paged"] else "")
                for row in rows
                if row["state"] == "done"
            }
            texts = {
                row["host"].removesuffix(".test"): row["text"]
                for row in store.rows("SELECT host, text FROM pages ORDER BY id DESC")
            }
        yield Crawled(
            web.port,
            report,
            report.peak_memory_mb - tests_mb,
            tuple(web.served),
            tuple(web.reached),
            outcomes,
            texts,
        )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_hostile_answer_has_the_outcome_it_deserves(crawled: Crawled, kind: Kind) -> None:
    assert crawled.outcomes.get(kind.url(crawled.port)) in kind.outcomes


@pytest.mark.parametrize(
    ("name", "text"),
    [pytest.param(n, text, id=n) for text, names in SEEN.items() for n in names.split()],
)
def test_no_way_of_sending_it_hides_a_text(crawled: Crawled, name: str, text: str) -> None:
    # what was not read in time has no text yet; the outcomes above say for which kinds that is right
    assert text in crawled.texts.get(name, text)


def test_there_are_at_least_sixty_kinds_and_each_was_asked_for(crawled: Crawled) -> None:
    names = {kind.name for kind in KINDS}

    assert len(names) == len(KINDS) >= 60
    assert names <= {served.kind for served in crawled.served if served.path != "/robots.txt"}


def test_the_canary_on_a_private_address_is_never_reached(crawled: Crawled) -> None:
    assert crawled.reached == ()
    assert crawled.report.errors["address_refused"] >= 10


def test_the_well_behaved_site_among_them_is_complete(crawled: Crawled) -> None:
    of_good = {
        url: outcome for url, outcome in crawled.outcomes.items() if url.startswith("http://good.")
    }

    assert len(of_good) == GOOD_PAGES
    assert set(of_good.values()) == {"page"}


def test_memory_stays_below_its_limit(crawled: Crawled) -> None:
    assert crawled.memory_mb + PARENT_MB < LIMIT_MB


def test_no_answer_held_the_crawl_longer_than_its_limits_allow(crawled: Crawled) -> None:
    longest = max(crawled.served, key=lambda served: served.seconds)

    assert longest.seconds < LIMIT_S, longest


@pytest.mark.parametrize("name", ["slow-hops", "mute-robots-chain"])
def test_the_hops_of_a_page_and_their_rules_share_its_time(crawled: Crawled, name: str) -> None:
    # with its time anew for each, a page would have asked twelve times
    assert 1 <= sum(served.kind == name for served in crawled.served) <= 6


def test_no_trap_takes_more_than_its_budget_and_the_crawl_ends_by_itself(crawled: Crawled) -> None:
    assert not crawled.report.stopped
    for trap in ("calendar", "deeper", "queries", "sessions", "many-links", "refresh-loop"):
        asked = [s for s in crawled.served if s.kind == trap and s.path != "/robots.txt"]
        assert 1 <= len(asked) <= 25
