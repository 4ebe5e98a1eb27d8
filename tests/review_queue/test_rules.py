"""The store itself refuses: every rule is tried with plain SQL, and again with its trigger taken away."""

from collections.abc import Callable
from pathlib import Path

import pytest

from review_queue import cases, decisions, entries, manifests, thresholds
from review_queue.categories import CaseState, Category, Scope, Verdict
from review_queue.errors import RefusedError, StoreDamagedError
from review_queue.records import Case, Surroundings
from review_queue.store import Store
from tests.builders import a_case, a_draft, a_page, keep_captured

Attempt = Callable[[Store, Case], object]


def _insert_entry(
    store: Store, case: Case, scope: str = "host", category: str = "violence"
) -> None:
    store.run(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, 'VI-1', 1, 'SAMPLE-1', 1, ?)",
        ["e1", case.id, scope, case.site, case.site, category, store.now()],
    )


def _insert_decision(store: Store, case: Case, **changes: str | None) -> None:
    row: dict[str, str | int | float | None] = {
        "id": "d-new",
        "case_id": case.id,
        "reviewer_id": "aliya",
        "reviewer_name": "Aliya",
        "reviewer_role": "reviewer",
        "verdict": "violates",
        "scope": "host",
        "name": case.site,
        "policy_code": "VI-1",
        "policy_version": 1,
        "ground_code": "SAMPLE-1",
        "ground_version": 1,
        "reason": "A reason.",
        "decided_at": store.now(),
        "supersedes": None,
        "page_sha256": "0" * 64,
        "score": 0.5,
    }
    row.update(changes)
    marks = ", ".join(f":{name}" for name in row)
    store.run(f"INSERT OR REPLACE INTO decisions({', '.join(row)}) VALUES ({marks})", row)


def _case(store: Store, *people: str, scope: Scope = Scope.HOST) -> Case:
    case = a_case(store)
    for person in people:
        decisions.decide(store, a_draft(case, person, scope=scope))
    return case


def test_a_block_nobody_decided_is_refused(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_one_person_alone_cannot_block_a_host(store: Store) -> None:
    case = _case(store, "aliya")
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_two_people_block_a_host_but_not_a_domain_of_the_same_name(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="a domain three"):
        _insert_entry(store, case, scope="domain")
    _insert_entry(store, case, scope="host")
    assert [entry.people for entry in entries.live(store)] == [2]


def test_two_people_for_a_domain_are_too_few_and_three_are_enough(store: Store) -> None:
    case = _case(store, "aliya", "berik", scope=Scope.DOMAIN)
    assert cases.get(store, case.ref).state is CaseState.AWAITING_SECOND
    with pytest.raises(RefusedError, match="a domain three"):
        _insert_entry(store, case, scope="domain")
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case, scope="host")
    decisions.decide(store, a_draft(case, "dana", scope=Scope.DOMAIN))
    _insert_entry(store, case, scope="domain")
    assert [entry.people for entry in entries.live(store)] == [3]


def test_people_who_want_different_blocks_do_not_agree(store: Store) -> None:
    case = a_case(store, "http://forum.one.example/")
    decisions.decide(store, a_draft(case, "aliya", name="forum.one.example"))
    decisions.decide(store, a_draft(case, "berik", name="one.example"))
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_one_person_is_never_counted_twice(store: Store) -> None:
    case = _case(store, "aliya")
    with pytest.raises(RefusedError, match="already decided"):
        _insert_decision(store, case, id="d2")
    with pytest.raises(RefusedError, match="already decided"):
        _insert_decision(store, case, id="d2", reviewer_id="ALIYA")
    first = decisions.of_case(store, case.ref)[0]
    _insert_decision(store, case, id="d2", supersedes=first.id)
    with pytest.raises(RefusedError, match="two different people"):
        _insert_entry(store, case)


def test_nobody_corrects_the_decision_of_another(store: Store) -> None:
    case = _case(store, "aliya")
    first = decisions.of_case(store, case.ref)[0]
    with pytest.raises(RefusedError, match="same person"):
        _insert_decision(store, case, id="d2", reviewer_id="berik", supersedes=first.id)


