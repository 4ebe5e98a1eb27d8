"""The proxies that load the lists, as `blocklist.consumers` runs them; a test skips where one is not installed."""

import http
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from blocklist.consumers import e2guardian as e2guardian_consumer
from blocklist.consumers import programs
from blocklist.consumers import squid as squid_consumer
from blocklist.consumers.everything import OPEN_V4
from blocklist.consumers.proxy import ANSWER_S, Proxy

__all__ = [
    "LISTED_V4",
    "LISTED_V6",
    "NEXT_V4",
    "NEXT_V6",
    "OPEN_V4",
    "Proxy",
    "e2guardian",
    "path_of",
    "refuses_tunnel",
    "squid",
    "squid_says",
]

_START_S: Final = 30.0
# in networks that IANA sets aside and that are reached nowhere: 6to4 relays (RFC 7526), AS112 (RFC 7535)
LISTED_V4: Final = "192.88.99.66"
LISTED_V6: Final = "2620:4f:8000::66"
NEXT_V4: Final = "192.88.99.67"
NEXT_V6: Final = "2620:4f:8000::67"


def path_of(binary: str, package: str) -> str:
    """Where the program is; the test is skipped where it is missing."""
    if reason := programs.missing(binary, package):
        pytest.skip(reason)
    return programs.path_of(binary)


@contextmanager
def squid(
    files: Mapping[str, Iterable[str]], addresses: Mapping[str, str] | None = None
) -> Iterator[Proxy]:
    """Squid runs with these files of the list, set up as the guide says; names have the addresses given."""
    path_of(squid_consumer.BINARY, squid_consumer.PACKAGE)
    with programs.own_folder() as folder:
        paths = _written(folder, files)
        end = time.monotonic() + _START_S
        with squid_consumer.running(paths, addresses or {}, folder, end) as proxy:
            yield proxy


def squid_says(files: Mapping[str, Iterable[str]]) -> tuple[bool, str]:
    """Whether Squid's own check accepts the files, and what it says."""
    binary = path_of(squid_consumer.BINARY, squid_consumer.PACKAGE)
    with programs.own_folder() as folder:
        conf = squid_consumer.write(folder, _written(folder, files), {}, port=3128, origin=80)
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


@contextmanager
def e2guardian(files: Mapping[str, Iterable[str]]) -> Iterator[Proxy]:
    """e2guardian runs with the settings its package brings, each file included in the list it is named after."""
    path_of(e2guardian_consumer.BINARY, e2guardian_consumer.PACKAGE)
    with programs.own_folder() as folder:
        end = time.monotonic() + _START_S
        with e2guardian_consumer.running(_written(folder, files), folder, end) as proxy:
            yield proxy


def _written(folder: Path, files: Mapping[str, Iterable[str]]) -> dict[str, Path]:
    """The files with these lines, by their names."""
    for name, lines in files.items():
        text = "".join(f"{line}\n" for line in lines)
        (folder / name).write_bytes(text.encode("ascii", "surrogateescape"))
    return {name: folder / name for name in files}


def refuses_tunnel(proxy: Proxy, host: str) -> bool:
    """Whether a person who opens https://HOST/ is refused; the site behind the proxy speaks no TLS."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=ANSWER_S) as stream:
        stream.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        status = int(stream.makefile("rb").readline().split()[1])
    return status in {http.HTTPStatus.FORBIDDEN, http.HTTPStatus.FOUND}
