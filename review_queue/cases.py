"""The review queue: one case for each site and category, riskiest first, with what a person needs to judge it."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from review_queue import audit
from review_queue.categories import WAITING, CaseState, Category, Lane
from review_queue.errors import UnknownCaseError
from review_queue.pages import as_page
from review_queue.records import Case, Page, PageScore, Surroundings
from review_queue.scores import as_score
from review_queue.store import Store, Value

# no 0/O, 1/I/L, U: a reference is read out over the telephone
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_CLOSED_WITHOUT_BLOCK: Final = (CaseState.DISMISSED, CaseState.REFERRED, CaseState.NOT_DISTRESS)
# of a page no program could read there is no score: behind what the model is sure of, before what it doubts
BY_HAND_RISK: Final = 0.5
_SELECT: Final = (
    "SELECT c.*, (SELECT json_group_array(DISTINCT s.reviewer_id) FROM standing s WHERE s.case_id = c.id) AS people"
    " FROM cases c"
)


def open_case(
    store: Store, *, site: str, category: Category, lane: Lane, page_id: int, risk: float
) -> tuple[Case, bool]:
    """The site has a case of this category; True where it is new, or opened anew.

    A case that waits moves up the queue by a riskier page. One that was closed without a block keeps its
    state, unless a page fetched since is riskier than what people judged: a site may be cleaned, dismissed and
    filled again. So may one whose blocks were all lifted; where they only ended, or the content was gone, any page
    fetched since that calls for a case is enough.
    """
    with store.atomic():
        row = store.row("SELECT * FROM cases WHERE site = ? AND category = ?", [site, category])
        about = {"site": site, "category": category, "lane": lane, "page_id": page_id, "risk": risk}
        if row is None:
            return _opened(store, about, actor="system"), True
        is_anew = risk > row["risk"] and _is_unjudged(store, row, page_id)
        is_anew = is_anew or _is_filled_again(store, row, page_id, risk)
        if is_anew:
            _reopen(store, row, about, actor="system")
        if is_anew or (risk > row["risk"] and row["state"] in WAITING):
            store.run(
                "UPDATE cases SET risk = ?, page_id = ? WHERE id = ?", [risk, page_id, row["id"]]
            )
        return get(store, row["ref"]), is_anew


def open_by_hand(store: Store, page: Page, category: Category, *, actor: str) -> tuple[Case, bool]:
    """The site has a case of this category that waits or blocks; True where `actor` opened it, or opened it anew.

    A case that waits stays as it is: what put it there says more than a page without a score. One that was closed
    without a block is opened anew over this page, which nobody can have judged without opening it.
    """
    lane = Lane.REFERRAL if category is Category.DISTRESS else Lane.REVIEW
    about = {"site": page.site, "category": category, "lane": lane, "page_id": page.id,
             "risk": BY_HAND_RISK}  # fmt: skip
    with store.atomic():
        row = store.row(
            "SELECT * FROM cases WHERE site = ? AND category = ?", [page.site, category]
        )
        if row is None:
            return _opened(store, about, actor=actor), True
        is_anew = row["state"] in _CLOSED_WITHOUT_BLOCK
        if is_anew:
            _reopen(store, row, about, actor=actor)
            store.run(
                "UPDATE cases SET risk = ?, page_id = ? WHERE id = ?",
                [BY_HAND_RISK, page.id, row["id"]],
            )
        return get(store, row["ref"]), is_anew


def of_site(store: Store, site: str) -> list[Case]:
    """All cases of the site, in the order of their categories."""
    return [_case(r) for r in store.rows(f"{_SELECT} WHERE c.site = ? ORDER BY c.category", [site])]


def waiting(
    store: Store, *, lane: Lane | None = None, limit: int = 50, offset: int = 0
) -> list[Case]:
    """Cases that wait for somebody, riskiest first."""
    sql, params = _waiting(lane)
    rows = store.rows(
        f"{_SELECT} WHERE {sql} ORDER BY c.risk DESC, c.id LIMIT ? OFFSET ?",
        [*params, limit, offset],
    )
    return [_case(row) for row in rows]


def count_waiting(store: Store, *, lane: Lane | None = None) -> int:
    """How many cases `waiting` holds in all."""
    sql, params = _waiting(lane)
    return int(store.value(f"SELECT count(*) FROM cases c WHERE {sql}", params))


def by_state(store: Store, *states: CaseState) -> list[Case]:
    """All cases in one of `states`, riskiest first."""
    marks = ",".join("?" * len(states))
    return [
        _case(r)
        for r in store.rows(
            f"{_SELECT} WHERE c.state IN ({marks}) ORDER BY c.risk DESC, c.id", states
        )
    ]


def get(store: Store, ref: str) -> Case:
    """The case with this reference, in any letter case.

    Raises:
        UnknownCaseError: there is none.
    """
    row = store.row(f"{_SELECT} WHERE c.ref = ?", [ref.strip().upper()])
    if row is None:
        raise UnknownCaseError(f"no case {ref[:20]!r}; `qalqan queue list` shows the references")
    return _case(row)


def pages_of(store: Store, case: Case, limit: int = 20) -> list[tuple[Page, PageScore]]:
    """The scored pages of the case's site with their newest score, those that weigh most for its category first."""
    rows = store.rows(
        f"""SELECT p.id, p.url, p.host, p.site, p.fetched_at, p.status, p.title, p.text, p.lang AS page_lang,
                p.content_type, p.body_sha256, s.lang, s.self_harm, s.violence, s.risk, s.stance, s.evidence,
                s.disguised
            FROM pages p JOIN scores s ON s.page_id = p.id
            WHERE p.site = ? AND s.model_id = (SELECT n.model_id FROM scores n WHERE n.page_id = p.id
                ORDER BY n.scored_at DESC, n.model_id DESC LIMIT 1)
            ORDER BY s.{case.category.value} DESC, p.id LIMIT ?""",
        [case.site, limit],
    )
    return [(as_page({**row, "lang": row["page_lang"]}), as_score(row)) for row in rows]


