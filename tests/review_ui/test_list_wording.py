"""What the store answers to a person at the pages about the list is said in the reader's language."""

from collections.abc import Callable, Iterator

import pytest
from django.utils.translation import override

from blocklist.breaker import Change
from review_queue import imports, lifts, overrides, proposals, renewals
from review_queue.categories import Scope
from review_queue.errors import ExportError, QalqanError
from review_queue.lifts import LiftReason
from review_queue.overrides import Guard
from review_queue.records import Reviewer
from review_queue.store import Store
from review_ui.config import ServeConfig
from tests.review_queue.lives import BERIK, DANA, ERLAN, an_import, taken_over

KEY = (Guard.RANK, "host", "a.kz")


def _asked(store: Store, *, withdrawn: bool = False) -> str:
    override_id = overrides.ask(store, *KEY, DANA, "A reason.")
    if withdrawn:
        overrides.withdraw(store, override_id, DANA, "A reason.")
    return override_id


def _entry(store: Store) -> str:
    an_import(store, taken_over("a.kz", entry_id="a"))
    return "a"


def _renew(store: Store, *people: Reviewer) -> None:
    entry = _entry(store)
    for person in people:
        renewals.sign(store, entry, person, "Still there.")


def _lift(store: Store, times: int = 1) -> str:
    entry = _entry(store)
    for _ in range(times):
        lifts.lift(store, entry, DANA, LiftReason.MISTAKE)
    return entry


def _settle_twice(store: Store) -> None:
    number = proposals.propose(store, _entry(store), LiftReason.MISTAKE)
    for _ in range(2):
        proposals.settle(store, number, DANA, lift=False)


def _withdrawn_import(store: Store) -> int:
    number = an_import(store, taken_over("a.kz"), people=1)
    imports.withdraw(store, number, DANA, "A reason.")
    return number


def _import_of_what_was_lifted_since(store: Store) -> None:
    entry = _entry(store)
    wider = taken_over("a.kz", entry_id="wider", scope=Scope.DOMAIN)
    number = an_import(store, wider, people=1, sha256="c" * 64)
    lifts.lift(store, entry, DANA, LiftReason.MISTAKE)
    imports.sign(store, number, BERIK)


ATTEMPTS: dict[str, Callable[[Store], object]] = {
    "signing an override twice": lambda store: overrides.sign(store, _asked(store), DANA),
    "asking for an odd size": lambda store: overrides.ask(
        store, Guard.SIZE, "list", "600", DANA, "A reason."
    ),
    "asking twice": lambda store: [_asked(store), _asked(store)],
    "signing what was withdrawn": lambda store: overrides.sign(
        store, _asked(store, withdrawn=True), BERIK
    ),
    "withdrawing twice": lambda store: overrides.withdraw(
        store, _asked(store, withdrawn=True), BERIK, "A reason."
    ),
    "withdrawing in two lines": lambda store: overrides.withdraw(
        store, _asked(store), BERIK, "two\nlines"
    ),
    "signing an import twice": lambda store: imports.sign(
        store, an_import(store, taken_over("a.kz"), people=1), DANA
    ),
    "signing an import as the third": lambda store: imports.sign(
        store, an_import(store, taken_over("a.kz")), ERLAN
    ),
    "signing a withdrawn import": lambda store: imports.sign(
        store, _withdrawn_import(store), BERIK
    ),
    "withdrawing an import twice": lambda store: imports.withdraw(
        store, _withdrawn_import(store), DANA, "A reason."
    ),
    "withdrawing an import without a reason": lambda store: imports.withdraw(
        store, an_import(store, taken_over("a.kz")), DANA, " "
    ),
    "signing what was lifted since": _import_of_what_was_lifted_since,
    "renewing twice": lambda store: _renew(store, DANA, DANA),
    "renewing without a reason": lambda store: renewals.sign(store, _entry(store), DANA, " "),
    "renewing what was lifted": lambda store: renewals.sign(
        store, _lift(store), DANA, "Still there."
    ),
    "lifting twice": lambda store: _lift(store, 2),
    "lifting in two lines": lambda store: lifts.lift(
        store, _entry(store), DANA, LiftReason.MISTAKE, "two\nlines"
    ),
    "settling twice": _settle_twice,
}


@pytest.fixture(autouse=True)
def _in_english(site: ServeConfig) -> Iterator[None]:
    assert site.data_dir.is_dir()
    with override("en"):
        yield


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_refusal_is_said_in_words_of_ours(attempt: str, store: Store) -> None:
    from review_ui import list_wording  # noqa: PLC0415  # needs Django set up

    with pytest.raises(QalqanError) as refused:
        ATTEMPTS[attempt](store)

    said = list_wording.refused(refused.value)
    assert not said.startswith("The store refused this"), said
    assert str(refused.value) not in said


@pytest.mark.parametrize(("before", "after", "gone"), [(1, 80, 0), (500, 20, 480), (90, 0, 90)])
def test_a_size_that_is_held_is_said_with_what_to_ask_for(
    before: int, after: int, gone: int, store: Store
) -> None:
    from blocklist.breaker import SizeError, check  # noqa: PLC0415  # beside its use
    from review_ui import list_wording  # noqa: PLC0415  # needs Django set up
    from review_ui.list_forms import size_named_in  # noqa: PLC0415  # likewise

    with pytest.raises(SizeError) as held:
        check(store, Change(7, before, after, gone))

    assert f"from {before} to {after} entries" in list_wording.not_exported(held.value)
    assert size_named_in(held.value) == f"7-{after}"
    assert size_named_in(ExportError("no room")) == ""
    assert list_wording.not_exported(ExportError("no room")) == "Nothing was exported: no room"
