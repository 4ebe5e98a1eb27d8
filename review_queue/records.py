"""The rows that cross a package border, as frozen dataclasses; no part passes bare dicts to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from review_queue.categories import (
    CaseState,
    Category,
    Lane,
    Scope,
    Stance,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Seed:
    """A URL we were given to look at; higher `priority` is crawled first."""

    url: str
    source: str = ""
    priority: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched document. `body` is the raw response after transfer decoding, capped in size."""

    url: str  # canonical
    host: str  # A-label
    site: str  # registrable domain, A-label
    fetched_at: str
    status: int
    title: str
    text: str
    lang: str  # ISO 639-1, "" where unknown
    body_sha256: str
    body: bytes = field(repr=False, default=b"")
    content_type: str = ""
    id: int = 0  # 0 until stored


@dataclass(frozen=True, slots=True)
class Link:
    """A link found on a page; `url` is canonical.

    `words` are numbers of the words of anchor and address. `shape` is "" unless there may be any number of addresses
    like it: which part of a site's pages they may have, one in so many, and what they have in common.
    """

    url: str
    site: str
    anchor: str = ""
    words: tuple[int, ...] = field(default=(), compare=False)
    shape: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """One frontier URL leased to a crawl until acknowledged by `frontier.acknowledge`."""

    id: int
    url: str
    site: str
    depth: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one claim: a page, or an error kind; never both empty."""

    claim: Claim
    page: Page | None = None
    links: tuple[Link, ...] = ()  # same-site links to follow
    offsite: tuple[Link, ...] = ()  # candidates
    error: str = ""  # a short kind such as "dns", "timeout", "robots", "not_html"
    retry: bool = False  # the error may pass: due again after a back-off
    size_bytes: int = 0
    capture: "Capture | None" = field(repr=False, default=None)  # the exchange the page came by
    score: "PageScore | None" = None
    unread: str = ""  # why the page has no text: one of `unread.REASONS`
    screenshot: bytes = field(repr=False, default=b"")  # a blurred PNG of the page in a browser


@dataclass(frozen=True, slots=True)
class Capture:
    """One exchange as the two WARC records that are its evidence; each is a gzip member of its own."""

    request: bytes = field(repr=False)
    response: bytes = field(repr=False)
    request_id: str
    response_id: str
    sha256: str  # of the response record and the request record after it, as they are stored
    payload_sha256: str  # of the body as received
    response_head: bytes = field(repr=False)  # of HTTP, as it stands in the record
    url: str
    fetched_at: str
    ip: str = ""
    tls: str = ""
    truncated: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a capture's records were written; `refers_to` is the capture that holds its payload, if it does not."""

    file_id: int
    offset: int
    length: int
    response_length: int
    sha256: str
    refers_to: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A site seen through an off-site link, not yet crawled."""

    site: str
    url: str
    found_on: str
    anchor: str
    found_at: str


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which fitted artefact made a score; `digest` is the SHA-256 of its weights file."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that drove a score: `text == page_text[start:end]`, weight is its share of the log-odds.

    `move` is one of `Move` where the model can name what the sentence does, "" otherwise; a hint, no finding.
    """

    text: str
    start: int
    end: int
    category: Category
    weight: float
    move: str = ""


@dataclass(frozen=True, slots=True)
class PageScore:
    """A model's numbers for one page, each in 0..1.

    `scores` are per harm: how likely the page promotes it. `stance` sums to 1. `risk` is what the queue is
    ordered by: the largest of `scores`. `disguised` is the share of the page's letters that were undone as
    disguises before anything was read.
    """

    lang: str
    scores: Mapping[Category, float]
    stance: Mapping[Stance, float]
    risk: float
    evidence: tuple[Evidence, ...] = ()
    disguised: float = 0.0

    @property
    def moves(self) -> tuple[str, ...]:
        """The moves named among the evidence: the one of most sentences first, then the heavier one."""
        sentences: dict[tuple[int, str], float] = {}  # a sentence may speak for both harms
        for item in self.evidence:
            if item.move:
                key = (item.start, item.move)
                sentences[key] = max(item.weight, sentences.get(key, 0.0))
        ranks: dict[str, tuple[int, float]] = {}
        for (_, move), weight in sentences.items():
            times, total = ranks.get(move, (0, 0.0))
            ranks[move] = (times - 1, total - weight)
        return tuple(sorted(ranks, key=lambda move: (*ranks[move], move)))


@dataclass(frozen=True, slots=True)
class Case:
    """One site waiting for, or holding, a review of one category."""

    id: int
    ref: str  # random public reference such as KZ-7F3K-9QXM, says nothing of volume
    site: str
    category: Category
    lane: Lane
    state: CaseState
    risk: float
    page_id: int  # the riskiest page
    opened_at: str
    decided_by: tuple[str, ...] = ()  # ids of people holding an unsuperseded decision


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person as decisions remember them: an opaque stable id, the name and role at that time."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision before the store has taken it."""

    case_ref: str
    reviewer: Reviewer
    verdict: Verdict
    reason: str
    scope: Scope | None = None  # with VIOLATES only
    name: str = ""  # the host name to block, A-label; with VIOLATES only
    policy_code: str = ""  # with VIOLATES only
    policy_version: int = 0
    legal_ground_code: str = ""
    legal_ground_version: int = 0
    supersedes: str = ""  # id of this person's decision that this one corrects


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it stands in the store for good."""

    id: str
    case_ref: str
    reviewer: Reviewer
    verdict: Verdict
    scope: Scope | None
    name: str
    policy_code: str
    policy_version: int
    legal_ground_code: str
    legal_ground_version: int
    reason: str
    decided_at: str
    supersedes: str
    superseded: bool
    page_sha256: str
    score: float
    model: ModelId | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a rule people decide by; titles and guides in kk, ru and en."""

    code: str
    version: int
    category: Category
    severity: int
    titles: Mapping[str, str]
    guides: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LegalGround:
    """One version of a law a block rests on; a unit fills in its own."""

    code: str
    version: int
    titles: Mapping[str, str]
    texts: Mapping[str, str]
    is_sample: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One published block, with what it rests on."""

    id: str
    scope: Scope
    name: str  # in the normal form of its scope: an A-label, a URL, an address, a network
    unicode_name: str
    category: Category
    case_ref: str
    decision_ids: tuple[str, ...]
    people: int
    policy_code: str
    policy_version: int
    legal_ground_code: str
    legal_ground_version: int
    listed_at: str
    review_at: str = ""  # when somebody looks whether it is still right
    expires_at: str = ""  # when it is lifted by itself; "" where never
    papers: tuple[str, ...] = ()  # decisions on paper, where it was taken over from elsewhere
    overrides: tuple[str, ...] = ()  # ids of the guards' overrides it needed


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The shape of a page around its evidence: plain text only, capped in number and length."""

    headings: tuple[str, ...]
    blocks: tuple[str, ...]
    link_texts: tuple[str, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class BadRow:
    """An input row that was left out: where it stood and why."""

    line: int
    reason: str
