"""Rows for tests, put into a real store through its own functions."""

import hashlib
from dataclasses import replace

from review_queue import captures, cases, decisions, frontier, pages, scores, seeds
from review_queue.categories import Category, Lane, Scope, Stance, Verdict
from review_queue.hosts import parse_url
from review_queue.records import (
    Capture,
    Case,
    Draft,
    Evidence,
    ModelId,
    Outcome,
    Page,
    PageScore,
    Place,
    Reviewer,
    Seed,
)
from review_queue.store import Store

MODEL = ModelId("test", "1", "a" * 64)


def a_page(url: str = "http://one.example/", text: str = "Some words.", status: int = 200) -> Page:
    host = parse_url(url).host
    body = text.encode()
    return Page(
        url=parse_url(url).canonical,
        host=host.name,
        site=host.site,
        fetched_at="2026-11-01T09:00:00.000Z",
        status=status,
        title="A title",
        text=text,
        lang="en",
        body_sha256=hashlib.sha256(url.encode() + body).hexdigest(),
        body=body,
        content_type="text/html",
    )


def fetch(store: Store, *pages: Page) -> list[int]:
    """The pages are in the store as a crawl would put them there; returns their ids."""
    seeds.add(store, [Seed(page.url) for page in pages])
    round_id = frontier.open_round(
        store, sites={page.site for page in pages}, policy={"robots": "obey"}, max_pages=100
    )
    claims = frontier.claim(store, round_id, count=1000, owner="test", lease_s=60, per_site=100)
    by_url = {page.url: page for page in pages}
    frontier.acknowledge(
        store,
        round_id,
        [Outcome(claim, by_url[claim.url]) for claim in claims if claim.url in by_url],
        revisit_s=86400,
        max_depth=3,
    )
    return [int(store.value("SELECT max(id) FROM pages WHERE url = ?", [p.url])) for p in pages]


def a_capture(page: Page) -> Capture:
    """A capture of the page whose records only look like some."""
    digest = hashlib.sha256(page.body).hexdigest()
    return Capture(
        request=b"request...",
        response=b"response..",
        request_id="urn:uuid:1",
        response_id="urn:uuid:2",
        sha256="c" * 64,
        payload_sha256=digest,
        response_head=b"HTTP/1.1 200 OK\r\n\r\n",
        url=page.url,
        fetched_at=page.fetched_at,
        ip="192.0.2.7",
    )


def keep_captured(store: Store, page: Page, offset: int = 10) -> int:
    """The page is stored with a capture of 20 bytes at `offset` of the first WARC file."""
    seeds.add(store, [Seed(page.url)])
    known = captures.files(store)
    file_id = (
        known[0].id
        if known
        else captures.add_file(store, "2026/a.warc.gz", info_length=10, info_sha256="d" * 64)
    )
    place = Place(file_id, offset, 20, 10, "c" * 64)
    return pages.keep(store, page, capture=a_capture(page), place=place)


def came_from(store: Store, page_id: int, ip: str) -> None:
    """The page came from that address."""
    page = pages.get(store, page_id)
    assert page
    file_id = store.value("SELECT id FROM warc_files") or captures.add_file(
        store, "one.warc.gz", info_length=10, info_sha256="a" * 64
    )
    offset = captures.size_of(store, "one.warc.gz") or 10
    taken = replace(a_capture(page), ip=ip)
    captures.add(store, page_id, taken, Place(file_id, offset, 20, 10, "b" * 64))


def captured(store: Store, ip: str, *hosts: str) -> None:
    """Pages of these hosts came from the address."""
    for host in hosts:
        (page_id,) = fetch(store, a_page(f"http://{host}/"))
        came_from(store, page_id, ip)


def a_score(
    self_harm: float = 0.1, violence: float = 0.8, distress: float = 0.0, text: str = "Some words."
) -> PageScore:
    return PageScore(
        lang="en",
        scores={Category.SELF_HARM: self_harm, Category.VIOLENCE: violence},
        stance={Stance.PROMOTES: 1.0 - distress, Stance.DISTRESS: distress},
        risk=max(self_harm, violence),
        evidence=(Evidence(text, 0, len(text), Category.VIOLENCE, 1.0),),
    )


def a_case(
    store: Store,
    url: str = "http://one.example/",
    category: Category = Category.VIOLENCE,
    risk: float = 0.8,
    text: str = "Some words.",
) -> Case:
    page = a_page(url, text)
    (page_id,) = fetch(store, page)
    scores.save(store, MODEL, [(page_id, a_score(text=text))])
    lane = Lane.REFERRAL if category is Category.DISTRESS else Lane.REVIEW
    case, _ = cases.open_case(
        store, site=page.site, category=category, lane=lane, page_id=page_id, risk=risk
    )
    return case


def a_draft(
    case: Case,
    person: str,
    verdict: Verdict = Verdict.VIOLATES,
    *,
    scope: Scope = Scope.HOST,
    name: str = "",
    supersedes: str = "",
) -> Draft:
    reviewer = Reviewer(person, person.title(), "reviewer")
    if verdict is not Verdict.VIOLATES:
        return Draft(case.ref, reviewer, verdict, "A reason.", supersedes=supersedes)
    return Draft(
        case.ref,
        reviewer,
        verdict,
        "A reason.",
        scope=scope,
        name=name or case.site,
        policy_code="VI-1",
        policy_version=1,
        legal_ground_code="SAMPLE-1",
        legal_ground_version=1,
        supersedes=supersedes,
    )


def a_decided_case(store: Store, *people: str, scope: Scope = Scope.HOST) -> Case:
    """A case that so many people have decided to block."""
    case = a_case(store)
    for person in people:
        decisions.decide(store, a_draft(case, person, scope=scope))
    return case
