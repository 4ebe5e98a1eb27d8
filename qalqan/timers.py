"""Rounds as systemd and cron are told of them: calendar events, unit files, a crontab line."""

import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import product
from typing import Final

from cronsim import CronSim

from qalqan.confinement import confined
from qalqan.schedule import EXIT_BUSY
from qalqan.settings import Round
from review_queue.errors import QalqanError

_WEEKDAYS: Final = ("", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERY_WEEKDAY: Final = frozenset(range(1, 8))
_EVERY_DATE: Final = frozenset(range(1, 32))
_WORKING: Final = frozenset(range(1, 6))
_FRIDAY: Final = frozenset({5})
_WEEK: Final = 7
_CRON_SUNDAY: Final = 7  # 0 is one as well
_HOUR: Final = timedelta(hours=1)
_QUARTER: Final = timedelta(minutes=15)
_WATCHED: Final = timedelta(days=2 * 366)
_CRON_EVERY: Final = "*/5 * * * *"  # no minute of the hour is waited for longer than this
# a round of 300 pages held 0.23 GB: the crawl 0.15, then scoring; a page may make its parser hold 0.5 for a moment
_MEMORY: Final = "2G"
_LONGEST: Final = "1d"
_RETRY: Final = "10min"

_SERVICE: Final = """\
# Written by `qalqan schedule install`; change it with `systemctl edit`.
[Unit]
Description=Qalqan round {name}
{needs}
[Service]
Type=exec
ExecStart={command}
# a run of another round in the same data folder is waited for
RestartForceExitStatus={busy}
RestartSec={retry}
# as Ctrl-C does: running downloads end and are stored
KillSignal=SIGINT
KillMode=mixed
SuccessExitStatus=130
RuntimeMaxSec={longest}
MemoryMax={memory}
{confined}"""
_TIMER: Final = """\
# Written by `qalqan schedule install`; change the round in its qalqan.toml and install again.
[Unit]
Description=Qalqan round {name}: {cron} {zone}

[Timer]
{events}
Persistent=true
AccuracySec=1s

[Install]
WantedBy=timers.target
"""


class NotSayableError(QalqanError):
    """systemd has no words for what a round asks for."""


@dataclass(frozen=True, slots=True)
class _Days:
    """Days that are one of these weekdays and one of these dates of a month, counted from its end or beginning."""

    weekdays: frozenset[int] = _EVERY_WEEKDAY
    dates: frozenset[int] = _EVERY_DATE
    from_end: bool = False

    def both(self, other: "_Days") -> "_Days":
        """The days that are in both.

        Raises:
            NotSayableError: one counts from the beginning of the month, the other from its end.
        """
        weekdays = self.weekdays & other.weekdays
        if other.dates == _EVERY_DATE:
            return _Days(weekdays, self.dates, self.from_end)
        if self.dates == _EVERY_DATE or self.from_end == other.from_end:
            return _Days(weekdays, self.dates & other.dates, other.from_end)
        raise NotSayableError(
            "systemd cannot count the days of one month from its beginning and from its end at once"
        )


def on_calendar(one: Round, now: datetime) -> list[str]:
    """The calendar events at which systemd starts the round: together they are the times of its cron expression.

    Raises:
        NotSayableError: there are no such events; the message says why and what to write instead.
    """
    fields = CronSim(one.cron, datetime(2026, 1, 1, tzinfo=UTC))
    _refuse_changing_clocks(fields.hours, one.timezone, now)
    dates, weekdays = list(_dates(fields.days)), list(_weekdays(fields))
    both = [a.both(b) for a, b in product(dates, weekdays)] if fields.day_and else []
    found = [each for each in both or [*dates, *weekdays] if each.weekdays and each.dates]
    if not found:
        raise NotSayableError("systemd has no words for a day that never comes")
    if _Days() in found:
        found = [_Days()]
    hour, minute = _listed(fields.hours, 0, 23), _listed(fields.minutes, 0, 59)
    months = _listed(fields.months, 1, 12)
    return [
        f"{_words(each, months)} {hour}:{minute}:00 {one.timezone}" for each in dict.fromkeys(found)
    ]


def service(one: Round, command: Sequence[str], *, account: str) -> str:
    """The text of the unit that carries out the round; of a system's unit if it names an `account`.

    Raises:
        NotSayableError: a path holds a line break or the like.
    """
    return _SERVICE.format(
        name=one.name,
        # an account's own manager does not know whether there is a network
        needs="Wants=network-online.target\nAfter=network-online.target\n" if account else "",
        command=" ".join(
            [_program(command[0]), *(_quoted(word).replace("$", "$$") for word in command[1:])]
        ),
        busy=EXIT_BUSY,
        retry=_RETRY,
        longest=_LONGEST,
        memory=_MEMORY,
        confined=confined(one, account=account, data=" ".join(_written(one)), paths=command),
    )


def _written(one: Round) -> Iterator[str]:
    """The folders the round writes into; only the data folder must be there when the service starts."""
    yield _quoted(str(one.data))
    for file in one.options.get("metrics-file", ()):
        yield _quoted(f"-{(one.base / str(file)).parent}")


def timer(one: Round, now: datetime) -> str:
    """The text of the unit that starts the round's service at its times, and once after downtime.

    Raises:
        NotSayableError: systemd cannot be told these times.
    """
    events = "\n".join(f"OnCalendar={event}" for event in on_calendar(one, now))
    return _TIMER.format(name=one.name, cron=one.cron, zone=one.timezone, events=events)


def crontab_line(command: Sequence[str]) -> str:
    """The line for `crontab -e` that runs `command` every five minutes; its errors are mailed, its output is not.

    It runs what is due rather than one round at its time: cron knows neither a round's time zone nor what was missed.

    Raises:
        NotSayableError: a word holds a line break or the like.
    """
    _refuse_control_characters(command)
    # cron makes a line break of a percent sign
    return f"{_CRON_EVERY} {shlex.join(command)} >/dev/null".replace("%", r"\%")


def _dates(days: Collection[int]) -> Iterator[_Days]:
    plain = frozenset(days) & _EVERY_DATE
    if plain:
        yield _Days(dates=plain)
    if CronSim.LAST in days:
        yield _Days(dates=frozenset({1}), from_end=True)
    if CronSim.LAST_WEEKDAY in days:  # the last day, or the Friday before a last Saturday or Sunday
        yield _Days(_WORKING, frozenset({1}), from_end=True)
        yield _Days(_FRIDAY, frozenset({2, 3}), from_end=True)


def _weekdays(fields: CronSim) -> Iterator[_Days]:
    plain = frozenset(day or _CRON_SUNDAY for day in fields.weekdays if isinstance(day, int))
    if plain:
        yield _Days(plain)
    for item in fields.weekdays:
        if isinstance(item, int):
            continue
        weekday, which = frozenset({item[0] or _CRON_SUNDAY}), item[1]
        if which == CronSim.LAST:
            yield _Days(weekday, frozenset(range(1, _WEEK + 1)), from_end=True)
        else:
            yield _Days(
                weekday, frozenset(range(which * _WEEK - 6, which * _WEEK + 1)) & _EVERY_DATE
            )


def _words(days: _Days, months: str) -> str:
    weekdays = ",".join(_WEEKDAYS[day] for day in sorted(days.weekdays))
    if days.from_end:
        date = f"*-{months}~{','.join(f'{day:02}' for day in sorted(days.dates))}"
    else:
        date = f"*-{months}-{_listed(days.dates, 1, 31)}"
    return date if days.weekdays == _EVERY_WEEKDAY else f"{weekdays} {date}"


def _listed(values: Collection[int], low: int, high: int) -> str:
    """The values of a field that goes from `low` to `high`, as systemd writes them."""
    found = sorted(values)
    if len(found) == high - low + 1:
        return "*"
    # no 00/5: systemd 252 leaves out the first of those on the first day of a month
    return ",".join(f"{value:02}" for value in found)


def _refuse_changing_clocks(hours: Collection[int], zone: tzinfo, now: datetime) -> None:
    """Nothing happened.

    Where a clock is put forward, systemd leaves out the times it skips, and where it is put back, runs those it shows
    twice once; cron does neither.

    Raises:
        NotSayableError: the zone's clock will skip or repeat one of these hours.
    """
    at = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    end = at + _WATCHED
    while at < end:
        before, after = _wall(at, zone), _wall(at + _HOUR, zone)
        change = after - before - _HOUR
        if change:
            start, stop = sorted((before + _HOUR, after))
            while start < stop:
                if start.hour in hours:
                    raise NotSayableError(
                        f"the clock of {zone} changes on {after:%Y-%m-%d} in hour {start.hour}, where systemd and cron"
                        " differ; choose other hours, write the round in UTC, or install it with --cron"
                    )
                start += _QUARTER
        at += _HOUR


def _wall(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def _program(path: str) -> str:
    """`path` as the first word of a command line, where systemd takes a $ for itself and no quotes at all."""
    if set(path) & set("'\"\\"):
        raise NotSayableError(
            f"systemd runs no program with a quote or backslash in its path: {path}"
        )
    return _quoted(path)


def _quoted(word: str) -> str:
    _refuse_control_characters([word])
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if set(escaped) & set(" \t'\"\\;") else escaped


def _refuse_control_characters(words: Sequence[str]) -> None:
    for word in words:
        if not word.isprintable():
            raise NotSayableError(f"neither systemd nor cron can be told of the path {word!r}")
