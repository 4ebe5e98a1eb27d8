"""Decisions: pinned to what was seen, moving the case, never changing what was said."""

from dataclasses import replace

import pytest

from review_queue import audit, cases, decisions, entries, policies
from review_queue.categories import CaseState, Category, Lane, Scope, Verdict
from review_queue.errors import RefusedError, UnknownCaseError
from review_queue.records import Case, Draft, Reviewer
from review_queue.store import Store
from tests.builders import MODEL, a_case, a_draft, a_page, fetch
from tests.conftest import TickingClock

V = Verdict


def _decide(store: Store, case: Case, *votes: tuple[str, Verdict]) -> CaseState:
    for person, verdict in votes:
        decisions.decide(store, a_draft(case, person, verdict))
    return cases.get(store, case.ref).state


@pytest.mark.parametrize(
    ("votes", "state"),
    [
        ([("a", V.CANNOT_TELL)], CaseState.OPEN),
        ([("a", V.UNREACHABLE)], CaseState.OPEN),
        ([("a", V.VIOLATES)], CaseState.AWAITING_SECOND),
        ([("a", V.VIOLATES), ("b", V.CANNOT_TELL)], CaseState.AWAITING_SECOND),
        ([("a", V.VIOLATES), ("b", V.VIOLATES)], CaseState.APPROVED),
        ([("a", V.DOES_NOT_VIOLATE)], CaseState.DISMISSED),
        ([("a", V.PROTECTIVE)], CaseState.DISMISSED),
        ([("a", V.VIOLATES), ("b", V.PROTECTIVE)], CaseState.DISAGREED),
        ([("a", V.DOES_NOT_VIOLATE), ("b", V.VIOLATES)], CaseState.DISAGREED),
        ([("a", V.VIOLATES), ("b", V.PROTECTIVE), ("c", V.PROTECTIVE)], CaseState.DISMISSED),
        ([("a", V.VIOLATES), ("b", V.PROTECTIVE), ("c", V.VIOLATES)], CaseState.APPROVED),
    ],
)
def test_the_state_follows_from_the_votes(
    store: Store, votes: list[tuple[str, Verdict]], state: CaseState
) -> None:
    assert _decide(store, a_case(store), *votes) is state


@pytest.mark.parametrize(
    ("votes", "state"),
    [
        ([("a", V.CANNOT_TELL)], CaseState.OPEN),
        ([("a", V.REFER)], CaseState.REFERRED),
        ([("a", V.NOT_DISTRESS)], CaseState.AWAITING_SECOND),
        ([("a", V.NOT_DISTRESS), ("b", V.REFER)], CaseState.DISAGREED),
        ([("a", V.NOT_DISTRESS), ("b", V.NOT_DISTRESS)], CaseState.NOT_DISTRESS),
    ],
)
def test_a_referral_moves_by_its_own_votes(
    store: Store, votes: list[tuple[str, Verdict]], state: CaseState
) -> None:
    assert _decide(store, a_case(store, category=Category.DISTRESS), *votes) is state


def test_two_people_who_see_no_distress_open_an_ordinary_case(store: Store) -> None:
    referral = a_case(store, category=Category.DISTRESS)
    _decide(store, referral, ("a", V.NOT_DISTRESS))
    assert cases.waiting(store, lane=Lane.REVIEW) == []
    _decide(store, referral, ("b", V.NOT_DISTRESS))
    (ordinary,) = cases.waiting(store)

    assert (ordinary.site, ordinary.category, ordinary.lane) == (
        referral.site, Category.VIOLENCE, Lane.REVIEW,
    )  # fmt: skip
    assert entries.approved(store) == []


def test_a_decision_pins_what_it_was_made_on(store: Store) -> None:
    case = a_case(store)
    made = decisions.decide(store, a_draft(case, "aliya"))

    assert made.model == MODEL
    assert made.score == case.risk
    assert made.page_sha256 == store.value("SELECT body_sha256 FROM pages")
    assert (made.policy_code, made.policy_version) == ("VI-1", 1)


def test_a_correction_keeps_the_decision_it_supersedes(store: Store) -> None:
    case = a_case(store)
    first = decisions.decide(store, a_draft(case, "aliya"))
    second = decisions.decide(store, a_draft(case, "aliya", V.PROTECTIVE, supersedes=first.id))
    old, new = decisions.of_case(store, case.ref)

    assert (old.superseded, new.superseded) == (True, False)
    assert decisions.latest_of(store, case.ref, "ALIYA") == second
    assert decisions.latest_of(store, case.ref, "berik") is None
    assert cases.get(store, case.ref).state is CaseState.DISMISSED


def test_the_name_to_block_is_stored_as_the_dns_has_it(store: Store) -> None:
    case = a_case(store, "http://казино.example/")
    made = decisions.decide(store, a_draft(case, "aliya", name="КАЗИНО.example"))

    assert made.name == "xn--80aodfsg.example"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": " "}, "reason"),
        ({"scope": None}, "scope"),
        ({"policy_code": ""}, "policy"),
        ({"policy_code": "NO-SUCH"}, "refused"),
        ({"verdict": V.REFER}, "lane"),
        ({"name": "far.example"}, "host name of the site"),
    ],
)
def test_a_draft_that_breaks_a_rule_is_refused_whole(
    store: Store, changes: dict[str, object], words: str
) -> None:
    case = a_case(store)
    fields = {
        "case_ref": case.ref,
        "reviewer": Reviewer("aliya", "Aliya", "reviewer"),
        "verdict": V.VIOLATES,
        "reason": "A reason.",
        "scope": Scope.HOST,
        "name": case.site,
        "policy_code": "VI-1",
        "policy_version": 1,
        "legal_ground_code": "SAMPLE-1",
        "legal_ground_version": 1,
        **changes,
    }
    before = audit.verify(store)
    with pytest.raises(RefusedError, match=words):
        decisions.decide(store, Draft(**fields))  # type: ignore[arg-type]  # built by the table above

    assert decisions.of_case(store, case.ref) == []
    assert audit.verify(store) == before


