"""The case page: what it shows, to whom, and how a decision goes in."""

import re
from dataclasses import replace

import pytest

from review_queue import captures, cases, decisions, manifests, pages, scores
from review_queue.categories import CaseState, Category, Move, Verdict
from review_queue.records import Case
from review_queue.store import Store
from review_ui.deciding import DecisionForm, Officer, record
from review_ui.roles import Role
from tests.builders import MODEL, fetch
from tests.qalqan.kept import two_sealed_rounds
from tests.review_ui.conftest import SignedIn
from tests.review_ui.sites import a_block, a_site_page, a_waiting_case, scored

Staff = dict[Role, Officer]


def _page(client: object, case: Case, query: str = "") -> str:
    response = client.get(f"/case/{case.ref}/{query}")  # type: ignore[attr-defined]  # Django's client
    assert response.status_code == 200
    text: str = response.content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def _filled(case: Case, **changes: str) -> dict[str, str]:
    return {
        "verdict": "violates",
        "scope": "host",
        "name_host": case.site,
        "policy": "VI-1",
        "legal_ground": "SAMPLE-1",
        "reason": "The second line calls for it.",
        **changes,
    }


def test_the_page_shows_the_evidence_in_its_text_and_where_it_is_from(
    store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, "one.example", lang="en")

    page = _page(signed_in(Role.REVIEWER), case)

    assert "<mark>People like {group} deserve {act}" in page
    assert "Next week we talk about the choir" in page
    assert "hxxps://one[.]example/" in page
    assert "https://one.example" not in page
    assert 'class="text hostile" lang="en"' in page
    assert "Model test, version 1." in page
    assert "0.90" in page
    assert "Контакты" in page  # a link text of the surroundings
    assert re.search(r'href="/case/KZ-[^"]+\?page=\d+"', page)


def test_another_page_of_the_site_can_be_read(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)
    link = re.search(r"\?page=(\d+)", _page(client, case))
    assert link

    page = _page(client, case, f"?page={link[1]}")

    assert '<bdi class="url">hxxps://forum[.]one[.]example/about?a=1</bdi></dd>' in page


def test_a_page_of_another_site_cannot_be_read_through_a_case(
    store: Store, signed_in: SignedIn
) -> None:
    case, other = a_waiting_case(store, "one.example"), a_waiting_case(store, "two.example")

    assert "two[.]example" not in _page(signed_in(Role.REVIEWER), case, f"?page={other.page_id}")


def test_an_unknown_case_is_not_found(signed_in: SignedIn) -> None:
    assert signed_in(Role.REVIEWER).get("/case/KZ-2222-2222/").status_code == 404


@pytest.mark.parametrize(
    ("language", "move", "letters"),
    [
        ("kk", "қатарға тартады", "Бүркемеленген әріптер"),
        ("ru", "вербует", "Замаскированные буквы"),
        ("en", "recruits", "Disguised letters"),
    ],
)
def test_the_move_of_a_sentence_and_disguised_letters_are_told_in_the_readers_language(
    language: str, move: str, letters: str, store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)
    client.post("/language/", {"language": language})
    plain = _page(client, case)
    page = pages.get(store, case.page_id)
    assert page
    usual = scored(page, 0.9)
    named = tuple(replace(item, move=Move.RECRUITING) for item in usual.evidence)
    newer = replace(usual, evidence=named, disguised=0.047)
    scores.save(store, replace(MODEL, digest="e" * 64), [(case.page_id, newer)])

    shown = _page(client, case)

    assert 'class="move"' not in plain
    assert letters not in plain
    assert f'<span class="move">{move}</span>' in shown
    assert f'<dt>{letters}</dt><dd class="num">5 %</dd>' in shown


@pytest.mark.parametrize("verdict", ["violates", "cannot_tell", "unreachable"])
def test_the_second_person_reads_the_same_page_whatever_the_first_concluded(
    verdict: str, store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.SENIOR)
    before = _page(client, case)

    form = DecisionForm(case.ref, Verdict(verdict), "Seen.")
    record(store, staff[Role.REVIEWER], a_block(case) if verdict == "violates" else form)

    assert _page(client, case) == before


def test_two_people_approve_through_the_form(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)
    for role in (Role.REVIEWER, Role.SENIOR):
        response = signed_in(role).post(f"/case/{case.ref}/", _filled(case))
        assert response.status_code == 302

    found = cases.get(store, case.ref)
    assert found.state is CaseState.APPROVED
    assert len(found.decided_by) == 2


