"""Scores and decisions have a number each, those of stores that earlier versions left as well."""

import shutil
import sqlite3
from pathlib import Path

from review_queue import decisions, manifests, scores
from review_queue.manifests import Span
from review_queue.store import FILE_NAME, open_store
from tests.builders import MODEL, a_case, a_draft, a_page, a_score, fetch


def test_what_an_older_store_holds_is_numbered_and_what_comes_goes_on(tmp_path: Path) -> None:
    with open_store(tmp_path / "new") as store:
        case = a_case(store)
        decisions.decide(store, a_draft(case, "aliya"))
    (tmp_path / "old").mkdir()
    old = tmp_path / "old" / FILE_NAME
    shutil.copy(tmp_path / "new" / FILE_NAME, old)
    connection = sqlite3.connect(old)
    for name in ("score_order", "decision_order"):
        connection.execute(f"DROP TABLE {name}")
    for name in ("scores_in_order", "decisions_in_order"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name = '0014_order'")
    connection.commit()
    connection.close()

    with open_store(tmp_path / "old") as store:
        assert manifests.last_ids(store)["scores"] == 1
        assert manifests.last_ids(store)["decisions"] == 1
        (page_id,) = fetch(store, a_page("http://two.example/"))
        scores.save(store, MODEL, [(page_id, a_score())])
        scores.save(store, MODEL, [(page_id, a_score())])  # kept as it was
        decisions.decide(store, a_draft(case, "berik"))

        assert manifests.last_ids(store)["scores"] == 2
        assert manifests.last_ids(store)["decisions"] == 2
        rows = [row["reviewer_id"] for row, _ in manifests.lines(store, "decisions", Span(0, 9))]
        assert rows == ["aliya", "berik"]


def test_a_span_takes_what_comes_after_the_one_before(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fetch(store, *(a_page(f"http://one.example/{n}") for n in range(5)))

        assert manifests.sum_of(store, "pages", Span(0, 5)).rows == 5
        assert manifests.sum_of(store, "pages", Span(2, 4)).rows == 2
        assert manifests.sum_of(store, "pages", Span(5, 5)).rows == 0
        whole = manifests.sum_of(store, "pages", Span(0, 5)).sha256
        assert manifests.sum_of(store, "pages", Span(0, 4)).sha256 != whole
