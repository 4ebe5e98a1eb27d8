"""Who reads what: a token opens its own category and formats, by no path another, and only while it counts."""

import gzip
import http.client
import logging
import os
import shutil
import sqlite3
import string
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocklist.feed.app import FeedConfig, Limits
from review_queue import providers, pulls, tokens
from review_queue.categories import Category
from review_queue.clock import system_clock
from review_queue.pulls import Kind, Pull
from review_queue.store import FILE_NAME
from tests.blocklist.feeding import (
    FORMATS_OF_ALL,
    SELF_HARM,
    UNLIMITED,
    VIOLENT,
    Site,
    a_site,
    a_text,
    list_names,
    publish,
    running,
)
from tests.review_queue.takers import DANA, a_token

WAIT_S = 20.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("feed")
    a_site(folder)
    return folder


def _copy(made: Path, folder: Path) -> Site:
    shutil.copytree(made, folder / "site", symlinks=True)
    return Site(folder / "site/data", folder / "site/lists")


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Iterator[Site]:
    with running(_copy(made, tmp_path)) as found:
        yield found


def _pulls(site: Site, name: str = "north-net", count: int = 1) -> list[Pull]:
    """The pull log of the provider, once it has so many rows."""
    end = time.monotonic() + WAIT_S
    while True:
        with site.opened() as store:
            found = pulls.of_provider(store, providers.find(store, name).id)
        if len(found) >= count or time.monotonic() > end:
            return found
        time.sleep(0.05)


