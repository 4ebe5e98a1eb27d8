from collections.abc import Sequence

from blocklist.coverage import owners
from review_queue.records import Entry
from tests.blocklist.samples import domain, entry, view


def said(entries: Sequence[Entry]) -> list[str]:
    return list(owners(view("domains", entries)))


def test_a_host_is_its_name_and_a_domain_also_what_lies_below() -> None:
    found = said([domain("b.example"), entry("a.example")])

    assert found == ["a.example", "b.example", "*.b.example"]


def test_the_same_name_twice_is_said_once() -> None:
    found = said([entry("a.example"), entry("a.example"), entry("b.example")])

    assert found == ["a.example", "b.example"]


def test_the_wider_of_two_entries_of_one_name_is_said() -> None:
    assert said([entry("a.example"), domain("a.example")]) == ["a.example", "*.a.example"]


def test_what_lies_below_a_listed_domain_is_not_said_again() -> None:
    entries = [domain("a.example"), entry("b.a.example"), domain("d.c.a.example")]

    assert said(entries) == ["a.example", "*.a.example"]


def test_a_name_that_only_ends_alike_is_its_own() -> None:
    entries = [domain("a.example"), entry("ba.example")]

    assert said(entries) == ["a.example", "*.a.example", "ba.example"]


def test_a_host_covers_nothing_but_itself() -> None:
    assert said([entry("a.example"), entry("b.a.example")]) == ["a.example", "b.a.example"]
