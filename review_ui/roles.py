"""Who may do what: roles are sets of capabilities, and what no set names is denied."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """A person's one role."""

    REVIEWER = "reviewer"
    SENIOR = "senior"
    SUPERVISOR = "supervisor"
    EXPORTER = "exporter"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Capability(StrEnum):
    """One thing a person may do."""

    READ_CASES = "read_cases"
    DECIDE = "decide"
    READ_CLOSED = "read_closed"  # the decisions of others on a closed case
    READ_EXPORT = "read_export"
    EXPORT = "export"
    READ_ENTRIES = "read_entries"  # what is listed, and the imports and overrides behind it
    READ_PROVIDERS = "read_providers"
    SIGN = "sign"  # what decides about the list beside cases: imports, lifts, renewals, overrides
    READ_AUDIT = "read_audit"
    READ_CRAWLS = "read_crawls"


# An admin looks after accounts, at the command line, and has no say in any case.
GRANTS: Final[Mapping[Role, frozenset[Capability]]] = MappingProxyType(
    {
        Role.REVIEWER: frozenset(
            {Capability.READ_CASES, Capability.DECIDE, Capability.READ_ENTRIES}
        ),
        Role.SENIOR: frozenset(
            {
                Capability.READ_CASES,
                Capability.DECIDE,
                Capability.READ_CLOSED,
                Capability.READ_ENTRIES,
                Capability.SIGN,
            }
        ),
        Role.SUPERVISOR: frozenset(Capability),
        Role.EXPORTER: frozenset(
            {
                Capability.READ_EXPORT,
                Capability.EXPORT,
                Capability.READ_ENTRIES,
                Capability.READ_PROVIDERS,
            }
        ),
        Role.AUDITOR: frozenset(
            {
                Capability.READ_CASES,
                Capability.READ_CLOSED,
                Capability.READ_EXPORT,
                Capability.READ_ENTRIES,
                Capability.READ_PROVIDERS,
                Capability.READ_AUDIT,
                Capability.READ_CRAWLS,
            }
        ),
        Role.ADMIN: frozenset(),
    }
)


def may(role: str, capability: Capability) -> bool:
    """Whether `role` holds `capability`; an unknown role holds none."""
    return role in set(Role) and capability in GRANTS[Role(role)]
