"""What the words about lists are called on the screen: scopes, guards, lifts, and why something was refused."""

import re
from collections.abc import Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from blocklist.removals import HeldError
from review_queue.categories import Scope
from review_queue.entry_search import Standing
from review_queue.lifts import LiftReason
from review_queue.overrides import Guard
from review_queue.receipts import Outcome as Receipt
from review_queue.rechecks import Found as Recheck
from review_ui import hostile
from review_ui.blocking import Kind
from review_ui.wording import Wording

# without the number of people it takes on a case: what was imported or overridden rests on other signatures
SCOPES: Final[Wording] = {
    Scope.URL: _("One address of a page"),
    Scope.HOST: _("One host name"),
    Scope.DOMAIN: _("A name and all names below it"),
    Scope.IP: _("Whatever is reached at one address"),
    Scope.CIDR: _("Whatever is reached in a network"),
}
NAMES: Final[Wording] = {
    Scope.URL: _("Which address of a page"),
    Scope.HOST: _("Which host name"),
    Scope.DOMAIN: _("Which domain"),
    Scope.IP: _("Which IP address"),
    Scope.CIDR: _("Which network"),
}
# what a block of this scope cuts off
CUTS: Final[Wording] = {
    Scope.URL: _("Cuts off this one page. The rest of the site stays reachable."),
    Scope.HOST: _("Cuts off every page under exactly this name. Names below it stay reachable."),
    Scope.DOMAIN: _("Cuts off this name and every name below it, also those nobody has looked at."),
    Scope.IP: _("Cuts off everything reached at this IP address, whoever it belongs to."),
    Scope.CIDR: _(
        "Cuts off everything reached at any address of this network, whoever it belongs to."
    ),
}
# why a case offers no name of this scope
NOT_OFFERED: Final[Wording] = {
    Scope.URL: _("One page: no address of a page here is short enough for proxies."),
    Scope.HOST: _("A host name: none is known."),
    Scope.DOMAIN: _("A domain: this site is an address, nothing lies below it."),
    Scope.IP: _(
        "An IP address: it is not known from where the pages came; they were fetched through a proxy,"
        " or no record of it was kept."
    ),
    Scope.CIDR: _("A network: no two known IP addresses of this site are neighbours."),
}
KINDS: Final[Wording] = {
    Kind.DNS: _("name servers"),
    Kind.PROXY: _("proxies"),
    Kind.PACKETS: _("packet filters"),
}
GUARDS: Final[Wording] = {
    Guard.FORM: _("Form"),
    Guard.RESERVED: _("Reserved names and addresses"),
    Guard.PUBLIC_SUFFIX: _("Public suffixes"),
    Guard.SHARED_PLATFORM: _("Shared platforms"),
    Guard.RANK: _("Much-visited sites"),
    Guard.CDN: _("Content networks"),
    Guard.NEVER_BLOCK: _("Never-block list"),
    Guard.PROTECTIVE: _("Protective content"),
    Guard.SHARED_ADDRESS: _("Shared addresses"),
    Guard.SIZE: _("Size of the list"),
}
# whom a guard protects
PROTECTS: Final[Wording] = {
    Guard.FORM: _("What no resolver, proxy or packet filter could be asked to load."),
    Guard.RESERVED: _("Names and addresses that belong to nobody on the internet."),
    Guard.PUBLIC_SUFFIX: _("Everybody who holds a name below a suffix such as kz or com.kz."),
    Guard.SHARED_PLATFORM: _("Everybody else who publishes on the same platform."),
    Guard.RANK: _("The very many people who visit a well-known site."),
    Guard.CDN: _("All sites that are served from the same addresses of a content network."),
    Guard.NEVER_BLOCK: _("State bodies, banks, emergency services and help lines."),
    Guard.PROTECTIVE: _("People who look for help, and those who help or prevent."),
    Guard.SHARED_ADDRESS: _("Other sites that are reached at the same address."),
    Guard.SIZE: _("Everybody, from a list that suddenly grows or shrinks by a fault."),
}
STANDINGS: Final[Wording] = {
    Standing.LIVE: pgettext_lazy("entry", "on the list"),
    Standing.DUE: pgettext_lazy("entry", "due for review"),
    Standing.PROPOSED: pgettext_lazy("entry", "proposed to lift"),
    Standing.RENEWING: pgettext_lazy("entry", "half renewed"),
    Standing.LIFTED: pgettext_lazy("entry", "lifted"),
    Standing.OVER: pgettext_lazy("entry", "no longer holds"),
}
LIFT_REASONS: Final[Wording] = {
    LiftReason.EXPIRED: pgettext_lazy("lift", "the term is over"),
    LiftReason.APPEAL: pgettext_lazy("lift", "an appeal was right"),
    LiftReason.CONTENT_GONE: pgettext_lazy("lift", "the content is gone"),
    LiftReason.MISTAKE: pgettext_lazy("lift", "it was a mistake"),
    LiftReason.COURT: pgettext_lazy("lift", "a court said so"),
    LiftReason.SUPERSEDED: pgettext_lazy("lift", "another entry takes its place"),
}
RECEIPTS: Final[Wording] = {
    Receipt.APPLIED: pgettext_lazy("receipt", "applied"),
    Receipt.ROLLED_BACK: pgettext_lazy("receipt", "taken back"),
    Receipt.REFUSED: pgettext_lazy("receipt", "refused"),
}
RECHECKS: Final[Wording] = {
    Recheck.STILL_THERE: pgettext_lazy("recheck", "still there"),
    Recheck.CHANGED: pgettext_lazy("recheck", "answers, and nothing stands out any more"),
    Recheck.GONE: pgettext_lazy("recheck", "gone"),
    Recheck.UNREACHABLE: pgettext_lazy("recheck", "could not be reached"),
}

