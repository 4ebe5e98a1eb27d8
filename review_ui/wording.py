"""What the closed vocabularies are called on the screen."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from review_queue.categories import CaseState, Category, Move, Scope, Stance, Verdict
from review_queue.rounds import CrawlState, Outcome
from review_queue.unread import NOTHING
from review_ui import hostile
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
    Scope.URL: _("This one address of a page · two people"),
    Scope.HOST: _("This host name only · two people"),
    Scope.DOMAIN: _("It and all names below it · three people"),
    Scope.IP: _("Whatever is reached at this address · three people"),
    Scope.CIDR: _("Whatever is reached in this network · three people"),
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
    Problem.NAME: _("Choose one of the names this case offers."),
    Problem.POLICY: _("Choose a policy that is in force."),
    Problem.LEGAL_GROUND: _("Choose a legal ground that is in force."),
}
# what blocklist.guards and blocklist.judging answer, word for word; what holds names is in refusals.py
REFUSALS: Final[Wording] = {
    "it is not a host name the DNS can hold": _("It is not a host name the DNS can hold."),
    "it is an IP address: nothing lies below it": _("It is an IP address: nothing lies below it."),
    "it is a top-level name: every site below it would be blocked": _(
        "It is a top-level name: every site below it would be blocked."
    ),
    "a response policy zone would read it as a rule on addresses or servers": _(
        "A response policy zone would read it as a rule on addresses or servers."
    ),
    "it stands for addresses of IPv4, which are listed as such": _(
        "It stands for addresses of IPv4, which are listed as such."
    ),
    "its host is not one the DNS can hold": _("Its host is not one the DNS can hold."),
    "what follows its # never leaves a browser, so no list can block that alone": _(
        "What follows its # never leaves a browser, so no list can block that alone."
    ),
    "it is not an http or https URL that a proxy can match": _(
        "It is not an http or https address that a proxy can match."
    ),
    "it is the front page of a public suffix: unrelated people hold the names below it": _(
        "It is the front page of a public suffix: unrelated people hold the names below it."
    ),
    "it is not an address or a network": _("It is not an address or a network."),
    "it is reserved, private or local: nobody on the internet is reached there": _(
        "It is reserved, private or local: nobody on the internet is reached there."
    ),
    "it is a public suffix: unrelated people hold the names below it": _(
        "It is a public suffix: unrelated people hold the names below it."
    ),
    "it is a shared platform: unrelated people hold the names below it": _(
        "It is a shared platform: unrelated people hold the names below it."
    ),
    "it is the front page of a shared platform: unrelated people hold the names below it": _(
        "It is the front page of a shared platform: unrelated people hold the names below it."
    ),
    "it is on the list of what is never blocked": _("It is on the list of what is never blocked."),
    "it is on the list of help lines and care": _("It is on the list of help lines and care."),
    "it is on the list of sites that many people use": _(
        "It is on the list of sites that many people use."
    ),
    "a delivery network answers there for many unrelated sites": _(
        "A delivery network answers there for many unrelated sites."
    ),
}
CRAWL_STATES: Final[Wording] = {
    CrawlState.RUNNING: pgettext_lazy("crawl", "at work"),
    CrawlState.FINISHED: pgettext_lazy("crawl", "finished"),
    CrawlState.STOPPED: pgettext_lazy("crawl", "stopped by a person"),
    CrawlState.DIED: pgettext_lazy("crawl", "broke off"),
}
OUTCOMES: Final[Wording] = {
    Outcome.RUNNING: pgettext_lazy("run", "at work"),
    Outcome.DONE: pgettext_lazy("run", "done"),
    Outcome.STOPPED: pgettext_lazy("run", "stopped"),
    Outcome.DIED: pgettext_lazy("run", "broke off"),
    Outcome.FAILED: pgettext_lazy("run", "failed"),
}
FOCUS: Final[Wording] = {
    "off": _("in the order they were found"),
    "soft": _("likely pages first"),
    "hard": _("likely pages only"),
}
# why a page could not be had: in two or three words, and what it means
FAULTS: Final[Mapping[str, tuple[str | Promise, str | Promise]]] = {
    "address_refused": (
        pgettext_lazy("fault", "private address"),
        _("Crawls never go to private or local addresses. Such a seed may be a mistake."),
    ),
    "bad_encoding": (
        pgettext_lazy("fault", "damaged compression"),
        _("What the server sent could not be unpacked."),
    ),
    "bad_redirect": (
        pgettext_lazy("fault", "redirect to nowhere"),
        _("The page leads on to something that is no web address."),
    ),
    "bad_response": (
        pgettext_lazy("fault", "not a web server"),
        _("Something answered that does not speak the language of the web."),
    ),
    "connection_lost": (
        pgettext_lazy("fault", "connection lost"),
        _("The server broke off. It is tried again with a later crawl."),
    ),
    # of a look at a listed site
    "scripted": (
        pgettext_lazy("fault", "built by a script"),
        _("Only a browser shows what is on the page."),
    ),
    "unread": (
        pgettext_lazy("fault", "could not be read"),
        _("No program could read the page."),
    ),
    "empty": (
        pgettext_lazy("fault", "nothing on the page"),
        _("The page is there, and there is nothing on it."),
    ),
    "parked": (
        pgettext_lazy("fault", "domain for sale"),
        _("The page says that the domain is for sale or was switched off."),
    ),
    "not_finished": (
        pgettext_lazy("fault", "looked at in part"),
        _("The site took too long, or its pages could not be read."),
    ),
    "no_page": (
        pgettext_lazy("fault", "no page"),
        _("The site answered, and none of its pages was kept."),
    ),
    "dns": (
        pgettext_lazy("fault", "unknown host"),
        _("The name is not known. Where that is so with all sites, the name server is at fault."),
    ),
    "not_html": (
        pgettext_lazy("fault", "not a page"),
        _("A file, a picture or data. Only pages are read."),
    ),
    "proxy": (
        pgettext_lazy("fault", "proxy trouble"),
        _("The proxy did not connect, or refused. The operator should look at it."),
    ),
    "redirect_loop": (
        pgettext_lazy("fault", "redirects without end"),
        _("The page leads on and on and never arrives."),
    ),
    "redirect_offsite": (
        pgettext_lazy("fault", "leads to another site"),
        _("The other site is kept as a candidate for a later crawl."),
    ),
    "refused": (
        pgettext_lazy("fault", "nobody answers"),
        _("No server is there now. It is tried again with a later crawl."),
    ),
    "robots": (
        pgettext_lazy("fault", "robots.txt forbids it"),
        _("The site asks programs not to fetch this page, and the crawl obeyed."),
    ),
    "timeout": (
        pgettext_lazy("fault", "no answer in time"),
        _("The server was too slow. It is tried again with a later crawl."),
    ),
    "tls": (
        pgettext_lazy("fault", "secure connection failed"),
        _("The server's encryption is faulty. It is tried again with a later crawl."),
    ),
    "too_large": (
        pgettext_lazy("fault", "too large"),
        _("The page is larger than this crawl takes."),
    ),
    "unreachable": (
        pgettext_lazy("fault", "no way there"),
        _("The network knows no way to that address. It is tried again with a later crawl."),
    ),
    "unreadable": (
        pgettext_lazy("fault", "could not be read"),
        _("A program met a fault in reading the page. The crawl's log tells more."),
    ),
}
OTHER_FAULT: Final = _("The page could not be had. The crawl's log tells more.")
# the server answered with a number: kind, and what the number means
ANSWERS: Final[Mapping[str, str | Promise]] = {
    "refused": _("The server gives this page to nobody, or not to programs."),
    "gone": _("The server has no such page."),
    "later": _("The server was in trouble or overloaded. It is tried again with a later crawl."),
    "other": _("The server answered with this number instead of a page."),
}
# why a page could not be read
UNREAD: Final[Wording] = {
    "time": _("Reading it took too long and was stopped."),
    "memory": _("Reading it took too much memory and was stopped."),
    "died": _("The program that read it broke off."),
    "failed": _("The program that read it met a fault."),
}

# what a person may find on such a page
FINDINGS: Final[Wording] = {
    NOTHING: _("Nothing for a case"),
    Category.SELF_HARM: _("Open a case: suicide and self-harm"),
    Category.VIOLENCE: _("Open a case: violence"),
    Category.DISTRESS: _("Open a referral: a person in distress"),
}


def fault(kind: str) -> str:
    """Why a page could not be had, in two or three words."""
    if kind.startswith("http_"):
        return gettext("answer %(number)s") % {"number": kind.removeprefix("http_")[:3]}
    known = FAULTS.get(kind)
    return str(known[0]) if known else hostile.one_line(kind, 40)


def explained(kind: str) -> str:
    """What a fault of this kind means."""
    if kind.startswith("http_"):
        number = kind.removeprefix("http_")
        answer = "later" if number.startswith("5") else _NUMBERS.get(number, "other")
        return str(ANSWERS[answer])
    known = FAULTS.get(kind)
    return str(known[1] if known else OTHER_FAULT)


def duration(seconds: float) -> str:
    """A span of time as a clock would count it, such as 2:03:09."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"


def lateness(late: timedelta) -> str:
    """How long ago something should have been: in the largest unit of which there are two."""
    minutes = int(late.total_seconds() // 60)
    if minutes < _TWO_HOURS:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < _TWO_DAYS:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


_NUMBERS: Final = {
    "401": "refused", "403": "refused", "451": "refused", "404": "gone", "410": "gone",
    "408": "later", "425": "later", "429": "later",
}  # fmt: skip
_TWO_HOURS: Final = 120
_TWO_DAYS: Final = 48
