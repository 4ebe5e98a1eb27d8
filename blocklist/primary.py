"""The settings of a hidden primary: a BIND that hands the response policy zone to the resolvers of providers.

Each provider has a TSIG key of its own (RFC 8945), and reads the zone of a part only where a token of theirs reads that
part. BIND keeps the differences between two lists in a journal (`ixfr-from-differences`), so a provider's resolver
fetches what has changed and nothing else (RFC 1995), as soon as it is told (NOTIFY, RFC 1996).
"""

import base64
import hashlib
import ipaddress
import os
import re
import secrets
import shlex
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blocklist import key_files
from blocklist.formats.rpz import ROOM_FOR_ZONE_NAME
from blocklist.publish import part_name
from blocklist.snapshots import CURRENT
from review_queue.categories import Category
from review_queue.errors import QalqanError

ZONE: Final = "rpz.qalqan.invalid"
ZONE_FILE: Final = "rpz.zone"
FORMAT: Final = "rpz"  # a provider whose token reads it may transfer it
_KEYS: Final = "keys"
_PROVIDERS: Final = "providers"
_STATE: Final = "state"
_SECRET_BYTES: Final = 32  # what HMAC-SHA-256 gives, RFC 8945 6
_LONGEST_KEY: Final = 4096
_ZONE_NAME: Final = re.compile(
    r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"
)
_LONGEST_LABEL: Final = 63
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]+(%[A-Za-z0-9._-]{1,15})?")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_SECRET: Final = re.compile(
    r'^key "([^"]+)" \{\n {4}algorithm hmac-sha256;\n {4}secret "([A-Za-z0-9+/=]+)";\n\};\n$'
)
# BIND 9.18 loads no zone whose journal ends at another serial than its file ("journal out of sync with zone"), and so
# it is after a list was published while it was down. Without a journal its readers fetch the whole zone once.
_START: Final = """#!/bin/sh
# sh start [OPTIONS OF named]: the primary runs, whatever was published while it was down
rm -f {state}/*.jnl
exec named "$@" -c {conf}
"""
_UNQUOTABLE: Final = re.compile(r'["\\\x00-\x1f\x7f]')


class PrimaryError(QalqanError):
    """Settings of a primary that cannot be written; the message says why."""


@dataclass(frozen=True, slots=True)
class Secondary:
    """A provider whose resolvers transfer the zone.

    Attributes:
        parts: the categories they read alone, "" for the whole list.
        notify: the addresses of resolvers that are told of a new list at once.
    """

    name: str
    parts: tuple[str, ...]
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Primary:
    """Where the primary listens and what it serves; `group` is the one BIND runs as, "" where it is ours."""

    lists: Path
    out: Path
    addresses: tuple[str, ...]
    port: int = 53
    zone: str = ZONE
    control_port: int = 953
    notify_port: int = 53
    group: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written; `new_keys` are of providers to be handed their file, `waiting` are zones without a list."""

    conf: Path
    start: Path
    zones: tuple[str, ...]
    new_keys: tuple[str, ...]
    ended_keys: tuple[str, ...]
    waiting: tuple[str, ...]


def write(
    primary: Primary, secondaries: Sequence[Secondary], *, renewed: Collection[str] = ()
) -> Written:
    """The folder `out` holds the settings of a BIND that serves these providers and nobody else.

    Keys stay what they were but for those `renewed`, so that providers need no new one; those of providers who are not
    named are gone.

    Raises:
        PrimaryError: a name, an address or a path that cannot stand in the settings, or a folder that cannot be
            written.
        BadKeyError: a key there is none of ours.
    """
    _check(primary, secondaries)
    if unknown := sorted(set(renewed) - {each.name for each in secondaries}):
        raise PrimaryError(f"{unknown[0][:60]!a} transfers no zone; nothing was written")
    try:
        for name in ("", _KEYS, _PROVIDERS, _STATE):
            (primary.out / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in renewed:
            _key_file(primary, name).unlink(missing_ok=True)
        ended = _end_keys(primary, {each.name for each in secondaries})
        new = tuple(each.name for each in secondaries if _has_new_key(primary, each.name))
        _has_new_key(primary, "rndc")
        for each in secondaries:
            _put(primary.out / _PROVIDERS / f"{each.name}.conf", _handed_over(primary, each))
        _put(primary.out / "rndc.conf", _control(primary))
        conf, start = primary.out / "named.conf", primary.out / "start"
        _put(conf, "\n".join(_settings(primary, secondaries)) + "\n")
        _put(
            start,
            _START.format(
                state=shlex.quote(str(primary.out / _STATE)), conf=shlex.quote(str(conf))
            ),
        )
        _give(primary)
    except (OSError, LookupError) as error:
        raise PrimaryError(
            f"cannot write {primary.out} ({error}); check the folder and the group"
        ) from error
    parts = _parts(secondaries)
    return Written(
        conf=conf,
        start=start,
        zones=tuple(zone_name(primary, part) for part in parts),
        new_keys=new,
        ended_keys=ended,
        waiting=tuple(zone_name(primary, p) for p in parts if not _zone_file(primary, p).is_file()),
    )


def zone_name(primary: Primary, part: str) -> str:
    """The zone of the whole list, or of one category."""
    return f"{part.replace('_', '-')}.{primary.zone}" if part else primary.zone


def key_name(provider: str) -> str:
    """The name of the provider's key; BIND compares such names as it does names of hosts, and takes no others."""
    name = f"qalqan-{provider.lower()}"
    if all(0 < len(label) <= _LONGEST_LABEL for label in name.split(".")):
        return name
    return f"qalqan.{hashlib.sha256(provider.lower().encode()).hexdigest()[:32]}"


