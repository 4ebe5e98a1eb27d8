"""What providers tell back over HTTP is kept, and compared with what was published."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from review_queue import providers, receipts
from review_queue.categories import Category
from review_queue.store import FILE_NAME
from tests.blocklist.feeding import Reply, Site, a_site, a_text, running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(a_site(tmp_path_factory.mktemp("feed"))) as found:
        yield found


def _told(site: Site, **changes: object) -> dict[str, Any]:
    digest = hashlib.sha256((site.lists / "current/manifest.json").read_bytes()).hexdigest()
    said = {
        "serial": 1,
        "manifest_sha256": digest,
        "consumer": "unbound 1.17.1",
        "outcome": "applied",
    }
    return {**said, "detail": "3 names", **changes}


def _post(site: Site, token: str, told: object) -> Reply:
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return site.ask("/v1/receipts", token, method="POST", body=body)


def test_a_receipt_is_kept_for_its_provider(site: Site) -> None:
    token = a_text(site, name="keeps")

    reply = _post(site, token, _told(site))

    assert (reply.status, json.loads(reply.body)) == (201, {"kept": True, "is_ours": True})
    with site.opened() as store:
        (kept,) = receipts.of_provider(store, providers.find(store, "keeps").id)
    assert (kept.serial, kept.outcome, kept.consumer, kept.detail) == (
        1, "applied", "unbound 1.17.1", "3 names",
    )  # fmt: skip
    assert kept.is_ours


def test_a_list_that_was_never_ours_is_kept_as_such(site: Site) -> None:
    token, part = a_text(site), a_text(site, Category.VIOLENCE)
    other = _told(site, manifest_sha256="a" * 64)

    assert json.loads(_post(site, token, other).body)["is_ours"] is False
    # of one category's list the manifest is another one
    assert json.loads(_post(site, part, _told(site)).body)["is_ours"] is False
    mine = hashlib.sha256(
        (site.lists / "current/part-violence/manifest.json").read_bytes()
    ).hexdigest()
    assert json.loads(_post(site, part, _told(site, manifest_sha256=mine)).body)["is_ours"] is True


def test_a_receipt_for_a_serial_that_was_never_published_is_refused(site: Site) -> None:
    reply = _post(site, a_text(site), _told(site, serial=2))

    assert (reply.status, "ever published under the serial 2" in reply.text) == (409, True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serial": "1"}, "serial"),
        ({"serial": True}, "serial"),
        ({"serial": 2**40}, "serial"),
        ({"manifest_sha256": "x"}, "manifest_sha256"),
        ({"manifest_sha256": "A" * 64}, "manifest_sha256"),
        ({"outcome": "eaten"}, "outcome"),
        ({"outcome": []}, "outcome"),
        ({"consumer": ""}, "consumer"),
        ({"consumer": "x" * 61}, "consumer"),
        ({"consumer": "a\nb"}, "consumer"),
        ({"detail": "x" * 501}, "detail"),
        ({"detail": "\x1b[2J"}, "detail"),
        ({"detail": "\ud800"}, "detail"),
        ({"detail": None}, "detail"),
    ],
)
def test_a_receipt_that_cannot_be_kept_says_in_what(
    site: Site, changes: dict[str, object], words: str
) -> None:
    reply = _post(site, a_text(site), _told(site, **changes))

    assert (reply.status, words in reply.text) == (400, True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 5000])
def test_what_is_no_json_object_is_refused(site: Site, body: bytes) -> None:
    assert _post(site, a_text(site), body).status == 400


def test_a_receipt_has_a_bound_and_a_token(site: Site) -> None:
    assert _post(site, a_text(site), b" " * 9000).status == 413
    assert _post(site, "", _told(site)).status == 401
    reply = site.ask("/v1/receipts", a_text(site))
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_a_provider_tells_only_so_much_in_a_day(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MOST_A_DAY", 2)
    token = a_text(site, name="talks")

    assert [_post(site, token, _told(site)).status for _ in range(3)] == [201, 201, 429]
    assert _post(site, a_text(site, name="silent"), _told(site)).status == 201


def test_while_another_process_writes_the_store_a_receipt_comes_again_later(site: Site) -> None:
    token = a_text(site, name="waits")
    holder = sqlite3.connect(site.data / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        reply = _post(site, token, _told(site))
        assert (reply.status, reply.headers["Retry-After"]) == (503, "30")
        assert "StoreBusyError" in reply.text
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert _post(site, token, _told(site)).status == 201
