"""Which sites people found to protect: help, care and research that a block would take from those who need it."""

from review_queue.categories import CaseState, Verdict
from review_queue.store import Store


def sites(store: Store) -> frozenset[str]:
    """The sites with a case that was dismissed, and that at least one person judged protective."""
    rows = store.rows(
        "SELECT DISTINCT c.site FROM cases c JOIN standing s ON s.case_id = c.id"
        " WHERE c.state = ? AND s.verdict = ?",
        [CaseState.DISMISSED, Verdict.PROTECTIVE],
    )
    return frozenset(row["site"] for row in rows)