def test_without_a_token_that_counts_nothing_is_read(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = _copy(made, tmp_path)
    token = a_text(site)
    wrong = token[:-4] + ("AAAA" if not token.endswith("AAAA") else "BBBB")
    other_id = "qalqan_" + "0" * 12 + token[19:]
    with running(site):
        for shown in ("", wrong, other_id, "x", token + "x", "a" * 190):
            for name in ("rpz.zone", "manifest.json", "since/1", "receipts", "none"):
                reply = site.ask(f"/v1/{name}", shown)
                asked = reply.headers["WWW-Authenticate"]
                assert (reply.status, asked) == (401, 'Bearer realm="qalqan"')
                assert not shown or shown not in reply.text
        assert site.ask("/v1/rpz.zone", Authorization=f"Basic {token}").status == 401
        assert site.ask("/v1/rpz.zone", Authorization=f"bearer {token}").status == 200

    with site.opened() as store:
        assert pulls.refused_since(store, "") == 31
        kept = "\n".join(store.db.conn.iterdump())
    for secret in (token[20:], wrong[20:]):
        assert secret not in kept
        assert secret not in caplog.text


def test_a_token_that_was_revoked_counts_no_longer_from_the_next_request_on(
    site: Site,
) -> None:
    token, other = a_text(site), a_text(site)
    with site.opened() as store:
        assert site.ask("/v1/rpz.zone", token).status == 200
        tokens.revoke(store, token.split("_")[1], DANA)
        told = site.ask("/v1/rpz.zone", token)
        assert (told.status, "revoked" in told.text) == (401, True)
        assert site.ask("/v1/rpz.zone", other).status == 200
        providers.end(store, "north-net", DANA)
        assert site.ask("/v1/rpz.zone", other).status == 401


def test_a_token_reads_the_list_of_its_own_category_alone(site: Site) -> None:
    whole = a_text(site)
    for category, mine, others in (
        (Category.VIOLENCE, VIOLENT, SELF_HARM),
        (Category.SELF_HARM, SELF_HARM, VIOLENT),
    ):
        token = a_text(site, category)
        for name in ("entries.jsonl", "domains.txt", "rpz.zone", "csv-entries.csv"):
            for folder in ("/v1", "/v1/snapshots/1"):
                reply = site.ask(f"{folder}/{name}", token)
                assert reply.status == 200
                assert all(one in reply.text for one in mine)
                assert not any(one in reply.text for one in others)
                assert site.ask(f"{folder}/{name}", whole).body != reply.body
        manifest = site.ask("/v1/manifest.json", token)
        assert manifest.body != site.ask("/v1/manifest.json", whole).body
        assert f'"part": "{category}"' in manifest.text


def test_a_token_reads_its_formats_alone(site: Site) -> None:
    token = a_text(site, formats=("rpz",))

    for name in ("rpz.zone", "rpz-garden.zone", "rpz.skipped.json", "manifest.json"):
        assert site.ask(f"/v1/{name}", token).status == 200, name
    for name in (
        "entries.jsonl",
        "domains.txt",
        "csv-entries.csv",
        "unsafe.skipped.json",
        "changes.jsonl",
    ):
        reply = site.ask(f"/v1/{name}", token)
        assert (reply.status, reply.text) == (403, f"this token does not read {name}\n")
    assert site.ask("/v1/snapshots/1/domains.txt", token).status == 403
    assert site.ask("/v1/since/1", token).status == 403


TRICKS = (
    "/v1/../part-self_harm/rpz.zone",
    "/v1/part-self_harm/rpz.zone",
    "/v1/part-violence/../part-self_harm/rpz.zone",
    "/v1/%2e%2e/rpz.zone",
    "/v1/..%2frpz.zone",
    "/v1/%2e%2e%2fpart-self_harm%2fentries.jsonl",
    "/v1/snapshots/0000000001/rpz.zone",
    "/v1/snapshots/1/../../rpz.zone",
    "/v1/snapshots/1/part-self_harm/rpz.zone",
    "/v1/snapshots/-1/rpz.zone",
    "/v1/snapshots/../current/rpz.zone",
    "//v1//rpz.zone",
    "/v1//rpz.zone",
    "/v1/./rpz.zone",
    "/v1/RPZ.ZONE",
    "/V1/rpz.zone",
    "/v1/rpz.zone%00",
    "/v1/rpz.zone%00.txt",
    "/v1/%00",
    "/v1/rpz.zone/",
    "/v1/rpz.zone%0a",
    "/v1/rpz.zone;x",
    "/v1/" + "a" * 5000,
    "/v1/" + "../" * 500 + "etc/passwd",
    "/v1/.export.lock",
    "/v1/current",
    "/v1/changes",
    "/v1/planted",
    "/v1/planted.txt",
    "/v1/manifest.json.planted",
    "/v1/since/01",
    "/v1/since/1/..",
    "/v1/since/99999999999",
    "/v1/since/-1",
    "/v1/\uff0e\uff0e/rpz.zone",
)


def _plant(site: Site) -> None:
    """Links somebody put among the files, to the list of the other category."""
    for folder in (site.lists / "current/part-violence", site.lists / "current"):
        for name in ("planted.txt", "manifest.json.planted"):
            (folder / name).symlink_to(site.lists / "current/part-self_harm/entries.jsonl")
        (folder / "planted").symlink_to(site.lists / "current/part-self_harm")


def _raw(site: Site, path: str, token: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection._validate_path = lambda _url: None  # type: ignore[attr-defined]  # noqa: SLF001  # what a client refuses
    connection._encode_request = lambda text: text.encode("utf-8", "surrogateescape")  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def planted(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """A feed with planted links, and a token for violence that reads every format."""
    site = _copy(made, tmp_path_factory.mktemp("planted"))
    _plant(site)
    with running(site):
        yield site, a_text(site, Category.VIOLENCE)


@pytest.mark.parametrize("path", TRICKS)
def test_no_path_leads_to_another_category(planted: tuple[Site, str], path: str) -> None:
    site, token = planted
    status, body = _raw(site, path, token)

    assert SELF_HARM[0].encode() not in body
    if status == 200:  # the very file in another spelling
        assert path.rpartition("/")[2] == "rpz.zone"


_PIECES = st.sampled_from(
    ["..", ".", "%2e%2e", "%2f", "/", "\\", "%5c", "part-self_harm", "part-violence", "snapshots", "1", "v1",
     "current", "entries.jsonl", "rpz.zone", "manifest.json", "changes.jsonl", "planted", "planted.txt", "%00",
     "%25", "since", "%c0%ae", ";", "?", "&", "0000000001", "heartbeat"]
)  # fmt: skip
_PATHS = st.lists(_PIECES | st.text(string.printable.replace(" ", "").replace("\n", "").replace("\r", "")
                                    .replace("\t", "").replace("\x0b", "").replace("\x0c", ""), max_size=6),
                  max_size=8).map(lambda pieces: "/v1/" + "/".join(pieces))  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=_PATHS)
def test_no_made_up_path_leads_to_another_category(planted: tuple[Site, str], path: str) -> None:
    site, token = planted
    status, body = _raw(site, path, token)

    assert SELF_HARM[0].encode() not in body
    assert status != 500


def test_a_list_of_a_category_that_is_not_made_yet_is_promised(made: Path, tmp_path: Path) -> None:
    site = _copy(made, tmp_path)
    shutil.rmtree(site.lists / "current/part-violence")
    with running(site):
        reply = site.ask("/v1/rpz.zone", a_text(site, Category.VIOLENCE))

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert "next publication" in reply.text


def _certificate() -> tuple[str, str]:
    """A certificate as nginx hands it on, and its fingerprint as openssl tells it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "north-net")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(9999))
    found = made.sign(key, SHA256())
    return quote(found.public_bytes(Encoding.PEM).decode()), found.fingerprint(SHA256()).hex(
        ":"
    ).upper()


def test_a_provider_bound_to_a_certificate_must_show_it_through_a_trusted_proxy(
    made: Path, tmp_path: Path
) -> None:
    site = _copy(made, tmp_path)
    certificate, fingerprint = _certificate()
    other, _ = _certificate()
    token = a_text(site)
    with site.opened() as store:
        providers.bind(store, "north-net", fingerprint, DANA)
    with running(site):  # no proxy is trusted: whoever writes the header themselves shows nothing
        assert site.ask("/v1/rpz.zone", token, X_Client_Certificate=certificate).status == 401
    behind = FeedConfig(site.data, site.lists, trusted=frozenset({"127.0.0.1"}), limits=UNLIMITED)
    with running(site, behind):
        assert site.ask("/v1/rpz.zone", token, X_Client_Certificate=certificate).status == 200
        for wrong in (other, "nonsense", "", "-----BEGIN%20CERTIFICATE-----"):
            assert site.ask("/v1/rpz.zone", token, X_Client_Certificate=wrong).status == 401
        assert "certificate" in site.ask("/v1/rpz.zone", token).text
        with site.opened() as store:
            providers.bind(store, "north-net", "", DANA)
        assert site.ask("/v1/rpz.zone", token).status == 200


def test_a_reader_who_asks_too_often_is_told_when_to_come_again(made: Path, tmp_path: Path) -> None:
    site = _copy(made, tmp_path)
    limits = Limits(token_burst=3, token_per_s=0.01, address_burst=1000, address_per_s=1)
    token, other = a_text(site), a_text(site)
    with running(site, FeedConfig(site.data, site.lists, limits=limits)):
        statuses = [site.ask("/v1/rpz.zone", token).status for _ in range(5)]
        late = site.ask("/v1/rpz.zone", token)
        assert statuses == [200, 200, 200, 429, 429]
        assert 90 <= int(late.headers["Retry-After"]) <= 100
        assert site.ask("/v1/rpz.zone", other).status == 200


def test_an_address_that_tries_tokens_is_soon_not_heard(made: Path, tmp_path: Path) -> None:
    site = _copy(made, tmp_path)
    limits = Limits(address_burst=60, address_per_s=0.01)
    trusted = frozenset({"127.0.0.1"})
    token = a_text(site)
    with running(site, FeedConfig(site.data, site.lists, trusted=trusted, limits=limits)):
        statuses = [
            site.ask("/v1/rpz.zone", "x", X_Forwarded_For="192.0.2.9").status for _ in range(9)
        ]
        assert statuses[0] == 401
        assert statuses[-1] == 429
        assert site.ask("/v1/rpz.zone", token, X_Forwarded_For="192.0.2.8").status == 200
        # what the reader wrote before the proxy's own word does not count
        spoofed = site.ask("/v1/rpz.zone", "x", X_Forwarded_For="192.0.2.7, 192.0.2.9")
        assert spoofed.status == 429


def test_an_address_asks_only_so_often_whatever_it_asks(made: Path, tmp_path: Path) -> None:
    site = _copy(made, tmp_path)
    limits = Limits(address_burst=4, address_per_s=0.01)
    tokens_of_all = [a_text(site) for _ in range(3)]
    with running(site, FeedConfig(site.data, site.lists, limits=limits)):
        statuses = [site.ask("/v1/rpz.zone", token).status for token in tokens_of_all]
        statuses += [site.ask(path).status for path in ("/none", "/lookup", "/none")]

    assert statuses == [200, 200, 200, 404, 429, 429]


def test_every_answer_is_on_record_with_what_was_really_taken(site: Site) -> None:
    token = a_text(site, Category.VIOLENCE)
    tag = site.ask("/v1/rpz.zone", token).headers["ETag"]
    site.ask("/v1/rpz.zone", token, If_None_Match=tag)
    site.ask("/v1/manifest.json", token)
    site.ask("/v1/entries.jsonl", token, Range="bytes=0-9")
    site.ask("/v1/rpz.zone", token, method="HEAD")
    site.ask("/v1/none", token)

    rows = _pulls(site, count=6)

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

    (row,) = _pulls(site)

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

    assert len(_pulls(site, count=20)) == 20


def test_a_pull_a_second_ago_is_on_record_when_the_feed_ends(made: Path, tmp_path: Path) -> None:
    site = _copy(made, tmp_path)
    token = a_text(site)
    with running(site):
        for _ in range(7):
            site.ask("/v1/rpz.zone", token)

    with site.opened() as store:
        assert len(pulls.of_provider(store, providers.find(store, "north-net").id)) == 7


def test_a_feed_that_has_ended_holds_no_file(made: Path, tmp_path: Path) -> None:
    site = _copy(made, tmp_path)
    token = a_text(site)

    def held() -> set[str]:
        links = (Path(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd"))  # noqa: PTH208  # of fds
        return {str(link.readlink()) for link in links if link.is_symlink()}

    with running(site):
        site.ask("/v1/csv-entries.csv", token, Accept_Encoding="gzip")
        site.ask("/lookup?name=a.example")
        assert any(str(site.data) in path for path in held())

    assert not [path for path in held() if str(tmp_path) in path]


def test_a_store_that_cannot_be_read_is_named_and_the_reader_comes_again(site: Site) -> None:
    token = a_text(site)
    for path in site.data.iterdir():
        path.unlink()

    reply = site.ask("/v1/rpz.zone", token)

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")


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
    assert site.ask("/v1/since/1", token).status == 410
    assert site.ask("/v1/since/0", token).status == 410
    kinds = {(one.kind, one.serial) for one in _pulls(site, count=6) if one.status == 200}
    assert kinds == {(Kind.DELTA, 2)}


def test_a_token_that_has_expired_counts_no_longer(site: Site) -> None:
    with site.opened() as store:
        store.clock = lambda: system_clock() - timedelta(days=400)
        old = a_token(store, formats=FORMATS_OF_ALL).text

    assert "expired" in site.ask("/v1/rpz.zone", old).text
