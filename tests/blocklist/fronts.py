"""The samples of nginx in docs/feed.md, loaded as they stand, and readers that ask through it over TLS."""

import os
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Final

import pytest

from blocklist.consumers import programs
from tests.blocklist.certificates import Authority, Certificate
from tests.blocklist.feeding import Reply

DOC: Final = Path(__file__).parents[2] / "docs/feed.md"
_OPEN: Final = "    ssl_verify_client   optional_no_ca;\n"
# as Debian has it around what stands in conf.d
_AROUND: Final = """{user} daemon off; pid {home}/pid; error_log {home}/error; events {{}}
http {{
    gzip on; access_log {home}/access;
    {places}
    include {home}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """A running nginx that ends TLS before a feed."""

    home: Path
    port: int
    authority: Path

    @property
    def url(self) -> str:
        """The address of the feed, as it stands in a provider's settings."""
        return f"https://127.0.0.1:{self.port}/v1"

    @contextmanager
    def connection(
        self, shown: Certificate | None = None, source: str = "127.0.0.1"
    ) -> Iterator[HTTPSConnection]:
        """A connection of a reader at that address who shows that certificate."""
        context = ssl.create_default_context(cafile=str(self.authority))
        if shown:
            context.load_cert_chain(shown.path, shown.key)
        made = HTTPSConnection(
            "127.0.0.1", self.port, timeout=20, context=context, source_address=(source, 0)
        )
        with closing(made):
            yield made

    def ask(
        self,
        path: str,
        token: str = "",
        shown: Certificate | None = None,
        *,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Reply:
        """What the reader gets; `If_None_Match` is the header If-None-Match."""
        with self.connection(shown, source) as connection:
            connection.putrequest("GET", path, skip_accept_encoding=True)
            if token:
                connection.putheader("Authorization", f"Bearer {token}")
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())


def _samples() -> tuple[str, str]:
    """The settings of the server, and the lines for providers with certificates of one authority."""
    found = re.findall(r"```nginx\n(.*?)```", DOC.read_text(), re.DOTALL)
    assert len(found) == 2
    assert _OPEN in found[0]
    return found[0], found[1]


def _replaced(text: str, old: str, new: object) -> str:
    assert old in text
    return text.replace(old, str(new))


@contextmanager
def front(
    home: Path, feed: int, server: tuple[Authority, Certificate], providers: Authority | None = None
) -> Iterator[Front]:
    """The sample runs before the feed on that port; with the lines for one authority where that is named."""
    binary = programs.path_of("nginx")
    if not binary:
        pytest.skip("nginx is not installed (Debian: apt install nginx-light)")
    home.mkdir()
    port = programs.free_port()
    text, strict = _samples()
    if providers:
        text = _replaced(text, _OPEN, strict)
        text = _replaced(text, "/etc/ssl/providers-ca.pem", providers.path)
        text = _replaced(text, "/etc/ssl/providers.crl", providers.revoked)
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/ssl/lists.pem", server[1].path),
        ("/etc/ssl/lists.key", server[1].key),
        ("/var/log/nginx/qalqan-feed.log", home / "site-error"),
        ("http://127.0.0.1:8080", f"http://127.0.0.1:{feed}"),
    ):
        text = _replaced(text, old, new)
    (home / "site.conf").write_text(text)
    places = " ".join(
        f"{kind}_temp_path {home}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(_AROUND.format(user=user, home=home, places=places))
    command = [binary, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error")]
    with programs.started(
        command, home, lambda: programs.takes_connections(port), time.monotonic() + 20
    ):
        yield Front(home, port, server[0].path)