def test_an_unknown_case_is_named(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(UnknownCaseError, match="queue list"):
        decisions.decide(
            store,
            a_draft(case, "a").__class__("KZ-NONE", Reviewer("a", "A", "r"), V.PROTECTIVE, "x"),
        )


def test_a_reason_never_stands_in_the_audit_log(store: Store) -> None:
    case = a_case(store)
    decisions.decide(store, a_draft(case, "aliya"))

    assert all("A reason." not in str(row.detail) for row in audit.rows(store))


def test_the_queue_holds_the_riskiest_first_and_what_was_decided_leaves_it(store: Store) -> None:
    low = a_case(store, "http://low.example/", risk=0.2)
    high = a_case(store, "http://high.example/", risk=0.9)
    referral = a_case(store, "http://pain.example/", Category.DISTRESS, risk=0.5)

    assert [c.ref for c in cases.waiting(store)] == [high.ref, referral.ref, low.ref]
    assert cases.count_waiting(store, lane=Lane.REFERRAL) == 1
    _decide(store, high, ("a", V.PROTECTIVE))
    assert [c.ref for c in cases.waiting(store, lane=Lane.REVIEW)] == [low.ref]
    assert [c.ref for c in cases.by_state(store, CaseState.DISMISSED)] == [high.ref]


def test_a_riskier_page_moves_a_waiting_case_up_and_a_decided_one_stays(store: Store) -> None:
    case = a_case(store, risk=0.5)
    again = a_case(store, "http://one.example/worse", risk=0.9)
    assert (again.id, again.risk) == (case.id, 0.9)
    assert again.page_id != case.page_id
    _decide(store, case, ("a", V.PROTECTIVE))
    later = a_case(store, "http://one.example/worst", risk=0.95)

    assert (later.risk, later.state) == (0.9, CaseState.DISMISSED)


def test_a_dismissed_site_that_is_filled_again_comes_back(
    store: Store, clock: TickingClock
) -> None:
    case = a_case(store, risk=0.5)
    old = decisions.decide(store, a_draft(case, "aliya", V.DOES_NOT_VIOLATE))
    clock.move(days=1)
    page = replace(a_page("http://one.example/new", "Quite other words."), fetched_at=store.now())
    (page_id,) = fetch(store, page)
    calm, is_calm_new = cases.open_case(
        store, site=case.site, category=case.category, lane=case.lane, page_id=page_id, risk=0.5
    )
    again, is_new = cases.open_case(
        store, site=case.site, category=case.category, lane=case.lane, page_id=page_id, risk=0.9
    )

    assert (calm.state, is_calm_new) == (CaseState.DISMISSED, False)
    assert (again.ref, again.state, again.page_id, is_new) == (
        case.ref,
        CaseState.OPEN,
        page_id,
        True,
    )
    assert again.decided_by == ()
    decisions.decide(store, a_draft(again, "aliya"))
    decisions.decide(store, a_draft(again, "berik"))
    assert cases.get(store, case.ref).state is CaseState.APPROVED
    assert [d.superseded for d in decisions.of_case(store, case.ref)] == [True, False, False]
    assert decisions.of_case(store, case.ref)[0].id == old.id


def test_a_new_store_has_neutral_samples_in_three_languages(store: Store) -> None:
    rules = policies.current(store)
    assert {p.category for p in rules} == {Category.SELF_HARM, Category.VIOLENCE}
    assert [p.code for p in policies.current(store, Category.VIOLENCE)] == ["VI-1"]
    for texts in [p.titles for p in rules] + [g.titles for g in policies.grounds(store)]:
        assert set(texts) == {"kk", "ru", "en"}
        assert all(texts.values())
    assert all(ground.is_sample for ground in policies.grounds(store))


def test_the_newest_version_of_a_policy_is_offered_and_the_old_one_stays(store: Store) -> None:
    store.run(
        "INSERT INTO policies SELECT code, 2, category, severity, title_kk, title_ru, 'New', guide_kk,"
        " guide_ru, guide_en, valid_from, valid_to FROM policies WHERE code = 'VI-1'"
    )

    assert [(p.version, p.titles["en"]) for p in policies.current(store, Category.VIOLENCE)] == [
        (2, "New")
    ]
    assert store.value("SELECT count(*) FROM policies WHERE code = 'VI-1'") == 2


def test_an_entry_remembers_its_people_and_their_decisions(store: Store) -> None:
    case = a_case(store)
    made = [decisions.decide(store, a_draft(case, person)) for person in ("aliya", "berik")]
    (block,) = entries.approved(store)
    entry = entries.add(store, block)

    assert entry.decision_ids == tuple(sorted(d.id for d in made))
    assert entry.people == 2
    assert entries.approved(store) == []
    assert list(entries.live(store)) == [entry]


def test_a_serial_only_grows(store: Store) -> None:
    assert entries.last_serial(store) == 0
    entries.record_export(store, serial=4, actor="a", manifest_sha256="0" * 64, counts={"rpz": 1})
    with pytest.raises(RefusedError):
        entries.record_export(store, serial=4, actor="a", manifest_sha256="0" * 64, counts={})
    assert entries.last_serial(store) == 4