def _check_zones(primary: Primary, secondaries: Sequence[Secondary]) -> None:
    if not _ZONE_NAME.fullmatch(primary.zone):
        raise PrimaryError(
            f"{primary.zone[:80]!a} cannot name the zone; take a name of at least two labels and 63 characters"
        )
    for part in _parts(secondaries):
        if len(zone_name(primary, part)) > ROOM_FOR_ZONE_NAME:
            raise PrimaryError(
                f"{zone_name(primary, part)} leaves no room for the longest names of a list; take a"
                f" zone with which it has at most {ROOM_FOR_ZONE_NAME} characters"
            )


def _check(primary: Primary, secondaries: Sequence[Secondary]) -> None:
    _check_zones(primary, secondaries)
    for path in (primary.lists, primary.out):
        if _UNQUOTABLE.search(str(path)) or not path.is_absolute():
            raise PrimaryError(
                f"{str(path)!a} cannot stand in the settings of BIND; choose another folder"
            )
    if not primary.addresses:
        raise PrimaryError("name an address the primary listens on")
    seen: set[str] = set()
    for each in secondaries:
        if not _NAME.fullmatch(each.name) or each.name.lower() in seen or each.name == "rndc":
            raise PrimaryError(f"{each.name[:60]!a} cannot name a key, or names two")
        seen.add(each.name.lower())
    for address in (*primary.addresses, *(a for each in secondaries for a in each.notify)):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise PrimaryError(f"{address[:80]!a} is no IP address") from None
        if not _ADDRESS.fullmatch(address):  # behind % Python lets anything stand
            raise PrimaryError(f"{address[:80]!a} is no IP address that can stand in the settings")


def _settings(primary: Primary, secondaries: Sequence[Secondary]) -> Iterator[str]:
    state = primary.out / _STATE
    yield "// Written by `qalqan primary`; changes made here are lost with its next run."
    for name in ("rndc", *(each.name for each in secondaries)):
        yield f'include "{_key_file(primary, name)}";'
    yield "options {"
    yield f'    directory "{state}";'
    yield f'    pid-file "{state}/named.pid";'
    yield "    session-keyfile none;"
    for version, word in ((4, "listen-on"), (6, "listen-on-v6")):
        found = [a for a in primary.addresses if ipaddress.ip_address(a).version == version]
        yield f"    {word} port {primary.port} {{ {''.join(f'{a}; ' for a in found) or 'none; '}}};"
    yield "    recursion no;"
    yield "    allow-query { none; };"
    yield "    allow-transfer { none; };"
    yield "    allow-update { none; };"
    yield "    notify no;"
    yield "    dnssec-validation no;"
    yield "    empty-zones-enable no;"
    yield "    minimal-responses yes;"
    yield "    version none;"
    yield "    hostname none;"
    yield "};"
    yield f'controls {{ inet 127.0.0.1 port {primary.control_port} allow {{ 127.0.0.1; }} keys {{ "rndc"; }}; }};'
    for part in _parts(secondaries):
        yield from _zone(primary, part, [each for each in secondaries if part in each.parts])


