"""What the review pages are lent: the plan of rounds as it stands, and the beginnings of bodies."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qalqan.lent import beginning_of, lent
from qalqan.settings import SettingsError
from review_queue.store import Store
from tests.builders import a_page, fetch
from tests.conftest import TickingClock

ROUNDS = """
[[rounds]]
name = "nightly"
cron = "30 3 * * *"
seeds = "seeds.txt"
data = "data"
grace-hours = 6

[[rounds]]
name = "elsewhere"
cron = "0 4 * * *"
seeds = "seeds.txt"
data = "other"
"""


def test_only_the_rounds_of_the_data_folder_are_planned_there(
    tmp_path: Path, clock: TickingClock
) -> None:
    config = tmp_path / "qalqan.toml"
    config.write_text(ROUNDS, encoding="utf-8")

    (found,) = lent(tmp_path / "data", config, clock=clock).planned()

    # the clock stands at 09:00, the grace period of 03:30 ends at 09:30
    assert found.name == "nightly"
    assert found.latest_at == datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
    assert found.next_at == found.latest_at + timedelta(days=1)
    assert found.owed_at == found.latest_at - timedelta(days=1)

    clock.move(hours=1)
    (found,) = lent(tmp_path / "data", config, clock=clock).planned()
    assert found.owed_at == found.latest_at


def test_a_change_in_the_file_shows_without_a_new_start(tmp_path: Path) -> None:
    config = tmp_path / "qalqan.toml"
    config.write_text(ROUNDS, encoding="utf-8")
    planned = lent(tmp_path / "data", config).planned

    config.write_text(ROUNDS.replace("nightly", "weekly"), encoding="utf-8")
    assert [one.name for one in planned()] == ["weekly"]

    config.write_text("[[rounds]]", encoding="utf-8")
    with pytest.raises(SettingsError, match="name is needed"):
        planned()


def test_without_a_file_nothing_is_planned(tmp_path: Path) -> None:
    assert list(lent(tmp_path, None).planned()) == []


def _stored(store: Store, body: bytes, content_type: str = "text/html") -> int:
    digest = hashlib.sha256(body).hexdigest()
    page = replace(a_page(), body=body, body_sha256=digest, content_type=content_type)
    return fetch(store, page)[0]


@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("utf-8", "text/html"),
        ("windows-1251", "text/html; charset=windows-1251"),
        ("utf-16", "text/html"),
    ],
)
@pytest.mark.parametrize("times", [10, 10_000])
def test_the_beginning_of_a_body_is_read_in_its_own_charset(
    store: Store, charset: str, content_type: str, times: int
) -> None:
    text = "<p>Қалқан — щит</p> " if charset != "windows-1251" else "<p>Кое-что о щите</p> "
    body = (text * times).encode(charset)
    page_id = _stored(store, body, content_type)

    found = beginning_of(store, page_id, 4000)

    assert found
    assert found.text == (text * times)[:4000]
    assert found.size_bytes == len(body)
    assert found.is_whole == (times == 10)


def test_a_body_of_one_endless_word_has_a_beginning_too(store: Store) -> None:
    found = beginning_of(store, _stored(store, b"x" * 200_000), 4000)

    assert found
    assert found.text == "x" * 4000
    assert not found.is_whole


def test_a_body_that_was_not_kept_has_no_beginning(store: Store) -> None:
    assert beginning_of(store, _stored(store, b""), 4000) is None
    assert beginning_of(store, 99, 4000) is None
