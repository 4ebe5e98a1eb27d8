"""A loopback web, and a crawl of it with test-sized budgets."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Budget, CrawlPlan, CrawlReport, Network, Pace
from crawler.run import crawl
from crawler.seeds import parse_seeds
from review_queue import pages
from review_queue.records import Seed
from review_queue.store import open_store
from tests.site.web import Web

Crawl = Callable[..., CrawlReport]


# languages are the classifier's business; a built-in, so that the crawl's process need not import the tests
no_language: Callable[[str], str] = "".format


def plan_for(web: Web, **changes: object) -> CrawlPlan:
    """A fast plan in which all *.test names lead to `web` and nothing else is reachable."""
    network = Network(
        addresses=AddressPolicy((Allowance.parse(f"127.0.0.1/32:{web.port}"),)),
        overrides=(Override.parse("*.test:127.0.0.1"),),
    )
    plan = CrawlPlan(
        budget=Budget(max_pages=100), pace=Pace(delay_s=0.0, timeout_s=3.0), network=network
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # the tests name its fields


def seeds_of(web: Web, *urls: str) -> tuple[Seed, ...]:
    """Seeds for `urls`, written without the web's port."""
    seeds = []
    for url in urls:
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        seeds.append(Seed(f"{scheme}://{host}:{web.port}{slash}{path}"))
    return parse_seeds("\n".join(seed.url for seed in seeds).encode()).seeds


def stored_urls(data: Path) -> list[str]:
    """The URL of each stored page version, sorted."""
    with open_store(data) as store:
        return sorted(row["url"] for row in store.rows("SELECT url FROM pages WHERE status = 200"))


def stored_count(data: Path) -> int:
    """How many different URLs have a stored page."""
    with open_store(data) as store:
        return pages.count(store)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(web: Web, data: Path) -> Crawl:
    """A function that crawls the given URLs of the web, written without its port."""

    def crawl_urls(*urls: str, plan: CrawlPlan | None = None) -> CrawlReport:
        return crawl(data, seeds_of(web, *urls), plan or plan_for(web), detect_language=no_language)

    return crawl_urls
