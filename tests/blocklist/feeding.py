"""A feed as it runs: a store, lists, waitress on a free loopback port, and a reader over http.client."""

import http.client
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

from waitress import wasyncore

from blocklist.entries import admit
from blocklist.feed.app import FeedConfig, Limits
from blocklist.feed.server import served
from blocklist.formats import FORMATS
from blocklist.publish import export
from review_queue import providers, pulls, tokens
from review_queue.categories import HARMS, Category, Scope
from review_queue.pulls import Pull
from review_queue.store import Store, open_store
from tests.blocklist.approvals import agree, case_of
from tests.review_queue.takers import a_token

UNLIMITED = Limits(*[1e9] * 6)
FORMATS_OF_ALL = (*FORMATS, "entries")
VIOLENT = ("casino.example", "shop.example")
WAIT_S = 20.0  # for the log, which is written behind the answers
SELF_HARM = ("sorrow.example",)


@dataclass(frozen=True)
class Reply:
    status: int
    headers: HTTPMessage
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Site:
    """A running feed and what it serves."""

    data: Path
    lists: Path
    port: int = 0

    def ask(
        self,
        path: str,
        token: str = "",
        *,
        method: str = "GET",
        body: bytes | None = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Reply:
        """What the feed answers a reader at that address; `If_None_Match` is the header If-None-Match."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=20, source_address=(source, 0)
        )
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            if token:
                sent["Authorization"] = f"Bearer {token}"
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in sent.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def opened(self) -> Store:
        """The feed's store, opened anew."""
        return open_store(self.data, create=False)


def publish(store: Store, lists: Path) -> int:
    """All that was approved is published, with a list for each category somebody may read alone; its serial."""
    admit(store)
    return export(
        store, lists, tuple(FORMATS), actor="test", parts=tokens.parts_wanted(store)
    ).serial


def list_names(store: Store, names: tuple[str, ...], category: Category) -> None:
    """Enough people have decided about each name."""
    for name in names:
        agree(store, case_of(store, name, category), name, Scope.HOST, 2)


def a_site(folder: Path) -> Site:
    """A store with names of two categories, and lists of the whole and of each."""
    site = Site(folder / "data", folder / "lists")
    with open_store(site.data) as store:
        list_names(store, VIOLENT, Category.VIOLENCE)
        list_names(store, SELF_HARM, Category.SELF_HARM)
        for category in HARMS:
            a_token(store, "parts", category)
        publish(store, site.lists)
    return site


@contextmanager
def running(site: Site, config: FeedConfig | None = None) -> Iterator[Site]:
    """The feed answers within the block; after it the pull log is written."""
    settings = config or FeedConfig(site.data, site.lists, limits=UNLIMITED)
    server: Any  # what it has to be woken by is not among its types
    with served(settings, "127.0.0.1", 0) as (url, server):
        site.port = int(url.rstrip("/").rpartition(":")[2])
        is_over = threading.Event()
        thread = threading.Thread(target=_run, args=(server, is_over))
        thread.start()
        try:
            yield site
        finally:
            is_over.set()
            server.trigger.pull_trigger()
            thread.join()


def _run(server: Any, is_over: threading.Event) -> None:
    """The server answers until it is over, and then ends as it does on Ctrl+C."""
    while not is_over.is_set():
        wasyncore.loop(  # as its own run() has it
            timeout=1,
            use_poll=server.adj.asyncore_use_poll,
            map=server._map,  # noqa: SLF001
            count=1,
        )
    server.task_dispatcher.shutdown()
    wasyncore.close_all(server._map)  # noqa: SLF001  # those of readers too


def a_text(
    site: Site,
    *categories: Category,
    formats: tuple[str, ...] = FORMATS_OF_ALL,
    name: str = "north-net",
) -> str:
    """The text of a new token."""
    with site.opened() as store:
        return a_token(store, name, *categories, formats=formats).text


def copied(made: Path, folder: Path) -> Site:
    """A copy of the site in the folder, to be changed at will."""
    shutil.copytree(made, folder / "site", symlinks=True)
    return Site(folder / "site/data", folder / "site/lists")


def pulls_of(site: Site, name: str = "north-net", count: int = 1) -> list[Pull]:
    """The pull log of the provider, once it has so many rows."""
    end = time.monotonic() + WAIT_S
    while True:
        with site.opened() as store:
            found = pulls.of_provider(store, providers.find(store, name).id)
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(0.05)