def test_the_next_case_left_to_the_person_opens_by_itself(
    store: Store, signed_in: SignedIn
) -> None:
    first, second = (
        a_waiting_case(store, "one.example", risk=0.9),
        a_waiting_case(store, "two.example", risk=0.8),
    )
    client = signed_in(Role.REVIEWER)
    form = {"verdict": "cannot_tell", "reason": "Too short."}

    assert client.post(f"/case/{first.ref}/", form).headers["Location"] == f"/case/{second.ref}/"
    assert client.post(f"/case/{second.ref}/", form).headers["Location"] == "/queue/"
    assert "is recorded" in client.get("/queue/").content.decode()


def test_a_person_may_stay_at_the_case(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store)

    response = signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", _filled(case, stay="1"))

    assert response.headers["Location"] == f"/case/{case.ref}/"


def test_who_has_decided_gets_no_second_form_but_a_way_to_correct(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    record(store, staff[Role.REVIEWER], a_block(case))
    client = signed_in(Role.REVIEWER)

    page = _page(client, case)

    assert 'id="decide"' not in page
    assert "?correct#decide" in page
    assert client.post(f"/case/{case.ref}/", _filled(case)).status_code == 400
    assert len(decisions.of_case(store, case.ref)) == 1


def test_a_correction_supersedes_and_both_stay_in_the_history(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    first = record(store, staff[Role.REVIEWER], a_block(case))
    client = signed_in(Role.REVIEWER)

    form = _page(client, case, "?correct")
    assert f'name="corrects" value="{first.id}"' in form
    sent = {"verdict": "protective", "reason": "It warns of it.", "corrects": first.id, "stay": "1"}
    client.post(f"/case/{case.ref}/", sent)

    page = _page(client, case)
    assert "corrected later" in page
    assert "It warns of it." in page
    assert decisions.latest_of(store, case.ref, staff[Role.REVIEWER].id).supersedes == first.id  # type: ignore[union-attr]


def test_somebody_elses_decision_cannot_be_corrected_by_its_number(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    first = record(store, staff[Role.REVIEWER], a_block(case))

    response = signed_in(Role.SENIOR).post(f"/case/{case.ref}/", _filled(case, corrects=first.id))

    assert response.status_code == 400
    assert len(decisions.of_case(store, case.ref)) == 1


@pytest.mark.parametrize(
    "missing", ["verdict", "reason", "scope", "name_host", "policy", "legal_ground"]
)
def test_what_is_missing_is_named_and_nothing_recorded(
    missing: str, store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    form = _filled(case)
    del form[missing]

    response = signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", form)

    assert response.status_code == 400
    assert f'<a href="#id_{missing}">' in response.content.decode()
    assert decisions.of_case(store, case.ref) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", "refer"),
        ("scope", "planet"),
        ("name_host", "elsewhere.example"),
        ("policy", "SH-1"),
        ("legal_ground", "X"),
        ("reason", "x" * 2001),
        ("reason", "nul\x00"),
    ],
)
def test_what_the_form_did_not_offer_is_refused(
    field: str, value: str, store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)

    response = signed_in(Role.REVIEWER).post(f"/case/{case.ref}/", _filled(case, **{field: value}))

    assert response.status_code == 400
    assert decisions.of_case(store, case.ref) == []


def test_the_narrowest_scope_and_the_host_of_the_page_are_offered_first(
    store: Store, signed_in: SignedIn
) -> None:
    page = _page(signed_in(Role.REVIEWER), a_waiting_case(store, "deep.one.example"))

    assert re.search(r'value="host"[^>]*checked', page)
    assert re.search(r'name="name_host" value="deep.one.example"[^>]*checked', page)
    assert page.index('name="name_host" value="deep.') < page.index('name="name_host" value="one.')
    assert not re.search(r'name="verdict"[^>]*checked', page)


def test_a_referral_offers_help_and_no_block(store: Store, signed_in: SignedIn) -> None:
    case = a_waiting_case(store, category=Category.DISTRESS)
    client = signed_in(Role.REVIEWER)

    page = _page(client, case)
    assert "Refer to people who help" in page
    assert "Violates" not in page
    assert 'name="scope"' not in page
    client.post(f"/case/{case.ref}/", {"verdict": "refer", "reason": "A person asks for help."})

    assert cases.get(store, case.ref).state is CaseState.REFERRED


def test_a_closed_case_is_read_by_a_supervisor_without_a_form(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    record(store, staff[Role.REVIEWER], a_block(case))
    record(store, staff[Role.SENIOR], a_block(case))

    page = _page(signed_in(Role.SUPERVISOR), case)

    assert "Approved for blocking" in page
    assert "Ms Reviewer" in page
    assert "Ms Senior" in page
    assert 'id="decide"' not in page


def test_the_whole_wording_of_policies_and_legal_grounds_stands_beside_the_choice(
    store: Store, signed_in: SignedIn
) -> None:
    client = signed_in(Role.REVIEWER)
    case = a_waiting_case(store)
    for language, words in {
        "kk": ("VI-1 v1 · Зорлық-зомбылыққа үгіттеу", "Бөлімше мұнда сот актісінің"),
        "ru": ("SAMPLE-1 v1 · Образец: предписание", "реквизиты судебного акта"),
    }.items():
        client.post("/language/", {"language": language})
        page = _page(client, case)
        assert all(text in page for text in words), language


def test_an_auditor_reads_without_a_form(store: Store, signed_in: SignedIn) -> None:
    assert 'id="decide"' not in _page(signed_in(Role.AUDITOR), a_waiting_case(store))


def test_the_script_is_there_only_for_people_who_want_keys(
    store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    client = signed_in(Role.REVIEWER)
    assert "keys.js" in _page(client, case)

    client.post("/account/", {"comfort": "1"})

    assert "keys.js" not in _page(client, case)


def test_a_closed_case_tells_a_person_without_a_part_in_it_only_that(
    store: Store, staff: Staff, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store)
    record(
        store,
        staff[Role.SENIOR],
        DecisionForm(case.ref, Verdict.DOES_NOT_VIOLATE, "Nothing here calls for it."),
    )

    page = _page(signed_in(Role.REVIEWER), case)

    assert '<span class="tag">Closed</span>' in page
    assert "Nothing here calls for it." not in page
    assert 'name="verdict"' not in page


def test_a_case_opened_anew_is_decided_anew_and_says_what_came_before(
    store: Store, signed_in: SignedIn
) -> None:
    case = a_waiting_case(store, "one.example", risk=0.6)
    client = signed_in(Role.REVIEWER)
    harmless = _filled(case, verdict="does_not_violate", reason="It only reports it.", stay="1")
    client.post(f"/case/{case.ref}/", harmless)
    assert cases.get(store, case.ref).state is CaseState.DISMISSED
    later = replace(a_site_page("new.one.example", "/"), fetched_at="2099-01-01T00:00:00.000Z")
    (page_id,) = fetch(store, later)
    scores.save(store, MODEL, [(page_id, scored(later, 0.9))])
    _, anew = cases.open_case(
        store, site=case.site, category=case.category, lane=case.lane, page_id=page_id, risk=0.9
    )
    assert anew

    before = _page(client, case)
    colleague = _page(signed_in(Role.SENIOR), case)
    client.post(f"/case/{case.ref}/", {**harmless, "verdict": "cannot_tell"})

    assert "before the case was opened anew" in before
    assert "corrected later" not in before
    assert "It only reports it." not in colleague
    assert [(made.verdict, made.superseded) for made in decisions.of_case(store, case.ref)] == [
        (Verdict.DOES_NOT_VIOLATE, True),
        (Verdict.CANNOT_TELL, False),
    ]


def test_a_case_says_how_well_its_evidence_stands(store: Store, signed_in: SignedIn) -> None:
    bare = a_waiting_case(store, "bare.example")
    kept = two_sealed_rounds(store)
    client = signed_in(Role.AUDITOR)

    assert "without a WARC record" in client.get(f"/case/{bare.ref}/").content.decode()
    page = client.get(f"/case/{kept.ref}/").content.decode()
    (capture, _) = captures.of_page(store, kept.page_id)
    assert capture.response_id.strip("<>") in page
    assert capture.body_sha256 in page
    assert "not time-stamped yet" in page

    manifests.add_stamp(
        store, 2, authority="http://tsa.test/", stamped_at="2026-11-02T20:00:00Z", token=b"1"
    )
    page = client.get(f"/case/{kept.ref}/").content.decode()
    assert "time-stamped on 2026-11-03 01:00 by hxxp://tsa[.]test/" in page
