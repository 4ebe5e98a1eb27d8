"""The closed vocabularies of the store: what a harm, a stance, a verdict, a scope and a state may be."""

from enum import StrEnum
from typing import Final


class Category(StrEnum):
    """What a case is about: two kinds of harm, and distress, which is never harm."""

    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    DISTRESS = "distress"


HARMS: Final = (Category.SELF_HARM, Category.VIOLENCE)


class Stance(StrEnum):
    """What a text does with its topic; the second axis of the classifier."""

    PROMOTES = "promotes"
    DISTRESS = "distress"
    SUPPORTS = "supports"
    REPORTS = "reports"
    OTHER = "other"


class Move(StrEnum):
    """What a sentence that promotes a harm does to its reader: a hint why a page was scored so, no finding."""

    GLORIFYING = "glorifying"
    ISOLATING = "isolating"
    DISMISSING_PREVENTION = "dismissing_prevention"
    DEHUMANISING = "dehumanising"
    SELF_DEVALUING = "self_devaluing"
    CALLING_TO_ACT = "calling_to_act"
    PRAISING = "praising"
    RECRUITING = "recruiting"
    PEER_PRESSURE = "peer_pressure"
    THREATS = "threats"
    JUSTIFYING = "justifying"


class Lane(StrEnum):
    """Which queue a case stands in: one that may end in a block, one that never can."""

    REVIEW = "review"
    REFERRAL = "referral"


class Verdict(StrEnum):
    """What a person concluded about a case."""

    VIOLATES = "violates"
    DOES_NOT_VIOLATE = "does_not_violate"
    PROTECTIVE = "protective"
    CANNOT_TELL = "cannot_tell"
    UNREACHABLE = "unreachable"
    REFER = "refer"
    NOT_DISTRESS = "not_distress"


VERDICTS: Final = {
    Lane.REVIEW: (
        Verdict.VIOLATES,
        Verdict.DOES_NOT_VIOLATE,
        Verdict.PROTECTIVE,
        Verdict.CANNOT_TELL,
        Verdict.UNREACHABLE,
    ),
    Lane.REFERRAL: (Verdict.REFER, Verdict.NOT_DISTRESS, Verdict.CANNOT_TELL),
}
HARMLESS: Final = frozenset({Verdict.DOES_NOT_VIOLATE, Verdict.PROTECTIVE})


class Scope(StrEnum):
    """How much a block covers."""

    URL = "url"  # that one address of a page, query included
    HOST = "host"  # that exact name
    DOMAIN = "domain"  # a name and everything below it
    IP = "ip"  # whatever is reached at that address
    CIDR = "cidr"  # whatever is reached in that network


# what cuts off names nobody looked at needs one person more
PEOPLE_NEEDED: Final = {
    Scope.URL: 2,
    Scope.HOST: 2,
    Scope.DOMAIN: 3,
    Scope.IP: 3,
    Scope.CIDR: 3,
}


class CaseState(StrEnum):
    """Where a case stands; derived from its decisions, kept so that the queue can be ordered fast."""

    OPEN = "open"
    AWAITING_SECOND = "awaiting_second"  # one or more people see a violation, more must agree
    DISAGREED = "disagreed"
    APPROVED = "approved"  # enough people agree on one block
    DISMISSED = "dismissed"
    REFERRED = "referred"
    NOT_DISTRESS = "not_distress"


WAITING: Final = (CaseState.OPEN, CaseState.AWAITING_SECOND, CaseState.DISAGREED)
