"""What the service of a round may do and reach, in systemd's words: no more than a crawl with its scoring needs."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from qalqan.settings import OptionValue, Round

# where no public site is, as the crawl's own guard has it; kept a second time outside of the crawl's reach
CLOSED: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "64:ff9b:1::/48",
    "2001::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
RESOLV_CONF: Final = Path("/etc/resolv.conf")
_NAME_SERVER: Final = re.compile(r"^\s*nameserver\s+([0-9A-Fa-f:.]+)(?:%\S*)?\s*$", re.MULTILINE)
_THIS_MACHINE: Final = "127.0.0.1/32"
# Chromium shuts its own children in: name spaces, a root of their own, no capabilities, a filter of calls
_FOR_BROWSER: Final = "SystemCallFilter=chroot seccomp\n"
_WITHOUT_BROWSER: Final = "SystemCallFilter=~@privileged\nRestrictNamespaces=true\n"

# No MemoryDenyWriteExecute: the callbacks of TLS and a browser's scripts are code made while it runs.
# No ProtectProc: what runs under another account must be seen, or its crawl would be taken for dead.
_FOR_ALL: Final = """\
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths={data}
PrivateTmp=true
LockPersonality=true
RestrictRealtime=true
RestrictSUIDSGID=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
KeyringMode=private
UMask=0077
LimitCORE=0
TasksMax=1024
"""
# a manager of an account's own has not the rights for these
_FOR_SYSTEM: Final = """\
User={account}
CapabilityBoundingSet=
AmbientCapabilities=
PrivateDevices=true
DevicePolicy=closed
PrivateIPC=true
PrivateUsers=true
RemoveIPC=true
ProtectHome={home}
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
"""
# what a page leaves there is never run
_NO_PROGRAMS: Final = "NoExecPaths={data}\n"
_HOMES: Final = ("/home", "/root", "/run/user")


def confined(
    one: Round,
    *,
    account: str,
    data: str,
    paths: Iterable[str] = (),
    resolv_conf: Path = RESOLV_CONF,
) -> str:
    """The lines of the service: those a system's manager alone can keep where it runs under an `account`.

    `data` is the data folder as systemd is told of it; `paths` are those of the program and its settings.
    """
    has_browser = any(name.startswith("browser") for name in _chosen(one.options))
    lines = _FOR_ALL.format(data=data) + (_FOR_BROWSER if has_browser else _WITHOUT_BROWSER)
    if not account:
        return lines
    programs = list(_places([*map(Path, paths), Path(__file__)]))
    places = [*programs, *_places([one.data, one.seeds])]
    in_home = any(place.is_relative_to(home) for place in places for home in _HOMES)
    lines += _FOR_SYSTEM.format(account=account, home="read-only" if in_home else "true")
    if not any(place.is_relative_to(one.data) for place in programs):
        lines += _NO_PROGRAMS.format(data=data)
    allowed = _allowed(one.options, name_servers(resolv_conf))
    lines += "".join(f"IPAddressDeny={network}\n" for network in CLOSED)
    return lines + "".join(f"IPAddressAllow={network}\n" for network in allowed)


def name_servers(resolv_conf: Path = RESOLV_CONF) -> list[str]:
    """The addresses of the machine's name servers, which may be private; this machine's own where none is named."""
    try:
        text = resolv_conf.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = [_network(address) for address in _NAME_SERVER.findall(text)]
    return [address for address in found if address] or [_THIS_MACHINE]


def _allowed(options: Mapping[str, tuple[OptionValue, ...]], servers: Iterable[str]) -> list[str]:
    """What may be reached of the closed ranges: name servers, the proxy, and what the round itself allows."""
    found = list(servers)
    found += [_network(urlsplit(str(value)).hostname or "") for value in options.get("proxy", ())]
    found += [_network(_without_port(str(value))) for value in options.get("allow-address", ())]
    chosen = _chosen(options)
    if any(name.startswith(("browser", "metrics")) for name in chosen):
        found.append(_THIS_MACHINE)  # the browser's way out, and who reads the metrics
    return [network for network in dict.fromkeys(found) if network]


def _places(paths: Iterable[Path]) -> Iterator[Path]:
    """Where the absolute ones of `paths` are, and where they lead: an environment's Python is a link to another."""
    for path in paths:
        if path.is_absolute():
            yield path
            yield path.resolve()


def _chosen(options: Mapping[str, tuple[OptionValue, ...]]) -> list[str]:
    return [name for name, values in options.items() if any(value is not False for value in values)]


def _without_port(allowance: str) -> str:
    if allowance.startswith("["):
        return allowance[1:].partition("]")[0]
    return allowance.partition(":")[0] if allowance.count(":") == 1 else allowance


def _network(text: str) -> str:
    """`text` as a network, "" where it is none."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        return ""
