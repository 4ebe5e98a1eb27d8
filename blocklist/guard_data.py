"""The guards' data: files of names and networks, dated, ours in the package and a unit's own beside its store."""

import ipaddress
import os
import re
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final

from blocklist import suffixes
from review_queue.errors import BadHostError, DiskFullError, QalqanError, UnreadableInputError
from review_queue.hosts import parse_host
from review_queue.lookups import Network
from review_queue.records import BadRow

FOLDER: Final = "guards"  # below the data folder
STALE_AFTER_DAYS: Final = 180
_OURS: Final = Path(__file__).with_name("guard_data")
_DATED: Final = re.compile(r"^# dated: (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_COUNTED: Final = re.compile(r"^# rows: (\d+)$", re.MULTILINE)
_LONGEST_LINE: Final = 2048
_MOST_TIMES: Final = 2  # a list of much-used sites never loses half of them from one day to another
_LARGEST_FILE: Final = 256 * 2**20
# 1,google.com (Tranco, Umbrella, Majestic) and https://www.google.com,1000 (CrUX)
_RANKED: Final = re.compile(r"(?:\d+,)?(?:https?://)?([^,/]+)(?:,\d+)?")


class Kind(StrEnum):
    """What a file of data is for; each is a guard's."""

    RANK = "rank"
    CDN = "cdn"
    NEVER_BLOCK = "never_block"
    PROTECTIVE = "protective"


# newer data of others take the place of ours; what a unit never blocks comes on top of what nobody should
REPLACED: Final = frozenset({Kind.RANK, Kind.CDN})


class GuardDataError(QalqanError):
    """Data for a guard that cannot be taken, or a file of them that is not ours."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of data: of what date, how many rows, and whether it came with the program."""

    kind: str
    dated: str
    rows: int
    path: str
    is_ours: bool

    def age_days(self, today: date) -> int:
        """How old the data are."""
        return (today - date.fromisoformat(self.dated)).days

    def is_stale(self, today: date) -> bool:
        """Whether they are too old to be relied on."""
        return self.age_days(today) > STALE_AFTER_DAYS


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: the rows that are now a guard's data, and those that were left out."""

    source: Source
    bad: tuple[BadRow, ...]


class Networks:
    """Networks, none inside another, in which an address is found in one look."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        rows = list(networks)
        for version in (4, 6):
            same = [row for row in rows if row.version == version]
            joined = sorted(ipaddress.collapse_addresses(same))  # type: ignore[type-var]
            self._starts[version] = [int(row.network_address) for row in joined]
            self._ends[version] = [int(row.broadcast_address) for row in joined]

    def touch(self, network: Network) -> bool:
        """Whether any of them has an address in common with `network`."""
        starts, ends = self._starts[network.version], self._ends[network.version]
        at = bisect_right(starts, int(network.broadcast_address)) - 1
        return at >= 0 and ends[at] >= int(network.network_address)


@dataclass(frozen=True, slots=True)
class Rows:
    """The data of one kind."""

    names: frozenset[str]  # those names
    below: frozenset[str]  # those names and all below them
    networks: Networks


@dataclass(frozen=True, slots=True)
class GuardData:
    """All data, and the three tables that tell in one look that a name is in none of them."""

    rows: dict[Kind, Rows]
    sources: tuple[Source, ...]
    exact: frozenset[str]
    below: frozenset[str]
    above: frozenset[str]  # names with one of those names somewhere below them

    def holds(self, kind: Kind, name: str) -> str:
        """The row of the kind that is `name`, or a name above it that stands for all below; "" where none is."""
        rows = self.rows[kind]
        return name if name in rows.names else covering(rows.below, name)

    def below_of(self, kind: Kind, name: str) -> str:
        """A row of the kind that lies below `name`; "" where none does."""
        if name not in self.above:
            return ""
        rows = self.rows[kind]
        return first_below(rows.names | rows.below, name)


def first_below(names: Iterable[str], name: str) -> str:
    """The first of `names` that lies below `name`; "" where none does."""
    tail = f".{name}"
    return min((each for each in names if each.endswith(tail)), default="")


def covering(names: frozenset[str], name: str) -> str:
    """The nearest of `names` that is `name` or stands above it; "" where none does."""
    rest, dot = name, "."
    while dot:
        if rest in names:
            return rest
        _, dot, rest = rest.partition(".")
    return ""


def all_above(names: Iterable[str]) -> Iterator[str]:
    """Every domain that one of `names` lies below, as often as one does."""
    for name in names:
        _, dot, rest = name.partition(".")
        while dot:
            yield rest
            _, dot, rest = rest.partition(".")


def load(data: Path | None) -> GuardData:
    """The data that came with the program and, where `data` is a unit's folder, its own.

    Raises:
        GuardDataError: a file of the unit is not one that `update` wrote.
    """
    places = tuple(_places(data))
    stamps = tuple(path.stat().st_mtime_ns for _, path, _ in places)
    return _load(places, stamps)


def update(
    data: Path, kind: Kind, file: Path, dated: date, *, today: date, may_shrink: bool = False
) -> Taken:
    """The good rows of `file` are the unit's data of this kind; what it had before is gone.

    Raises:
        UnreadableInputError: the file cannot be read.
        GuardDataError: it has no good row, is too large, is dated in the future, or has less than half the rows of
            what it takes the place of and nobody said that it may.
        DiskFullError: there is no room.
    """
    if dated > today:
        raise GuardDataError(f"{dated} is still to come; name the date the data are of")
    bad: list[BadRow] = []
    rows = list(dict.fromkeys(_read(kind, file, bad)))
    if not rows:
        raise GuardDataError(f"{file} has no row that can be used; what was there before stays")
    before = _replaced_rows(data, kind)
    if len(rows) * _MOST_TIMES < before and not may_shrink:
        raise GuardDataError(
            f"{file} has {len(rows)} rows that can be used, and {before} would be gone: a file that was cut off takes"
            " a guard away in silence. What was there before stays; where the file is whole, add --smaller"
        )
    place = data / FOLDER / f"{kind}.txt"
    _put(place, f"# dated: {dated}\n# rows: {len(rows)}\n" + "".join(f"{row}\n" for row in rows))
    return Taken(Source(kind, str(dated), len(rows), str(place), is_ours=False), tuple(bad))


def _replaced_rows(data: Path, kind: Kind) -> int:
    """How many rows new data of this kind take the place of."""
    own = [(each, path) for each, path, is_ours in _places(data) if each is kind and not is_ours]
    if own:
        # a damaged file has no rows to compare with, and this is how it is mended
        with suppress(GuardDataError):
            return len(_parts(own[0][1])[1])
    return len(_parts(_OURS / f"{kind}.txt")[1]) if kind in REPLACED else 0


def _places(data: Path | None) -> Iterator[tuple[Kind, Path, bool]]:
    for kind in Kind:
        own = data / FOLDER / f"{kind}.txt" if data else None
        has_own = own is not None and own.is_file()
        if not (has_own and kind in REPLACED):
            yield kind, _OURS / f"{kind}.txt", True
        if own is not None and has_own:
            yield kind, own, False


@lru_cache(maxsize=4)
def _load(places: tuple[tuple[Kind, Path, bool], ...], _stamps: tuple[int, ...]) -> GuardData:
    found: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    sources = []
    for kind, path, is_ours in places:
        dated, rows = _parts(path)
        found[kind] += rows
        sources.append(Source(kind, dated, len(rows), str(path), is_ours))
    try:
        tables = {kind: _rows(kind, rows) for kind, rows in found.items()}
    except ValueError as error:
        own = [str(path) for _, path, is_ours in places if not is_ours]
        raise GuardDataError(
            f"a file of guard data is damaged ({error}), one of {', '.join(own)}. Write it anew from where it came"
            " from: qalqan guards update"
        ) from None
    exact: frozenset[str] = frozenset().union(*(each.names for each in tables.values()))
    below: frozenset[str] = frozenset().union(*(each.below for each in tables.values()))
    suffix = suffixes.suffixes()
    return GuardData(
        rows=tables,
        sources=tuple(sources),
        exact=exact.union(suffix.exact, (f"www.{name}" for name in tables[Kind.RANK].names)),
        below=below.union(suffix.parents),
        above=frozenset(all_above(exact.union(below, suffix.exact, suffix.parents))),
    )


def _parts(path: Path) -> tuple[str, list[str]]:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        text = ""
    dated, counted = _DATED.search(text), _COUNTED.search(text)
    rows = [line for line in text.split("\n") if line and line[0] != "#"]
    # a file that was cut off would take a guard away in silence
    if dated is None or (counted and int(counted.group(1)) != len(rows)):
        raise GuardDataError(
            f"{path} is damaged: it is no file of guard data. Write it anew from where it came from: qalqan guards"
            f" update --kind {path.stem} FILE --dated DATE"
        )
    return dated.group(1), rows


def _rows(kind: Kind, rows: Sequence[str]) -> Rows:
    """The rows as tables: a rank list names names alone, a list of CDNs marks with a dot what stands for all below."""
    networks = [
        row for row in rows if ":" in row or row.rpartition(".")[2].partition("/")[0].isdigit()
    ]
    names = set(rows).difference(networks)
    match kind:
        case Kind.RANK:
            below: set[str] = set()
        case Kind.CDN:
            below = {row for row in names if row.startswith(".")}
        case _:
            below = names
    return Rows(
        names=frozenset(names - below),
        below=frozenset(row.removeprefix(".") for row in below),
        networks=Networks(ipaddress.ip_network(row) for row in networks),
    )


def _read(kind: Kind, file: Path, bad: list[BadRow]) -> Iterator[str]:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise GuardDataError(
                f"{file} is larger than {_LARGEST_FILE // 2**20} MiB: no guard's data are"
            )
        with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                text = line.strip().removeprefix("\ufeff")
                if not text or text.startswith("#"):
                    continue
                try:
                    yield _row(kind, text)
                except (ValueError, BadHostError) as error:
                    bad.append(BadRow(number, str(error)))
    except OSError as error:
        raise UnreadableInputError(f"cannot read {file}: {error.strerror}") from None


def _row(kind: Kind, text: str) -> str:
    """The row as the data have it.

    Raises:
        BadHostError: it is no host name, and no address where there may be some.
        ValueError: it is an address where there may be none, or a name that stands for too much.
    """
    if len(text) > _LONGEST_LINE:
        raise ValueError("is too long to be a name")
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        pass
    else:
        if kind is Kind.RANK:
            raise ValueError(f"{text} is an address; a rank list has names")
        whole = network.prefixlen == network.max_prefixlen
        return str(network.network_address if whole else network)
    if kind is Kind.RANK and (ranked := _RANKED.fullmatch(text)):
        text = ranked.group(1)
    dot = "." if kind is Kind.CDN and text.startswith(".") else ""
    host = parse_host(text.removeprefix("*").removeprefix("."))
    if host.is_ip:
        raise ValueError(f"{text[:80]!r} is not an address in its usual form")
    name = host.name.removeprefix("www.") if kind is Kind.RANK else host.name
    if kind is Kind.RANK and "." not in name:
        raise ValueError(f"{text[:80]!r} is a top-level name")
    return f"{dot}{name}"


def _put(place: Path, text: str) -> None:
    """The text is the file, at once and whole."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, waiting = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(waiting).replace(place)
        except BaseException:
            Path(waiting).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DiskFullError(
            f"cannot write {place}: {error.strerror}; what was there stays"
        ) from None
