"""Every guard stops what it is for, lets its neighbour through, and gives way to two people for that very name."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from blocklist import guard_data
from blocklist.entries import admit
from blocklist.guard_data import Kind
from blocklist.judging import Judge, judge_of
from blocklist.publish import export
from blocklist.suffixes import suffixes
from review_queue import allowances, decisions, entries, overrides
from review_queue.categories import Category, Scope, Verdict
from review_queue.overrides import OVERRIDABLE, Guard
from review_queue.records import Draft, Reviewer
from review_queue.store import Store
from tests.blocklist.approvals import PEOPLE, agree, approve, case_of
from tests.builders import captured

SIGNERS = (Reviewer("aliya", "Aliya", "senior"), Reviewer("berik", "Berik", "supervisor"))
TODAY = date(2026, 11, 23)


def signed(store: Store, guard: Guard, scope: Scope, name: str) -> str:
    """An override that two people have signed."""
    override_id = overrides.ask(store, guard, scope, name, SIGNERS[0], "All of it is harmful.")
    overrides.sign(store, override_id, SIGNERS[1])
    return override_id


def guard_of(judge: Judge, scope: Scope, name: str, case_ref: str = "") -> str:
    """The guard that stops the name; "" where none does."""
    refusal = judge.refusal(scope, name, case_ref)
    assert refusal is None or refusal.can_override == (refusal.guard in OVERRIDABLE)
    return refusal.guard if refusal else ""


def a_rank_list(store: Store, *names: str, kind: Kind = Kind.RANK) -> None:
    """The unit's own data of a kind are these rows."""
    folder = store.path.parent
    rows = folder / "rows.txt"
    rows.write_text("\n".join(names))
    guard_data.update(folder, kind, rows, TODAY, today=TODAY, may_shrink=True)


STOPPED = [
    (Scope.HOST, "kz", "form"),
    (Scope.HOST, "Casino.kz", "form"),
    (Scope.IP, "10.0.0.1", "form"),
    (Scope.HOST, "com.kz", "public_suffix"),
    (Scope.DOMAIN, "co.uk", "public_suffix"),
    (Scope.HOST, "kobe.jp", "public_suffix"),
    (Scope.URL, "https://com.kz/", "public_suffix"),
    (Scope.HOST, "github.io", "shared_platform"),
    (Scope.DOMAIN, "blogspot.com", "shared_platform"),
    (Scope.DOMAIN, "workers.dev", "shared_platform"),
    (Scope.URL, "https://github.io/", "shared_platform"),
    (Scope.HOST, "google.com", "rank"),
    (Scope.HOST, "www.google.com", "rank"),
    (Scope.DOMAIN, "youtube.com", "rank"),
    (Scope.URL, "http://google.com/", "rank"),
    (Scope.URL, "https://www.google.com/", "rank"),
    (Scope.HOST, "kk.wikipedia.org", "rank"),
    (Scope.DOMAIN, "a.graph.facebook.com", "rank"),
    (Scope.HOST, "e123.dscb.akamaiedge.net", "cdn"),
    (Scope.IP, "188.114.97.7", "cdn"),
    (Scope.CIDR, "104.16.0.0/24", "cdn"),
    (Scope.HOST, "egov.kz", "never_block"),
    (Scope.HOST, "my.egov.kz", "never_block"),
    (Scope.DOMAIN, "halykbank.kz", "never_block"),
    (Scope.HOST, "time.google.com", "never_block"),
    (Scope.HOST, "r3.o.lencr.org", "never_block"),
    (Scope.DOMAIN, "login.microsoftonline.com", "never_block"),
    (Scope.URL, "https://my.egov.kz/page", "never_block"),
    (Scope.IP, "8.8.8.8", "never_block"),
    (Scope.CIDR, "1.1.1.0/24", "never_block"),
    (Scope.HOST, "help.samaritans.org", "protective"),
    (Scope.URL, "https://findahelpline.com/kz", "protective"),
    (Scope.HOST, "casino.example", "reserved"),
    (Scope.HOST, "a.test", "reserved"),
    (Scope.HOST, "a.invalid", "reserved"),
    (Scope.DOMAIN, "b.localhost", "reserved"),
    (Scope.HOST, "printer.local", "reserved"),
    (Scope.HOST, "abcdef.onion", "reserved"),
    (Scope.HOST, "1.0.0.127.in-addr.arpa", "reserved"),
    (Scope.HOST, "nas.home.arpa", "reserved"),
    (Scope.HOST, "www.example.org", "reserved"),
    (Scope.URL, "http://casino.example/a", "reserved"),
    (Scope.URL, "http://casino.example:8080/a", "reserved"),
    (Scope.HOST, "203.0.113.7", "reserved"),
    (Scope.URL, "http://10.0.0.1/a", "reserved"),
    (Scope.HOST, "[2001:db8::1]", "reserved"),
    (Scope.HOST, "192.0.0.170", "reserved"),
    (Scope.URL, "http://[fec0::1]/a", "reserved"),
]
PASSED = [
    (Scope.HOST, "n0001.zz-qalqan.kz"),
    (Scope.DOMAIN, "zz-qalqan.kz"),
    (Scope.HOST, "someone.github.io"),
    (Scope.DOMAIN, "someone.blogspot.com"),
    (Scope.HOST, "city.kobe.jp"),
    (Scope.URL, "https://someone.github.io/"),
    (Scope.URL, "https://github.io/somebody"),
    (Scope.URL, "https://www.google.com/search"),
    (Scope.URL, "https://kk.wikipedia.org/"),
    (Scope.URL, "https://www.youtube.com/watch?v=abc"),
    (Scope.HOST, "d111111abcdef8.cloudfront.net"),
    (Scope.HOST, "notegov.kz"),
    (Scope.HOST, "egov.kz.zz-qalqan.kz"),
    (Scope.HOST, "samaritans.org.zz-qalqan.kz"),
    (Scope.HOST, "example-casino.kz"),
    (Scope.HOST, "localhost.zz-qalqan.kz"),
    (Scope.HOST, "xn--80aodfsg.kz"),
    (Scope.HOST, "93.184.216.34"),
    (Scope.IP, "93.184.216.34"),
    (Scope.CIDR, "93.184.216.0/29"),
    (Scope.IP, "2606:2800:220:1:248:1893:25c8:1946"),
    (Scope.HOST, "l" * 63 + ".kz"),
]


