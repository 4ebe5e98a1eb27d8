"""The only reader of the environment and of qalqan.toml; everything else is handed values."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from review_queue.errors import QalqanError

FILE_NAME: Final = "qalqan.toml"
# part of the names of unit files, where a dash or a dot would mean something else to systemd in the wrong place
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_CRON_FIELDS: Final = 5
_TABLES: Final = frozenset({"rounds", "evidence"})
_NEEDED: Final = ("name", "cron", "seeds", "data")
_GRACE_HOURS: Final = 6.0
_MOST_HOURS: Final = 24.0 * 366
OptionValue = str | int | float | bool


class SettingsError(QalqanError):
    """qalqan.toml is missing, or says something that cannot be done."""


@dataclass(frozen=True, slots=True)
class Round:
    """A crawl that is run by the clock; `options` are further options of `qalqan crawl`, by their names.

    With `recheck`, listed sites that are due are looked at again after it.
    """

    name: str
    cron: str
    seeds: Path
    data: Path
    timezone: tzinfo = UTC
    score: bool = True
    recheck: bool = False
    grace: timedelta = timedelta(hours=_GRACE_HOURS)
    options: Mapping[str, tuple[OptionValue, ...]] = field(default_factory=dict)
    base: Path = Path()  # paths among the options start here


@dataclass(frozen=True, slots=True)
class Stamping:
    """Who time-stamps evidence, and the file with the certificates its time-stamps are checked against."""

    authority: str = ""
    certificate: Path | None = None


def default_data_dir() -> Path:
    """The folder used where `--data` is not given: $QALQAN_DATA, else qalqan/ in the user's data folder."""
    named = os.environ.get("QALQAN_DATA")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "qalqan"


def default_config() -> Path:
    """The file used where `--config` is not given: $QALQAN_CONFIG, else qalqan.toml in the present folder."""
    return Path(os.environ.get("QALQAN_CONFIG") or FILE_NAME)


def default_unit_dir(*, of_user: bool) -> Path:
    """Where systemd looks for the units an account or the machine's administrator has written."""
    if not of_user:
        return Path("/etc/systemd/system")
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "systemd" / "user"


def read_rounds(path: Path) -> list[Round]:
    """The rounds of the file, in its order. Paths in it are taken from the folder it is in.

    Raises:
        SettingsError: the file cannot be read, or one of its rounds cannot be kept; the message says which and why.
    """
    rows = _tables(path).get("rounds")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise SettingsError(f"{path} has no round; write one under [[rounds]]")
    base = path.absolute().parent
    rounds: list[Round] = []
    for number, row in enumerate(rows, 1):
        try:
            found = _round(row, base)
        except SettingsError as error:
            raise SettingsError(f"{path}: round {row.get('name', number)}: {error}") from None
        if any(found.name == other.name for other in rounds):
            raise SettingsError(f"{path}: two rounds are called {found.name}")
        rounds.append(found)
    return rounds


def read_stamping(path: Path) -> Stamping:
    """Who time-stamps evidence, by the file's `[evidence]` table; nobody where there is no such table or no file.

    Raises:
        SettingsError: the file cannot be read, or the table says something else; the message says what.
    """
    if not path.exists():
        return Stamping()
    table = _tables(path).get("evidence", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: write [evidence] once, as a table")
    try:
        rest = dict(table)
        authority = _text(rest, "authority") if "authority" in rest else ""
        certificate = _text(rest, "certificate") if "certificate" in rest else ""
    except SettingsError as error:
        raise SettingsError(f"{path}: evidence: {error}") from None
    if rest:
        raise SettingsError(f"{path}: evidence: {min(rest)!r} is not known here")
    if not authority.startswith(("http://", "https://")) and authority:
        raise SettingsError(f"{path}: evidence: authority is an http or https URL")
    return Stamping(authority, path.absolute().parent / certificate if certificate else None)


def _tables(path: Path) -> dict[str, Any]:
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"cannot read {path} ({error.strerror}); name another file with --config"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None
    if unknown := read.keys() - _TABLES:
        raise SettingsError(f"{path}: {min(unknown)!r} is not known here; write [[rounds]]")
    return read


def _round(row: dict[str, Any], base: Path) -> Round:
    rest = dict(row)
    name, cron, seeds, data = (_text(rest, key) for key in _NEEDED)
    zone = _text(rest, "timezone") if "timezone" in rest else "UTC"
    score, recheck = rest.pop("score", True), rest.pop("recheck", False)
    hours = rest.pop("grace-hours", _GRACE_HOURS)
    if not _NAME.fullmatch(name):
        raise SettingsError("a name is of a-z, 0-9 and dashes between them, 40 at most")
    for key, value in (("score", score), ("recheck", recheck)):
        if not isinstance(value, bool):
            raise SettingsError(f"{key} is true or false")
    if (
        isinstance(hours, bool)
        or not isinstance(hours, int | float)
        or not 0 <= hours <= _MOST_HOURS
    ):
        raise SettingsError("grace-hours is a number of hours, 0 or more, a year at most")
    return Round(
        name=name,
        cron=_cron(cron),
        seeds=base / seeds,
        data=base / data,
        timezone=_zone(zone),
        score=score,
        recheck=recheck,
        grace=timedelta(hours=hours),
        options={key: _option(key, value) for key, value in rest.items()},
        base=base,
    )


def _text(rest: dict[str, Any], key: str) -> str:
    value = rest.pop(key, None)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise SettingsError(f"{key} is needed, as text of one line in quotes")
    return value


def _cron(text: str) -> str:
    """`text` with one space between its fields, once it is known to be an expression that comes true some time."""
    fields = text.split()
    if len(fields) != _CRON_FIELDS:
        raise SettingsError(
            f"cron {text!r} has {len(fields)} fields; write five: minute hour day month weekday"
        )
    try:
        next(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise SettingsError(f"cron {text!r} cannot be read: {error}") from None
    except StopIteration:
        raise SettingsError(f"cron {text!r} names a day that never comes") from None
    return " ".join(fields)


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # also where no time zones are installed
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder, a path upwards, an unknown name
        raise SettingsError(
            f"no time zone {name!r} here; write one such as Asia/Almaty, or install tzdata"
        ) from None


def _option(key: str, value: object) -> tuple[OptionValue, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | int | float | bool) for one in values):
        raise SettingsError(f"{key} is text, a number, true or false, or a list of such")
    return tuple(values)
