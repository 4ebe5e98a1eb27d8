"""The tokens a provider shows to get a list: of each only a hash is kept, and it says what may be read with it.

A token is `qalqan_`, its id, by which it is looked up, `_` and 256 random bits. The hash is a plain SHA-256: what it
hides is random and too long to be guessed, so there is nothing a slow hash would protect.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review_queue import audit, providers
from review_queue.categories import HARMS, Category
from review_queue.errors import QalqanError, RefusedError
from review_queue.records import Reviewer
from review_queue.store import Store

ENTRIES: Final = "entries"  # a token may name it as a format: whole entries and changes
_SECRET_BYTES: Final = 32
_TEXT: Final = re.compile(r"qalqan_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_FORMAT: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
_NOBODY: Final = "0" * 64  # compared with where no token has the id, so that this takes as long
_ALL: Final = """SELECT t.*, p.name AS provider, coalesce(e.ended_at, '') AS ended_at,
    coalesce(pe.ended_at, '') AS provider_ended_at, coalesce((SELECT c.fingerprint
        FROM provider_certificates c WHERE c.provider_id = p.id ORDER BY c.id DESC LIMIT 1), '') AS fingerprint
    FROM provider_tokens t JOIN providers p ON p.id = t.provider_id
    LEFT JOIN token_ends e ON e.token_id = t.id LEFT JOIN provider_ends pe ON pe.provider_id = p.id"""


class TokenError(QalqanError):
    """What was shown is no token that counts now; `kind` says why in one word, for counting."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class UnknownTokenError(QalqanError):
    """No token has this id."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret.

    Attributes:
        part: the one category it may read, "" for the whole list.
        formats: the formats it may read, by name.
        ended_at: since when it counts no longer because somebody said so, or its provider ended; "" while it counts.
        fingerprint: the SHA-256 of the certificate its provider must show beside it; "" where none is asked for.
    """

    id: str
    provider_id: int
    provider: str
    part: str
    formats: tuple[str, ...]
    issued_at: str
    expires_at: str
    ended_at: str = ""
    fingerprint: str = ""

    def covers(self, category: Category) -> bool:
        """Whether what it reads has the entries of this category."""
        return self.part in ("", category)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token with its text, which exists nowhere else."""

    token: Token
    text: str


def issue(
    store: Store,
    provider: str,
    categories: Collection[Category],
    formats: Sequence[str],
    expires_at: str,
    person: Reviewer,
) -> Issued:
    """The provider has one token more; its text is told this once and cannot be found out again.

    Raises:
        UnknownProviderError: there is no such provider.
        RefusedError: the provider has ended, it would have expired already, or names no category or format.
    """
    part = _part(categories)
    if not formats or not all(_FORMAT.fullmatch(name) for name in formats):
        raise RefusedError("a token names the formats it may read, such as rpz")
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(_SECRET_BYTES)
    with store.atomic():
        found = providers.find(store, provider)
        if found.ended_at:
            raise RefusedError(f"{found.name} ended on {found.ended_at} and gets no token")
        if expires_at <= store.now():
            raise RefusedError(f"a token that expires on {expires_at} would never count")
        store.run(
            "INSERT INTO provider_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [token_id, found.id, _digest(secret), part, json.dumps(sorted(set(formats))), store.now(),
             expires_at, person.id, person.name],
        )  # fmt: skip
        audit.append(
            store,
            actor=person.name,
            action="token.issued",
            subject=found.name,
            detail={"token": token_id, "part": part, "formats": sorted(set(formats)),
                    "expires_at": expires_at, "person": person.id},
        )  # fmt: skip
        return Issued(find(store, token_id), f"qalqan_{token_id}_{secret}")


def revoke(store: Store, token_id: str, person: Reviewer) -> Token:
    """The token counts no longer, from the next request on.

    Raises:
        UnknownTokenError: there is none of this id.
        RefusedError: it was revoked before.
    """
    with store.atomic():
        found = find(store, token_id)
        if store.row("SELECT 1 FROM token_ends WHERE token_id = ?", [found.id]):
            raise RefusedError(f"the token {found.id} was revoked already")
        store.run(
            "INSERT INTO token_ends VALUES (?, ?, ?, ?)",
            [found.id, store.now(), person.id, person.name],
        )
        audit.append(store, actor=person.name, action="token.revoked", subject=found.provider,
                     detail={"token": found.id, "person": person.id})  # fmt: skip
        return find(store, token_id)


def who(store: Store, text: str) -> Token:
    """The token this is the text of; it counts at this moment.

    Raises:
        TokenError: it is none, it has expired, or it was revoked. The message has nothing of the text.
    """
    shown = _TEXT.fullmatch(text)
    row = store.row(f"{_ALL} WHERE t.id = ?", [shown[1] if shown else ""])
    is_right = hmac.compare_digest(
        _digest(shown[2] if shown else ""), row["sha256"] if row else _NOBODY
    )
    if row is None or not is_right:
        raise TokenError("unknown", "this token is not known here")
    token = _token(row)
    if token.ended_at:
        raise TokenError(
            "revoked", f"the token {token.id} was revoked on {token.ended_at}; ask for another"
        )
    if token.expires_at <= store.now():
        raise TokenError(
            "expired", f"the token {token.id} expired on {token.expires_at}; ask for another"
        )
    return token


def find(store: Store, token_id: str) -> Token:
    """The token of this id, whether it counts or not.

    Raises:
        UnknownTokenError: there is none.
    """
    row = store.row(f"{_ALL} WHERE t.id = ?", [token_id])
    if row is None:
        raise UnknownTokenError(
            f"no token has the id {token_id[:60]!a}; `qalqan providers list` shows them"
        )
    return _token(row)


def all_of(store: Store) -> list[Token]:
    """Every token there is or was, by provider, the newest first."""
    rows = store.rows(f"{_ALL} ORDER BY p.name COLLATE NOCASE, t.issued_at DESC, t.id")
    return [_token(row) for row in rows]


def counting(store: Store) -> list[Token]:
    """The tokens that count at this moment."""
    now = store.now()
    return [token for token in all_of(store) if not token.ended_at and token.expires_at > now]


def parts_wanted(store: Store) -> tuple[Category, ...]:
    """The categories somebody may read alone: each needs a complete list of its own."""
    found = {token.part for token in counting(store)}
    return tuple(category for category in HARMS if category in found)


def _part(categories: Collection[Category]) -> str:
    wanted = set(categories)
    if not wanted or not wanted <= set(HARMS):
        raise RefusedError(f"a token is for one of {', '.join(HARMS)}, or for all of them")
    if wanted == set(HARMS):
        return ""
    if len(wanted) > 1:
        raise RefusedError("a token is for one category or for all; issue one for each category")
    return str(wanted.pop())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: dict[str, Any]) -> Token:
    ends = [at for at in (row["ended_at"], row["provider_ended_at"]) if at]
    return Token(
        id=row["id"],
        provider_id=row["provider_id"],
        provider=row["provider"],
        part=row["part"],
        formats=tuple(json.loads(row["formats"])),
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
        ended_at=min(ends, default=""),
        fingerprint=row["fingerprint"],
    )
