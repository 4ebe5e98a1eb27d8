"""What the closed vocabularies are called on the screen."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from review_queue.categories import CaseState, Category, Move, Scope, Stance, Verdict
from review_ui.deciding import Problem
from review_ui.roles import Role

Wording = Mapping[str, str | Promise]

CATEGORIES: Final[Wording] = {
    Category.SELF_HARM: _("Suicide and self-harm"),
    Category.VIOLENCE: _("Violence"),
    Category.DISTRESS: _("A person in distress"),
}
STANCES: Final[Wording] = {
    Stance.PROMOTES: pgettext_lazy("stance", "promotes"),
    Stance.DISTRESS: pgettext_lazy("stance", "speaks of own distress"),
    Stance.SUPPORTS: pgettext_lazy("stance", "supports or prevents"),
    Stance.REPORTS: pgettext_lazy("stance", "reports or describes"),
    Stance.OTHER: pgettext_lazy("stance", "something else"),
}
MOVES: Final[Wording] = {
    Move.GLORIFYING: pgettext_lazy("move", "glorifies"),
    Move.ISOLATING: pgettext_lazy("move", "isolates from help"),
    Move.DISMISSING_PREVENTION: pgettext_lazy("move", "dismisses prevention"),
    Move.DEHUMANISING: pgettext_lazy("move", "dehumanises"),
    Move.SELF_DEVALUING: pgettext_lazy("move", "devalues the self"),
    Move.CALLING_TO_ACT: pgettext_lazy("move", "calls to act"),
    Move.PRAISING: pgettext_lazy("move", "praises those who did it"),
    Move.RECRUITING: pgettext_lazy("move", "recruits"),
    Move.PEER_PRESSURE: pgettext_lazy("move", "presses in the name of a group"),
    Move.THREATS: pgettext_lazy("move", "threatens"),
    Move.JUSTIFYING: pgettext_lazy("move", "justifies"),
}
VERDICTS: Final[Wording] = {
    Verdict.VIOLATES: _("Violates: block it"),
    Verdict.DOES_NOT_VIOLATE: _("Does not violate"),
    Verdict.PROTECTIVE: _("Protective: helps or prevents"),
    Verdict.CANNOT_TELL: _("Cannot tell"),
    Verdict.UNREACHABLE: _("Nothing to judge: empty or unreachable"),
    Verdict.REFER: _("Refer to people who help"),
    Verdict.NOT_DISTRESS: _("Not a person in distress"),
}
STATES: Final[Wording] = {
    CaseState.OPEN: pgettext_lazy("case", "Open"),
    CaseState.AWAITING_SECOND: pgettext_lazy("case", "Awaits agreement"),
    CaseState.DISAGREED: pgettext_lazy("case", "People disagree"),
    CaseState.APPROVED: pgettext_lazy("case", "Approved for blocking"),
    CaseState.DISMISSED: pgettext_lazy("case", "Dismissed"),
    CaseState.REFERRED: pgettext_lazy("case", "Referred to help"),
    CaseState.NOT_DISTRESS: pgettext_lazy("case", "Not distress"),
}
BLIND_STATE: Final = pgettext_lazy("case", "Needs your decision")
SCOPES: Final[Wording] = {
    Scope.HOST: _("This host name only · two people"),
    Scope.DOMAIN: _("It and all names below it · three people"),
}
ROLES: Final[Wording] = {
    Role.REVIEWER: _("Reviewer"),
    Role.SENIOR: _("Senior reviewer"),
    Role.SUPERVISOR: _("Supervisor"),
    Role.EXPORTER: _("Exporter"),
    Role.AUDITOR: _("Auditor"),
    Role.ADMIN: _("Administrator"),
}
PROBLEMS: Final[Wording] = {
    Problem.ROLE: _("Your role decides no cases."),
    Problem.CLOSED: _("This case was closed meanwhile. Nothing was recorded."),
    Problem.ALREADY_DECIDED: _(
        "You have decided this case already. Correct that decision instead."
    ),
    Problem.NOT_OWN: _(
        "Your decision has changed meanwhile. Open the case again; nothing was recorded."
    ),
    Problem.VERDICT: _("This verdict does not belong to this kind of case."),
    Problem.REASON: _("Write the reason in your own words."),
    Problem.SCOPE: _("Say how much is to be blocked."),
    Problem.NAME: _("Choose one of the host names of this site."),
    Problem.POLICY: _("Choose a policy that is in force."),
    Problem.LEGAL_GROUND: _("Choose a legal ground that is in force."),
}
# what blocklist.guards answers, word for word; the rest of its answers hold a name and stay in English
REFUSALS: Final[Wording] = {
    "it is not a host name the DNS can hold": _("It is not a host name the DNS can hold."),
    "it is an IP address: nothing lies below it": _("It is an IP address: nothing lies below it."),
    "it is a top-level name: every site below it would be blocked": _(
        "It is a top-level name: every site below it would be blocked."
    ),
    "a response policy zone would read it as a rule on addresses or servers": _(
        "A response policy zone would read it as a rule on addresses or servers."
    ),
    "it is a public suffix: unrelated people hold the names below it": _(
        "It is a public suffix: unrelated people hold the names below it."
    ),
}
