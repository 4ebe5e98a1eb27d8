"""A real BIND for the lists, on loopback and a free port."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import dns.rcode
import pytest

from blocklist.consumers import bind
from tests.blocklist.consumers_dns import BIND, Consumer, path_of, running


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
