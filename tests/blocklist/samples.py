"""Entries for tests of the formats, which need no store."""

from collections.abc import Sequence

from blocklist import lint
from blocklist.formats import FORMATS
from blocklist.lint_known import Known
from blocklist.rendering import Heading, View, columns_of, marked, skipped_of, view_of
from review_queue.categories import Category, Scope
from review_queue.records import Entry

HEADING = Heading(
    serial=7, created="2026-01-31T09:00:00.000Z", not_after="2026-02-08T09:00:00.000Z"
)

# names by which no line of whole entries is refused, so that only what is wrong with the rest of it is
KNOWN = Known(
    {
        **dict.fromkeys(
            (Scope.HOST, Scope.DOMAIN), ("a.example", "bad.example", "zoo.example", "zoo_.example")
        ),
        Scope.IP: ("fe80::1",),
        Scope.CIDR: ("fe80::/64",),
    }
)


def entry(name: str, scope: Scope = Scope.HOST, *, case_ref: str = "KZ-0000-0001") -> Entry:
    """An entry for `name`; its other fields say nothing."""
    return Entry(
        id=f"E-{scope}-{name}",
        scope=scope,
        name=name,
        unicode_name=name,
        category=Category.VIOLENCE,
        case_ref=case_ref,
        decision_ids=("D-1", "D-2", "D-3"),
        people=3,
        policy_code="P-1",
        policy_version=1,
        legal_ground_code="G-1",
        legal_ground_version=1,
        listed_at="2026-01-31T08:00:00.000Z",
    )


def domain(name: str) -> Entry:
    """An entry for `name` and everything below it."""
    return entry(name, Scope.DOMAIN)


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """The entries as the canonical list has them."""
    return sorted(entries, key=lambda each: (each.name, each.scope, each.id))


def view(name: str, entries: Sequence[Entry]) -> View:
    """What the format of that name can say of `entries`."""
    listed = ordered(entries)
    return view_of(FORMATS[name], columns_of(listed), HEADING, lambda: marked(listed))


def lines_of(name: str, entries: Sequence[Entry], file: str = "") -> list[str]:
    """The lines of a file of the format, of its main one where none is named."""
    form = FORMATS[name]
    written = form.files[file or form.file_name](view(name, entries))
    return [line for lines in written for line in lines.split("\n")]


def passed(name: str, lines: Sequence[str], file: str = "") -> list[str]:
    """The same lines, which the last check lets pass as that file of the format, its main one where none is named."""
    said = (f"{line}\n" for line in lines)
    lint.check(name, file or FORMATS[name].file_name, said, serial=HEADING.serial)
    return [*lines]


def left_out(name: str, entries: Sequence[Entry]) -> dict[str, str]:
    """What a format leaves out of `entries`, with the reasons."""
    return {
        each.name: each.reason for each in skipped_of(FORMATS[name], columns_of(ordered(entries)))
    }
