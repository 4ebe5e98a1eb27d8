"""Reserved names this one store may list: exactly these, so that a demo or a test can block its own sample sites.

A store with any is no store to publish from.
"""

from collections.abc import Iterable
from typing import Final

from review_queue import audit
from review_queue.errors import QalqanError
from review_queue.hosts import parse_host
from review_queue.store import Store

_ACTOR: Final = "system"
_SHOWN: Final = 3


class AllowancesError(QalqanError):
    """A store that lists reserved names is about to be published from."""


def allow(store: Store, hosts: Iterable[str]) -> None:
    """The reserved names may be listed; those that may already stay so.

    Raises:
        BadHostError: one is no host name.
    """
    wanted = sorted({parse_host(host).name for host in hosts} - names(store))
    if not wanted:
        return
    with store.atomic():
        store.run_many(
            "INSERT INTO allowances(name, allowed_at) VALUES (?, ?)",
            [(name, store.now()) for name in wanted],
        )
        audit.append(
            store,
            actor=_ACTOR,
            action="allowance.made",
            subject=wanted[0],
            detail={"count": len(wanted), "names": wanted[:100]},
        )


def names(store: Store) -> frozenset[str]:
    """The reserved names this store may list."""
    return frozenset(row["name"] for row in store.rows("SELECT name FROM allowances"))


def check_none(store: Store) -> None:
    """The store has no allowances, so that it can be published from.

    Raises:
        AllowancesError: it has, and is a demo's or a test's.
    """
    found = sorted(names(store))
    if found:
        shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise AllowancesError(
            f"this store may list {len(found)} reserved names ({shown}): it is a demo's or a test's;"
            " publish from a store of your own"
        )