def test_a_decision_is_corrected_only_once(store: Store) -> None:
    case = _case(store, "aliya")
    first = decisions.of_case(store, case.ref)[0]
    _insert_decision(store, case, id="d2", supersedes=first.id)
    with pytest.raises(RefusedError):
        _insert_decision(store, case, id="d3", supersedes=first.id)


def test_an_entry_from_a_referral_is_refused(store: Store) -> None:
    case = a_case(store, category=Category.DISTRESS)
    with pytest.raises(RefusedError, match="never a site to block"):
        _insert_entry(store, case, category="self_harm")


def test_a_referral_takes_no_verdict_of_violation(store: Store) -> None:
    case = a_case(store, category=Category.DISTRESS)
    with pytest.raises(RefusedError, match="lane"):
        _insert_decision(store, case)


def test_a_violation_must_name_a_host_of_the_site(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="host name of the site"):
        _insert_decision(store, case, name="other.example")
    with pytest.raises(RefusedError, match="host name of the site"):
        _insert_decision(store, case, name="evilone.example")
    with pytest.raises(RefusedError, match="policy"):
        _insert_decision(store, case, policy_code=None)


def test_only_a_violation_names_a_block(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="only a violation"):
        _insert_decision(store, case, verdict="protective")


def test_an_entry_dies_with_the_decision_it_rests_on(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    first = decisions.of_case(store, case.ref)[0]
    decisions.decide(store, a_draft(case, "aliya", Verdict.DOES_NOT_VIOLATE, supersedes=first.id))

    assert entries.live(store) == []


def test_an_entry_dies_when_more_people_see_no_harm(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    for person in ("dana", "erlan", "farida"):
        decisions.decide(store, a_draft(case, person, Verdict.DOES_NOT_VIOLATE))

    assert cases.get(store, case.ref).state is CaseState.DISMISSED
    assert entries.live(store) == []
    assert entries.approved(store) == []


def test_an_entry_cannot_be_tied_to_decisions_for_something_else(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    entry = entries.add(store, entries.approved(store)[0])
    other = a_case(store, "http://two.example/")
    stray = decisions.decide(store, a_draft(other, "dana"))
    with pytest.raises(RefusedError, match="that very block"):
        store.run("INSERT INTO entry_decisions VALUES (?, ?)", [entry.id, stray.id])
    assert case.ref == entry.case_ref


@pytest.mark.parametrize(
    "other",
    [" aliya", "aliya\t", "aliya\xa0", "aliya\u200b", "aliya\0x", "\uff41liya", "аliya", ""],
)
def test_a_person_has_one_spelling(store: Store, other: str) -> None:
    case = _case(store, "aliya")
    with pytest.raises(RefusedError):
        _insert_decision(store, case, id="d2", reviewer_id=other)


@pytest.mark.parametrize("name", ["egov.kz\n.one.example", "*.one.example", "UPPER.one.example"])
def test_a_name_to_block_is_one_plain_name(store: Store, name: str) -> None:
    with pytest.raises(RefusedError):
        _insert_decision(store, a_case(store), name=name)


def test_a_block_that_as_many_people_speak_against_is_refused(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    for person in ("dana", "erlan"):
        decisions.decide(store, a_draft(case, person, Verdict.PROTECTIVE))
    store.run("UPDATE cases SET state = 'approved'")
    with pytest.raises(RefusedError, match="see no harm"):
        _insert_entry(store, case)


def test_an_entry_names_the_policy_of_its_decisions(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="policy"):
        store.run(
            "INSERT INTO entries VALUES ('e1', ?, 'host', ?, ?, 'violence', 'SH-1', 1, 'SAMPLE-1', 1, 't')",
            [case.id, case.site, case.site],
        )


def test_a_block_of_a_page_whose_referral_is_not_settled_is_refused(store: Store) -> None:
    referral = a_case(store, category=Category.DISTRESS)
    case = _case(store, "aliya", "berik")
    assert case.page_id == referral.page_id
    with pytest.raises(RefusedError, match="in distress"):
        _insert_entry(store, case)


def test_an_entry_ends_when_people_come_to_see_distress_after_all(store: Store) -> None:
    referral = a_case(store, category=Category.DISTRESS)
    seen = [
        decisions.decide(store, a_draft(referral, person, Verdict.NOT_DISTRESS))
        for person in ("aliya", "berik")
    ]
    (case,) = cases.waiting(store)
    for person in ("aliya", "berik"):
        decisions.decide(store, a_draft(case, person))
    entries.add(store, entries.approved(store)[0])
    assert len(entries.live(store)) == 1
    decisions.decide(store, a_draft(referral, "aliya", Verdict.REFER, supersedes=seen[0].id))

    assert entries.live(store) == []


def test_a_decision_belongs_to_the_present_turn_of_its_case(store: Store) -> None:
    case = a_case(store)
    with pytest.raises(RefusedError, match="present turn"):
        _insert_decision(store, case, turn="2")


def test_a_case_that_blocks_something_is_not_opened_anew(store: Store) -> None:
    _case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="opened anew"):
        store.run("UPDATE cases SET turn = 2")


KEPT: dict[str, tuple[str, str]] = {
    "editing a decision": ("UPDATE decisions SET reason = 'other'", "decisions_no_update"),
    "deleting a decision": ("DELETE FROM decisions", "decisions_no_delete"),
    "editing an audit row": ("UPDATE audit SET actor = 'nobody'", "audit_no_update"),
    "deleting audit rows": ("DELETE FROM audit WHERE seq > 1", "audit_no_delete"),
    "an audit row out of order": (
        f"INSERT INTO audit VALUES (99, 't', 'a', 'b', 'c', '{{}}', 'x', '{'1' * 64}')",
        "audit_chain",
    ),
    "editing an entry": ("UPDATE entries SET name = 'two.example'", "entries_no_update"),
    "deleting an entry": ("DELETE FROM entries", "entries_no_delete"),
    "editing what an entry rests on": (
        "UPDATE entry_decisions SET entry_id = entry_id",
        "entry_decisions_no_update",
    ),
    "deleting what an entry rests on": ("DELETE FROM entry_decisions", "entry_decisions_no_delete"),
    "a serial that falls back": (
        "INSERT INTO exports VALUES (3, 't', 'a', 'm', '{}')",
        "exports_grow",
    ),
    "editing an export": ("UPDATE exports SET actor = 'x'", "exports_no_update"),
    "deleting an export": ("DELETE FROM exports", "exports_no_delete"),
    "editing a policy": ("UPDATE policies SET title_en = 'x'", "policies_no_update"),
    "deleting a policy": ("DELETE FROM policies WHERE code = 'SH-1'", "policies_no_delete"),
    "editing a legal ground": ("UPDATE legal_grounds SET text_en = 'x'", "grounds_no_update"),
    "deleting a legal ground": (
        "DELETE FROM legal_grounds WHERE code = 'SAMPLE-2'",
        "grounds_no_delete",
    ),
    "editing a page": ("UPDATE pages SET text = 'other'", "pages_keep"),
    "editing the body of a page": ("UPDATE bodies SET deflated = x'00'", "bodies_no_update"),
    "deleting the body of a page": ("DELETE FROM bodies", "bodies_no_delete"),
    "editing a score": ("UPDATE scores SET risk = 0", "scores_no_update"),
    "deleting a score": ("DELETE FROM scores", "scores_no_delete"),
    "editing a model's digest": ("UPDATE models SET digest = 'x'", "models_no_update"),
    "deleting a model": ("DELETE FROM models", "models_no_delete"),
    "editing what a case showed": (
        "UPDATE surroundings SET content = '[]'",
        "surroundings_no_update",
    ),
    "deleting what a case showed": ("DELETE FROM surroundings", "surroundings_no_delete"),
    "editing a set threshold": (
        "UPDATE set_thresholds SET value = 0.9",
        "set_thresholds_no_update",
    ),
    "deleting a set threshold": ("DELETE FROM set_thresholds", "set_thresholds_no_delete"),
    "editing a WARC file's row": ("UPDATE warc_files SET name = 'x'", "warc_files_no_update"),
    "deleting a WARC file's row": ("DELETE FROM warc_files", "warc_files_no_delete"),
    "editing a capture": ("UPDATE captures SET ip = '192.0.2.1'", "captures_no_update"),
    "deleting a capture": ("DELETE FROM captures", "captures_no_delete"),
    "editing the order of scores": ("UPDATE score_order SET page_id = 9", "score_order_no_update"),
    "deleting the order of scores": ("DELETE FROM score_order", "score_order_no_delete"),
    "editing the order of decisions": (
        "UPDATE decision_order SET decision_id = 'x'",
        "decision_order_no_update",
    ),
    "deleting the order of decisions": ("DELETE FROM decision_order", "decision_order_no_delete"),
    "editing a manifest": ("UPDATE manifests SET made_at = 'x'", "manifests_no_update"),
    "deleting a manifest": ("DELETE FROM manifests", "manifests_no_delete"),
    "editing a time-stamp": ("UPDATE timestamps SET authority = 'x'", "timestamps_no_update"),
    "deleting a time-stamp": ("DELETE FROM timestamps", "timestamps_no_delete"),
    "moving a case to the other lane": (
        "UPDATE cases SET lane = 'referral', category = 'distress'",
        "cases_keep",
    ),
    "deleting a case": ("DELETE FROM cases", "cases_no_delete"),
    "deleting the page of a case": ("DELETE FROM pages", "pages_no_delete"),
}


@pytest.fixture
def full_store(store: Store) -> Store:
    _case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    entries.record_export(store, serial=7, actor="test", manifest_sha256="0" * 64, counts={})
    thresholds.set_threshold(store, Category.VIOLENCE, 0.5, actor="Dana", reason="More people.")
    page_id = store.value("SELECT page_id FROM cases")
    cases.save_surroundings(store, page_id, Surroundings(("A heading",), ("A block",), ()))
    keep_captured(store, a_page("http://captured.example/"))
    seq = manifests.add(store, "2026-11-01.json", store.now(), b"{}")
    manifests.add_stamp(
        store, seq, authority="http://tsa.example/", stamped_at=store.now(), token=b"t"
    )
    return store


@pytest.mark.parametrize("what", KEPT)
def test_the_store_refuses(full_store: Store, what: str) -> None:
    statement, _ = KEPT[what]
    with pytest.raises(RefusedError):
        full_store.run(statement)


@pytest.mark.parametrize("what", KEPT)
def test_it_is_the_trigger_that_refuses(full_store: Store, what: str) -> None:
    statement, trigger = KEPT[what]
    full_store.run("PRAGMA foreign_keys = OFF")
    full_store.run(f"DROP TRIGGER {trigger}")

    assert full_store.run(statement) >= 1


KEPT_TABLES = (
    "audit", "bodies", "captures", "cases", "decision_order", "decisions", "entries", "exports", "legal_grounds",
    "manifests", "models", "pages", "policies", "score_order", "scores", "set_thresholds", "surroundings",
    "timestamps", "warc_files",
)  # fmt: skip


def _unique_keys(store: Store, table: str) -> list[set[str]]:
    """The column sets of every unique key of the table, the hidden rowid included where there is one."""
    columns = list(store.rows(f"SELECT name, pk FROM pragma_table_info('{table}')"))
    keys = [{row["name"] for row in columns if row["pk"]}]
    indexes = store.rows(f"SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" = 1")
    for index in [row["name"] for row in indexes]:
        inner = store.rows(f"SELECT name FROM pragma_index_info('{index}')")
        keys.append({row["name"] for row in inner})
    return keys


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "UPDATE OR REPLACE"])
@pytest.mark.parametrize("table", KEPT_TABLES)
def test_no_row_that_is_kept_can_be_replaced_over_any_of_its_keys(
    full_store: Store, table: str, verb: str, foreign_keys: str
) -> None:
    """The hole a trigger on DELETE leaves open: REPLACE removes a row without it."""
    full_store.run("PRAGMA recursive_triggers = OFF")
    full_store.run(f"PRAGMA foreign_keys = {foreign_keys}")
    before = list(full_store.rows(f"SELECT * FROM {table}"))
    first = before[0]
    for key in _unique_keys(full_store, table):
        row = {
            name: value
            if name in key
            else (value + 90 if isinstance(value, int) else f"{value}x" if name == "id" else value)
            for name, value in first.items()
        }
        if verb == "INSERT OR REPLACE":
            marks = ", ".join(f":{name}" for name in row)
            statement = f"{verb} INTO {table}({', '.join(row)}) VALUES ({marks})"
        else:
            columns = ", ".join(f"{name} = :{name}" for name in row)
            statement = f"{verb} {table} SET {columns}"
        with pytest.raises(RefusedError):
            full_store.run(statement, row)

    assert list(full_store.rows(f"SELECT * FROM {table}")) == before


def test_append_only_tables_have_no_hidden_key(store: Store) -> None:
    for table in ("decisions", "entries"):
        with pytest.raises(StoreDamagedError, match="rowid"):
            store.value(f"SELECT rowid FROM {table}")


def test_every_trigger_of_the_store_is_tried_here(store: Store) -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    tried = {trigger for _, trigger in KEPT.values()}
    by_name = {
        "decisions_one_voice": "already decided",
        "decisions_own_correction": "same person",
        "decisions_lane": 'match="lane"',
        "decisions_block": "host name of the site",
        "decisions_no_block": "only a violation",
        "entries_rest_on_people": "never a site to block",
        "entries_keep_decisions": "entries.live",
        "entry_decisions_agree": "that very block",
        "decisions_turn": "present turn",
        "cases_turn": "opened anew",
        "set_thresholds_follow": "after the last one",
        "captures_follow": "begins where",
        "manifests_follow": "comes after",
        "scores_in_order": "score_order",
        "decisions_in_order": "decision_order",
    }
    replaced = {f"{table}_no_replace" for table in KEPT_TABLES}
    # those of a crawl refuse nothing: test_frontier_lineup.py; those of unread pages and pictures elsewhere
    there = {
        row["name"]
        for row in store.rows(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name NOT IN ('frontier', 'round_sites',"
            " 'unread', 'screenshots')"
        )
    }

    assert there == tried | set(by_name) | replaced
    assert all(words in text for words in by_name.values())


def test_an_entry_takes_the_category_of_its_case(store: Store) -> None:
    case = _case(store, "aliya", "berik")
    with pytest.raises(RefusedError, match="category of its case"):
        _insert_entry(store, case, category="self_harm")


def test_a_set_threshold_cannot_be_slipped_in_before_or_far_behind_the_last(
    full_store: Store,
) -> None:
    for number in (-1, 0, 3):
        with pytest.raises(RefusedError, match="after the last one"):
            full_store.run(
                "INSERT INTO set_thresholds VALUES (?, 'violence', 0.1, 'A', 'A reason.', '2026')",
                [number],
            )


@pytest.mark.parametrize("offset", [0, 9, 10, 29, 31])
def test_a_capture_leaves_no_gap_in_its_file_and_takes_no_byte_of_another(
    full_store: Store, offset: int
) -> None:
    with pytest.raises(RefusedError, match="begins where"):
        keep_captured(full_store, a_page("http://other.example/"), offset=offset)
    keep_captured(full_store, a_page("http://other.example/"), offset=30)


def test_a_manifest_cannot_be_slipped_in_before_or_far_behind_the_last(full_store: Store) -> None:
    for seq in (0, 3, 9):
        with pytest.raises(RefusedError, match=r"comes after|CHECK"):
            full_store.run(
                "INSERT INTO manifests VALUES (?, 'x', '2026', ?, x'00')", [seq, "0" * 64]
            )