@pytest.mark.parametrize(("scope", "name", "guard"), STOPPED)
def test_a_guard_stops_what_it_is_for(store: Store, scope: Scope, name: str, guard: str) -> None:
    assert guard_of(judge_of(store), scope, name) == guard


@pytest.mark.parametrize(("scope", "name"), PASSED)
def test_no_guard_stops_its_neighbour(store: Store, scope: Scope, name: str) -> None:
    assert guard_of(judge_of(store), scope, name) == ""


@pytest.mark.parametrize(("scope", "name"), [row[:2] for row in STOPPED if row[2] in OVERRIDABLE])
def test_two_people_let_that_very_block_through_and_no_other(
    store: Store, scope: Scope, name: str
) -> None:
    judge = judge_of(store)
    overridden: list[str] = []
    while found := guard_of(judge, scope, name):  # a name may be on more than one list
        overridden.append(signed(store, Guard(found), scope, name))
        judge = judge_of(store)

    assert judge.overrides_of(scope, name) == tuple(sorted(overridden))
    for other_scope, other, stopped in STOPPED:
        if (other_scope, other) != (scope, name):
            assert guard_of(judge, other_scope, other) == stopped


def test_one_signature_or_one_for_another_guard_lets_nothing_through(store: Store) -> None:
    overrides.ask(store, Guard.RANK, Scope.HOST, "google.com", SIGNERS[0], "All of it.")
    signed(store, Guard.CDN, Scope.HOST, "google.com")
    signed(store, Guard.RANK, Scope.DOMAIN, "google.com")

    assert guard_of(judge_of(store), Scope.HOST, "google.com") == "rank"


def test_a_withdrawn_override_lets_nothing_through(store: Store) -> None:
    override_id = signed(store, Guard.RANK, Scope.HOST, "google.com")
    assert guard_of(judge_of(store), Scope.HOST, "google.com") == ""

    overrides.withdraw(store, override_id, SIGNERS[0], "Not all of it.")

    assert guard_of(judge_of(store), Scope.HOST, "google.com") == "rank"


