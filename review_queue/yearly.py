"""What was listed, lifted and overridden within a year, for whoever answers for the lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from review_queue import entries
from review_queue.store import Store

# an import, like an override, counts from the second of its signatures
_SIGNED: Final = """(SELECT import_id, signed_at AS at, row_number() OVER
    (PARTITION BY import_id ORDER BY signed_at, person_id) AS nth FROM import_signatures)"""
_STOOD: Final = """(SELECT override_id, signed_at AS at, row_number() OVER
    (PARTITION BY override_id ORDER BY signed_at, reviewer_id) AS nth FROM override_signatures)"""
_YEAR: Final = "substr({moment}, 1, 4) = :year"


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened to the lists in a year of UTC.

    Attributes:
        decided: entries that people decided on a case, by category.
        taken_over: entries of older registries whose import was signed by a second person, by category.
        lifted: entries that one person or their term ended, by reason.
        withdrawn: entries whose import was withdrawn after it had been listed.
        renewed: prolongations that two people signed.
        overrides: overrides of guards that got their second signature, by guard.
        overrides_withdrawn: overrides that somebody took back, signed by two or not.
        lists: lists that were made.
        listed_now: entries on the list at the moment of asking.
    """

    year: int
    decided: Mapping[str, int]
    taken_over: Mapping[str, int]
    lifted: Mapping[str, int]
    withdrawn: int
    renewed: int
    overrides: Mapping[str, int]
    overrides_withdrawn: int
    lists: int
    listed_now: int


def figures(store: Store, year: int) -> Figures:
    """What happened to the lists in the year, as the store has it."""

    def by(what: str, source: str, moment: str) -> dict[str, int]:
        rows = store.rows(
            f"SELECT {what} AS what, count(*) AS number FROM {source} {_YEAR.format(moment=moment)}"
            " GROUP BY 1 ORDER BY 1",
            {"year": f"{year:04}"},
        )
        return {str(row["what"]): int(row["number"]) for row in rows}

    def number(source: str, moment: str) -> int:
        return by("''", source, moment).get("", 0)

    return Figures(
        year=year,
        decided=by("category", "entries WHERE", "listed_at"),
        taken_over=by(
            "e.category",
            f"{_SIGNED} s JOIN imported_entries e ON e.import_id = s.import_id WHERE s.nth = 2 AND",
            "s.at",
        ),
        lifted=by("reason", "lifts WHERE", "lifted_at"),
        withdrawn=number(
            f"import_withdrawals w JOIN {_SIGNED} s ON s.import_id = w.import_id AND s.nth = 2"
            " JOIN imported_entries e ON e.import_id = w.import_id WHERE",
            "w.withdrawn_at",
        ),
        renewed=number("renewals WHERE review_at <> '' AND", "signed_at"),
        overrides=by(
            "o.guard",
            f"{_STOOD} s JOIN overrides o ON o.id = s.override_id WHERE s.nth = 2 AND",
            "s.at",
        ),
        overrides_withdrawn=number("override_withdrawals WHERE", "withdrawn_at"),
        lists=number("exports WHERE", "created_at"),
        listed_now=entries.count(store),
    )
