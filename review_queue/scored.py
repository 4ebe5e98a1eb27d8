"""What one model scored, as thresholds are chosen from it and applied to it: worst pages, pages above a cut."""

from collections.abc import Iterator, Mapping
from typing import Final

from review_queue.categories import Category
from review_queue.pages import as_page
from review_queue.records import ModelId, Page, PageScore
from review_queue.scores import as_score
from review_queue.store import Store, Value

# Distress is the likeliest stance; both numbers are read from the JSON, so that equal ones stay equal.
_IN_DISTRESS: Final = (
    "coalesce(json_extract(s.stance, '$.distress'), 0)"
    " >= coalesce((SELECT max(j.value) FROM json_each(s.stance) j), 0)"
)
_OF_MODEL: Final = "s.model_id = (SELECT id FROM models WHERE digest = :digest)"


def worst_of_sites(
    store: Store, model: ModelId, distress_cut: float
) -> dict[str, Mapping[Category, float]]:
    """For each site that `model` scored, the highest score of a page in each category.

    A page in distress from `distress_cut` on counts for distress alone, as it opens nothing but a referral.
    """
    rows = store.rows(
        f"""SELECT site, max(CASE WHEN in_distress THEN distress ELSE 0.0 END) AS distress,
                max(CASE WHEN in_distress AND distress >= :cut THEN 0.0 ELSE self_harm END) AS self_harm,
                max(CASE WHEN in_distress AND distress >= :cut THEN 0.0 ELSE violence END) AS violence
            FROM (SELECT p.site, s.self_harm, s.violence, s.distress, {_IN_DISTRESS} AS in_distress
                FROM scores s JOIN pages p ON p.id = s.page_id WHERE {_OF_MODEL})
            GROUP BY site ORDER BY site""",
        {"digest": model.digest, "cut": distress_cut},
    )
    return {row["site"]: {category: row[category] for category in Category} for row in rows}


def pages_above(
    store: Store,
    model: ModelId,
    cuts: Mapping[Category, float],
    batch: int,
    *,
    is_fresh: bool = False,
) -> Iterator[list[tuple[Page, PageScore]]]:
    """Batches of pages that `model` scored at or above a cut of any category, oldest first.

    With `is_fresh`, those are left out which were scored before their site had its case of that category.
    """
    fresh = (
        " AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.site = p.site AND c.category = '{0}'"
        " AND c.opened_at > s.scored_at)"
        if is_fresh
        else ""
    )
    above = " OR ".join(
        f"(s.{category.value} >= :{category.value}{fresh.format(category.value)})"
        for category in Category
    )
    values: dict[str, Value] = {category.value: cut for category, cut in cuts.items()}
    last = 0
    while True:
        rows = list(
            store.rows(
                f"""SELECT p.id, p.url, p.host, p.site, p.fetched_at, p.status, p.title, p.text,
                        p.lang AS page_lang, p.content_type, p.body_sha256,
                        s.lang, s.self_harm, s.violence, s.risk, s.stance, s.evidence, s.disguised
                    FROM scores s JOIN pages p ON p.id = s.page_id
                    WHERE {_OF_MODEL} AND s.page_id > :last AND ({above})
                    ORDER BY s.page_id LIMIT :batch""",
                {**values, "digest": model.digest, "last": last, "batch": batch},
            )
        )
        if not rows:
            return
        last = rows[-1]["id"]
        yield [(as_page({**row, "lang": row["page_lang"]}), as_score(row)) for row in rows]


def first_decided(store: Store) -> dict[str, str]:
    """When anybody first decided anything about a site, for every site with a decision."""
    rows = store.rows(
        "SELECT c.site, min(d.decided_at) AS first FROM decisions d JOIN cases c ON c.id = d.case_id"
        " GROUP BY c.site"
    )
    return {row["site"]: row["first"] for row in rows}