def test_reserved_names_are_allowed_one_by_one(store: Store) -> None:
    allowances.allow(store, ["casino.example", "203.0.113.7"])
    judge = judge_of(store)

    assert guard_of(judge, Scope.HOST, "casino.example") == ""
    assert guard_of(judge, Scope.URL, "http://casino.example/a") == ""
    assert guard_of(judge, Scope.HOST, "203.0.113.7") == ""
    assert guard_of(judge, Scope.HOST, "www.casino.example") == "reserved"
    assert guard_of(judge, Scope.HOST, "example") == "form"


@pytest.mark.parametrize(
    ("kind", "below", "domain"),
    [
        (Kind.RANK, "shop.zz-qalqan.kz", "zz-qalqan.kz"),
        (Kind.CDN, "edge.zz-qalqan.kz", "zz-qalqan.kz"),
        (Kind.NEVER_BLOCK, "bank.zz-qalqan.kz", "zz-qalqan.kz"),
        (Kind.PROTECTIVE, "help.zz-qalqan.kz", "zz-qalqan.kz"),
    ],
)
def test_a_domain_is_stopped_by_what_lies_below_it(
    store: Store, kind: Kind, below: str, domain: str
) -> None:
    a_rank_list(store, below, kind=kind)
    judge = judge_of(store)

    refusal = judge.refusal(Scope.DOMAIN, domain)
    assert refusal is not None
    assert str(refusal.guard) == str(kind)
    assert below in refusal.message
    assert guard_of(judge, Scope.HOST, domain) == ""
    assert guard_of(judge, Scope.HOST, below) == kind


def test_a_domain_above_a_shared_platform_is_stopped(store: Store) -> None:
    judge = judge_of(store)

    assert guard_of(judge, Scope.DOMAIN, "addr.tools") == "shared_platform"  # has dyn.addr.tools
    assert guard_of(judge, Scope.HOST, "addr.tools") == ""
    assert guard_of(judge, Scope.DOMAIN, "vestfold.no") == "public_suffix"


def judged_protective(store: Store, name: str) -> None:
    """People have looked at the site for self-harm and found that it helps."""
    case = case_of(store, name, Category.SELF_HARM)
    for person in PEOPLE[:2]:
        decisions.decide(store, Draft(case.ref, person, Verdict.PROTECTIVE, "It helps."))


def test_a_site_people_judged_protective_is_stopped_whatever_else_it_is_blocked_for(
    store: Store,
) -> None:
    judged_protective(store, "zz-qalqan.kz")
    judge = judge_of(store)

    for scope, name in (
        (Scope.HOST, "zz-qalqan.kz"),
        (Scope.HOST, "forum.zz-qalqan.kz"),
        (Scope.URL, "https://zz-qalqan.kz/page"),
    ):
        assert guard_of(judge, scope, name) == "protective"
    assert guard_of(judge, Scope.HOST, "other-qalqan.kz") == ""
    assert guard_of(judge, Scope.HOST, "kz-qalqan.zz-qalqan.kz.other-qalqan.kz") == ""


def test_a_domain_with_a_suffix_below_it_is_stopped_be_its_rule_a_name_or_a_wildcard(
    store: Store,
) -> None:
    judge, known = judge_of(store), suffixes()
    above = {rule.partition(".")[2] for rule in (*known.parents, *known.exact)}

    passed = [
        name for name in sorted(above) if "." in name and not guard_of(judge, Scope.DOMAIN, name)
    ]

    assert passed == []
    assert guard_of(judge, Scope.DOMAIN, "cs.amazonlightsail.com") == "shared_platform"


def test_a_domain_and_an_address_are_stopped_by_a_protective_site_there(store: Store) -> None:
    judged_protective(store, "help.someone.github.io")  # its site is someone.github.io
    case = case_of(store, "bad.zz-qalqan.kz")
    captured(store, "93.184.216.34", "bad.zz-qalqan.kz", "help.someone.github.io")
    signed(store, Guard.SHARED_PLATFORM, Scope.DOMAIN, "github.io")
    signed(store, Guard.RANK, Scope.DOMAIN, "github.io")
    judge = judge_of(store)

    refusal = judge.refusal(Scope.DOMAIN, "github.io")

    assert refusal is not None
    assert refusal.message == (
        "people have judged someone.github.io, which lies below it, protective"
    )
    assert guard_of(judge, Scope.IP, "93.184.216.34", case.ref) == "protective"


