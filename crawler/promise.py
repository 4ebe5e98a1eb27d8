"""How much a link promises, learned from what became of earlier ones: counts, smoothed, and nothing else.

The chance that a fetch is worth its while is estimated in steps, each of which corrects the one before as far as it
has seen enough: from the page a link stands on, by the words of the link, by what other links of that site led to, by
what was found on its own site. With nothing learned yet the first step alone speaks, from `_FIRST_GUESSES`.

The constants were set on seeds 100 to 105 of `benchmarks/linked_web.py`; figures in docs are of other seeds.
"""

import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from review_queue.categories import Category, Stance
from review_queue.links import Lead
from review_queue.records import PageScore

# how near to harm a page is
UNKNOWN, FAR, FAINT, SOME, ON_SUBJECT, HARM = range(6)
LEVELS: Final = 6
# how much of what a page leads to counts as its own worth, for each click
DISCOUNT: Final = 0.4
LOWEST_PRIORITY: Final = -1000
HIGHEST_PRIORITY: Final = -1

# what a page is worth by itself: a page on the subject is a step towards others, and one page that a model takes for
# harm among many that it does not is more often its error than a find, so the rest comes from what the page leads to
WORTHS: Final = (0.0, 0.0, 0.0, 0.02, 0.1, 0.4)
# Of composed pages about neither harm .3 % reach both a cut and `_SURE`, of those that promote one 72 %; 1 % and 60 %
# of those on the subject reach `_ON_SUBJECT`. A cut alone is reached by 1.4 % of the former.
_SURE: Final = 0.8  # probability of any stance towards the subject
_ON_SUBJECT: Final = 0.9
_SOME: Final = 0.7
_FAINT: Final = 0.5
# of a link on a page so near to harm, before anything was learned
_FIRST_GUESSES: Final = (0.005, 0.003, 0.005, 0.012, 0.04, 0.12)
_BEFORE_SHARE: Final = 0.3  # of the guess for the page before
_PAIR_WEIGHT: Final = 15.0  # a first guess counts as so many fetches
_WORD_WEIGHT: Final = 8.0
_SENDER_WEIGHT: Final = 6.0
_SITE_WEIGHT: Final = 2.5
_BASE_WEIGHT: Final = 100.0
_BASE_GUESS: Final = 0.005
_WORDS_LOW, _WORDS_HIGH = -2.0, 3.0
_WORD_SLOTS: Final = 1 << 16
_MOST_SITES: Final = 50_000
_MORE_LINKS: Final = 0.4  # log-odds for each doubling of the pages near to harm that link to a site
_SEED_STEP: Final = 20  # points for a step of priority of the site's seed
_SEED_MOST: Final = 300
# the range of log-odds that the points of a priority cover
_LOGIT_LOW, _LOGIT_HIGH = -9.0, 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """One reason for a link's priority: the chance after it was heard."""

    name: str
    chance: float
    seen: float  # fetches it rests on


class _Tallies:
    """Fetches and their worth by name; names not heard of for longest are forgotten."""

    def __init__(self) -> None:
        self._counts: dict[str, list[float]] = {}

    def get(self, name: str) -> Sequence[float]:
        return self._counts.get(name, _NONE)

    def add(self, name: str, tried: float, worth: float) -> None:
        counts = self._counts.pop(name, None) or [0.0, 0.0]
        counts[0] += tried
        counts[1] += worth
        self._counts[name] = counts
        if len(self._counts) > _MOST_SITES:
            del self._counts[next(iter(self._counts))]


_NONE: Final = (0.0, 0.0)


def near_of(score: PageScore | None, cuts: Mapping[Category, float]) -> int:
    """How near to harm a page with this score is."""
    if score is None:
        return UNKNOWN
    about = sum(score.stance.values()) - score.stance.get(Stance.OTHER, 0.0)
    reached = any(value >= cuts.get(harm, 2.0) for harm, value in score.scores.items())
    if reached and about >= _SURE:
        return HARM
    if about >= _ON_SUBJECT:
        return ON_SUBJECT
    if reached or about >= _SOME:
        return SOME
    return FAINT if about >= _FAINT else FAR


def pair_of(near: int, before: int) -> int:
    """The number of a page's nearness together with that of the page it was found on, as leads keep it."""
    return near * LEVELS + before


