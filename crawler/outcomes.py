"""The outcome of a claim, as the store keeps it: what a reader answered, or the kind of an error."""

from dataclasses import replace

from crawler.faults import may_pass
from crawler.reading import Answer
from review_queue.records import Claim, Link, Outcome


def outcome_of(claim: Claim, answer: Answer, payload: bytes) -> Outcome:
    """The outcome of a claim whose response a reader has answered; `payload` is the body as received."""
    if answer.page is None:
        return error_outcome(claim, answer.error, size_bytes=answer.size_bytes)
    page = answer.page
    if answer.capture is None and not page.body:
        # the reader sends back no body that is here already
        page = replace(page, body=payload)
    return Outcome(
        claim,
        page,
        answer.links,
        answer.offsite,
        size_bytes=answer.size_bytes,
        capture=answer.capture,
        score=answer.score,
        unread=answer.unread,
        screenshot=answer.screenshot,
    )


def error_outcome(
    claim: Claim, kind: str, *, offsite: tuple[Link, ...] = (), size_bytes: int = 0
) -> Outcome:
    """The outcome of a claim that got no page."""
    return Outcome(claim, offsite=offsite, error=kind, retry=may_pass(kind), size_bytes=size_bytes)
