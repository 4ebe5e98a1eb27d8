"""Providers are added and ended by people, and stay known."""

import pytest

from review_queue import audit, providers
from review_queue.errors import RefusedError
from review_queue.providers import UnknownProviderError
from review_queue.store import Store
from tests.review_queue.takers import DANA


def test_a_provider_is_added_with_who_did_it(store: Store) -> None:
    made = providers.add(store, "north-net", DANA, contact="noc@north.example")

    assert providers.all_of(store) == [made] == [providers.find(store, "NORTH-NET")]
    assert (made.contact, made.added_by, made.ended_at, made.fingerprint) == (
        "noc@north.example", "Dana D.", "", "",
    )  # fmt: skip
    (row,) = audit.of_subject(store, "north-net")
    assert (row.action, row.actor, row.detail["person"]) == ("provider.added", "Dana D.", "dana-1")


@pytest.mark.parametrize("name", ["", "-x", "a b", "a/b", "қазақ", "x" * 61, "a\n", "../a"])
def test_a_name_that_could_be_misread_is_refused(store: Store, name: str) -> None:
    with pytest.raises(RefusedError, match="cannot name a provider"):
        providers.add(store, name, DANA)


def test_a_name_is_used_once_whatever_its_case(store: Store) -> None:
    providers.add(store, "north-net", DANA)
    providers.end(store, "north-net", DANA)

    with pytest.raises(RefusedError, match="choose another name"):
        providers.add(store, "North-Net", DANA)
    with pytest.raises(RefusedError, match="contact"):
        providers.add(store, "south-net", DANA, contact="two\nlines")


def test_a_provider_ends_once(store: Store) -> None:
    providers.add(store, "north-net", DANA)

    assert providers.end(store, "north-net", DANA).ended_at
    with pytest.raises(RefusedError, match="already"):
        providers.end(store, "north-net", DANA)
    with pytest.raises(UnknownProviderError, match="providers list"):
        providers.end(store, "nobody", DANA)


def test_the_last_certificate_counts(store: Store) -> None:
    providers.add(store, "north-net", DANA)

    assert (
        providers.bind(store, "north-net", "AB:" * 31 + "CD", DANA).fingerprint == "ab" * 31 + "cd"
    )
    assert providers.bind(store, "north-net", "1" * 64, DANA).fingerprint == "1" * 64
    assert providers.bind(store, "north-net", "", DANA).fingerprint == ""
    with pytest.raises(RefusedError, match="openssl x509"):
        providers.bind(store, "north-net", "ab:cd", DANA)
