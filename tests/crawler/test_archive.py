"""Captures are on the disk before the store tells of them; what a crash leaves half done is cut off, and no more."""

import fcntl
import gzip
import hashlib
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.archive import Archive, ArchiveError, body_of, checked, folder_of, recover
from crawler.exchange import Exchange
from crawler.ledger import Ledger
from crawler.plan import CrawlPlan
from crawler.warc import BrokenRecordError, seal
from review_queue import captures, frontier, pages, seeds
from review_queue.records import Claim, Outcome, Page, Seed
from review_queue.store import Store, open_store
from tests.crawler.test_warc import EXCHANGE, read_by_warcio

BODY = b"<html><body>Some words.</body></html>"
GZIP_HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"


def an_outcome(url: str, body: bytes = BODY, *, claim_id: int = 1, packed: bool = False) -> Outcome:
    exchange = replace(EXCHANGE, url=url, payload=body)
    if packed:
        exchange = replace(exchange, payload=gzip.compress(body, mtime=0), response_head=GZIP_HEAD)
    return outcome_of(exchange, body, claim_id)


def outcome_of(exchange: Exchange, body: bytes, claim_id: int = 1) -> Outcome:
    digest = hashlib.sha256(body).hexdigest()
    page = Page(
        exchange.url, "one.example", "one.example", exchange.fetched_at, 200, "", "", "", digest
    )
    return Outcome(Claim(claim_id, exchange.url, "one.example", 0, 1), page, capture=seal(exchange))


def put(store: Store, warcs: Archive, *outcomes: Outcome) -> list[int]:
    """The outcomes are stored as a crawl would; returns the ids of their pages."""
    seeds.add(store, [Seed("http://one.example/")])
    numbered = [
        replace(o, claim=replace(o.claim, id=number)) for number, o in enumerate(outcomes, 1)
    ]
    places = warcs.append(numbered)
    with store.atomic():
        return [
            pages.keep(store, o.page, capture=o.capture, place=places.get(o.claim.id))
            for o in numbered
            if o.page
        ]


def only_file(store: Store) -> Path:
    (file,) = captures.files(store)
    return folder_of(store) / file.name


def check_all(store: Store) -> None:
    """Every capture is what the store says, and every byte of every file belongs to one."""
    for file in captures.files(store):
        data = (folder_of(store) / file.name).read_bytes()
        assert len(data) == file.size
        assert hashlib.sha256(data[: file.info_length]).hexdigest() == file.info_sha256
        for row in captures.of_file(store, file.id):
            checked(row, data[row.offset : row.offset + row.length])
        list(read_by_warcio(data))


def test_a_page_is_read_back_from_its_file_and_its_body_is_stored_once(store: Store) -> None:
    warcs = Archive(store, 1)
    first, second = put(
        store,
        warcs,
        an_outcome("http://one.example/"),
        an_outcome("http://one.example/b", b"<p>Other words.</p>", packed=True),
    )

    assert body_of(store, first) == BODY
    assert body_of(store, second) == b"<p>Other words.</p>"
    assert store.value("SELECT count(*) FROM bodies") == 0
    check_all(store)


def test_a_page_kept_without_a_capture_is_read_from_the_store(store: Store) -> None:
    seeds.add(store, [Seed("http://one.example/")])
    outcome = an_outcome("http://one.example/")
    assert outcome.page
    page_id = pages.keep(store, replace(outcome.page, body=BODY))

    assert body_of(store, page_id) == BODY


def test_a_body_whose_encoding_nobody_can_undo_is_what_came(store: Store) -> None:
    exchange = replace(EXCHANGE, payload=b"no gzip", response_head=GZIP_HEAD)
    (page_id,) = put(store, Archive(store, 1), outcome_of(exchange, b"no gzip"))

    assert body_of(store, page_id) == b"no gzip"


