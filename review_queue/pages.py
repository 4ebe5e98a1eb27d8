"""Fetched documents: the text for scoring and showing, the body for evidence, each version once."""

import zlib
from collections.abc import Iterator
from typing import Any

from review_queue import captures
from review_queue.records import Capture, ModelId, Page, Place
from review_queue.store import Store

_COLUMNS = "p.id, p.url, p.host, p.site, p.fetched_at, p.status, p.title, p.text, p.lang, p.body_sha256, p.content_type"
_READ = "NOT EXISTS (SELECT 1 FROM unread u WHERE u.page_id = p.id)"  # of the others nobody knows the text


def keep(
    store: Store,
    page: Page,
    round_id: int | None = None,
    *,
    capture: Capture | None = None,
    place: Place | None = None,
) -> int:
    """The page is stored once for each different body; one seen again only has its time renewed. Returns its id.

    The round it was first fetched in says under which robots policy and limits that was. A body that stands in a
    WARC file, at `place`, is not stored a second time.
    """
    with store.atomic():
        row = store.row(
            "UPDATE pages SET last_seen_at = ? WHERE url = ? AND body_sha256 = ? RETURNING id",
            [page.fetched_at, page.url, page.body_sha256],
        ) or store.row(
            "INSERT INTO pages(url, host, site, fetched_at, last_seen_at, status, title, text, lang, content_type,"
            " body_sha256, round_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id",
            [page.url, page.host, page.site, page.fetched_at, page.fetched_at, page.status, page.title, page.text,
             page.lang, page.content_type, page.body_sha256, round_id],
        )  # fmt: skip
        assert row is not None  # noqa: S101  # one of the two has stored it
        page_id = int(row["id"])
        if capture and place:
            captures.add(store, page_id, capture, place)
        else:
            store.run(
                "INSERT INTO bodies(sha256, deflated) SELECT :digest, :deflated"
                " WHERE NOT EXISTS (SELECT 1 FROM bodies WHERE sha256 = :digest)",
                {"digest": page.body_sha256, "deflated": zlib.compress(page.body, 6)},
            )
        return page_id


def unscored(store: Store, model: ModelId, batch: int = 500) -> Iterator[list[Page]]:
    """Batches of pages with status 200 that this very model has not scored, oldest first."""
    last = 0
    while True:
        rows = list(
            store.rows(
                f"SELECT {_COLUMNS} FROM pages p WHERE p.id > ? AND p.status = 200 AND {_READ} AND NOT EXISTS"
                " (SELECT 1 FROM scores s JOIN models m ON m.id = s.model_id"
                " WHERE s.page_id = p.id AND m.digest = ?) ORDER BY p.id LIMIT ?",
                [last, model.digest, batch],
            )
        )
        if not rows:
            return
        last = rows[-1]["id"]
        yield [as_page(row) for row in rows]


def get(store: Store, page_id: int) -> Page | None:
    """The page with this id, without its body."""
    row = store.row(f"SELECT {_COLUMNS} FROM pages p WHERE p.id = ?", [page_id])
    return as_page(row) if row else None


def body(store: Store, page_id: int) -> bytes:
    """The raw body of a page that was kept without a capture; empty where there is none."""
    deflated = store.value("SELECT deflated FROM bodies b JOIN pages p ON p.body_sha256 = b.sha256 WHERE p.id = ?",
                           [page_id])  # fmt: skip
    return zlib.decompress(deflated) if deflated else b""


def count(store: Store) -> int:
    """How many different URLs have a stored page with status 200."""
    return int(store.value("SELECT count(DISTINCT url) FROM pages WHERE status = 200"))


def count_all(store: Store) -> int:
    """How many pages are stored, each version of each."""
    return int(store.value("SELECT count(*) FROM pages"))


def count_unscored(store: Store, model: ModelId) -> int:
    """How many pages `unscored` will yield."""
    return int(
        store.value(
            f"SELECT count(*) FROM pages p WHERE p.status = 200 AND {_READ} AND NOT EXISTS (SELECT 1 FROM scores s"
            " JOIN models m ON m.id = s.model_id WHERE s.page_id = p.id AND m.digest = ?)",
            [model.digest],
        )
    )


def as_page(row: dict[str, Any]) -> Page:
    """The record of a row that holds a page's columns."""
    return Page(
        url=row["url"],
        host=row["host"],
        site=row["site"],
        fetched_at=row["fetched_at"],
        status=row["status"],
        title=row["title"],
        text=row["text"],
        lang=row["lang"],
        body_sha256=row["body_sha256"],
        content_type=row["content_type"],
        id=row["id"],
    )
