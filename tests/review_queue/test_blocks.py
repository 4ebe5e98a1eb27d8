"""What a block is about, in the one way each scope writes it, and the store's own rules for it."""

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from review_queue import entries
from review_queue.blocks import MAX_URL_CHARS, normal, unicode_of
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError, RefusedError
from review_queue.schema import migrations
from review_queue.store import FILE_NAME, Store, open_store
from tests.blocklist.approvals import agree, case_of


@pytest.mark.parametrize(
    ("scope", "text", "name"),
    [
        (Scope.HOST, "Кино.Example.", "xn--h1adke.example"),
        (Scope.DOMAIN, "EXAMPLE.kz", "example.kz"),
        (
            Scope.URL,
            "HTTP://user:pw@Shop.Example.:8080/a b?q=ә#top",
            "http://shop.example:8080/a%20b?q=%D3%99",
        ),
        (Scope.URL, "https://shop.example:443", "https://shop.example/"),
        (Scope.URL, "https://[2001:DB8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        (Scope.IP, " 203.0.113.7 ", "203.0.113.7"),
        (Scope.IP, "[2001:DB8:0::1]", "2001:db8::1"),
        (Scope.CIDR, "203.0.113.0/29", "203.0.113.0/29"),
        (Scope.CIDR, "2001:DB8::/48", "2001:db8::/48"),
    ],
)
def test_each_scope_has_one_way_of_writing_a_block(scope: Scope, text: str, name: str) -> None:
    assert normal(scope, text) == name
    assert normal(scope, name) == name


@pytest.mark.parametrize(
    ("scope", "text", "error"),
    [
        (Scope.HOST, "http://shop.example/", BadHostError),
        (Scope.URL, "ftp://shop.example/", BadUrlError),
        (Scope.URL, "shop.example/a", BadUrlError),
        (Scope.URL, "http://shop.example/" + "a" * MAX_URL_CHARS, BadUrlError),
        (Scope.IP, "shop.example", BadHostError),
        (Scope.IP, "203.0.113.0/29", BadHostError),
        (Scope.IP, "203.0.113.07", BadHostError),
        (Scope.IP, "2001:db8::7%eth0", BadHostError),
        (Scope.IP, "2001:db8::7%x\nflush ruleset", BadHostError),
        (Scope.CIDR, "2001:db8::%x\n/48", BadHostError),
        (Scope.CIDR, "203.0.113.1/29", BadHostError),
        (Scope.CIDR, "203.0.113.7/32", BadHostError),
        (Scope.CIDR, "203.0.113.7", BadHostError),
    ],
)
def test_what_cannot_be_blocked_in_a_scope_is_refused(
    scope: Scope, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        normal(scope, text)


def test_only_hosts_have_letters_to_show() -> None:
    assert unicode_of(Scope.DOMAIN, "xn--h1adke.example") == "кино.example"
    assert unicode_of(Scope.URL, "http://xn--h1adke.example/") == "http://xn--h1adke.example/"


@pytest.mark.parametrize(
    ("scope", "name", "people"),
    [
        (Scope.URL, "http://shop.site.example:8080/a", 2),
        (Scope.IP, "203.0.113.7", 3),
        (Scope.CIDR, "203.0.113.0/29", 3),
    ],
)
def test_an_entry_of_each_scope_needs_its_people(
    tmp_path: Path, scope: Scope, name: str, people: int
) -> None:
    with open_store(tmp_path) as store:
        case = case_of(store, "shop.site.example")
        agree(store, case, name, scope, people - 1)
        assert entries.approved(store) == []
        _agree_one_more(store, case.ref, name, scope, people)

        entry = entries.add(store, entries.approved(store)[0])

        assert (entry.scope, entry.name, entry.people) == (scope, name, people)
        assert list(entries.live(store)) == [entry]


def _agree_one_more(store: Store, ref: str, name: str, scope: Scope, people: int) -> None:
    case = case_of(store, "shop.site.example")
    assert case.ref == ref
    with pytest.raises(RefusedError, match="already decided"):
        agree(store, case, name, scope, 1)
    agree(store, case, name, scope, people, first=people - 1)


@pytest.mark.parametrize(
    "name",
    ["http://other.example/a", "http://notsite.example/", "http://site.example.evil.test/"],
)
def test_a_url_of_another_site_is_no_block_of_this_case(tmp_path: Path, name: str) -> None:
    with open_store(tmp_path) as store, pytest.raises(RefusedError, match="of the site"):
        agree(store, case_of(store, "site.example"), name, Scope.URL, 1)


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("url", "http://site.example/\nx"),
        ("url", 'http://site.example/"x'),
        ("url", "site.example"),
        ("url", "http://site.example/" + "a" * 2048),
        ("ip", "site.example"),
        ("cidr", "203.0.113.7"),
        ("host", "http://site.example/"),
        ("world", "site.example"),
    ],
)
def test_the_store_itself_takes_no_other_writing(tmp_path: Path, scope: str, name: str) -> None:
    with open_store(tmp_path) as store:
        agree(store, case_of(store, "site.example"), "site.example", Scope.HOST, 1)
        with pytest.raises(RefusedError):
            store.run(
                "INSERT INTO decisions SELECT 'x', case_id, 'other', reviewer_name, reviewer_role, verdict, ?, ?,"
                " turn, policy_code, policy_version, ground_code, ground_version, reason, decided_at, NULL,"
                " page_sha256, score, model_id FROM decisions",
                [scope, name],
            )


def test_an_older_store_keeps_its_decisions_and_takes_the_new_scopes(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    migrations.apply(Database(connection), stop_before="0013_scopes")
    connection.close()
    with open_store(tmp_path) as store:
        agree(store, case_of(store, "site.example"), "http://site.example/a", Scope.URL, people=2)

        assert len(entries.approved(store)) == 1
        assert store.value("PRAGMA integrity_check") == "ok"
        assert store.value("SELECT count(*) FROM pragma_foreign_key_check") == 0
