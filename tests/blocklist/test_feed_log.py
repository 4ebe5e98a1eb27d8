"""What the feed writes down of each answer, what it does while the store is held, and what it leaves open."""

import gzip
import http.client
import os
import shutil
import sqlite3
from pathlib import Path

from review_queue import providers, pulls
from review_queue.categories import Category
from review_queue.pulls import Kind
from review_queue.store import FILE_NAME
from tests.blocklist.feeding import (
    Site,
    a_text,
    copied,
    list_names,
    publish,
    pulls_of,
    running,
)


def test_every_answer_is_on_record_with_what_was_really_taken(site: Site) -> None:
    token = a_text(site, Category.VIOLENCE)
    tag = site.ask("/v1/rpz.zone", token).headers["ETag"]
    site.ask("/v1/rpz.zone", token, If_None_Match=tag)
    site.ask("/v1/manifest.json", token)
    site.ask("/v1/entries.jsonl", token, Range="bytes=0-9")
    site.ask("/v1/rpz.zone", token, method="HEAD")
    site.ask("/v1/none", token)

    rows = pulls_of(site, count=6)

    size = (site.lists / "current/part-violence/rpz.zone").stat().st_size
    told = {(one.kind, one.path, one.serial, one.status, one.is_whole) for one in rows}
    assert told == {
        (Kind.LIST, "/v1/rpz.zone", 1, 200, True),
        (Kind.LIST, "/v1/rpz.zone", 1, 304, True),
        (Kind.MANIFEST, "/v1/manifest.json", 1, 200, True),
        (Kind.LIST, "/v1/entries.jsonl", 1, 206, False),
        (Kind.OTHER, "/v1/rpz.zone", 1, 200, False),
        (Kind.OTHER, "/v1/none", 0, 404, True),
    }
    assert {one.part for one in rows} == {"violence"}
    assert size in {one.bytes for one in rows}
    with site.opened() as store:
        held = pulls.held(store, rows[0].provider_id)
    assert [(each.part, each.serial) for each in held] == [("violence", 1)]


def test_a_pull_that_was_broken_off_is_no_whole_one(site: Site) -> None:
    token = a_text(site)
    big = site.lists / "current/domains.txt"
    text = (site.lists / "current/manifest.json").read_text()
    size = big.stat().st_size
    with big.open("ab") as file:
        file.truncate(40_000_000)
    (site.lists / "current/manifest.json").write_text(
        text.replace(f'"size_bytes": {size}', '"size_bytes": 40000000')
    )
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection.request("GET", "/v1/domains.txt", headers={"Authorization": f"Bearer {token}"})
    connection.getresponse().read(1000)
    connection.close()

    (row,) = pulls_of(site)

    assert (row.status, row.is_whole) == (200, False)
    assert 0 < row.bytes < 40_000_000


def test_while_another_process_writes_the_store_lists_are_served_and_the_log_waits(
    site: Site,
) -> None:
    token = a_text(site)
    holder = sqlite3.connect(site.data / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert [site.ask("/v1/rpz.zone", token).status for _ in range(20)] == [200] * 20
    finally:
        holder.execute("ROLLBACK")
        holder.close()

    assert len(pulls_of(site, count=20)) == 20


def test_a_pull_a_second_ago_is_on_record_when_the_feed_ends(
    published_site: Path, tmp_path: Path
) -> None:
    site = copied(published_site, tmp_path)
    token = a_text(site)
    with running(site):
        for _ in range(7):
            site.ask("/v1/rpz.zone", token)

    with site.opened() as store:
        assert len(pulls.of_provider(store, providers.find(store, "north-net").id)) == 7


def test_a_feed_that_has_ended_holds_no_file(published_site: Path, tmp_path: Path) -> None:
    site = copied(published_site, tmp_path)
    token = a_text(site)

    def held() -> set[str]:
        links = (Path(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd"))  # noqa: PTH208  # of fds
        return {str(link.readlink()) for link in links if link.is_symlink()}

    with running(site):
        site.ask("/v1/csv-entries.csv", token, Accept_Encoding="gzip")
        site.ask("/lookup?name=a.example")
        assert any(str(site.data) in path for path in held())

    assert not [path for path in held() if str(tmp_path) in path]


def test_changes_lead_from_a_serial_to_the_list_that_holds(site: Site) -> None:
    token, part = a_text(site), a_text(site, Category.SELF_HARM)
    with site.opened() as store:
        list_names(store, ("later.example", "latest.example"), Category.VIOLENCE)
        publish(store, site.lists)

    changes = site.ask("/v1/since/1", token)
    assert (changes.status, changes.headers["X-Qalqan-Serial"]) == (200, "2")
    assert "later.example" in changes.text
    known = site.ask("/v1/since/1", token, If_None_Match=changes.headers["ETag"])
    assert (known.status, known.body) == (304, b"")
    packed = site.ask("/v1/since/1", token, Accept_Encoding="gzip")
    assert packed.headers["ETag"] != changes.headers["ETag"]
    assert gzip.decompress(packed.body) == changes.body
    mine = site.ask("/v1/since/1", part)
    assert (mine.status, "later.example" in mine.text) == (200, False)
    future = site.ask("/v1/since/3", token)
    assert (future.status, "/v1/manifest.json" in future.text) == (409, True)
    shutil.rmtree(site.lists / "changes")
    # those that were asked for are kept; nobody has asked for these
    assert site.ask("/v1/since/1", a_text(site, Category.VIOLENCE)).status == 410
    assert site.ask("/v1/since/0", token).status == 410
    kinds = {(one.kind, one.serial) for one in pulls_of(site, count=6) if one.status == 200}
    assert kinds == {(Kind.DELTA, 2)}
