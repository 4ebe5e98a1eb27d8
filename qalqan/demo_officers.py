"""The demo's officers: real accounts, deciding through the same function as the review pages.

They know the truth of the sample web and judge by it: the demo shows the loop, not the skill of officers.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from qalqan.demo_findings import category_of
from qalqan.sample_web.sites import NEEDLES, SampleSite, Truth
from review_queue import cases, policies
from review_queue.categories import Lane, Scope, Verdict
from review_queue.records import Case, Decision
from review_queue.store import Store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from review_ui.deciding import DecisionForm, Officer, may_decide, record
from review_ui.roles import Role

_PASSWORD_BYTES: Final = 12
_EVERY: Final = 10_000
_PEOPLE: Final = (
    ("officer1", "Demo officer 1", Role.REVIEWER, "kk"),
    ("officer2", "Demo officer 2", Role.SENIOR, "ru"),
    ("supervisor", "Demo supervisor", Role.SUPERVISOR, "en"),
)
# help, care and research: what a block would take from those who need it
_PROTECTIVE: Final = frozenset(
    {
        "suicide prevention",
        "bereavement support",
        "depression, medical",
        "counter-extremism research",
    }
)
_REASONS: Final = {
    Verdict.VIOLATES: "The page praises the act, mocks help and calls others to follow.",
    Verdict.DOES_NOT_VIOLATE: "Nothing here promotes suicide or violence.",
    Verdict.PROTECTIVE: "The page helps people; a block would do harm.",
    Verdict.REFER: "A person writes about their own pain and asks for help.",
    Verdict.NOT_DISTRESS: "Nobody here writes about their own pain.",
}


@dataclass(frozen=True, slots=True)
class Account:
    """A demo person who may sign in, with the password made for this run."""

    username: str
    password: str
    role: Role
    officer: Officer


def open_accounts(config: ServeConfig) -> tuple[Account, ...]:
    """Two officers and a supervisor have accounts with fresh random passwords."""
    made = []
    for username, full_name, role, language in _PEOPLE:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        person = add_user(
            config, username, password, role=role, full_name=full_name, language=language
        )
        made.append(Account(username, password, role, Officer(person.public_id, full_name, role)))
    return tuple(made)


def set_aside(store: Store, sites: Sequence[SampleSite], count: int) -> frozenset[str]:
    """References of at most `count` waiting cases to leave for a visitor: a needle, a false alarm, a referral first."""
    truths = {site.host.site: site.truth for site in sites}
    first_of: dict[str, str] = {}
    waiting = cases.waiting(store, limit=_EVERY)
    for case in waiting:
        truth = truths[case.site]
        first_of.setdefault("needle" if truth in NEEDLES else truth, case.ref)
    return frozenset(list(dict.fromkeys([*first_of.values(), *(c.ref for c in waiting)]))[:count])


def decide_all(
    store: Store,
    sites: Sequence[SampleSite],
    accounts: Sequence[Account],
    left: frozenset[str] = frozenset(),
) -> list[Decision]:
    """Every waiting case but those in `left` is decided by as many of the people as it takes.

    A referral that two people find to be no person in distress opens an ordinary case, which is decided as well.
    """
    by_site = {site.host.site: site for site in sites}
    made: list[Decision] = []
    while waiting := [c for c in cases.waiting(store, limit=_EVERY) if c.ref not in left]:
        before = len(made)
        for case in waiting:
            made += _decide(store, by_site, case, accounts)
        if len(made) == before:
            break  # what is still waiting needs other people
    return made


def _decide(
    store: Store, sites: Mapping[str, SampleSite], case: Case, accounts: Sequence[Account]
) -> list[Decision]:
    made = []
    for account in accounts:
        if may_decide(account.officer, cases.get(store, case.ref)):
            form = _judgement(store, sites[case.site], case)
            made.append(record(store, account.officer, form))
    return made


def _judgement(store: Store, site: SampleSite, case: Case) -> DecisionForm:
    verdict = _verdict(site, case)
    if verdict is not Verdict.VIOLATES:
        return DecisionForm(case.ref, verdict, _REASONS[verdict])
    return DecisionForm(
        case.ref,
        verdict,
        _REASONS[verdict],
        scope=Scope.HOST,
        name=site.host.name,
        policy=policies.current(store, case.category)[0].code,
        legal_ground=policies.grounds(store)[0].code,
    )


def _verdict(site: SampleSite, case: Case) -> Verdict:
    is_right = case.category == category_of(site)
    if case.lane is Lane.REFERRAL:
        return Verdict.REFER if is_right else Verdict.NOT_DISTRESS
    if is_right:
        return Verdict.VIOLATES
    protects = site.kind in _PROTECTIVE or site.truth is Truth.DISTRESS
    return Verdict.PROTECTIVE if protects else Verdict.DOES_NOT_VIOLATE


def tally(made: Sequence[Decision]) -> dict[Verdict, int]:
    """How often each verdict was given, in the order of the vocabulary."""
    given = [decision.verdict for decision in made]
    return {verdict: given.count(verdict) for verdict in Verdict if verdict in given}