def count_pages(store: Store, case: Case) -> int:
    """How many pages of the case's site have a score."""
    return int(
        store.value(
            "SELECT count(*) FROM pages p WHERE p.site = ?"
            " AND EXISTS (SELECT 1 FROM scores s WHERE s.page_id = p.id)",
            [case.site],
        )
    )


def hosts_of(store: Store, case: Case) -> list[str]:
    """The host names of the site that pages were fetched from, that of the riskiest page first."""
    rows = store.rows(
        "SELECT host, max(id = ?) AS riskiest FROM pages WHERE site = ? GROUP BY host ORDER BY riskiest DESC, host",
        [case.page_id, case.site],
    )
    return [row["host"] for row in rows]


def save_surroundings(store: Store, page_id: int, content: Surroundings) -> None:
    """The page's surroundings are kept, for good: they are what people will have seen.

    Raises:
        RefusedError: the page has some already.
    """
    store.run(
        "INSERT INTO surroundings(page_id, content) VALUES (?,?)",
        [
            page_id,
            json.dumps(
                [content.headings, content.blocks, content.link_texts, content.truncated],
                ensure_ascii=False,
            ),
        ],
    )


def surroundings(store: Store, page_id: int) -> Surroundings | None:
    """The page's surroundings, or None where none were built."""
    content = store.value("SELECT content FROM surroundings WHERE page_id = ?", [page_id])
    if content is None:
        return None
    headings, blocks, link_texts, truncated = json.loads(content)
    return Surroundings(tuple(headings), tuple(blocks), tuple(link_texts), truncated=truncated)


def _opened(store: Store, about: Mapping[str, Any], *, actor: str) -> Case:
    ref = _new_ref(store)
    store.run(
        "INSERT INTO cases(ref, site, category, lane, state, risk, page_id, opened_at)"
        " VALUES (?,?,?,?,?,?,?,?)",
        [ref, about["site"], about["category"], about["lane"], CaseState.OPEN, about["risk"], about["page_id"],
         store.now()],
    )  # fmt: skip
    audit.append(store, actor=actor, action="case.opened", subject=ref, detail=about)
    return get(store, ref)


def _reopen(store: Store, row: dict[str, Any], about: Mapping[str, Any], *, actor: str) -> None:
    store.run(
        "UPDATE cases SET state = ?, turn = turn + 1 WHERE id = ?", [CaseState.OPEN, row["id"]]
    )
    audit.append(store, actor=actor, action="case.reopened", subject=row["ref"], detail=about)


def _is_unjudged(store: Store, row: dict[str, Any], page_id: int) -> bool:
    """Whether the closed case `row` blocks nothing and nobody can have seen this page when it was closed."""
    return row["state"] in _CLOSED_WITHOUT_BLOCK and bool(
        store.value(
            "SELECT 1 FROM pages WHERE id = ? AND fetched_at >"
            " (SELECT coalesce(max(decided_at), '') FROM decisions WHERE case_id = ?)",
            [page_id, row["id"]],
        )
    )


def _is_filled_again(store: Store, row: dict[str, Any], page_id: int, risk: float) -> bool:
    """Whether the case `row` blocks nothing any more, and nobody who lifted its blocks can have seen this page."""
    if row["state"] != CaseState.APPROVED:
        return False
    lifted = store.row(
        "SELECT max(l.lifted_at) AS at, min(l.reason IN ('expired', 'content_gone')) AS is_only_over"
        " FROM lifts l JOIN entries e ON e.id = l.entry_id WHERE e.case_id = :case"
        " AND NOT EXISTS (SELECT 1 FROM live_entries v WHERE v.case_id = :case)",
        {"case": row["id"]},
    )
    if lifted is None or lifted["at"] is None or not (lifted["is_only_over"] or risk > row["risk"]):
        return False
    return bool(
        store.value("SELECT fetched_at > ? FROM pages WHERE id = ?", [lifted["at"], page_id])
    )


def _waiting(lane: Lane | None) -> tuple[str, list[Value]]:
    marks = ",".join("?" * len(WAITING))
    lanes: list[Value] = [lane] if lane else list(Lane)
    return f"c.state IN ({marks}) AND c.lane IN ({','.join('?' * len(lanes))})", [*WAITING, *lanes]


def _new_ref(store: Store) -> str:
    """A random reference: the number of cases is nobody's to read off it."""
    while True:
        letters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
        ref = f"KZ-{letters[:4]}-{letters[4:]}"
        if store.value("SELECT 1 FROM cases WHERE ref = ?", [ref]) is None:
            return ref


def _case(row: dict[str, Any]) -> Case:
    return Case(
        id=row["id"],
        ref=row["ref"],
        site=row["site"],
        category=Category(row["category"]),
        lane=Lane(row["lane"]),
        state=CaseState(row["state"]),
        risk=row["risk"],
        page_id=row["page_id"],
        opened_at=row["opened_at"],
        decided_by=tuple(json.loads(row["people"])),
    )
