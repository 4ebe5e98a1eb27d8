"""Resolvers and a proxy with the control channel a provider's client uses, each a real one on loopback.

A wrapper first on the PATH leads `rndc`, `unbound-control`, `rec_control` and `squid -k reconfigure` to the program of
the test; what else the client runs is the system's own. `systemctl restart` does what systemd would.
"""

import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import dns.exception
import dns.message
import dns.query
import pytest

from blocklist.consumers import bind, dnsmasq, everything, knot, powerdns, programs, unbound
from blocklist.consumers.resolver import Program, Resolver
from tests.blocklist import consumers_dns
from tests.provider.clients import PATH

ZONE: Final = "rpz.provider.example"
_START_S: Final = 20.0
_RNDC: Final = """key "rndc" { algorithm hmac-sha256; secret "bm90IGEgc2VjcmV0IGF0IGFsbCwganVzdCBhIHRlc3Q="; };
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A consumer that loads what a client puts in force."""

    resolver: Resolver
    path: str  # the PATH of the client


Start = Callable[[Path, Path], AbstractContextManager["Running"]]


def _wrapper(folder: Path, name: str, *words: str) -> str:
    """A program of that name, first on the PATH, with these words before those it is given; returns the PATH."""
    wrappers = folder / "wrappers"
    wrappers.mkdir(exist_ok=True)
    path = wrappers / name
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)
    return f"{wrappers}:{PATH}"


@contextmanager
def _bind(lists: Path, folder: Path) -> Iterator[Running]:
    port = programs.free_port()
    conf = folder / "rndc.conf"
    conf.write_text(
        f'{_RNDC}options {{ default-key "rndc"; default-server 127.0.0.1; default-port {port}; }};\n'
    )
    text = bind.PROGRAM.files["named.conf"].replace("controls {{ }};", "")
    program = replace(bind.PROGRAM, files={"named.conf": text})
    settings = (
        f'response-policy {{ zone "{ZONE}"; }} min-update-interval 0;\n}};\n{_RNDC}'
        f'controls {{ inet 127.0.0.1 port {port} allow {{ 127.0.0.1; }} keys {{ "rndc"; }}; }};\n'
        f'zone "{ZONE}" {{ type primary; file "{lists}/rpz.zone"; allow-query {{ none; }}; }};\n'
    )
    path = _wrapper(folder, "rndc", programs.path_of("rndc") or "rndc", "-c", str(conf))
    with consumers_dns.running(program, folder, settings) as resolver:
        yield Running(resolver, path)


def _unbound(settings: str) -> Start:
    @contextmanager
    def start(lists: Path, folder: Path) -> Iterator[Running]:
        text = unbound.PROGRAM.files["unbound.conf"].replace(
            "control-enable: no",
            "control-enable: yes\n    control-interface: {folder}/control\n    control-use-cert: no",
        )
        program = replace(unbound.PROGRAM, files={"unbound.conf": text})
        conf = folder / "unbound" / "unbound.conf"
        path = _wrapper(
            folder,
            "unbound-control",
            programs.path_of("unbound-control") or "none",
            "-c",
            str(conf),
        )
        with consumers_dns.running(program, folder, settings.format(lists=lists)) as resolver:
            yield Running(resolver, path)

    return start


@contextmanager
def _powerdns(lists: Path, folder: Path) -> Iterator[Running]:
    home = folder / "pdns_recursor"
    path = _wrapper(
        folder, "rec_control", programs.path_of("rec_control") or "none", f"--socket-dir={home}"
    )
    settings = f'rpzFile("{lists}/rpz.zone", {{ policyName = "{ZONE}" }})'
    with consumers_dns.running(powerdns.PROGRAM, folder, settings) as resolver:
        yield Running(resolver, path)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A program that is restarted: its settings, how it is started, where its number is, as what systemd knows it."""

    program: Program
    settings: str
    start: str
    name: str


_DNSMASQ: Final = _Unit(
    dnsmasq.PROGRAM,
    "conf-file={lists}/dnsmasq.conf\naddn-hosts={lists}/dnsmasq-hosts.txt",
    "{binary} --conf-file={folder}/dnsmasq.conf",  # it goes into the background by itself
    "dnsmasq",
)
_KNOT: Final = _Unit(
    knot.PROGRAM,
    "policy.add(policy.rpz(policy.DENY, '{lists}/rpz.zone', false))",
    "{binary} -n -c {folder}/kresd.conf {folder} >{folder}/log 2>&1 & echo $! >{folder}/pid",
    "kresd@1",
)


def _restarted(unit: _Unit) -> Start:
    """The program, which `systemctl restart` ends and starts anew."""

    @contextmanager
    def start(lists: Path, folder: Path) -> Iterator[Running]:
        pid = folder / "pid"
        command = unit.start.format(binary=consumers_dns.path_of(unit.program), folder=folder)
        # as systemd does: the old one has ended before the new one starts, and the new one must get up
        (folder / "systemctl.sh").write_text(
            f'[ "$1 $2" = "restart {unit.name}" ] || exit 1\nold=$(cat {pid}) && kill "$old"\n'
            # a zombie has ended too, however late it is buried
            f'while grep -q "^State:.[^Z]" /proc/$old/status 2>/dev/null; do sleep 0.02; done\n{command}\n'
        )
        path = _wrapper(folder, "systemctl", "sh", str(folder / "systemctl.sh"))
        with everything.name_server({}) as upstream:
            port = programs.free_port()
            places = {"folder": folder, "port": port, "upstream": upstream}
            places["list"] = unit.settings.format(lists=lists)
            for name, text in unit.program.files.items():
                (folder / name).write_text(text.format_map(places))
            assert os.system(command) == 0  # noqa: S605  # paths of the test
            resolver = Resolver(port, folder / "none")
            try:
                _wait_for(resolver)
                yield Running(resolver, path)
            finally:
                os.kill(int(pid.read_text()), signal.SIGKILL)

    return start


def _wait_for(resolver: Resolver) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        with suppress(dns.exception.DNSException, OSError):
            query = dns.message.make_query("ready.example", "A")
            dns.query.udp(query, "127.0.0.1", port=resolver.port, timeout=0.5)
            return
        time.sleep(0.05)
    raise programs.DoesNotStartError("it does not answer")


KINDS: Final[Mapping[str, tuple[Program, Start]]] = {
    "bind": (bind.PROGRAM, _bind),
    "unbound": (
        unbound.PROGRAM,
        _unbound(f'rpz:\n    name: "{ZONE}"\n    zonefile: "{{lists}}/rpz.zone"'),
    ),
    "unbound-local": (unbound.PROGRAM, _unbound('include: "{lists}/unbound.conf"')),
    "pdns-recursor": (powerdns.PROGRAM, _powerdns),
    "dnsmasq": (dnsmasq.PROGRAM, _restarted(_DNSMASQ)),
    "knot": (knot.PROGRAM, _restarted(_KNOT)),
}


@contextmanager
def running(kind: str, lists: Path) -> Iterator[Running]:
    """The consumer of that name loads what `lists` leads to; the test is skipped where it is not installed."""
    program, start = KINDS[kind]
    consumers_dns.path_of(program)
    if not (programs.path_of("dig") or programs.path_of("kdig")):
        pytest.skip("dig is not installed (Debian: apt install bind9-dnsutils)")
    # the path of a control socket has 107 characters at the most
    with programs.own_folder() as folder, start(lists, folder) as found:
        yield found
