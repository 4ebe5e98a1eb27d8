"""The words of the public pages in Kazakh, Russian and English, and how each of them writes a day."""

from collections.abc import Mapping
from typing import Final

LANGUAGE_NAMES: Final = {"kk": "Қазақша", "ru": "Русский", "en": "English"}

# as they stand within a date
_MONTHS: Final[Mapping[str, str]] = {
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "kk": {
        "title": "Сайт бұғатталған ба?",
        "ask": "Бір мекенжай жазыңыз: сайттың атауы, беттің мекенжайы немесе IP",
        "button": "Тексеру",
        "asked": "Сіз сұрадыңыз",
        "bad": "Бұл мекенжай емес. Былай жазыңыз: example.kz.",
        "not_listed": "Тізімде жоқ.",
        "listed": "Тізімде бар.",
        "lifted": "Алып тасталған, енді тізімде жоқ.",
        "exact": "Жазба дәл осы мекенжай туралы.",
        "wider": "Бұл мекенжай кеңірек жазбаға кіреді.",
        "since": "Тізімге енгізілген күні",
        "until": "Алып тасталған күні",
        "category": "Санаты",
        "reason": "Себебі",
        "ground": "Құқықтық негізі",
        "review": "Қайта қаралатын күні",
        "expiry": "Мерзімі бітетін күні",
        "none": "жоқ",
        "entry": "Жазба нөмірі",
        "authority": "Шешім қабылдайтын орган",
        "appeal": "Шағым беру мекенжайы",
        "how": "Шағымды қалай беруге болады",
        "why": "Сайт неге бұғатталған",
        "unknown": "Мұндай жазба жоқ.",
        "self_harm": "суицид және өзіне зиян келтіру",
        "violence": "зорлық-зомбылық",
    },
    "ru": {
        "title": "Заблокирован ли сайт?",
        "ask": "Напишите один адрес: имя сайта, адрес страницы или IP",
        "button": "Проверить",
        "asked": "Вы спросили",
        "bad": "Это не адрес. Напишите так: example.kz.",
        "not_listed": "В списке нет.",
        "listed": "Есть в списке.",
        "lifted": "Снято, в списке больше нет.",
        "exact": "Запись именно об этом адресе.",
        "wider": "Этот адрес подпадает под более широкую запись.",
        "since": "В списке с",
        "until": "Когда снято",
        "category": "Категория",
        "reason": "Причина",
        "ground": "Правовое основание",
        "review": "Дата пересмотра",
        "expiry": "Действует до",
        "none": "нет",
        "entry": "Номер записи",
        "authority": "Кто принимает решения",
        "appeal": "Куда подать жалобу",
        "how": "Как подать жалобу",
        "why": "Почему сайт заблокирован",
        "unknown": "Такой записи нет.",
        "self_harm": "самоубийство и самоповреждение",
        "violence": "насилие",
    },
    "en": {
        "title": "Is a site blocked?",
        "ask": "Write one address: the name of a site, the address of a page, or an IP address",
        "button": "Look up",
        "asked": "Asked",
        "bad": "That is no address. Write one such as example.kz.",
        "not_listed": "Not on the list.",
        "listed": "On the list.",
        "lifted": "Taken off the list.",
        "exact": "The entry is about this very name.",
        "wider": "An entry about a wider name covers it.",
        "since": "Listed since",
        "until": "Taken off",
        "category": "Category",
        "reason": "Reason",
        "ground": "Legal ground",
        "review": "To be reviewed",
        "expiry": "Expires",
        "none": "none",
        "entry": "Number of the entry",
        "authority": "Who decides",
        "appeal": "Where to appeal",
        "how": "How to appeal",
        "why": "Why a site is blocked",
        "unknown": "There is no such entry.",
        "self_harm": "suicide and self-harm",
        "violence": "violence",
    },
}


def day(language: str, moment: str) -> str:
    """The day of the store's ISO time as the language writes it; nothing where there is none."""
    if not moment or language not in _MONTHS:
        return moment[:10]
    year, month, number = moment[:10].split("-")
    name = _MONTHS[language].split()[int(month) - 1]
    if language == "kk":
        return f"{year} ж. {int(number)} {name}"
    return f"{int(number)} {name} {year} г."
