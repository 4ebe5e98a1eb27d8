"""Compiles the catalogues; run as `python -m tests.review_ui.catalogues` after editing a .po file."""

from pathlib import Path

import polib  # type: ignore[import-untyped]  # has no types of its own

LANGUAGES = ("kk", "ru", "en")
LOCALE = Path(__file__).parents[2] / "review_ui" / "locale"


def source(language: str) -> Path:
    """The catalogue people edit."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def compiled(language: str) -> Path:
    """The catalogue Django reads."""
    return source(language).with_suffix(".mo")


def compile_all() -> None:
    """Every .mo file says what its .po file says."""
    for language in LANGUAGES:
        compiled(language).write_bytes(polib.pofile(str(source(language))).to_binary())


if __name__ == "__main__":
    compile_all()
