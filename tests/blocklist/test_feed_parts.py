"""The parts of the feed by themselves: buckets, ranges, conditions, compressed files, the log that waits."""

import gzip
import os
import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist.feed import journal
from blocklist.feed.access import Stores
from blocklist.feed.answers import Told
from blocklist.feed.compressed import Compressed, is_wanted
from blocklist.feed.conditional import (
    ByteRange,
    Outcome,
    UnsatisfiableError,
    Validators,
    outcome,
    wanted_range,
)
from blocklist.feed.journal import Journal
from blocklist.feed.limits import Buckets, key_of
from review_queue import pulls
from review_queue.errors import StoreDamagedError
from review_queue.pulls import Kind, Pull
from review_queue.store import FILE_NAME, Store, open_store
from review_queue.tokens import Token
from tests.review_queue.takers import a_token

KNOWN = Validators('"abc"', ('"abc-gzip"',), 1_000_000_000)
WAIT_S = 20.0


def test_a_bucket_is_filled_again_by_time() -> None:
    now = [0.0]
    buckets = Buckets(3, 0.5, clock=lambda: now[0])

    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.take("b") == 0
    now[0] = 2.0
    assert [buckets.take("a") for _ in range(2)] == [0, 2]
    now[0] = 1000.0
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.take("c", cost=3) == 0
    assert buckets.take("c", cost=2) == 4


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    now = [100.0]
    buckets = Buckets(2, 1, clock=lambda: now[0])
    assert buckets.take("a") == 0
    now[0] = 0.0

    assert [buckets.take("a"), buckets.take("a")] == [0, 1]


def test_only_so_many_readers_are_remembered() -> None:
    buckets = Buckets(1, 0.001, most_keys=10)
    for number in range(1000):
        buckets.take(str(number))

    assert len(buckets) == 10
    assert buckets.take("999") > 0
    assert buckets.take("1") == 0


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff::", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix", "unix"),
    ],
)
def test_an_address_is_counted_with_its_holder(address: str, key: str) -> None:
    assert key_of(address) == key


@given(
    data=st.binary(max_size=60), text=st.from_regex(r"bytes=[0-9]{0,3}-[0-9]{0,3}", fullmatch=True)
)
def test_a_range_is_never_more_or_other_than_asked(data: bytes, text: str) -> None:
    first, _, last = text.removeprefix("bytes=").partition("-")
    try:
        found = wanted_range({"Range": text}, KNOWN, len(data))
    except UnsatisfiableError:
        assert int(first) >= len(data) if first else min(int(last), len(data)) == 0
        return
    if found is None:
        assert not (first or last) or (first and last and int(last) < int(first))
        return
    sent = data[found.first : found.first + found.size]
    assert sent == (
        data[int(first) : int(last) + 1 if last else None] if first else data[-int(last) :]
    )
    assert 0 < len(sent) == found.size


@given(text=st.text(max_size=40))
def test_an_odd_header_does_no_more_than_send_the_file(text: str) -> None:
    for name in ("If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"):
        assert outcome({name: text}, KNOWN) in Outcome
    assert wanted_range({"Range": text}, KNOWN, 10) in (None, *_RANGES)
    assert is_wanted(text) in (True, False)


_RANGES = [ByteRange(first, last) for first in range(10) for last in range(first, 10)]


def test_both_codings_of_a_file_are_current() -> None:
    assert outcome({"If-None-Match": '"abc-gzip"'}, KNOWN) is Outcome.NOT_MODIFIED
    assert outcome({"If-None-Match": '"ab"'}, KNOWN) is Outcome.SEND
    assert outcome({"If-Match": '"abc-gzip"'}, KNOWN) is Outcome.SEND
    assert outcome({"If-Match": "*"}, KNOWN) is Outcome.SEND


def _opened(folder: Path, name: str, data: bytes) -> Told:
    path = folder / name
    path.write_bytes(data)
    return Told(os.open(path, os.O_RDONLY))


def _packed(compressed: Compressed, folder: Path, name: str, data: bytes) -> bytes:
    found = compressed.of(_opened(folder, name, data), name)
    assert found
    with found:
        return gzip.decompress(found.read())


def test_of_compressed_files_the_last_asked_for_stay(tmp_path: Path) -> None:
    with closing(Compressed(most_files=2)) as compressed:
        for name in ("a", "b", "a", "c"):
            assert _packed(compressed, tmp_path, name, name.encode() * 9000) == name.encode() * 9000
        assert compressed.kept == ("a", "c")
        first, second = (compressed.of(_opened(tmp_path, "a", b""), "a") for _ in range(2))
        assert first
        assert second
        with first, second:  # each reads at a place of their own, also when it is dropped
            compressed.close()
            assert gzip.decompress(first.read()) == gzip.decompress(second.read()) == b"a" * 9000
    with closing(Compressed(most_bytes=30)) as small:
        for name in ("d", "e"):
            _packed(small, tmp_path, name, os.urandom(90))
        assert small.kept == ("e",)


def test_where_there_is_no_room_a_file_is_sent_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    compressed = Compressed()
    with _opened(tmp_path, "a", b"a" * 9000) as file:
        assert compressed.of(file, "a") is None
        assert not file.closed
    assert compressed.kept == ()


