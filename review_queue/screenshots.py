"""The blurred pictures of pages that a browser has built."""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from review_queue.store import Store

MOST_BYTES: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture of a page, small and blurred: what it says cannot be read, what it shows can hardly be seen."""

    page_id: int
    sha256: str
    png: bytes = field(repr=False)
    made_at: str


def add(store: Store, page_id: int, png: bytes) -> None:
    """The page has this picture; one that has a picture already keeps it, and a picture too large is left out."""
    if len(png) > MOST_BYTES:
        return
    store.run(
        "INSERT INTO screenshots(page_id, sha256, png, made_at, blurred) SELECT :page, :digest, :png, :now, 1"
        " WHERE NOT EXISTS (SELECT 1 FROM screenshots WHERE page_id = :page)",
        {
            "page": page_id,
            "digest": hashlib.sha256(png).hexdigest(),
            "png": png,
            "now": store.now(),
        },
    )


def get(store: Store, page_id: int) -> Screenshot | None:
    """The picture of the page with this id, None where no browser has opened it."""
    row = store.row(
        "SELECT page_id, sha256, png, made_at FROM screenshots WHERE page_id = ?", [page_id]
    )
    return Screenshot(**row) if row else None