def _zone(primary: Primary, part: str, readers: Sequence[Secondary]) -> Iterator[str]:
    keys = "".join(f'key "{key_name(each.name)}"; ' for each in readers)
    told = "".join(
        f'{address} port {primary.notify_port} key "{key_name(each.name)}"; '
        for each in readers
        for address in each.notify
    )
    yield f'zone "{zone_name(primary, part)}" {{'
    yield "    type primary;"
    yield f'    file "{_zone_file(primary, part)}";'
    # the folder of a list is never written to
    yield f'    journal "{primary.out / _STATE / (part or "whole")}.jnl";'
    yield "    ixfr-from-differences yes;"
    yield f"    allow-query {{ {keys}}};"
    yield f"    allow-transfer {{ {keys}}};"
    if told:
        yield "    notify explicit;"
        yield "    notify-delay 1;"  # 5 seconds otherwise, in which what was lifted is blocked
        yield f"    also-notify {{ {told}}};"
    yield "};"


def _handed_over(primary: Primary, each: Secondary) -> str:
    """What the provider's resolver needs: the key, the zones, and the policy they are."""
    key = key_name(each.name)
    servers = "".join(
        f'{address} port {primary.port} key "{key}"; ' for address in primary.addresses
    )
    told_by = "".join(f"{address}; " for address in primary.addresses)
    zones = [zone_name(primary, part) for part in sorted(each.parts)]
    lines = ["// For BIND 9.16 or newer, readable by nobody else. Into your options:"]
    lines += [
        f"//     response-policy {{ {''.join(f'zone {zone}; ' for zone in zones)}}} min-update-interval 5;"
    ]
    lines += [_key_file(primary, each.name).read_text("ascii").rstrip("\n")]
    for zone in zones:
        lines += [
            f'zone "{zone}" {{',
            "    type secondary;",
            f"    primaries {{ {servers}}};",
            f'    file "qalqan-{zone}.db";',
            f"    allow-notify {{ {told_by}}};",
            "    allow-query { none; };",
            "    allow-transfer { none; };",
            "    notify no;",
            "};",
        ]
    return "\n".join(lines) + "\n"


def _control(primary: Primary) -> str:
    return (
        f'include "{_key_file(primary, "rndc")}";\n'
        f'options {{ default-key "rndc"; default-server 127.0.0.1; default-port {primary.control_port}; }};\n'
    )


def _parts(secondaries: Sequence[Secondary]) -> list[str]:
    return sorted({part for each in secondaries for part in each.parts})


def _zone_file(primary: Primary, part: str) -> Path:
    folder = primary.lists / CURRENT
    return (folder / part_name(Category(part)) if part else folder) / ZONE_FILE


def _key_file(primary: Primary, name: str) -> Path:
    return primary.out / _KEYS / f"{name}.key"


def _has_new_key(primary: Primary, name: str) -> bool:
    """There is a key of that name; True where it was made just now."""
    path = _key_file(primary, name)
    wanted = "rndc" if name == "rndc" else key_name(name)
    if path.exists():
        path.chmod(0o600)
        found = _SECRET.fullmatch(
            key_files.secret(path, longest=_LONGEST_KEY).decode("ascii", "replace")
        )
        if not found or found[1] != wanted:
            raise key_files.BadKeyError(
                f"{path} is no key of ours; move it away and run the command again"
            )
        return False
    secret = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    text = f'key "{wanted}" {{\n    algorithm hmac-sha256;\n    secret "{secret}";\n}};\n'
    _put(path, text)
    return True


def _end_keys(primary: Primary, kept: set[str]) -> tuple[str, ...]:
    ended = []
    for path in sorted((primary.out / _KEYS).glob("*.key")):
        if path.stem not in {*kept, "rndc"}:
            path.unlink()
            (primary.out / _PROVIDERS / f"{path.stem}.conf").unlink(missing_ok=True)
            ended.append(path.stem)
    return tuple(ended)


def _put(path: Path, text: str) -> None:
    """The text is the file, which nobody but its owner can read, by one rename."""
    waiting = path.with_name(f".{path.name}.next")
    waiting.unlink(missing_ok=True)
    handle = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)


def _give(primary: Primary) -> None:
    """The group of BIND reads the settings and the keys, and writes its journals; what providers get is not for it."""
    if not primary.group:
        return
    for path in (primary.out, primary.out / _KEYS, primary.out / _STATE):
        shutil.chown(path, group=primary.group)
        path.chmod(0o770 if path.name == _STATE else 0o750)
    for path in (primary.out / "named.conf", *(primary.out / _KEYS).glob("*.key")):
        shutil.chown(path, group=primary.group)
        path.chmod(0o640)
