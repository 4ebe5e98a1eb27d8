"""The steps between the parts: pages are scored, and what crosses a threshold becomes a case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from classifier.scoring import Scorer
from classifier.sites import SHARES, site_risk
from crawler.archive import body_of
from qalqan.scoring import thresholds_in_use
from review_queue import cases, pages, scored, scores, thresholds
from review_queue.categories import HARMS, Category, Lane, Stance
from review_queue.records import Case, ModelId, Page, PageScore, Surroundings
from review_queue.store import Store

# one transaction a batch: a crash costs the scores of at most this many pages, which are simply scored again
_BATCH = 200


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """What one run of scoring did."""

    pages: int
    cases_opened: int
    referrals_opened: int


def score_store(
    store: Store,
    scorer: Scorer,
    surroundings: Callable[[bytes, str], Surroundings],
    on_progress: Callable[[int], None] = lambda _: None,
) -> ScoreReport:
    """Every fetched page has a score of `scorer`'s model, and each site above a threshold has its cases.

    A threshold the unit set may be lower than when a page was scored: pages with a score are looked at again.

    Args:
        store: where the pages are and the cases go; the thresholds set there for this model come before its own.
        scorer: the model; its thresholds decide where none was set.
        surroundings: builds the shape of a page from its body and content type; called only for pages a
            case is about.
        on_progress: told how many pages each batch had.
    """
    cuts = thresholds_in_use(store, scorer.thresholds, scorer.model_id)
    opened: list[Lane] = []
    # a crawl scores pages and opens no case; where a threshold was ever set, older pages may call for one too
    is_fresh = not thresholds.history(store)
    opened += _caught_up(store, scorer.model_id, cuts, surroundings, is_fresh=is_fresh)
    done = 0
    for batch in pages.unscored(store, scorer.model_id, _BATCH):
        results = list(zip(batch, scorer.score([(p.title, p.text) for p in batch]), strict=True))
        with store.atomic():
            scores.save(store, scorer.model_id, [(page.id, score) for page, score in results])
            for page, score in results:
                opened += _open_cases(store, cuts, page, score, surroundings)
        done += len(batch)
        on_progress(len(batch))
    return ScoreReport(done, opened.count(Lane.REVIEW), opened.count(Lane.REFERRAL))


def _caught_up(
    store: Store,
    model: ModelId,
    cuts: Mapping[Category, float],
    surroundings: Callable[[bytes, str], Surroundings],
    *,
    is_fresh: bool,
) -> list[Lane]:
    """The lanes of the cases newly opened by pages that `model` had scored before."""
    opened: list[Lane] = []
    for batch in scored.pages_above(store, model, cuts, _BATCH, is_fresh=is_fresh):
        with store.atomic():
            for page, score in batch:
                opened += _open_cases(store, cuts, page, score, surroundings)
    return opened


def _open_cases(
    store: Store,
    cuts: Mapping[Category, float],
    page: Page,
    score: PageScore,
    surroundings: Callable[[bytes, str], Surroundings],
) -> list[Lane]:
    """The lanes of the cases this page newly opened."""
    opened = []
    for category, risk in _due(cuts, score):
        lane = Lane.REFERRAL if category is Category.DISTRESS else Lane.REVIEW
        is_referral = category is Category.DISTRESS
        case, is_new = cases.open_case(
            store,
            site=page.site,
            category=category,
            lane=lane,
            page_id=page.id,
            risk=risk if is_referral else site_risk([risk]),
        )
        if not is_referral:  # a person in distress is one page; a site is judged by its worst pages
            case = _moved_up(store, case)
        if case.page_id == page.id and cases.surroundings(store, page.id) is None:
            body = body_of(store, page.id)
            cases.save_surroundings(store, page.id, surroundings(body, page.content_type))
        if is_new:
            opened.append(lane)
    return opened


def _moved_up(store: Store, case: Case) -> Case:
    """The case with the risk that the site's worst pages so far give together."""
    worst = cases.pages_of(store, case, limit=len(SHARES))
    risk = site_risk(score.scores[case.category] for _, score in worst)
    if risk <= case.risk:
        return case
    moved, _ = cases.open_case(
        store,
        site=case.site,
        category=case.category,
        lane=case.lane,
        page_id=worst[0][0].id,
        risk=risk,
    )
    return moved


def _due(cuts: Mapping[Category, float], score: PageScore) -> list[tuple[Category, float]]:
    """Which cases the page calls for: a page in distress is referred, and is nothing else.

    Only this page's own case is turned into a referral; another page of the site may still open an ordinary one.
    """
    distress = score.stance.get(Stance.DISTRESS, 0.0)
    is_top = distress >= max(score.stance.values(), default=0.0)
    if is_top and distress >= cuts[Category.DISTRESS]:
        return [(Category.DISTRESS, distress)]
    return [(harm, score.scores[harm]) for harm in HARMS if score.scores[harm] >= cuts[harm]]
