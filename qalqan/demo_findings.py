"""What the loop found on the sample web, held against what was there."""

from collections.abc import Sequence
from dataclasses import dataclass

from qalqan.sample_web.sites import SampleSite, Truth
from review_queue import cases
from review_queue.categories import CaseState, Category, Lane
from review_queue.records import Case
from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """One sample site and the cases it has."""

    site: SampleSite
    cases: tuple[Case, ...]

    @property
    def is_in_review(self) -> bool:
        """Whether the site has a case that may end in a block."""
        return any(case.lane is Lane.REVIEW for case in self.cases)

    @property
    def is_referred(self) -> bool:
        """Whether the site has a case of a person in distress."""
        return any(case.lane is Lane.REFERRAL for case in self.cases)


@dataclass(frozen=True, slots=True)
class Row:
    """How the sites of one kind came out; a site may stand in both lanes."""

    kind: str
    there: int
    in_review: int
    in_referral: int
    in_neither: int


def findings(store: Store, sites: Sequence[SampleSite]) -> tuple[Finding, ...]:
    """Each site with its cases, riskiest first."""
    opened = cases.by_state(store, *CaseState)
    return tuple(
        Finding(site, tuple(case for case in opened if case.site == site.host.site))
        for site in sites
    )


def rows(found: Sequence[Finding]) -> tuple[Row, ...]:
    """The findings counted by what the sites are."""
    groups = {
        "promotes suicide": [f for f in found if f.site.truth is Truth.SELF_HARM],
        "promotes violence": [f for f in found if f.site.truth is Truth.VIOLENCE],
        "person in distress": [f for f in found if f.site.truth is Truth.DISTRESS],
        "hard neighbour": [f for f in found if f.site.is_hard],
        "ordinary": [f for f in found if f.site.truth is Truth.HARMLESS and not f.site.is_hard],
    }
    return tuple(_row(kind, members) for kind, members in groups.items())


def missed(found: Sequence[Finding]) -> list[SampleSite]:
    """The sites that promote harm and have no case in the review queue."""
    return [f.site for f in found if f.site.is_needle and not f.is_in_review]


def false_alarms(found: Sequence[Finding]) -> list[tuple[SampleSite, Case]]:
    """The cases in either lane that a person will find to be of no such kind, riskiest first."""
    wrong = [
        (f.site, case) for f in found for case in f.cases if case.category != category_of(f.site)
    ]
    return sorted(wrong, key=lambda pair: -pair[1].risk)


def category_of(site: SampleSite) -> Category | None:
    """The category of case the site deserves, None for a harmless one."""
    return None if site.truth is Truth.HARMLESS else Category(site.truth)


def _row(kind: str, members: Sequence[Finding]) -> Row:
    return Row(
        kind=kind,
        there=len(members),
        in_review=sum(f.is_in_review for f in members),
        in_referral=sum(f.is_referred for f in members),
        in_neither=sum(not f.cases for f in members),
    )
