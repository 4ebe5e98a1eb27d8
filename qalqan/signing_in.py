"""Who stands behind a command that needs a person's word: their own account and password, never a name they type."""

from pathlib import Path

from review_queue.errors import QalqanError
from review_queue.records import Reviewer
from review_ui.accounts import signed_in
from review_ui.config import ServeConfig
from review_ui.roles import GRANTS, Capability, may


class MayNotError(QalqanError):
    """A person whose role does not allow what they ask for."""


def person_of(
    data: Path, username: str, password: str, *, needed: Capability = Capability.SIGN
) -> Reviewer:
    """The person who has this account in `data`, as what they sign remembers them.

    Raises:
        AccountError: the name or the password is wrong, or the account is disabled or locked for a while.
        MayNotError: the role of the person does not allow it.
    """
    person = signed_in(ServeConfig(data), username, password)
    if not may(person.role, needed):
        able = " or ".join(role for role, granted in GRANTS.items() if needed in granted)
        raise MayNotError(
            f"{person.username} is {person.role}, which may not {needed.replace('_', ' ')} here; that takes the"
            f" account of a {able}"
        )
    return Reviewer(person.public_id, person.full_name, person.role.value)
