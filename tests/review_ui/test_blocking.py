"""What a case offers to block, what is known of the consequences, and that no page shows it as a link."""

import re

import pytest

from blocklist.formats import FORMATS
from review_queue import cases
from review_queue.categories import Category, Lane, Scope, Verdict
from review_queue.records import Case
from review_queue.store import Store
from review_ui import blocking
from review_ui.blocking import Kind, names_of, offers_of
from review_ui.decide_form import key_of
from review_ui.deciding import DecisionForm, Officer, record
from review_ui.roles import Role
from tests.builders import came_from, fetch
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_site_page, a_waiting_case

Staff = dict[Role, Officer]


@pytest.fixture
def case(store: Store) -> Case:
    """A case whose two pages came from two neighbouring addresses; strangers share one of them."""
    found = a_waiting_case(store, "deep.one.example", path="/bad?a=1")
    other = store.value("SELECT id FROM pages WHERE host = 'forum.deep.one.example'")
    came_from(store, found.page_id, "93.184.216.34")
    came_from(store, other, "93.184.216.37")
    for name in ("two", "three"):
        (page_id,) = fetch(store, a_site_page(f"{name}.example"))
        came_from(store, page_id, "93.184.216.34")
    return found


def test_each_scope_offers_names_of_the_case_the_riskiest_page_s_first(
    store: Store, case: Case
) -> None:
    assert {scope: names_of(store, case, scope) for scope in Scope} == {
        Scope.URL: (
            "https://deep.one.example/bad?a=1",
            "https://forum.deep.one.example/about?a=1",
        ),
        Scope.HOST: ("deep.one.example", "one.example", "forum.deep.one.example"),
        Scope.DOMAIN: ("deep.one.example", "one.example", "forum.deep.one.example"),
        Scope.IP: ("93.184.216.34", "93.184.216.37"),
        Scope.CIDR: ("93.184.216.32/29",),
    }


def test_what_is_cut_off_with_it_is_counted(store: Store, case: Case) -> None:
    offers = offers_of(store, case)

    assert [(one.pages, one.names) for one in offers[Scope.HOST]] == [(1, 1), (0, 0), (1, 1)]
    assert [(one.pages, one.names) for one in offers[Scope.DOMAIN]] == [(2, 2), (2, 2), (1, 1)]
    for one in (offers[Scope.IP][0], offers[Scope.CIDR][0]):
        assert one.neighbours
        assert one.neighbours.count == 2
        assert one.neighbours.first == ("three.example", "two.example")
    assert [one.people for scope in Scope for one in offers[scope][:1]] == [2, 2, 3, 3, 3]


def test_an_encrypted_address_of_a_page_can_be_blocked_by_no_list() -> None:
    assert blocking.kinds_of(Scope.URL, "https://one.example/a") == ()
    assert blocking.kinds_of(Scope.URL, "http://one.example/a") == (Kind.PROXY, Kind.PACKETS)
    assert blocking.kinds_of(Scope.DOMAIN, "one.example") == tuple(Kind)
    assert Kind.PACKETS in blocking.kinds_of(Scope.IP, "93.184.216.34")


def test_where_a_format_works_is_said_of_formats_there_are() -> None:
    assert {form for forms in blocking.KINDS.values() for form in forms} <= set(FORMATS)


def test_a_site_without_captures_offers_no_address(store: Store) -> None:
    offers = offers_of(store, a_waiting_case(store))

    assert offers[Scope.IP] == offers[Scope.CIDR] == ()
    assert offers[Scope.HOST]


def test_addresses_far_apart_make_no_network(store: Store) -> None:
    found = a_waiting_case(store)
    for ip in ("93.184.216.34", "93.184.217.34", "2606:2800::1", "2606:2800:0:1::1"):
        came_from(store, found.page_id, ip)

    # the IPv6 addresses lie in one /48
    assert names_of(store, found, Scope.CIDR) == ("2606:2800::/63",)


