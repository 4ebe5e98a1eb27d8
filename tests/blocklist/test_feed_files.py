"""The feed gives out the files of a snapshot as HTTP wants it: a running waitress, asked over http.client and curl."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from review_queue.categories import Category
from tests.blocklist.feeding import Site, a_text, list_names, publish

DATE = "Mon, 01 Sep 2025 10:00:00 GMT"
DATE_S = 1756720800


@pytest.fixture
def token(site: Site) -> str:
    return a_text(site)


def _manifest(site: Site) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = json.loads(
        (site.lists / "current/manifest.json").read_bytes()
    )
    return found


def test_every_file_of_the_list_is_given_with_its_digest_as_its_tag(site: Site, token: str) -> None:
    for name, about in _manifest(site)["files"].items():
        reply = site.ask(f"/v1/{name}", token)

        assert reply.status == 200, name
        assert hashlib.sha256(reply.body).hexdigest() == about["sha256"]
        assert reply.headers["ETag"] == f'"{about["sha256"]}"'
        assert reply.headers["Content-Length"] == str(len(reply.body))
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["X-Qalqan-Serial"] == "1"
    assert site.ask("/v1/rpz.zone", token).headers["Content-Type"] == "text/plain; charset=utf-8"
    assert site.ask("/v1/entries.jsonl", token).headers["Content-Type"] == "application/jsonl"


def test_the_store_knows_when_each_list_was_begun(site: Site) -> None:
    created = json.loads((site.lists / "current/manifest.json").read_bytes())["created"]

    with site.opened() as store:
        assert store.value("SELECT created_at FROM exports") == created


def test_head_says_the_same_without_the_body(site: Site, token: str) -> None:
    whole, head = site.ask("/v1/rpz.zone", token), site.ask("/v1/rpz.zone", token, method="HEAD")

    assert head.body == b""
    for name in ("ETag", "Content-Length", "Content-Type"):
        assert head.headers[name] == whole.headers[name]


def test_a_list_that_did_not_change_is_not_sent_again(site: Site, token: str) -> None:
    tag = site.ask("/v1/rpz.zone", token).headers["ETag"]

    for said in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        reply = site.ask("/v1/rpz.zone", token, If_None_Match=said)
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", tag)
    assert site.ask("/v1/rpz.zone", token, If_None_Match='"other"').status == 200
    assert site.ask("/v1/rpz.zone", token, If_Match='"other"').status == 412
    assert site.ask("/v1/rpz.zone", token, If_Match=f"W/{tag}").status == 412
    assert site.ask("/v1/rpz.zone", token, If_Match=tag).status == 200


def test_a_date_counts_only_where_it_is_the_very_one_that_was_sent(site: Site, token: str) -> None:
    os.utime(site.lists / "current", (DATE_S, DATE_S), follow_symlinks=False)

    reply = site.ask("/v1/rpz.zone", token)
    assert reply.headers["Last-Modified"] == DATE
    assert site.ask("/v1/rpz.zone", token, If_Modified_Since=DATE).status == 304
    # the clock of a reader may be ahead
    later = "Thu, 01 Sep 2095 10:00:00 GMT"
    assert site.ask("/v1/rpz.zone", token, If_Modified_Since=later).status == 200
    assert site.ask("/v1/rpz.zone", token, If_Modified_Since="yesterday").status == 200
    both = site.ask("/v1/rpz.zone", token, If_Modified_Since=DATE, If_None_Match='"other"')
    assert both.status == 200
    earlier = "Mon, 01 Sep 2025 09:00:00 GMT"
    assert site.ask("/v1/rpz.zone", token, If_Unmodified_Since=earlier).status == 412


def test_a_list_of_the_present_second_has_no_date_yet(site: Site, token: str) -> None:
    ahead = time.time() + 60
    os.utime(site.lists / "current", (ahead, ahead), follow_symlinks=False)

    assert "Last-Modified" not in site.ask("/v1/rpz.zone", token).headers


def test_a_range_is_sent_and_an_odd_one_is_not(site: Site, token: str) -> None:
    whole = site.ask("/v1/csv-entries.csv", token)
    size, tag = len(whole.body), whole.headers["ETag"]

    part = site.ask("/v1/csv-entries.csv", token, Range="bytes=10-19", Accept_Encoding="gzip")
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{size}"
    assert site.ask("/v1/csv-entries.csv", token, Range="bytes=-5").body == whole.body[-5:]
    assert (
        site.ask("/v1/csv-entries.csv", token, Range=f"bytes=5-{size + 99}").body == whole.body[5:]
    )
    for odd in ("bytes=0-1,4-5", "bytes=9-3", "lines=1-2", "bytes=-", "bytes=a-b"):
        assert site.ask("/v1/csv-entries.csv", token, Range=odd).status == 200, odd
    for beyond in (f"bytes={size}-", "bytes=-0"):
        reply = site.ask("/v1/csv-entries.csv", token, Range=beyond)
        assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{size}")
    for condition, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200), (DATE, 200)):
        reply = site.ask("/v1/csv-entries.csv", token, Range="bytes=0-3", If_Range=condition)
        assert reply.status == status, condition


def test_gzip_is_another_representation_with_a_tag_of_its_own(site: Site, token: str) -> None:
    plain = site.ask("/v1/csv-entries.csv", token)
    packed = site.ask("/v1/csv-entries.csv", token, Accept_Encoding="br, gzip")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = site.ask("/v1/csv-entries.csv", token, Accept_Encoding="gzip")
    assert again.body == packed.body  # the tag is a strong one
    known = site.ask(
        "/v1/csv-entries.csv", token, Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]
    )
    assert (known.status, known.headers["ETag"]) == (304, packed.headers["ETag"])
    manifest = site.ask("/v1/manifest.json", token, Accept_Encoding="gzip")
    whole = (site.lists / "current/manifest.json").read_bytes()
    assert gzip.decompress(manifest.body) == whole
    for no in ("identity", "gzip;q=0", "br", "gzip;q=0.0, *"):
        reply = site.ask("/v1/csv-entries.csv", token, Accept_Encoding=no)
        assert "Content-Encoding" not in reply.headers, no


def test_curl_takes_the_list_compressed_and_goes_on_where_it_was_cut_off(
    site: Site, token: str, tmp_path: Path
) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    url = f"http://127.0.0.1:{site.port}/v1/entries.jsonl"
    curl = ["curl", "-q", "-sS", "--fail", "--noproxy", "*", "-H", f"Authorization: Bearer {token}"]
    whole = (site.lists / "current/entries.jsonl").read_bytes()

    subprocess.run([*curl, "--compressed", "-o", tmp_path / "packed", url], check=True)
    (tmp_path / "half").write_bytes(whole[:100])
    subprocess.run([*curl, "-C", "-", "-o", tmp_path / "half", url], check=True)

    assert (tmp_path / "packed").read_bytes() == whole
    assert (tmp_path / "half").read_bytes() == whole


def test_a_new_list_is_served_at_once_and_the_one_before_by_its_serial(
    site: Site, token: str
) -> None:
    before = site.ask("/v1/domains.txt", token)
    with site.opened() as store:
        list_names(store, ("later.example",), Category.VIOLENCE)
        publish(store, site.lists)

    after = site.ask("/v1/domains.txt", token, If_None_Match=before.headers["ETag"])
    kept = site.ask("/v1/snapshots/1/domains.txt", token)

    assert (after.status, after.headers["X-Qalqan-Serial"]) == (200, "2")
    assert "later.example" in after.text
    assert (kept.status, kept.body) == (200, before.body)
    assert "immutable" in kept.headers["Cache-Control"]
    future = site.ask("/v1/snapshots/3/domains.txt", token)
    assert (future.status, future.text.count("\n")) == (409, 1)
    shutil.rmtree(site.lists / "snapshots/0000000001")
    assert site.ask("/v1/snapshots/1/domains.txt", token).status == 410


def test_a_snapshot_nobody_was_led_to_yet_is_of_the_future(site: Site, token: str) -> None:
    shutil.copytree(
        site.lists / "snapshots/0000000001", site.lists / "snapshots/0000000002", symlinks=True
    )

    assert site.ask("/v1/snapshots/2/rpz.zone", token).status == 409


def test_readers_see_whole_lists_while_new_ones_are_published(site: Site, token: str) -> None:
    seen: list[tuple[str, str, str]] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            reply = site.ask("/v1/domains.txt", token)
            digest = hashlib.sha256(reply.body).hexdigest()
            seen.append((reply.headers["X-Qalqan-Serial"], digest, reply.headers["ETag"]))

    reader = threading.Thread(target=read)
    reader.start()
    digests = {}
    with site.opened() as store:
        for number in range(3):
            list_names(store, (f"n{number}.example",), Category.VIOLENCE)
            serial = publish(store, site.lists)
            found = (site.lists / f"snapshots/{serial:010}/domains.txt").read_bytes()
            digests[str(serial)] = hashlib.sha256(found).hexdigest()
    is_over.set()
    reader.join()

    assert len({serial for serial, _, _ in seen}) > 1
    for told, digest, tag in seen:
        assert (digests.get(told, digest), tag) == (digest, f'"{digest}"')


@pytest.mark.parametrize(
    "fault", ["no manifest", "cut off", "not json", "leads nowhere", "a file is missing"]
)
def test_a_half_written_list_is_not_served_the_last_good_one_is(
    site: Site, token: str, fault: str
) -> None:
    with site.opened() as store:
        list_names(store, ("later.example",), Category.VIOLENCE)
        publish(store, site.lists)
    broken = site.lists / "snapshots/0000000002"
    match fault:
        case "no manifest":
            (broken / "manifest.json").unlink()
        case "cut off":
            os.truncate(broken / "rpz.zone", 10)
        case "not json":
            (broken / "manifest.json").write_text("<html>")
        case "leads nowhere":
            shutil.rmtree(broken)
        case _:
            (broken / "domains.txt").unlink()

    reply = site.ask("/v1/domains.txt", token)

    assert (reply.status, reply.headers["X-Qalqan-Serial"]) == (200, "1")


def test_a_file_that_is_cut_off_while_it_is_served_is_not_sent(site: Site, token: str) -> None:
    assert site.ask("/v1/rpz.zone", token).status == 200
    os.truncate(site.lists / "current/rpz.zone", 10)

    reply = site.ask("/v1/rpz.zone", token)

    assert (reply.status, "Retry-After" in reply.headers) == (503, True)
    assert reply.text == "the list 1 is not whole; come again later\n"
    (site.lists / "current/rpz.zone").unlink()
    assert site.ask("/v1/rpz.zone", token).status == 503
    assert site.ask("/v1/snapshots/1/rpz.zone", token).status == 410
    assert site.ask("/v1/domains.txt", token).status == 200


def test_a_category_whose_list_is_not_whole_has_its_last_good_one(site: Site, token: str) -> None:
    part = a_text(site, Category.VIOLENCE)
    with site.opened() as store:
        list_names(store, ("later.example",), Category.VIOLENCE)
        publish(store, site.lists)
    (site.lists / "current/part-violence/rpz.zone").unlink()

    mine, whole = site.ask("/v1/domains.txt", part), site.ask("/v1/domains.txt", token)

    assert (mine.status, mine.headers["X-Qalqan-Serial"]) == (200, "1")
    assert (whole.status, whole.headers["X-Qalqan-Serial"]) == (200, "2")


def test_where_no_list_is_published_a_reader_is_told_to_come_again(site: Site, token: str) -> None:
    shutil.rmtree(site.lists)

    for path in ("/v1/rpz.zone", "/v1/since/1", "/v1/snapshots/1/rpz.zone"):
        reply = site.ask(path, token)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "30"), path


def test_a_signature_and_a_heartbeat_are_files_like_the_others(site: Site, token: str) -> None:
    for name in ("manifest.json.minisig", "heartbeat.minisig"):
        (site.lists / "current" / name).write_text("untrusted comment: one\n")
    os.utime(site.lists / "current", (DATE_S, DATE_S), follow_symlinks=False)
    first = site.ask("/v1/snapshots/1/heartbeat.minisig", token)

    assert site.ask("/v1/manifest.json.minisig", token).status == 200
    assert (first.status, first.headers["Cache-Control"]) == (200, "private, no-cache")
    (site.lists / "current/heartbeat.minisig").write_text("untrusted comment: two\n")
    newer = site.ask("/v1/heartbeat", token, If_None_Match=first.headers["ETag"])
    assert (newer.status, newer.text) == (200, "untrusted comment: two\n")
    assert "Last-Modified" not in newer.headers


def test_what_is_not_there_or_not_allowed_is_said_in_a_line(site: Site, token: str) -> None:
    assert site.ask("/v1/nothing.txt", token).status == 404
    assert site.ask("/", token).status == 404
    posted = site.ask("/v1/rpz.zone", token, method="POST", body=b"x")
    assert (posted.status, posted.headers["Allow"]) == (405, "GET, HEAD")
    assert site.ask("/v1/rpz.zone", token, method="DELETE").status == 405
    for reply in (posted, site.ask("/v1/nothing.txt", token)):
        assert reply.headers["Content-Type"].startswith("text/plain")
        assert reply.text.count("\n") == 1
    assert site.ask("/v1/rpz.zone", token, Cookie="a" * 20_000).status == 431
    assert site.ask("/v1/rpz.zone", token, method="POST", body=b"x" * 20_000).status == 413
