"""A publisher with three lists, a feed in front of them, and a client of it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.provider.clients import Client, client
from tests.provider.feeds import FaultProxy, PlainFeed, proxy
from tests.provider.lists import Publisher

for_all = ("one.example", "two.example", "three.example")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """A publisher whose lists 1, 2 and 3 have one, two and three names."""
    publisher = Publisher(tmp_path_factory.mktemp("publisher"))
    for name in for_all:
        publisher.publish(name)
    return publisher


@dataclass(frozen=True, slots=True)
class World:
    """A feed that serves a copy of one of the lists, and a client of it."""

    publisher: Publisher
    feed: PlainFeed
    proxy: FaultProxy
    client: Client

    def serve(self, serial: int) -> Path:
        """The feed has that list now; returns the folder it serves."""
        shutil.rmtree(self.feed.folder, ignore_errors=True)
        snapshot = self.publisher.lists / "snapshots" / f"{serial:010}"
        shutil.copytree(snapshot, self.feed.folder)
        return self.feed.folder


@pytest.fixture
def world(published: Publisher, tmp_path: Path) -> Iterator[World]:
    """The feed has list 2, the client has list 2 in force."""
    feed = PlainFeed(tmp_path / "served")
    with proxy(feed.answer) as front:
        found = World(
            published, feed, front, client(tmp_path / "client", front.url, published.public_key)
        )
        found.serve(2)
        done = found.client.run()
        assert done.returncode == 0, done.stderr
        yield found
