"""Hashes that would change in size as none should, or whose guards' data are damaged, lose what was lifted alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocklist import hashed, hashed_file
from blocklist.breaker import SizeError
from blocklist.entries import admit
from blocklist.guard_data import GuardDataError
from blocklist.hashed_file import HeldHashesError
from blocklist.publish import export
from blocklist.removals import HeldError
from review_queue import imports, overrides
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.overrides import LIST, Guard
from review_queue.store import Store, open_store
from tests.blocklist.holding import damage, lifted
from tests.blocklist.publications import approve_real, host
from tests.blocklist.test_judging import SIGNERS, a_rank_list, signed
from tests.review_queue.lives import DANA, an_import, taken_over

KEY = bytes(range(32))
NAMES = [f"n{number:03}.zz-qalqan.kz" for number in range(200)]


def names_in(out: Path, *more: str) -> list[str]:
    """The names of which the file has hashes."""
    with out.open() as lines:
        found = hashed.read(lines)
    return [name for name in (*NAMES, *more) if hashed.matches(f"https://{name}/", KEY, found)]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    """A store with 60 entries, exported and written as hashes."""
    with open_store(tmp_path / "data") as store:
        an_import(store, *(taken_over(name, entry_id=f"id-{name}") for name in NAMES[:60]))
        export(store, tmp_path / "lists", ["domains"], actor="test")
        hashed_file.write(store, tmp_path / "h", KEY, actor="test")
        yield store


def grown(store: Store) -> None:
    rows = (taken_over(name, entry_id=f"id-{name}") for name in NAMES[60:])
    an_import(store, *rows, sha256="b" * 64)


def test_hashes_that_grow_by_far_are_held_until_two_people_sign_and_a_lift_is_not(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "h"
    grown(filled)
    lifted(filled, NAMES[7])

    with pytest.raises(HeldHashesError, match=r"1 in all, .* from 60 entries in serial 1 to 199\."):
        hashed_file.write(filled, out, KEY, actor="test")

    assert names_in(out) == [name for name in NAMES[:60] if name != NAMES[7]]
    size = overrides.ask(filled, Guard.SIZE, LIST, "1-199", SIGNERS[0], "A court's whole list.")
    overrides.sign(filled, size, SIGNERS[1])
    assert hashed_file.write(filled, out, KEY, actor="test").entries == 199


def test_what_two_people_signed_for_the_list_is_signed_for_its_hashes(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "h"
    grown(filled)
    lifted(filled, NAMES[7])
    with pytest.raises(HeldError):
        export(filled, tmp_path / "lists", ["domains"], actor="test")
    with pytest.raises(HeldHashesError, match="--name 1-199"):  # the file is of serial 2 now
        hashed_file.write(filled, out, KEY, actor="test")
    size = overrides.ask(filled, Guard.SIZE, LIST, "1-199", SIGNERS[0], "A court's whole list.")
    overrides.sign(filled, size, SIGNERS[1])
    export(filled, tmp_path / "lists", ["domains"], actor="test")

    assert hashed_file.write(filled, out, KEY, actor="test").serial == 3


def test_damaged_guard_data_let_a_lift_leave_the_hashes_and_nothing_in(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "h"
    more = taken_over(NAMES[60], entry_id="new")
    an_import(filled, more, sha256="b" * 64)
    lifted(filled, NAMES[7])
    damage(tmp_path / "data")

    with pytest.raises(HeldHashesError, match=r"rank\.txt is damaged"):
        hashed_file.write(filled, out, KEY, actor="test")
    with pytest.raises(GuardDataError):
        hashed_file.write(filled, tmp_path / "other", KEY, actor="test")
    with pytest.raises(GuardDataError):
        hashed_file.write(filled, out, b"k" * 32, actor="test")

    assert names_in(out) == [name for name in NAMES[:60] if name != NAMES[7]]
    assert not (tmp_path / "other").exists()


def test_with_damaged_guard_data_what_a_withdrawn_override_let_through_leaves_the_hashes(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "h"
    known = (host(1), host(2))
    a_rank_list(filled, *known)
    taken_back, _ = (signed(filled, Guard.RANK, Scope.HOST, name) for name in known)
    approve_real(filled, *known)
    assert admit(filled).refused == ()
    export(filled, tmp_path / "lists", ["domains"], actor="test")
    hashed_file.write(filled, out, KEY, actor="test")
    assert names_in(out, *known) == [*NAMES[:60], *known]
    overrides.withdraw(filled, taken_back, SIGNERS[0], "It is not.")
    damage(tmp_path / "data")

    with pytest.raises(HeldHashesError, match=r"1 in all, .* is damaged"):
        hashed_file.write(filled, out, KEY, actor="test")

    assert names_in(out, *known) == [*NAMES[:60], known[1]]


def test_what_people_withdrew_leaves_the_hashes_whatever_it_does_to_their_size(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "h"
    (one,) = imports.all_of(filled)
    imports.withdraw(filled, one.id, DANA, "The file was another one.")

    hashed_file.write(filled, out, KEY, actor="test")

    assert names_in(out) == []


def test_hashes_under_a_new_key_are_held_by_their_size_as_well(
    filled: Store, tmp_path: Path
) -> None:
    out = tmp_path / "h"
    before = out.read_bytes()
    grown(filled)

    with pytest.raises(SizeError, match="would grow from 60 entries"):
        hashed_file.write(filled, out, b"k" * 32, actor="test")

    assert out.read_bytes() == before


@pytest.mark.parametrize("exports", [1, 2, 3])
def test_hashes_of_a_list_that_this_store_did_not_make_stay(
    filled: Store, tmp_path: Path, exports: int
) -> None:
    out = tmp_path / "h"
    export(filled, tmp_path / "lists", ["domains"], actor="test")
    hashed_file.write(filled, out, KEY, actor="test")
    before = out.read_bytes()

    with open_store(tmp_path / "older") as older:
        for number in range(exports):
            export(older, tmp_path / f"elsewhere{number}", ["domains"], actor="test")
        with pytest.raises(ExportError, match="serial 2 that this store did not make"):
            hashed_file.write(older, out, KEY, actor="test")

    assert out.read_bytes() == before