def test_a_page_that_came_again_is_a_revisit_and_takes_no_second_body(store: Store) -> None:
    warcs = Archive(store, 1)
    (page_id,) = put(store, warcs, an_outcome("http://one.example/", BODY * 1000))
    size = only_file(store).stat().st_size
    again = replace(EXCHANGE, url="http://one.example/", payload=BODY * 1000)
    later = replace(again, fetched_at="2026-11-08T09:00:00.000Z")
    (same,) = put(store, warcs, outcome_of(later, BODY * 1000))
    rows = captures.of_page(store, page_id)

    assert same == page_id
    assert [(row.fetched_at, row.refers_to) for row in rows] == [
        (again.fetched_at, None),
        (later.fetched_at, rows[0].id),
    ]
    assert rows[1].refers_to_id == rows[0].response_id
    assert only_file(store).stat().st_size < size + 1500
    assert body_of(store, page_id) == BODY * 1000
    check_all(store)


def test_a_body_that_was_packed_anew_or_cut_short_is_kept_as_it_came(store: Store) -> None:
    warcs = Archive(store, 1)
    put(store, warcs, an_outcome("http://one.example/"))
    put(store, warcs, an_outcome("http://one.example/", packed=True))
    cut = replace(EXCHANGE, url="http://one.example/", payload=BODY, truncated="length")
    (page_id,) = put(store, warcs, outcome_of(cut, BODY))

    assert [row.refers_to for row in captures.of_page(store, page_id)] == [None, None, None]
    check_all(store)


def test_a_full_file_is_followed_by_another(store: Store) -> None:
    warcs = Archive(store, 1, most_bytes=1500)
    for number in range(6):
        put(store, warcs, an_outcome(f"http://one.example/{number}"))
    warcs.close()

    assert len(captures.files(store)) > 1
    assert captures.count(store) == 6
    check_all(store)


def test_a_crawl_that_fetched_nothing_leaves_no_file(store: Store) -> None:
    warcs = Archive(store, 1)
    assert warcs.append([Outcome(Claim(1, "http://one.example/", "one.example", 0, 1))]) == {}
    warcs.close()

    assert not folder_of(store).exists()


def test_what_no_row_accounts_for_is_cut_off_and_no_byte_more(store: Store) -> None:
    warcs = Archive(store, 1)
    put(store, warcs, an_outcome("http://one.example/"))
    whole = only_file(store).read_bytes()
    warcs.append([an_outcome("http://one.example/b")])
    warcs.close()
    assert len(only_file(store).read_bytes()) > len(whole)

    assert recover(store) > 0

    assert only_file(store).read_bytes() == whole
    assert recover(store) == 0
    check_all(store)


def test_a_file_the_store_does_not_know_is_removed_and_a_short_one_is_left(store: Store) -> None:
    warcs = Archive(store, 1)
    put(store, warcs, an_outcome("http://one.example/"))
    warcs.close()
    known = only_file(store)
    unknown = known.with_name("round9-x.warc.gz")
    unknown.write_bytes(b"half a warcinfo")
    other = known.with_name("notes.txt")
    other.write_text("ours")
    data = known.read_bytes()
    known.write_bytes(data[:-5])

    recover(store)

    assert not unknown.exists()
    assert other.exists()
    assert known.read_bytes() == data[:-5]


def test_what_no_crash_can_have_left_is_kept(store: Store) -> None:
    """Such as the files of today beside the store of yesterday."""
    warcs = Archive(store, 1)
    put(store, warcs, an_outcome("http://one.example/"))
    warcs.append([an_outcome("http://one.example/b", os.urandom(2000))])
    warcs.close()
    size = only_file(store).stat().st_size
    other = only_file(store).with_name("round7-x.warc.gz")
    other.write_bytes(bytes(70_000))

    assert recover(store, most_tail=1000) == 0

    assert only_file(store).stat().st_size == size
    assert other.exists()


def test_a_file_another_crawl_writes_to_is_left_alone(store: Store) -> None:
    warcs = Archive(store, 1)
    put(store, warcs, an_outcome("http://one.example/"))
    warcs.append([an_outcome("http://one.example/b")])  # in the file, not yet in the store
    unknown = only_file(store).with_name("round9-x.warc.gz")
    with unknown.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        size = only_file(store).stat().st_size

        assert recover(store) == 0

        assert only_file(store).stat().st_size == size
        assert unknown.exists()
    warcs.close()
    assert recover(store) > 0


