"""What people have settled about pages, as labels a model may learn from: no names, no reasons, no open questions."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from review_queue.categories import (
    HARMLESS,
    PEOPLE_NEEDED,
    WAITING,
    CaseState,
    Category,
    Scope,
    Stance,
    Verdict,
)
from review_queue.store import Store

# A case in one of these says nothing yet, or says so much that no page of its site may pass for harmless.
_UNSETTLED: Final = (*WAITING, CaseState.APPROVED)
_SETTLED: Final = (CaseState.APPROVED, CaseState.DISMISSED, CaseState.REFERRED)
_TAUGHT_BY: Final = {
    CaseState.APPROVED: frozenset({Verdict.VIOLATES}),
    CaseState.DISMISSED: HARMLESS,
    CaseState.REFERRED: frozenset({Verdict.REFER}),
}
# Two people at least had this very page before them when they called the site a violation.
_FEWEST_PEOPLE: Final = {CaseState.APPROVED: PEOPLE_NEEDED[Scope.HOST]}


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page and what enough people concluded about it; `decision_ids` are the decisions that say so."""

    site: str
    category: Category
    stance: Stance
    title: str
    text: str
    lang: str  # as detected when it was fetched, "" where unknown
    sha256: str
    people: int
    decision_ids: tuple[str, ...]
    first_decided_at: str
    last_decided_at: str


def labelled_pages(store: Store) -> list[LabelledPage]:
    """Every page that people settled, ordered by its digest; the same body on several sites counts once.

    Only decisions that stand count, and only in cases that are approved (promotes), dismissed (supports where
    most found it protective, else other) or referred (distress). A page that two cases settle differently is left
    out, and so is a dismissed page of a site about which another case is approved or waits.
    """
    by_body: dict[str, list[LabelledPage]] = {}
    for page in _settled(store):
        by_body.setdefault(page.sha256, []).append(page)
    return [
        _merged(pages)
        for _, pages in sorted(by_body.items())
        if len({_meaning(page) for page in pages}) == 1
    ]


def _settled(store: Store) -> Iterator[LabelledPage]:
    marks = ",".join("?" * len(_SETTLED))
    unsettled = {
        row["site"]
        for row in store.rows(
            f"SELECT DISTINCT site FROM cases WHERE state IN ({','.join('?' * len(_UNSETTLED))})",
            _UNSETTLED,
        )
    }
    rows = store.rows(
        f"""SELECT c.id, c.site, c.category, c.state, s.page_sha256,
                json_group_array(json_array(s.id, s.reviewer_id, s.verdict, s.decided_at)) AS said
            FROM cases c JOIN standing s ON s.case_id = c.id WHERE c.state IN ({marks})
            GROUP BY c.id, s.page_sha256 ORDER BY c.id, s.page_sha256""",
        _SETTLED,
    )
    for row in list(rows):
        state = CaseState(row["state"])
        if state is CaseState.DISMISSED and row["site"] in unsettled:
            continue
        said = json.loads(row["said"])
        voices = [voice for voice in said if Verdict(voice[2]) in _TAUGHT_BY[state]]
        people = len({voice[1].lower() for voice in voices})
        if people >= _FEWEST_PEOPLE.get(state, 1):
            yield from _page(store, row, state, voices, people)


def _page(
    store: Store, row: dict[str, Any], state: CaseState, voices: list[list[str]], people: int
) -> Iterator[LabelledPage]:
    page = store.row(
        "SELECT title, text, lang FROM pages WHERE site = ? AND body_sha256 = ? ORDER BY id LIMIT 1",
        [row["site"], row["page_sha256"]],
    )
    if page is None or not page["text"].strip():
        return
    times = sorted(voice[3] for voice in voices)
    yield LabelledPage(
        site=row["site"],
        category=Category(row["category"]),
        stance=_stance(state, [Verdict(voice[2]) for voice in voices]),
        title=page["title"],
        text=page["text"],
        lang=page["lang"],
        sha256=row["page_sha256"],
        people=people,
        decision_ids=tuple(sorted(voice[0] for voice in voices)),
        first_decided_at=times[0],
        last_decided_at=times[-1],
    )


def _stance(state: CaseState, verdicts: list[Verdict]) -> Stance:
    if state is CaseState.APPROVED:
        return Stance.PROMOTES
    if state is CaseState.REFERRED:
        return Stance.DISTRESS
    protective = verdicts.count(Verdict.PROTECTIVE)
    return Stance.SUPPORTS if protective * 2 > len(verdicts) else Stance.OTHER


def _meaning(page: LabelledPage) -> tuple[Stance, Category | None]:
    # that a page is harmless was asked once for each harm, and is one answer
    is_harmless = page.stance in {Stance.SUPPORTS, Stance.OTHER}
    return (Stance.OTHER, None) if is_harmless else (page.stance, page.category)


def _merged(pages: list[LabelledPage]) -> LabelledPage:
    """One label for one body, with the decisions of all its cases."""
    if len(pages) == 1:
        return pages[0]
    first = min(pages, key=lambda page: page.site)
    ids = {decision for page in pages for decision in page.decision_ids}
    return LabelledPage(
        site=first.site,
        category=first.category,
        stance=_common([page.stance for page in pages]),
        title=first.title,
        text=first.text,
        lang=first.lang,
        sha256=first.sha256,
        people=max(page.people for page in pages),
        decision_ids=tuple(sorted(ids)),
        first_decided_at=min(page.first_decided_at for page in pages),
        last_decided_at=max(page.last_decided_at for page in pages),
    )


def _common(stances: Iterable[Stance]) -> Stance:
    different = set(stances)
    return different.pop() if len(different) == 1 else Stance.OTHER
