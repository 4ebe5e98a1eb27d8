"""The eight sites of the sample web that promote suicide or violence, put together in memory at serve time.

No such page stands in a file: the fragments are single sentences of attitude with their slots open, and a page
exists from the moment the sample web starts until it ends.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from qalqan.sample_web.sites import SamplePage, SampleSite, Truth
from review_queue.hosts import parse_host

MAX_FRAGMENT_WORDS: Final = 25
_FRAGMENTS_A_PAGE: Final = 6
_FILLERS_A_PAGE: Final = 5
_NICKNAMES: Final = ("vesper", "k_7", "torgai", "noname", "Dauys", "lynx", "host_3", "Zhel")

# generic words only: no method, no real group
_SLOTS: Final[Mapping[tuple[Truth, str], Mapping[str, tuple[str, ...]]]] = {
    (Truth.SELF_HARM, "kk"): {"act": ("өмірден кету", "өз өмірін қию")},
    (Truth.SELF_HARM, "ru"): {"act": ("уйти из жизни", "покончить с собой")},
    (Truth.SELF_HARM, "en"): {"act": ("end your life", "leave this life")},
    (Truth.VIOLENCE, "kk"): {"act": ("құрту", "өлтіру"), "group": ("жаттар", "сатқындар")},
    (Truth.VIOLENCE, "ru"): {"act": ("бить", "убивать"), "group": ("чужаки", "предатели")},
    (Truth.VIOLENCE, "en"): {
        "act": ("kill", "destroy"),
        "group": ("the outsiders", "the traitors"),
    },
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where a composed site lives and what it is called; both say nothing of what it is."""

    host: str
    name: str
    title: str
    lang: str
    truth: Truth


_PLANS: Final = (
    _Plan("tungi-jol.example", "Түнгі жол", "Тақырып: біздің жол", "kk", Truth.SELF_HARM),
    _Plan("tihiy-bereg.example", "Тихий берег", "Тема: для тех, кто решил", "ru", Truth.SELF_HARM),
    _Plan("last-harbour-room.example", "Last Harbour Room", "Thread: why we are here", "en", Truth.SELF_HARM),
    _Plan("seroe-okno.example", "Серое окно", "Тема: наш круг", "ru", Truth.SELF_HARM),
    _Plan("kok-naiza.example", "Көк найза", "Тақырып: бауырларға сөз", "kk", Truth.VIOLENCE),
    _Plan("chernyy-veter.example", "Чёрный ветер", "Тема: слово к братьям", "ru", Truth.VIOLENCE),
    _Plan("ashguard-hall.example", "Ashguard Hall", "Thread: a word to our own", "en", Truth.VIOLENCE),
    _Plan("qara-tu.example", "Қара ту", "Тақырып: кім бізбен", "kk", Truth.VIOLENCE),
)  # fmt: skip


def needle_sites(seed: int = 0) -> tuple[SampleSite, ...]:
    """The eight sites, the same for the same seed: fragments with their slots filled, between ordinary forum talk."""
    return tuple(_compose(plan, random.Random(f"{seed}:{plan.host}")) for plan in _PLANS)


def fragments(truth: Truth, language: str) -> tuple[str, ...]:
    """The fragments of one harm and language with their slots open, without the name of their move."""
    return tuple(line.partition(": ")[2] for line in _lines(f"{truth}.{language}.txt"))


def fillers(language: str) -> tuple[str, ...]:
    """Ordinary forum talk of one language."""
    return _lines(f"filler.{language}.txt")


def _compose(plan: _Plan, rng: random.Random) -> SampleSite:
    slots = _SLOTS[plan.truth, plan.lang]
    said = [
        _filled(fragment, {slot: rng.choice(words) for slot, words in slots.items()})
        for fragment in rng.sample(fragments(plan.truth, plan.lang), _FRAGMENTS_A_PAGE)
    ]
    posts = said + rng.sample(fillers(plan.lang), _FILLERS_A_PAGE)
    rng.shuffle(posts)
    text = "\n\n".join(f"@{rng.choice(_NICKNAMES)}\n{post}" for post in posts)
    page = SamplePage("/", plan.title, text)
    return SampleSite(parse_host(plan.host), plan.name, plan.lang, "composed", plan.truth, (page,))


def _filled(fragment: str, words: Mapping[str, str]) -> str:
    said = fragment.format_map(words)
    return said[0].upper() + said[1:]


def _lines(name: str) -> tuple[str, ...]:
    text = (files(__package__) / "fragments" / name).read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)
