"""The rules people decide by and the laws a block rests on: versioned rows in Kazakh, Russian and English."""

from typing import Any, Final

from review_queue.categories import Category
from review_queue.records import LegalGround, Policy
from review_queue.store import Store

LANGUAGES: Final = ("kk", "ru", "en")
_VALID: Final = "valid_from <= ? AND (valid_to = '' OR valid_to > ?)"


def current(store: Store, category: Category | None = None) -> list[Policy]:
    """The newest valid version of each policy, of one category or of all."""
    rows = store.rows(
        f"SELECT *, max(version) FROM policies WHERE {_VALID} AND (? = '' OR category = ?) GROUP BY code ORDER BY code",
        [store.now(), store.now(), category or "", category or ""],
    )
    return [
        Policy(
            row["code"],
            row["version"],
            Category(row["category"]),
            row["severity"],
            _in_languages(row, "title"),
            _in_languages(row, "guide"),
        )
        for row in rows
    ]


def grounds(store: Store) -> list[LegalGround]:
    """The newest valid version of each legal ground."""
    rows = store.rows(
        f"SELECT *, max(version) FROM legal_grounds WHERE {_VALID} GROUP BY code ORDER BY code",
        [store.now(), store.now()],
    )
    return [
        LegalGround(
            row["code"],
            row["version"],
            _in_languages(row, "title"),
            _in_languages(row, "text"),
            is_sample=bool(row["is_sample"]),
        )
        for row in rows
    ]


def _in_languages(row: dict[str, Any], column: str) -> dict[str, str]:
    return {language: row[f"{column}_{language}"] for language in LANGUAGES}
