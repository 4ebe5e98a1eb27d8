"""How sentences stand on a composed page: as a blog, a forum or a manifesto, in the frame crawled pages have.

The layout of a page is drawn without looking at what the page says.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Final

MENUS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "Home",
        "About us",
        "About",
        "Forum",
        "Archive",
        "Contact",
        "Sign in",
        "Register",
        "Privacy",
        "Search",
        "News",
        "Blog",
        "Rules",
        "Help",
        "Shop",
        "Cart",
        "Share",
        "Comments",
        "Read more",
        "Next page",
    ),
    "ru": (
        "Главная",
        "О нас",
        "Форум",
        "Архив",
        "Контакты",
        "Войти",
        "Регистрация",
        "Конфиденциальность",
        "Поиск",
        "Новости",
        "Блог",
        "Правила",
        "Помощь",
        "Магазин",
        "Корзина",
        "Поделиться",
        "Комментарии",
        "Читать далее",
        "Следующая страница",
    ),
    "kk": (
        "Басты бет",
        "Біз туралы",
        "Форум",
        "Мұрағат",
        "Байланыс",
        "Кіру",
        "Тіркелу",
        "Құпиялылық",
        "Іздеу",
        "Жаңалықтар",
        "Блог",
        "Ережелер",
        "Көмек",
        "Дүкен",
        "Себет",
        "Бөлісу",
        "Пікірлер",
        "Толығырақ",
        "Келесі бет",
    ),
}
_POST_LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Reply", "Quote", "Report post", "Like", "wrote:", "Posts: 12", "Guest"),
    "ru": ("Ответить", "Цитата", "Пожаловаться", "Нравится", "написал:", "Сообщений: 12", "Гость"),
    "kk": ("Жауап беру", "Дәйексөз", "Шағымдану", "Ұнайды", "жазды:", "Хабарлама: 12", "Қонақ"),
}
_NICKNAMES: Final = ("user", "guest", "sky", "wolf", "anon", "night", "aru", "max", "kot", "star")
_HEADING_CHARS: Final = 60
_SITES: Final = 99_999


def laid_out(sentences: Sequence[str], lang: str, rng: random.Random) -> str:
    """The sentences, in their order, in one of the layouts."""
    layout = rng.choice((_paragraphs, _paragraphs, _forum, _lines))
    return layout(sentences, lang, rng)


def framed(text: str, lang: str, rng: random.Random) -> str:
    """The text with menu, heading, links and footer around it, as a crawled page has them."""
    menu = rng.sample(MENUS[lang], rng.randint(3, 8))
    title = text.split("\n", maxsplit=1)[0][:_HEADING_CHARS]
    before = [title, *menu, title] if rng.random() < 0.7 else [*menu]  # noqa: PLR2004 - most
    names = [f"s{rng.randint(0, _SITES):05d}.example" for _ in range(rng.randint(0, 4))]
    return "\n".join([*before, text, *names, f"© {rng.randint(2009, 2026)} {title}"])


def _paragraphs(sentences: Sequence[str], _lang: str, rng: random.Random) -> str:
    lines, at = [], 0
    while at < len(sentences):
        size = rng.randint(1, 5)
        lines.append(" ".join(sentences[at : at + size]))
        at += size
    return "\n".join(lines)


def _forum(sentences: Sequence[str], lang: str, rng: random.Random) -> str:
    lines, at = [], 0
    while at < len(sentences):
        size = rng.randint(1, 3)
        lines.append(f"{rng.choice(_NICKNAMES)}{rng.randint(1, 999)}, {rng.randint(1, 28)}.06")
        lines.append(" ".join(sentences[at : at + size]))
        if rng.random() < 0.5:  # noqa: PLR2004 - half of them
            lines.append(rng.choice(_POST_LINES[lang]))
        at += size
    return "\n".join(lines)


def _lines(sentences: Sequence[str], _lang: str, _rng: random.Random) -> str:
    return "\n".join(sentences)
