"""Pages that no program could read: the list, the beginning of each, and what a person says of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings

from review_queue import audit, cases, unread
from review_queue.categories import CaseState, Category, Lane, Verdict
from review_queue.errors import QalqanError
from review_queue.store import Store
from review_ui.config import Beginning, Lent, ServeConfig
from review_ui.deciding import DecisionForm, Officer, record
from review_ui.roles import Role
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_waiting_case, an_unread_page

Staff = dict[Role, Officer]
Bodies = Callable[..., None]
NOTHING = {"finding": "nothing", "note": "A photo album."}


@pytest.fixture
def bodies(site: ServeConfig) -> Bodies:
    """Lends the pages one and the same body for every page, or the trouble there is with it."""

    def lend(body: str = "", *, size: int = 0, trouble: str = "") -> None:
        def beginning(_: Store, __: int, limit: int) -> Beginning | None:
            if trouble:
                raise QalqanError(trouble)
            return Beginning(body[:limit], size or len(body), len(body) <= limit) if body else None

        settings.QALQAN = replace(site, lent=Lent(beginning_of=beginning))

    return lend


def _state(store: Store, number: int) -> str:
    found = unread.get(store, number)
    assert found
    return found.state


def test_the_queue_says_quietly_how_many_pages_could_not_be_read(
    store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.REVIEWER)
    assert "could not be read" not in client.get("/queue/").content.decode()

    an_unread_page(store, "a.example")
    an_unread_page(store, "b.example")

    page = client.get("/queue/").content.decode()
    assert '<a href="/unread/">2 pages could not be read</a>' in page
    assert "could not be read" not in client.get("/referrals/").content.decode()


def test_the_list_has_addresses_that_are_no_links_and_says_why(
    store: Store, signed_in: SignedIn
) -> None:
    numbers = [
        an_unread_page(store, f"{reason}.example", reason=reason) for reason in unread.REASONS
    ]
    unread.settle(store, numbers[0], "nothing", looked_by="dana")

    page = signed_in(Role.AUDITOR).get("/unread/").content.decode()

    assert "3 pages wait for a look" in page
    assert "hxxps://memory[.]example/broken" in page
    assert "memory.example" not in page
    assert "Reading it took too much memory and was stopped." in page
    assert f'href="/unread/{numbers[1]}/"' in page
    assert f'href="/unread/{numbers[0]}/"' not in page


def test_a_long_list_is_paged(store: Store, signed_in: SignedIn) -> None:
    numbers = [an_unread_page(store, f"s{n}.example") for n in range(30)]
    client = signed_in(Role.REVIEWER)

    first, second = (client.get(f"/unread/?from={n}").content.decode() for n in (0, 25))

    assert [f"/unread/{n}/" in first for n in numbers] == [True] * 25 + [False] * 5
    assert [f"/unread/{n}/" in second for n in numbers] == [False] * 25 + [True] * 5


def test_a_page_shows_what_is_known_of_it(
    store: Store, signed_in: SignedIn, bodies: Bodies
) -> None:
    number = an_unread_page(store)
    bodies("<html><p>Hello</p>")

    page = signed_in(Role.REVIEWER).get(f"/unread/{number}/").content.decode()

    found = unread.get(store, number)
    assert found
    assert "hxxps://one[.]example/broken" in page
    assert found.page.body_sha256 in page
    assert "text/html" in page
    assert "18 bytes" in page
    assert "Reading it took too long and was stopped." in page
    assert "&lt;html&gt;&lt;p&gt;Hello&lt;/p&gt;" in page
    assert "This is all the server sent" in page


def test_a_body_is_shown_as_text_with_its_tricks_made_visible(
    store: Store, signed_in: SignedIn, bodies: Bodies
) -> None:
    number = an_unread_page(store)
    attack = (
        '<script>alert(1)</script><img src="http://evil.test/x">\x00\u202e\ufeff{{ 7|add:7 }}\n'
    )
    bodies(attack + "z" * 9000, size=123_456)

    page = signed_in(Role.REVIEWER).get(f"/unread/{number}/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "hxxp://evil[.]test/x" in page
    assert "evil.test" not in page
    assert "[U+0000][U+202E][U+FEFF]{{ 7|add:7 }}" in page
    assert "<img src=x" not in page
    shown = page.split('class="text source')[1].split("</div>")[0]
    assert shown.count("z") == 4000 - len(attack)
    assert "This is the beginning of what the server sent" in page


def test_a_body_that_was_not_kept_or_was_changed_is_said_so(
    store: Store, signed_in: SignedIn, bodies: Bodies
) -> None:
    number = an_unread_page(store)
    client = signed_in(Role.REVIEWER)
    assert "was not kept" in client.get(f"/unread/{number}/").content.decode()

    bodies(trouble="the records of page 1 were changed")
    response = client.get(f"/unread/{number}/")
    assert response.status_code == 200
    assert "the records of page 1 were changed" in response.content.decode()
    assert 'name="finding"' in response.content.decode()


def test_nothing_for_a_case_is_recorded_with_its_note(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    first, second = (an_unread_page(store, f"{name}.example") for name in ("a", "b"))
    client = signed_in(Role.REVIEWER)

    response = client.post(f"/unread/{first}/", NOTHING)
    assert response.headers["Location"] == f"/unread/{second}/"
    assert client.post(f"/unread/{second}/", NOTHING).headers["Location"] == "/unread/"

    found = unread.get(store, first)
    assert found
    officer = staff[Role.REVIEWER]
    assert (found.state, found.looked_by, found.note) == ("nothing", officer.id, "A photo album.")
    assert cases.count_waiting(store) == 0
    row = audit.rows(store, 2)[1]
    assert (row.actor, row.action) == (officer.id, "unread.settled")
    assert row.subject == "https://a.example/broken"
    assert "album" not in str(row.detail)
    page = signed_in(Role.SENIOR).get(f"/unread/{first}/").content.decode()
    assert "A photo album." in page
    assert "Ms Reviewer" in page
    assert 'name="finding"' not in page


@pytest.mark.parametrize(
    ("category", "lane"),
    [
        (Category.SELF_HARM, Lane.REVIEW),
        (Category.VIOLENCE, Lane.REVIEW),
        (Category.DISTRESS, Lane.REFERRAL),
    ],
)
def test_a_case_is_opened_by_hand_and_shows_the_beginning_of_the_page(
    store: Store,
    staff: Staff,
    signed_in: SignedIn,
    bodies: Bodies,
    category: Category,
    lane: Lane,
) -> None:
    number = an_unread_page(store)
    bodies("Come to the\nlake on Sunday.")
    client = signed_in(Role.SENIOR)

    response = client.post(f"/unread/{number}/", {"finding": category.value, "note": "Look at it."})

    (case,) = cases.waiting(store)
    assert response.headers["Location"] == f"/case/{case.ref}/"
    assert (case.lane, case.category, case.page_id) == (lane, category, number)
    opened = [row for row in audit.rows(store) if row.action == "case.opened"]
    assert [row.actor for row in opened] == [staff[Role.SENIOR].id]
    page = client.get(f"/case/{case.ref}/").content.decode()
    assert "lake on Sunday." in page
    assert "No program could read this page." in page
    assert _state(store, number) == "case"


def test_who_opened_a_case_and_why_is_kept_from_those_who_have_still_to_decide(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    number = an_unread_page(store)
    signed_in(Role.REVIEWER).post(
        f"/unread/{number}/", {"finding": "violence", "note": "It calls for it."}
    )
    address = f"/unread/{number}/"

    blind = signed_in(Role.SENIOR).get(address).content.decode()
    assert "It calls for it." not in blind
    assert "Ms Reviewer" not in blind
    assert "stays hidden until you have decided" in blind
    assert "It calls for it." in signed_in(Role.REVIEWER).get(address).content.decode()
    assert "It calls for it." in signed_in(Role.AUDITOR).get(address).content.decode()

    (case,) = cases.waiting(store)
    record(store, staff[Role.SENIOR], a_block(case))
    assert "It calls for it." in signed_in(Role.SENIOR).get(address).content.decode()


def test_two_people_can_block_a_site_whose_page_only_people_could_read(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    number = an_unread_page(store)
    signed_in(Role.REVIEWER).post(f"/unread/{number}/", {"finding": "violence", "note": "Look."})
    (case,) = cases.waiting(store)

    record(store, staff[Role.REVIEWER], a_block(case))
    assert cases.get(store, case.ref).state is CaseState.AWAITING_SECOND
    record(store, staff[Role.SENIOR], a_block(case))

    assert cases.get(store, case.ref).state is CaseState.APPROVED


def test_a_case_the_site_has_already_is_kept_and_leads_to_the_page(
    store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, "one.example")
    number = an_unread_page(store, "one.example")
    client = signed_in(Role.REVIEWER)
    assert f'href="/unread/{number}/"' in client.get(f"/case/{case.ref}/").content.decode()
    assert f'href="/case/{case.ref}/"' in client.get(f"/unread/{number}/").content.decode()

    response = client.post(f"/unread/{number}/", {"finding": "violence", "note": "Look."})

    assert response.headers["Location"] == f"/case/{case.ref}/"
    assert cases.get(store, case.ref).page_id == case.page_id
    assert "lake" not in client.get(f"/case/{case.ref}/").content.decode()


def test_a_dismissed_case_is_opened_anew(store: Store, staff: Staff, signed_in: SignedIn) -> None:
    case = a_waiting_case(store, "one.example")
    record(store, staff[Role.SENIOR], DecisionForm(case.ref, Verdict.DOES_NOT_VIOLATE, "A choir."))
    number = an_unread_page(store, "one.example")

    signed_in(Role.REVIEWER).post(f"/unread/{number}/", {"finding": "violence", "note": "Look."})

    anew = cases.get(store, case.ref)
    assert (anew.state, anew.page_id) == (CaseState.OPEN, number)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"finding": "nothing"},
        {"finding": "nothing", "note": "  "},
        {"finding": "other", "note": "x"},
        {"note": "x"},
        {"finding": "violence", "note": "x" * 2001},
    ],
)
def test_a_form_that_is_not_complete_records_nothing(
    store: Store, signed_in: SignedIn, form: dict[str, str]
) -> None:
    number = an_unread_page(store)

    response = signed_in(Role.REVIEWER).post(f"/unread/{number}/", form)

    assert response.status_code == 400
    assert "Please correct this" in response.content.decode()
    assert _state(store, number) == "waiting"


def test_the_slower_of_two_people_is_told_so(store: Store, signed_in: SignedIn) -> None:
    number = an_unread_page(store)
    signed_in(Role.SENIOR).post(f"/unread/{number}/", NOTHING)

    response = signed_in(Role.REVIEWER).post(
        f"/unread/{number}/", {"finding": "violence", "note": "Look."}
    )

    assert response.status_code == 400
    assert "Somebody has looked at this page meanwhile" in response.content.decode()
    assert cases.count_waiting(store) == 0


def test_an_auditor_looks_and_says_nothing(store: Store, signed_in: SignedIn) -> None:
    number = an_unread_page(store)
    client = signed_in(Role.AUDITOR)

    assert "Nobody has looked yet." in client.get(f"/unread/{number}/").content.decode()
    assert client.post(f"/unread/{number}/", NOTHING).status_code == 403
    assert _state(store, number) == "waiting"


def test_a_page_that_was_read_is_not_among_them(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)

    for number in (str(case.page_id), "77", "9" * 30):
        assert client.get(f"/unread/{number}/").status_code == 404
