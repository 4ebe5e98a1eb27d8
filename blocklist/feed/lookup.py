"""Public questions: whether one address is listed, and why an entry is there. Anybody may ask, nobody very often."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from blocklist.feed.answers import JSON, Answer, Request, as_json
from blocklist.feed.notices import Notices
from blocklist.feed.public_pages import ROOM, STEP, language_of, lookup_page, why_page
from blocklist.feed.questions import Found, found
from review_queue import listings
from review_queue.errors import BadHostError, BadUrlError
from review_queue.store import Store

_MOST_FIELDS: Final = 8


def looked_up(store: Store, request: Request, notices: Notices) -> Answer:
    """The answer about the one address in `name`, as a page or, where that is asked for, as JSON."""
    fields = _fields(request.query)
    text = fields.get("name", "").strip()
    try:
        rows = found(store, text) if text else []
    except (BadHostError, BadUrlError) as error:
        if _wants_json(request):
            return as_json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        rows = None
    if not _wants_json(request):
        return lookup_page(_language(request, fields), text, rows, notices)
    if not text:
        return as_json(HTTPStatus.BAD_REQUEST, {"error": "write /lookup?name=example.kz"})
    return _padded({"asked": text, "state": _state(rows or ()), **_entries(rows or (), notices)})


def explained(store: Store, request: Request, entry_id: str, notices: Notices) -> Answer:
    """Why the entry of this id is there; the same page for every id that is none."""
    listing = listings.of_id(store, entry_id)
    row = Found(listing, is_exact=True) if listing else None
    if _wants_json(request):
        rows = [row] if row else []
        told = _entries(rows, notices)
        for each in told["entries"]:
            del each["about"]  # no name was asked
        return _padded({"state": _state(rows), **told})
    return why_page(_language(request, _fields(request.query)), row, notices)


def _fields(query: str) -> dict[str, str]:
    try:
        found_fields = parse_qs(query, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        return {}
    return {name: values[0] for name, values in found_fields.items()}


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _language(request: Request, fields: dict[str, str]) -> str:
    return language_of(fields.get("lang", ""), request.headers.get("Accept-Language", ""))


def _state(rows: Sequence[Found]) -> str:
    if not rows:
        return "not_listed"
    return "lifted" if rows[0].listing.is_over else "listed"


def _entries(rows: Sequence[Found], notices: Notices) -> dict[str, Any]:
    return {
        "entries": [
            {
                "id": row.listing.entry.id,
                "about": "this name" if row.is_exact else "a wider name",
                "category": row.listing.entry.category,
                "listed_at": row.listing.entry.listed_at,
                "review_at": row.listing.entry.review_at,
                "expires_at": row.listing.entry.expires_at,
                "is_over": row.listing.is_over,
                "lifted_at": row.listing.lifted_at,
                "reason": {"code": row.listing.entry.policy_code, "title": row.listing.reason},
                "legal_ground": {
                    "code": row.listing.entry.legal_ground_code,
                    "title": row.listing.ground,
                },
            }
            for row in rows
        ],
        "authority": notices.authority,
        "appeal": notices.appeal,
        "how_to_appeal": notices.how,
    }


def _padded(told: dict[str, Any]) -> Answer:
    """JSON that is as long whatever it tells of the address."""
    text = json.dumps(told, ensure_ascii=False).encode()
    fixed = json.dumps({**told, "entries": [], "state": ""}, ensure_ascii=False).encode()
    size = -(-max(len(fixed) + ROOM, len(text)) // STEP) * STEP
    body = text + b"\n" * (size - len(text))
    return Answer(
        HTTPStatus.OK,
        (
            ("Content-Type", JSON),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Robots-Tag", "noindex"),
        ),
        body,
    )
