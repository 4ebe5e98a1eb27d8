"""What a reader with a token, or a bad day of the store, must not do to the feed."""

import gzip
import http.client
import os
import resource
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocklist.feed.answers import Told
from blocklist.feed.app import FeedConfig, Limits
from blocklist.feed.changes import AtWorkError, Changes
from blocklist.feed.server import THREADS
from review_queue import tokens
from review_queue.categories import Category
from review_queue.store import FILE_NAME, open_store
from tests.blocklist.feeding import (
    Site,
    a_text,
    copied,
    list_names,
    publish,
    pulls_of,
    running,
)
from tests.review_queue.takers import DANA

MANY_FILES = 1100  # select() knows of 1024
HEAD = '{"schema": 1, "from": 1, "to": 2}\n'


def _backup(site: Site, folder: Path) -> None:
    """A copy of the store, as it is now, in the folder."""
    folder.mkdir()
    with (
        closing(sqlite3.connect(site.data / FILE_NAME)) as source,
        closing(sqlite3.connect(folder / FILE_NAME)) as copy,
    ):
        source.backup(copy)


def test_a_store_that_was_put_in_the_place_of_another_is_read_and_written_from_then_on(
    site: Site, tmp_path: Path
) -> None:
    token, other = a_text(site), a_text(site)
    _backup(site, tmp_path / "backup")
    with open_store(tmp_path / "backup") as store:
        tokens.revoke(store, token.split("_")[1], DANA)
    assert site.ask("/v1/rpz.zone", token).status == 200
    assert len(pulls_of(site)) == 1  # the log has its store open as well

    for path in site.data.glob(f"{FILE_NAME}-*"):
        path.unlink()
    (tmp_path / "backup" / FILE_NAME).replace(site.data / FILE_NAME)

    assert site.ask("/v1/rpz.zone", token).status == 401
    assert site.ask("/v1/domains.txt", other).status == 200
    assert [pull.path for pull in pulls_of(site)] == ["/v1/domains.txt"]


def test_who_asks_too_often_does_not_fill_the_log(published_site: Path, tmp_path: Path) -> None:
    site = copied(published_site, tmp_path)
    limits = Limits(token_burst=2, token_per_s=0.001, address_burst=1000)
    token, other = a_text(site), a_text(site)
    with running(site, FeedConfig(site.data, site.lists, limits=limits)):
        told = [site.ask("/v1/rpz.zone", token).status for _ in range(20)]
        site.ask("/v1/rpz.zone", other)

    assert told == [200] * 2 + [429] * 18
    # in the log since the feed has ended
    assert sorted(pull.status for pull in pulls_of(site, count=4)) == [200, 200, 200, 429]


def _with_a_large_file(published_site: Path, folder: Path) -> Site:
    """A copy of the site whose domains.txt no buffer on the way holds."""
    site = copied(published_site, folder)
    manifest = site.lists / "current/manifest.json"
    large = site.lists / "current/domains.txt"
    size, more = large.stat().st_size, 64 * 1024 * 1024
    os.truncate(large, more)
    manifest.write_text(
        manifest.read_text().replace(f'"size_bytes": {size}', f'"size_bytes": {more}')
    )
    return site


def test_one_provider_cannot_hold_all_connections_by_reading_slowly(
    published_site: Path, tmp_path: Path
) -> None:
    site = _with_a_large_file(published_site, tmp_path)
    token, other = a_text(site), a_text(site, name="south-net")
    limits = Limits(token_burst=1000, address_burst=1000, provider_at_once=2)
    with running(site, FeedConfig(site.data, site.lists, limits=limits)):
        held = [http.client.HTTPConnection("127.0.0.1", site.port, timeout=20) for _ in range(2)]
        for connection in held:
            connection.request(
                "GET", "/v1/domains.txt", headers={"Authorization": f"Bearer {token}"}
            )
            assert connection.getresponse().status == 200  # and no more of it is read
        refused = site.ask("/v1/rpz.zone", token)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
        assert site.ask("/v1/rpz.zone", other).status == 200
        for connection in held:
            connection.close()
        end = time.monotonic() + 20
        while site.ask("/v1/rpz.zone", token).status != 200:
            assert time.monotonic() < end
            time.sleep(0.05)
        for _ in range(4):  # answers of each kind end
            for path in ("/v1/rpz.zone", "/v1/none", "/v1/since/9", "/v1/receipts"):
                assert site.ask(path, token).status != 429


