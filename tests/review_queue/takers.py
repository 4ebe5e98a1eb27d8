"""Providers for tests, with tokens, pulls and receipts."""

from review_queue import providers, pulls, receipts, tokens
from review_queue.categories import HARMS, Category
from review_queue.clock import later
from review_queue.pulls import Kind, Pull, Refusals
from review_queue.records import Reviewer
from review_queue.store import Store
from review_queue.tokens import Issued, Token

DANA = Reviewer("dana-1", "Dana D.", "supervisor")
YEAR_S = 365 * 86_400
DIGEST = "0" * 64


def a_token(
    store: Store,
    name: str = "north-net",
    *categories: Category,
    formats: tuple[str, ...] = ("rpz",),
    seconds: float = YEAR_S,
) -> Issued:
    """A token of that provider, who is added where there is none, for those categories or for all."""
    if name not in [known.name for known in providers.all_of(store)]:
        providers.add(store, name, DANA)
    until = later(store.clock(), seconds)
    return tokens.issue(store, name, categories or HARMS, formats, until, DANA)


def a_pull(
    store: Store,
    token: Token,
    serial: int,
    *,
    kind: Kind = Kind.LIST,
    status: int = 200,
    whole: bool = True,
) -> Pull:
    """An answer of this moment on record."""
    found = Pull(
        store.now(),
        token.provider_id,
        token.id,
        token.part,
        kind,
        "/v1/rpz.zone",
        serial,
        status,
        9,
        whole,
    )
    pulls.record(store, [found])
    return found


def a_receipt(
    store: Store,
    token: Token,
    serial: int,
    outcome: str = "applied",
    *,
    digest: str = DIGEST,
    detail: str = "",
) -> receipts.Receipt:
    """A receipt of this moment that is kept."""
    told = {
        "serial": serial,
        "manifest_sha256": digest,
        "consumer": "unbound",
        "outcome": outcome,
        "detail": detail,
    }
    found = receipts.parsed(told, at=store.now(), part=token.part)
    receipts.add(store, token, found)
    return found


def a_provider_with_all(store: Store) -> None:
    """A provider that has ended, of whom there is a row in each table; a list 7 was published."""
    issued = a_token(store)
    providers.bind(store, "north-net", "a" * 64, DANA)
    a_pull(store, issued.token, 7)
    pulls.record(store, [], [Refusals(store.now(), "192.0.2.1", "unknown", 3)])
    a_receipt(store, issued.token, 7)
    tokens.revoke(store, issued.token.id, DANA)
    providers.end(store, "north-net", DANA)
