"""The web that crawl_speed.py has crawled: one server with 200 loopback addresses, each of them a host.

Called as `python crawl_speed_web.py N` it prints its port and answers for ever; a host's front page links to N pages.
"""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classify_speed import LANGUAGES, framed, paragraphs

HOSTS = 200
DIFFERENT = 90  # pages, each of them served under many URLs with a line of its own
TEXT_BYTES = 5_000
PAD_TO = (20_000, 60_000)
LINKS = 30


def pages() -> list[bytes]:
    """Pages of 20 to 60 KB; `@@` in them stands for what the URL says."""
    rng = random.Random(4)
    made = []
    for number in range(DIFFERENT):
        lang = LANGUAGES[number % len(LANGUAGES)]
        page = framed(rng, lang, list(paragraphs(rng, lang, TEXT_BYTES)))
        size = rng.randint(*PAD_TO)
        head, _, rest = page.partition(b"<script>")
        script, _, shown = rest.partition(b"</script>")
        left = size - len(page)
        while left > 0:  # a larger page has more of what is no text
            script += f"q.push({{k:{rng.random()},v:'{left}'}});".encode()
            left = size - len(head) - len(script) - len(shown)
        kept = max(0, len(script) + left) if left < 0 else len(script)
        made.append(head + b"<script>" + script[:kept] + b"</script>" + shown)
    return made


def links(number: int, most: int) -> bytes:
    """A menu of pages of the same site, and four links to other sites."""
    inside = "".join(
        f"<li><a href='/p{(number * 7 + i * 13 + 1) % most}'>read on {i}</a>" for i in range(LINKS)
    )
    out = "".join(
        f"<li><a href='http://s{(number * 13 + i) % 2000}.example/'>site {i}</a>" for i in range(4)
    )
    return f"<h2>Page {number}</h2><ul>{inside}{out}</ul></body>".encode()


class Server(asyncio.Protocol):
    """Answers every request with one of the pages, robots.txt with 404."""

    pages: tuple[tuple[bytes, bytes], ...] = ()
    a_site: int = 100

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        *heads, self._held = (self._held + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1]
            name = path.rpartition(b"/")[2].lstrip(b"p")
            if not name.isdigit():
                self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            number = int(name)
            before, after = self.pages[number % len(self.pages)]
            own = links(number, self.a_site)
            length = len(before) + len(own) + len(after)
            self._transport.writelines(
                (
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
                    b"Content-Length: %d\r\n\r\n" % length,
                    before,
                    own,
                    after,
                )
            )


async def serve(a_site: int) -> None:
    """Print the port, then answer for ever."""
    Server.a_site = a_site
    Server.pages = tuple((page.removesuffix(b"</body></html>"), b"</html>") for page in pages())
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=2048)
    for host in range(HOSTS):
        await asyncio.get_running_loop().create_server(
            Server, _address(host), server.sockets[0].getsockname()[1], backlog=256
        )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _address(host: int) -> str:
    return f"127.0.1.{host + 1}"


@contextmanager
def served(folder: Path, pages: int) -> Iterator[int]:
    """The port of a running server; the lists of URLs are in `folder`."""
    command = [sys.executable, __file__, str(pages // HOSTS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        urls = [
            f"http://{_address(host)}:{port}/p{number}\n"
            for number in range(pages // HOSTS)
            for host in range(HOSTS)
        ]
        (folder / "urls.txt").write_text("".join(urls))
        (folder / "fronts.txt").write_text("".join(urls[:HOSTS]))
        try:
            yield port
        finally:
            server.kill()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
