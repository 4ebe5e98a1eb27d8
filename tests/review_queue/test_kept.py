"""What is kept for good: each statement that would change it is tried, and again with its trigger taken away."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_queue import allowances, cases, entries, manifests, overrides, rechecks, thresholds
from review_queue.categories import Category
from review_queue.errors import RefusedError, StoreDamagedError
from review_queue.overrides import Guard
from review_queue.rechecks import Found, Recheck
from review_queue.records import ModelId, Reviewer, Surroundings
from review_queue.store import Store, open_store
from tests.builders import a_decided_case, a_page, keep_captured
from tests.conftest import TickingClock
from tests.review_queue import lives
from tests.review_queue.takers import a_provider_with_all

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
    "editing an override": ("UPDATE overrides SET reason = 'x'", "overrides_no_update"),
    "deleting an override": ("DELETE FROM overrides", "overrides_no_delete"),
    "editing a signature": (
        "UPDATE override_signatures SET reviewer_name = 'x'",
        "override_signatures_no_update",
    ),
    "deleting a signature": ("DELETE FROM override_signatures", "override_signatures_no_delete"),
    "editing a withdrawal": (
        "UPDATE override_withdrawals SET reason = 'x'",
        "override_withdrawals_no_update",
    ),
    "deleting a withdrawal": ("DELETE FROM override_withdrawals", "override_withdrawals_no_delete"),
    "editing what an entry was listed over": (
        "UPDATE entry_overrides SET entry_id = 'x'",
        "entry_overrides_no_update",
    ),
    "deleting what an entry was listed over": (
        "DELETE FROM entry_overrides",
        "entry_overrides_no_delete",
    ),
    "editing an allowance": ("UPDATE allowances SET name = 'x'", "allowances_no_update"),
    "deleting an allowance": ("DELETE FROM allowances", "allowances_no_delete"),
    "editing a provider": ("UPDATE providers SET name = 'x'", "providers_no_update"),
    "deleting a provider": ("DELETE FROM providers", "providers_no_delete"),
    "editing a provider's end": (
        "UPDATE provider_ends SET ended_at = 'x'",
        "provider_ends_no_update",
    ),
    "deleting a provider's end": ("DELETE FROM provider_ends", "provider_ends_no_delete"),
    "editing a provider's certificate": (
        "UPDATE provider_certificates SET fingerprint = ''",
        "provider_certificates_no_update",
    ),
    "deleting a provider's certificate": (
        "DELETE FROM provider_certificates",
        "provider_certificates_no_delete",
    ),
    "prolonging a token": (
        "UPDATE provider_tokens SET expires_at = '2999'",
        "provider_tokens_no_update",
    ),
    "deleting a token": ("DELETE FROM provider_tokens", "provider_tokens_no_delete"),
    "editing a revocation": ("UPDATE token_ends SET ended_at = 'x'", "token_ends_no_update"),
    "taking a revocation back": ("DELETE FROM token_ends", "token_ends_no_delete"),
    "editing the pull log": ("UPDATE pulls SET serial = 1", "pulls_no_update"),
    "deleting from the pull log": ("DELETE FROM pulls", "pulls_no_delete"),
    "editing a count of refusals": (
        "UPDATE pull_refusals SET count = 1",
        "pull_refusals_no_update",
    ),
    "deleting a count of refusals": ("DELETE FROM pull_refusals", "pull_refusals_no_delete"),
    "editing a receipt": ("UPDATE receipts SET outcome = 'applied'", "receipts_no_update"),
    "deleting a receipt": ("DELETE FROM receipts", "receipts_no_delete"),
    "editing a look at a listed site": (
        "UPDATE rechecks SET outcome = 'gone'",
        "rechecks_no_update",
    ),
    "deleting a look at a listed site": ("DELETE FROM rechecks", "rechecks_no_delete"),
    "moving a case to the other lane": (
        "UPDATE cases SET lane = 'referral', category = 'distress'",
        "cases_keep",
    ),
    "deleting a case": ("DELETE FROM cases", "cases_no_delete"),
    "deleting the page of a case": ("DELETE FROM pages", "pages_no_delete"),
    **lives.KEPT,
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with a row in every table that is kept; made once, since that takes longer than any test."""
    folder = tmp_path_factory.mktemp("filled")
    with open_store(folder, clock=TickingClock()) as store:
        _fill(store)
    return folder


