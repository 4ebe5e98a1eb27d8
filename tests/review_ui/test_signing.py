"""What waits for one person's signature is told on the first page, and only to who may give it."""

import pytest

from review_queue import imports, overrides, proposals, renewals
from review_queue.lifts import LiftReason
from review_queue.overrides import Guard
from review_queue.store import Store
from review_ui.deciding import Officer
from review_ui.roles import Role
from review_ui.signing import Waiting, waiting_for
from tests.review_queue.lives import DANA, an_import, taken_over
from tests.review_ui.conftest import SignedIn

Staff = dict[Role, Officer]


@pytest.fixture
def mine(store: Store, staff: Staff) -> Officer:
    """The senior, who has signed one of two imports, an override and a renewal; others signed the rest."""
    officer = staff[Role.SENIOR]
    an_import(store, taken_over("a.kz", entry_id="a"), taken_over("b.kz", entry_id="b"))
    an_import(store, taken_over("c.kz"), people=1, sha256="c" * 64)
    imports.prepare(
        store,
        source="Mine",
        file_sha256="d" * 64,
        rows=[(1, taken_over("d.kz"))],
        person=officer.person,
    )
    overrides.ask(store, Guard.RANK, "host", "a.kz", officer.person, "A reason.")
    overrides.ask(store, Guard.RANK, "host", "b.kz", DANA, "A reason.")
    renewals.sign(store, "a", officer.person, "Still there.")
    renewals.sign(store, "b", DANA, "Still there.")
    proposals.propose(store, "a", LiftReason.MISTAKE)
    return officer


def test_what_a_person_has_signed_waits_for_others(
    mine: Officer, store: Store, staff: Staff
) -> None:
    assert waiting_for(store, mine) == Waiting(1, 1, 1, 1)
    assert waiting_for(store, staff[Role.SUPERVISOR]) == Waiting(2, 2, 2, 1)
    for role in (Role.REVIEWER, Role.EXPORTER, Role.AUDITOR, Role.ADMIN):
        assert not waiting_for(store, staff[role])


@pytest.mark.usefixtures("mine")
def test_the_queue_tells_who_may_sign(signed_in: SignedIn) -> None:
    page = signed_in(Role.SENIOR).get("/queue/").content.decode()
    assert "Waits for you:" in page
    assert 'href="/entries/?state=renewing"' in page
    assert (
        'href="/entries/b/"'
        in signed_in(Role.SENIOR).get("/entries/?state=renewing").content.decode()
    )

    assert "Waits for you" not in signed_in(Role.REVIEWER).get("/queue/").content.decode()


def test_nothing_is_said_where_nothing_waits(signed_in: SignedIn) -> None:
    assert "Waits for you" not in signed_in(Role.SENIOR).get("/queue/").content.decode()