def test_readers_who_ask_for_more_than_they_take_hold_no_thread(
    published_site: Path, tmp_path: Path
) -> None:
    site = _with_a_large_file(published_site, tmp_path)
    token = a_text(site)
    asked = (
        f"GET /v1/domains.txt HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    with running(site), ExitStack() as opened:
        for _ in range(THREADS + 1):
            reader = opened.enter_context(
                socket.create_connection(("127.0.0.1", site.port), timeout=20)
            )
            reader.sendall(asked * 3)
            assert reader.recv(12) == b"HTTP/1.1 200"
        assert site.ask("/v1/rpz.zone", token).status == 200


def test_very_many_open_files_do_not_end_the_feed(site: Site) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < MANY_FILES + 200:
        pytest.skip("so many files cannot be opened here")
    token = a_text(site)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY_FILES + 200), hard))
    try:
        with Path(os.devnull).open() as one:
            held = [os.dup(one.fileno()) for _ in range(MANY_FILES)]
        assert site.ask("/v1/rpz.zone", token).status == 200
        for handle in held:
            os.close(handle)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_file_that_nobody_closes_is_closed_and_tells_that_nothing_was_taken(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("some text")
    told: list[int] = []
    file = Told(os.open(tmp_path / "file", os.O_RDONLY))
    handle = file.fileno()
    file.begin(2, told.append)
    del file

    assert told == [0]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handle)


_RANGES = st.sampled_from(
    ["bytes=0-9", "bytes=5-", "bytes=-7", "bytes=0-0,4-5", "bytes=99999999-", "bytes=9-3", "x"]
)
_TAGS = st.sampled_from(
    ["PLAIN", "GZIP", "W/PLAIN", '"other"', "Mon, 01 Sep 2025 10:00:00 GMT", "*", ""]
)
_ASKED = st.fixed_dictionaries(
    {},
    optional={
        "Range": _RANGES,
        "If_Range": _TAGS,
        "If_None_Match": _TAGS,
        "If_Match": _TAGS,
        "If_Modified_Since": _TAGS,
        "Accept_Encoding": st.sampled_from(["gzip", "identity", "gzip;q=0", "*"]),
    },
)


@pytest.fixture(scope="module")
def settled(
    published_site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, str, bytes, str]]:
    """A feed whose list is old enough to have a date, a token, a file of the list and its tag."""
    site = copied(published_site, tmp_path_factory.mktemp("settled"))
    os.utime(site.lists / "current", (1756720800, 1756720800), follow_symlinks=False)
    with running(site):
        token = a_text(site)
        whole = site.ask("/v1/csv-entries.csv", token)
        yield site, token, whole.body, whole.headers["ETag"]


@settings(max_examples=250, deadline=None)
@given(asked=_ASKED, method=st.sampled_from(["GET", "GET", "HEAD"]))
def test_whatever_is_asked_what_comes_is_what_its_head_says(
    settled: tuple[Site, str, bytes, str], asked: dict[str, str], method: str
) -> None:
    """No condition, range or coding together make a part of one file pass for another, or for the whole."""
    site, token, whole, tag = settled
    packed = f'{tag[:-1]}-gzip"'
    sent: dict[str, Any] = {
        name: text.replace("PLAIN", tag).replace("GZIP", packed) for name, text in asked.items()
    }

    reply = site.ask("/v1/csv-entries.csv", token, method=method, **sent)

    length = reply.headers["Content-Length"]
    if method == "HEAD":
        assert (reply.body, reply.status != 206) == (b"", True)
    elif reply.status == 200 and reply.headers["Content-Encoding"] == "gzip":
        assert (gzip.decompress(reply.body), reply.headers["ETag"]) == (whole, packed)
        assert "Range" not in sent
    elif reply.status == 200:
        assert (reply.body, reply.headers["ETag"], length) == (whole, tag, str(len(whole)))
    elif reply.status == 206:
        first, last = map(int, reply.headers["Content-Range"][6:].partition("/")[0].split("-"))
        assert (reply.body, reply.headers["ETag"]) == (whole[first : last + 1], tag)
        assert "Content-Encoding" not in reply.headers
        assert sent.get("If_Range", tag) in (tag, "Mon, 01 Sep 2025 10:00:00 GMT")
    elif reply.status == 304:
        assert (reply.body, reply.headers["ETag"] in (tag, packed)) == (b"", True)
    else:
        assert reply.status in (412, 416)


def test_of_head_no_range_is_made(site: Site) -> None:
    token = a_text(site)
    whole = site.ask("/v1/rpz.zone", token)

    head = site.ask("/v1/rpz.zone", token, method="HEAD", Range="bytes=0-3")

    assert (head.status, head.headers["Content-Length"]) == (200, str(len(whole.body)))


def test_changes_are_put_together_once_for_all_who_ask() -> None:
    times: list[str] = []

    def lines() -> Iterator[str]:
        times.append("made")
        yield HEAD

    with closing(Changes(most_files=2)) as changes:
        files = [changes.of(("", 1, 2, "a"), lines) for _ in range(3)]
        assert len({os.fstat(file.fileno()).st_ino for file, _, _ in files}) == 1
        assert [file.read() for file, _, _ in files] == [
            HEAD.encode()
        ] * 3  # each has its own place
        assert times == ["made"]
        changes.of(("violence", 1, 2, "a"), lines)[0].close()
        changes.of(("", 1, 2, "b"), lines)[0].close()  # the same serials of a store begun anew
        assert len(times) == 3
        changes.of(("", 1, 2, "a"), lines)[0].close()  # only so many are kept
        assert len(times) == 4
        for file, _, _ in files:
            file.close()


