"""The pull log says what a provider got, and since when it held each list."""

import pytest

from review_queue import pulls
from review_queue.pulls import Kind, Pull, Refusals
from review_queue.store import Store
from tests.conftest import TickingClock
from tests.review_queue.takers import a_pull, a_token


def test_the_newest_pulls_come_first(store: Store) -> None:
    token = a_token(store).token
    first, second = a_pull(store, token, 1), a_pull(store, token, 2)

    assert pulls.of_provider(store, token.provider_id) == [second, first]
    assert pulls.of_provider(store, token.provider_id, limit=1) == [second]
    assert pulls.last_at(store, token.provider_id) == second.at
    assert pulls.last_at(store, 99) == ""


def test_a_list_is_held_from_its_first_whole_pull_on(store: Store, clock: TickingClock) -> None:
    token = a_token(store).token
    a_pull(store, token, 1, whole=False)
    a_pull(store, token, 1, kind=Kind.MANIFEST)
    a_pull(store, token, 1, status=503)
    a_pull(store, token, 0)
    clock.move(hours=1)
    first = a_pull(store, token, 1, status=304)
    a_pull(store, token, 1)
    second = a_pull(store, token, 2, kind=Kind.DELTA)

    found = [(one.serial, one.at) for one in pulls.held(store, token.provider_id)]

    assert found == [(1, first.at), (2, second.at)]


def test_a_refusal_is_no_sign_of_life(store: Store) -> None:
    token = a_token(store).token
    a_pull(store, token, 0, status=403)

    assert pulls.last_at(store, token.provider_id) == ""


def test_refusals_are_counted_from_a_moment_on(store: Store) -> None:
    pulls.record(store, [], [Refusals("2026-01-01", "192.0.2.1", "unknown", 3)])
    pulls.record(store, [], [Refusals("2026-02-01", "", "expired", 4)])

    assert pulls.refused_since(store, "") == 7
    assert pulls.refused_since(store, "2026-01-15") == 4


def test_a_batch_is_on_record_whole_or_not_at_all(store: Store) -> None:
    token = a_token(store).token
    good = Pull(
        store.now(), token.provider_id, token.id, "", Kind.LIST, "/v1/x", 1, 200, 1, is_whole=True
    )
    bad = Pull(
        store.now(), token.provider_id, token.id, "", Kind.LIST, "/v1/x", 1, 999, 1, is_whole=True
    )

    with pytest.raises(Exception, match="CHECK"):
        pulls.record(store, [good, bad])
    assert pulls.of_provider(store, token.provider_id) == []


def test_a_path_is_cut_to_what_the_log_has_room_for(store: Store) -> None:
    token = a_token(store).token
    long = Pull(
        store.now(),
        token.provider_id,
        token.id,
        "",
        Kind.OTHER,
        "/" * 999,
        0,
        404,
        1,
        is_whole=True,
    )
    pulls.record(store, [long])

    assert len(pulls.of_provider(store, token.provider_id)[0].path) == pulls.LONGEST_PATH