# what the store answers, word for word; the rest of its answers hold names or numbers and stay in English
_ANSWERS: Final[Wording] = {
    "this person has signed this override; it needs another one": _(
        "You have signed this already; it takes another person."
    ),
    "this override was asked for already; sign or withdraw that one": _(
        "This was asked for already. Sign or withdraw that one."
    ),
    "this override was withdrawn; ask for another": _("It was withdrawn meanwhile. Ask anew."),
    "a withdrawal is never replaced": _("It was withdrawn already."),
    "this override was withdrawn already": _("It was withdrawn already."),
    "the name is the serial before and the new size, such as 41-600; the list that is held names both": _(
        "This is no name of that kind."
    ),
    "a note is one line of text": _("Write the note in one line."),
    "you have signed this renewal; it takes a second, different person": _(
        "You have signed this already; it takes another person."
    ),
    "you have signed this import; it takes a second, different person": _(
        "You have signed this already; it takes another person."
    ),
    "whoever renews an entry says why it is still right, in one line": _(
        "Write a reason in one line."
    ),
    "an import is withdrawn with a reason, in one line": _("Write a reason in one line."),
    "it is not live: it ended, or those who decided it no longer agree": _(
        "It is not on the list any more."
    ),
    "an override is signed, and withdrawn, with a reason in one line": _(
        "Write a reason in one line."
    ),
}
# those that hold a number or a date
_ANSWERS_LIKE: Final[Sequence[tuple[re.Pattern[str], str | Promise]]] = (
    (re.compile(r".* was lifted at .*"), _("It was lifted meanwhile.")),
    (re.compile(r"no proposal .* waits; .*"), _("The proposal was settled meanwhile.")),
    (re.compile(r"import \d+ was withdrawn at .*"), _("It was withdrawn already.")),
    (re.compile(r"import \d+ has its two signatures"), _("Two people have signed it already.")),
    (
        re.compile(r".*, since it was prepared; withdraw import .*"),
        _(
            "A block among its rows was lifted since. Withdraw the import and let the file be"
            " imported without that row."
        ),
    ),
)


def refused(error: Exception) -> str:
    """Why the store refused something, as far as possible in the reader's language."""
    text = str(error)
    known = _ANSWERS.get(text)
    like = (said for pattern, said in _ANSWERS_LIKE if pattern.fullmatch(text))
    if known := known or next(like, None):
        return str(known)
    return gettext("The store refused this; nothing was recorded: %(why)s") % {
        "why": hostile.one_line(str(error))
    }


# what an export answers that the people at the page can do something about
_NOT_EXPORTED: Final[Sequence[tuple[re.Pattern[str], str | Promise]]] = (
    (
        re.compile(
            r"only what was lifted has left the list, \d+ in serial (?P<serial>\d+): .*"
            r" from (?P<before>\d+) entries in serial \d+ to (?P<after>\d+)\b.* --name (?P<key>\d+-\d+)\b.*"
        ),
        _(
            "What was lifted has left the list, which is serial %(serial)s now. All else stays as it was: the list"
            " would go from %(before)s to %(after)s entries at once, and nobody has said why. If that is right, two"
            " people override the guard of its size under the name %(key)s."
        ),
    ),
    (
        re.compile(
            r"nothing was published: .* from (?P<before>\d+) entries in serial \d+ to (?P<after>\d+)\b.*"
            r" --name (?P<key>\d+-\d+)\b.*"
        ),
        _(
            "The list would go from %(before)s to %(after)s entries at once, and nobody has said why. The last good"
            " one stays. If the new one is right, two people override the guard of its size under the name %(key)s."
        ),
    ),
    (
        re.compile(r".* holds the list that was published; .*"),
        _(
            "This folder holds the list that was published. It is renewed at the command line (qalqan publish)."
        ),
    ),
    (
        re.compile(r"another export is writing .*"),
        _("Somebody else is writing the lists at this moment. Try again when that is done."),
    ),
)


def not_exported(error: Exception) -> str:
    """Why no list was written, as far as possible in the reader's language."""
    for pattern, said in _NOT_EXPORTED:
        if found := pattern.fullmatch(str(error)):
            return str(said) % found.groupdict()
    if isinstance(error, HeldError):  # a list was written: that of before without what was lifted
        return hostile.one_line(str(error))
    return gettext("Nothing was exported: %(why)s") % {"why": hostile.one_line(str(error))}
