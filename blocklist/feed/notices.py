"""What a unit tells the owners of sites: who decides, and where and how to appeal; from a TOML file it fills in."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from review_queue.errors import QalqanError
from review_queue.policies import LANGUAGES

PLACEHOLDER: Final = "PLACEHOLDER"
_LONGEST: Final = 2000
_FIELDS: Final = ("authority", "appeal", "how")
_TO_BE_FILLED: Final = {
    "kk": f"[{PLACEHOLDER}: бөлімше толтырады]",
    "ru": f"[{PLACEHOLDER}: заполняет подразделение]",
    "en": f"[{PLACEHOLDER}: filled in by the unit]",
}


class NoticesError(QalqanError):
    """A file of notices that cannot be used."""


@dataclass(frozen=True, slots=True)
class Notices:
    """By language: the authority that decides, the address of appeals, and how one is made."""

    authority: Mapping[str, str]
    appeal: Mapping[str, str]
    how: Mapping[str, str]

    @property
    def has_placeholders(self) -> bool:
        """Whether something is still to be filled in."""
        told = (self.authority, self.appeal, self.how)
        return any(PLACEHOLDER in text for each in told for text in each.values())


def unfilled() -> Notices:
    """Notices nobody has filled in; each says so."""
    return Notices(_TO_BE_FILLED, _TO_BE_FILLED, _TO_BE_FILLED)


def read(path: Path) -> Notices:
    """The notices in the file.

    Raises:
        NoticesError: it cannot be read, or one of the texts is missing, too long or not one text in each language.
    """
    try:
        found = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise NoticesError(f"cannot read {path} ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NoticesError(f"{path} is not TOML in UTF-8: {error}") from None
    if unknown := sorted(set(found) - set(_FIELDS)):
        raise NoticesError(f"{path}: {unknown[0]!a} is not known; it has {', '.join(_FIELDS)}")
    return Notices(*(_texts(path, found, name) for name in _FIELDS))


def _texts(path: Path, found: Mapping[str, Any], name: str) -> Mapping[str, str]:
    table = found.get(name)
    if not isinstance(table, dict) or set(table) != set(LANGUAGES):
        raise NoticesError(f"{path}: [{name}] has a text for each of {', '.join(LANGUAGES)}")
    for language, text in table.items():
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
            raise NoticesError(f"{path}: {name}.{language} is a text of 1 to {_LONGEST} characters")
    return {language: table[language].strip() for language in LANGUAGES}
