"""A store to publish from, a running feed of lists, and a real BIND for them: both on loopback and a free port."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import dns.rcode
import pytest

from blocklist.consumers import bind
from blocklist.signers import Signers
from review_queue.store import Store, open_store
from tests.blocklist import feeding
from tests.blocklist.consumers_dns import BIND, Consumer, path_of, running
from tests.blocklist.feeding import Site
from tests.blocklist.publications import host, listed, signers_at
from tests.conftest import TickingClock


@dataclass(frozen=True, slots=True)
class Resolver:
    """A running BIND with one policy zone; every other name has an address."""

    bind: Consumer

    def rcode(self, name: str) -> str:
        """How the resolver answers for `name`: NOERROR with an address, NXDOMAIN, ..."""
        answer = self.bind.ask(name)
        if answer.rcode() == dns.rcode.NOERROR and not answer.answer:
            return "NODATA"
        return dns.rcode.to_text(answer.rcode())


StartBind = Callable[[Path, str], Resolver]


@pytest.fixture
def start_bind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartBind]:
    """Starts BIND with a policy zone file under a zone name; ended after the test."""
    path_of(BIND)
    with ExitStack() as started:

        def start(rpz: Path, zone: str) -> Resolver:
            folder = tmp_path_factory.mktemp("bind")
            settings = bind.zone(rpz.name, zone).format(folder=rpz.parent.absolute())
            return Resolver(started.enter_context(running(BIND, folder, settings)))

        yield start


@pytest.fixture
def signers(tmp_path: Path, clock: TickingClock) -> Signers:
    """A key of its own, and the clock of the test."""
    return replace(signers_at(tmp_path / "key"), clock=clock)


@pytest.fixture
def filled(tmp_path: Path, clock: TickingClock) -> Iterator[Store]:
    """A store with three entries; none of their names is reserved."""
    with open_store(tmp_path / "data", clock=clock) as store:
        listed(store, *map(host, range(3)))
        yield store


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the lists are published to."""
    return tmp_path / "lists"


@pytest.fixture(scope="session")
def published_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store and its lists, to be copied: nobody changes what stands there."""
    folder = tmp_path_factory.mktemp("feed")
    feeding.a_site(folder)
    return folder


@pytest.fixture
def site(published_site: Path, tmp_path: Path) -> Iterator[Site]:
    """A running feed of lists that the test may change."""
    with feeding.running(feeding.copied(published_site, tmp_path)) as found:
        yield found
