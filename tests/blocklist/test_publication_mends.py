"""What a publication finds wrong with the list before is told and mended, so that the next one has nothing to say."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blocklist import sign
from blocklist.deltas import KEPT_SERIALS
from blocklist.gate import Gate
from blocklist.publication import Outcome, Publication, Verify, Wanted, publish
from blocklist.signers import Signers
from review_queue import audit
from review_queue.categories import Category
from review_queue.errors import ExportError
from review_queue.store import Store, open_store
from tests.conftest import TickingClock

UNPROVED = Wanted(("hosts",), parts=(Category.VIOLENCE,), verify=Verify.NONE)


def published(store: Store, out: Path, signers: Signers, wanted: Wanted = UNPROVED) -> Publication:
    return publish(store, out, wanted, actor="test", signers=signers, gate=Gate({}))


def test_a_restored_store_knows_the_list_from_then_on_though_nothing_has_changed(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    published(filled, out, signers)

    with open_store(tmp_path / "copy", clock=clock) as older:
        known = published(older, out, signers, replace(UNPROVED, is_restored=True))
        again = published(older, out, signers)

    assert (known.outcome, known.serial) == (Outcome.PUBLISHED, 2)
    assert again.outcome is Outcome.HEARTBEAT


@pytest.mark.parametrize("part", ["", "part-violence"])
def test_a_signature_that_is_gone_is_made_again(
    filled: Store, tmp_path: Path, signers: Signers, part: str
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    (out / "current" / part / sign.MINISIGN_NAME).unlink()

    published(filled, out, signers)

    assert (out / "current" / part / sign.MINISIGN_NAME).exists()


def test_a_part_with_a_broken_manifest_is_told_and_made_again(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    (out / "current" / "part-violence" / "manifest.json").write_text("{")

    second = published(filled, out, signers)

    assert second.told == ("part-violence/manifest.json is not a manifest of ours",)
    assert published(filled, out, signers).outcome is Outcome.HEARTBEAT


def test_a_broken_file_of_old_changes_stops_no_publication(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    changes = out / "changes"
    for number in range(KEPT_SERIALS + 2):
        (changes / f"{number:010}.jsonl").write_text("")

    published(filled, out, signers, replace(UNPROVED, program="next"))

    assert len(list(changes.glob("*.jsonl"))) == KEPT_SERIALS


def test_a_heartbeat_that_cannot_be_written_is_on_record(
    filled: Store, tmp_path: Path, signers: Signers, clock: TickingClock
) -> None:
    out = tmp_path / "lists"
    published(filled, out, signers)
    clock.move(hours=1)
    beat = out / "current" / sign.HEARTBEAT_NAME
    beat.unlink()
    (beat / "in the way").mkdir(parents=True)

    with pytest.raises(ExportError, match="cannot write"):
        published(filled, out, signers)

    assert audit.rows(filled)[0].action == "list.refused"


def test_a_folder_that_serves_nothing_though_lists_were_made_is_told_of(
    filled: Store, tmp_path: Path, signers: Signers
) -> None:
    assert published(filled, tmp_path / "lists", signers).told == ()

    mistyped = published(filled, tmp_path / "another", signers)

    assert mistyped.serial == 2
    (told,) = mistyped.told
    assert "another served no list, though this store made serial 1" in told
