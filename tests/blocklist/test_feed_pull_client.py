"""From a decision to a provider's resolver and from a lift to its end: the feed, the pull client and a real Unbound."""

from pathlib import Path

from blocklist.feed.app import FeedConfig
from review_queue import delivery, entries, lifts, providers, pulls, receipts
from review_queue.lifts import LiftReason
from review_queue.pulls import Kind
from tests.blocklist.approvals import PEOPLE
from tests.blocklist.feeding import UNLIMITED, Site, a_text, running
from tests.provider import consumers
from tests.provider.clients import OK, Client, client
from tests.provider.lists import Publisher


def _client(site: Site, publisher: Publisher, home: Path) -> Client:
    """A client of the feed that knows its token, before its first list."""
    found = client(home, f"http://127.0.0.1:{site.port}/v1", publisher.public_key)
    (home / "token").write_text(f"{a_text(site, formats=('rpz',))}\n")
    found.set(CONSUMER="unbound", FILES="", ZONE=consumers.ZONE, FETCH_TIME="20", SLOW_TIME="20")
    # a first run that finds nothing: the folder is there, and the resolver can be started
    found.set(
        FEED=f"http://127.0.0.1:{site.port}/nothing", RELOAD="true", MUST_RESOLVE="egov.example"
    )
    assert found.run().returncode != OK
    found.set(FEED=f"http://127.0.0.1:{site.port}/v1", RELOAD="")
    return found


def test_a_lifted_block_leaves_a_providers_resolver_and_the_hours_are_known(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "publisher")
    publisher.publish("one.example", "two.example")
    site = Site(publisher.home / "data", publisher.lists)
    with running(site, FeedConfig(site.data, site.lists, limits=UNLIMITED)):
        reader = _client(site, publisher, tmp_path / "client")
        with consumers.running("unbound", reader.current) as resolver:
            reader.set(RESOLVER_PORT=str(resolver.resolver.port))
            first = reader.run(path=resolver.path)
            blocked = [resolver.resolver.state(f"{name}.example") for name in ("one", "two")]
            with site.opened() as store:
                entry = next(one for one in entries.live(store) if one.name == "one.example")
                lifts.lift(store, entry.id, PEOPLE[0], LiftReason.APPEAL, "They are right.")
            publisher.publish()
            second = reader.run(path=resolver.path)
            lifted = [resolver.resolver.state(f"{name}.example") for name in ("one", "two")]
            again = reader.run(path=resolver.path)

    assert (first.returncode, second.returncode, again.returncode) == (OK, OK, OK), second.stderr
    assert blocked == ["blocked", "blocked"]
    assert lifted == ["open", "blocked"]
    with site.opened() as store:
        (found,) = delivery.report(store)
        provider = providers.find(store, "north-net").id
        told = receipts.of_provider(store, provider)
        log = pulls.of_provider(store, provider)
    assert (found.serial, found.newest, found.alerts) == (2, 2, ())
    assert (found.lifts.done, found.lifts.waiting) == (1, 0)
    assert (found.removals.done, found.removals.waiting) == (1, 0)
    assert [(one.serial, one.outcome, one.is_ours) for one in told] == [
        (2, "applied", True),
        (1, "applied", True),
    ]
    assert (log[1].kind, log[1].status) == (Kind.MANIFEST, 304)
    assert {one.kind for one in log} >= {Kind.LIST, Kind.MANIFEST, Kind.RECEIPT}