_FULL = """
    import resource, sys
    from pathlib import Path
    from crawler.archive import Archive
    from crawler.ledger import Ledger
    from crawler.plan import CrawlPlan
    from review_queue import frontier, seeds
    from review_queue.errors import DiskFullError
    from review_queue.records import Seed
    from review_queue.store import open_store
    from tests.crawler.test_archive import an_outcome
    from dataclasses import replace

    with open_store(Path(sys.argv[1])) as store:
        seeds.add(store, [Seed("http://one.example/"), Seed("http://one.example/b")])
        round_id = frontier.open_round(store, sites={"one.example"}, policy={}, max_pages=9)
        ledger = Ledger(store, round_id, CrawlPlan(), "1:1")
        first, second = ledger.claims(2)
        ledger.record(replace(an_outcome(first.url), claim=first))
        ledger.flush()
        assert ledger.failure is None
        limit = max(p.stat().st_size for p in Path(sys.argv[1]).glob("warc/*/*")) + 100
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        ledger.record(replace(an_outcome(second.url), claim=second))
        ledger.flush()
        assert isinstance(ledger.failure, DiskFullError), ledger.failure
        print(ledger.failure)
"""


def test_a_full_disk_ends_the_crawl_and_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk: writing past it fails as on a full one."""
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_FULL), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stderr
    assert "no room left to write" in ran.stdout
    with open_store(tmp_path) as store:
        assert pages.count(store) == 1
        check_all(store)
        assert frontier.release(store, lambda _: False) == 1  # the other claim waits again


def test_the_ledger_writes_captures_before_the_pages_they_show(store: Store) -> None:
    seeds.add(store, [Seed("http://one.example/")])
    round_id = frontier.open_round(store, sites={"one.example"}, policy={}, max_pages=9)
    ledger = Ledger(store, round_id, CrawlPlan(), "1:1")
    (claim,) = ledger.claims(1)
    ledger.record(replace(an_outcome(claim.url), claim=claim))
    ledger.close(stopped=False)

    assert ledger.failure is None
    assert body_of(store, 1) == BODY
    check_all(store)


def test_a_folder_that_cannot_be_written_is_told(store: Store) -> None:
    folder_of(store).write_text("in the way")
    with pytest.raises(ArchiveError, match="cannot write"):
        Archive(store, 1).append([an_outcome("http://one.example/")])


def test_a_body_that_was_changed_or_is_gone_is_never_given(store: Store) -> None:
    warcs = Archive(store, 1)
    (page_id,) = put(store, warcs, an_outcome("http://one.example/"))
    data = bytearray(only_file(store).read_bytes())
    data[-200] ^= 1
    only_file(store).write_bytes(data)
    with pytest.raises(ArchiveError, match="were changed"):
        body_of(store, page_id)
    only_file(store).unlink()
    with pytest.raises(ArchiveError, match="cannot read"):
        body_of(store, page_id)


def test_any_flipped_bit_of_a_capture_is_found(store: Store) -> None:
    put(store, Archive(store, 1), an_outcome("http://one.example/"))
    data = only_file(store).read_bytes()
    (row,) = captures.of_file(store, 1)
    stored = data[row.offset :]
    for place in range(len(stored)):
        changed = bytearray(stored)
        changed[place] ^= 1 << place % 8
        with pytest.raises(BrokenRecordError):
            checked(row, bytes(changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"sha256": "0" * 64},
        {"payload_sha256": "0" * 64},
        {"body_sha256": "0" * 64},
        {"response_id": "urn:uuid:0"},
        {"request_id": "urn:uuid:0"},
        {"fetched_at": "2026-11-01T09:00:00.124Z"},
        {"ip": "192.0.2.8"},
        {"tls": "{}"},
        {"truncated": "length"},
        {"refers_to": 1},
        {"length": 9},
        {"response_length": 9},
    ],
    ids=str,
)
def test_a_row_that_says_otherwise_than_its_records_is_found(
    store: Store, changed: dict[str, str | int]
) -> None:
    put(store, Archive(store, 1), an_outcome("http://one.example/"))
    (row,) = captures.of_file(store, 1)
    data = only_file(store).read_bytes()[row.offset :]
    assert checked(row, data) == BODY

    with pytest.raises(BrokenRecordError):
        checked(replace(row, **changed), data)  # type: ignore[arg-type]  # the names are its fields
