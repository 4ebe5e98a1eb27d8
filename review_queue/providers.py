"""The providers that take the lists: added and ended by people, never forgotten."""

import re
from dataclasses import dataclass
from typing import Any, Final

from review_queue import audit
from review_queue.errors import QalqanError, RefusedError
from review_queue.records import Reviewer
from review_queue.store import Store

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST_CONTACT: Final = 200
_ALL: Final = """SELECT p.*, coalesce(e.ended_at, '') AS ended_at, coalesce((SELECT c.fingerprint
    FROM provider_certificates c WHERE c.provider_id = p.id ORDER BY c.id DESC LIMIT 1), '') AS fingerprint
    FROM providers p LEFT JOIN provider_ends e ON e.provider_id = p.id"""


class UnknownProviderError(QalqanError):
    """No provider has this name."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody who takes the lists; `fingerprint` is the SHA-256 of the certificate they must show, "" for none."""

    id: int
    name: str
    contact: str
    added_at: str
    added_by: str
    ended_at: str = ""  # "" while they take the lists
    fingerprint: str = ""


def add(store: Store, name: str, person: Reviewer, *, contact: str = "") -> Provider:
    """There is a provider of this name, who has no token yet.

    Raises:
        RefusedError: the name or the contact cannot be used, or the name was used before.
    """
    if not _NAME.fullmatch(name):
        raise RefusedError(
            f"{name[:60]!a} cannot name a provider; take 1 to 60 Latin letters, digits and . _ -,"
            " a letter or digit first"
        )
    if len(contact) > _LONGEST_CONTACT or not (contact.isprintable()):
        raise RefusedError(f"a contact is one line of at most {_LONGEST_CONTACT} characters")
    with store.atomic():
        if store.row("SELECT 1 FROM providers WHERE name = ?", [name]):
            raise RefusedError(f"there is or was a provider {name}; choose another name")
        store.run(
            "INSERT INTO providers(name, contact, added_at, person_id, person_name) VALUES (?, ?, ?, ?, ?)",
            [name, contact, store.now(), person.id, person.name],
        )
        _tell(store, person, "provider.added", name, contact=contact)
        return find(store, name)


def end(store: Store, name: str, person: Reviewer) -> Provider:
    """The provider gets no more lists: none of their tokens counts, and no new one is given.

    Raises:
        UnknownProviderError: there is none of this name.
        RefusedError: it has ended already.
    """
    with store.atomic():
        found = find(store, name)
        if found.ended_at:
            raise RefusedError(f"{found.name} ended on {found.ended_at} already")
        store.run(
            "INSERT INTO provider_ends VALUES (?, ?, ?, ?)",
            [found.id, store.now(), person.id, person.name],
        )
        _tell(store, person, "provider.ended", found.name)
        return find(store, name)


def bind(store: Store, name: str, fingerprint: str, person: Reviewer) -> Provider:
    """The provider's tokens count only with the certificate of this SHA-256; with any or none where it is "".

    Raises:
        UnknownProviderError: there is none of this name.
        RefusedError: it is no SHA-256.
    """
    plain = fingerprint.replace(":", "").lower()
    if plain and not _FINGERPRINT.fullmatch(plain):
        raise RefusedError(
            f"{fingerprint[:80]!a} is no SHA-256 fingerprint; take it from"
            " openssl x509 -in CERT -noout -fingerprint -sha256"
        )
    with store.atomic():
        found = find(store, name)
        store.run(
            "INSERT INTO provider_certificates(provider_id, fingerprint, set_at, person_id, person_name)"
            " VALUES (?, ?, ?, ?, ?)",
            [found.id, plain, store.now(), person.id, person.name],
        )
        _tell(store, person, "provider.bound", found.name, fingerprint=plain)
        return find(store, name)


def all_of(store: Store) -> list[Provider]:
    """Every provider there is or was, by name."""
    return [_provider(row) for row in store.rows(f"{_ALL} ORDER BY p.name COLLATE NOCASE")]


def find(store: Store, name: str) -> Provider:
    """The provider of this name, in whatever case it is written.

    Raises:
        UnknownProviderError: there is none.
    """
    row = store.row(f"{_ALL} WHERE p.name = ?", [name])
    if row is None:
        raise UnknownProviderError(
            f"there is no provider {name[:60]!a}; `qalqan providers list` shows all"
        )
    return _provider(row)


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(
        row["id"],
        row["name"],
        row["contact"],
        row["added_at"],
        row["person_name"],
        row["ended_at"],
        row["fingerprint"],
    )


def _tell(store: Store, person: Reviewer, action: str, name: str, **detail: str) -> None:
    audit.append(
        store,
        actor=person.name,
        action=action,
        subject=name,
        detail={"person": person.id, **detail},
    )
