"""A real BIND for the lists, and a running feed of them: both on loopback and a free port."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dns.rcode
import pytest

from blocklist.consumers import bind
from tests.blocklist import feeding
from tests.blocklist.consumers_dns import BIND, Consumer, path_of, running
from tests.blocklist.feeding import Site


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