@pytest.fixture
def full_store(filled: Path, tmp_path: Path, clock: TickingClock) -> Iterator[Store]:
    shutil.copytree(filled, tmp_path / "full")
    with open_store(tmp_path / "full", clock=clock) as store:
        yield store


def _fill(store: Store) -> None:
    a_decided_case(store, "aliya", "berik")
    entries.add(store, entries.approved(store)[0])
    entries.record_export(store, serial=7, actor="test", manifest_sha256="0" * 64, counts={})
    thresholds.set_threshold(
        store, Category.VIOLENCE, 0.5, person=Reviewer("dana", "Dana", "senior"),
        model=ModelId("topic-stance", "v1", "0" * 64), reason="More people.",
    )  # fmt: skip
    page_id = store.value("SELECT page_id FROM cases")
    cases.save_surroundings(store, page_id, Surroundings(("A heading",), ("A block",), ()))
    keep_captured(store, a_page("http://captured.example/"))
    seq = manifests.add(store, "2026-11-01.json", store.now(), b"{}")
    manifests.add_stamp(
        store, seq, authority="http://tsa.example/", stamped_at=store.now(), token=b"t"
    )
    _override(store)
    a_provider_with_all(store)
    entry = next(entries.live(store))
    rechecks.record(store, Recheck(entry.id, Found.STILL_THERE, page_id))
    lives.keep_all(store)


def _override(store: Store) -> None:
    """An override that two people signed, that an entry was listed over, and that was withdrawn."""
    aliya, berik = (Reviewer(name, name.title(), "senior") for name in ("aliya", "berik"))
    override_id = overrides.ask(store, Guard.RANK, "host", "one.example", aliya, "All of it.")
    overrides.sign(store, override_id, berik)
    overrides.keep(store, next(entries.live(store)).id, [override_id])
    overrides.withdraw(store, override_id, berik, "Not all of it.")
    allowances.allow(store, ["one.example"])


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
    "allowances", "audit", "bodies", "captures", "cases", "decision_order", "decisions", "entries",
    "entry_overrides", "exports", "legal_grounds", "manifests", "models", "override_signatures",
    "override_withdrawals", "overrides", "pages", "policies", "provider_certificates", "provider_ends",
    "provider_tokens", "providers", "pull_refusals", "pulls", "receipts", "rechecks", "score_order", "scores",
    "set_thresholds", "surroundings", "timestamps", "token_ends", "warc_files", *lives.KEPT_TABLES,
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
    here = Path(__file__)
    text = "".join(
        path.read_text("utf-8")
        for path in (
            here,
            *map(here.with_name, ("test_rules.py", "test_overrides.py", "test_life_rules.py")),
        )
    )
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
        "provider_tokens_alive": "gets no token",
        "receipts_known": "under this serial",
        "overrides_asked_once": "asked for already",
        "override_signatures_in_time": "was withdrawn",
        "entry_overrides_stand": "override that stands",
        **lives.BY_NAME,
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


def test_a_set_threshold_cannot_be_slipped_in_before_or_far_behind_the_last(
    full_store: Store,
) -> None:
    for number in (-1, 0, 3):
        with pytest.raises(RefusedError, match="after the last one"):
            full_store.run(
                "INSERT INTO set_thresholds(id, category, value, actor, reason, set_at)"
                " VALUES (?, 'violence', 0.1, 'A', 'A reason.', '2026')",
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


def test_a_provider_that_has_ended_gets_no_token_and_an_unknown_serial_no_receipt(
    full_store: Store,
) -> None:
    with pytest.raises(RefusedError, match="gets no token"):
        full_store.run(
            "INSERT INTO provider_tokens SELECT 'ffffffffffff', provider_id, ?, part, formats, issued_at, expires_at,"
            " person_id, person_name FROM provider_tokens LIMIT 1",
            ["f" * 64],
        )
    with pytest.raises(RefusedError, match="under this serial"):
        full_store.run(
            "INSERT INTO receipts(at, provider_id, token_id, part, serial, manifest_sha256, consumer, outcome, detail)"
            " SELECT at, provider_id, token_id, part, 8, manifest_sha256, consumer, outcome, detail FROM receipts"
        )
