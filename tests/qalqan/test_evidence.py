"""One call seals and stamps; whatever the authority does, the manifest stands."""

from pathlib import Path

from qalqan.evidence import Sealed, seal_and_stamp
from qalqan.settings import Stamping
from review_queue import manifests
from review_queue.store import Store
from tests.qalqan.kept import a_round, a_second_round
from tests.site.authority import Authority


def test_what_could_not_be_stamped_is_stamped_by_the_next_call(
    store: Store, tmp_path: Path
) -> None:
    a_round(store)
    with Authority(tmp_path / "tsa") as authority:
        authority.answer = b"out of order"
        stamping = Stamping(authority.url, authority.certificate)
        first = seal_and_stamp(store, stamping, actor="test")
        assert first.manifest
        assert (first.stamped, len(manifests.all_of(store))) == (0, 1)
        assert "is no time-stamp" in first.problem

        authority.answer = None
        a_second_round(store)
        second = seal_and_stamp(store, stamping, actor="test")

    assert second.manifest
    assert (second.stamped, second.problem) == (2, "")


def test_without_an_authority_there_is_a_manifest_and_no_problem(store: Store) -> None:
    a_round(store)
    sealed = seal_and_stamp(store, Stamping(), actor="test")

    assert sealed.manifest
    assert (sealed.stamped, sealed.problem) == (0, "")
    assert seal_and_stamp(store, Stamping(), actor="test") == Sealed(None)


def test_a_missing_certificate_is_a_problem_of_the_stamp_alone(
    store: Store, tmp_path: Path
) -> None:
    a_round(store)
    stamping = Stamping("http://127.0.0.1:9/", tmp_path / "missing.pem")
    sealed = seal_and_stamp(store, stamping, actor="test")

    assert sealed.manifest
    assert "cannot read" in sealed.problem
