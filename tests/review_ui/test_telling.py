"""What the lists keep back from who has still to judge a case alone, and from nobody else."""

import pytest

from review_queue import overrides
from review_queue.overrides import Guard
from review_queue.records import Reviewer
from review_queue.store import Store
from review_ui.deciding import Officer, record
from review_ui.roles import Role
from review_ui.signing import waiting_for
from review_ui.telling import override_tells
from tests.builders import a_case
from tests.review_ui.sites import a_block, a_waiting_case

Staff = dict[Role, Officer]
STRANGER = Reviewer("f" * 32, "Fatima", "senior")


def _asked(store: Store, person: Reviewer = STRANGER, scope: str = "host", name: str = "") -> str:
    guard = Guard.SHARED_ADDRESS if scope in {"ip", "cidr"} else Guard.RANK
    return overrides.ask(store, guard, scope, name or "forum.bad.example", person, "All of it.")


def _tells(store: Store, officer: Officer, override_id: str) -> bool:
    return override_tells(store, officer, overrides.find(store, override_id))


def test_an_override_waits_for_nobody_who_has_still_to_decide_its_case(
    store: Store, staff: Staff
) -> None:
    case = a_waiting_case(store, "bad.example")
    asked = _asked(store)
    officer = staff[Role.SENIOR]

    assert _tells(store, officer, asked)
    assert not waiting_for(store, officer)

    record(store, officer, a_block(case))
    assert not _tells(store, officer, asked)
    assert waiting_for(store, officer).overrides == 1


def test_who_signed_an_override_goes_on_seeing_it(store: Store, staff: Staff) -> None:
    officer = staff[Role.SENIOR]
    asked = _asked(store, officer.person)
    a_waiting_case(store, "bad.example")

    assert not _tells(store, officer, asked)
    assert _tells(store, staff[Role.SUPERVISOR], asked)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.EXPORTER])
def test_who_decides_no_case_is_kept_from_nothing(store: Store, staff: Staff, role: Role) -> None:
    a_waiting_case(store, "bad.example")

    assert not _tells(store, staff[role], _asked(store))


@pytest.mark.parametrize(
    ("scope", "name"),
    [("ip", "203.0.113.7"), ("cidr", "203.0.113.0/24"), ("host", "other.example")],
)
def test_what_is_about_no_site_alone_or_about_another_is_kept_from_nobody(
    store: Store, staff: Staff, scope: str, name: str
) -> None:
    for site in ("bad.example", "203.0.113.7"):
        a_case(store, f"http://{site}/")

    assert not _tells(store, staff[Role.SENIOR], _asked(store, scope=scope, name=name))
