"""How well a page's evidence stands: where its record lies, in which manifest it is sealed, whose time-stamp it has."""

from dataclasses import dataclass

from review_queue import captures
from review_queue.captures import CaptureRow
from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class Kept:
    """The capture that holds a page's body, how many there are of the page, and what attests it so far.

    `sealed_at` is when the first manifest that stands for it was made, `stamped_at` when `authority` attested that
    manifest or a later one, which names it; each is empty until then.
    """

    capture: CaptureRow
    captures: int
    sealed_at: str = ""
    stamped_at: str = ""
    authority: str = ""


def of_page(store: Store, page_id: int) -> Kept | None:
    """How the page is kept as evidence; None where it was stored without a capture."""
    found = captures.of_page(store, page_id)
    whole = [one for one in found if one.refers_to is None]
    if not whole:
        return None
    capture = whole[0]
    seal = _first_manifest(store, capture.id)
    if seal is None:
        return Kept(capture, len(found))
    made_at = str(store.value("SELECT made_at FROM manifests WHERE seq = ?", [seal]))
    stamp = store.row(
        "SELECT stamped_at, authority FROM timestamps WHERE manifest_seq >= ? ORDER BY manifest_seq LIMIT 1",
        [seal],
    )
    if stamp is None:
        return Kept(capture, len(found), made_at)
    return Kept(capture, len(found), made_at, stamp["stamped_at"], stamp["authority"])


def _first_manifest(store: Store, capture_id: int) -> int | None:
    """The number of the first manifest that stands for the capture.

    Each says up to which id it does, and that only grows: a few of a thousand are read to find it.
    """
    low, high = 1, int(store.value("SELECT count(*) FROM manifests"))
    if not high or _last(store, high) < capture_id:
        return None
    while low < high:
        middle = (low + high) // 2
        if _last(store, middle) < capture_id:
            low = middle + 1
        else:
            high = middle
    return low


def _last(store: Store, seq: int) -> int:
    return int(
        store.value(
            "SELECT json_extract(CAST(content AS TEXT), '$.rows.captures.last') FROM manifests WHERE seq = ?",
            [seq],
        )
        or 0
    )