def nearness(pair: int) -> int:
    """The nearness of the page itself out of such a pair."""
    return pair // LEVELS


class Promise:
    """What was learned of links so far, and what it says of others. Its size does not grow with the crawl."""

    def __init__(self) -> None:
        self._base = [_BASE_WEIGHT, _BASE_WEIGHT * _BASE_GUESS]
        self._pairs = [
            [_PAIR_WEIGHT, _PAIR_WEIGHT * max(guess, _BEFORE_SHARE * before)]
            for guess in _FIRST_GUESSES
            for before in _FIRST_GUESSES
        ]
        self._word_tried = array("f", bytes(4 * _WORD_SLOTS))
        self._word_worth = array("f", bytes(4 * _WORD_SLOTS))
        self._sites = _Tallies()
        self._senders = _Tallies()

    def learn(self, lead: Lead, site: str, sender: str, *, tried: float, worth: float) -> None:
        """A fetch by `lead` was worth so much; what comes of it later is told again, with `tried` 0."""
        self._base[0] += tried
        self._base[1] += worth
        pair = self._pairs[lead.near]
        pair[0] += tried
        pair[1] += worth
        for word in lead.words:
            self._word_tried[word] += tried
            self._word_worth[word] += worth
        self._sites.add(site, tried, worth)
        if sender and sender != site:
            self._senders.add(sender, tried, worth)

    def learn_site(self, site: str, *, tried: float, worth: float) -> None:
        """A page of the site to which no lead led was worth so much."""
        self._sites.add(site, tried, worth)

    def fetches_of(self, site: str) -> int:
        """How many fetched pages of the site were learned from, as far as it is remembered."""
        return int(self._sites.get(site)[0])

    def chance(self, lead: Lead, site: str, sender: str) -> float:
        """The chance that a fetch by `lead` is worth its while."""
        tried, worth = self._pairs[lead.near]
        odds = worth / max(tried - worth, 0.01)
        odds *= math.exp(self._said_by_words(lead.words))
        chance = odds / (1 + odds)
        if sender and sender != site:
            tried, worth = self._senders.get(sender)
            chance = (worth + _SENDER_WEIGHT * chance) / (tried + _SENDER_WEIGHT)
        tried, worth = self._sites.get(site)
        return min(0.999, (worth + _SITE_WEIGHT * chance) / (tried + _SITE_WEIGHT))

    def explain(self, lead: Lead, site: str, sender: str) -> tuple[Part, ...]:
        """The steps to the chance of this link, in their order; the last one has the chance itself."""
        bare = Lead(lead.source, lead.near, lead.away)
        tried, _ = self._pairs[lead.near]
        words_tried = sum(self._word_tried[word] for word in lead.words)
        parts = [
            Part("page it stands on", self.chance(bare, "", ""), tried - _PAIR_WEIGHT),
            Part("words of anchor and address", self.chance(lead, "", ""), words_tried),
        ]
        if sender and sender != site:
            parts.append(
                Part(
                    "links of that site",
                    self.chance(lead, "", sender),
                    self._senders.get(sender)[0],
                )
            )
        parts.append(
            Part("its own site", self.chance(lead, site, sender), self._sites.get(site)[0])
        )
        return tuple(parts)

    def _said_by_words(self, words: Sequence[int]) -> float:
        base = self._base[1] / self._base[0]
        said = 0.0
        for word in words:
            tried = self._word_tried[word]
            if tried:
                rate = (self._word_worth[word] + _WORD_WEIGHT * base) / (tried + _WORD_WEIGHT)
                said += math.log(rate / base)
        return min(_WORDS_HIGH, max(_WORDS_LOW, said))


def points(chance: float, *, links: int = 1, seed_priority: int = 0) -> int:
    """The priority of a link of that chance: below every seed, higher where more pages or people point to it."""
    logit = math.log(max(chance, 1e-6) / (1 - chance))
    if links > 1:
        logit += _MORE_LINKS * math.log2(links)
    share = (logit - _LOGIT_LOW) / (_LOGIT_HIGH - _LOGIT_LOW)
    extra = min(_SEED_MOST, _SEED_STEP * max(0, seed_priority))
    value = LOWEST_PRIORITY + round(share * (HIGHEST_PRIORITY - LOWEST_PRIORITY)) + extra
    return max(LOWEST_PRIORITY, min(HIGHEST_PRIORITY, value))
