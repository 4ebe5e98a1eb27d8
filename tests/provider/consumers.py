"""Resolvers and a proxy with the control channel a provider's client uses, each a real one on loopback.

A wrapper first on the PATH leads `rndc`, `unbound-control`, `rec_control` and `squid -k reconfigure` to the program of
the test; what else the client runs is the system's own. `systemctl restart` does what systemd would.
"""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from blocklist.consumers import bind, dnsmasq, everything, powerdns, programs, unbound
from blocklist.consumers.resolver import Program, Resolver
from tests.blocklist import consumers_dns
from tests.provider.clients import PATH

ZONE: Final = "rpz.provider.example"
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


@contextmanager
def _dnsmasq(lists: Path, folder: Path) -> Iterator[Running]:
    """dnsmasq, which `systemctl restart dnsmasq` ends and starts anew."""
    binary = consumers_dns.path_of(dnsmasq.PROGRAM)
    conf, pid = folder / "dnsmasq.conf", folder / "dnsmasq.pid"
    start = f"{binary} --conf-file={conf}"
    # as systemd does: the old one has ended before the new one starts, and the new one must get up
    script = (
        f'[ "$1 $2" = "restart dnsmasq" ] || exit 1\nold=$(cat {pid}) && kill "$old"\n'
        # a zombie has ended too, however late it is buried
        f'while grep -q "^State:.[^Z]" /proc/$old/status 2>/dev/null; do sleep 0.02; done\n{start}\n'
    )
    (folder / "systemctl.sh").write_text(script)
    path = _wrapper(folder, "systemctl", "sh", str(folder / "systemctl.sh"))
    with everything.name_server({}) as upstream:
        places = {
            "folder": folder,
            "port": programs.free_port(),
            "upstream": upstream,
            "list": f"conf-file={lists}/dnsmasq.conf\naddn-hosts={lists}/dnsmasq-hosts.txt",
        }
        text = dnsmasq.PROGRAM.files["dnsmasq.conf"].format_map(places)
        conf.write_text(text.replace(f"pid-file={folder}/pid", f"pid-file={pid}"))
        assert os.system(start) == 0  # noqa: S605  # paths of the test
        try:
            yield Running(Resolver(int(str(places["port"])), folder / "none"), path)
        finally:
            os.kill(int(pid.read_text()), 9)


KINDS: Final[Mapping[str, tuple[Program, Start]]] = {
    "bind": (bind.PROGRAM, _bind),
    "unbound": (
        unbound.PROGRAM,
        _unbound(f'rpz:\n    name: "{ZONE}"\n    zonefile: "{{lists}}/rpz.zone"'),
    ),
    "unbound-local": (unbound.PROGRAM, _unbound('include: "{lists}/unbound.conf"')),
    "pdns-recursor": (powerdns.PROGRAM, _powerdns),
    "dnsmasq": (dnsmasq.PROGRAM, _dnsmasq),
}


@contextmanager
def running(kind: str, lists: Path) -> Iterator[Running]:
    """The consumer of that name loads what `lists` leads to; the test is skipped where it is not installed."""
    program, start = KINDS[kind]
    consumers_dns.path_of(program)
    # the path of a control socket has 107 characters at the most
    with programs.own_folder() as folder, start(lists, folder) as found:
        yield found
