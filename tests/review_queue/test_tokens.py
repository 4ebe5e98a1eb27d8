"""A token is known by its hash alone, and counts only while it should."""

import hashlib

import pytest

from review_queue import audit, providers, tokens
from review_queue.categories import HARMS, Category
from review_queue.errors import RefusedError
from review_queue.store import Store
from review_queue.tokens import TokenError, UnknownTokenError
from tests.conftest import TickingClock
from tests.review_queue.takers import DANA, a_token

VIOLENCE, SELF_HARM = Category.VIOLENCE, Category.SELF_HARM


def test_a_token_says_who_reads_what(store: Store) -> None:
    issued = a_token(store, "north-net", VIOLENCE, formats=("unbound", "rpz", "rpz"))

    found = tokens.who(store, issued.text)

    assert found == issued.token
    assert (found.provider, found.part, found.formats) == (
        "north-net",
        "violence",
        ("rpz", "unbound"),
    )
    assert found.covers(VIOLENCE)
    assert not found.covers(SELF_HARM)
    assert a_token(store).token.part == ""
    assert a_token(store, "north-net", *HARMS).token.covers(SELF_HARM)


def test_nothing_of_the_secret_is_kept_but_its_hash(store: Store) -> None:
    issued = a_token(store)
    secret = issued.text.rpartition("_")[2] if "_" not in issued.text[20:] else issued.text[20:]
    kept = "\n".join(store.db.conn.iterdump())

    assert len(issued.text[20:]) == 43
    assert issued.text not in kept
    assert secret not in kept
    assert hashlib.sha256(issued.text[20:].encode()).hexdigest() in kept
    assert [row.action for row in audit.of_subject(store, "north-net")] == [
        "provider.added", "token.issued",
    ]  # fmt: skip
    assert len({a_token(store).text for _ in range(50)}) == 50


@pytest.mark.parametrize("change", ["secret", "id", "prefix", "end", "empty", "case"])
def test_a_text_that_is_not_the_very_token_is_nobodys(store: Store, change: str) -> None:
    text = a_token(store).text
    other = a_token(store).text
    wrong = {
        "secret": text[:20] + other[20:],
        "id": other[:20] + text[20:],
        "prefix": text[1:],
        "end": text + "\n",
        "empty": "",
        "case": text[:20] + text[20:].swapcase(),
    }[change]

    with pytest.raises(TokenError, match="not known") as failed:
        tokens.who(store, wrong)
    assert failed.value.kind == "unknown"


def test_a_token_counts_until_it_expires(store: Store, clock: TickingClock) -> None:
    issued = a_token(store, seconds=3600)
    clock.move(minutes=59)
    assert tokens.who(store, issued.text) == issued.token
    clock.move(minutes=1)

    with pytest.raises(TokenError, match="expired"):
        tokens.who(store, issued.text)
    assert tokens.counting(store) == []
    assert [one.id for one in tokens.all_of(store)] == [issued.token.id]


def test_a_revoked_token_counts_no_longer(store: Store) -> None:
    first, second = a_token(store), a_token(store)

    assert tokens.revoke(store, first.token.id, DANA).ended_at
    with pytest.raises(TokenError, match="revoked") as failed:
        tokens.who(store, first.text)
    assert failed.value.kind == "revoked"
    assert tokens.who(store, second.text) == second.token
    with pytest.raises(RefusedError, match="already"):
        tokens.revoke(store, first.token.id, DANA)
    with pytest.raises(UnknownTokenError, match="providers list"):
        tokens.revoke(store, "nothing", DANA)


def test_the_tokens_of_a_provider_end_with_it(store: Store) -> None:
    issued = a_token(store)
    providers.end(store, "north-net", DANA)

    with pytest.raises(TokenError, match="revoked"):
        tokens.who(store, issued.text)
    with pytest.raises(RefusedError, match="gets no token"):
        a_token(store)


def test_a_token_that_would_open_nothing_or_too_much_is_refused(store: Store) -> None:
    with pytest.raises(RefusedError, match="names the formats"):
        a_token(store, formats=())
    with pytest.raises(RefusedError, match="names the formats"):
        a_token(store, formats=("../x",))
    with pytest.raises(RefusedError, match="never count"):
        a_token(store, seconds=0)
    for categories in ([], [Category.DISTRESS], [*HARMS, Category.DISTRESS]):
        with pytest.raises(RefusedError, match="a token is for one of"):
            tokens.issue(store, "north-net", categories, ["rpz"], "2099", DANA)


def test_a_list_of_its_own_is_wanted_of_each_category_that_somebody_reads_alone(
    store: Store,
) -> None:
    a_token(store)
    assert tokens.parts_wanted(store) == ()
    issued = a_token(store, "south-net", VIOLENCE)
    assert tokens.parts_wanted(store) == (VIOLENCE,)
    tokens.revoke(store, issued.token.id, DANA)
    assert tokens.parts_wanted(store) == ()