def test_so_many_bytes_of_changes_are_kept_and_those_asked_for_last_of_them() -> None:
    times: list[int] = []

    def ask(since: int, size: int = len(HEAD)) -> Told:
        def lines() -> Iterator[str]:
            times.append(since)
            yield HEAD.rstrip().ljust(size - 1) + "\n"

        return changes.of(("", since, 2, "a"), lines)[0]

    with closing(Changes(most_bytes=3 * len(HEAD))) as changes, ExitStack() as stack:
        first = stack.enter_context(ask(11))
        for since in (12, 13, 11, 14, 11, 13):  # 12 was not asked for longest
            ask(since).close()
        assert times == [11, 12, 13, 14]
        ask(12).close()
        assert times == [11, 12, 13, 14, 12]
        for _ in range(2):  # or it would be put together for each who asks
            ask(15, 4 * len(HEAD)).close()
        assert times == [11, 12, 13, 14, 12, 15]
        ask(11).close()
        assert times == [11, 12, 13, 14, 12, 15, 11]
        assert first.read() == HEAD.encode()  # who reads goes on


@pytest.mark.parametrize("newest", [3, 1])
def test_changes_that_lead_to_the_newest_list_no_longer_are_not_kept(newest: int) -> None:
    """A store that was begun anew has lower serials."""
    made: list[int] = []

    def ask(since: int, to: int) -> Told:
        def lines() -> Iterator[str]:
            made.append(to)
            yield f'{{"schema": 1, "from": {since}, "to": {to}}}\n'

        return changes.of(("", since, to, "a"), lines)[0]

    with closing(Changes()) as changes, ask(0, 2) as reading, ask(1, 2):
        ask(0, newest).close()
        for since in (0, 1):
            ask(since, 2).close()
        assert made == [2, 2, newest, 2, 2]
        assert b'"to": 2' in reading.read()


def test_changes_to_a_newer_list_than_was_asked_for_are_not_kept_for_the_older() -> None:
    times: list[str] = []

    def lines() -> Iterator[str]:
        times.append("made")
        yield HEAD

    with closing(Changes()) as changes:
        for _ in range(2):
            file, _, to = changes.of(("", 1, 1, "a"), lines)
            file.close()
            assert to == 2
    assert len(times) == 2


def test_one_reader_cannot_have_all_threads_put_changes_together() -> None:
    is_begun, is_over = threading.Event(), threading.Event()

    def slow() -> Iterator[str]:
        is_begun.set()
        is_over.wait(20)
        yield HEAD

    def work() -> None:
        changes.of(("", 1, 2, "a"), slow)[0].close()

    with closing(Changes(wait_s=0.01)) as changes:
        worker = threading.Thread(target=work)
        worker.start()
        assert is_begun.wait(20)
        with pytest.raises(AtWorkError):
            changes.of(("", 0, 2, "a"), lambda: [HEAD])
        is_over.set()
        worker.join()
        changes.of(("", 0, 2, "a"), lambda: [HEAD])[0].close()


def test_a_reader_who_must_wait_for_changes_is_told_when_to_come_again(site: Site) -> None:
    token, told = a_text(site), []
    pipe = site.lists / "changes/0000000001.jsonl"
    os.mkfifo(pipe)  # reading stops at it until somebody writes
    slow = threading.Thread(target=lambda: told.append(site.ask("/v1/since/0", token).status))
    slow.start()
    with pipe.open("wb"):  # opens when it is read
        reply = site.ask("/v1/since/0", token)
    slow.join()

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert told == [410]


def test_changes_of_one_category_are_never_those_of_another(site: Site) -> None:
    with site.opened() as store:
        list_names(store, ("fresh.example",), Category.SELF_HARM)
        publish(store, site.lists)
    sorrow, violence = a_text(site, Category.SELF_HARM), a_text(site, Category.VIOLENCE)

    for _ in range(2):
        assert "fresh.example" in site.ask("/v1/since/1", sorrow).text
        assert "fresh.example" not in site.ask("/v1/since/1", violence).text


def test_no_header_is_taken_twice_or_spelled_otherwise(site: Site) -> None:
    """Two Authorization headers are no choice for whoever stands between."""
    token = a_text(site)
    for names in (("Authorization", "Authorization"), ("Authorization_",)):
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.putrequest("GET", "/v1/rpz.zone")
        for name in names:
            connection.putheader(name, f"Bearer {token}")
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 401
        answer.read()
        connection.close()
