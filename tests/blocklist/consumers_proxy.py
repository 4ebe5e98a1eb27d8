"""The proxies that load the lists, each a real one on loopback and a free port, in front of a site of the tests.

Whatever a proxy lets through reaches that site and comes back as 200, so a page that a list takes with it is seen at
once. A program that refuses root runs as nobody; its folder lies where nobody can read it.
"""

import contextlib
import http.client
import http.server
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

_SBIN: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/sbin:/bin"
_START_S: Final = 30.0
_ANSWER_S: Final = 10.0
# in networks that IANA sets aside and that are reached nowhere: 6to4 relays (RFC 7526), AS112 (RFC 7535)
LISTED_V4: Final = "192.88.99.66"
LISTED_V6: Final = "2620:4f:8000::66"
NEXT_V4: Final = "192.88.99.67"
NEXT_V6: Final = "2620:4f:8000::67"
OPEN_V4: Final = "192.0.2.7"

SQUID_CONF: Final = """
http_port 127.0.0.1:{port}
pid_filename none
cache deny all
cache_mem 0 MB
cache_log {folder}/log
access_log none
coredump_dir {folder}
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
pinger_enable off
visible_hostname proxy.test
shutdown_lifetime 0 seconds
{settings}
http_access allow all
cache_peer 127.0.0.1 parent {origin} 0 no-query originserver no-digest
never_direct allow all
"""

_E2GUARDIAN: Final = Path("/etc/e2guardian")
E2GUARDIAN_CONF: Final = """
filterip = 127.0.0.1
filterports = {port}
proxyip = 127.0.0.1
proxyport = {origin}
httpworkers = 20
nologger = on
loglocation = '{folder}/access.log'
pidfilename = '{folder}/pid'
filecachedir = '{folder}'
daemonuser = 'nobody'
daemongroup = 'nogroup'
"""


class DoesNotStart(AssertionError):  # noqa: N818  # what happened, not whose fault it is
    """The proxy ended or never answered; says what it logged."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy."""

    port: int

    def state(self, url: str) -> str:
        """What becomes of a person who asks for this address: blocked, open, or what else came back."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)
        with contextlib.closing(connection):
            connection.request("GET", url, headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
        return _state(answer.status, body)

    def states(self, *urls: str) -> dict[str, str]:
        """What becomes of each address."""
        return {url: self.state(url) for url in urls}

    def refuses_tunnel(self, host: str) -> bool:
        """Whether a person who opens https://HOST/ is refused; the site of the tests speaks no TLS."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=_ANSWER_S) as stream:
            stream.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
            status = int(stream.makefile("rb").readline().split()[1])
        return status in {http.HTTPStatus.FORBIDDEN, http.HTTPStatus.FOUND}


def _state(status: int, body: bytes) -> str:
    is_block_page = status == http.HTTPStatus.FORBIDDEN or b"e2guardian" in body.lower()
    return "blocked" if is_block_page else {200: "open"}.get(status, f"status {status}")


def path_of(binary: str, package: str) -> str:
    """Where the program is; the test is skipped where it is missing."""
    found = shutil.which(binary, path=_SBIN)
    if found is None:
        pytest.skip(f"{binary} is not installed (Debian: apt install {package})")
    return found


@contextmanager
def squid(
    files: Mapping[str, Iterable[str]], addresses: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    """Squid runs with these files of the list, set up as the guide says; names have the addresses given.

    Raises:
        DoesNotStart: it ended, or did not answer in time.
    """
    binary = path_of("squid", "squid-openssl")
    with open_folder() as folder, _origin() as origin:
        port = free_port()
        conf = write_squid(folder, files, port=port, origin=origin)
        _write(folder / "hosts", [f"{ip} {name}" for name, ip in (addresses or {}).items()])
        with running([binary, "-N", "-f", str(conf)], folder, port):
            yield Proxy(port)


def squid_says(files: Mapping[str, Iterable[str]]) -> tuple[bool, str]:
    """Whether Squid's own check accepts the files, and what it says."""
    binary = path_of("squid", "squid-openssl")
    with open_folder() as folder:
        conf = write_squid(folder, files, port=3128, origin=80)
        done = subprocess.run(
            [binary, "-k", "parse", "-f", str(conf)],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=60,
            cwd=folder,
        )
    told = [line for line in done.stderr.splitlines() if "no_suid" not in line]
    return done.returncode == 0, "\n".join(told)


def write_squid(
    folder: Path, files: Mapping[str, Iterable[str]], *, port: int, origin: int
) -> Path:
    """The settings stand in the folder, with the list they name; returns their path."""
    kinds = {
        "squid-dstdomain.txt": "dstdomain -n",
        "squid-url.txt": "url_regex",
        "squid-dst.txt": "dst",
    }
    settings = []
    for number, (name, lines) in enumerate(files.items()):
        _write(folder / name, lines)
        settings.append(f'acl qalqan{number} {kinds[name]} "{folder / name}"')
        settings.append(f"http_access deny qalqan{number}")
    conf = folder / "squid.conf"
    text = SQUID_CONF.format(port=port, origin=origin, folder=folder, settings="\n".join(settings))
    conf.write_text(text, encoding="utf-8")
    return conf


@contextmanager
def e2guardian(files: Mapping[str, Iterable[str]]) -> Iterator[Proxy]:
    """e2guardian runs with the settings its package brings, each of these files included in the list it is named after.

    Raises:
        DoesNotStart: it ended, or did not answer in time.
    """
    binary = path_of("e2guardian", "e2guardian")
    with open_folder() as folder, _origin() as origin:
        port = free_port()
        settings = folder / "etc"
        shutil.copytree(_E2GUARDIAN, settings, ignore=shutil.ignore_patterns("private"))
        for path in (path for path in settings.rglob("*") if path.is_file()):
            text = path.read_text("latin-1").replace(str(_E2GUARDIAN), str(settings))
            path.write_text(text, "latin-1")
        for name, lines in files.items():
            _write(folder / name, lines)
            with (settings / "lists" / name.removeprefix("e2guardian-")).open("a") as included:
                included.write(f"\n.Include<{folder / name}>\n")
        conf = settings / "e2guardian.conf"
        kept = [
            line
            for line in conf.read_text("latin-1").splitlines()
            if not line.startswith(("filterports", "filterip", "checkip", "httpworkers"))
        ]
        conf.write_text(
            "\n".join([*kept, E2GUARDIAN_CONF.format(port=port, origin=origin, folder=folder)]),
            "latin-1",
        )
        # a polite signal takes it more than ten seconds
        with running([binary, "-N", "-c", str(conf)], folder, port, stop=signal.SIGKILL):
            yield Proxy(port)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that a program may read and write as nobody."""
    with tempfile.TemporaryDirectory(prefix="qalqan-proxy-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
        yield folder


@contextmanager
def running(
    command: list[str], folder: Path, port: int, *, stop: signal.Signals = signal.SIGTERM
) -> Iterator[None]:
    """The command answers on the port; ended by the signal after the block.

    Raises:
        DoesNotStart: it ended, or did not answer in time.
    """
    log = folder / "output"
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            **user,  # type: ignore[call-overload]
        )
    try:
        _wait_until_it_answers(process, port, log)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise DoesNotStart(f"it does not answer:\n{log.read_text('utf-8', 'replace')[-3000:]}")


@contextmanager
def _origin() -> Iterator[int]:
    """A site that has every page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(http.HTTPStatus.OK)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _write(path: Path, lines: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    path.write_bytes(text.encode("ascii", "surrogateescape"))
    path.chmod(0o644)


def free_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
