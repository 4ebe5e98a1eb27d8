"""A real BIND for the lists, on loopback and a free port."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

NAMED = shutil.which("named", path="/usr/sbin:/usr/local/sbin:/usr/bin")
START_S = 20.0
ANSWER_S = 3.0

CONFIG = """
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile "{folder}/session.key";
    recursion yes;
    allow-query {{ 127.0.0.1; }};
    allow-transfer {{ none; }};
    dnssec-validation no;
    notify no;
    response-policy {{ zone "{zone}"; }};
}};
controls {{ }};
zone "{zone}" {{ type primary; file "{rpz}"; allow-query {{ none; }}; }};
zone "." {{ type primary; file "root.db"; }};
"""
# Every name resolves to 192.0.2.7 unless the policy zone says otherwise.
ROOT = """$TTL 60
@ SOA localhost. nobody.invalid. 1 3600 600 86400 60
@ NS localhost.
* A 192.0.2.7
"""


@dataclass(frozen=True, slots=True)
class Resolver:
    """A running BIND with one policy zone; the root zone answers every other name."""

    port: int

    def rcode(self, name: str) -> str:
        """How the resolver answers for `name`: NOERROR with an address, NXDOMAIN, ..."""
        query = dns.message.make_query(name, dns.rdatatype.A)
        answer = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=ANSWER_S)
        if answer.rcode() == dns.rcode.NOERROR and not answer.answer:
            return "NODATA"
        return dns.rcode.to_text(answer.rcode())


StartBind = Callable[[Path, str], Resolver]


@pytest.fixture
def start_bind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartBind]:
    """Starts BIND with a policy zone file under a zone name; ended after the test."""
    if NAMED is None:
        pytest.skip("named is not installed (Debian: apt install bind9)")
    program = NAMED
    with ExitStack() as running:

        def start(rpz: Path, zone: str) -> Resolver:
            folder = tmp_path_factory.mktemp("bind")
            return running.enter_context(_bind(program, folder, rpz, zone))

        yield start


@contextmanager
def _bind(program: str, folder: Path, rpz: Path, zone: str) -> Iterator[Resolver]:
    port = _free_port()
    (folder / "root.db").write_text(ROOT)
    config = folder / "named.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, zone=zone, rpz=rpz.absolute()))
    log = folder / "named.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "-g", "-n", "1", "-c", config], stdout=output, stderr=output
        )
        try:
            resolver = Resolver(port)
            _wait_until_it_answers(process, resolver, log)
            yield resolver
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_it_answers(
    process: "subprocess.Popen[bytes]", resolver: Resolver, log: Path
) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if b" all zones loaded" in log.read_bytes():
            try:
                resolver.rcode("ready.example")
            except (dns.exception.Timeout, OSError):
                pass
            else:
                return
        time.sleep(0.05)
    pytest.fail(f"BIND does not answer:\n{log.read_text()[-3000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
