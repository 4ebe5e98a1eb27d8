"""Who reads what: a token opens its own category and formats, and only while it counts."""

import logging
import shutil
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from blocklist.feed.app import FeedConfig, Limits
from review_queue import providers, pulls, tokens
from review_queue.categories import Category
from review_queue.clock import system_clock
from tests.blocklist.certificates import signer
from tests.blocklist.feeding import (
    FORMATS_OF_ALL,
    SELF_HARM,
    UNLIMITED,
    VIOLENT,
    Site,
    a_text,
    copied,
    running,
)
from tests.review_queue.takers import DANA, a_token


def test_without_a_token_that_counts_nothing_is_read(
    published_site: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = copied(published_site, tmp_path)
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


def test_a_list_of_a_category_that_is_not_made_yet_is_promised(
    published_site: Path, tmp_path: Path
) -> None:
    site = copied(published_site, tmp_path)
    shutil.rmtree(site.lists / "current/part-violence")
    with running(site):
        reply = site.ask("/v1/rpz.zone", a_text(site, Category.VIOLENCE))

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
    assert "next publication" in reply.text


def _certificate() -> tuple[str, str]:
    """A certificate as nginx hands it on, and its fingerprint as openssl tells it."""
    found = signer(ec.generate_private_key(ec.SECP256R1())).certificate
    fingerprint = found.fingerprint(SHA256()).hex(":").upper()
    return quote(found.public_bytes(Encoding.PEM).decode()), fingerprint


def test_a_provider_bound_to_a_certificate_must_show_it_through_a_trusted_proxy(
    published_site: Path, tmp_path: Path
) -> None:
    site = copied(published_site, tmp_path)
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


def test_a_reader_who_asks_too_often_is_told_when_to_come_again(
    published_site: Path, tmp_path: Path
) -> None:
    site = copied(published_site, tmp_path)
    limits = Limits(token_burst=3, token_per_s=0.01, address_burst=1000, address_per_s=1)
    token, other = a_text(site), a_text(site)
    with running(site, FeedConfig(site.data, site.lists, limits=limits)):
        statuses = [site.ask("/v1/rpz.zone", token).status for _ in range(5)]
        late = site.ask("/v1/rpz.zone", token)
        assert statuses == [200, 200, 200, 429, 429]
        assert 90 <= int(late.headers["Retry-After"]) <= 100
        assert site.ask("/v1/rpz.zone", other).status == 200


def test_an_address_that_tries_tokens_is_soon_not_heard(
    published_site: Path, tmp_path: Path
) -> None:
    site = copied(published_site, tmp_path)
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


def test_an_address_asks_only_so_often_whatever_it_asks(
    published_site: Path, tmp_path: Path
) -> None:
    site = copied(published_site, tmp_path)
    limits = Limits(address_burst=4, address_per_s=0.01)
    tokens_of_all = [a_text(site) for _ in range(3)]
    with running(site, FeedConfig(site.data, site.lists, limits=limits)):
        statuses = [site.ask("/v1/rpz.zone", token).status for token in tokens_of_all]
        statuses += [site.ask(path).status for path in ("/none", "/lookup", "/none")]

    assert statuses == [200, 200, 200, 404, 429, 429]


def test_a_store_that_cannot_be_read_is_named_and_the_reader_comes_again(site: Site) -> None:
    token = a_text(site)
    for path in site.data.iterdir():
        path.unlink()

    reply = site.ask("/v1/rpz.zone", token)

    assert (reply.status, reply.headers["Retry-After"]) == (503, "30")


def test_a_token_that_has_expired_counts_no_longer(site: Site) -> None:
    with site.opened() as store:
        store.clock = lambda: system_clock() - timedelta(days=400)
        old = a_token(store, formats=FORMATS_OF_ALL).text

    assert "expired" in site.ask("/v1/rpz.zone", old).text
