"""Structure features for the ablations: how a text speaks, counted by short word lists in three languages.

Counts only, sentence by sentence, so that windows and pages are sums of them; `rates` makes them features.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# A word counts where it is listed, begins with a stem ("stem-") or ends with an ending ("-ending").
_LISTS: Final[dict[str, str]] = {
    "second person": "you your yours yourself ты тебя тебе тобой твой твоя твои вы вас вам вами ваш ваша ваши"
    " сен сенің сені саған сіз сіздің сізді сізге сендер сіздер -ешь -ишь -ёшь -сың -сің -сыңдар -сіңдер",
    "first person": "i me my we us our я меня мне мной мой моя мои мы нас нам наш наша наши"
    " мен менің мені маған біз біздің бізді бізге -мын -мін -мыз -міз",
    "they": "they them their он она они их им ему ей ол олар олардың оларды",
    "imperative": "let's join do go stop take get make come start stand rise never must let"
    " давай давайте пусть вперёд хватит -йте -ите -йтесь -итесь -ьте"
    " кел келіңдер -ңыз -ңіз -ңдар -ңдер -ыңызда -айық -ейік",
    "ought": "should need have ought надо нужно должен должна должны обязан- керек қажет тиіс",
    "negation": "not no never none nobody don't doesn't isn't won't can't cannot не нет ни никогда нельзя"
    " никто емес жоқ ешқашан ешкім -майды -мейді -байды -бейді -майсың -мейсің",
    "subject": "kill- suicid- die dead death dying blood- attack- bomb- weapon- murder- violen- war hurt- pain-"
    " убив- убит- убий- самоуб- суицид- умер- умир- смерт- кров- напад- взрыв- оруж- насили- войн- бол-"
    " өлім- өлтір- өлу- суицид- қан қанды шабуыл- жарылыс- қару- зорлық- соғыс- ауырсын-",
    "reporting": "said says told reported report according stated announced witnesses сказал- сообщ- заяв-"
    " рассказ- отмет- данным словам деді айтты хабарла- мәлімде- мәлімет-",
    "past": "was were had did -ed был была было были -лся -лась -лись -ал -ала -али -ил -ила -или"
    " еді болды -ған -ген -қан -кен -ды -ді -ты -ті",
    "help": "help- hotline helpline counsel- therap- psycholog- support- doctor помощ- помог- доверия психолог-"
    " психотерапевт- врач- поддерж- специалист- көмек- сенім психолог- дәрігер- қолда- маман-",
    "law": "court law- police arrest- convict- sentenced prosecut- суд суда суде закон- полици- задерж-"
    " приговор- прокур- статья статье сот сотта заң- полиция- қамау- үкім- прокур- бап",
    "study": "study studies research- universit- scien- percent data исследован- университет- учён- процент-"
    " данные зерттеу- университет- ғалым- пайыз- дерек-",
    "story": "game- player- level- novel character- film- story chapter- игр- игрок- уров- роман- фильм- геро-"
    " глав- ойын- ойыншы- кейіпкер- фильм- тарау-",
    "month": "january february march april may june july august september october november december"
    " январ- феврал- март- апрел- мая июн- июл- август- сентябр- октябр- ноябр- декабр-"
    " қаңтар- ақпан- наурыз- сәуір- мамыр- маусым- шілде- тамыз- қыркүйек- қазан- қараша- желтоқсан-",
    "condition": "if when unless если когда пока егер қашан",
    "all or nothing": "all always every everyone only nothing все всё всегда каждый только ничего"
    " бәрі барлық әрқашан тек ештеңе",
}
_MARKS: Final[dict[str, str]] = {
    "question": r"\?",
    "exclamation": "!",
    "quotation": '[«»“”"]',
    "year": r"\b(?:19|20)\d\d\b",
    "number": r"\d+",
    "telephone": r"\b(?:8|\+?7|1)?[ -]?\(?800\)?|\b(?:111|112|150|988|911|116)\b",
    "contact": r"@\w+|https?://|www\.|t\.me|[Tt]elegram|[Тт]елеграм",
    "dash": "[—–]",
}
_OWN: Final = ("denied subject", "title subject", "title words", "sentences", "words")
COLUMNS: Final = (*_LISTS, *_MARKS, *_OWN)
_PLACE: Final = {name: i for i, name in enumerate(COLUMNS)}
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NEAR: Final = 3
_LONGEST: Final = 8  # letters of a stem or an ending


@cache
def _tables() -> tuple[dict[str, list[int]], dict[str, list[int]], dict[str, list[int]]]:
    words: dict[str, list[int]] = {}
    stems: dict[str, list[int]] = {}
    endings: dict[str, list[int]] = {}
    for name, listed in _LISTS.items():
        for entry in listed.split():
            table = endings if entry[0] == "-" else stems if entry[-1] == "-" else words
            table.setdefault(entry.strip("-"), []).append(_PLACE[name])
    return words, stems, endings


@cache
def _marks() -> tuple[tuple[int, re.Pattern[str]], ...]:
    return tuple((_PLACE[name], re.compile(pattern)) for name, pattern in _MARKS.items())


@cache
def _columns_of(word: str) -> tuple[int, ...]:
    words, stems, endings = _tables()
    found = set(words.get(word, ()))
    for size in range(2, min(len(word), _LONGEST + 4) + 1):
        found.update(stems.get(word[:size], ()))
        if size < len(word):
            found.update(endings.get(word[-size:], ()))
    return tuple(sorted(found))


def counts(sentence: str, *, is_title: bool) -> Floats:
    """How often each of `COLUMNS` occurs in one sentence."""
    row = np.zeros(len(COLUMNS))
    if not sentence:
        return row
    denied, about = [], []
    words = _WORD.findall(sentence.lower())
    for i, word in enumerate(words):
        for column in _columns_of(word):
            row[column] += 1
            if column == _PLACE["negation"]:
                denied.append(i)
            elif column == _PLACE["subject"]:
                about.append(i)
    for column, pattern in _marks():
        row[column] = len(pattern.findall(sentence))
    row[_PLACE["denied subject"]] = sum(any(abs(i - j) <= _NEAR for j in denied) for i in about)
    row[_PLACE["sentences"]] = 1
    row[_PLACE["words"]] = len(words)
    if is_title:
        row[_PLACE["title subject"]] = len(about)
        row[_PLACE["title words"]] = len(words)
    return row


def table(sentences: Sequence[str], titles: frozenset[int]) -> Floats:
    """A row of counts for each sentence; `titles` are the places of those that head a page."""
    if not sentences:
        return np.zeros((0, len(COLUMNS)))
    return np.array([counts(text, is_title=i in titles) for i, text in enumerate(sentences)])


def rates(found: Floats) -> Floats:
    """Counts as features of a text of any length: per word, and whether there are any at all."""
    words = np.maximum(found[:, _PLACE["words"]], 5.0)[:, None]
    heading = np.maximum(found[:, _PLACE["title words"]], 1.0)
    shares = np.sqrt(found / words)
    subject = shares[:, _PLACE["subject"]] ** 2
    # The heading's subject against the body's.
    shares[:, _PLACE["title subject"]] = found[:, _PLACE["title subject"]] / heading - subject
    return np.hstack([shares, np.log1p(found)])