def test_an_address_where_others_answer_is_stopped_and_they_are_named(store: Store) -> None:
    case = case_of(store, "bad.zz-qalqan.kz")
    captured(store, "93.184.216.34", "bad.zz-qalqan.kz", "one-qalqan.kz", "two-qalqan.kz")
    judge = judge_of(store)

    for scope, name in ((Scope.IP, "93.184.216.34"), (Scope.CIDR, "93.184.216.32/29")):
        refusal = judge.refusal(scope, name, case.ref)
        assert refusal is not None
        assert refusal.guard is Guard.SHARED_ADDRESS
        assert "2 in all: one-qalqan.kz, two-qalqan.kz" in refusal.message
    assert guard_of(judge, Scope.IP, "93.184.216.35", case.ref) == ""


def test_an_address_of_the_cases_own_site_alone_is_not_shared(store: Store) -> None:
    case = case_of(store, "bad.zz-qalqan.kz")
    captured(store, "93.184.216.34", "bad.zz-qalqan.kz")
    judge = judge_of(store)

    assert guard_of(judge, Scope.IP, "93.184.216.34", case.ref) == ""
    assert guard_of(judge, Scope.IP, "93.184.216.34") == "shared_address"


def test_an_address_of_a_much_used_site_is_stopped_by_the_rank_list(store: Store) -> None:
    case = case_of(store, "zz-qalqan.kz")
    captured(store, "93.184.216.34", "zz-qalqan.kz")
    a_rank_list(store, "1,zz-qalqan.kz")

    assert guard_of(judge_of(store), Scope.IP, "93.184.216.34", case.ref) == "rank"


def test_an_entry_listed_over_an_override_names_it_in_the_list(
    store: Store, tmp_path: Path
) -> None:
    approve(store, "zz-qalqan.kz")
    a_rank_list(store, "zz-qalqan.kz")
    assert [each.guard for each in admit(store).refused] == ["rank"]

    override_id = signed(store, Guard.RANK, Scope.HOST, "zz-qalqan.kz")
    (entry,) = admit(store).admitted
    export(store, tmp_path / "lists", ["domains"], actor="test")

    assert entry.overrides == (override_id,)
    assert overrides.of_entry(store, entry.id) == (override_id,)
    line = (tmp_path / "lists" / "entries.jsonl").read_text()
    assert f'"overrides":["{override_id}"]' in line.replace(" ", "")
    assert (tmp_path / "lists" / "domains.txt").read_text() == "zz-qalqan.kz\n"


def test_an_entry_a_guard_has_come_to_stop_is_left_out_and_told_until_two_people_override(
    store: Store, tmp_path: Path
) -> None:
    approve(store, "zz-qalqan.kz", "yy-qalqan.kz")
    admit(store)
    export(store, tmp_path, ["domains"], actor="test")
    a_rank_list(store, "zz-qalqan.kz")

    export(store, tmp_path, ["domains"], actor="test")

    assert (tmp_path / "domains.txt").read_text() == "yy-qalqan.kz\n"
    assert '"reason": "rank: it is on the list' in (tmp_path / "unsafe.skipped.json").read_text()
    override_id = signed(store, Guard.RANK, Scope.HOST, "zz-qalqan.kz")
    export(store, tmp_path, ["domains"], actor="test")
    assert (tmp_path / "domains.txt").read_text() == "yy-qalqan.kz\nzz-qalqan.kz\n"
    assert override_id in (tmp_path / "entries.jsonl").read_text()
    overrides.withdraw(store, override_id, SIGNERS[1], "Not all of it.")
    export(store, tmp_path, ["domains"], actor="test")
    assert (tmp_path / "domains.txt").read_text() == "yy-qalqan.kz\n"
    assert len(list(entries.live(store))) == 2


def test_a_block_whose_reserved_name_nobody_allowed_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing: Callable[[Store, object], None] = lambda _store, _hosts: None  # noqa: E731
    monkeypatch.setattr(allowances, "allow", nothing)
    case = case_of(store, "casino.example")
    agree(store, case, "casino.example", Scope.HOST, people=2)

    (refused,) = admit(store).refused

    assert (refused.guard, refused.can_override) == ("reserved", False)