def test_a_site_that_is_an_address_has_nothing_below_it(store: Store) -> None:
    page = a_site_page("93.184.216.34")
    (page_id,) = fetch(store, page)
    found, _ = cases.open_case(
        store, site=page.site, category=Category.VIOLENCE, lane=Lane.REVIEW, page_id=page_id, risk=1
    )

    assert names_of(store, found, Scope.DOMAIN) == ()
    assert names_of(store, found, Scope.HOST) == ("93.184.216.34",)


def test_a_page_address_too_long_for_proxies_is_not_offered(store: Store) -> None:
    found = a_waiting_case(store, path="/" + "a" * 3000)

    assert names_of(store, found, Scope.URL) == ("https://forum.one.example/about?a=1",)


@pytest.mark.parametrize("scope", list(Scope))
def test_each_offer_can_be_decided(scope: Scope, case: Case, store: Store, staff: Staff) -> None:
    (name, *_) = names_of(store, case, scope)

    made = record(store, staff[Role.REVIEWER], a_block(case, scope=scope, name=name))

    assert (made.scope, made.name) == (scope, name)


@pytest.mark.parametrize("scope", list(Scope))
def test_each_offer_can_be_sent_by_the_form(
    scope: Scope, case: Case, store: Store, signed_in: SignedIn
) -> None:
    (name, *_) = names_of(store, case, scope)
    form = {"verdict": "violates", "scope": scope, "policy": "VI-1", "legal_ground": "SAMPLE-1"}
    form |= {"reason": "It calls for it.", "name_host": "one.example"}
    form[f"name_{scope}"] = key_of(scope, name)

    assert signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", form).status_code == 302

    assert store.value("SELECT name FROM decisions") == name


def test_a_name_of_another_scope_is_not_taken_for_the_chosen_one(
    case: Case, store: Store, signed_in: SignedIn
) -> None:
    form = {"verdict": "violates", "scope": "ip", "name_host": "one.example", "policy": "VI-1"}
    form |= {"legal_ground": "SAMPLE-1", "reason": "It calls for it."}

    response = signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", form)

    assert response.status_code == 400
    assert '<a href="#id_name_ip">' in response.content.decode()
    assert store.value("SELECT count(*) FROM decisions") == 0


def test_the_page_says_what_each_cuts_off_and_makes_no_link_of_it(
    case: Case, signed_in: SignedIn
) -> None:
    page = signed_in(Role.REVIEWER).get(f"/case/{case.ref}/").content.decode()

    assert "Cuts off 2 other known sites as well:" in page
    assert "three[.]example, two[.]example" in page
    assert "hxxps://deep[.]one[.]example/bad?a=1" in page
    assert "on the way only the host can be seen" in page
    assert "only proxies and packet filters that see it" in page
    assert not re.search(r'href="http', page)


def test_who_is_warned_before_deciding_what_would_not_be_listed(
    store: Store, signed_in: SignedIn
) -> None:
    found = a_waiting_case(store, "github.io")

    page = signed_in(Role.REVIEWER).get(f"/case/{found.ref}/").content.decode()

    assert "Would not be listed:" in page
    assert "unrelated people hold the names below it" in page
    assert "Two people can override this guard." in page


def test_the_offer_is_the_same_whatever_others_decided(
    case: Case, store: Store, staff: Staff
) -> None:
    before = offers_of(store, case)

    record(store, staff[Role.REVIEWER], DecisionForm(case.ref, Verdict.CANNOT_TELL, "Too short."))

    assert offers_of(store, case) == before


def test_many_names_stand_behind_the_first_five(store: Store, signed_in: SignedIn) -> None:
    found = a_waiting_case(store, "one.example")
    client = signed_in(Role.REVIEWER)
    assert '<details class="more">' not in client.get(f"/case/{found.ref}/").content.decode()
    fetch(store, *(a_site_page(f"s{n}.one.example") for n in range(6)))

    page = client.get(f"/case/{found.ref}/").content.decode()

    assert page.count('<details class="more">') == 2  # hosts and domains
    assert page.count("<summary>3 more</summary>") == 2
    assert page.count('name="name_host"') == 8
    assert page.count("<details") == page.count("</details>")
