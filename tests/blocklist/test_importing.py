"""A file of an older registry: a bad row takes no other with it, and two people sign what is left."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from blocklist.canonical import entry_of, line_of
from blocklist.guard_data import load
from blocklist.importing import Taken, entry_of_row, take_over
from blocklist.judging import Judge
from review_queue import allowances, audit, entries, imports, lifts
from review_queue.categories import Scope
from review_queue.errors import RefusedError, StoreBusyError, UnreadableInputError
from review_queue.lifts import LiftReason
from review_queue.records import BadRow
from review_queue.staging import alone
from review_queue.store import Store
from tests.blocklist.importer import NOW, Importer, a_line
from tests.conftest import TickingClock
from tests.review_queue.lives import BERIK, DANA, listed


@pytest.fixture
def run(store: Store, tmp_path: Path) -> Importer:
    return Importer(store, tmp_path)


def test_a_file_is_on_the_list_when_two_people_signed_it(store: Store, run: Importer) -> None:
    taken = run(a_line("n0002.zz-qalqan.kz", granularity="subtree"), a_line())

    assert list(entries.live(store)) == []
    assert taken == Taken(1, 2, 0, hashlib.sha256(run.path.read_bytes()).hexdigest())
    assert [one.id for one in imports.pending(store)] == [1]
    done = imports.sign(store, 1, BERIK)
    assert (done.source, done.file_name, done.is_live) == ("The older registry", "old.jsonl", True)
    first, second = entries.live(store)
    assert (first.name, first.scope, first.people, first.case_ref) == (
        "n0001.zz-qalqan.kz", Scope.HOST, 2, "",
    )  # fmt: skip
    assert (first.papers, first.decision_ids) == (("Order 7 of 2026-01-31",), ())
    assert first.expires_at == "2027-12-01T08:00:00.000Z"
    assert second.scope is Scope.DOMAIN
    prepared, signed = audit.of_subject(store, "import 1")
    assert (prepared.action, prepared.actor) == ("import.prepared", "dana")
    assert prepared.detail["sha256"] == taken.sha256
    assert (signed.action, signed.actor) == ("import.signed", "berik")


def test_what_we_list_can_be_taken_over_as_it_stands(run: Importer, store: Store) -> None:
    run(a_line("xn--80aodfsg.kz", unicode_name="", papers=["One", "Two"]))
    imports.sign(store, 1, BERIK)
    (entry,) = entries.live(store)

    assert entry.unicode_name != entry.name
    assert entry_of(line_of(entry)) == entry
    again = entry_of_row(line_of(entry).encode(), NOW)
    assert (again.id, again.name, again.papers) == (entry.id, entry.name, entry.papers)


def test_bad_rows_are_told_with_their_lines_and_the_good_ones_go_on(
    store: Store, run: Importer
) -> None:
    long = a_line("n0009.zz-qalqan.kz", appeal="x" * 200_000)
    taken = run(
        b"\xef\xbb\xbf" + a_line(),
        b"{",
        b"",
        long,
        a_line("n0002.zz-qalqan.kz") + b"\r",
        a_line("n0002.zz-qalqan.kz", id="other"),
        a_line("n0003.zz-qalqan.kz", id="old-n0001"),
        a_line("n0004.zz-qalqan.kz", id="x4", reason={"code": "VI-9", "version": 1}),
        a_line("n0005.zz-qalqan.kz", id="x5", legal_ground={"code": "SAMPLE-1", "version": 9}),
        a_line("n0002.zz-qalqan.kz", id="x6", granularity="subtree"),
        a_line("n0002.zz-qalqan.kz", id="x7", category="self_harm", reason={"code": "SH-1", "version": 1}),
        a_line("n0008.zz-qalqan.kz", id="x8", reason={"code": "SH-1", "version": 1}),
        a_line("com.kz", id="x9"),
    )  # fmt: skip

    assert (taken.rows, taken.left_out) == (4, 8)
    assert [row.line for row in run.bad] == [2, 4, 6, 7, 8, 9, 12, 13]
    for row, words in zip(
        run.bad,
        ("not JSON", "more than 65536 bytes", "same block stands in line 5", "id stands in line 1",
         "VI-9 version 1", "SAMPLE-1 version 9", "no policy of this store for the category",
         "the guard public_suffix stops it: it is a public suffix"),
        strict=True,
    ):  # fmt: skip
        assert words in row.reason
    assert [entry.id for entry in imports.rows_of(store, 1)] == [
        "old-n0001",
        "x6",
        "old-n0002",
        "x7",
    ]
    assert imports.get(store, 1).left_out == 8


def test_a_command_that_is_told_has_nothing_of_a_stranger_in_it(run: Importer) -> None:
    name = "https://my.egov.kz/$(id)&a=1;b"
    with pytest.raises(RefusedError, match="no row"):
        run(a_line(name, id="a", granularity="url"))

    assert run.bad[0].reason.endswith(
        "overrides ask --guard never_block --scope url --name NAME --reason WHY --as USER"
    )


def test_whoever_waits_is_told_how_far_it_is(store: Store, run: Importer) -> None:
    told: list[int] = []
    run.path.write_bytes(b"{\n" * 2500 + a_line())
    take_over(
        store, run.path, source="S", person=DANA, judge=Judge(store, load(None)), on_bad=run.bad.append,
        on_lines=told.append,
    )  # fmt: skip

    assert told == [1000, 1000, 501]


def test_the_same_file_is_refused_until_its_import_is_withdrawn(
    store: Store, run: Importer
) -> None:
    run(a_line())
    with pytest.raises(RefusedError, match=r"import 1 at .*, which waits for a second person"):
        run(a_line())
    imports.sign(store, 1, BERIK)
    with pytest.raises(RefusedError, match="which is on the list"):
        run(a_line())


def test_a_withdrawn_import_that_was_never_live_gives_its_names_back(
    store: Store, run: Importer
) -> None:
    run(a_line())
    gone = imports.withdraw(store, 1, BERIK, "The wrong source.")
    assert (gone.withdrawn_because, imports.pending(store)) == ("The wrong source.", [])
    with pytest.raises(RefusedError, match="withdrawn"):
        imports.sign(store, 1, BERIK)
    with pytest.raises(RefusedError, match="withdrawn"):
        imports.withdraw(store, 1, BERIK, "Again.")

    assert run(a_line()).import_id == 2
    assert run.bad == []


def test_a_live_import_leaves_the_list_as_a_whole_and_its_rows_stay_known(
    store: Store, run: Importer
) -> None:
    run(a_line())
    imports.sign(store, 1, BERIK)
    imports.withdraw(store, 1, DANA, "The wrong list.")

    assert list(entries.live(store)) == []
    assert entries.find(store, "old-n0001")
    with pytest.raises(RefusedError, match="no row"):
        run(a_line())
    assert "has the id old-n0001 already" in run.bad[0].reason


def test_a_block_that_is_live_waiting_or_was_lifted_is_not_taken_over(
    store: Store, run: Importer
) -> None:
    allowances.allow(store, ["one.example"])
    entry = listed(store)
    run(*(a_line(f"n000{n}.zz-qalqan.kz") for n in (1, 2)))
    imports.sign(store, 1, BERIK)
    lifts.lift(store, "old-n0002", DANA, LiftReason.APPEAL)
    run(a_line("n0003.zz-qalqan.kz"))

    with pytest.raises(RefusedError, match="no row of the file"):
        run(
            a_line("one.example", id="y0"),
            *(a_line(f"n000{n}.zz-qalqan.kz", id=f"y{n}") for n in (1, 2, 3)),
        )
    for row, words in zip(
        run.bad,
        (f"on the list already, as entry {entry.id}", "as entry old-n0001", "lifted here at", "in import 2"),
        strict=True,
    ):  # fmt: skip
        assert words in row.reason
    assert "(appeal)" in run.bad[2].reason
    lifts.lift(store, entry.id, DANA, LiftReason.COURT)
    with pytest.raises(RefusedError, match="no row of the file"):
        run(a_line("one.example", id="y0"))
    assert "(court)" in run.bad[0].reason


def test_what_only_ended_may_be_taken_over_again(
    store: Store, run: Importer, clock: TickingClock
) -> None:
    run(a_line())
    imports.sign(store, 1, BERIK)
    clock.move(days=500)

    assert run(a_line(id="again", review_at="", expires_at="")).rows == 1


def test_an_import_by_a_clock_that_is_ahead_ends_nothing(
    store: Store, run: Importer, clock: TickingClock
) -> None:
    run(a_line())
    imports.sign(store, 1, BERIK)
    clock.move(days=3650)
    run(a_line("n0002.zz-qalqan.kz", review_at="", expires_at=""))
    clock.move(days=-3650)

    assert lifts.of(store, "old-n0001") is None
    assert [entry.name for entry in entries.live(store)] == ["n0001.zz-qalqan.kz"]


def test_a_block_lifted_while_its_import_waits_is_not_signed_back(
    store: Store, run: Importer
) -> None:
    allowances.allow(store, ["one.example"])
    run(a_line(), a_line("one.example", id="old"))
    entry = listed(store)
    lifts.lift(store, entry.id, DANA, LiftReason.COURT)

    with pytest.raises(RefusedError, match=r"\(court\), since .* without line 2"):
        imports.sign(store, 1, BERIK)
    assert list(entries.live(store)) == []


def test_who_signed_the_first_time_is_not_the_second(store: Store, run: Importer) -> None:
    run(a_line())
    with pytest.raises(RefusedError, match="different person"):
        imports.sign(store, 1, DANA)
    imports.sign(store, 1, BERIK)
    with pytest.raises(RefusedError, match="has its two signatures"):
        imports.sign(store, 1, BERIK)
    with pytest.raises(imports.UnknownImportError):
        imports.sign(store, 9, BERIK)


def test_dates_the_row_does_not_have_are_those_of_the_term(store: Store, run: Importer) -> None:
    run(a_line(review_at="", expires_at="", listed_at="2020-01-31T08:00:00Z"))
    (entry,) = imports.rows_of(store, 1)

    assert entry.people == 1
    assert entry.listed_at == "2020-01-31T08:00:00.000Z"
    assert entry.review_at.startswith("2027-04-30T")
    assert entry.expires_at.startswith("2028-10-31T")


def test_a_file_of_bad_rows_leaves_nothing(store: Store, run: Importer) -> None:
    with pytest.raises(RefusedError, match="no row"):
        run(b"{", b"[]")
    assert len(run.bad) == 2
    assert imports.all_of(store) == []
    assert run(b"{", a_line()).import_id == 1


def test_what_is_no_file_is_one_error(store: Store, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, words in (
        ("none", "No such file"),
        ("", "Is a directory"),
        ("pipe", "is not a file"),
    ):
        with pytest.raises(UnreadableInputError, match=words):
            take_over(
                store, tmp_path / name, source="S", person=DANA, judge=Judge(store, load(None)), on_bad=print
            )  # fmt: skip


def test_rows_of_a_file_that_was_imported_are_not_even_looked_at(
    store: Store, run: Importer
) -> None:
    taken = run(a_line())

    rows = iter([BadRow(1, "Nobody asks for it.")])
    with pytest.raises(RefusedError, match="as import 1"):
        imports.prepare(store, source="S", file_sha256=taken.sha256, rows=rows, person=BERIK)
    assert len(list(rows)) == 1


def test_a_file_that_changes_under_the_import_is_refused(
    store: Store, run: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then(change: Callable[[], object]) -> None:
        check = imports.check_new

        def changing(store: Store, digest: str) -> None:
            change()
            check(store, digest)

        monkeypatch.setattr(imports, "check_new", changing)

    then(lambda: run.path.write_bytes(a_line("n0002.zz-qalqan.kz")))
    with pytest.raises(UnreadableInputError, match="was changed"):
        run(a_line())
    assert imports.all_of(store) == []


def test_two_imports_at_once_are_one(store: Store, run: Importer) -> None:
    with alone(store), pytest.raises(StoreBusyError, match="another import"):
        run(a_line())
    assert run(a_line()).import_id == 1


def test_what_a_killed_import_left_is_gone_with_the_next(store: Store, run: Importer) -> None:
    store.run(
        "INSERT INTO imports VALUES (1, 'S', 'f', ?, 2, 0, 'dana', 'D', 'senior', ?)",
        ["a" * 64, NOW],
    )
    store.run(
        "INSERT INTO imported_entries VALUES ('n0001.zz-qalqan.kz', 'host', 'old-n0001', 1, 9, '', 'violence',"
        " 'VI-1', 1, 'SAMPLE-1', 1, ?, ?, '', 'A paper')",
        [NOW, NOW],
    )
    assert imports.all_of(store) == []
    with pytest.raises(imports.UnknownImportError):
        imports.sign(store, 1, BERIK)

    taken = run(a_line("n0002.zz-qalqan.kz"))

    assert [entry.id for entry in imports.rows_of(store, taken.import_id)] == ["old-n0002"]
    assert store.value("SELECT count(*) FROM imported_entries") == 1


def test_a_source_is_one_line(store: Store, run: Importer) -> None:
    run.path.write_bytes(a_line())
    for source in ("", "two\nlines"):
        with pytest.raises(RefusedError, match="source"):
            take_over(
                store, run.path, source=source, person=DANA, judge=Judge(store, load(None)), on_bad=print
            )  # fmt: skip
