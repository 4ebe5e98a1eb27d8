from blocklist.coverage import owners
from tests.blocklist.samples import domain, entry


def test_a_host_is_its_name_and_a_domain_also_what_lies_below() -> None:
    found = list(owners([domain("b.example"), entry("a.example")]))

    assert found == ["a.example", "b.example", "*.b.example"]


def test_the_same_name_twice_is_said_once() -> None:
    found = list(owners([entry("a.example"), entry("a.example"), entry("b.example")]))

    assert found == ["a.example", "b.example"]


def test_the_wider_of_two_entries_of_one_name_is_said() -> None:
    assert list(owners([entry("a.example"), domain("a.example")])) == ["a.example", "*.a.example"]


def test_what_lies_below_a_listed_domain_is_not_said_again() -> None:
    entries = [domain("a.example"), entry("b.a.example"), domain("d.c.a.example")]

    assert list(owners(entries)) == ["a.example", "*.a.example"]


def test_a_name_that_only_ends_alike_is_its_own() -> None:
    entries = [domain("a.example"), entry("ba.example")]

    assert list(owners(entries)) == ["a.example", "*.a.example", "ba.example"]


def test_a_host_covers_nothing_but_itself() -> None:
    assert list(owners([entry("a.example"), entry("b.a.example")])) == ["a.example", "b.a.example"]
