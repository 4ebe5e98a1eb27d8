"""The resolvers that load the lists, each a real one on loopback and a free port.

Every name outside a list gets an address from a server of the tests, so a name that a list takes with it is seen
at once. What a resolver did with a bad list is told by `DoesNotStart` and by its log.
"""

import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

_SBIN: Final = "/usr/sbin:/usr/local/sbin:/usr/bin"
_START_S: Final = 20.0
_ANSWER_S: Final = 4.0

NOWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104  # read from answers
OPEN: Final = frozenset({"192.0.2.7", "2001:db8::7"})
GARDEN: Final = frozenset({"192.0.2.80", "2001:db8::80"})
GARDEN_NAME: Final = "blocked.qalqan.invalid"
# in networks that IANA sets aside and that are reached nowhere: 6to4 relays (RFC 7526), AS112 (RFC 7535)
LISTED_V4: Final = "192.88.99.66"
LISTED_V6: Final = "2620:4f:8000::66"
NEXT_V4: Final = "192.88.99.67"
NEXT_V6: Final = "2620:4f:8000::67"


@dataclass(frozen=True, slots=True)
class Program:
    """A resolver: its program, its package, how it is set up and started."""

    name: str
    binary: str
    package: str
    files: Mapping[str, str]  # settings, by file name; {list} is where the settings of the test go
    command: tuple[str, ...]


BIND: Final = Program(
    "BIND",
    "named",
    "bind9",
    {
        "named.conf": """
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile "{folder}/session.key";
    allow-query {{ 127.0.0.1; }};
    dnssec-validation no;
    empty-zones-enable no;
    forward only;
    forwarders {{ 127.0.0.1 port {upstream}; }};
    {list}
controls {{ }};
"""
    },
    ("-g", "-n", "1", "-c", "{folder}/named.conf"),
)
UNBOUND: Final = Program(
    "Unbound",
    "unbound",
    "unbound",
    {
        "unbound.conf": """
server:
    interface: 127.0.0.1@{port}
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    do-daemonize: no
    num-threads: 1
    do-not-query-localhost: no
    module-config: "respip iterator"
{list}
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
remote-control:
    control-enable: no
"""
    },
    ("-d", "-c", "{folder}/unbound.conf"),
)
DNSMASQ: Final = Program(
    "dnsmasq",
    "dnsmasq",
    "dnsmasq-base",
    {
        "dnsmasq.conf": """
port={port}
listen-address=127.0.0.1
bind-interfaces
no-resolv
no-hosts
server=127.0.0.1#{upstream}
pid-file={folder}/pid
user=root
{list}
"""
    },
    ("--keep-in-foreground", "--log-facility=-", "--conf-file={folder}/dnsmasq.conf"),
)
POWERDNS: Final = Program(
    "PowerDNS Recursor",
    "pdns_recursor",
    "pdns-recursor",
    {
        "recursor.conf": """
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
daemon=no
threads=1
dnssec=off
security-poll-suffix=
forward-zones-recurse=.=127.0.0.1:{upstream}
dont-query=
lua-config-file={folder}/recursor.lua
{more}
""",
        "recursor.lua": "{list}\n",
    },
    ("--config-dir={folder}", "--write-pid=no"),
)
KNOT: Final = Program(
    "Knot Resolver",
    "kresd",
    "knot-resolver",
    {
        "kresd.conf": """
log_target('stderr')
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
trust_anchors.remove('.')
cache.open(10 * MB, 'lmdb://{folder}')
{list}
policy.add(policy.all(policy.STUB('127.0.0.1@{upstream}')))
"""
    },
    ("-n", "-c", "{folder}/kresd.conf", "{folder}"),
)
PROGRAMS: Final = (BIND, UNBOUND, DNSMASQ, POWERDNS, KNOT)


