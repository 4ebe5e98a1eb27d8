"""What waits for one more person's word about the list, and may be signed by this one."""

from collections.abc import Iterable
from dataclasses import dataclass

from review_queue import entry_search, imports, overrides, renewals
from review_queue.store import Store
from review_ui.deciding import Officer
from review_ui.roles import Capability, may
from review_ui.telling import override_tells


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of each kind wait for this officer."""

    imports: int = 0
    overrides: int = 0
    renewals: int = 0
    proposals: int = 0

    def __bool__(self) -> bool:
        """Whether anything waits."""
        return any((self.imports, self.overrides, self.renewals, self.proposals))


def waiting_for(store: Store, officer: Officer) -> Waiting:
    """What this officer may sign or settle; nothing where the role signs nothing."""
    if not may(officer.role, Capability.SIGN):
        return Waiting()
    return Waiting(
        imports=_left(officer, ([p.id for p in one.signers] for one in imports.pending(store))),
        overrides=_left(
            officer,
            (
                [s.reviewer_id for s in one.signatures]
                for one in overrides.pending(store)
                if not override_tells(store, officer, one)
            ),
        ),
        renewals=_left(officer, ([p.id for p in one.signers] for one in renewals.pending(store))),
        proposals=entry_search.count_proposed(store),
    )


def _left(officer: Officer, signed: Iterable[list[str]]) -> int:
    return sum(officer.id.lower() not in map(str.lower, people) for people in signed)
