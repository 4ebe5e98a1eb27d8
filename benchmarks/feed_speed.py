"""How fast the feed answers: small questions a second, a large file, and whether a busy store holds a pull up.

    uv run python benchmarks/feed_speed.py [--mb 50] [--seconds 5]

The feed runs in a process of its own; readers are threads of this one, each on one connection.
"""

import argparse
import http.client
import json
import multiprocessing
import sqlite3
import statistics
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from blocklist.entries import admit
from blocklist.feed.app import FeedConfig, Limits
from blocklist.feed.server import served
from blocklist.publish import export
from review_queue import providers, tokens
from review_queue.categories import HARMS
from review_queue.records import Reviewer
from review_queue.store import FILE_NAME, open_store

READERS = 4


def main() -> None:
    """The figures are printed as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        texts = _prepared(base, asked.mb * 1_000_000)
        begun, tell = multiprocessing.Pipe(duplex=False)
        feed = multiprocessing.Process(target=_serve, args=(base, tell))
        feed.start()
        try:
            print(json.dumps(_measured(base, begun.recv(), texts, asked.seconds), indent=2))
        finally:
            feed.terminate()
            feed.join()


def _serve(base: Path, tell: Connection) -> None:
    """The feed without limits, which are no part of what is measured."""
    config = FeedConfig(base / "data", base / "lists", limits=Limits(*[1e9] * 6))
    with served(config, "127.0.0.1", 0) as (url, server):
        tell.send(int(url.rstrip("/").rpartition(":")[2]))
        server.run()


def _prepared(base: Path, size: int) -> list[str]:
    """A store with many tokens, and a list whose domains.txt is that large."""
    person = Reviewer("bench", "Bench", "supervisor")
    with open_store(base / "data") as store:
        providers.add(store, "bench", person)
        admit(store)
        export(store, base / "lists", ("domains", "rpz"), actor="bench")
        texts = [
            tokens.issue(store, "bench", HARMS, ["domains", "rpz"], "2099", person).text
            for _ in range(200)
        ]
    path = base / "lists/current/domains.txt"
    manifest = base / "lists/current/manifest.json"
    found = json.loads(manifest.read_bytes())
    path.write_bytes(b"".join(b"n%09d.example\n" % number for number in range(size // 19)))
    found["files"]["domains.txt"]["size_bytes"] = path.stat().st_size
    manifest.write_text(json.dumps(found))
    return texts


def _measured(base: Path, port: int, texts: list[str], seconds: float) -> dict[str, object]:
    tag = _ask(port, texts[0], "/v1/rpz.zone")[2]
    free = _many(port, texts, tag, seconds)
    holder = sqlite3.connect(base / "data" / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    held = _many(port, texts, tag, seconds)
    holder.execute("ROLLBACK")
    large = {
        name: _large(port, texts[0], coding)
        for name, coding in (("plain", "identity"), ("gzip", "gzip"), ("gzip_again", "gzip"))
    }
    return {"readers": READERS, "free_store": free, "held_store": held, "large_file": large}


def _many(port: int, texts: list[str], tag: str, seconds: float) -> dict[str, float]:
    took: list[float] = []
    refused: list[int] = []
    end = time.perf_counter() + seconds

    def read(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        turn = number
        while time.perf_counter() < end:
            turn += READERS
            began = time.perf_counter()
            headers = {"Authorization": f"Bearer {texts[turn % len(texts)]}", "If-None-Match": tag}
            connection.request("GET", "/v1/rpz.zone", headers=headers)
            answer = connection.getresponse()
            answer.read()
            took.append(time.perf_counter() - began)
            if answer.status != 304:
                refused.append(answer.status)

    threads = [threading.Thread(target=read, args=[number]) for number in range(READERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "a_second": round(len(took) / seconds),
        "median_ms": round(1000 * statistics.median(took), 2),
        "p99_ms": round(1000 * statistics.quantiles(took, n=100)[98], 2),
        "not_304": len(refused),
    }


def _ask(port: int, text: str, path: str, coding: str = "identity") -> tuple[int, bytes, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {text}", "Accept-Encoding": coding}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("ETag", "")


def _large(port: int, text: str, coding: str) -> dict[str, float]:
    began = time.perf_counter()
    status, body, _ = _ask(port, text, "/v1/domains.txt", coding)
    return {"status": status, "bytes": len(body), "seconds": round(time.perf_counter() - began, 2)}


if __name__ == "__main__":
    main()
