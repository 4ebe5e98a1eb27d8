"""The queues as people see them."""

import re

from review_queue.categories import Category, Verdict
from review_queue.store import Store
from review_ui.deciding import DecisionForm, Officer, record
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_waiting_case

Staff = dict[Role, Officer]


def _refs(page: bytes) -> list[str]:
    return re.findall(r'class="ref" href="/case/(KZ-[^/]+)/"', page.decode())


def test_the_riskiest_case_comes_first(store: Store, signed_in: SignedIn) -> None:
    low, high = (
        a_waiting_case(store, "low.example", risk=0.4),
        a_waiting_case(store, "high.example", risk=0.9),
    )

    page = signed_in(Role.REVIEWER).get("/queue/").content

    assert _refs(page) == [high.ref, low.ref]
    assert "high[.]example" in page.decode()
    assert "high.example" not in page.decode()


def test_referrals_stand_in_their_own_queue(store: Store, signed_in: SignedIn) -> None:
    harm = a_waiting_case(store, "one.example")
    distress = a_waiting_case(store, "two.example", category=Category.DISTRESS)
    client = signed_in(Role.REVIEWER)

    assert _refs(client.get("/queue/").content) == [harm.ref]
    assert _refs(client.get("/referrals/").content) == [distress.ref]


def test_a_case_leaves_the_list_of_the_person_who_decided_it_only(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    record(store, staff[Role.REVIEWER], a_block(case))

    mine, other = signed_in(Role.REVIEWER), signed_in(Role.SENIOR)

    assert _refs(mine.get("/queue/").content) == []
    assert _refs(mine.get("/queue/?decided").content) == [case.ref]
    assert _refs(other.get("/queue/").content) == [case.ref]
    assert _refs(other.get("/queue/?decided").content) == []


def test_the_queue_tells_nobody_what_the_first_person_concluded(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.SENIOR)
    before = _without_tokens(client.get("/queue/").content)

    record(store, staff[Role.REVIEWER], a_block(case))

    assert _without_tokens(client.get("/queue/").content) == before


def test_an_auditor_sees_the_states(store: Store, staff: Staff, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    record(store, staff[Role.REVIEWER], a_block(case))

    assert "Awaits agreement" in signed_in(Role.AUDITOR).get("/queue/").content.decode()


def test_a_long_queue_is_paged_without_gap_or_double(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    made = [a_waiting_case(store, f"s{n}.example", risk=0.9 - n / 100) for n in range(35)]
    for case in made[::7]:
        record(
            store, staff[Role.REVIEWER], DecisionForm(case.ref, Verdict.CANNOT_TELL, "Too short.")
        )
    client = signed_in(Role.REVIEWER)

    first = client.get("/queue/").content
    following = re.search(r"\?from=(\d+)", first.decode())
    assert following
    second = client.get(f"/queue/?from={following[1]}").content

    assert _refs(first) + _refs(second) == [case.ref for n, case in enumerate(made) if n % 7]


def test_an_odd_place_in_the_queue_is_its_beginning(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)

    for odd in ("x", "-1", "9" * 40, "²"):
        assert _refs(signed_in(Role.REVIEWER).get("/queue/", {"from": odd}).content) == [case.ref]


def _without_tokens(page: bytes) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.decode())
