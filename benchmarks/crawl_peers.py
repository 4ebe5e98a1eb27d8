"""What `qalqan crawl` is measured against, each a program of its own that imports nothing of the project.

    python benchmarks/crawl_peers.py scrapy URLS.txt        # an empty callback, Scrapy's defaults
    python benchmarks/crawl_peers.py crawlee URLS.txt       # an empty handler, its default HTTP client
    python benchmarks/crawl_peers.py crawlee-httpx URLS.txt
    python benchmarks/crawl_peers.py raw URLS.txt           # asyncio and nothing else: what the server can give

Each fetches the URLs of the file, keeps nothing, and prints how many were answered with status 200 as JSON.
crawl_speed.py runs them; crawlee needs an environment of its own.
"""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OK = 200


def scrapy(urls: list[str], concurrency: int, *, uvloop: bool) -> int:
    """Scrapy with its defaults but for the concurrency and the two listening extensions."""
    from scrapy import Request, Spider  # noqa: PLC0415 - each peer has its own environment
    from scrapy.crawler import CrawlerProcess  # noqa: PLC0415

    answered = 0

    class Empty(Spider):
        name = "empty"

        async def start(self) -> AsyncIterator[Any]:
            for url in urls:
                yield Request(url, dont_filter=True)

        def parse(self, response: Any, **_: object) -> None:  # noqa: ANN401
            nonlocal answered
            answered += response.status == OK

    process = CrawlerProcess(
        {
            "LOG_LEVEL": "WARNING",
            "CONCURRENT_REQUESTS": concurrency,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            "ASYNCIO_EVENT_LOOP": "uvloop.Loop" if uvloop else None,
        }
    )
    process.crawl(Empty)
    process.start()
    return answered


def crawlee(urls: list[str], concurrency: int, *, uvloop: bool, httpx: bool = False) -> int:
    """Crawlee's HttpCrawler with its storage in memory alone."""
    from crawlee import ConcurrencySettings, service_locator  # noqa: PLC0415
    from crawlee.crawlers import HttpCrawler, HttpCrawlingContext  # noqa: PLC0415
    from crawlee.storage_clients import MemoryStorageClient  # noqa: PLC0415

    service_locator.set_storage_client(MemoryStorageClient())
    logging.disable(logging.INFO)
    answered = 0

    async def crawl() -> None:
        client = {}
        if httpx:
            from crawlee.http_clients import HttpxHttpClient  # noqa: PLC0415

            client = {"http_client": HttpxHttpClient()}
        crawler = HttpCrawler(
            concurrency_settings=ConcurrencySettings(
                min_concurrency=concurrency,
                max_concurrency=concurrency,
                desired_concurrency=concurrency,
            ),
            configure_logging=False,
            **client,
        )

        @crawler.router.default_handler
        async def handle(context: HttpCrawlingContext) -> None:
            nonlocal answered
            answered += context.http_response.status_code == OK

        await crawler.run(urls)

    _runner(uvloop=uvloop)(crawl())
    return answered


def raw(urls: list[str], concurrency: int, *, uvloop: bool) -> int:
    """One connection for each running request, no parsing beyond the length of the body."""
    waiting = iter(urls)
    answered = 0

    async def take() -> None:
        nonlocal answered
        parts = urlsplit(urls[0])
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**20)
        for url in waiting:
            head = f"GET {urlsplit(url).path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            await reader.readexactly(length)
            answered += answer.startswith(b"HTTP/1.1 200")
        writer.close()

    async def crawl() -> None:
        await asyncio.gather(*(take() for _ in range(concurrency)))

    _runner(uvloop=uvloop)(crawl())
    return answered


def _runner(*, uvloop: bool) -> Callable[[Any], Any]:
    if not uvloop:
        return asyncio.run
    import uvloop as fast  # noqa: PLC0415 - installed by who asks for it

    runner: Callable[[Any], Any] = fast.run
    return runner


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("peer", choices=("scrapy", "crawlee", "crawlee-httpx", "raw"))
    parser.add_argument("urls", type=Path)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--uvloop", action="store_true")
    chosen = parser.parse_args()
    urls = chosen.urls.read_text().split()
    name, _, client = chosen.peer.partition("-")
    run: Callable[..., int] = {"scrapy": scrapy, "crawlee": crawlee, "raw": raw}[name]
    answered = run(
        urls, chosen.concurrency, uvloop=chosen.uvloop, **({"httpx": True} if client else {})
    )
    sys.stdout.write(json.dumps({"pages": answered}) + "\n")


if __name__ == "__main__":
    main()