def test_nobody_waits_for_a_file_that_another_reader_has_compressed(tmp_path: Path) -> None:
    compressed = Compressed()
    pipe, end = os.pipe()
    is_begun = threading.Event()

    def compress() -> None:
        with compressed.of(_Pipe(pipe, is_begun), "slow") or _Pipe(pipe, is_begun):
            pass

    slow = threading.Thread(target=compress)
    slow.start()
    try:
        with _opened(tmp_path, "quick", b"y" * 5000) as quick:
            assert is_begun.wait(WAIT_S)
            assert compressed.of(quick, "quick") is None
            assert quick.read() == b"y" * 5000
    finally:
        os.close(end)
        slow.join()
        compressed.close()


class _Pipe(Told):
    """A file that comes slowly."""

    def __init__(self, handle: int, is_begun: threading.Event) -> None:
        super().__init__(handle)
        self._is_begun = is_begun

    def read(self, size: int | None = -1, /) -> bytes:
        self._is_begun.set()
        return os.read(self.fileno(), size or 1)


def _pull(store: Store, token: Token, path: str) -> Pull:
    return Pull(
        store.now(), token.provider_id, token.id, "", Kind.LIST, path, 1, 200, 1, is_whole=True
    )


def test_the_log_waits_for_a_store_that_is_held_and_loses_nothing(store: Store) -> None:
    token = a_token(store).token
    holder = sqlite3.connect(store.path, isolation_level=None)

    def impatient(data: Path) -> Store:
        opened = open_store(data, create=False)
        opened.db.execute("PRAGMA busy_timeout = 20")
        return opened

    with Journal(store.path.parent, every_s=0.02, opened=impatient) as log:
        holder.execute("BEGIN IMMEDIATE")
        for number in range(50):
            log.pulled(_pull(store, token, f"/{number}"))
        log.refused("192.0.2.1", "unknown")
        time.sleep(0.3)  # several tries
        log.pulled(_pull(store, token, "/last"))
        holder.execute("ROLLBACK")
        end = time.monotonic() + WAIT_S
        while not pulls.of_provider(store, token.provider_id) and time.monotonic() < end:
            time.sleep(0.02)
    holder.close()

    paths = [one.path for one in pulls.of_provider(store, token.provider_id)]
    assert paths[::-1] == [*(f"/{number}" for number in range(50)), "/last"]
    assert pulls.refused_since(store, "") == 1


def test_what_waits_has_a_bound_and_what_is_lost_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal, "MOST_WAITING", 5)
    token = a_token(store).token
    with Journal(store.path.parent, every_s=60) as log:
        for number in range(8):
            log.pulled(_pull(store, token, f"/{number}"))

    assert len(pulls.of_provider(store, token.provider_id)) == 5
    assert "3 pulls were not written down" in caplog.text


def test_a_pull_that_the_store_refuses_takes_no_other_with_it(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    token = a_token(store).token
    forgotten = replace(_pull(store, token, "/forgotten"), token_id="0" * 12)
    with Journal(store.path.parent, every_s=60) as log:
        log.pulled(_pull(store, token, "/first"))
        log.pulled(forgotten)
        log.refused("192.0.2.1", "unknown")
        log.pulled(_pull(store, token, "/last"))

    assert {one.path for one in pulls.of_provider(store, token.provider_id)} == {"/first", "/last"}
    assert pulls.refused_since(store, "") == 1
    assert caplog.text.count("a pull was not written down") == 1


def test_refusals_are_written_down_once_a_minute(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept() -> int:
        return pulls.refused_since(store, "")

    token = a_token(store).token
    with Journal(store.path.parent, every_s=0.01) as log:
        log.refused("192.0.2.1", "unknown")
        log.pulled(_pull(store, token, "/first"))
        end = time.monotonic() + WAIT_S
        while not pulls.of_provider(store, token.provider_id) and time.monotonic() < end:
            time.sleep(0.01)
        assert kept() == 0
        monkeypatch.setattr(journal, "REFUSALS_EVERY_S", 0.0)
        while not kept() and time.monotonic() < end:
            time.sleep(0.01)
        assert kept() == 1


def test_refusals_of_very_many_addresses_are_counted_together(store: Store) -> None:
    with Journal(store.path.parent, every_s=60) as log:
        for number in range(500):
            log.refused(f"2001:db8:{number:x}::/64", "unknown")

    assert pulls.refused_since(store, "") == 500
    assert store.value("SELECT count(*) FROM pull_refusals") < 110
    assert (store.path.parent / FILE_NAME).exists()


def test_a_store_is_lent_to_one_at_a_time_and_not_again_after_a_fault(store: Store) -> None:
    stores = Stores(store.path.parent)
    with stores.lent() as first, stores.lent() as second:
        assert first is not second
    with stores.lent() as again:
        assert again in (first, second)
    with pytest.raises(RuntimeError), stores.lent() as faulty:
        raise RuntimeError
    with stores.lent() as sound, stores.lent() as other:
        assert faulty not in (sound, other)
        stores.close()
        assert sound.value("SELECT 1") == 1
    for closed in (first, second, faulty, sound, other):
        with pytest.raises(StoreDamagedError, match="closed"):
            closed.value("SELECT 1")


def test_a_store_goes_from_thread_to_thread(store: Store) -> None:
    stores = Stores(store.path.parent)
    seen: list[int] = []

    def ask() -> None:
        with stores.lent() as lent:
            seen.append(lent.value("SELECT 1"))

    for _ in range(3):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    stores.close()
    assert seen == [1, 1, 1]
