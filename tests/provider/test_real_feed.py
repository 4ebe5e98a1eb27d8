"""The client and the feed of the program itself, with the fault proxy between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from blocklist import heartbeat, served
from blocklist.entries import admit
from blocklist.feed.app import FeedConfig
from blocklist.publish import export
from blocklist.signers import Signers
from review_queue import entries, lifts, tokens
from review_queue.categories import Category
from review_queue.lifts import LiftReason
from tests.blocklist.approvals import PEOPLE
from tests.blocklist.feeding import UNLIMITED, Site, a_text, list_names, running
from tests.provider import feeds
from tests.provider.clients import NOT_FETCHED, OK, REFUSED, Client, client
from tests.provider.feeds import FaultProxy, ask_of, only, proxy
from tests.provider.lists import Publisher

VIOLENT, SORROW = ("casino.example", "shop.example"), ("sorrow.example",)
FAULTS = {
    "truncated": feeds.truncated,
    "a page": feeds.instead(feeds.PAGE),
    "a captive portal": feeds.instead(b"", 302, Location="/v1/elsewhere"),
    "an empty body": feeds.instead(b""),
    "ten times the size": feeds.ten_times,
    "an endless body": feeds.endless,
    "a reset": feeds.reset,
    "gzip garbage": feeds.gzip_garbage,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A publisher, its feed with the proxy before it, and a client whose token reads one category."""

    publisher: Publisher
    site: Site
    proxy: FaultProxy
    client: Client

    def publish(self) -> int:
        """What is live now is published, whole and for each category somebody reads alone."""
        with self.site.opened() as store:
            admit(store)
            return export(
                store, self.site.lists, ["rpz"], actor="test",
                sign=self.publisher.signatures, parts=tokens.parts_wanted(store),
            ).serial  # fmt: skip


@pytest.fixture
def delivery(tmp_path: Path) -> Iterator[Delivery]:
    publisher = Publisher(tmp_path / "publisher", formats=("rpz",))
    publisher.publish()
    site = Site(publisher.home / "data", publisher.lists)
    with site.opened() as store:
        list_names(store, VIOLENT, Category.VIOLENCE)
        list_names(store, SORROW, Category.SELF_HARM)
    token = a_text(site, Category.VIOLENCE, formats=("rpz",))
    with (
        running(site, FeedConfig(site.data, site.lists, limits=UNLIMITED)),
        proxy(ask_of("127.0.0.1", site.port)) as front,
    ):
        reader = client(tmp_path / "client", front.url, publisher.public_key, PART="violence")
        (reader.home / "token").write_text(f"{token}\n")
        found = Delivery(publisher, site, front, reader)
        found.publish()
        first = reader.run()
        assert first.returncode == OK, first.stderr
        yield found


def names(reader: Client) -> set[str]:
    """The names in the list in force."""
    lines = (reader.current / "rpz.zone").read_text().splitlines()
    return {line.split()[0] for line in lines if " CNAME " in line}


def test_a_token_for_one_category_gets_its_list_whole_and_signed_and_no_other(
    delivery: Delivery,
) -> None:
    assert names(delivery.client) == set(VIOLENT)
    assert delivery.client.is_whole()
    assert delivery.client.run().returncode == OK


def test_no_fault_between_the_feed_and_the_client_installs_a_list(delivery: Delivery) -> None:
    reader = delivery.client
    reader.set(RECEIPTS="no")
    with delivery.site.opened() as store:
        (gone,) = [each for each in entries.live(store) if each.name == "shop.example"]
        lifts.lift(store, gone.id, PEOPLE[0], LiftReason.MISTAKE)
    newest = delivery.publish()
    for name in ("manifest.json", "manifest.json.minisig", "rpz.zone"):
        for what, fault in FAULTS.items():
            if (name, what) == ("manifest.json.minisig", "ten times the size"):
                continue  # its first four lines are the signature
            with delivery.proxy.spoiling(only(name, fault)):
                done = reader.run()
            assert done.returncode in (NOT_FETCHED, REFUSED), (name, what, done.stderr)
            assert (names(reader), reader.is_whole()) == (set(VIOLENT), True), (name, what)

    assert reader.run().returncode == OK
    assert (reader.serial, names(reader)) == (newest, {"casino.example"})


def test_a_token_that_was_revoked_keeps_the_list_in_force_and_says_so(delivery: Delivery) -> None:
    with delivery.site.opened() as store:
        (token,) = tokens.counting(store)
        tokens.revoke(store, token.id, PEOPLE[0])

    done = delivery.client.run()

    assert done.returncode == NOT_FETCHED
    assert "the feed answered 401 for manifest.json" in done.stderr
    assert "ask the publisher for another" in done.stderr
    assert names(delivery.client) == set(VIOLENT)


def test_a_heartbeat_of_the_publisher_reaches_the_client(delivery: Delivery) -> None:
    before = (delivery.client.current / "not_after").read_text()
    whole = served.served(delivery.site.lists)
    assert whole is not None
    said = heartbeat.renew(
        delivery.site.lists, whole, Signers(delivery.publisher.key), valid_for=timedelta(days=20)
    )

    done = delivery.client.run()

    assert done.returncode == OK, done.stderr
    assert (
        f"nothing new: serial {delivery.client.serial} is in force, good until {said}"
        in done.stderr
    )
    assert (delivery.client.current / "not_after").read_text() == f"{said}\n" != before