class DoesNotStart(AssertionError):  # noqa: N818  # what happened, not whose fault it is
    """The resolver ended or never answered; says what it logged."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A running resolver."""

    port: int
    log: Path

    def ask(self, name: str, kind: str = "A") -> dns.message.Message:
        """The whole answer for `name`."""
        query = dns.message.make_query(name, kind)
        return dns.query.udp(query, "127.0.0.1", port=self.port, timeout=_ANSWER_S)

    def state(self, name: str) -> str:
        """What becomes of a person who asks for `name`, in both address families alike."""
        found = {self._state(name, kind) for kind in ("A", "AAAA")}
        return found.pop() if len(found) == 1 else f"differs: {sorted(found)}"

    def states(self, *names: str) -> dict[str, str]:
        """What becomes of each name."""
        return {name: self.state(name) for name in names}

    def _state(self, name: str, kind: str) -> str:
        answer = self.ask(name, kind)
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return "blocked"
        wanted = dns.rdatatype.from_text(kind)
        rows = [row.to_text() for rrset in answer.answer for row in rrset if rrset.rdtype == wanted]
        for label, addresses in (("blocked", NOWHERE), ("open", OPEN), ("garden", GARDEN)):
            if rows and set(rows) <= addresses:
                return label
        return f"{dns.rcode.to_text(answer.rcode())} {sorted(rows)}"


@contextmanager
def running(
    program: Program,
    folder: Path,
    settings: str,
    addresses: Mapping[str, str] | None = None,
    more: str = "",
) -> Iterator[Consumer]:
    """The resolver answers with these settings; any name has an address, those in `addresses` theirs.

    `more` goes into the main file of a resolver that has its policies in another.

    Raises:
        DoesNotStart: it ended, or did not answer in time.
    """
    binary = path_of(program)
    home = folder / program.binary
    home.mkdir(exist_ok=True)
    with _upstream(addresses or {}) as upstream:
        places = {"folder": home, "port": _free_port(), "upstream": upstream}
        places |= {"list": settings, "more": more}
        for name, text in program.files.items():
            (home / name).write_text(text.format_map(places), encoding="utf-8")
        log = home / "log"
        command = [binary, *(part.format_map(places) for part in program.command)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=home
            )
            try:
                consumer = Consumer(int(str(places["port"])), log)
                _wait_until_it_answers(process, consumer, program)
                yield consumer
            finally:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def path_of(program: Program) -> str:
    """Where the program is; the test is skipped where it is missing."""
    found = shutil.which(program.binary, path=_SBIN)
    if found is None:
        pytest.skip(f"{program.binary} is not installed (Debian: apt install {program.package})")
    return found


def rpz_settings(program: Program, zone_file: Path) -> str:
    """The lines that make `program` load the zone file."""
    where = zone_file.absolute()
    match program.name:
        case "BIND":
            zone = "rpz.provider.example"
            return (
                f'response-policy {{ zone "{zone}"; }} min-update-interval 0;\n}};\n'
                f'zone "{zone}" {{ type primary; file "{where}"; allow-query {{ none; }}; }};'
            )
        case "Unbound":
            return f'rpz:\n    name: "rpz.provider.example"\n    zonefile: "{where}"'
        case "PowerDNS Recursor":
            return f'rpzFile("{where}", {{ policyName = "rpz.provider.example" }})'
        case _:
            return f"policy.add(policy.rpz(policy.DENY, '{where}', false))"


def _wait_until_it_answers(
    process: "subprocess.Popen[bytes]", consumer: Consumer, program: Program
) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        # BIND answers before its policy zone is at work
        is_set_up = program is not BIND or b" all zones loaded" in consumer.log.read_bytes()
        if is_set_up:
            with suppress(dns.exception.Timeout, OSError):
                query = dns.message.make_query("ready.example", "A")
                dns.query.udp(query, "127.0.0.1", port=consumer.port, timeout=0.5)
                return
        time.sleep(0.05)
    log = consumer.log.read_text("utf-8", "replace")[-3000:]
    raise DoesNotStart(f"{program.name} does not answer:\n{log}")


@contextmanager
def _upstream(addresses: Mapping[str, str]) -> Iterator[int]:
    """A name server that knows every name."""

    class Handler(socketserver.DatagramRequestHandler):
        def handle(self) -> None:
            query = dns.message.from_wire(self.rfile.read())
            self.wfile.write(_answer(query, addresses).to_wire())

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _answer(query: dns.message.Message, addresses: Mapping[str, str]) -> dns.message.Message:
    answer = dns.message.make_response(query, recursion_available=True)
    answer.flags |= dns.flags.AA
    asked = query.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    known = {"A": "192.0.2.7", "AAAA": "2001:db8::7", "TXT": "upstream"}
    if name == GARDEN_NAME:
        known = {"A": "192.0.2.80", "AAAA": "2001:db8::80"}
    if name in addresses:
        known["AAAA" if ":" in addresses[name] else "A"] = addresses[name]
    data = known.get(dns.rdatatype.to_text(asked.rdtype))
    if data:
        answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", asked.rdtype, data))
    return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
