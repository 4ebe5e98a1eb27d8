"""What is wrong with a certificate is written down, and the page behind it is stored all the same."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.hashes import SHA256

from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Network
from crawler.run import crawl
from review_queue.records import Seed
from review_queue.store import open_store
from tests.crawler.conftest import Crawl, no_language, plan_for
from tests.site.certificates import NAME, CertifiedSites, authority, certify, weak_key
from tests.site.web import Web

TRUSTED = authority("An authority this machine trusts")
OTHER = authority("Another")
SITES = {
    "good": certify(NAME, [NAME], by=TRUSTED),
    "wildcard": certify(NAME, ["b.test", "*.site.test"], by=TRUSTED),
    "expired": certify(NAME, [NAME], by=TRUSTED, days=(-30, -1)),
    "future": certify(NAME, [NAME], by=TRUSTED, days=(1, 30)),
    "self-signed": certify(NAME, [NAME]),
    "unknown": certify(NAME, [NAME], by=OTHER),
    "other-name": certify(NAME, ["b.site.test"], by=TRUSTED),
    "too-wide": certify(NAME, ["*.test", "*"], by=TRUSTED),
    "nameless": certify(NAME, [], by=TRUSTED),
    "short-key": certify(NAME, [NAME], by=TRUSTED, key=weak_key()),
    "old": certify(NAME, [NAME], by=TRUSTED),
    "everything": certify(NAME, ["x.test"], by=OTHER, days=(-9, -8), key=weak_key()),
    "many-names": certify(NAME, [NAME, *(f"n{n}.test" for n in range(999))], by=TRUSTED),
}
FAULTS = {
    "good": [],
    "wildcard": [],
    "expired": ["expired"],
    "future": ["not_yet_valid"],
    "self-signed": ["self_signed"],
    "unknown": ["unknown_issuer"],
    "other-name": ["wrong_host"],
    "too-wide": ["wrong_host"],
    "nameless": ["wrong_host"],
    "short-key": ["weak_key"],
    "old": ["old_protocol"],
    "everything": ["expired", "unknown_issuer", "weak_key", "wrong_host"],
    "many-names": [],
}
Facts = dict[str, Any]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CertifiedSites]:
    folder = tmp_path_factory.mktemp("certificates")
    with pytest.MonkeyPatch.context() as patch:
        trusted = folder / "trusted.pem"
        pem = TRUSTED.certificate.public_bytes(serialization.Encoding.PEM)
        trusted.write_bytes(pem)
        patch.setenv("SSL_CERT_FILE", str(trusted))
        paths = {name: site.save(folder, name) for name, site in SITES.items()}
        with CertifiedSites(paths, old=("old",)) as running:
            yield running


@pytest.fixture(scope="module")
def facts(
    sites: CertifiedSites, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Facts]]:
    """What was written down of each site, page by page."""
    data: Path = tmp_path_factory.mktemp("tls") / "data"
    with Web() as web:
        plan = plan_for(web)
        network = Network(
            addresses=AddressPolicy((Allowance.parse("127.0.0.1/32"),)),
            overrides=(Override.parse("*.test:127.0.0.1"),),
        )
        seeds = tuple(Seed(f"https://{NAME}:{port}/") for port in sites.ports.values())
        report = crawl(data, seeds, replace(plan, network=network), detect_language=no_language)
    names = {port: name for name, port in sites.ports.items()}
    found: dict[str, list[Facts]] = {name: [] for name in SITES}
    with open_store(data) as store:
        for row in store.rows(
            "SELECT p.url, c.tls FROM pages p JOIN captures c ON c.page_id = p.id"
        ):
            port = int(row["url"].split("/")[2].partition(":")[2])
            found[names[port]].append(json.loads(row["tls"]))
    assert report.errors == {}
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_named_and_every_page_is_stored(
    facts: dict[str, list[Facts]], name: str
) -> None:
    assert [page["faults"] for page in facts[name]] == [FAULTS[name]] * 4


def test_version_cipher_and_certificate_are_written_down(facts: dict[str, list[Facts]]) -> None:
    (one, *_) = facts["unknown"]

    assert one["version"] == "TLSv1.3"
    assert one["cipher"].startswith("TLS_")
    assert one["sha256"] == SITES["unknown"].certificate.fingerprint(SHA256()).hex()
    assert one["names"] == [NAME]
    assert one["issuer"] == "CN=Another"
    assert one["not_before"] < one["not_after"]
    assert facts["old"][0]["version"] == "TLSv1"


def test_a_certificate_of_a_thousand_names_does_not_fill_the_store(
    facts: dict[str, list[Facts]],
) -> None:
    (one, *_) = facts["many-names"]

    assert (len(one["names"]), one["names_in_all"]) == (20, 1000)
    assert len(json.dumps(one)) < 1_000


def test_without_tls_there_is_nothing_to_write_down(web: Web, run: Crawl, data: Path) -> None:
    web.put("http://a.test/", "text")
    run("http://a.test/")

    with open_store(data) as store:
        assert store.value("SELECT tls FROM captures") == ""
