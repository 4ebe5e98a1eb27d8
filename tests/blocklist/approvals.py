"""Blocks that people approved, made through the store as the review UI makes them."""

import hashlib
from collections.abc import Iterable

from review_queue import allowances, cases, decisions, pages, policies, seeds
from review_queue.categories import Category, Lane, Scope, Verdict
from review_queue.hosts import parse_url
from review_queue.records import Case, Decision, Draft, Page, Reviewer, Seed
from review_queue.store import Store

PEOPLE = tuple(Reviewer(f"u{number}", f"Officer {number}", "reviewer") for number in range(1, 6))


def case_of(store: Store, name: str, category: Category = Category.VIOLENCE) -> Case:
    """An open case of the site that `name` belongs to, with one page."""
    url = parse_url(f"https://{name}/")
    seeds.add(store, [Seed(url.href)])
    digest = hashlib.sha256(url.canonical.encode()).hexdigest()
    host = url.host
    pages.keep(
        store, Page(url.canonical, host.name, host.site, store.now(), 200, "t", "t", "en", digest)
    )
    page_id = store.value("SELECT id FROM pages WHERE url = ?", [url.canonical])
    case, _ = cases.open_case(
        store, site=host.site, category=category, lane=Lane.REVIEW, page_id=page_id, risk=0.9
    )
    return case


def agree(
    store: Store, case: Case, name: str, scope: Scope, people: int, *, first: int = 0
) -> list[Decision]:
    """So many people, without the first so many, decided that `name` violates; it may be listed though reserved."""
    if scope in (Scope.HOST, Scope.DOMAIN, Scope.URL):
        allowances.allow(store, [parse_url(name).host.name if scope is Scope.URL else name])
    return decided(store, case, name, scope, PEOPLE[first:people])


def decided(
    store: Store, case: Case, name: str, scope: Scope, people: Iterable[Reviewer]
) -> list[Decision]:
    """These people decided that `name` violates; it may not be listed where it is reserved."""
    policy = policies.current(store, case.category)[0]
    ground = policies.grounds(store)[0]
    return [
        decisions.decide(
            store,
            Draft(
                case_ref=case.ref,
                reviewer=person,
                verdict=Verdict.VIOLATES,
                reason="It calls for it; $ORIGIN .\n* CNAME .",
                scope=scope,
                name=name,
                policy_code=policy.code,
                policy_version=policy.version,
                legal_ground_code=ground.code,
                legal_ground_version=ground.version,
            ),
        )
        for person in people
    ]


def approve(store: Store, *names: str, scope: Scope = Scope.HOST) -> list[Case]:
    """Each name has an approved case whose block is not an entry yet."""
    found = []
    for name in names:
        case = case_of(store, name)
        agree(store, case, name, scope, people=2 if scope is Scope.HOST else 3)
        found.append(case)
    return found


def lift(store: Store, decision: Decision) -> None:
    """The person who decided so has thought better of it."""
    decisions.decide(
        store,
        Draft(
            case_ref=decision.case_ref,
            reviewer=decision.reviewer,
            verdict=Verdict.DOES_NOT_VIOLATE,
            reason="It only reports it.",
            supersedes=decision.id,
        ),
    )
