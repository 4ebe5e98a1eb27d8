"""A store whose file is damaged where lists are made of it is told from a whole one."""

from pathlib import Path

import pytest

from review_queue import seeds, soundness
from review_queue.errors import StoreDamagedError
from review_queue.records import Seed
from review_queue.store import FILE_NAME, open_store
from tests.builders import a_decided_case, a_page, keep_captured
from tests.review_queue.damage import emptied, overwritten


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with open_store(tmp_path) as store:
        seeds.add(store, [Seed("http://one.example/")])
        a_decided_case(store, "dana", "berik")
        keep_captured(store, a_page("http://captured.example/"))
    return tmp_path


def test_a_whole_store_passes(data: Path) -> None:
    with open_store(data) as store:
        soundness.check(store)


@pytest.mark.parametrize("table", ["lifts", "receipts", "audit", "decisions"])
def test_an_overwritten_page_of_what_lists_are_made_of_is_found(data: Path, table: str) -> None:
    overwritten(data / FILE_NAME, table)

    with open_store(data) as store, pytest.raises(StoreDamagedError, match="restore the file"):
        soundness.check(store)


@pytest.mark.parametrize("index", ["decisions_case", "captures_address"])
def test_an_index_that_lost_what_the_table_holds_is_found(data: Path, index: str) -> None:
    emptied(data / FILE_NAME, index)

    with open_store(data) as store, pytest.raises(StoreDamagedError, match=index):
        soundness.check(store)


@pytest.mark.parametrize("table", sorted(soundness.CRAWLED))
def test_what_a_crawl_wrote_holds_up_no_list(data: Path, table: str) -> None:
    overwritten(data / FILE_NAME, table)

    with open_store(data) as store:
        soundness.check(store)
