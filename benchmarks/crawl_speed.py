"""Pages a second of `qalqan crawl` (extraction, language and store included) against bare Scrapy, in one run.

    uv run python benchmarks/crawl_speed.py --pages 2000

Both fetch the same pages from the same loopback server; bare Scrapy has an empty callback and Scrapy's defaults but
for the concurrency. Whole processes are timed, start-up included. Wall time is noisy on a busy machine: trust the CPU
figures, and the ratio of the best of several turns.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

HOSTS = 200
CONCURRENCY = 64
_SENTENCE = "кітап теңіз спорт жаңа күн ұзақ жол қала дала сабақ музыка the long road to school"
WORDS = tuple(_SENTENCE.split())


@dataclass(frozen=True)
class Turn:
    """One timed run of one program."""

    seconds: float
    cpu_ms: float
    peak_mb: float


def page(number: int) -> bytes:
    """A page of about 25 KB: a menu, sixty paragraphs, scripts, a few links out."""
    paragraphs = "".join(
        f"<div class='c{i}'><p>{' '.join(WORDS[(number + i + n) % len(WORDS)] for n in range(30))}"
        f" <b>{i}</b> <a href='/p{(number * 7 + i) % 200}'>read on {i}</a></p></div>"
        for i in range(60)
    )
    out = "".join(
        f"<li><a href='http://s{(number * 13 + i) % 2000}.example/'>site {i}</a>" for i in range(4)
    )
    script = "<script>" + "function f(x){return x+1};" * 200 + "</script>"
    head = f"<!doctype html><html lang=kk><meta charset=utf-8><title>Page {number}</title>{script}"
    return f"{head}<body>{paragraphs}<ul>{out}</ul></body></html>".encode()


class Server(asyncio.Protocol):
    """Answers every request with one of 37 pages, robots.txt with 404."""

    pages: tuple[bytes, ...] = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._held = (self._held + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            if path.endswith(b"robots.txt"):
                self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            body = self.pages[hash(path) % len(self.pages)]
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
                % len(body)
                + body
            )


async def serve() -> None:
    """Print the port, then answer for ever."""
    Server.pages = tuple(page(i) for i in range(37))
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def bare(urls: Path, port: int) -> None:
    """Fetch the URLs with Scrapy and do nothing with them."""
    listed = urls.read_text().split()

    class Empty(scrapy.Spider):
        name = "empty"

        async def start(self) -> AsyncIterator[Any]:
            for url in listed:
                yield scrapy.Request(
                    url, dont_filter=True, meta={"proxy": f"http://127.0.0.1:{port}"}
                )

        def parse(self, response: Response, **_: object) -> None:
            pass

    process = CrawlerProcess(
        {
            "LOG_LEVEL": "WARNING",
            "CONCURRENT_REQUESTS": CONCURRENCY,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }
    )
    process.crawl(Empty)
    process.start()


def timed(command: list[str], pages: int) -> Turn:
    """Run the command; it must print no error."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = float(after.ru_maxrss) / 1024
    if done.stdout:
        report = json.loads(done.stdout.splitlines()[-1])
        assert report["pages"] == pages, report
        peak = report["peak_memory_mb"]
    return Turn(seconds, cpu / pages * 1000, peak)


def compare(pages: int, turns: int, *, robots: str) -> None:
    """Run both programs in turn and print what they took."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdout is not None
        port = int(server.stdout.readline())
        urls = Path(folder, "urls.txt")
        urls.write_text("".join(f"http://h{i % HOSTS}.example/p{i}\n" for i in range(pages)))
        ours, theirs = [], []
        try:
            for turn in range(turns):
                theirs.append(
                    timed(
                        [sys.executable, __file__, "--bare", str(urls), "--port", str(port)], pages
                    )
                )
                ours.append(
                    timed(
                        [sys.executable, "-m", "qalqan", "crawl", str(urls), "--data", f"{folder}/{turn}", "--json",
                         "--proxy", f"http://127.0.0.1:{port}", "--delay", "0", "--max-depth", "0", "--robots", robots,
                         "--max-pages", str(pages), "--concurrency", str(CONCURRENCY)],
                        pages,
                    )
                )  # fmt: skip
        finally:
            server.kill()
    fast, bare_fast = min(ours, key=lambda t: t.seconds), min(theirs, key=lambda t: t.seconds)
    for name, best in (("bare Scrapy", bare_fast), ("qalqan crawl", fast)):
        print(
            f"{name:13} {pages / best.seconds:7.0f} pages/s  {best.cpu_ms:5.2f} CPU ms/page"
            f"  {best.peak_mb:5.0f} MB peak"
        )
    print(
        f"ratio         {bare_fast.seconds / fast.seconds:7.2f} of bare Scrapy's pages/s, "
        f"{fast.cpu_ms / bare_fast.cpu_ms:.2f} x its CPU "
        f"(robots {robots}, best of {turns}, load {os.getloadavg()[0]:.1f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--robots", choices=["obey", "ignore"], default="ignore")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
    elif chosen.bare:
        bare(chosen.bare, chosen.port)
    else:
        compare(chosen.pages, chosen.turns, robots=chosen.robots)


if __name__ == "__main__":
    main()
