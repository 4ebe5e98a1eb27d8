"""What would tell a person, through the list, how others judged a case which that person has still to judge alone."""

from review_queue import cases, entries, overrides
from review_queue.categories import Scope
from review_queue.errors import BadHostError, BadUrlError
from review_queue.hosts import parse_host, parse_url
from review_queue.overrides import LIST, Override, UnknownOverrideError
from review_queue.records import Entry
from review_queue.store import Store
from review_ui.deciding import Officer, may_decide
from review_ui.roles import Capability, may


def entry_tells(store: Store, officer: Officer, listed: Entry) -> bool:
    """Whether the entry came of a case that waits for this officer's first decision."""
    return bool(listed.case_ref) and may_decide(officer, cases.get(store, listed.case_ref))


def override_tells(store: Store, officer: Officer, asked: Override) -> bool:
    """Whether the override is for a name of a site with a case that waits for this officer's first decision."""
    if officer.id.lower() in {one.reviewer_id.lower() for one in asked.signatures}:
        return False
    site = _site_of(asked)
    return bool(site) and any(may_decide(officer, case) for case in cases.of_site(store, site))


def subject_tells(store: Store, officer: Officer, action: str, subject: str) -> bool:
    """Whether a row of the audit log about an entry or an override does."""
    if not may(officer.role, Capability.DECIDE):
        return False
    if action.startswith("override."):
        try:
            return override_tells(store, officer, overrides.find(store, subject))
        except UnknownOverrideError:
            return False
    if action.startswith(("entry.", "lift.")):
        listed = entries.find(store, subject)
        return listed is not None and entry_tells(store, officer, listed)
    return False


def _site_of(asked: Override) -> str:
    """The site of the name; "" of an address, a network and the whole list, which are nobody's alone."""
    if asked.scope == LIST or Scope(asked.scope) in (Scope.IP, Scope.CIDR):
        return ""
    try:
        is_url = asked.scope == Scope.URL
        return parse_url(asked.name).host.site if is_url else parse_host(asked.name).site
    except (BadHostError, BadUrlError):
        return ""
