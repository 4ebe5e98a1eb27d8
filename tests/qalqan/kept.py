"""A small store with everything that is kept as evidence, made through the parts that make it."""

import gzip
import hashlib
from dataclasses import replace

from crawler.archive import Archive
from crawler.exchange import Exchange
from crawler.warc import seal
from qalqan import evidence_manifest
from review_queue import cases, decisions, frontier, pages, scores, seeds
from review_queue.categories import Category, Lane
from review_queue.records import Case, Claim, Outcome, Page, Seed
from review_queue.store import Store
from tests.builders import MODEL, a_draft, a_score

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def an_exchange(url: str, body: bytes, *, packed: bool = False) -> Exchange:
    return Exchange(
        url=url,
        method="GET",
        request_head=f"GET {url} HTTP/1.1\r\nHost: one.example\r\n\r\n".encode(),
        status=200,
        response_head=HEAD + (b"Content-Encoding: gzip\r\n\r\n" if packed else b"\r\n"),
        payload=gzip.compress(body, mtime=0) if packed else body,
        fetched_at="2026-11-01T09:00:00.000Z",
        ip="192.0.2.7",
        tls='{"version": "TLSv1.3"}',
    )


def crawl(store: Store, *exchanges: tuple[Exchange, bytes]) -> list[int]:
    """The exchanges, with what their bodies are, are in the store as a round puts them there; returns the page ids."""
    seeds.add(store, [Seed("http://one.example/")])
    round_id = frontier.open_round(
        store, sites={"one.example"}, policy={"robots": "obey"}, max_pages=100
    )
    row = store.row("SELECT id FROM frontier LIMIT 1") or {}
    claim = Claim(row["id"], "http://one.example/", "one.example", 0, 1)
    outcomes = []
    for number, (exchange, body) in enumerate(exchanges):
        digest = hashlib.sha256(body).hexdigest()
        page = Page(exchange.url, "one.example", "one.example", exchange.fetched_at, 200, "A title",
                    body.decode(), "en", digest, content_type="text/html")  # fmt: skip
        outcomes.append(
            Outcome(replace(claim, id=row["id"] + number), page, capture=seal(exchange))
        )
    archive = Archive(store, round_id)
    places = archive.append(outcomes)
    with store.atomic():
        ids = [
            pages.keep(store, o.page, round_id, capture=o.capture, place=places[o.claim.id])
            for o in outcomes
            if o.page
        ]
    archive.close()
    return ids


def a_round(store: Store) -> Case:
    """Three pages, one of them packed, are fetched and scored; one is a case that two people have decided."""
    ids = crawl(
        store,
        (an_exchange("http://one.example/", b"<p>Some words.</p>"), b"<p>Some words.</p>"),
        (an_exchange("http://one.example/a", b"<p>Others.</p>", packed=True), b"<p>Others.</p>"),
        (an_exchange("http://one.example/b", b"<p>More.</p>"), b"<p>More.</p>"),
    )
    scores.save(store, MODEL, [(page_id, a_score()) for page_id in ids])
    case, _ = cases.open_case(
        store,
        site="one.example",
        category=Category.VIOLENCE,
        lane=Lane.REVIEW,
        page_id=ids[0],
        risk=0.8,
    )
    for person in ("aliya", "berik"):
        decisions.decide(store, a_draft(case, person))
    return case


def a_second_round(store: Store) -> None:
    """One page is still there, another one is new."""
    again = replace(
        an_exchange("http://one.example/", b"<p>Some words.</p>"),
        fetched_at="2026-11-08T09:00:00.000Z",
    )
    new = an_exchange("http://one.example/c", b"<p>New.</p>")
    crawl(store, (again, b"<p>Some words.</p>"), (new, b"<p>New.</p>"))


def two_sealed_rounds(store: Store) -> Case:
    """Two rounds, each with its manifest."""
    case = a_round(store)
    assert evidence_manifest.seal(store, actor="test")
    a_second_round(store)
    assert evidence_manifest.seal(store, actor="test")
    return case
