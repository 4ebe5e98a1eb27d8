"""What is known of the names and addresses a block would reach."""

import ipaddress

import pytest

from review_queue import cases, lookups
from review_queue.categories import Category, Lane
from review_queue.records import Case
from review_queue.store import Store
from tests.builders import a_page, came_from, fetch


def _captured(store: Store, url: str, ip: str) -> int:
    """The page is there with a capture from that address; returns its number."""
    (page_id,) = fetch(store, a_page(url))
    came_from(store, page_id, ip)
    return page_id


@pytest.fixture
def case(store: Store) -> Case:
    """A case of a site with three pages at two addresses, and strangers at one of these."""
    worst = _captured(store, "http://forum.one.example/bad", "192.0.2.9")
    _captured(store, "http://one.example/", "192.0.2.7")
    _captured(store, "http://one.example/a", "192.0.2.7")
    for name in ("c", "a", "b"):
        _captured(store, f"http://{name}.example/", "192.0.2.7")
    _captured(store, "http://far.example/", "198.51.100.1")
    _captured(store, "http://proxied.example/", "")
    found, _ = cases.open_case(
        store,
        site="one.example",
        category=Category.VIOLENCE,
        lane=Lane.REVIEW,
        page_id=worst,
        risk=0.9,
    )
    return found


@pytest.mark.usefixtures("case")
def test_the_name_with_most_pages_comes_first(store: Store) -> None:
    assert lookups.hosts_of(store, "one.example") == [
        lookups.HostPages("one.example", 2),
        lookups.HostPages("forum.one.example", 1),
    ]


def test_the_address_of_the_riskiest_page_comes_first(store: Store, case: Case) -> None:
    assert lookups.addresses_of(store, case) == ["192.0.2.9", "192.0.2.7"]


def test_what_came_through_a_proxy_has_no_address(store: Store) -> None:
    page_id = _captured(store, "http://proxied.example/", "")
    found, _ = cases.open_case(
        store,
        site="proxied.example",
        category=Category.VIOLENCE,
        lane=Lane.REVIEW,
        page_id=page_id,
        risk=0.9,
    )

    assert lookups.addresses_of(store, found) == []


@pytest.mark.usefixtures("case")
def test_others_at_an_address_are_counted_and_the_first_are_named(store: Store) -> None:
    found = lookups.sites_at(store, ["192.0.2.7"], but="one.example", limit=2)

    assert found == lookups.Neighbours(3, ("a.example", "b.example"))
    assert lookups.sites_at(store, ["192.0.2.1"]) == lookups.Neighbours(0, ())


@pytest.mark.usefixtures("case")
def test_the_known_addresses_of_a_network_are_found(store: Store) -> None:
    def inside(network: str) -> list[str]:
        return lookups.addresses_in(store, ipaddress.ip_network(network))

    assert inside("192.0.2.0/29") == ["192.0.2.7"]
    assert inside("192.0.2.0/24") == ["192.0.2.7", "192.0.2.9"]
    assert inside("2001:db8::/48") == []


@pytest.mark.usefixtures("case")
def test_who_is_at_an_address_is_read_from_an_index(store: Store) -> None:
    plan = store.rows("EXPLAIN QUERY PLAN SELECT page_id FROM captures WHERE ip = '192.0.2.7'")

    assert "captures_address" in next(plan)["detail"]
